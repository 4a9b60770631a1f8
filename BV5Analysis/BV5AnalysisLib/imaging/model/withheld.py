"""Values that a scan cannot give: which ones, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .intervals import measure_of
from .measurements import Measurement
from .tissue import OpacityVolumes

CLASSES = ("bv5", "bv5_10", "bv10")
PERCENTAGES = tuple(f"{name}_pct" for name in CLASSES)
HILAR = ("hilar_ml", *(f"hilar_{name}_ml" for name in (*CLASSES, "below_floor")))
"""Blood at the hilum."""
TOTALS = (
    "lung_volume_ml",
    "tpbv_ml",
    *(f"{name}_ml" for name in CLASSES),
    "below_floor_ml",
    *HILAR,
    "vessel_length_mm",
    "ground_glass_ml",
    "reticulation_ml",
    "consolidation_ml",
    "opacity_ml",
)
"""What adds up over the lungs, and is too small where lung is missing."""
OF_SMALL_VESSELS = (
    "bv5_ml",
    "bv5_10_ml",
    "below_floor_ml",
    "vessel_length_mm",
    "bv5_ml_per_l",
    "bv5_10_ml_per_l",
    "hilar_bv5_ml",
    "hilar_bv5_10_ml",
    "hilar_below_floor_ml",
    *PERCENTAGES,
)
"""What takes vessels below 10 mm² told apart by area; the percentages are shares with them."""


OF_BLOOD = (
    "tpbv_ml",
    *(f"{name}_ml" for name in CLASSES),
    "below_floor_ml",
    *HILAR,
    "vessel_length_mm",
    "tpbv_ml_per_l",
    *(f"{name}_ml_per_l" for name in CLASSES),
)
"""Blood that is too little where vessels of some directions are lost; shares hold."""


@dataclass(frozen=True)
class Withheld:
    """Values that are not given, in any region.

    Attributes
    ----------
    code : str
        Stable identifier of the reason, that of its finding.
    reason : str
        One sentence for a clinician.
    measures : tuple of str
        Columns of ``measurements.csv`` and ``opacities.csv``.
    """

    code: str
    reason: str
    measures: tuple[str, ...]


def given_value(
    row: Measurement | OpacityVolumes, measure: str, withheld: Iterable[Withheld]
) -> float:
    """Value of a measure as it is shown; NaN where it is withheld, or there is none.

    The ends of an interval are withheld with what it is of.
    """
    if any(measure_of(measure) in each.measures for each in withheld):
        return float("nan")
    return row.value(measure)
