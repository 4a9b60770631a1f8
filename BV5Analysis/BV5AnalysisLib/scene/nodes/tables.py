"""Measurements as a table node, and how tables are filled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import slicer
import vtk

from ...case.files import Case
from ...case.measurements_csv import TRUSTED
from ...export.wording import method_paragraph
from ...imaging.model.size_classes import VESSELS, SizeClass
from ...imaging.parameters import Parameters
from .models import named_array

DECIMALS = {"mL": 3, "%": 2, "mm": 1, "mL/L": 3}
"""Digits to show by unit; ``result.json`` has them all."""
MEASURED_DECIMALS = {"mL": 2, "%": 1, "mm": 0, "mL/L": 2}
"""Digits of the measurements, whose view is narrow."""


@dataclass(frozen=True)
class TableColumn:
    """One column of the table.

    Attributes
    ----------
    key : str
        Column name; in the measurements the same as in ``measurements.csv``.
    title : str
        Header people read.
    unit : str
        UCUM code, empty for text.
    description : str
        One sentence on what is measured.
    """

    key: str
    title: str
    unit: str
    description: str


def measurement_columns(parameters: Parameters) -> tuple[TableColumn, ...]:
    """Columns in their order, described with the class bounds of one analysis.

    Parameters
    ----------
    parameters : Parameters
        As used in the analysis.

    Returns
    -------
    tuple of TableColumn
        Region first, then percentages, which are read first and must be seen without scrolling,
        volumes (mL) and length (mm). The order of ``measurements.csv`` is its own.
    """
    floor, (low, high) = parameters.minimum_csa_mm2, parameters.class_bounds_mm2
    areas = {
        SizeClass.BV5: f"from {floor:g} to below {low:g} mm²",
        SizeClass.BV5_10: f"from {low:g} to below {high:g} mm²",
        SizeClass.BV10: f"of {high:g} mm² and above",
    }
    names = {size_class: VESSELS[size_class].name for size_class in SizeClass}
    keys = {size_class: VESSELS[size_class].key for size_class in SizeClass}
    return (
        TableColumn("region", "Region", "", "Both lungs, one lung, or a given region."),
        *(
            TableColumn(
                f"{keys[size_class]}_pct",
                f"{names[size_class]} (%)",
                "%",
                f"{names[size_class]} as a percentage of TPBV.",
            )
            for size_class in areas
        ),
        TableColumn("tpbv_ml", "TPBV (mL)", "mL", f"Blood in vessels of {floor:g} mm² and above."),
        *(
            TableColumn(
                f"{keys[size_class]}_ml",
                f"{names[size_class]} (mL)",
                "mL",
                f"Blood in vessels with a cross-sectional area {area}.",
            )
            for size_class, area in areas.items()
        ),
        TableColumn(
            f"{keys[SizeClass.BELOW_FLOOR]}_ml",
            f"{names[SizeClass.BELOW_FLOOR]} (mL)",
            "mL",
            f"Blood in vessels thinner than {floor:g} mm², not part of TPBV.",
        ),
        TableColumn(
            "lung_volume_ml", "Lung volume (mL)", "mL", "Volume of the region in the lungs."
        ),
        TableColumn(
            "vessel_length_mm",
            "Vessel length (mm)",
            "mm",
            f"Centerline length of vessels of {floor:g} mm² and above.",
        ),
        TableColumn("tpbv_ml_per_l", "TPBV (mL/L)", "mL/L", "Blood of TPBV per liter of lung."),
        TableColumn(
            "hilar_ml",
            "Hilar (mL)",
            "mL",
            "Blood at the hilum, in no class."
            if parameters.hilum_apart
            else "Blood at the hilum, which the classes include.",
        ),
        TableColumn(
            "trusted", "Trusted", "", "Whether no finding is an error, so that numbers can be used."
        ),
        TableColumn("review", "Review", "", "Accepted or rejected; empty before it was reviewed."),
        TableColumn("reviewer", "Reviewer", "", "Who reviewed it."),
        TableColumn("review_comment", "Comment", "", "What the reviewer noted."),
    )


def fill_measurements(node: slicer.vtkMRMLTableNode, case: Case) -> None:
    """Fill a table with a case's measurements, one row a region.

    The node's description states the method and the parameters.

    Parameters
    ----------
    node : vtkMRMLTableNode
        Its former content goes.
    case : Case
        What to show.
    """
    texts = {
        "trusted": TRUSTED[case.trusted],
        "review": case.review.status,
        "reviewer": case.review.reviewer,
        "review_comment": case.review.comment,
    }
    columns = measurement_columns(case.parameters)
    values = {
        column.key: [
            texts[column.key]
            if column.key in texts
            else row.region
            if column.key == "region"
            else case.value(row, column.key)
            for row in case.measurements
        ]
        for column in columns
    }
    fill_table(node, columns, values, MEASURED_DECIMALS)
    node.SetUseFirstColumnAsRowHeader(True)
    node.SetDescription(f"{method_paragraph(case)} {parameters_sentence(case.parameters)}")


def parameters_sentence(parameters: Parameters) -> str:
    """All parameters by name."""
    values = "; ".join(f"{name} = {value}" for name, value in parameters.to_dict().items())
    return f"Parameters: {values}."


def fill_table(
    node: slicer.vtkMRMLTableNode,
    columns: Sequence[TableColumn],
    values: Mapping[str, Sequence[str] | np.ndarray],
    decimals: Mapping[str, int] = DECIMALS,
) -> None:
    """Fill a table, and make it read-only.

    Parameters
    ----------
    node : vtkMRMLTableNode
        Its former content goes.
    columns : sequence of TableColumn
        In their order.
    values : mapping of str to sequence
        Values by column: text, integers, or numbers, which are rounded as their unit asks.
    decimals : mapping of str to int
        Digits by unit; 3 of other units.
    """
    changing = node.StartModify()
    node.SetLocked(False)
    node.RemoveAllColumns()
    for column in columns:
        node.AddColumn(_table_column(column, values[column.key], decimals))
        # It has the unit: table views would append a unit label to it, once more.
        node.SetColumnTitle(column.key, column.title)
        node.SetColumnDescription(column.key, column.description)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)
    node.EndModify(changing)


def _table_column(
    column: TableColumn, values: Sequence[str] | np.ndarray, decimals: Mapping[str, int]
) -> vtk.vtkAbstractArray:
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return named_array(column.key, np.round(array, decimals.get(column.unit, 3)))
    if array.dtype.kind in "iu":
        return named_array(column.key, array.astype(np.int32))
    texts = vtk.vtkStringArray()
    texts.SetName(column.key)
    texts.SetNumberOfValues(len(values))
    # Thousands of rows have few different texts.
    written = {text: saveable(text) for text in set(values)}
    for row, text in enumerate(values):
        texts.SetValue(row, written[text])
    return texts


def saveable(text: str) -> str:
    """Text as a table saved with the scene can hold it: in one line, without straight quotes."""
    return re.sub(r"\s", " ", text).replace('"', "”")
