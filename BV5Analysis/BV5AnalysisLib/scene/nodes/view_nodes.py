"""Nodes of the views: which ones there are, and what they show."""

from __future__ import annotations

from collections.abc import Iterator

import slicer

ApplicationLogic = slicer.vtkMRMLApplicationLogic


def nodes_of_class(scene: slicer.vtkMRMLScene, class_name: str) -> Iterator[slicer.vtkMRMLNode]:
    """All nodes of a class, in the scene's order."""
    for index in range(scene.GetNumberOfNodesByClass(class_name)):
        yield scene.GetNthNodeByClass(index, class_name)


def slice_node(scene: slicer.vtkMRMLScene, name: str) -> slicer.vtkMRMLSliceNode | None:
    """Slice view of a layout name, such as ``Red``."""
    return scene.GetSingletonNode(name, "vtkMRMLSliceNode")


def cameras(scene: slicer.vtkMRMLScene) -> Iterator[slicer.vtkMRMLCameraNode]:
    """Cameras that 3D views look through."""
    for view in nodes_of_class(scene, "vtkMRMLViewNode"):
        camera = scene.GetSingletonNode(view.GetLayoutName(), "vtkMRMLCameraNode")
        if camera is not None:
            yield camera


def show_chart(
    scene: slicer.vtkMRMLScene,
    logic: ApplicationLogic | None,
    chart: slicer.vtkMRMLPlotChartNode | None,
) -> None:
    """Show a chart in the plot views.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene of the views.
    logic : vtkMRMLApplicationLogic or None
        The application's; without it the views' nodes are set.
    chart : vtkMRMLPlotChartNode or None
        None leaves the views as they are.
    """
    if chart is None:
        return
    if logic is not None and logic.GetSelectionNode() is not None:
        logic.GetSelectionNode().SetActivePlotChartID(chart.GetID())
        logic.PropagatePlotChartSelection()
    else:
        for view in nodes_of_class(scene, "vtkMRMLPlotViewNode"):
            view.SetPlotChartNodeID(chart.GetID())


def show_table(
    scene: slicer.vtkMRMLScene,
    logic: ApplicationLogic | None,
    table: slicer.vtkMRMLTableNode | None,
) -> None:
    """Show a table in the table views, see `show_chart`."""
    if table is None:
        return
    if logic is not None and logic.GetSelectionNode() is not None:
        logic.GetSelectionNode().SetActiveTableID(table.GetID())
        logic.PropagateTableSelection()
    else:
        for view in nodes_of_class(scene, "vtkMRMLTableViewNode"):
            view.SetTableNodeID(table.GetID())


def show_background(
    scene: slicer.vtkMRMLScene,
    logic: ApplicationLogic | None,
    volume: slicer.vtkMRMLVolumeNode | None,
) -> None:
    """Show a volume in the slice views, whole, see `show_chart`."""
    if volume is None:
        return
    if logic is not None and logic.GetSelectionNode() is not None:
        logic.GetSelectionNode().SetActiveVolumeID(volume.GetID())
        fit = True
        logic.PropagateVolumeSelection(slicer.vtkMRMLApplicationLogic.BackgroundLayer, fit)
    else:
        for composite in nodes_of_class(scene, "vtkMRMLSliceCompositeNode"):
            composite.SetBackgroundVolumeID(volume.GetID())
