"""A cohort in the scene: its tables and plots as nodes, in a folder of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import slicer

from ...study.cohort.result import CohortResult
from ..nodes.node_names import saveable_name
from ..nodes.outcome import COHORT_ATTRIBUTE
from ..nodes.tables import TableColumn, fill_table
from ..nodes.view_nodes import nodes_of_class
from .chart import CohortChart, CohortCurve, drawable, in_title_lines
from .cohort_curves import cohort_charts
from .cohort_tables import TITLES, cohort_blocks, fill_block, fill_cases

CASE = TableColumn("case", "Case", "", "")
LINE_WIDTH = 2.0
MARKER_SIZE = 8.0
MANY_POINTS = 300
"""More points than these are drawn smaller."""


@dataclass(frozen=True)
class CohortNodes:
    """The nodes of a cohort.

    Attributes
    ----------
    name : str
        Of the cohort.
    folder : int
        Item of its folder in the subject hierarchy.
    tables : mapping of str to vtkMRMLTableNode
        ``table1``, ``table1Correlations``, ``patients``, ``correlations``, ``adjusted``, ``roc``,
        ``flow``, ``notes`` as far as they have rows, and ``cases``.
    charts : mapping of str to vtkMRMLPlotChartNode
        ``groups``, ``histogram``, ``scatter.`` and a variable's key, ``roc`` (percentages) and
        ``roc.volumes`` likewise.
    """

    name: str
    folder: int
    tables: Mapping[str, slicer.vtkMRMLTableNode]
    charts: Mapping[str, slicer.vtkMRMLPlotChartNode]


def add_cohort(scene: slicer.vtkMRMLScene, result: CohortResult, name: str) -> CohortNodes:
    """Add tables and plots of a cohort; those of a cohort of the same name are replaced.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    result : CohortResult
        What to show.
    name : str
        Name of the folder, and first part of the nodes' names.

    Returns
    -------
    CohortNodes
        What was added.
    """
    remove_cohort(scene, name)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), name)
    making = _Making(scene, name, hierarchy, folder)
    tables = {}
    for key, block in cohort_blocks(result).items():
        tables[key] = making.node("vtkMRMLTableNode", TITLES[key])
        fill_block(tables[key], block)
    tables["cases"] = making.node("vtkMRMLTableNode", TITLES["cases"])
    fill_cases(tables["cases"], result)
    making.folder = hierarchy.CreateFolderItem(folder, "Data of the plots")
    hierarchy.SetItemExpanded(making.folder, False)
    charts = {}
    for chart in cohort_charts(result):
        series = [_add_series(making, chart, curve) for curve in chart.curves]
        charts[chart.key] = making.node("vtkMRMLPlotChartNode", chart.title, folder)
        _fill_chart(charts[chart.key], chart, series)
    return CohortNodes(name, folder, tables, charts)


def remove_cohort(scene: slicer.vtkMRMLScene, name: str) -> None:
    """Remove all nodes of a cohort, and its folders; nothing happens if there is none."""
    nodes = [
        node
        for kind in ("vtkMRMLPlotChartNode", "vtkMRMLPlotSeriesNode", "vtkMRMLTableNode")
        for node in nodes_of_class(scene, kind)
        if node.GetAttribute(COHORT_ATTRIBUTE) == name
    ]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    items = (hierarchy.GetItemByDataNode(node) for node in nodes)
    folders = dict.fromkeys(hierarchy.GetItemParent(item) for item in items if item)
    for node in nodes:
        scene.RemoveNode(node)
    # The inner one was filled last.
    for folder in reversed(list(folders)):
        _remove_if_empty(hierarchy, folder)


def _remove_if_empty(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, folder: int) -> None:
    """Remove a folder, unless it has something of the user's in it, or is the scene's own."""
    own = folder and folder != hierarchy.GetSceneItemID()
    if own and not hierarchy.GetNumberOfItemChildren(folder):
        hierarchy.RemoveItem(folder)


@dataclass
class _Making:
    """Makes nodes of one cohort."""

    scene: slicer.vtkMRMLScene
    name: str
    hierarchy: slicer.vtkMRMLSubjectHierarchyNode
    folder: int

    def node(self, kind: str, what: str, folder: int | None = None) -> slicer.vtkMRMLNode:
        """Add a node, in the folder of the moment or another one."""
        node = self.scene.AddNewNodeByClass(kind, saveable_name(f"{self.name}: {what}"))
        node.SetAttribute(COHORT_ATTRIBUTE, self.name)
        place = folder or self.folder
        if item := self.hierarchy.GetItemByDataNode(node):
            self.hierarchy.SetItemParent(item, place)
        else:
            # Slicer's plugins, which need Qt, create the item as soon as a node is added.
            self.hierarchy.CreateItem(place, node)
        return node


def _add_series(
    making: _Making, chart: CohortChart, curve: CohortCurve
) -> slicer.vtkMRMLPlotSeriesNode:
    """Add a curve: its table, and the series that draws it."""
    table = making.node("vtkMRMLTableNode", f"{chart.key} {curve.title}")
    columns = [curve.x, curve.y]
    values = dict(zip((curve.x.key, curve.y.key), curve.values, strict=True))
    if curve.cases:
        columns, values = [CASE, *columns], {CASE.key: curve.cases, **values}
    if len(curve.values[0]) == 1:  # Views complain of a series with a single point.
        values = {key: np.repeat(cells, 2) for key, cells in values.items()}
    fill_table(table, columns, values)

    series = making.node("vtkMRMLPlotSeriesNode", f"{chart.key} {curve.title}")
    kind = slicer.vtkMRMLPlotSeriesNode
    changing = series.StartModify()
    series.SetName(drawable(curve.title))  # The legend shows it.
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName(curve.x.key)
    series.SetYColumnName(curve.y.key)
    series.SetLabelColumnName(CASE.key if curve.cases else "")
    series.SetPlotType(kind.PlotTypeScatter)
    points = curve.style == "points"
    lines = {"line": kind.LineStyleSolid, "dashed": kind.LineStyleDash}
    series.SetLineStyle(lines.get(curve.style, kind.LineStyleNone))
    series.SetLineWidth(LINE_WIDTH)
    series.SetMarkerStyle(kind.MarkerStyleCircle if points else kind.MarkerStyleNone)
    series.SetMarkerSize(MARKER_SIZE if len(curve.cases) <= MANY_POINTS else MARKER_SIZE / 2)
    series.SetColor(curve.color)
    series.EndModify(changing)
    return series


def _fill_chart(
    node: slicer.vtkMRMLPlotChartNode,
    chart: CohortChart,
    series: list[slicer.vtkMRMLPlotSeriesNode],
) -> None:
    changing = node.StartModify()
    for each in series:
        node.AddAndObservePlotSeriesNodeID(each.GetID())
    node.SetTitle(drawable(in_title_lines(chart.title)))
    node.SetXAxisTitle(drawable(chart.x_title))
    node.SetYAxisTitle(drawable(chart.y_title))
    # Three of them stand beside each other.
    node.SetTitleFontSize(13)
    node.SetAxisTitleFontSize(12)
    node.SetAxisLabelFontSize(12)
    node.SetLegendFontSize(11)
    node.SetLegendVisibility(chart.legend)
    # Views would keep the range of the chart that they showed before.
    node.SetXAxisRangeAuto(False)
    node.SetXAxisRange(*chart.x_range)
    node.SetYAxisRangeAuto(False)
    node.SetYAxisRange(*chart.y_range)
    node.EndModify(changing)
