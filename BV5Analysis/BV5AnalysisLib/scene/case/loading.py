"""Repairs what Slicer's widgets change in a case's charts while a scene is loaded.

The bar over a plot view has a list of all series, with a check mark at those of the view's chart.
When a scene is loaded, the list is filled again, series by series, and the first one comes without
its mark. If any was marked before, the bar treats that as a choice of the user, and removes the
series from the chart, which by then is the loaded one. So the charts of this module are recorded
just before the widgets are notified of the loaded scene, and restored right after.
"""

from __future__ import annotations

from collections.abc import Iterator

import slicer

from ..nodes.outcome import COHORT_ATTRIBUTE, find_outcomes
from ..nodes.view_nodes import nodes_of_class

BEFORE_WIDGETS, AFTER_WIDGETS = 1000.0, -1000.0
"""Priorities of observers; those of Slicer's widgets are from -20 to 20."""


class ChartKeeper:
    """Keeps charts, and what plot views show, as they were saved while a scene is loaded.

    Parameters
    ----------
    scene : vtkMRMLScene
        Watched until `stop`.
    """

    def __init__(self, scene: slicer.vtkMRMLScene) -> None:
        self._scene = scene
        self._series: dict[slicer.vtkMRMLPlotChartNode, list[str]] = {}
        self._shown: dict[slicer.vtkMRMLPlotViewNode, str] = {}
        loaded = scene.EndImportEvent
        self._tags = [
            scene.AddObserver(loaded, self._remember, BEFORE_WIDGETS),
            scene.AddObserver(loaded, self._give_back, AFTER_WIDGETS),
        ]

    def stop(self) -> None:
        """Stop watching the scene."""
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._tags = []

    def _remember(self, _scene: slicer.vtkMRMLScene, _event: str) -> None:
        charts = {chart.GetID(): chart for chart in own_charts(self._scene)}
        self._series = {chart: series_ids(chart) for chart in charts.values()}
        self._shown = {
            view: view.GetPlotChartNodeID()
            for view in nodes_of_class(self._scene, "vtkMRMLPlotViewNode")
            if view.GetPlotChartNodeID() in charts
        }

    def _give_back(self, _scene: slicer.vtkMRMLScene, _event: str) -> None:
        for chart, series in self._series.items():
            if series_ids(chart) != series:
                set_series_ids(chart, series)
        for view, chart_id in self._shown.items():
            if view.GetPlotChartNodeID() != chart_id:
                view.SetPlotChartNodeID(chart_id)
        self._series, self._shown = {}, {}


def own_charts(scene: slicer.vtkMRMLScene) -> Iterator[slicer.vtkMRMLPlotChartNode]:
    """Charts of the scene's cases and cohorts."""
    for outcome in find_outcomes(scene):
        yield from (
            chart for chart in (outcome.histogramChart, outcome.profileChart) if chart is not None
        )
    for chart in nodes_of_class(scene, "vtkMRMLPlotChartNode"):
        if chart.GetAttribute(COHORT_ATTRIBUTE):
            yield chart


def series_ids(chart: slicer.vtkMRMLPlotChartNode) -> list[str]:
    """IDs of a chart's series, in the order of its legend."""
    return [chart.GetNthPlotSeriesNodeID(n) for n in range(chart.GetNumberOfPlotSeriesNodes())]


def set_series_ids(chart: slicer.vtkMRMLPlotChartNode, ids: list[str]) -> None:
    """Set a chart's series, in this order."""
    changing = chart.StartModify()
    chart.RemoveAllPlotSeriesNodeIDs()
    for series_id in ids:
        chart.AddAndObservePlotSeriesNodeID(series_id)
    chart.EndModify(changing)
