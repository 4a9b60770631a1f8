"""Findings that the geometry and the header of a scan already show."""

from __future__ import annotations

import re

from .quality import Finding, Severity
from .scan import Acquisition
from .volume import Grid

COARSEST_MM = 5.0
"""Slices further apart, or thicker, are refused."""
THICK_MM = 1.5
"""From here on small vessels are measured less well."""

SHARP_KERNELS = {
    # Siemens numbers kernels by sharpness: B60f, Br64d, Bl57d, I70f; D40s is smooth.
    "SIEMENS": r"[A-Z][a-z]{0,2}(5[5-9]|[6-9]\d)",
    "GE": r"(LUNG|BONE|BONEPLUS|EDGE|ULTRA|HD ?LUNG|HD ?BONE)",
    "PHILIPS": r"(L|E|YA|YB|YC|YD|YE)\b",
    # Toshiba and Canon: bone FC30 and up, lung FC50 and up, FC80 and up.
    "TOSHIBA": r"FC(3\d|5\d|8\d)",
    "CANON": r"FC(3\d|5\d|8\d)|LUNG|BONE",
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
    if max(spacing, thickness) > THICK_MM:
        what = (
            f"Slices are {spacing:.2g} mm apart"
            if spacing >= thickness
            else f"Slices are {thickness:.2g} mm thick"
        )
        findings.append(
            Finding(
                "thick_slices",
                Severity.WARNING,
                f"{what}: small vessels are measured less well above {THICK_MM:g} mm.",
                max(spacing, thickness),
            )
        )
    if is_sharp_kernel(acquisition):
        findings.append(
            Finding(
                "sharp_kernel",
                Severity.WARNING,
                f"Kernel {acquisition.kernel} is sharp: it raises edges and noise, which changes"
                " small vessels; a soft or medium kernel is better.",
            )
        )
    return tuple(findings)


def is_sharp_kernel(acquisition: Acquisition) -> bool:
    """Whether the header names a reconstruction kernel known as sharp; False if unknown."""
    maker = (acquisition.manufacturer or "").upper()
    kernel = (acquisition.kernel or "").strip()
    return any(
        maker.startswith(name) and re.match(pattern, kernel) is not None
        for name, pattern in SHARP_KERNELS.items()
    )
