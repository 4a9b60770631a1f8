"""The measures that a cohort is compared by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One column of ``measurements.csv`` that is compared between patients.

    Attributes
    ----------
    key : str
        Name of the column.
    name, unit : str
        Name in reports.
    """

    key: str
    name: str
    unit: str

    @property
    def title(self) -> str:
        """Name and unit, such as ``BV5 (%)``."""
        return f"{self.name} ({self.unit})"


BV5_PCT = Measure("bv5_pct", "BV5", "%")
MEASURES = (
    BV5_PCT,
    Measure("bv5_10_pct", "BV5-10", "%"),
    Measure("bv10_pct", "BV10", "%"),
    Measure("bv5_ml", "BV5", "mL"),
    Measure("bv5_10_ml", "BV5-10", "mL"),
    Measure("bv10_ml", "BV10", "mL"),
    Measure("tpbv_ml", "TPBV", "mL"),
)
"""In the order of tables; the first one is the main one."""
