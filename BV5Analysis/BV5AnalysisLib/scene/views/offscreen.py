"""An MRML application without Qt: what Slicer sets up at its start, for use without Slicer."""

from __future__ import annotations

import slicer
import vtk
from vtk.util.misc import calldata_type

VIEW_NAME = "1"
"""Layout name of Slicer's first 3D view."""


class OffscreenApplication:
    """A scene with the logics that its nodes need, and the first 3D view's node and camera.

    Attributes
    ----------
    scene : vtkMRMLScene
        Scene with Slicer's default nodes.
    logic : vtkSlicerApplicationLogic
        Application logic of the scene; views need it.
    view : vtkMRMLViewNode
        How the 3D view looks.
    camera : vtkMRMLCameraNode
        The 3D view's camera.
    """

    def __init__(self) -> None:
        self.scene = slicer.vtkMRMLScene()
        self.logic = slicer.vtkSlicerApplicationLogic()
        self.logic.SetMRMLScene(self.scene)
        self.logic.SetSliceLogics(vtk.vtkCollection())
        self.logic.SetViewLogics(vtk.vtkCollection())
        for name, logic in (
            ("Volumes", slicer.vtkSlicerVolumesLogic()),
            ("Models", slicer.vtkSlicerModelsLogic()),
            ("Tables", slicer.vtkSlicerTablesLogic()),
            ("Segmentations", slicer.vtkSlicerSegmentationsModuleLogic()),
            ("SubjectHierarchy", slicer.vtkSlicerSubjectHierarchyModuleLogic()),
        ):
            # Setting the scene registers the classes of the module's nodes with it.
            logic.SetMRMLApplicationLogic(self.logic)
            logic.SetMRMLScene(self.scene)
            self.logic.SetModuleLogic(name, logic)
        # The color module's own logic would look for color files in Slicer's home folder.
        self.scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
        self.logic.GetColorLogic().SetMRMLScene(self.scene)
        self.logic.GetColorLogic().AddDefaultColorNodes()
        patient_right_is_screen_left = True
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(
            self.scene, patient_right_is_screen_left
        )

        self.scene.AddObserver(slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, _forget_item)
        views = slicer.vtkMRMLViewLogic()
        views.SetMRMLApplicationLogic(self.logic)
        views.SetMRMLScene(self.scene)
        self.view = views.AddViewNode(VIEW_NAME)
        self.camera = self.scene.AddNewNodeByClass("vtkMRMLCameraNode", "Camera")
        self.camera.SetLayoutName(VIEW_NAME)


@calldata_type(vtk.VTK_OBJECT)
def _forget_item(scene: slicer.vtkMRMLScene, _event: str, node: slicer.vtkMRMLNode) -> None:
    """Remove a node's item in the subject hierarchy with it, as Slicer's plugins do."""
    # Python no longer has the scene when it is deleted with its nodes.
    # A scene that is being deleted is None.
    if scene is None or scene.IsClosing() or node.IsA("vtkMRMLSubjectHierarchyNode"):
        return
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    item = hierarchy.GetItemByDataNode(node)
    if item:
        remove_data, with_children = False, False
        hierarchy.RemoveItem(item, remove_data, with_children)
