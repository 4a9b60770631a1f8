"""Native plots: blood volume by cross-sectional area, and area along a branch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
from vtk.util.numpy_support import vtk_to_numpy

from ...imaging.model.centerlines import Centerlines
from ...imaging.model.measurements import CsaHistogram
from ...imaging.model.size_classes import VESSELS, SizeClass
from ...imaging.parameters import Parameters
from .tables import TableColumn, fill_table

CSA_TITLE = "Cross-sectional area (mm²)"
SMALLEST_CSA_MM2 = 0.1
"""Where the histogram starts: a logarithmic axis has no zero."""
LINE_WIDTH = 2.5
HEADROOM = 1.05
"""How much higher than the highest curve a chart is."""
TITLE_SIZE, AXIS_TITLE_SIZE, AXIS_LABEL_SIZE = 14, 12, 11
"""Font sizes: the plot is some 160 pixels high in a small window."""
BOUND = "bound_"
"""Prefix of the keys of columns with class bounds."""
MIN_RANGE = 1e-3
"""Of an axis, where all values are the same."""
BY_AREA = (SizeClass.BELOW_FLOOR, SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10)
AREA = TableColumn("csa_mm2", CSA_TITLE, "mm2", "Cross-sectional area.")
DISTANCE = TableColumn(
    "distance_mm", "Distance along the branch (mm)", "mm", "From its first point."
)


@dataclass(frozen=True)
class Curve:
    """One line of a plot.

    Attributes
    ----------
    column : TableColumn
        Table column with its heights; its key is the series' role.
    color : tuple of float
        RGB, 0 to 1.
    dashed : bool
        Whether it is a reference line rather than data.
    """

    column: TableColumn
    color: tuple[float, float, float]
    dashed: bool = False


@dataclass(frozen=True)
class Axes:
    """Name and titles of a plot, and whether its x axis is logarithmic."""

    title: str
    x: TableColumn
    y_title: str
    log_x: bool = False


HISTOGRAM_AXES = Axes("Blood volume by cross-sectional area", AREA, "Blood volume (mL)", True)
PROFILE_AXES = Axes("Cross-sectional area along the branch", DISTANCE, "Area (mm²)")


def histogram_title(parameters: Parameters) -> str:
    """Name the classes from left to right: a legend would cover the bars, or take their space."""
    names = (curve.column.title for curve in histogram_curves(parameters))
    return f"Blood volume by area: {', '.join(names)}"


def profile_title(parameters: Parameters) -> str:
    """Name the dashed lines, for the same reason."""
    bounds = (parameters.minimum_csa_mm2, *parameters.class_bounds_mm2)
    shown = ", ".join(f"{bound:g}" for bound in bounds if bound > 0)
    return f"Area along the branch (dashed: bounds {shown} mm²)"


def histogram_curves(parameters: Parameters) -> tuple[Curve, ...]:
    """One outline a class, in its color."""
    classes = BY_AREA if parameters.minimum_csa_mm2 > 0 else BY_AREA[1:]
    return tuple(
        Curve(
            TableColumn(
                f"{VESSELS[size_class].key}_ml",
                VESSELS[size_class].name,
                "mL",
                "Blood volume in each bin.",
            ),
            VESSELS[size_class].color,
        )
        for size_class in classes
    )


def series_roles(size_class: SizeClass) -> tuple[str, str]:
    """Roles of the series that have a class's color: in the histogram, and its lower bound."""
    key = VESSELS[size_class].key
    return f"histogramChart.{key}_ml", f"profileChart.{BOUND}{key}"


def fill_histogram(
    table: slicer.vtkMRMLTableNode, histogram: CsaHistogram, parameters: Parameters
) -> None:
    """Fill a table with the outline of a histogram, a column a class.

    Parameters
    ----------
    table : vtkMRMLTableNode
        Four rows a bin: up at its lower edge, along, and down at its upper edge.
    histogram : CsaHistogram
        Blood volume by area; class bounds are among its edges.
    parameters : Parameters
        Class bounds.
    """
    edges = np.maximum(histogram.edges_mm2, SMALLEST_CSA_MM2)
    low, high, height = edges[:-1], edges[1:], histogram.volume_ml
    none = np.zeros_like(height)
    classes = parameters.size_class(np.sqrt(low * high))
    values = {AREA.key: np.column_stack([low, low, high, high]).ravel()}
    curves = histogram_curves(parameters)
    for size_class, curve in zip(BY_AREA[-len(curves) :], curves, strict=True):
        own = np.where(classes == size_class, height, 0.0)
        values[curve.column.key] = np.column_stack([none, own, own, none]).ravel()
    fill_table(table, [AREA, *(curve.column for curve in curves)], values)


def profile_curves(parameters: Parameters) -> tuple[Curve, ...]:
    """Area along a branch, and the class bounds, each in the color of the class above it."""
    bounds = zip(
        (parameters.minimum_csa_mm2, *parameters.class_bounds_mm2), BY_AREA[1:], strict=True
    )
    return (
        Curve(AREA, (0.5, 0.5, 0.5)),
        *(
            Curve(
                TableColumn(
                    f"{BOUND}{VESSELS[size_class].key}",
                    f"{VESSELS[size_class].name} from {bound:g} mm²",
                    "mm2",
                    "Lower bound of the class.",
                ),
                VESSELS[size_class].color,
                dashed=True,
            )
            for bound, size_class in bounds
            if bound > 0
        ),
    )


def fill_profile(
    table: slicer.vtkMRMLTableNode,
    centerlines: Centerlines,
    parameters: Parameters,
    branch: int | None,
) -> None:
    """Fill a table with the area along a branch and the class bounds.

    Parameters
    ----------
    table : vtkMRMLTableNode
        One row a centerline point.
    centerlines : Centerlines
        Branches.
    parameters : Parameters
        Class bounds.
    branch : int or None
        Which one; None leaves the table without rows.
    """
    start = centerlines.branch_start
    points = slice(0, 0) if branch is None else slice(start[branch], start[branch + 1])
    line = centerlines.points_mm[points]
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    distance = np.concatenate([[0.0], np.cumsum(steps)])[: len(line)]
    values = {DISTANCE.key: distance, AREA.key: centerlines.csa_mm2[points].astype(float)}
    curves = profile_curves(parameters)
    bounds = [b for b in (parameters.minimum_csa_mm2, *parameters.class_bounds_mm2) if b > 0]
    for curve, bound in zip(curves[1:], bounds, strict=True):
        values[curve.column.key] = np.full(len(line), bound)
    fill_table(table, [DISTANCE, *(curve.column for curve in curves)], values)


def set_series(
    series: slicer.vtkMRMLPlotSeriesNode,
    table: slicer.vtkMRMLTableNode,
    axes: Axes,
    curve: Curve,
) -> None:
    """Let a series draw a column of a table over the axes' column.

    Parameters
    ----------
    series : vtkMRMLPlotSeriesNode
        The line.
    table : vtkMRMLTableNode
        With both columns.
    axes : Axes
        Which column is x.
    curve : Curve
        Which column is y, and how it looks.
    """
    changing = series.StartModify()
    series.SetName(curve.column.title)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName(axes.x.key)
    series.SetYColumnName(curve.column.key)
    series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
    series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
    solid, dashed = (
        slicer.vtkMRMLPlotSeriesNode.LineStyleSolid,
        slicer.vtkMRMLPlotSeriesNode.LineStyleDash,
    )
    series.SetLineStyle(dashed if curve.dashed else solid)
    series.SetLineWidth(LINE_WIDTH)
    series.SetColor(curve.color)
    series.EndModify(changing)


def set_chart(
    chart: slicer.vtkMRMLPlotChartNode,
    axes: Axes,
    series: list[slicer.vtkMRMLPlotSeriesNode],
    title: str,
) -> None:
    """Set a chart's series.

    Parameters
    ----------
    chart : vtkMRMLPlotChartNode
        The chart.
    axes : Axes
        Titles and scale.
    series : list of vtkMRMLPlotSeriesNode
        In the order in which they are drawn.
    title : str
        Names the series: there is no legend.
    """
    changing = chart.StartModify()
    chart.RemoveAllPlotSeriesNodeIDs()
    for node in series:
        chart.AddAndObservePlotSeriesNodeID(node.GetID())
    chart.SetTitle(title)
    chart.SetLegendVisibility(False)
    chart.SetTitleFontSize(TITLE_SIZE)
    chart.SetAxisTitleFontSize(AXIS_TITLE_SIZE)
    chart.SetAxisLabelFontSize(AXIS_LABEL_SIZE)
    chart.SetXAxisTitle(axes.x.title)
    chart.SetYAxisTitle(axes.y_title)
    chart.SetXAxisLogScale(axes.log_x)
    chart.EndModify(changing)


def fit_axes(chart: slicer.vtkMRMLPlotChartNode, table: slicer.vtkMRMLTableNode) -> None:
    """Set a chart's axes to all of its table; Slicer's views keep the range of the first data.

    Parameters
    ----------
    chart : vtkMRMLPlotChartNode
        The chart.
    table : vtkMRMLTableNode
        Its x values, then those of its curves, which start at 0; without rows nothing is done. Of
        class bounds the axis shows those below the curve, and the next one above.
    """
    if not table.GetNumberOfRows():
        return
    x, *curves = (
        vtk_to_numpy(table.GetTable().GetColumn(index))
        for index in range(table.GetNumberOfColumns())
    )
    names = [table.GetColumnName(index) for index in range(1, table.GetNumberOfColumns())]
    highest = {name: float(curve.max()) for name, curve in zip(names, curves, strict=True)}
    bounds = {highest.pop(name) for name in names if name.startswith(BOUND)}
    top = max(highest.values())
    top = HEADROOM * min((bound for bound in bounds if bound >= top), default=top)
    changing = chart.StartModify()
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(float(x.min()), max(float(x.max()), float(x.min()) + MIN_RANGE))
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(0.0, max(top, MIN_RANGE))
    chart.EndModify(changing)
