"""The machine-readable record of an analysis, ``result.json``; its schema lies beside."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..imaging.errors import AnalysisError
from ..imaging.model.centerlines import Centerlines
from ..imaging.model.edits import Edits
from ..imaging.model.finding import Finding, Severity
from ..imaging.model.intervals import ENDS, MEASURES, BloodIntervals, Interval
from ..imaging.model.measurements import Calibration, CsaHistogram, Kernel, Measurement
from ..imaging.model.scan import Acquisition
from ..imaging.model.tissue import OpacityVolumes
from ..imaging.model.volume import Grid, Volume
from ..imaging.model.withheld import Withheld
from ..imaging.parameters import INCLUDED, Parameters
from ..imaging.reading.image_files import damaged
from ..study.reference import REFERENCE_MEASURES
from .applied_reference import reference_of_record, reference_record
from .case import Case, Review
from .measurements_csv import DENSITY_FIELDS, HILAR_FIELDS, MEASUREMENT_FIELDS
from .opacities_csv import OPACITY_FIELDS
from .record_fields import check_grid, check_record, check_told_hilum, tells_hilum

SCHEMA = "bv5-analysis/result"
SCHEMA_VERSION = "1.4"
INTERVALS = ("intervals", "intervals_with_hilum")
"""Fields of a measurement that rows of values have as columns."""


def write_record(path: Path, case: Case) -> None:
    """Write ``result.json``.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    case : Case
        What to write.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    text = json.dumps(case_record(case), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def case_record(case: Case) -> dict[str, Any]:
    """Plain values of a case, fit for JSON.

    Holds no name of the patient, and no name or path of the input, which often hold one: the
    SHA-256 of the voxels and the DICOM UIDs identify it. What is not a number is None.

    Parameters
    ----------
    case : Case
        What to write.

    Returns
    -------
    dict
        As ``result.schema.json`` says.
    """
    grid = case.grid
    record: dict[str, object] = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "case": case.name,
        "created": case.created,
        "software": case.software,
        "parameters": case.parameters.to_dict(),
        "input": {
            "sha256": case.sha256,
            "space": "LPS",
            "size": grid.size,
            "spacing_mm": grid.spacing,
            "origin_mm": grid.origin,
            "direction": grid.direction,
            "lungs": "given" if case.lungs_given else "segmented",
            **dataclasses.asdict(case.acquisition),
        },
        "calibration": _calibration_record(case.calibration),
        "measurements": _rows(case, case.measurements),
        "measurements_hilum_included": _rows(case, case.measurements_hilum_included),
        "withheld": [dataclasses.asdict(each) for each in case.withheld],
        "seen": _seen(case) if case.withheld else None,
        "opacities": [
            {"region": row.region} | {name: case.value(row, name) for name in OPACITY_FIELDS}
            for row in case.opacities
        ],
        "csa_histogram": {
            "edges_mm2": case.csa_histogram.edges_mm2,
            "volume_ml": case.csa_histogram.volume_ml,
        },
        "reference": _reference(case),
        "trusted": case.trusted,
        "findings": [dataclasses.asdict(finding) for finding in case.findings],
        "review": dataclasses.asdict(case.review),
        "edits": dataclasses.asdict(case.edits) if case.edits is not None else None,
        "seconds": case.seconds,
    }
    return {name: _plain(value) for name, value in record.items()}


def _rows(case: Case, measurements: tuple[Measurement, ...]) -> list[dict[str, Any]]:
    names = (*MEASUREMENT_FIELDS, *DENSITY_FIELDS, *HILAR_FIELDS, *ENDS)
    return [
        {"region": row.region} | {name: case.value(row, name) for name in names}
        for row in measurements
    ]


def _calibration_record(calibration: Calibration) -> dict[str, Any]:
    """Leave out a kernel that nobody looked for."""
    values = dataclasses.asdict(calibration)
    if not values["kernel"].pop("looked_for"):
        del values["kernel"]
    return values


def _reference(case: Case) -> dict[str, Any] | None:
    if case.reference is None:
        return None
    values = (
        (row.region, measure.key, case.value(row, measure.key))
        for row in case.measurements
        for measure in REFERENCE_MEASURES
    )
    return reference_record(case.reference, values)


def _seen(case: Case) -> dict[str, Any]:
    """Tell what was counted in what the scan shows; the values that are given follow from it."""
    return {
        "measurements": [dataclasses.asdict(row) for row in case.measurements],
        "opacities": [dataclasses.asdict(row) for row in case.opacities],
    }


def case_from_record(
    record: dict[str, Any],
    lungs: Volume,
    vessels: Volume,
    centerlines: Centerlines,
    tissue: Volume | None = None,
) -> Case:
    """Put a case together from its record and what lies in other files.

    Parameters
    ----------
    record : dict
        As `case_record` makes it, of this or an earlier version of the schema.
    lungs, vessels : Volume
        Labels on the record's grid.
    centerlines : Centerlines
        Vessel branches.
    tissue : Volume, optional
        `Tissue` labels on the record's grid.

    Returns
    -------
    Case
        What `case_record` was given.

    Raises
    ------
    AnalysisError
        The record is of another schema, or a field is missing or holds what it never does.
    """
    check_schema(record)
    check_record(record)
    with _explained():
        given = record["input"]
        fields = {field.name for field in dataclasses.fields(Acquisition)}
        edits, reference = record.get("edits"), record.get("reference")
        rows = record.get("seen") or record
        return Case(
            name=record["case"],
            lungs=lungs,
            vessels=vessels,
            centerlines=centerlines,
            measurements=_measurements(rows),
            csa_histogram=_histogram(record["csa_histogram"]),
            findings=tuple(
                Finding(found["code"], Severity(found["severity"]), found["text"], found["value"])
                for found in record["findings"]
            ),
            calibration=_calibration(record["calibration"]),
            parameters=_parameters(record),
            seconds=dict(record["seconds"]),
            lungs_given=given["lungs"] == "given",
            opacities=tuple(_opacities(row) for row in rows.get("opacities", ())),
            tissue=tissue,
            withheld=tuple(
                Withheld(each["code"], each["reason"], tuple(each["measures"]))
                for each in record.get("withheld", ())
            ),
            grid=grid_of(record),
            sha256=given["sha256"],
            acquisition=Acquisition(**{name: given[name] for name in fields}),
            review=Review(**record.get("review", {})),
            edits=Edits(**edits) if edits is not None else None,
            software=dict(record["software"]),
            created=record["created"],
            reference=reference_of_record(reference) if reference else None,
        )


def read_record(path: Path) -> dict[str, Any]:
    """Read ``result.json``.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    dict
        Its content, of a schema that this software knows.

    Raises
    ------
    AnalysisError
        It is missing, damaged, of another schema, or a field holds what it never does.
    """
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AnalysisError(
            f"Folder {path.parent.name} holds no {path.name}; give a folder that `bv5 analyze`"
            " wrote."
        ) from error
    except OSError as error:
        raise AnalysisError(
            f"{path.name} cannot be read ({error.strerror}); check its permissions."
        ) from error
    except (ValueError, RecursionError) as error:
        raise damaged(path) from error
    check_schema(record)
    check_record(record)
    return record


def check_schema(record: Any) -> None:
    """Raise AnalysisError unless a record is of a schema that this software knows."""
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise AnalysisError(
            "result.json is no result of BV5 Analysis; give a folder that `bv5 analyze` wrote."
        )
    version = ascii(record.get("schema_version")).strip("'")[:20]
    if version.split(".", maxsplit=1)[0] != SCHEMA_VERSION.split(".", maxsplit=1)[0]:
        raise AnalysisError(
            f"result.json is of schema version {version}, and this version of BV5 Analysis reads"
            f" {SCHEMA_VERSION}; analyze the scan again."
        )


def grid_of(record: dict[str, Any]) -> Grid:
    """Grid of the scan; AnalysisError if the record has none."""
    check_grid(record)
    given = record["input"]
    x, y, z = given["size"]
    return Grid(
        (x, y, z),
        _triple(given["spacing_mm"]),
        _triple(given["origin_mm"]),
        tuple(map(float, given["direction"])),
    )


def parameters_of(record: dict[str, Any]) -> Parameters:
    """Parameters of an analysis; AnalysisError if the record has none, or impossible ones."""
    with _explained():
        return _parameters(record)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise AnalysisError(
            f"result.json lacks or garbles something ({error}); analyze the scan again."
        ) from error


def _parameters(record: dict[str, Any]) -> Parameters:
    values = record["parameters"]
    check_told_hilum(record)
    if not tells_hilum(record):
        values = {"hilum": INCLUDED, **values}
    try:
        return Parameters.from_dict(values)
    except AnalysisError as error:
        raise AnalysisError(f"result.json: {error}") from error


def _calibration(values: dict[str, Any]) -> Calibration:
    # Records of versions before 1.3 have no kernel: nobody looked for it, and nothing was undone.
    kernel = Kernel(**values["kernel"]) if "kernel" in values else Kernel(looked_for=False)
    hu = {name: _number(value) for name, value in values.items() if name != "kernel"}
    return Calibration(**hu, kernel=kernel)


def _measurements(rows: dict[str, Any]) -> tuple[Measurement, ...]:
    """Rows of what is given, or of what was seen where values are withheld."""
    with_hilum = rows.get("measurements_hilum_included") or [{}] * len(rows["measurements"])
    return tuple(
        _measurement(row, its) for row, its in zip(rows["measurements"], with_hilum, strict=True)
    )


def _measurement(row: dict[str, Any], with_hilum: dict[str, Any]) -> Measurement:
    names = {field.name for field in dataclasses.fields(Measurement)} - {"region", *INTERVALS}
    # Records of earlier versions have no hilar blood.
    values = {name: row.get(name) if name.startswith("hilar_") else row[name] for name in names}
    numbers: dict[str, Any] = {name: _number(value) for name, value in values.items()}
    if "intervals" in row:
        own, included = (_nested_intervals(row.get(name)) for name in INTERVALS)
    else:
        own, included = _intervals(row), _intervals(with_hilum)
    return Measurement(
        region=row["region"], intervals=own, intervals_with_hilum=included, **numbers
    )


def _intervals(row: dict[str, Any]) -> BloodIntervals | None:
    """Intervals in a row of values; None where it has none, as before version 1.4."""
    if all(row.get(end) is None for end in ENDS):
        return None
    return _blood_intervals(
        {name: {end: row.get(f"{name}_{end}") for end in ("low", "high")} for name in MEASURES}
    )


def _nested_intervals(values: dict[str, Any] | None) -> BloodIntervals | None:
    """Intervals as `_seen` writes them."""
    return None if values is None else _blood_intervals(values)


def _blood_intervals(values: dict[str, Any]) -> BloodIntervals:
    found: dict[str, Any] = {}
    for name in MEASURES:
        low, high = ((values[name] or {}).get(end) for end in ("low", "high"))
        found[name] = None if low is None or high is None else Interval(float(low), float(high))
    return BloodIntervals(**found)


def _opacities(row: dict[str, Any]) -> OpacityVolumes:
    names = {field.name for field in dataclasses.fields(OpacityVolumes)} - {"region"}
    return OpacityVolumes(region=row["region"], **{name: _number(row[name]) for name in names})


def _histogram(values: dict[str, Any]) -> CsaHistogram:
    *edges, last = values["edges_mm2"]
    return CsaHistogram(
        np.array([*edges, math.inf if last is None else last], float),
        np.array(values["volume_ml"], float),
    )


def _triple(values: list[float]) -> tuple[float, float, float]:
    x, y, z = map(float, values)
    return x, y, z


def _number(value: float | None) -> float:
    """Give back the number that became null in JSON."""
    return math.nan if value is None else float(value)


def _plain(value: Any) -> Any:
    """Values that JSON has: lists for tuples and arrays, None for what is not finite."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
