"""The case's folder in the subject hierarchy."""

from __future__ import annotations

from collections.abc import Iterable

import slicer

from ..nodes.outcome import Outcome


def make_folder(outcome: Outcome, name: str) -> None:
    """Make a folder beside the case's CT, if there is one, and put the case node into it."""
    hierarchy = _hierarchy(outcome.scene)
    neighbor = outcome.inputVolume
    neighbor_item = hierarchy.GetItemByDataNode(neighbor) if neighbor is not None else 0
    parent = hierarchy.GetItemParent(neighbor_item) if neighbor_item else 0
    folder = hierarchy.CreateFolderItem(parent or hierarchy.GetSceneItemID(), name)
    _put(hierarchy, outcome.caseNode, folder)


def folder_item(outcome: Outcome) -> int:
    """Item of the case's folder; the scene's if the case node was moved out of it."""
    hierarchy = _hierarchy(outcome.scene)
    return hierarchy.GetItemParent(hierarchy.GetItemByDataNode(outcome.caseNode))


def put_into_folder(outcome: Outcome, nodes: Iterable[slicer.vtkMRMLNode | None]) -> None:
    """Put nodes that were just made into the case's folder."""
    hierarchy, folder = _hierarchy(outcome.scene), folder_item(outcome)
    for node in nodes:
        if node is not None:
            _put(hierarchy, node, folder)


def remove_folder(outcome: Outcome) -> None:
    """Remove the case's folder; its content moves up."""
    hierarchy = _hierarchy(outcome.scene)
    item = hierarchy.GetItemByDataNode(outcome.caseNode)
    folder = hierarchy.GetItemParent(item) if item else 0
    if not folder or folder == hierarchy.GetSceneItemID():
        return
    constants = slicer.vtkMRMLSubjectHierarchyConstants
    if hierarchy.GetItemLevel(folder) != constants.GetSubjectHierarchyLevelFolder():
        return
    remove_data, with_children = False, False
    hierarchy.RemoveItem(folder, remove_data, with_children)


def _put(
    hierarchy: slicer.vtkMRMLSubjectHierarchyNode, node: slicer.vtkMRMLNode, folder: int
) -> None:
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, folder)
    else:
        # Slicer's plugins, which need Qt, create the item as soon as a node is added.
        hierarchy.CreateItem(folder, node)


def _hierarchy(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLSubjectHierarchyNode:
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
