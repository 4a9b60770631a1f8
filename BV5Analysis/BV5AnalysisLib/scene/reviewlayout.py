"""The review layout: which views there are, and the layout before it.

Loads nothing but Slicer, so that the layout can be made known while Slicer starts.
"""

from __future__ import annotations

import slicer

LAYOUT_ID = 5055
"""Number of the layout; Slicer's own and those of known extensions are others."""
PREVIOUS = "BV5Analysis.previousLayout"
"""Attribute of the layout node: which layout to go back to."""

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
    elif layout_node.GetViewArrangement() == LAYOUT_ID:
        # Of a scene that was saved in this layout and opened before: there are no views yet.
        layout_node.SetViewArrangement(LAYOUT_ID)


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
    layout_node.RemoveAttribute(PREVIOUS)
    if layout_node.GetViewArrangement() != LAYOUT_ID:
        return
    known = previous is not None and layout_node.IsLayoutDescription(int(previous))
    # Slicer forgets attributes when the scene is closed, but stays in the layout.
    layout_node.SetViewArrangement(int(previous) if known else layout_node.SlicerLayoutFourUpView)
