"""Findings against the truth: which of them should have come, and which came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from BV5AnalysisLib.imaging.reading import scan_findings

LEAST_DICE = 0.95
"""Lungs that overlap less are lost, and the analysis has to say so."""

GOOD_BV5_POINTS, GOOD_TPBV_PCT = 3.0, 10.0
"""Errors up to which numbers may be trusted, so that an error finding about them is false."""

Row = dict[str, Any]
"""What `measuring.answer` tells of one chest."""


@dataclass(frozen=True)
class Check:
    """A finding, and when it is right.

    Attributes
    ----------
    code : str
        Of the finding.
    when : str
        What has to be so, for the table.
    expected : callable
        From a chest's row whether the finding has to come; None where either is right, as close to
        the finding's own limit.
    """

    code: str
    when: str
    expected: Callable[[Row], bool | None]


def between(value: float, no: float, yes: float) -> bool | None:
    """Whether a value is on the side of ``yes``; None between the two."""
    if no > yes:
        return between(-value, -no, -yes)
    return True if value >= yes else False if value <= no else None


def _share(row: Row, *kinds: str) -> float:
    return 100 * sum(row["truth"]["share_of_lung"][kind] for kind in kinds)


CHECKS = (
    Check(
        "ground_glass",
        "ground glass fills 5 % of the lungs (none wanted below 3 %)",
        lambda row: between(_share(row, "GROUND_GLASS"), 3.0, 5.0),
    ),
    Check(
        "reticulation",
        "reticulation fills 5 % of the lungs (none wanted below 3 %)",
        lambda row: between(_share(row, "RETICULATION"), 3.0, 5.0),
    ),
    Check(
        "consolidation",
        "consolidation fills 1 % of the lungs (none wanted without any)",
        lambda row: between(_share(row, "CONSOLIDATION", "MASS"), 0.0, 1.0),
    ),
    Check(
        "much_opacity",
        "reticulation and consolidation fill 30 % of the lungs (none wanted below 20 %)",
        lambda row: between(_share(row, "RETICULATION", "CONSOLIDATION", "MASS"), 20.0, 30.0),
    ),
    Check(
        "two_blood_levels",
        "arteries and veins 80 HU apart (none wanted below 30 HU)",
        lambda row: between(abs(row["spec"]["artery_hu"] - row["spec"]["vein_hu"]), 30.0, 80.0),
    ),
    Check(
        "thick_slices",
        f"slices over {scan_findings.CONSTANTS.thick_slice_mm:g} mm apart",
        lambda row: row["spec"]["slice_mm"] > scan_findings.CONSTANTS.thick_slice_mm,
    ),
    Check(
        "contrast_enhancement",
        "blood above 120 HU (none wanted below 70)",
        lambda row: between(
            (row["spec"]["artery_hu"] + row["spec"]["vein_hu"]) / 2 + row["spec"]["offset_hu"],
            70.0,
            120.0,
        ),
    ),
    Check(
        "truncated_lungs",
        "the image ends within the lungs",
        lambda row: row["truth"]["cut_mm2"] > CUT_MM2,
    ),
    Check(
        "low_lung_volume",
        "lungs of an adult below 2 L (none wanted above 3 L)",
        lambda row: (
            between(sum(row["truth"]["lung_ml"].values()), 3000.0, 2000.0)
            if row["spec"]["lung_ml"] > CHILD_ML
            else None
        ),
    ),
)
"""Findings whose truth a random chest tells."""

CUT_MM2 = 500.0
"""Area of lung in the image's outermost planes from which on it cuts the lungs."""

CHILD_ML = 2500.0
"""Bodies with so little room for lungs may be children's, for whom it is much."""

RIGHT, FALSE, MISSED, NONE, EITHER = "right", "false", "missed", "rightly none", "either"
VERDICTS = (RIGHT, FALSE, MISSED, NONE, EITHER)


def verdict(check: Check, row: Row) -> str:
    """Compare one check with what came."""
    wanted = check.expected(row)
    came = any(finding["code"] == check.code for finding in row["findings"])
    if wanted is None:
        return EITHER
    if came:
        return RIGHT if wanted else FALSE
    return MISSED if wanted else NONE


def errors(row: Row) -> list[str]:
    """Codes of a chest's error findings."""
    return [each["code"] for each in row["findings"] if each["severity"] == "error"]


def is_silent_failure(row: Row) -> bool:
    """Whether lungs were lost without a refusal or an error finding."""
    return "lungs" in row and row["lungs"]["dice"] < LEAST_DICE and not errors(row)


def is_good(row: Row) -> bool:
    """Whether lungs and numbers of a chest may be trusted."""
    return (
        "lungs" in row
        and row["lungs"]["dice"] >= LEAST_DICE
        and abs(row["blood"]["bv5_error"]) <= GOOD_BV5_POINTS
        and abs(row["blood"]["tpbv_error_pct"]) <= GOOD_TPBV_PCT
    )


def false_errors(row: Row) -> list[str]:
    """Error findings on a chest whose lungs and numbers are good."""
    return errors(row) if is_good(row) else []
