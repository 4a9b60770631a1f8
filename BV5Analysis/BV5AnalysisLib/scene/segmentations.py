"""Label volumes as segmentation nodes."""

from __future__ import annotations

from collections.abc import Mapping

import slicer

from ..export.segmentation import terminology_entry
from ..imaging.sizeclasses import Appearance
from ..imaging.volume import Volume
from .images import labelmap

SURFACE_NETS = "1"


def add_segmentation(
    scene: slicer.vtkMRMLScene,
    name: str,
    labels: Volume,
    appearances: Mapping[int, Appearance],
    reference: slicer.vtkMRMLScalarVolumeNode,
    smoothing: float,
) -> slicer.vtkMRMLSegmentationNode:
    """Add a label volume to a scene as a segmentation with closed surfaces.

    Segment IDs are the appearances' keys. All segments share one labelmap layer, so that they
    stay disjoint when edited.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    name : str
        Node name.
    labels : Volume
        uint8 label values, 0 for background.
    appearances : mapping of int to Appearance
        Segments by label value; one without voxels is kept, empty.
    reference : vtkMRMLScalarVolumeNode
        Volume whose geometry edits are made in.
    smoothing : float
        Smoothing of the surfaces, 0 to 1.

    Returns
    -------
    vtkMRMLSegmentationNode
        Segmentation with a binary labelmap (source) and closed surfaces.
    """
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.SetReferenceImageGeometryParameterFromVolumeNode(reference)
    node.CreateDefaultDisplayNodes()
    segmentation = node.GetSegmentation()
    binary = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    shared = labelmap(labels)
    for value, appearance in appearances.items():
        segment = slicer.vtkSegment()
        segment.SetName(appearance.name)
        segment.SetColor(appearance.color)
        segment.SetTag(
            slicer.vtkSegment.GetTerminologyEntryTagName(), terminology_entry(appearance)
        )
        segment.SetLabelValue(int(value))
        segment.AddRepresentation(binary, shared)
        segmentation.AddSegment(segment, appearance.key)

    rule = slicer.vtkBinaryLabelmapToClosedSurfaceConversionRule
    for parameter, setting in (
        (rule.GetConversionMethodParameterName(), SURFACE_NETS),
        (rule.GetSmoothingFactorParameterName(), str(smoothing)),
    ):
        segmentation.SetConversionParameter(parameter, setting)
    node.CreateClosedSurfaceRepresentation()
    return node
