"""The review layout, and what its views show."""

from __future__ import annotations

import numpy as np
import slicer

from .colors import renew_legend
from .outcome import Outcome, find_outcomes
from .selection import clear_selection
from .viewnodes import ApplicationLogic, cameras, show_background, show_chart, show_table

LAYOUT_ID = 5055
"""Number of the layout; Slicer's own and those of known extensions are others."""
PREVIOUS = "BV5Analysis.previousLayout"
"""Attribute of the layout node: which layout to go back to."""

ROOM = 1.1
"""How much larger than the lungs a 3D view is, for the legend and for looks."""

_SLICES = (
    ("Red", "Axial", "R", "#F34A33"),
    ("Yellow", "Sagittal", "Y", "#EDD54C"),
    ("Green", "Coronal", "G", "#6EB04B"),
)


def layout_xml() -> str:
    """Describe the layout: 3D large, three slices beside it, table and plot below."""
    return f"""<layout type="vertical" split="true">
 <item splitSize="720">
  <layout type="horizontal" split="true">
   <item splitSize="660">
    <view class="vtkMRMLViewNode" singletontag="1">
     <property name="viewlabel" action="default">1</property>
    </view>
   </item>
   <item splitSize="340">
    <layout type="vertical" split="true">
{"".join(_slice_item(*view) for view in _SLICES)}    </layout>
   </item>
  </layout>
 </item>
 <item splitSize="280">
  <layout type="horizontal" split="true">
   <item splitSize="560">
    <view class="vtkMRMLTableViewNode" singletontag="TableView1">
     <property name="viewlabel" action="default">T</property>
    </view>
   </item>
   <item splitSize="440">
    <view class="vtkMRMLPlotViewNode" singletontag="PlotView1">
     <property name="viewlabel" action="default">P</property>
    </view>
   </item>
  </layout>
 </item>
</layout>
"""


def _slice_item(name: str, orientation: str, label: str, color: str) -> str:
    return f"""     <item>
      <view class="vtkMRMLSliceNode" singletontag="{name}">
       <property name="orientation" action="default">{orientation}</property>
       <property name="viewlabel" action="default">{label}</property>
       <property name="viewcolor" action="default">{color}</property>
      </view>
     </item>
"""


def register_layout(layout_node: slicer.vtkMRMLLayoutNode) -> None:
    """Make the layout known; an older description of it, of before a reload, is replaced.

    Parameters
    ----------
    layout_node : vtkMRMLLayoutNode
        The scene's, see `scene_layout_node`.
    """
    if not layout_node.AddLayoutDescription(LAYOUT_ID, layout_xml()):
        layout_node.SetLayoutDescription(LAYOUT_ID, layout_xml())


def scene_layout_node(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLLayoutNode | None:
    """Layout node of a scene; None if nothing made one."""
    return scene.GetFirstNodeByClass("vtkMRMLLayoutNode")


def show_layout(layout_node: slicer.vtkMRMLLayoutNode) -> None:
    """Show the layout and remember the one before it, for `restore_layout`.

    Parameters
    ----------
    layout_node : vtkMRMLLayoutNode
        The scene's.
    """
    register_layout(layout_node)
    current = layout_node.GetViewArrangement()
    if current != LAYOUT_ID:
        layout_node.SetAttribute(PREVIOUS, str(current))
        layout_node.SetViewArrangement(LAYOUT_ID)


def restore_layout(layout_node: slicer.vtkMRMLLayoutNode) -> None:
    """Go back to the layout before `show_layout`, unless the user has chosen another since.

    Parameters
    ----------
    layout_node : vtkMRMLLayoutNode
        The scene's.
    """
    previous = layout_node.GetAttribute(PREVIOUS)
    if previous is None:
        return
    layout_node.RemoveAttribute(PREVIOUS)
    known = layout_node.IsLayoutDescription(int(previous))
    if layout_node.GetViewArrangement() == LAYOUT_ID and known:
        layout_node.SetViewArrangement(int(previous))


def fill_views(
    scene: slicer.vtkMRMLScene, logic: ApplicationLogic | None, outcome: Outcome
) -> None:
    """Let the views show an outcome: CT, table, histogram, lungs in 3D, legend.

    Branches that were chosen, of whatever case, are not any more.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene of the views.
    logic : vtkMRMLApplicationLogic or None
        The application's; without it the views' nodes are set.
    outcome : Outcome
        What to show; deleted nodes are passed over.
    """
    for each in find_outcomes(scene):
        clear_selection(each, logic)
    show_background(scene, logic, outcome.inputVolume)
    show_table(scene, logic, outcome.measurementsTable)
    show_chart(scene, logic, outcome.histogramChart)
    low, high = lung_bounds(outcome)
    if (low < high).all():
        slicer.vtkMRMLSliceNode.JumpAllSlices(
            scene, *((low + high) / 2), slicer.vtkMRMLSliceNode.OffsetJumpSlice
        )
        for camera in cameras(scene):
            _look_from_the_front(camera, low, high)
    if outcome.legend is not None:
        renew_legend(outcome.highlightModel, outcome.legend)


def lung_bounds(outcome: Outcome) -> np.ndarray:
    """Lowest and highest RAS coordinates (2, 3) of the lungs, of the CT where there are none."""
    bounds = [1.0, -1.0] * 3
    for node in (outcome.lungsSegmentation, outcome.inputVolume, outcome.centerlinesModel):
        if node is not None and bounds[0] >= bounds[1]:
            node.GetRASBounds(bounds)
    return np.reshape(bounds, (3, 2)).T


def _look_from_the_front(
    camera: slicer.vtkMRMLCameraNode, low: np.ndarray, high: np.ndarray
) -> None:
    """Fit a box into a 3D view, seen from the front."""
    middle, (width, depth, height) = (low + high) / 2, high - low
    half = ROOM * max(width, height) / 2
    distance = depth / 2 + half / np.tan(np.radians(camera.GetViewAngle()) / 2)
    changing = camera.StartModify()
    camera.SetFocalPoint(*middle)
    camera.SetPosition(middle[0], middle[1] + distance, middle[2])
    camera.SetViewUp(0.0, 0.0, 1.0)
    camera.SetParallelScale(half)
    camera.ResetClippingRange()
    camera.EndModify(changing)
