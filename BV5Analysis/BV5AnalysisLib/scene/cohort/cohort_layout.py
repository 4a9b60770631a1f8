"""The layout that shows a cohort: two tables over three plots.

Loads nothing heavy, so that the layout can be made known while Slicer starts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import slicer

from ..nodes.view_nodes import nodes_of_class

if TYPE_CHECKING:
    from .cohort_nodes import CohortNodes

TABLES = {"TableView1": ("table1",), "TableView2": ("table1Correlations", "flow", "notes")}
"""What each table view shows: the first one that there is."""


def cohort_layout_xml() -> str:
    """Describe the layout."""
    # Without sizes the first view of a row takes most of it.
    tables = _row(_item("vtkMRMLTableViewNode", f"TableView{n}", f"T{n}", 500) for n in (1, 2))
    plots = _row(_item("vtkMRMLPlotViewNode", f"PlotView{n}", f"P{n}", 333) for n in (1, 2, 3))
    return f"""<layout type="vertical" split="true">
 <item splitSize="400">{tables}</item>
 <item splitSize="600">{plots}</item>
</layout>
"""


def _row(items: Iterable[str]) -> str:
    return f"""
  <layout type="horizontal" split="true">
{"".join(items)}  </layout>
 """


def _item(class_name: str, tag: str, label: str, size: int) -> str:
    return f"""   <item splitSize="{size}">
    <view class="{class_name}" singletontag="{tag}">
     <property name="viewlabel" action="default">{label}</property>
    </view>
   </item>
"""


def fill_cohort_views(scene: slicer.vtkMRMLScene, nodes: CohortNodes) -> None:
    """Let table and plot views show a cohort; views that the scene lacks are passed over.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene of the views.
    nodes : CohortNodes
        What to show.
    """
    tables = {
        name: next((nodes.tables[key] for key in keys if key in nodes.tables), None)
        for name, keys in TABLES.items()
    }
    for view in nodes_of_class(scene, "vtkMRMLTableViewNode"):
        if (table := tables.get(view.GetLayoutName())) is not None:
            view.SetTableNodeID(table.GetID())
    charts = dict(zip(("PlotView1", "PlotView2", "PlotView3"), shown_charts(nodes), strict=False))
    for view in nodes_of_class(scene, "vtkMRMLPlotViewNode"):
        if view.GetLayoutName() in charts:
            view.SetPlotChartNodeID(charts[view.GetLayoutName()].GetID())


def shown_charts(nodes: CohortNodes) -> list[slicer.vtkMRMLPlotChartNode]:
    """Return plots by importance: groups, one correlation, ROC, then all others."""
    charts = dict(nodes.charts)
    scatters = [key for key in charts if key.startswith("scatter.")]
    order = ["groups", *scatters[:1], "roc", *scatters[1:], "histogram"]
    return [charts[key] for key in order if key in charts]
