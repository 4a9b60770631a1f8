"""A MRML application without Qt: what Slicer sets up at its start, for use outside of it."""

from __future__ import annotations

import slicer
import vtk

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

        views = slicer.vtkMRMLViewLogic()
        views.SetMRMLApplicationLogic(self.logic)
        views.SetMRMLScene(self.scene)
        self.view = views.AddViewNode(VIEW_NAME)
        self.camera = self.scene.AddNewNodeByClass("vtkMRMLCameraNode", "Camera")
        self.camera.SetLayoutName(VIEW_NAME)
