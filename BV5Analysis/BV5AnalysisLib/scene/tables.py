"""Measurements as a table node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import slicer
import vtk

from ..imaging.measurements import Measurement
from ..imaging.parameters import Parameters
from ..imaging.sizeclasses import VESSELS, SizeClass


@dataclass(frozen=True)
class Column:
    """One column of the table.

    Attributes
    ----------
    key : str
        Attribute of `Measurement` and column name, the same as in ``measurements.csv``.
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


def measurement_columns(parameters: Parameters) -> tuple[Column, ...]:
    """Columns in their order, described with the class bounds of one analysis.

    Parameters
    ----------
    parameters : Parameters
        As used in the analysis.

    Returns
    -------
    tuple of Column
        Region first, then volumes (mL), percentages and length (mm).
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
        Column("region", "Region", "", "Both lungs, one lung, or a given region."),
        Column("lung_volume_ml", "Lung volume (mL)", "mL", "Volume of the region in the lungs."),
        Column("tpbv_ml", "TPBV (mL)", "mL", f"Blood in vessels of {floor:g} mm² and above."),
        *(
            Column(
                f"{keys[size_class]}_ml",
                f"{names[size_class]} (mL)",
                "mL",
                f"Blood in vessels with a cross-sectional area {area}.",
            )
            for size_class, area in areas.items()
        ),
        Column(
            f"{keys[SizeClass.BELOW_FLOOR]}_ml",
            f"{names[SizeClass.BELOW_FLOOR]} (mL)",
            "mL",
            f"Blood in vessels thinner than {floor:g} mm², not part of TPBV.",
        ),
        *(
            Column(
                f"{keys[size_class]}_pct",
                f"{names[size_class]} (%)",
                "%",
                f"{names[size_class]} as a percentage of TPBV.",
            )
            for size_class in areas
        ),
        Column(
            "vessel_length_mm",
            "Vessel length (mm)",
            "mm",
            f"Centerline length of vessels of {floor:g} mm² and above.",
        ),
    )


def add_measurements(
    scene: slicer.vtkMRMLScene,
    name: str,
    measurements: Sequence[Measurement],
    parameters: Parameters,
) -> slicer.vtkMRMLTableNode:
    """Add measurements as a locked table, one row a region.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    name : str
        Node name.
    measurements : sequence of Measurement
        Rows in their order.
    parameters : Parameters
        As used in the analysis; the descriptions state them.

    Returns
    -------
    vtkMRMLTableNode
        Table whose columns have a title, a unit (UCUM) and a description.
    """
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", name)
    for column in measurement_columns(parameters):
        array = vtk.vtkDoubleArray() if column.unit else vtk.vtkStringArray()
        array.SetName(column.key)
        for measurement in measurements:
            array.InsertNextValue(getattr(measurement, column.key))
        node.AddColumn(array)
        node.SetColumnTitle(column.key, column.title)
        node.SetColumnUnitLabel(column.key, column.unit)
        node.SetColumnDescription(column.key, column.description)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetUseFirstColumnAsRowHeader(True)
    node.SetLocked(True)
    return node
