"""The request for an analysis, from the parameter node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from ..imaging.errors import AnalysisError
from .advanced import chosen_parameters, parameters_problem
from .protocols import Logic

if TYPE_CHECKING:
    from .process.background import AnalysisRequest


def reasonNotToAnalyze(chosen: Any, scene: slicer.vtkMRMLScene, logic: Logic) -> str:
    """Why what is chosen cannot be analyzed; empty if it can.

    Parameters
    ----------
    chosen : BV5AnalysisParameterNode
        The choices.
    scene : vtkMRMLScene
        Slicer's scene.
    logic : Logic
        Knows which volumes can be measured.
    """
    if parameters_problem(chosen):
        return _("The parameters under Advanced do not fit each other.")
    node = chosen.inputVolume
    if node is not None and not scene.IsNodePresent(node):
        node = None
    return logic.reasonNotToAnalyze(node)


def makeRequest(chosen: Any, scene: slicer.vtkMRMLScene, logic: Logic) -> AnalysisRequest:
    """Request of what is chosen; AnalysisError says why there is none. As for the reason."""
    from .process.background import AnalysisRequest

    if reason := reasonNotToAnalyze(chosen, scene, logic):
        raise AnalysisError(reason)
    return AnalysisRequest(
        chosen.inputVolume,
        chosen.lungsSegmentation,
        chosen.regionsSegmentation,
        chosen_parameters(chosen),
        chosen.inputVolume.GetName(),
    )
