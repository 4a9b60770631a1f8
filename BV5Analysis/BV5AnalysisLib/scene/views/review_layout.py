"""The review layout: which views there are, and the layout before it.

Imports nothing but Slicer, so that the layout can be registered while Slicer starts.
"""

from __future__ import annotations

import slicer

LAYOUT_ID = 5055
"""Number of the layout; different from Slicer's own and those of known extensions."""
COHORT_LAYOUT_ID = 5056
"""Number of the layout that shows a cohort, see `scene.cohort.cohort_layout`."""
PREVIOUS = "BV5Analysis.previousLayout"
"""Attribute of the layout node: which layout to go back to."""
OWN_LAYOUTS = {LAYOUT_ID, COHORT_LAYOUT_ID}

_SLICES = (
    ("Red", "Axial", "R", "#F34A33"),
    ("Yellow", "Sagittal", "Y", "#EDD54C"),
    ("Green", "Coronal", "G", "#6EB04B"),
)


def layout_xml() -> str:
    """Describe the layout: 3D large, three slices beside it, table and plot below."""
    return f"""<layout type="vertical" split="true">
 <item splitSize="700">
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
 <item splitSize="300">
  <layout type="horizontal" split="true">
   <item splitSize="520">
    <view class="vtkMRMLTableViewNode" singletontag="TableView1">
     <property name="viewlabel" action="default">T</property>
    </view>
   </item>
   <item splitSize="480">
    <view class="vtkMRMLPlotViewNode" singletontag="PlotView1">
     <property name="viewlabel" action="default">P</property>
    </view>
   </item>
  </layout>
 </item>
</layout>
"""


def _slice_item(name: str, orientation: str, label: str, color: str) -> str:
    return f"""     <item splitSize="333">
      <view class="vtkMRMLSliceNode" singletontag="{name}">
       <property name="orientation" action="default">{orientation}</property>
       <property name="viewlabel" action="default">{label}</property>
       <property name="viewcolor" action="default">{color}</property>
      </view>
     </item>
"""


def register_layout(
    layout_node: slicer.vtkMRMLLayoutNode, layout_id: int = LAYOUT_ID, xml: str = ""
) -> None:
    """Register a layout; an older description, from before a reload, is replaced.

    Parameters
    ----------
    layout_node : vtkMRMLLayoutNode
        The scene's, see `scene_layout_node`.
    layout_id : int
        Its number.
    xml : str
        Its description; that of the review layout if empty.
    """
    xml = xml or layout_xml()
    if not layout_node.AddLayoutDescription(layout_id, xml):
        layout_node.SetLayoutDescription(layout_id, xml)
    elif layout_node.GetViewArrangement() == layout_id:
        # A scene saved in this layout was opened before: its views do not exist yet.
        layout_node.SetViewArrangement(layout_id)


def scene_layout_node(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLLayoutNode | None:
    """Layout node of a scene; None if nothing made one."""
    return scene.GetFirstNodeByClass("vtkMRMLLayoutNode")


def show_layout(
    layout_node: slicer.vtkMRMLLayoutNode, layout_id: int = LAYOUT_ID, xml: str = ""
) -> None:
    """Show a layout and remember the one before it, for `restore_layout`.

    Parameters
    ----------
    layout_node : vtkMRMLLayoutNode
        The scene's.
    layout_id, xml : int, str
        As for `register_layout`.
    """
    register_layout(layout_node, layout_id, xml)
    current = layout_node.GetViewArrangement()
    if current not in OWN_LAYOUTS:
        layout_node.SetAttribute(PREVIOUS, str(current))
    if current != layout_id:
        layout_node.SetViewArrangement(layout_id)


def restore_layout(layout_node: slicer.vtkMRMLLayoutNode) -> None:
    """Go back to the layout before `show_layout`, unless the user has chosen another since.

    Parameters
    ----------
    layout_node : vtkMRMLLayoutNode
        The scene's.
    """
    previous = layout_node.GetAttribute(PREVIOUS)
    layout_node.RemoveAttribute(PREVIOUS)
    if layout_node.GetViewArrangement() not in OWN_LAYOUTS:
        return
    known = previous is not None and layout_node.IsLayoutDescription(int(previous))
    # Slicer loses the attribute when the scene is closed, but stays in the layout.
    layout_node.SetViewArrangement(int(previous) if known else layout_node.SlicerLayoutFourUpView)
