"""Pictures of the 3D view, drawn off-screen by Slicer's own displayable managers."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ..imaging.errors import AnalysisError
from .colors import renew_legend
from .offscreen import OffscreenApplication
from .results import Outcome
from .views import (
    ANTERIOR,
    BACKGROUND_BOTTOM,
    CAMERA_DISTANCE_MM,
    ViewDirection,
    arrange_views,
    lung_bounds,
)

DISPLAYABLE_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLColorLegendDisplayableManager",
)
SUPERSAMPLING = 2
WIDTH_OF_NORMAL_TEXT = 800
"""Width of a picture, pixels, in which text has its size in points at 72 dpi."""
KEY_LIGHT_INTENSITY = 0.9
KEY_TO_FILL_RATIO = 2.5
DEPTH_FADE = 0.65
"""How much of their color the vessels farthest from the viewer lose to the background."""
GRAY_BRIGHTNESS = 0.5
"""Of what is below the floor, which is much and must not cover what is measured."""
PACKAGES = "sudo apt install libegl1 libgl1-mesa-dri"

# Glass: nearly clear where it faces the viewer, bright at the rim, so that it hides no vessel.
LUNG_SHADER = """//VTK::Light::Impl
  float rim = pow(1.0 - abs(normalVCVSOutput.z), 2.5);
  gl_FragData[0] = vec4(mix(diffuseColor, vec3(0.85, 0.9, 1.0), 0.8), 0.03 + 0.5 * rim);
"""
VESSEL_SHADER = """//VTK::Light::Impl
  float away = clamp((-vertexVC.z - {near:.3f}) / {depth:.3f}, 0.0, 1.0);
  vec3 color = gl_FragData[0].rgb;
  float low = min(diffuseColor.r, min(diffuseColor.g, diffuseColor.b));
  float high = max(diffuseColor.r, max(diffuseColor.g, diffuseColor.b));
  color *= high - low < 0.1 ? {dimmed} : 1.0;
  gl_FragData[0].rgb = mix(color, vec3({background}), {fade} * away);
"""


def render_3d(
    application: OffscreenApplication,
    outcome: Outcome,
    path: Path,
    size: tuple[int, int] = (1600, 1200),
    direction: ViewDirection = ANTERIOR,
) -> None:
    """Write a picture (PNG) of the vessels in faint lungs, with a legend.

    Parameters
    ----------
    application : OffscreenApplication
        Application that holds the outcome; its 3D view is arranged for the picture.
    outcome : Outcome
        What to show.
    path : pathlib.Path
        File to write.
    size : tuple of int
        Width and height, pixels.
    direction : ViewDirection
        Where to look from, such as `views.ANTERIOR`.

    Raises
    ------
    AnalysisError
        The system's drawing library is missing.
    OSError
        The file cannot be written.
    """
    Path(path).write_bytes(rendered_png(application, outcome, size, direction))


def rendered_png(
    application: OffscreenApplication,
    outcome: Outcome,
    size: tuple[int, int] = (1600, 1200),
    direction: ViewDirection = ANTERIOR,
) -> bytes:
    """Draw the picture of `render_3d`, and return the PNG."""
    window = _off_screen_window()
    window.SetSize(size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING)
    window.SetDPI(round(72 * SUPERSAMPLING * size[0] / WIDTH_OF_NORMAL_TEXT))
    renderer = vtk.vtkRenderer()
    window.AddRenderer(renderer)
    interactor = vtk.vtkRenderWindowInteractor()  # displayable managers ask for one
    interactor.SetRenderWindow(window)
    managers = _displayable_managers(application, renderer)
    renew_legend(outcome.tubes_model, outcome.legend)
    arrange_views(application, outcome, direction, size[0] / size[1])
    _light(renderer)
    _shade(renderer, lung_bounds(outcome), direction)
    _name_sides(renderer, direction)
    renderer.ResetCameraClippingRange()
    window.Render()
    png = _png(_shrunk(_pixels(window)))
    managers.SetMRMLDisplayableNode(None)
    window.Finalize()
    return png


def check_rendering() -> None:
    """Check that pictures can be drawn here, before the work that ends in one.

    Raises
    ------
    AnalysisError
        The system's drawing library is missing; the message has the command that installs it.
    """
    _off_screen_window().Finalize()


def _off_screen_window() -> vtk.vtkRenderWindow:
    """Window that needs no display, after a check that it can be made: VTK would crash."""
    if sys.platform != "linux":
        window = vtk.vtkRenderWindow()
    else:
        try:
            ctypes.CDLL("libEGL.so.1")
        except OSError as error:
            raise AnalysisError(
                f"The 3D picture needs the library libEGL.so.1; install it: {PACKAGES}"
            ) from error
        window = vtk.vtkEGLRenderWindow()
        warnings = vtk.vtkObject.GetGlobalWarningDisplay()
        vtk.vtkObject.GlobalWarningDisplayOff()
        supported = window.SupportsOpenGL()
        vtk.vtkObject.SetGlobalWarningDisplay(warnings)
        if not supported:
            raise AnalysisError(
                f"The 3D picture needs an OpenGL driver for EGL; install Mesa's: {PACKAGES}"
            )
    window.SetOffScreenRendering(True)
    window.SetMultiSamples(0)
    return window


def _displayable_managers(
    application: OffscreenApplication, renderer: vtk.vtkRenderer
) -> slicer.vtkMRMLDisplayableManagerGroup:
    """Connect a renderer to the scene through the managers of Slicer's 3D views."""
    factory = slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance()
    factory.SetMRMLApplicationLogic(application.logic)
    for name in DISPLAYABLE_MANAGERS:
        if not factory.IsDisplayableManagerRegistered(name):
            factory.RegisterDisplayableManager(name)
    managers = slicer.vtkMRMLDisplayableManagerGroup()
    managers.Initialize(factory, renderer)
    managers.SetMRMLDisplayableNode(application.view)
    return managers


def _light(renderer: vtk.vtkRenderer) -> None:
    renderer.RemoveAllLights()
    kit = vtk.vtkLightKit()
    kit.SetKeyLightIntensity(KEY_LIGHT_INTENSITY)
    kit.SetKeyToFillRatio(KEY_TO_FILL_RATIO)
    kit.AddLightsToRenderer(renderer)


def _shade(renderer: vtk.vtkRenderer, bounds: np.ndarray, direction: ViewDirection) -> None:
    """Draw what is translucent as glass, and let the rest fade with its distance."""
    depth = float((bounds[1] - bounds[0]) @ np.abs(direction.toward_viewer))
    vessel_shader = VESSEL_SHADER.format(
        near=CAMERA_DISTANCE_MM - depth / 2,
        depth=depth,
        background=", ".join(str(channel) for channel in BACKGROUND_BOTTOM),
        fade=DEPTH_FADE,
        dimmed=GRAY_BRIGHTNESS,
    )
    for actor in _actors(renderer):
        translucent = actor.GetProperty().GetOpacity() < 1
        # Of glass only the near side, so that drawing needs no sorting by depth.
        actor.GetProperty().SetBackfaceCulling(translucent)
        actor.GetShaderProperty().AddFragmentShaderReplacement(
            "//VTK::Light::Impl", False, LUNG_SHADER if translucent else vessel_shader, False
        )


def _actors(renderer: vtk.vtkRenderer) -> Iterator[vtk.vtkActor]:
    actors = renderer.GetActors()
    return (actors.GetItemAsObject(index) for index in range(actors.GetNumberOfItems()))


def _name_sides(renderer: vtk.vtkRenderer, direction: ViewDirection) -> None:
    """Write the patient's side at the picture's left and right edge."""
    axis = int(np.argmax(np.abs(direction.right)))
    letters = ("LR", "PA", "IS")[axis]
    if direction.right[axis] < 0:
        letters = letters[::-1]
    for letter, position in zip(letters, (0.03, 0.97), strict=True):
        actor = vtk.vtkTextActor()
        actor.SetInput(letter)
        actor.GetTextProperty().SetFontSize(18)
        actor.GetTextProperty().SetJustificationToCentered()
        actor.GetTextProperty().SetColor(0.75, 0.78, 0.82)
        actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
        actor.SetPosition(position, 0.5)
        renderer.AddViewProp(actor)


def _pixels(window: vtk.vtkRenderWindow) -> np.ndarray:
    """Return what a window shows: (height, width, 3) uint8, from the bottom up."""
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    grab.ShouldRerenderOff()
    grab.Update()
    image = grab.GetOutput()
    width, height, _ = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, 3)


def _shrunk(pixels: np.ndarray) -> np.ndarray:
    """Mean of each square of pixels: the smoothest edges that there are."""
    height, width, channels = pixels.shape
    squares = pixels.reshape(
        height // SUPERSAMPLING, SUPERSAMPLING, width // SUPERSAMPLING, SUPERSAMPLING, channels
    )
    return np.rint(squares.mean(axis=(1, 3))).astype(np.uint8)


def _png(pixels: np.ndarray) -> bytes:
    height, width, channels = pixels.shape
    image = vtk.vtkImageData()
    image.SetDimensions(width, height, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(pixels.reshape(-1, channels), deep=True))
    writer = vtk.vtkPNGWriter()
    writer.SetInputData(image)
    writer.WriteToMemoryOn()
    writer.Write()
    return vtk_to_numpy(writer.GetResult()).tobytes()
