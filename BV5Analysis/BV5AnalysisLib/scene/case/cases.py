"""A whole case as MRML nodes in one folder, and back."""

from __future__ import annotations

import dataclasses
import itertools

import slicer

from ...case.files import Case, Review
from ...case.record import case_from_record, grid_of
from ...imaging.errors import AnalysisError
from ...imaging.model.scan import Region
from ..nodes.masks import lung_labels, regions_from, tissue_labels, vessel_labels
from ..nodes.models import centerlines_of
from ..nodes.outcome import CASE_ATTRIBUTE, Outcome, find_outcomes
from ..nodes.places import check_same_grid, check_together, frame_of
from ..nodes.tables import saveable
from ..views.display import apply_display, current_display
from ..views.selection import clear_selection
from .case_nodes import case_node_name, fill_nodes, plain_name
from .edited import digest_of_case, has_other_lungs, remember_computed
from .folders import make_folder, remove_folder

HAD_VOLUME = "BV5Analysis.hadInputVolume"
"""Attribute of a case node that was given a CT, which may have been deleted since."""


def add_case(
    scene: slicer.vtkMRMLScene,
    case: Case,
    input_volume: slicer.vtkMRMLScalarVolumeNode | None = None,
    regions: slicer.vtkMRMLSegmentationNode | None = None,
) -> Outcome:
    """Add a case to a scene.

    Parameters
    ----------
    scene : vtkMRMLScene
        Slicer's own, or one of `scene.views.offscreen`.
    case : Case
        What to show.
    input_volume : vtkMRMLScalarVolumeNode, optional
        The CT where the scene has it. It stays where it is in the subject hierarchy, the case's
        folder is put beside it, and its transform applies to all that is added.
    regions : vtkMRMLSegmentationNode, optional
        Regions that the user gave, to be measured again after edits.

    Returns
    -------
    Outcome
        The nodes.

    Raises
    ------
    AnalysisError
        The volume is not the case's scan; nothing is added.
    """
    if input_volume is not None:
        check_same_grid(case.grid, input_volume)
    node = scene.AddNewNodeByClass("vtkMRMLTextNode", _distinct_name(scene, case.name))
    # In the scene's own file, not in one beside it that could get lost.
    node.SetForceCreateStorageNode(slicer.vtkMRMLTextNode.CreateStorageNodeNever)
    node.SetAttribute(CASE_ATTRIBUTE, "1")
    outcome = Outcome(node)
    try:
        if input_volume is not None:
            attach_volume(outcome, input_volume)
        outcome.set_node("regionsSegmentation", regions)
        make_folder(outcome, plain_name(outcome))
        _fill(outcome, case)
    except BaseException:
        remove_case(outcome)
        raise
    return outcome


def _distinct_name(scene: slicer.vtkMRMLScene, name: str) -> str:
    """Name that no other case node of the scene has, such as ``BV5 CT (2)``."""
    taken = {outcome.caseNode.GetName() for outcome in find_outcomes(scene)}
    names = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
    return next(name for name in map(case_node_name, names) if name not in taken)


def update_case(outcome: Outcome, case: Case) -> None:
    """Show another state of a case, such as after a recomputation, in the same nodes.

    Nodes and segments that were deleted are created again. Display and names that the user
    gave are kept; segments that are no size class are removed, as their vessels are in the
    classes now.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    case : Case
        What to show.
    """
    shown = current_display(outcome)
    clear_selection(outcome)
    _fill(outcome, case)
    apply_display(outcome, shown)


def set_review(outcome: Outcome, review: Review) -> None:
    """Store a review in the scene, and show it in the measurements table.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    review : Review
        The decision.
    """
    outcome.set_record(outcome.record | {"review": dataclasses.asdict(review)})
    table = outcome.measurementsTable
    if table is None:
        return
    changing = table.StartModify()
    for key, text in (
        ("review", review.status),
        ("reviewer", review.reviewer),
        ("review_comment", review.comment),
    ):
        column = table.GetTable().GetColumnByName(key)
        for row in range(table.GetNumberOfRows()):
            column.SetValue(row, saveable(text))
    table.GetTable().Modified()
    table.EndModify(changing)


def case_from_scene(outcome: Outcome, need_volume: bool = False) -> Case:
    """Read a case back from its nodes, edits of its segmentations included.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    need_volume : bool
        Whether to refuse a case whose CT was deleted since, because voxels are to be measured.

    Returns
    -------
    Case
        Vessels may hold `AS_MEASURED`; the measurements are those before the edits.

    Raises
    ------
    AnalysisError
        Nodes that are needed were deleted, or moved apart; the message names them.
    """
    needed = {
        "vessels segmentation": outcome.vesselsSegmentation,
        "lungs segmentation": outcome.lungsSegmentation,
        "centerlines model": outcome.centerlinesModel,
    }
    if need_volume and outcome.caseNode.GetAttribute(HAD_VOLUME):
        needed["CT volume"] = outcome.inputVolume
    missing = [name for name, node in needed.items() if node is None]
    if missing:
        raise AnalysisError(
            f"The {' and the '.join(missing)} of {plain_name(outcome)}"
            f" {'were' if len(missing) > 1 else 'was'} deleted; load the case again, or analyze"
            " again."
        )
    check_together(outcome, with_volume=need_volume)
    record = outcome.record
    grid = grid_of(record)
    tissue = outcome.tissueSegmentation
    return case_from_record(
        record,
        lung_labels(outcome.lungsSegmentation, grid, frame_of(outcome, outcome.lungsSegmentation)),
        vessel_labels(
            outcome.vesselsSegmentation, grid, frame_of(outcome, outcome.vesselsSegmentation)
        ),
        centerlines_of(outcome.centerlinesModel),
        None if tissue is None else tissue_labels(tissue, grid, frame_of(outcome, tissue)),
    )


def _fill(outcome: Outcome, case: Case) -> None:
    digest = digest_of_case(case)
    fill_nodes(outcome, case, has_other_lungs(outcome, digest))
    remember_computed(outcome, digest)


def regions_of(outcome: Outcome) -> tuple[Region, ...]:
    """Regions that the user gave, as they are now; none if their segmentation was deleted."""
    node = outcome.regionsSegmentation
    if node is None:
        return ()
    return regions_from(node, grid_of(outcome.record), frame_of(outcome, node))


def attach_volume(outcome: Outcome, volume: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Register a volume as the case's CT.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    volume : vtkMRMLScalarVolumeNode
        See `scene.nodes.places.check_same_grid`.
    """
    outcome.set_node("inputVolume", volume)
    outcome.caseNode.SetAttribute(HAD_VOLUME, "1")


def remove_case(outcome: Outcome) -> None:
    """Remove a case's nodes from the scene; the CT and the user's regions stay.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    """
    scene = outcome.scene
    if scene is None:
        return
    if outcome.legend is not None:
        # First: views log errors about a legend without colors.
        scene.RemoveNode(outcome.legend)
    own = [*_own_nodes(outcome), outcome.caseNode]
    remove_folder(outcome)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    for node in own:
        # The item is removed last: Slicer's plugins look for it as long as its node sends events.
        for attached in [*_displays_and_storages(node), node]:
            if attached.GetScene() is scene:
                scene.RemoveNode(attached)
        # Those plugins remove it with its node; they need Qt.
        if item := hierarchy.GetItemByDataNode(node):
            hierarchy.RemoveItem(item, False)


def _displays_and_storages(node: slicer.vtkMRMLNode) -> list[slicer.vtkMRMLNode]:
    """Nodes that belong to this one only; they would be left when it is removed."""
    found = []
    if node.IsA("vtkMRMLDisplayableNode"):
        found += [node.GetNthDisplayNode(i) for i in range(node.GetNumberOfDisplayNodes())]
    if node.IsA("vtkMRMLStorableNode"):
        found += [node.GetNthStorageNode(i) for i in range(node.GetNumberOfStorageNodes())]
    return [node for node in found if node is not None]


def _own_nodes(outcome: Outcome) -> list[slicer.vtkMRMLNode]:
    """All nodes that were made for the case, but the case node."""
    given = (outcome.inputVolume, outcome.regionsSegmentation)
    node = outcome.caseNode
    roles = [node.GetNthNodeReferenceRole(i) for i in range(node.GetNumberOfNodeReferenceRoles())]
    own = [node.GetNodeReference(role) for role in roles]
    return [node for node in own if node is not None and node not in given]
