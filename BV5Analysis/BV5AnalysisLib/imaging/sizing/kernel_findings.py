"""What is said about a scan's reconstruction kernel."""

from __future__ import annotations

from ..model.finding import Finding, Severity
from .kernel import MeasuredKernel


def kernel_findings(measured: MeasuredKernel) -> list[Finding]:
    """Tell that a kernel's sharpening was undone, or that it could not be measured.

    Parameters
    ----------
    measured : MeasuredKernel
        Of the scan.

    Returns
    -------
    list of Finding
        ``kernel_undone`` (value: the sharpness), ``kernel_not_measured``, both, or nothing.
    """
    found, sharpness = [], measured.kernel.sharpness
    if sharpness > 0:
        found.append(
            Finding(
                "kernel_undone",
                Severity.INFO,
                f"The kernel draws dark rings around vessels (sharpness {sharpness:.2g}). Its"
                " sharpening was undone before vessels were measured; the pictures show the scan"
                " as it is.",
                sharpness,
            )
        )
    if measured.known < 1:
        found.append(
            Finding(
                "kernel_not_measured",
                Severity.WARNING,
                "Too few thin vessels are clear of others to tell how sharp the kernel is, so that"
                " its sharpening was not undone, or not in full: with a sharp kernel BV5 % reads"
                " several points too high.",
            )
        )
    return found
