"""Display of an analysis: classes, geometry, slices, lungs, legend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import slicer

from ...imaging.model.size_classes import VESSELS, SizeClass
from ..nodes.outcome import Outcome
from ..nodes.plots import series_roles
from ..nodes.segmentations import SURFACE, make_surfaces

Color = tuple[float, float, float]

VESSEL_SMOOTHING = 0.2  # vessels of two voxels keep their width, those of one half of it
LUNG_OPACITY = 0.12
FILL_OPACITY = 0.5


@dataclass(frozen=True)
class ClassDisplay:
    """How a size class is shown, in 3D and on slices.

    Attributes
    ----------
    visible : bool
        Whether it is.
    color : tuple of float
        RGB, 0 to 1.
    opacity : float
        In 3D, 0 to 1.
    """

    visible: bool
    color: Color
    opacity: float


def _default_classes() -> Mapping[SizeClass, ClassDisplay]:
    return MappingProxyType(
        {size_class: ClassDisplay(True, look.color, 1.0) for size_class, look in VESSELS.items()}
    )


@dataclass(frozen=True)
class DisplaySettings:
    """How an analysis is shown.

    Attributes
    ----------
    classes : mapping of SizeClass to ClassDisplay
        Size classes; one that is missing stays as it is.
    geometry : str
        In 3D, ``tubes`` of the measured areas or ``surfaces`` of the segmentation.
    slices : str
        Vessels on slices: ``outlines``, ``fill`` or ``hidden``.
    lungs_visible : bool
        Whether the lungs are shown, in 3D and as outlines on slices.
    lungs_opacity : float
        In 3D, 0 to 1.
    legend_visible : bool
        Whether 3D views have the legend.
    tissue_visible : bool
        Whether opacities and unclaimed air are shown on slices.
    """

    classes: Mapping[SizeClass, ClassDisplay] = field(default_factory=_default_classes)
    geometry: Literal["tubes", "surfaces"] = "tubes"
    slices: Literal["outlines", "fill", "hidden"] = "outlines"
    lungs_visible: bool = True
    lungs_opacity: float = LUNG_OPACITY
    legend_visible: bool = True
    tissue_visible: bool = True


def apply_display(outcome: Outcome, settings: DisplaySettings) -> None:
    """Apply display settings; only what differs is changed, and deleted nodes are skipped.

    Surfaces of the vessels are made when they are first shown.

    Parameters
    ----------
    outcome : Outcome
        What to show.
    settings : DisplaySettings
        How.
    """
    for size_class, look in settings.classes.items():
        _show_class(outcome, size_class, look, settings.geometry)
    _show_vessels(outcome, settings)
    _show_lungs(outcome, settings)
    tissue = _display(outcome.tissueSegmentation)
    if tissue is not None:
        _set(tissue, "Visibility", settings.tissue_visible)
    if outcome.legend is not None:
        _set(outcome.legend, "Visibility", settings.legend_visible)


def current_display(outcome: Outcome) -> DisplaySettings:
    """Read back how an outcome is shown; what was deleted is as by default.

    Parameters
    ----------
    outcome : Outcome
        What is shown.

    Returns
    -------
    DisplaySettings
        As `apply_display` would set it.
    """
    default = DisplaySettings()
    vessels, lungs, tissue, legend = (
        _display(outcome.vesselsSegmentation),
        _display(outcome.lungsSegmentation),
        _display(outcome.tissueSegmentation),
        outcome.legend,
    )
    classes = {size_class: _class_display(outcome, size_class) for size_class in SizeClass}
    geometry, slices = default.geometry, default.slices
    if vessels is not None:
        geometry = "surfaces" if vessels.GetVisibility3D() else "tubes"
        slices = "fill" if vessels.GetOpacity2DFill() > 0 else "outlines"
        slices = slices if vessels.GetVisibility2D() else "hidden"
    return DisplaySettings(
        classes=MappingProxyType(classes),
        geometry=geometry,
        slices=slices,
        lungs_visible=bool(lungs.GetVisibility()) if lungs else default.lungs_visible,
        lungs_opacity=lungs.GetOpacity3D() if lungs else default.lungs_opacity,
        legend_visible=bool(legend.GetVisibility()) if legend else default.legend_visible,
        tissue_visible=bool(tissue.GetVisibility()) if tissue else default.tissue_visible,
    )


def _class_display(outcome: Outcome, size_class: SizeClass) -> ClassDisplay:
    key, shown = VESSELS[size_class].key, ClassDisplay(True, VESSELS[size_class].color, 1.0)
    tubes = _display(outcome.tubesModels[size_class])
    if tubes is not None:
        shown = ClassDisplay(shown.visible, tubes.GetColor(), tubes.GetOpacity())
    node = outcome.vesselsSegmentation
    segment = node.GetSegmentation().GetSegment(key) if node is not None else None
    if segment is None:
        return shown
    visible = _display(node) is None or _display(node).GetSegmentVisibility(key)
    return ClassDisplay(bool(visible), shown.color, shown.opacity)


def _show_class(outcome: Outcome, size_class: SizeClass, look: ClassDisplay, geometry: str) -> None:
    tubes = _display(outcome.tubesModels[size_class])
    if tubes is not None:
        _set(tubes, "Visibility", look.visible and geometry == "tubes")
        _set(tubes, "Opacity", look.opacity)
        _set(tubes, "Color", look.color)
    _show_segment(outcome.vesselsSegmentation, VESSELS[size_class].key, look)
    for role in series_roles(size_class):
        series = outcome.node(role)
        if series is not None:
            _set(series, "Color", look.color)
    colors, entry = outcome.colors, [0.0] * 4
    if colors is not None:
        colors.GetColor(int(size_class), entry)
        if not _same(entry[:3], look.color):
            colors.SetColor(int(size_class), *look.color, 1.0)
            if outcome.legend is not None:
                outcome.legend.Modified()  # it does not watch its colors


def _show_segment(
    node: slicer.vtkMRMLSegmentationNode | None, key: str, look: ClassDisplay
) -> None:
    segment = node.GetSegmentation().GetSegment(key) if node is not None else None
    display = _display(node)
    if segment is None or display is None:
        return
    if not _same(segment.GetColor(), look.color):
        segment.SetColor(look.color)
    if bool(display.GetSegmentVisibility(key)) != look.visible:
        display.SetSegmentVisibility(key, look.visible)
    if not _same([display.GetSegmentOpacity3D(key)], [look.opacity]):
        display.SetSegmentOpacity3D(key, look.opacity)


def _show_vessels(outcome: Outcome, settings: DisplaySettings) -> None:
    node, display = outcome.vesselsSegmentation, _display(outcome.vesselsSegmentation)
    if display is None:
        return
    surfaces = settings.geometry == "surfaces"
    if surfaces:
        show_surfaces(node)
    _set(display, "Visibility3D", surfaces)
    _set(display, "Visibility2D", settings.slices != "hidden")
    _set(display, "Opacity2DFill", FILL_OPACITY if settings.slices == "fill" else 0.0)


def show_surfaces(node: slicer.vtkMRMLSegmentationNode) -> None:
    """Make the vessels' closed surfaces if there are none, and show them in 3D views."""
    make_surfaces(node, VESSEL_SMOOTHING)
    display = node.GetDisplayNode()
    if display.GetPreferredDisplayRepresentationName3D() != SURFACE:
        display.SetPreferredDisplayRepresentationName3D(SURFACE)


def _show_lungs(outcome: Outcome, settings: DisplaySettings) -> None:
    display = _display(outcome.lungsSegmentation)
    if display is not None:
        _set(display, "Visibility", settings.lungs_visible)
        _set(display, "Opacity3D", settings.lungs_opacity)
        _set(display, "Opacity2DFill", 0.0)


def _display(node: slicer.vtkMRMLDisplayableNode | None) -> Any:
    """Display node of a node, if both are there."""
    return node.GetDisplayNode() if node is not None else None


def _set(node: slicer.vtkMRMLNode, name: str, value: bool | float | Color) -> None:
    """Set a property, unless it has that value: each change makes views draw again."""
    now = getattr(node, f"Get{name}")()
    change: Callable[..., None] = getattr(node, f"Set{name}")
    pair = (now, value) if isinstance(value, tuple) else ((now,), (value,))
    if not _same(*pair):
        change(value)


def _same(a: Any, b: Any) -> bool:
    """Whether two rows of numbers are the same, but for how MRML rounds them."""
    return all(abs(float(x) - float(y)) < 1e-6 for x, y in zip(a, b, strict=True))
