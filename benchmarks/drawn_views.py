"""Slicer's views off-screen, drawn when Slicer would draw them, and the draws counted.

The displayable managers are Slicer's own. When a view draws is as CTK's view widget does it: a
request starts a timer, a later one draws at once if the timer is over, and while rendering is
paused nothing is drawn but remembered.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import slicer
import vtk
from BV5AnalysisLib.scene.views.pictures import off_screen_window

MANAGERS_3D = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLThreeDReformatDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)
MANAGERS_OF_SLICES = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)
SECONDS_TO_DRAW = 1 / 60
"""How long CTK waits for further requests."""


class Application(Protocol):
    """What views need: an `OffscreenApplication`, or the running Slicer's."""

    logic: slicer.vtkMRMLApplicationLogic
    scene: slicer.vtkMRMLScene
    view: slicer.vtkMRMLViewNode


class DrawnView:
    """One view, with the draws that it has done."""

    def __init__(
        self,
        application: Application,
        node: slicer.vtkMRMLAbstractViewNode,
        managers: tuple[str, ...],
        size: tuple[int, int],
    ) -> None:
        self.draws = 0
        self.seconds = 0.0
        self._requested: float | None = None
        self.pauses = 0
        self.window = off_screen_window()
        self.window.SetSize(*size)
        self.renderer = vtk.vtkRenderer()
        self.window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        self.interactor.SetEnableRender(False)
        self.interactor.AddObserver("RenderEvent", self._on_request)
        factory = slicer.vtkMRMLDisplayableManagerFactory()
        factory.SetMRMLApplicationLogic(application.logic)
        for manager in managers:
            factory.RegisterDisplayableManager(manager)
        self.group = slicer.vtkMRMLDisplayableManagerGroup()
        self.group.Initialize(factory, self.renderer)
        self.group.SetMRMLDisplayableNode(node)
        self.group.AddObserver("UpdateEvent", self._on_request)

    def _on_request(self, _caller: vtk.vtkObject, _event: str) -> None:
        now = time.perf_counter()
        if self._requested is None:
            self._requested = now
        elif now - self._requested > SECONDS_TO_DRAW and not self.pauses:
            self._draw()

    def _draw(self) -> None:
        began = time.perf_counter()
        self._requested = None
        self.window.Render()
        self.draws += 1
        self.seconds += time.perf_counter() - began

    def pause(self) -> None:
        """Draw nothing until `resume`, which may be nested."""
        self.pauses += 1

    def resume(self) -> None:
        """Draw again; at once if that was asked for in between."""
        self.pauses -= 1
        if not self.pauses and self._requested is not None:
            self._draw()

    def settle(self) -> None:
        """Do what the timer would do as soon as the program waits for the user."""
        if self._requested is not None:
            self._draw()

    def close(self) -> None:
        """Let go of the scene, and of the window."""
        self.group.SetMRMLDisplayableNode(None)
        self.window.Finalize()


class DrawnViews:
    """The 3D view and the three slice views of the review layout.

    Parameters
    ----------
    application : Application
        The slice nodes that its scene has now are drawn, too.
    size : tuple of int
        Pixels of the 3D view; slice views have half of them.
    """

    def __init__(self, application: Application, size: tuple[int, int]) -> None:
        half = (size[0] // 2, size[1] // 2)
        self.views = [DrawnView(application, application.view, MANAGERS_3D, size)]
        scene = application.scene
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")):
            node = scene.GetNthNodeByClass(index, "vtkMRMLSliceNode")
            self.views.append(DrawnView(application, node, MANAGERS_OF_SLICES, half))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Pause drawing as ``slicer.util.RenderBlocker`` does."""
        self.set_paused(True)
        try:
            yield
        finally:
            self.set_paused(False)

    def set_paused(self, paused: bool) -> None:
        """Pause, or resume, all views."""
        for view in self.views:
            if paused:
                view.pause()
            else:
                view.resume()

    @property
    def paused_now(self) -> bool:
        """Whether any view is paused."""
        return any(view.pauses for view in self.views)

    def settle(self) -> None:
        """Draw what is still asked for."""
        for view in self.views:
            view.settle()

    def reset(self) -> None:
        """Count from zero."""
        for view in self.views:
            view.draws, view.seconds = 0, 0.0

    @property
    def draws(self) -> list[int]:
        """Draws by view, the 3D view first."""
        return [view.draws for view in self.views]

    @property
    def seconds(self) -> float:
        """Time spent drawing."""
        return sum(view.seconds for view in self.views)

    def close(self) -> None:
        """Let go of the scene, and of the windows."""
        for view in self.views:
            view.close()
