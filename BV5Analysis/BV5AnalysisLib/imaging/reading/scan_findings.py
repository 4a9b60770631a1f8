"""Findings from the geometry and the header of a scan."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..model.constants import MethodConstants, constant
from ..model.finding import Finding, Severity
from ..model.scan import Acquisition
from ..model.volume import Grid


@dataclass(frozen=True)
class SliceConstants(MethodConstants):
    """Limits of slice spacing and thickness."""

    coarsest_slice_mm: float = constant(
        5.0,
        "mm",
        "Slices further apart, or thicker, are refused.",
        "Vessels of 5 mm² are 2.5 mm wide: most lie in one such slice. Chosen by eye.",
    )
    thick_slice_mm: float = constant(
        1.5,
        "mm",
        "Slices further apart, or thicker, are reported.",
        "The error of a 1.25 mm² vessel grows from 2.0 % at 1.25 mm to 3.2 % at 2 mm"
        " (benchmarks/accuracy.md); the value between them is chosen by eye.",
    )


CONSTANTS = SliceConstants()

SHARP_KERNELS = {
    # Names end in an index, higher is sharper. The operating instructions of SOMATOM scanners give
    # B50 to B80 for higher sharpness; Br, Hr and so on (since 2013) keep the index, and the lung
    # kernels Bl are sharp from lower on.
    "SIEMENS": r"(BL[5-9]|[A-Z]{1,2}[6-9])\d",
    # Named by purpose; bone is the high-frequency kernel in Rodriguez et al., Med Phys 44:2267.
    "GE": r"LUNG|BONE|EDGE|HD ?LUNG|HD ?BONE",
    "PHILIPS": r"(YC|YD|L)\b|LUNG|BONE",
    # FC50 to FC59 are lung kernels, such as FC55.
    "TOSHIBA": r"FC5\d|LUNG|BONE",
    "CANON": r"FC5\d|LUNG|BONE",
}
"""Beginnings of the names of kernels that raise edges and noise, by manufacturer."""


def acquisition_findings(grid: Grid, acquisition: Acquisition) -> tuple[Finding, ...]:
    """Judge how a scan was made.

    Parameters
    ----------
    grid : Grid
        Of the scan.
    acquisition : Acquisition
        From its header.

    Returns
    -------
    tuple of Finding
        ``thick_slices`` (value in mm) and ``sharp_kernel``, where they apply.
    """
    findings = []
    spacing = max(grid.spacing)
    thickness = acquisition.slice_thickness_mm or 0.0
    if max(spacing, thickness) > CONSTANTS.thick_slice_mm:
        what = (
            f"Slices are {spacing:.2g} mm apart"
            if spacing >= thickness
            else f"Slices are {thickness:.2g} mm thick"
        )
        findings.append(
            Finding(
                "thick_slices",
                Severity.WARNING,
                f"{what}: small vessels are measured less well above"
                f" {CONSTANTS.thick_slice_mm:g} mm.",
                max(spacing, thickness),
            )
        )
    if is_sharp_kernel(acquisition):
        findings.append(
            Finding(
                "sharp_kernel",
                Severity.WARNING,
                f"Kernel {acquisition.kernel} is known as sharp: noise stays higher than with a"
                " soft or medium one, which is better for small vessels. How far it raises edges is"
                " measured in the scan, and undone as far as the scan shows it.",
            )
        )
    return tuple(findings)


def is_sharp_kernel(acquisition: Acquisition) -> bool:
    """Whether the header names a reconstruction kernel known as sharp; False if unknown."""
    maker = (acquisition.manufacturer or "").upper()
    kernel = (acquisition.kernel or "").strip().upper()
    return any(
        maker.startswith(name) and re.match(pattern, kernel) is not None
        for name, pattern in SHARP_KERNELS.items()
    )
