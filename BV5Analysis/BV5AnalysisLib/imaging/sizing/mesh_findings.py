"""Findings about small vessels that a mesh of other lines hides."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.constants import MethodConstants, constant
from ..model.finding import Finding, Severity
from ..model.measurements import Measurement


@dataclass(frozen=True)
class MeshFindingConstants(MethodConstants):
    """Limits of findings about hidden vessels."""

    largest_error: float = constant(
        3.0,
        "percentage points",
        "Change of BV5 % by hidden vessels that is an error.",
        "A third of its standard deviation among patients (8.6 points).",
    )


CONSTANTS = MeshFindingConstants()


def mesh_findings(both: Measurement, share: float) -> list[Finding]:
    """Judge how much the small vessels that could not be measured matter.

    Parameters
    ----------
    both : Measurement
        Row of both lungs, without the thin lines of the mesh.
    share : float
        Share of the lungs that a mesh fills, 0 to 1.

    Returns
    -------
    list of Finding
        ``reticulation_hides_vessels``, or nothing; its value is how much higher BV5 % would be, in
        percentage points, if the mesh hid as many small vessels as the rest of the lungs has.

    Notes
    -----
    Own method. Fibrosis has fewer small vessels than healthy lung, so that this is the most that
    BV5 % is too low by.
    """
    if both.tpbv_ml <= 0 or share <= 0:
        return []
    rest = max(1 - share, 1e-3)
    bv5_ml, bv5_10_ml = both.bv5_ml / rest, both.bv5_10_ml / rest
    with_hidden = 100 * bv5_ml / (bv5_ml + bv5_10_ml + both.bv10_ml)
    missing = with_hidden - both.bv5_pct
    if missing < CONSTANTS.largest_error:
        return []
    return [
        Finding(
            "reticulation_hides_vessels",
            Severity.ERROR,
            f"Reticulation fills {100 * share:.0f} % of the lungs"
            f" ({share * both.lung_volume_ml:.0f} mL): small vessels there cannot be told from its"
            f" lines and are not counted. If they were as many as elsewhere,"
            f" {bv5_ml - both.bv5_ml:.1f} mL of BV5 would be missing, and BV5 % would be"
            f" {missing:.0f} points higher. Do not compare BV5 and BV5 % with those of other"
            " patients.",
            missing,
        )
    ]
