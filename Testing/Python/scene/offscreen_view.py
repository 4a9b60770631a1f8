"""One of Slicer's views, off-screen."""

from collections.abc import Sequence

import slicer
import vtk
from BV5AnalysisLib.scene.views.pictures import off_screen_window


class OffscreenView:
    """A window that Slicer's displayable managers draw in; they come from a factory of its own."""

    def __init__(self, application, node, managers: Sequence[str], size: tuple[int, int]) -> None:
        self.node = node
        self.window = off_screen_window()
        self.window.SetSize(*size)
        self.renderer = vtk.vtkRenderer()
        self.window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        factory = slicer.vtkMRMLDisplayableManagerFactory()
        factory.SetMRMLApplicationLogic(application.logic)
        for manager in managers:
            factory.RegisterDisplayableManager(manager)
        self.managers = slicer.vtkMRMLDisplayableManagerGroup()
        self.managers.Initialize(factory, self.renderer)
        self.managers.SetMRMLDisplayableNode(node)

    def close(self) -> None:
        """Let go of the scene, and of the window."""
        self.managers.SetMRMLDisplayableNode(None)
        self.window.Finalize()
