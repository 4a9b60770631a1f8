"""What a scan cannot give: values that are withheld, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from ..model.finding import Finding, Severity
from ..model.scan import Acquisition
from ..model.volume import Grid
from ..model.withheld import OF_BLOOD, OF_SMALL_VESSELS, TOTALS, Withheld
from ..vessels import ridges
from .blur import Blur


@dataclass(frozen=True)
class LimitConstants(MethodConstants):
    """Limits beyond which values are withheld."""

    coarsest_mm: float = constant(
        3.0,
        "mm",
        "Slices further apart, thicker or more blurred (full width at half maximum, the geometric"
        " mean of the axes across a vessel that lies in a slice) than this give no volumes of small"
        " vessels.",
        "A vessel of 5 mm² is 2.5 mm wide: in coarser slices it is thinner than the blur in all"
        " directions, and neighbors in one slice cannot be told apart.",
    )
    lying_mm2: float = constant(
        1.25,
        "mm²",
        "Area of a vessel lying in a slice whose roundness tells whether such vessels are found.",
        "The floor: thinner ones do not count.",
    )
    least_roundness: float = constant(
        0.3,
        "1",
        "Ratio of its curvatures below which too many of them are not found.",
        "That of a plate to ridges in thin slices. In random chests with slices of 3 mm, which are"
        " below, TPBV is 11 to 18 % too low, and BV5 % right within 2 points or 10 off.",
    )
    rounding_mm: float = constant(
        0.01, "mm", "Slices that exceed the limit by less are at it.", "What headers round to."
    )


CONSTANTS = LimitConstants()


WITHHELD = {
    "small_vessels_unreadable": OF_SMALL_VESSELS,
    "lying_vessels_lost": OF_BLOOD,
    "incomplete_chest": TOTALS,
}
"""Measures that are not given, by the code of the finding that says why."""


def limit_findings(
    grid: Grid, acquisition: Acquisition, blur: Blur, slab: bool
) -> tuple[Finding, ...]:
    """Say what a scan cannot give.

    Parameters
    ----------
    grid : Grid
        Of the scan.
    acquisition : Acquisition
        From its header.
    blur : Blur
        As measured in it.
    slab : bool
        Whether it shows only a part of the lungs, see `lungs.completeness`.

    Returns
    -------
    tuple of Finding
        Each of a code of `WITHHELD`; empty for a usual scan.
    """
    found = []
    if coarse := _coarse(grid, acquisition, blur):
        found.append(
            Finding(
                "small_vessels_unreadable",
                Severity.WARNING,
                f"{coarse}: vessels below 10 mm² cannot be told apart by area above"
                f" {CONSTANTS.coarsest_mm:g} mm, so that only TPBV and BV10 are given.",
            )
        )
    if _lying_roundness(blur) < CONSTANTS.least_roundness:
        found.append(
            Finding(
                "lying_vessels_lost",
                Severity.ERROR,
                f"The image is blurred over {_width_mm(blur.variance_mm2[0]):.2g} mm along the"
                " slices' axis: small vessels that lie in a slice look like plates, and many are"
                " not found. Volumes of blood are not given, as they would be a tenth and more too"
                " low, and percentages cannot be trusted.",
            )
        )
    if slab:
        found.append(
            Finding(
                "incomplete_chest",
                Severity.WARNING,
                "The scan shows a slab of the lungs: volumes of the lungs cannot be given, but"
                " volumes per liter of lung and percentages, which are of the part that is seen.",
            )
        )
    return tuple(found)


def withheld_by(findings: Iterable[Finding]) -> tuple[Withheld, ...]:
    """Values that are not given for the reasons that findings name; see `WITHHELD`."""
    return tuple(
        Withheld(finding.code, finding.text, WITHHELD[finding.code])
        for finding in findings
        if finding.code in WITHHELD
    )


def _coarse(grid: Grid, acquisition: Acquisition, blur: Blur) -> str:
    """Say what about a scan is coarser than small vessels; empty if nothing is."""
    limit_mm = CONSTANTS.coarsest_mm + CONSTANTS.rounding_mm
    spacing_mm, thickness_mm = max(grid.spacing), acquisition.slice_thickness_mm or 0.0
    z, y, x = blur.variance_mm2
    blur_mm = _width_mm(float(np.sqrt(z * np.sqrt(y * x))))
    if spacing_mm > limit_mm:
        return f"Slices are {spacing_mm:.3g} mm apart"
    if thickness_mm > limit_mm:
        return f"Slices are {thickness_mm:.3g} mm thick"
    if blur_mm > limit_mm:
        return f"The image is blurred over {blur_mm:.2g} mm"
    return ""


def _width_mm(variance_mm2: float) -> float:
    """Full width at half maximum of a Gaussian."""
    return float(np.sqrt(8 * np.log(2) * variance_mm2))


def _lying_roundness(blur: Blur) -> float:
    """λ₂/λ₃ of the thinnest vessel that counts, lying in a slice.

    Curvatures across it go as one over the variances of what blurs it: scanner, its own disc, and
    the coarsest scale at which thin vessels are looked for.
    """
    z, y, x = blur.variance_mm2
    own = CONSTANTS.lying_mm2 / (4 * np.pi) + ridges.CONSTANTS.scales_mm[1] ** 2
    return float((np.sqrt(y * x) + own) / (z + own))
