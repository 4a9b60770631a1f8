"""Findings about lines that were taken for small opacities instead of vessels."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.constants import MethodConstants, constant
from ..model.finding import Finding, Severity
from ..model.measurements import Measurement


@dataclass(frozen=True)
class LumpFindingConstants(MethodConstants):
    """Limits of findings about small opacities among vessels."""

    notable_percent: float = constant(
        4.0,
        "%",
        "What was left out, as a share of TPBV, that is reported.",
        "Healthy random chests and a healthy scan have 0.1 to 0.9, a sharp kernel 3.",
    )
    most_percent: float = constant(
        10.0,
        "%",
        "The same from which it is an error.",
        "A tenth of the blood. About as much again stays counted, or is lost with it: of 14 random"
        " chests above, ten had TPBV off by more than 10 %; of 15 below none, by opacities.",
    )


CONSTANTS = LumpFindingConstants()


def lump_findings(left_out_ml: float, both: Measurement) -> list[Finding]:
    """Judge how much looked like a vessel and was left out.

    What is left out shows how much of its kind there is. Some of it is not told from vessels, with
    contrast agent or without.

    Parameters
    ----------
    left_out_ml : float
        What lines would hold that were taken for small opacities.
    both : Measurement
        Row of both lungs, without them.

    Returns
    -------
    list of Finding
        ``opacities_like_vessels`` (value: % of TPBV), or nothing.
    """
    if both.tpbv_ml <= 0:
        return []
    percent = 100 * left_out_ml / both.tpbv_ml
    if percent < CONSTANTS.notable_percent:
        return []
    most = percent >= CONSTANTS.most_percent
    advice = (
        " Others like them may be counted, and small vessels among them missing: the volumes cannot"
        " be used."
    )
    return [
        Finding(
            "opacities_like_vessels",
            Severity.ERROR if most else Severity.WARNING,
            f"Lines that would hold {left_out_ml:.1f} mL ({percent:.0f} % of TPBV) are too short"
            " for their width or too faint for their area to be vessels: small consolidations,"
            " nodules, ground glass or noise in it. They are not counted."
            + (advice if most else " Look at the vessels in 3D."),
            percent,
        )
    ]
