"""The nodes of a case: created where missing, and filled."""

from __future__ import annotations

import slicer
import vtk

from ...case.files import Case
from ...case.record import case_record
from ...imaging.model.size_classes import LUNGS, VESSELS
from ...imaging.model.tissue import TISSUES
from ..nodes.branch_table import fill_branches
from ..nodes.colors import add_legend, add_size_class_colors, set_size_class_names
from ..nodes.models import add_model, centerlines_poly_data, color_by_class
from ..nodes.node_names import saveable_name
from ..nodes.outcome import Outcome, tubes_role
from ..nodes.plots import (
    HISTOGRAM_AXES,
    PROFILE_AXES,
    Axes,
    Curve,
    fill_histogram,
    fill_profile,
    fit_axes,
    histogram_curves,
    histogram_title,
    profile_curves,
    profile_title,
    set_chart,
    set_series,
)
from ..nodes.segmentations import (
    SURFACE,
    add_display,
    add_segmentation,
    make_shell,
    set_labels,
    shell_surfaces,
)
from ..nodes.tables import fill_measurements
from ..nodes.tubes import tubes_poly_data
from ..views.display import LUNG_OPACITY
from .folders import put_into_folder

CASE_PREFIX, CASE_SUFFIX = "BV5 ", " analysis"
"""Tell the name of a case node from that of its CT, which scripts find by it."""
TISSUE_FILL = 0.25
LUNG_SMOOTHING = 0.5
LUNG_VOXEL_MM = 2.5
"""Voxels of the lungs' shell, which is faint: finer ones cost time and do not show."""
HIGHLIGHT_COLOR = (0.3, 1.0, 0.5)
HIGHLIGHT_LINE = 3
"""Thickness of its outline on slices, pixels."""


def fill_nodes(outcome: Outcome, case: Case, new_lungs: bool) -> None:
    """Create missing nodes of a case, and fill all of them.

    Parameters
    ----------
    outcome : Outcome
        With its case node, and the CT if there is one.
    case : Case
        What the nodes are to hold.
    new_lungs : bool
        Whether the lungs differ from those that the nodes were last filled with.
    """
    outcome.set_record(case_record(case))
    new = [
        *_fill_segmentations(outcome, case, new_lungs),
        *_fill_models(outcome, case),
        *_fill_tables(outcome, case),
        *_fill_plots(outcome, case),
    ]
    put_into_folder(outcome, new)


def _fill_segmentations(outcome: Outcome, case: Case, new_lungs: bool) -> list[slicer.vtkMRMLNode]:
    new = []
    for role, what, labels, appearances in (
        ("vesselsSegmentation", "vessels", case.vessels, VESSELS),
        ("lungsSegmentation", "lungs", case.lungs, LUNGS),
        ("tissueSegmentation", "opacities", case.tissue, TISSUES),
    ):
        if labels is None:
            continue
        node = outcome.node(role)
        if node is None:
            name = _name(outcome, what)
            node = add_segmentation(outcome.scene, name, labels, appearances, outcome.inputVolume)
            _adopt(outcome, role, node)
            new.append(node)
        else:
            set_labels(node, labels, appearances)
            if node.GetDisplayNode() is not None:
                continue
            add_display(node)
        node.GetDisplayNode().SetOpacity2DFill(TISSUE_FILL if what == "opacities" else 0.0)
        node.GetDisplayNode().SetOpacity3D(LUNG_OPACITY if what == "lungs" else 1.0)
        node.GetDisplayNode().SetVisibility3D(what == "lungs")
    if new_lungs or not outcome.lungsSegmentation.GetSegmentation().ContainsRepresentation(SURFACE):
        surfaces = shell_surfaces(case.lungs, LUNGS, LUNG_SMOOTHING, LUNG_VOXEL_MM)
        make_shell(outcome.lungsSegmentation, surfaces, LUNG_SMOOTHING)
    return new


def _fill_models(outcome: Outcome, case: Case) -> list[slicer.vtkMRMLNode]:
    new = []
    colors = outcome.colors
    if colors is None:
        name = _name(outcome, "size classes")
        colors = add_size_class_colors(outcome.scene, name, case.parameters)
        _adopt(outcome, "colors", colors)
        new.append(colors)
    set_size_class_names(colors, case.parameters)

    lines, made = _model(outcome, "centerlinesModel", "centerlines")
    lines.SetAndObservePolyData(centerlines_poly_data(case.centerlines))
    color_by_class(lines, colors, shown=True)
    new += made
    if made:
        lines.GetDisplayNode().VisibilityOff()

    for size_class, look in VESSELS.items():
        tubes, made = _model(outcome, tubes_role(size_class), f"{look.name} tubes")
        if made:
            tubes.GetDisplayNode().SetColor(look.color)
            tubes.GetDisplayNode().Visibility2DOff()
        tubes.SetAndObservePolyData(tubes_poly_data(case.centerlines, size_class))
        new += made

    highlight, made = _model(outcome, "highlightModel", "chosen branch")
    highlight.SetAndObservePolyData(vtk.vtkPolyData())
    color_by_class(highlight, colors, shown=False)
    new += made
    if made:
        display = highlight.GetDisplayNode()
        display.SetColor(HIGHLIGHT_COLOR)
        display.Visibility2DOn()
        display.SetSliceIntersectionThickness(HIGHLIGHT_LINE)
    if outcome.legend is None:
        # On a model that is never hidden, so that the legend is always shown.
        add_legend(highlight)
    return new


def _fill_tables(outcome: Outcome, case: Case) -> list[slicer.vtkMRMLNode]:
    measurements, new = _table(outcome, "measurementsTable", "measurements")
    fill_measurements(measurements, case)
    branches, also_new = _table(outcome, "branchesTable", "branches")
    fill_branches(branches, case.centerlines, case.parameters, case.lungs)
    return [*new, *also_new]


def _fill_plots(outcome: Outcome, case: Case) -> list[slicer.vtkMRMLNode]:
    histogram, new = _table(outcome, "histogramTable", "volume by area")
    fill_histogram(histogram, case.csa_histogram, case.parameters)
    profile, also_new = _table(outcome, "profileTable", "area along the branch")
    fill_profile(profile, case.centerlines, case.parameters, None)
    return [
        *new,
        *also_new,
        *_chart(
            outcome,
            "histogramChart",
            histogram,
            HISTOGRAM_AXES,
            histogram_curves(case.parameters),
            histogram_title(case.parameters),
        ),
        *_chart(
            outcome,
            "profileChart",
            profile,
            PROFILE_AXES,
            profile_curves(case.parameters),
            profile_title(case.parameters),
        ),
    ]


def _chart(
    outcome: Outcome,
    role: str,
    table: slicer.vtkMRMLTableNode,
    axes: Axes,
    curves: tuple[Curve, ...],
    title: str,
) -> list[slicer.vtkMRMLNode]:
    chart, new = _made(outcome, role, axes.title.lower(), "vtkMRMLPlotChartNode")
    series = []
    for curve in curves:
        own_role = f"{role}.{curve.column.key}"
        node, made = _made(outcome, own_role, curve.column.title, "vtkMRMLPlotSeriesNode")
        set_series(node, table, axes, curve)
        series.append(node)
        new += made
    set_chart(chart, axes, series, title)
    fit_axes(chart, table)
    return new


def _model(
    outcome: Outcome, role: str, what: str
) -> tuple[slicer.vtkMRMLModelNode, list[slicer.vtkMRMLNode]]:
    """Model of a role, with a display node; a list with it if it was made."""
    node = outcome.node(role)
    if node is not None and node.GetDisplayNode() is not None:
        return node, []
    if node is not None:
        outcome.scene.RemoveNode(node)
    node = add_model(outcome.scene, _name(outcome, what), vtk.vtkPolyData())
    _adopt(outcome, role, node)
    return node, [node]


def _table(
    outcome: Outcome, role: str, what: str
) -> tuple[slicer.vtkMRMLTableNode, list[slicer.vtkMRMLNode]]:
    return _made(outcome, role, what, "vtkMRMLTableNode")


def _made(
    outcome: Outcome, role: str, what: str, class_name: str
) -> tuple[slicer.vtkMRMLNode, list[slicer.vtkMRMLNode]]:
    """Node of a role; a list with it if it was made."""
    node = outcome.node(role)
    if node is not None:
        return node, []
    node = outcome.scene.AddNewNodeByClass(class_name, _name(outcome, what))
    _adopt(outcome, role, node)
    return node, [node]


def _adopt(outcome: Outcome, role: str, node: slicer.vtkMRMLNode) -> None:
    """Register a new node under its role, and put it under the CT's transform."""
    outcome.set_node(role, node)
    frame = outcome.inputVolume or outcome.centerlinesModel
    if frame is not None and node.IsA("vtkMRMLTransformableNode"):
        node.SetAndObserveTransformNodeID(frame.GetTransformNodeID())


def case_node_name(name: str) -> str:
    """Name of a case's node: ``BV5 CT``, and ``BV5 phantom analysis`` of ``BV5 phantom``."""
    called_so = f"{name} ".casefold().startswith(CASE_PREFIX.casefold())
    return name + CASE_SUFFIX if called_so else CASE_PREFIX + name


def plain_name(outcome: Outcome) -> str:
    """Name that distinguishes a case in its scene: what `case_node_name` was given."""
    name = outcome.caseNode.GetName()
    plain = name.removesuffix(CASE_SUFFIX)
    return plain if case_node_name(plain) == name else name.removeprefix(CASE_PREFIX)


def _name(outcome: Outcome, what: str) -> str:
    return saveable_name(f"{plain_name(outcome)} {what}")
