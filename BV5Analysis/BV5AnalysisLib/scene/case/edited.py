"""Whether segmentations were edited since a case's numbers were computed: by their content."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import slicer
import vtk

from ...case.files import Case
from ...case.record import grid_of
from ...imaging.errors import AnalysisError
from ...imaging.model.volume import Grid, Volume
from ..nodes.label_grids import Frame
from ..nodes.masks import lung_labels_as_drawn, vessel_labels
from ..nodes.outcome import EDITED, Outcome
from ..nodes.places import frame_of
from ..nodes.segmentations import BINARY

COMPUTED_FROM = "BV5Analysis.computedFrom"
"""Attribute of a case node: digests of the vessels and the lungs that its numbers are of."""
UNREADABLE = "unreadable"
"""Digest of a segmentation that cannot be converted to voxels."""

Reader = Callable[[slicer.vtkMRMLSegmentationNode, Grid, Frame | None], Volume]
State = tuple[object, ...]
"""What a segmentation's voxels depend on, without the voxels themselves."""


def digest_of_case(case: Case) -> str:
    """Text for a case's vessels and one for its lungs, with a blank between.

    Parameters
    ----------
    case : Case
        Whose labels its measurements are of.
    """
    return " ".join(_digest(labels.array) for labels in (case.vessels, case.lungs))


def remember_computed(outcome: Outcome, digest: str) -> None:
    """Store with a case's node the digest of what its numbers were computed from.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    digest : str
        See `digest_of_case`.
    """
    outcome.caseNode.SetAttribute(COMPUTED_FROM, digest)


def has_other_lungs(outcome: Outcome, digest: str) -> bool:
    """Whether the lungs that a case was measured in differ from those of `digest_of_case`."""
    computed = outcome.caseNode.GetAttribute(COMPUTED_FROM) or ""
    return computed.split()[1:] != digest.split()[1:]


def was_edited(outcome: Outcome, case: Case) -> bool:
    """Whether segmentations were edited since a case's numbers were computed.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    case : Case
        As `cases.case_from_scene` just read it.
    """
    return outcome.caseNode.GetAttribute(COMPUTED_FROM) != digest_of_case(case)


class EditCheck:
    """Checks whether cases were edited, as `was_edited`, and remembers what it read.

    Only voxels count, as a recomputation would use them. Colors, names, surfaces, terminology,
    layers, and events of Slicer do not. An edit that was undone is no edit.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[State, str]] = {}

    def changed(self, segmentation: slicer.vtkMRMLSegmentationNode) -> None:
        """Read a segmentation's voxels again at the next comparison.

        Parameters
        ----------
        segmentation : vtkMRMLSegmentationNode
            One that reported a change; most changes are noticed without this call.
        """
        self._known.pop(segmentation.GetID(), None)

    def edited(self, outcome: Outcome) -> bool:
        """Compare a case's segmentations with those that its numbers were computed from.

        Parameters
        ----------
        outcome : Outcome
            Nodes of the case; without one of its segmentations there is nothing to compare.

        Returns
        -------
        bool
            Whether a recomputation would start from other voxels.

        Raises
        ------
        AnalysisError
            The case's record is damaged.
        """
        computed = outcome.caseNode.GetAttribute(COMPUTED_FROM)
        segmentations = (outcome.vesselsSegmentation, outcome.lungsSegmentation)
        if computed is None:
            # A scene from before there were digests: the mark that it was saved with counts.
            return outcome.caseNode.GetAttribute(EDITED) == "1"
        if None in segmentations:
            return False
        now = (
            self._digest(outcome, node, read)
            for node, read in zip(segmentations, (vessel_labels, lung_labels_as_drawn), strict=True)
        )
        return " ".join(now) != computed

    def _digest(self, outcome: Outcome, node: slicer.vtkMRMLSegmentationNode, read: Reader) -> str:
        state, known = _state(outcome, node), self._known.get(node.GetID())
        if known is not None and known[0] == state:
            return known[1]
        grid = grid_of(outcome.record)
        try:
            digest = _digest(read(node, grid, frame_of(outcome, node)).array)
        except AnalysisError:
            digest = UNREADABLE  # A recomputation reports why.
        self._known[node.GetID()] = (state, digest)
        return digest


def _state(outcome: Outcome, node: slicer.vtkMRMLSegmentationNode) -> State:
    """Collect what changes whenever a segmentation's voxels do, and seldom otherwise."""
    segmentation = node.GetSegmentation()
    layers = tuple(
        _when_changed(segmentation.GetLayerDataObject(index, BINARY))
        for index in range(segmentation.GetNumberOfLayers(BINARY))
    )
    segments = tuple(
        (name, segmentation.GetSegment(name).GetLabelValue(), segmentation.GetLayerIndex(name))
        for name in segmentation.GetSegmentIDs()
    )
    frames = (node, frame_of(outcome, node))
    transforms = tuple(_when_changed(frame.GetParentTransformNode()) for frame in frames)
    # Without labelmaps, voxels are made from another representation, such as surfaces.
    other = 0 if segmentation.ContainsRepresentation(BINARY) else segmentation.GetMTime()
    return outcome.caseNode.GetText(), layers, segments, transforms, other


def _when_changed(thing: vtk.vtkObject | None) -> int:
    """VTK's time of an object's last change, unique among objects; 0 for None."""
    return thing.GetMTime() if thing is not None else 0


def _digest(labels: np.ndarray) -> str:
    """Short text that differs where labels do."""
    return f"{zlib.crc32(np.ascontiguousarray(labels, np.uint8)):08x}"
