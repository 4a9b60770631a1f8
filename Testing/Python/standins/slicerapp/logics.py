"""The real scene and the real logics, set up as Slicer does at its start."""

import slicer
import vtk

# Module -> class of its logic. Those of colors and terminologies would look for files in Slicer's
# home folder.
_MODULE_LOGICS = {
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Models": "vtkSlicerModelsLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Reformat": "vtkSlicerReformatLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Units": "vtkSlicerUnitsLogic",
    "ViewControllers": "vtkSlicerViewControllersLogic",
    "Volumes": "vtkSlicerVolumesLogic",
}


class Logics:
    """The scene, its application logic, the modules' logics, and the layout's."""

    def __init__(self, temporary_path: str):
        self.scene = slicer.vtkMRMLScene()
        self.application = slicer.vtkSlicerApplicationLogic()
        self.application.SetTemporaryPath(temporary_path)
        self.scene.AddNode(slicer.vtkMRMLCrosshairNode())
        self.slice_logics, self.view_logics = vtk.vtkCollection(), vtk.vtkCollection()
        self.application.SetSliceLogics(self.slice_logics)
        self.application.SetViewLogics(self.view_logics)
        self.application.SetMRMLScene(self.scene)
        self.modules = {name: self._module_logic(name) for name in _MODULE_LOGICS}
        self.scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
        self.colors = self.application.GetColorLogic()
        self.colors.SetMRMLScene(self.scene)
        self.colors.AddDefaultColorNodes()
        self.layout = slicer.vtkMRMLLayoutLogic()
        self.layout.SetMRMLScene(self.scene)

    def _module_logic(self, name: str):
        logic = getattr(slicer, _MODULE_LOGICS[name])()
        logic.SetMRMLApplicationLogic(self.application)
        # Setting the scene registers the classes of the module's nodes with it.
        logic.SetMRMLScene(self.scene)
        self.application.SetModuleLogic(name, logic)
        return logic

    def nodes(self, kind: str) -> list:
        """Return the scene's nodes of a class."""
        count = self.scene.GetNumberOfNodesByClass(kind)
        return [self.scene.GetNthNodeByClass(i, kind) for i in range(count)]

    def show_layout(self, layout: int) -> None:
        """Switch the layout; its views get their nodes, logics and cameras, as in Slicer."""
        self.layout.GetLayoutNode().SetViewArrangement(layout)
        for node in self.nodes("vtkMRMLSliceNode"):
            if self.application.GetSliceLogic(node) is None:
                self._add_slice_logic(node)
        for node in self.nodes("vtkMRMLViewNode"):
            self._add_camera(node)

    def _add_slice_logic(self, node) -> None:
        logic = slicer.vtkMRMLSliceLogic()
        logic.SetMRMLApplicationLogic(self.application)
        logic.SetMRMLScene(self.scene)
        logic.SetSliceNode(node)
        self.slice_logics.AddItem(logic)

    def _add_camera(self, node) -> None:
        if self.modules["Cameras"].GetViewActiveCameraNode(node) is None:
            camera = slicer.vtkMRMLCameraNode()
            camera.SetName(self.scene.GetUniqueNameByString("Camera"))
            camera.SetLayoutName(node.GetLayoutName())
            self.scene.AddNode(camera)

    def close(self) -> None:
        """Close the scene and let go of the logics."""
        self.scene.Clear(False)
        self.modules.clear()
        self.layout.SetMRMLScene(None)
        self.slice_logics.RemoveAllItems()
        self.view_logics.RemoveAllItems()
        self.application.SetMRMLScene(None)
