"""From nodes to a case, in this process: measured, and recomputed after edits."""

from __future__ import annotations

import dataclasses

import slicer

from ...case.files import Case, case_of, with_recomputed
from ...imaging.editing.recompute import check_recomputable, recompute
from ...imaging.errors import AnalysisError
from ...imaging.model.finding import Finding, Severity
from ...imaging.model.scan import Region
from ...imaging.parameters import Parameters
from ...imaging.pipeline import analyze
from ...imaging.progress import Progress
from ...imaging.reading.scan_reader import scan_from_image, with_acquisition
from ..nodes.acquisition import acquisition_of
from ..nodes.masks import lungs_from, regions_from
from ..nodes.outcome import Outcome
from ..nodes.places import scan_of
from ..nodes.volumes import ct_volume, reason_not_measurable
from .cases import case_from_scene, regions_of

ROWS_OF_ALL = ("both", "right", "left")
"""Rows that every case has; regions are never named so."""
REGIONS_LEFT_OUT = "regions_left_out"
"""Code of the finding about rows that were lost."""


def measured_case(
    volume: slicer.vtkMRMLScalarVolumeNode,
    lungs: slicer.vtkMRMLSegmentationNode | None = None,
    regions: slicer.vtkMRMLSegmentationNode | None = None,
    parameters: Parameters | None = None,
    progress: Progress | None = None,
) -> Case:
    """Measure a volume of the scene.

    Parameters
    ----------
    volume : vtkMRMLScalarVolumeNode
        Chest CT.
    lungs : vtkMRMLSegmentationNode, optional
        Lungs to measure in; segmented if not given.
    regions : vtkMRMLSegmentationNode, optional
        Segments to measure apart.
    parameters : Parameters, optional
        The defaults if not given.
    progress : callable, optional
        Called with step and fraction; may raise `Cancelled`.

    Returns
    -------
    Case
        Named as the volume; the scene is not changed.

    Raises
    ------
    AnalysisError
        The volume or a segmentation cannot be measured; the message says why and what to do.
    """
    if reason := reason_not_measurable(volume):
        raise AnalysisError(reason)
    ct = ct_volume(volume)
    scan = with_acquisition(scan_from_image(ct.to_sitk(), volume.GetName()), acquisition_of(volume))
    result = analyze(
        scan,
        lungs=lungs_from(lungs, ct.grid, volume) if lungs is not None else None,
        regions=regions_from(regions, ct.grid, volume) if regions is not None else None,
        parameters=parameters,
        progress=progress,
    )
    return case_of(volume.GetName(), result)


def recomputed_case(outcome: Outcome, parameters: Parameters | None = None) -> Case:
    """Recompute a case from its nodes as they were edited.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    parameters : Parameters, optional
        With other class bounds; those of the case if not given.

    Returns
    -------
    Case
        The scene is not changed, see `cases.update_case`.

    Raises
    ------
    AnalysisError
        Nodes that are needed were deleted, or a parameter was changed that needs a new analysis.
    """
    case = case_from_scene(outcome, need_volume=True)
    parameters = parameters or case.parameters
    check_recomputable(case.parameters, parameters)
    regions = regions_of(outcome)
    recomputed = recompute(
        scan_of(outcome),
        case.lungs,
        case.vessels,
        case.centerlines,
        case.calibration,
        parameters,
        regions,
    )
    case = dataclasses.replace(case, findings=_with_lost_regions(case, regions))
    return with_recomputed(case, recomputed, parameters)


def _with_lost_regions(case: Case, regions: tuple[Region, ...]) -> tuple[Finding, ...]:
    """Add a finding to a case whose regions are unknown now, so that their rows are lost."""
    if regions:
        return tuple(finding for finding in case.findings if finding.code != REGIONS_LEFT_OUT)
    lost = [row.region for row in case.measurements if row.region not in ROWS_OF_ALL]
    if not lost:
        return case.findings
    text = (
        f"Left out when recomputing, as the segmentation of the regions is not in the scene:"
        f" {', '.join(lost)}."
    )
    return (*case.findings, Finding(REGIONS_LEFT_OUT, Severity.WARNING, text, float(len(lost))))


def volume_of_case(scene: slicer.vtkMRMLScene, case: Case) -> slicer.vtkMRMLScalarVolumeNode | None:
    """Find the volume that a case was measured in: the same geometry and the same voxels.

    Parameters
    ----------
    scene : vtkMRMLScene
        Where to look.
    case : Case
        As read from its folder.

    Returns
    -------
    vtkMRMLScalarVolumeNode or None
        The first such volume, None if there is none.
    """
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
        volume = scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
        if not reason_not_measurable(volume) and _is_scan_of(volume, case):
            return volume
    return None


def _is_scan_of(volume: slicer.vtkMRMLScalarVolumeNode, case: Case) -> bool:
    ct = ct_volume(volume)
    if not ct.grid.matches(case.grid):
        return False
    try:
        return scan_from_image(ct.to_sitk()).sha256 == case.sha256
    except AnalysisError:  # Another volume of the same size, which is no CT.
        return False
