"""What the fields of ``result.json`` may hold, checked before anything is made of them.

``result.schema.json`` beside this file says it, for this program and for others. As code there is
only what JSON Schema cannot say: how fields go together.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterator
from datetime import datetime
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..imaging.errors import AnalysisError
from ..imaging.model.intervals import HIGH, LOW, MEASURES
from ..imaging.model.scan import Acquisition
from .json_schema import Schema, expected, problem_of, shown

SCHEMA_FILE = Path(__file__).with_name("result.schema.json")
LONGEST_MINOR = 6
"""Digits of a minor version that are read; longer ones are no version."""
MOST_VOXELS = 2**32
"""More than any scan that fits into memory."""
HILUM_SINCE = 3
"""Minor version from which on hilar vessels are told apart; before, they were counted."""
ALL_REGIONS = ("both", "right", "left")
"""Rows that every case begins with."""
SKEW = 0.01
"""Of direction cosines, at most: files give them with few digits."""


@functools.cache
def record_schema() -> Schema:
    """JSON Schema of ``result.json``."""
    schema: Schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema


def check_record(record: dict[str, Any]) -> None:
    """Refuse a record whose fields hold what they never do.

    Parameters
    ----------
    record : dict
        As `case.record.case_record` makes it, of this or an earlier version of the schema.

    Raises
    ------
    AnalysisError
        A field is missing or holds something else; the message names the first one.
    """
    schema = record_schema()
    _refuse(problem_of(record, schema, schema))
    _refuse(next(_contradictions(record), ""))


def tells_hilum(record: dict[str, Any]) -> bool:
    """Whether a record is of a version that tells hilar vessels apart; before, all counted."""
    return int(record["schema_version"].split(".")[1][:LONGEST_MINOR]) >= HILUM_SINCE


def check_told_hilum(record: dict[str, Any]) -> None:
    """Refuse a record that should say how hilar blood counts, and does not; as `check_record`."""
    _refuse(_hilum_problem(record))


def _hilum_problem(record: dict[str, Any]) -> str:
    # A default would be a guess: numbers with the hilum and without it differ by a sixth.
    if tells_hilum(record):
        for name in ("hilum", "hilum_share"):
            if name not in record["parameters"]:
                return f"parameters.{name} is missing"
    return ""


def check_grid(record: dict[str, Any]) -> None:
    """Refuse a record that has no voxel grid; raises as `check_record`."""
    _refuse("" if "input" in record else "input is missing")
    _refuse(problem_of(record["input"], _input_schema(), record_schema(), "input"))
    _refuse(next(_grid_contradictions(record["input"]), ""))


def acquisition_problem(values: dict[str, Any]) -> str:
    """Say which field of an acquisition holds what it never does; empty if none.

    Parameters
    ----------
    values : dict
        From a JSON file: some of the fields of `Acquisition`.
    """
    known = [field.name for field in dataclasses.fields(Acquisition)]
    for name, value in values.items():
        if name not in known:
            return f"{ascii(name)[1:-1][:40]}, which is none of {', '.join(known)}"
        wanted = expected(value, _input_schema()["properties"][name], record_schema())
        if wanted:
            return f"{name}: {shown(value)}, not {wanted}"
    return ""


def _input_schema() -> Schema:
    schema: Schema = record_schema()["properties"]["input"]
    return schema


def _refuse(problem: str) -> None:
    if problem:
        raise AnalysisError(
            f"result.json lacks or garbles something: {problem}; analyze the scan again."
        )


def _contradictions(record: dict[str, Any]) -> Iterator[str]:
    """Say what is wrong with a record that follows the schema."""
    yield from _grid_contradictions(record["input"])
    yield from filter(None, [_hilum_problem(record)])
    calibration = record["calibration"]
    if calibration["blood_hu"] <= calibration["parenchyma_hu"]:
        yield "calibration.blood_hu is not above parenchyma_hu"
    for name, rows in (("measurements", record), ("seen.measurements", record.get("seen"))):
        if rows and [row["region"] for row in rows["measurements"][:3]] != list(ALL_REGIONS):
            yield f"{name} does not begin with both, right and left lung"
    yield from _interval_contradictions(record)
    yield from _histogram_contradictions(record["csa_histogram"])
    times = {"created": record["created"], "review.time": record.get("review", {}).get("time", "")}
    for name, time in times.items():
        if not _is_time(time):
            yield f"{name} is {shown(time)}, not a time as in ISO 8601"


def _grid_contradictions(grid: dict[str, Any]) -> Iterator[str]:
    if prod(grid["size"]) > MOST_VOXELS:
        yield "input.size is of more voxels than fit into memory"
    axes = np.reshape(np.array(grid["direction"], float), (3, 3))
    if np.abs(axes @ axes.T - np.eye(3)).max() > SKEW:
        yield "input.direction is not nine direction cosines"


def _interval_contradictions(record: dict[str, Any]) -> Iterator[str]:
    rows = [*record["measurements"], *record.get("measurements_hilum_included", ())]
    seen = record.get("seen") or {}
    rows += [
        _flat_ends(row.get(name) or {})
        for row in seen.get("measurements", ())
        for name in ("intervals", "intervals_with_hilum")
    ]
    for row in rows:
        for name in MEASURES:
            low, high = row.get(name + LOW), row.get(name + HIGH)
            if (low is None) != (high is None) or (low is not None and low > high):
                ends = f"{name + LOW} {shown(low)} and {name + HIGH} {shown(high)}"
                yield f"measurements: {ends} are no interval"


def _flat_ends(intervals: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{name}_{end}": value
        for name, interval in intervals.items()
        for end, value in (interval or {}).items()
    }


def _histogram_contradictions(histogram: dict[str, Any]) -> Iterator[str]:
    edges, volumes = histogram["edges_mm2"], histogram["volume_ml"]
    if len(edges) != len(volumes) + 1:
        yield "csa_histogram.volume_ml is not one value shorter than edges_mm2"
    # The last edge may be at infinity, which is null in JSON.
    finite = edges[:-1] if edges[-1] is None else edges
    if None in finite or len(finite) < 2 or any(np.diff(finite) <= 0):
        yield "csa_histogram.edges_mm2 does not rise from bin to bin"


def _is_time(text: str) -> bool:
    try:
        return text == "" or bool(datetime.fromisoformat(text))
    except ValueError:
        return False
