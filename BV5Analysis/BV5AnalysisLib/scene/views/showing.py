"""Whether the views show a case."""

from __future__ import annotations

import slicer

from ..nodes.outcome import Outcome
from .review_layout import LAYOUT_ID, scene_layout_node


def is_shown(
    scene: slicer.vtkMRMLScene, logic: slicer.vtkMRMLApplicationLogic, outcome: Outcome
) -> bool:
    """Whether the review layout is up and its table is that of a case.

    Parameters
    ----------
    scene : vtkMRMLScene
        Slicer's scene.
    logic : vtkMRMLApplicationLogic
        Slicer's own, whose selection the views follow.
    outcome : Outcome
        The case.
    """
    layout, table = scene_layout_node(scene), outcome.measurementsTable
    if layout is None or table is None or layout.GetViewArrangement() != LAYOUT_ID:
        return False
    return logic.GetSelectionNode().GetActiveTableID() == table.GetID()
