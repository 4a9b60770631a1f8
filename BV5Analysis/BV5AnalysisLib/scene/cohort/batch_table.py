"""The results of a batch: which cases were measured, and their measurements as a table node."""

# `BatchResult` is what Slicer's console gets: camelCase.
# ruff: noqa: N815

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer

from ...case.measurements_csv import DENSITY_FIELDS, MEASUREMENT_FIELDS, table_columns
from ...imaging.errors import AnalysisError
from ...imaging.model.intervals import ENDS, LOW, measure_of
from ...study.batch.batch_case import CaseStatus
from ...study.formulas import unguard
from ...study.reference import REFERENCE_MEASURES
from ..nodes.tables import TableColumn, fill_table

MEASUREMENTS = "measurements.csv"
FAILURES = "failures.csv"
_TITLES = {
    "case": "Case",
    "region": "Region",
    "lung_volume_ml": "Lung volume (mL)",
    "tpbv_ml": "TPBV (mL)",
    "bv5_ml": "BV5 (mL)",
    "bv5_10_ml": "BV5-10 (mL)",
    "bv10_ml": "BV10 (mL)",
    "below_floor_ml": "Below floor (mL)",
    "bv5_pct": "BV5 (%)",
    "bv5_10_pct": "BV5-10 (%)",
    "bv10_pct": "BV10 (%)",
    "vessel_length_mm": "Vessel length (mm)",
    "tpbv_ml_per_l": "TPBV (mL/L)",
    "bv5_ml_per_l": "BV5 (mL/L)",
    "bv5_10_ml_per_l": "BV5-10 (mL/L)",
    "bv10_ml_per_l": "BV10 (mL/L)",
    "minimum_csa_mm2": "Floor (mm²)",
    "bv5_upper_csa_mm2": "BV5 below (mm²)",
    "bv10_lower_csa_mm2": "BV10 from (mm²)",
    "blood_hu": "Blood (HU)",
    "findings": "Findings",
    "trusted": "Trusted",
    "withheld": "Withheld",
    "software_version": "Version",
    "review": "Review",
    "reviewer": "Reviewer",
    "review_comment": "Comment",
    "hilar_ml": "Hilar (mL)",
    "hilum": "Hilum",
    "hilum_share": "Hilum below",
    "kernel_sharpness": "Kernel sharpness",
    "reference": "Reference",
    "reference_group": "Compared with",
}
_NUMBERS = {
    *MEASUREMENT_FIELDS,
    *DENSITY_FIELDS,
    "minimum_csa_mm2",
    "bv5_upper_csa_mm2",
    "bv10_lower_csa_mm2",
    "blood_hu",
    "hilar_ml",
    "hilum_share",
    "kernel_sharpness",
    *ENDS,
    *(f"{measure.key}_z" for measure in REFERENCE_MEASURES),
}
_UNITS = {"ml": "mL", "pct": "%", "mm": "mm", "mm2": "mm2", "hu": "[hnsf'U]"}
_LONGEST_LIST = 10


@dataclass(frozen=True, repr=False)
class BatchResult:
    """The results of a batch.

    Attributes
    ----------
    outputFolder : pathlib.Path
        The batch's folder, with a folder a case and the tables of all.
    measured : tuple of str
        Cases that have a result, in the order of the table.
    failed : tuple of CaseStatus
        Cases that have none, with the reason as `problem`.
    """

    outputFolder: Path
    measured: tuple[str, ...]
    failed: tuple[CaseStatus, ...]

    def __repr__(self) -> str:
        """Say it as the console shows it: a line a case that failed, up to some."""
        total = len(self.measured) + len(self.failed)
        lines = [f"{len(self.measured)} of {total} cases measured in {self.outputFolder}"]
        lines += [f"{each.name}: {each.problem}" for each in self.failed[:_LONGEST_LIST]]
        more = len(self.failed) - _LONGEST_LIST
        return "\n".join([*lines, f"and {more} more, see {FAILURES}"] if more > 0 else lines)


def batch_result(folder: Path) -> BatchResult:
    """Read the results of a batch.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder of ``bv5 batch``.

    Returns
    -------
    BatchResult
        Cases measured and failed.

    Raises
    ------
    AnalysisError
        It is no such folder, or a table cannot be read.
    """
    measured = dict.fromkeys(row["case"] for row in _rows(folder, MEASUREMENTS, ("case",)))
    failed = _rows(folder, FAILURES, ("case", "reason"))
    return BatchResult(
        folder,
        tuple(measured),
        tuple(CaseStatus(row["case"], row["reason"]) for row in failed),
    )


def add_batch_table(
    scene: slicer.vtkMRMLScene, folder: Path, region: str, name: str = ""
) -> slicer.vtkMRMLTableNode:
    """Add a batch's measurements to a scene, a row a case.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    folder : pathlib.Path
        Output folder of ``bv5 batch``.
    region : str
        Rows of which region; all of them if empty.
    name : str
        Of the node; the folder's by default.

    Returns
    -------
    vtkMRMLTableNode
        Columns as in ``measurements.csv``, also those of a reference, where it has them.

    Raises
    ------
    AnalysisError
        It is no such folder, its table cannot be read, or has no row of this region.
    """
    rows = _rows(folder, MEASUREMENTS, ("case", "region"))
    wanted = [row for row in rows if row["region"] == region] if region else rows
    if rows and not wanted:
        regions = ", ".join(dict.fromkeys(row["region"] for row in rows))
        raise AnalysisError(f"No case has the region {region}; choose one of {regions}.")
    known = table_columns(has_reference=True)
    keys = [key for key in known if wanted and key in wanted[0]]
    columns = [TableColumn(key, _title(key), _unit(key), "") for key in keys or known[:2]]
    values = {
        column.key: (
            np.array([_number(row[column.key]) for row in wanted], float)
            if column.key in _NUMBERS
            else [row[column.key] or "" for row in wanted]
        )
        for column in columns
    }
    title = name or f"{folder.resolve().name} measurements"
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", title.replace("&", "+"))
    fill_table(node, columns, values)
    node.SetUseFirstColumnAsRowHeader(True)
    return node


def _rows(folder: Path, name: str, needed: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows of a table; AnalysisError if it cannot be read, or lacks a column."""
    try:
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            missing = [each for each in needed if each not in (reader.fieldnames or ())]
            if not missing:
                return [row | {"case": unguard(row["case"])} for row in reader]
    except FileNotFoundError:
        raise AnalysisError(
            f"{folder} holds no {name}; give the output folder of a batch."
        ) from None
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise AnalysisError(
            f"{name} of {folder} cannot be read ({reason}); run the batch again with its results"
            " kept, which writes it anew."
        ) from error
    raise AnalysisError(f"{name} of {folder} has no column {missing[0]}; was it edited?")


def _number(text: str) -> float:
    """Value of a cell; NaN if it is empty or no number."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _title(key: str) -> str:
    """Header of a column: of a value, an end of its interval, or its place in a reference."""
    if key in _TITLES:
        return _TITLES[key]
    if key in ENDS:
        return f"{_TITLES[measure_of(key)]} {'from' if key.endswith(LOW) else 'to'}"
    measure, _, what = key.rpartition("_")
    return f"{_TITLES[measure]} {'z score' if what == 'z' else what}"


def _unit(key: str) -> str:
    if key in DENSITY_FIELDS:
        return "mL/L"
    return _UNITS.get(measure_of(key).rsplit("_", 1)[-1], "") if key in _NUMBERS else ""
