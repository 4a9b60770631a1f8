"""A whole analysis as MRML nodes in one folder."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from ..imaging.measurements import AnalysisResult
from ..imaging.sizeclasses import LUNGS, VESSELS
from .colors import add_legend, add_size_class_colors
from .images import add_volume
from .models import add_model, centerlines_poly_data, tubes_poly_data
from .segmentations import add_segmentation
from .tables import add_measurements

VESSEL_SMOOTHING = 0.33  # with more, vessels of two voxels shrink to threads
LUNG_SMOOTHING = 0.5
LUNG_OPACITY_3D = 0.12
OUTLINE_ONLY = 0.0


@dataclass(frozen=True)
class Outcome:
    """The nodes of one analysis.

    Attributes
    ----------
    ct_volume : vtkMRMLScalarVolumeNode
        The CT: the caller's node, or a new one.
    vessels_segmentation : vtkMRMLSegmentationNode
        Vessels by size class, segment IDs as in `imaging.sizeclasses`.
    lungs_segmentation : vtkMRMLSegmentationNode
        Right and left lung.
    centerlines_model : vtkMRMLModelNode
        Branches as lines with their measures; hidden at first.
    tubes_model : vtkMRMLModelNode
        Branches as tubes of the measured areas.
    measurements_table : vtkMRMLTableNode
        Blood volumes, a row a region.
    colors : vtkMRMLColorTableNode
        Colors of the size classes.
    legend : vtkMRMLColorLegendDisplayNode
        Legend in the 3D view.
    folder_item : int
        Subject hierarchy item that holds them.
    """

    ct_volume: slicer.vtkMRMLScalarVolumeNode
    vessels_segmentation: slicer.vtkMRMLSegmentationNode
    lungs_segmentation: slicer.vtkMRMLSegmentationNode
    centerlines_model: slicer.vtkMRMLModelNode
    tubes_model: slicer.vtkMRMLModelNode
    measurements_table: slicer.vtkMRMLTableNode
    colors: slicer.vtkMRMLColorTableNode
    legend: slicer.vtkMRMLColorLegendDisplayNode
    folder_item: int


def add_result(
    scene: slicer.vtkMRMLScene,
    result: AnalysisResult,
    case: str,
    ct_volume: slicer.vtkMRMLScalarVolumeNode | None = None,
) -> Outcome:
    """Add an analysis to a scene.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to: Slicer's own, or one of `scene.offscreen`.
    result : AnalysisResult
        What to show.
    case : str
        Name of the case, for the folder and in the nodes' names.
    ct_volume : vtkMRMLScalarVolumeNode, optional
        The CT where the scene already has it; it stays where it is in the subject hierarchy, and
        the folder comes beside it. Without it a node is made from the result's scan.

    Returns
    -------
    Outcome
        The nodes.
    """
    new_volume = ct_volume is None
    if new_volume:
        ct_volume = add_volume(scene, f"{case} CT", result.scan.volume)
    colors = add_size_class_colors(scene, f"{case} size classes", result.parameters)
    vessels = add_segmentation(
        scene, f"{case} vessels", result.vessels, VESSELS, ct_volume, VESSEL_SMOOTHING
    )
    lungs = add_segmentation(scene, f"{case} lungs", result.lungs, LUNGS, ct_volume, LUNG_SMOOTHING)
    centerlines = add_model(
        scene, f"{case} centerlines", centerlines_poly_data(result.centerlines), colors
    )
    tubes = add_model(scene, f"{case} vessel tubes", tubes_poly_data(result.centerlines), colors)
    table = add_measurements(scene, f"{case} measurements", result.measurements, result.parameters)
    _style(vessels, lungs, centerlines, tubes)
    legend = add_legend(tubes)

    nodes = [vessels, lungs, centerlines, tubes, table, colors]
    folder = _add_folder(scene, case, [ct_volume, *nodes] if new_volume else nodes, ct_volume)
    return Outcome(ct_volume, vessels, lungs, centerlines, tubes, table, colors, legend, folder)


def _style(
    vessels: slicer.vtkMRMLSegmentationNode,
    lungs: slicer.vtkMRMLSegmentationNode,
    centerlines: slicer.vtkMRMLModelNode,
    tubes: slicer.vtkMRMLModelNode,
) -> None:
    """Slices show outlines of the segmentations; 3D shows tubes in faint lungs."""
    display = vessels.GetDisplayNode()
    display.SetOpacity2DFill(OUTLINE_ONLY)
    display.Visibility3DOff()
    display = lungs.GetDisplayNode()
    display.SetOpacity2DFill(OUTLINE_ONLY)
    display.SetOpacity3D(LUNG_OPACITY_3D)
    centerlines.GetDisplayNode().VisibilityOff()
    tubes.GetDisplayNode().Visibility2DOff()


def _add_folder(
    scene: slicer.vtkMRMLScene,
    name: str,
    nodes: list[slicer.vtkMRMLNode],
    neighbor: slicer.vtkMRMLNode,
) -> int:
    """Put nodes into a new folder where the neighbor is, and return the folder's item."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    neighbor_item = hierarchy.GetItemByDataNode(neighbor)
    parent = hierarchy.GetItemParent(neighbor_item) if neighbor_item else 0
    folder = hierarchy.CreateFolderItem(parent or hierarchy.GetSceneItemID(), name)
    for node in nodes:
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.SetItemParent(item, folder)
        else:
            # Slicer's plugins make the item as soon as a node is added; without Qt nobody does.
            hierarchy.CreateItem(folder, node)
    return folder
