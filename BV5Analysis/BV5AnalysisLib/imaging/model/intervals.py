"""Intervals that values of a region lie in, so far as a scan and the method tell."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Interval:
    """Ends of an interval.

    Attributes
    ----------
    low, high : float
        In the unit of the value.
    """

    low: float
    high: float


@dataclass(frozen=True)
class BloodIntervals:
    """90 % intervals of the blood of one region.

    Attributes
    ----------
    tpbv_ml, bv5_ml, bv5_10_ml, bv10_ml, hilar_ml : Interval
        Of volumes, mL, none of them below 0; of hilar blood None where it was not measured.
    bv5_pct, bv5_10_pct, bv10_pct : Interval
        Of shares of TPBV, within 0 to 100 %; None without blood.
    """

    tpbv_ml: Interval
    bv5_ml: Interval
    bv5_10_ml: Interval
    bv10_ml: Interval
    hilar_ml: Interval | None
    bv5_pct: Interval | None
    bv5_10_pct: Interval | None
    bv10_pct: Interval | None


MEASURES = tuple(field.name for field in fields(BloodIntervals))
"""Values that have an interval."""
LOW, HIGH = "_low", "_high"
ENDS = tuple(f"{name}{end}" for name in MEASURES for end in (LOW, HIGH))
"""Names of their ends in tables and records, such as ``bv5_pct_low``."""


def measure_of(end: str) -> str:
    """Value that an end of `ENDS` is of; what is none is its own."""
    return end.removesuffix(LOW).removesuffix(HIGH) if end in ENDS else end
