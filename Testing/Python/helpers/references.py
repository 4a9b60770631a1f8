"""Healthy people, as tables and as the reference that follows from them."""

import dataclasses
from pathlib import Path

import numpy as np
from BV5AnalysisLib import __version__
from BV5AnalysisLib.case.reference_file import reference_json
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.study.reference import (
    EVERYBODY,
    REFERENCE_MEASURES,
    Definition,
    Distribution,
    People,
    Reference,
    ReferenceGroup,
    ReferenceSource,
)

from helpers.cohort_tables import clinical, measured, measurements

DEFINITION = Definition.of(Parameters(), __version__)
WAY = {
    "software_version": __version__,
    "trusted": "yes",
    "hilum": "apart",
    "hilum_share": 0.8,
    "hilar_ml": 30,
    "below_floor_ml": 12,
}
"""Cells that say how a row was measured."""


def bv5_of(number: int, region: str = "both") -> float:
    """BV5 % of a person: 30, 30.5, 31 …; 1 and 2 more in the right and the left lung."""
    return 30 + number / 2 + {"both": 0, "right": 1, "left": 2}[region]


def healthy_rows(n: int, regions=("both", "right", "left"), **cells) -> list[dict[str, object]]:
    """Rows of measurements.csv of people H000, H001, …"""
    return [
        measured(f"H{number:03}", bv5_of(number, region), region, **WAY | cells)
        for number in range(n)
        for region in regions
    ]


def healthy_people(n: int) -> list[list[object]]:
    """Clinical table: women and men in turn, 20 years old and up to 79, step by step."""
    rows = [[f"H{k:03}", "FM"[k % 2], 20 + (k // 2) % 60] for k in range(n)]
    return [["case", "sex", "age"], *rows]


def healthy_tables(folder: Path, n: int, **cells) -> tuple[Path, Path]:
    """Write both tables."""
    return measurements(folder, healthy_rows(n, **cells)), clinical(folder, healthy_people(n))


def distribution(region: str, measure: str, mean: float, sd: float) -> Distribution:
    """Distribution whose percentiles are 3 sd apart in all, around the mean."""
    limits = mean + sd * np.array([-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5])
    return Distribution(region, measure, 40, mean, sd, tuple(limits.tolist()))


def group(people: People = EVERYBODY, bv5_pct: float = 10.0, n: int = 40) -> ReferenceGroup:
    """People of 30 to 59 years, whose mean of each measure is ten times its place."""
    found = [
        distribution(region, measure.key, 10.0 * place, 2.0)
        for region in ("both", "right", "left")
        for place, measure in enumerate(REFERENCE_MEASURES)
        if measure.key != "bv5_pct"
    ]
    found += [distribution(region, "bv5_pct", bv5_pct, 2.0) for region in ("both", "right", "left")]
    return ReferenceGroup(people, n, 30, 59, tuple(found))


def reference(*groups: ReferenceGroup, **changes) -> Reference:
    """Reference of these groups, by default of everybody alone, measured as by default."""
    made = Reference(
        "site",
        "2026-11-30T12:00:00+00:00",
        DEFINITION,
        ReferenceSource(
            "measurements.csv", "clinical.csv", ("40 scans",), 2, (("thick_slices", 3),)
        ),
        groups or (group(),),
    )
    return dataclasses.replace(made, **changes)


def reference_file(folder: Path, made: Reference | None = None, name: str = "site.json") -> Path:
    """Write a reference."""
    path = folder / name
    path.write_text(reference_json(made or reference()), encoding="utf-8")
    return path
