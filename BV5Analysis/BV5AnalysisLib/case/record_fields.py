"""What the fields of ``result.json`` may hold, checked before anything is made of them."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np

from ..imaging.errors import AnalysisError
from ..imaging.model.edits import Edits
from ..imaging.model.finding import Severity
from ..imaging.model.scan import Acquisition
from .tables import MEASUREMENT_FIELDS

MOST_VOXELS = 2**32
"""More than any scan that fits into memory."""
FURTHEST_MM = 1e6

Check = Callable[[Any], str | None]
"""Says what a value should be; None if it is."""


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
    for name, check in _RECORD.items():
        check_field(record, name, check)
    for name, check in {"review": _REVIEW, "edits": _EDITS}.items():
        # Schema 1.0 has neither.
        if record.get(name) is not None or (name == "review" and name in record):
            _check_fields(record[name], check, name)


def check_grid(record: dict[str, Any]) -> None:
    """Refuse a record that tells no voxel grid; raises as `check_record`."""
    check_field(record, "input", _is_object)
    for name, check in _GRID.items():
        check_field(record["input"], name, check, "input")


def acquisition_problem(values: dict[str, Any]) -> str:
    """Say which field of an acquisition holds what it never does; empty if none.

    Parameters
    ----------
    values : dict
        From a JSON file: some of the fields of `Acquisition`.
    """
    for name, value in values.items():
        if name not in _ACQUISITION:
            return f"{ascii(name)[1:-1][:40]}, which is none of {', '.join(_ACQUISITION)}"
        problem = _ACQUISITION[name](value)
        if problem:
            return f"{name}: {_shown(value)}, not {problem}"
    return ""


def check_field(holder: dict[str, Any], name: str, check: Check, parent: str = "") -> None:
    """Raise AnalysisError unless a field is there and holds what it should."""
    path = f"{parent}.{name}" if parent else name
    if name not in holder:
        raise _refusal(f"{path} is missing")
    problem = check(holder[name])
    if problem:
        raise _refusal(f"{path} is {_shown(holder[name])}, not {problem}")


def _refusal(what: str) -> AnalysisError:
    return AnalysisError(f"result.json lacks or garbles something: {what}; analyze the scan again.")


def _shown(value: Any) -> str:
    """Value on one line, not longer than a glance."""
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        return "a huge number"
    text = ascii(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _is_number(value: Any) -> bool:
    # JSON's true is no number, its whole numbers may exceed floats, and Python reads NaN in it.
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max


def _is_text(value: Any) -> bool:
    """Whether it is a text that can be written: JSON may hold halves of characters."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _one(holds: Callable[[Any], bool], what: str) -> Check:
    return lambda value: None if holds(value) else what


def _or_null(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _matching(pattern: str, what: str) -> Check:
    return _one(lambda value: _is_text(value) and re.fullmatch(pattern, value) is not None, what)


def _among(*choices: str) -> Check:
    shown = " or ".join(map(repr, choices))
    return _one(lambda value: isinstance(value, str) and value in choices, shown)


def _numbers(count: int, fits: Callable[[Any], bool], what: str) -> Check:
    def holds(value: Any) -> bool:
        whole = isinstance(value, list | tuple) and len(value) == count
        return whole and all(map(_is_number, value)) and fits(value)

    return _one(holds, what)


def _is_time(value: Any) -> bool:
    try:
        return value == "" or bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _is_size(value: list[float]) -> bool:
    whole = all(isinstance(side, int) and 0 < side <= MOST_VOXELS for side in value)
    return whole and value[0] * value[1] * value[2] <= MOST_VOXELS


def _is_rotation(value: list[float]) -> bool:
    if max(map(abs, value)) > 2:
        return False
    axes = np.reshape(np.array(value, float), (3, 3))
    return bool(np.abs(axes @ axes.T - np.eye(3)).max() < 0.01)


def _check_fields(value: Any, fields: dict[str, Check], path: str) -> None:
    if not isinstance(value, dict):
        raise _refusal(f"{path} is {_shown(value)}, not an object")
    for name, check in fields.items():
        if name in value or name not in _LATER:
            check_field(value, name, check, path)


def _rows(fields: dict[str, Check], path: str) -> Check:
    """Check of a list of objects; refuses what is in a row by itself, as its place is known."""

    def check(value: Any) -> str | None:
        if not isinstance(value, list | tuple):
            return "a list"
        for index, row in enumerate(value):
            _check_fields(row, fields, f"{path}[{index}]")
        return None

    return check


def _calibration(value: Any) -> str | None:
    _check_fields(value, _CALIBRATION, "calibration")
    if value["blood_hu"] <= value["parenchyma_hu"]:
        raise _refusal("calibration.blood_hu is not above parenchyma_hu")
    return None


def _measurements(value: Any) -> str | None:
    problem = _rows({"region": _TEXT} | dict.fromkeys(MEASUREMENT_FIELDS, _VALUE), "measurements")(
        value
    )
    regions = [] if problem else [row["region"] for row in value]
    return problem or (
        None if regions[:3] == ["both", "right", "left"] else "rows of both, right and left lung"
    )


def _histogram(value: Any) -> str | None:
    _check_fields(value, {"edges_mm2": _VALUES, "volume_ml": _VALUES}, "csa_histogram")
    if len(value["edges_mm2"]) != len(value["volume_ml"]) + 1 or not value["volume_ml"]:
        raise _refusal("csa_histogram.volume_ml is not one value shorter than edges_mm2")
    return None


def _software(value: Any) -> str | None:
    if not (isinstance(value, dict) and all(map(_is_text, [*value, *value.values()]))):
        return "an object of texts"
    return None if {"bv5-analysis", "python"} <= set(value) else "with bv5-analysis and python"


def _input(value: Any) -> str | None:
    _check_fields(value, _INPUT, "input")


_LATER = frozenset({"lung_volume_changed_ml"})
"""Fields that records of earlier versions lack."""
_is_object = _one(lambda value: isinstance(value, dict), "an object")
_TEXT = _one(_is_text, "a text")
_NUMBER = _one(_is_number, "a finite number")
_POSITIVE = _one(lambda value: _is_number(value) and value > 0, "a positive number")
_NOT_NEGATIVE = _one(
    lambda value: _is_number(value) and value >= 0, "a finite number that is not negative"
)
_VALUE = _or_null(_NUMBER)
_VALUES = _one(
    lambda value: isinstance(value, list | tuple) and not any(map(_VALUE, value)),
    "a list of finite numbers",
)
_TIME = _one(_is_time, "a time as in ISO 8601")
_ACQUISITION = {
    field.name: _or_null(_POSITIVE if field.name == "slice_thickness_mm" else _TEXT)
    for field in dataclasses.fields(Acquisition)
}
_GRID = {
    "size": _numbers(3, _is_size, "three numbers of voxels"),
    "spacing_mm": _numbers(
        3, lambda value: all(0.01 <= side <= 100 for side in value), "three voxel sides"
    ),
    "origin_mm": _numbers(3, lambda value: max(map(abs, value)) <= FURTHEST_MM, "a point"),
    "direction": _numbers(9, _is_rotation, "nine direction cosines"),
}
_INPUT = {
    "sha256": _matching("[0-9a-f]{64}", "a SHA-256"),
    "space": _among("LPS"),
    "lungs": _among("segmented", "given"),
    **_GRID,
    **_ACQUISITION,
}
_FINDING = {
    "code": _matching("[a-z0-9_]+", "a code"),
    "severity": _among(*Severity),
    "text": _TEXT,
    "value": _VALUE,
}
_REVIEW = {
    "status": _among("", "accepted", "rejected"),
    "reviewer": _TEXT,
    "comment": _TEXT,
    "time": _TIME,
}
_EDITS = {field.name: _NOT_NEGATIVE for field in dataclasses.fields(Edits)}
_HU = _one(lambda value: _is_number(value) and abs(value) <= 4000, "an attenuation in HU")
_CALIBRATION = {"blood_hu": _HU, "parenchyma_hu": _HU, "noise_hu": _VALUE}
_RECORD = {
    "case": _TEXT,
    "created": _TIME,
    "software": _software,
    "parameters": _one(
        lambda value: isinstance(value, dict) and all(map(_is_text, value)), "an object"
    ),
    "input": _input,
    "calibration": _calibration,
    "measurements": _measurements,
    "csa_histogram": _histogram,
    "findings": _rows(_FINDING, "findings"),
    "seconds": _one(
        lambda value: (
            isinstance(value, dict)
            and all(map(_is_text, value))
            and not any(map(_NOT_NEGATIVE, value.values()))
        ),
        "an object of seconds by step",
    ),
}
