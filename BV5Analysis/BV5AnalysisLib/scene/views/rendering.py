"""Pictures of vessels and lungs in 3D, drawn off-screen.

Drawn by VTK alone: Slicer's displayable managers need an application logic, which they take from
a factory that all views of a running Slicer share.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import vtk

from ...case.files import Case
from ...imaging.model.size_classes import LUNGS, VESSELS
from ..nodes.colors import LEGEND_TITLE, is_shown, size_class_label
from ..nodes.coordinates import ras_points
from ..nodes.models import SPECULAR, SPECULAR_POWER
from ..nodes.segmentations import shell_surfaces
from ..nodes.tubes import tubes_poly_data
from .arrangement import (
    ANTERIOR,
    BACKGROUND_BOTTOM,
    BACKGROUND_TOP,
    CAMERA_DISTANCE_MM,
    ViewDirection,
    framing,
)
from .display import LUNG_OPACITY
from .picture_legend import LegendEntry, with_legend
from .pictures import off_screen_window, pixels_of, png_of, shrunk

PICTURE_SIZE = (1600, 1200)
"""Width and height of ``vessels_3d.png``, pixels."""
LUNG_SMOOTHING = 0.5
LUNG_VOXEL_MM = 1.5
SUPERSAMPLING = 2
WIDTH_OF_NORMAL_TEXT = 800
"""Width of a picture, pixels, in which text has its size in points at 72 dpi."""
KEY_LIGHT_INTENSITY = 0.9
KEY_TO_FILL_RATIO = 2.5
DEPTH_FADE = 0.65
"""How much of their color the vessels farthest from the viewer lose to the background."""
GRAY_BRIGHTNESS = 0.5
"""Of what is below the floor, which is much and must not cover what is measured."""

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


def rendered_png(
    case: Case,
    size: tuple[int, int] = PICTURE_SIZE,
    direction: ViewDirection = ANTERIOR,
) -> bytes:
    """Draw the vessels in faint lungs, with a legend.

    No scene is used or changed: it can be drawn anywhere, also while Slicer shows others.

    Parameters
    ----------
    case : Case
        What to show.
    size : tuple of int
        Width and height, pixels.
    direction : ViewDirection
        Where to look from, such as `arrangement.ANTERIOR`.

    Returns
    -------
    bytes
        PNG.

    Raises
    ------
    AnalysisError
        The system's drawing library is missing.
    """
    window = off_screen_window()
    window.SetSize(size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING)
    window.SetDPI(round(72 * SUPERSAMPLING * size[0] / WIDTH_OF_NORMAL_TEXT))
    renderer = _renderer(case, size, direction)
    window.AddRenderer(renderer)
    window.Render()
    fine = pixels_of(window)
    # Frees the driver's buffers before the picture is made smaller.
    window.Finalize()
    pixels = shrunk(fine, SUPERSAMPLING)
    del fine
    return png_of(with_legend(pixels, LEGEND_TITLE, _legend_entries(case)))


def _renderer(case: Case, size: tuple[int, int], direction: ViewDirection) -> vtk.vtkRenderer:
    """Vessels and lungs, lit and seen from a direction."""
    renderer = vtk.vtkRenderer()
    renderer.SetBackground(BACKGROUND_BOTTOM)
    renderer.SetBackground2(BACKGROUND_TOP)
    renderer.GradientBackgroundOn()
    shells = shell_surfaces(case.lungs, LUNGS, LUNG_SMOOTHING, LUNG_VOXEL_MM)
    for look in LUNGS.values():
        _add_actor(renderer, shells[look.key], look.color, LUNG_OPACITY)
    for size_class, look in VESSELS.items():
        _add_actor(renderer, tubes_poly_data(case.centerlines, size_class), look.color, 1.0)
    bounds = _bounds(case, list(shells.values()))
    frame = framing(bounds, direction, size[0] / size[1])
    camera = renderer.GetActiveCamera()
    camera.SetFocalPoint(frame.focus)
    camera.SetPosition(frame.position)
    camera.SetViewUp(frame.up)
    camera.ParallelProjectionOn()
    camera.SetParallelScale(frame.half_height_mm)
    _light(renderer)
    _shade(renderer, bounds, direction)
    _name_sides(renderer, direction)
    renderer.ResetCameraClippingRange()
    return renderer


def _add_actor(
    renderer: vtk.vtkRenderer,
    surface: vtk.vtkPolyData,
    color: tuple[float, float, float],
    opacity: float,
) -> None:
    mapper = vtk.vtkPolyDataMapper()
    mapper.SetInputData(surface)
    mapper.ScalarVisibilityOff()
    actor = vtk.vtkActor()
    actor.SetMapper(mapper)
    material = actor.GetProperty()
    material.SetColor(color)
    material.SetOpacity(opacity)
    material.SetSpecular(SPECULAR)
    material.SetSpecularPower(SPECULAR_POWER)
    renderer.AddActor(actor)


def _bounds(case: Case, shells: list[vtk.vtkPolyData]) -> np.ndarray:
    """Lowest and highest RAS coordinates (2, 3) of the lungs, of the scan where there are none."""
    boxes = [np.reshape(each.GetBounds(), (3, 2)).T for each in shells if each.GetNumberOfPoints()]
    if not boxes:
        corners = case.grid.index_to_world([(0, 0, 0), np.array(case.grid.shape) - 1])
        boxes = [np.sort(ras_points(corners), axis=0)]
    return np.array([np.min(boxes, axis=0)[0], np.max(boxes, axis=0)[1]])


def _legend_entries(case: Case) -> list[LegendEntry]:
    return [
        LegendEntry(size_class_label(each, case.parameters), look.color)
        for each, look in VESSELS.items()
        if is_shown(each, case.parameters)
    ]


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
