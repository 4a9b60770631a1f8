"""That a scan was made by a sharp kernel."""

from __future__ import annotations

from ..model.finding import Finding, Severity
from ..model.measurements import Kernel


def kernel_findings(kernel: Kernel) -> list[Finding]:
    """Tell that a kernel's sharpening was undone.

    Parameters
    ----------
    kernel : Kernel
        Of the scan.

    Returns
    -------
    list of Finding
        ``sharp_kernel`` (value: the sharpness), or nothing.
    """
    if kernel.sharpness == 0:
        return []
    return [
        Finding(
            "sharp_kernel",
            Severity.INFO,
            "The kernel draws dark rings around vessels (sharpness"
            f" {kernel.sharpness:.2g}). Its sharpening was undone before vessels were measured; the"
            " pictures show the scan as it is.",
            kernel.sharpness,
        )
    ]
