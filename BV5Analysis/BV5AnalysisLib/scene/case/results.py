"""An analysis that was just made, as MRML nodes."""

from __future__ import annotations

import slicer

from ...case.files import case_of
from ...imaging.model.result import AnalysisResult
from ..nodes.images import add_volume
from ..nodes.outcome import Outcome
from .cases import add_case
from .folders import put_into_folder


def add_result(
    scene: slicer.vtkMRMLScene,
    result: AnalysisResult,
    name: str,
    ct_volume: slicer.vtkMRMLScalarVolumeNode | None = None,
) -> Outcome:
    """Add an analysis to a scene.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to: Slicer's own, or one of `scene.views.offscreen`.
    result : AnalysisResult
        What to show.
    name : str
        Name of the case, for the folder and in the nodes' names.
    ct_volume : vtkMRMLScalarVolumeNode, optional
        The CT where the scene already has it, see `cases.add_case`. Without it a node is made
        from the result's scan.

    Returns
    -------
    Outcome
        The nodes.
    """
    case = case_of(name, result)
    if ct_volume is not None:
        return add_case(scene, case, ct_volume)
    ct_volume = add_volume(scene, f"{name} CT", result.scan.volume)
    try:
        outcome = add_case(scene, case, ct_volume)
    except BaseException:
        scene.RemoveNode(ct_volume)
        raise
    put_into_folder(outcome, [ct_volume])
    return outcome
