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
"""Digest of a segmentation that cannot be turned into voxels."""

Reader = Callable[[slicer.vtkMRMLSegmentationNode, Grid, Frame | None], Volume]
State = tuple[object, ...]
"""What a segmentation's voxels hang on, without the voxels themselves."""


def digest_of_case(case: Case) -> str:
    """Text for a case's vessels and one for its lungs, with a blank between.

    Parameters
    ----------
    case : Case
        Whose labels its measurements are of.
    """
    return " ".join(_digest(each.array) for each in (case.vessels, case.lungs))


def remember_computed(outcome: Outcome, digest: str) -> None:
    """Keep with a case's node what its numbers are of.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    digest : str
        See `digest_of_case`.
    """
    outcome.caseNode.SetAttribute(COMPUTED_FROM, digest)


def has_other_lungs(outcome: Outcome, digest: str) -> bool:
    """Whether the lungs that a case's numbers are of are others than those of `digest_of_case`."""
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
    """Tells whether cases were edited, as `was_edited`; quick to ask again.

    Only voxels count, as a recomputation would take them: colors, names, surfaces, terminology,
    how segments are spread over layers, and what Slicer tells as changed do not. An edit that
    was undone is none.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[State, str]] = {}

    def changed(self, segmentation: slicer.vtkMRMLSegmentationNode) -> None:
        """Read a segmentation's voxels anew when they are next asked for.

        Parameters
        ----------
        segmentation : vtkMRMLSegmentationNode
            One that told of a change; most changes are noticed without being told.
        """
        self._known.pop(segmentation.GetID(), None)

    def edited(self, outcome: Outcome) -> bool:
        """Compare a case's segmentations with those that its numbers are of.

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
            # Of a scene from before there was a digest: the mark that it was saved with holds.
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
            digest = UNREADABLE  # A recomputation tells why.
        self._known[node.GetID()] = (state, digest)
        return digest


def _state(outcome: Outcome, node: slicer.vtkMRMLSegmentationNode) -> State:
    """Tell what changes whenever a segmentation's voxels do, and seldom otherwise."""
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
    transforms = tuple(_when_changed(each.GetParentTransformNode()) for each in frames)
    # Without labelmaps voxels are made of something else, such as surfaces.
    other = 0 if segmentation.ContainsRepresentation(BINARY) else segmentation.GetMTime()
    return outcome.caseNode.GetText(), layers, segments, transforms, other


def _when_changed(thing: vtk.vtkObject | None) -> int:
    """VTK's time of an object's last change, which no other object has; 0 for none."""
    return thing.GetMTime() if thing is not None else 0


def _digest(labels: np.ndarray) -> str:
    """Short text that differs where labels do."""
    return f"{zlib.crc32(np.ascontiguousarray(labels, np.uint8)):08x}"
