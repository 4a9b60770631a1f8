"""The nodes of one analysis, found by references from its case node."""

# Its names are those that Slicer's console knows: camelCase.
# ruff: noqa: N802

from __future__ import annotations

import json
from typing import Any

import slicer

from ...imaging.errors import AnalysisError
from ...imaging.model.size_classes import SizeClass

EDITED = "BV5Analysis.edited"
"""Attribute of a case node: its segmentations were edited since its numbers were computed."""
CASE_ATTRIBUTE = "BV5Analysis.case"
"""Attribute by which a text node is a case node."""
COHORT_ATTRIBUTE = "BV5Analysis.cohort"
"""Attribute by which a node belongs to the cohort of this name."""
_ROLE = "BV5Analysis."
"""Prefix of the references' roles."""


class Outcome:
    """The nodes of one analysis.

    All state is in the scene: the case node, a text node, holds the record of the analysis
    (JSON, as ``result.json``) and references to the other nodes, so that an outcome is saved and
    restored with the scene. A node that was deleted is None.

    Parameters
    ----------
    case_node : vtkMRMLTextNode
        The case node; `add_case` makes one, `find_outcomes` finds them.
    """

    def __init__(self, case_node: slicer.vtkMRMLTextNode) -> None:
        self.caseNode = case_node

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and other.caseNode is self.caseNode

    def __hash__(self) -> int:
        return hash(self.caseNode)

    @property
    def scene(self) -> slicer.vtkMRMLScene | None:
        """Scene that holds the nodes; None after the case was removed from it."""
        return self.caseNode.GetScene()

    @property
    def name(self) -> str:
        """Name of the case, as in its record; that of its node if the record has none."""
        return self.record.get("case", self.caseNode.GetName())

    @property
    def record(self) -> dict[str, Any]:
        """What ``result.json`` says; AnalysisError if the node's text is no record."""
        try:
            record = json.loads(self.caseNode.GetText() or "")
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise AnalysisError(
                "The text of this case's node was changed and is no record any more; delete the"
                " case and load or analyze it again."
            )
        return record

    @property
    def inputVolume(self) -> slicer.vtkMRMLScalarVolumeNode | None:
        """The CT; None also where a case was loaded without it."""
        return self.node("inputVolume")

    @property
    def vesselsSegmentation(self) -> slicer.vtkMRMLSegmentationNode | None:
        """Vessels; the segments' IDs are the classes' keys of `imaging.model.size_classes`."""
        return self.node("vesselsSegmentation")

    @property
    def lungsSegmentation(self) -> slicer.vtkMRMLSegmentationNode | None:
        """Right and left lung."""
        return self.node("lungsSegmentation")

    @property
    def tissueSegmentation(self) -> slicer.vtkMRMLSegmentationNode | None:
        """Opacities and unclaimed air; None also where they were not looked for."""
        return self.node("tissueSegmentation")

    @property
    def regionsSegmentation(self) -> slicer.vtkMRMLSegmentationNode | None:
        """Regions that the user gave; None also where none were given."""
        return self.node("regionsSegmentation")

    @property
    def centerlinesModel(self) -> slicer.vtkMRMLModelNode | None:
        """Branches as lines with all that was measured."""
        return self.node("centerlinesModel")

    @property
    def tubesModels(self) -> dict[SizeClass, slicer.vtkMRMLModelNode | None]:
        """Tubes of the measured areas, a model a size class."""
        return {size_class: self.node(tubes_role(size_class)) for size_class in SizeClass}

    @property
    def highlightModel(self) -> slicer.vtkMRMLModelNode | None:
        """Tube around the chosen branch; empty while none is chosen. It carries the legend."""
        return self.node("highlightModel")

    @property
    def measurementsTable(self) -> slicer.vtkMRMLTableNode | None:
        """Blood volumes, a row a region."""
        return self.node("measurementsTable")

    @property
    def branchesTable(self) -> slicer.vtkMRMLTableNode | None:
        """Branches, a row each."""
        return self.node("branchesTable")

    @property
    def histogramTable(self) -> slicer.vtkMRMLTableNode | None:
        """Blood volume by cross-sectional area."""
        return self.node("histogramTable")

    @property
    def histogramChart(self) -> slicer.vtkMRMLPlotChartNode | None:
        """Plot of it."""
        return self.node("histogramChart")

    @property
    def profileTable(self) -> slicer.vtkMRMLTableNode | None:
        """Cross-sectional area along the chosen branch."""
        return self.node("profileTable")

    @property
    def profileChart(self) -> slicer.vtkMRMLPlotChartNode | None:
        """Plot of it, with the class bounds."""
        return self.node("profileChart")

    @property
    def colors(self) -> slicer.vtkMRMLColorTableNode | None:
        """Colors of the size classes."""
        return self.node("colors")

    @property
    def legend(self) -> slicer.vtkMRMLColorLegendDisplayNode | None:
        """Legend of the classes in 3D views."""
        model = self.highlightModel
        return slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(model) if model else None

    def node(self, role: str) -> slicer.vtkMRMLNode | None:
        """Return the node of a role; None if there is none, or it was deleted."""
        return self.caseNode.GetNodeReference(_ROLE + role)

    def set_node(self, role: str, node: slicer.vtkMRMLNode | None) -> None:
        """Register a node under a role; None removes the role."""
        self.caseNode.SetNodeReferenceID(_ROLE + role, node.GetID() if node is not None else None)

    def set_record(self, record: dict[str, Any]) -> None:
        """Replace the record."""
        self.caseNode.SetText(json.dumps(record, ensure_ascii=False, allow_nan=False))


def tubes_role(size_class: SizeClass) -> str:
    """Role of a class's tubes."""
    return f"tubesModel{size_class.name}"


def outcome_of(case_node: slicer.vtkMRMLTextNode) -> Outcome:
    """Outcome of a case node.

    Parameters
    ----------
    case_node : vtkMRMLTextNode
        As `Outcome.caseNode`.

    Returns
    -------
    Outcome
        Its nodes.

    Raises
    ------
    ValueError
        It is no case node.
    """
    if not is_case_node(case_node):
        raise ValueError(f"{case_node.GetName()} is no case node of BV5 Analysis")
    return Outcome(case_node)


def is_case_node(node: slicer.vtkMRMLNode | None) -> bool:
    """Whether a node is a case node."""
    return node is not None and node.GetAttribute(CASE_ATTRIBUTE) == "1"


def find_outcomes(scene: slicer.vtkMRMLScene) -> list[Outcome]:
    """All outcomes of a scene, in the order in which they were added."""
    nodes = (
        scene.GetNthNodeByClass(index, "vtkMRMLTextNode")
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLTextNode"))
    )
    return [Outcome(node) for node in nodes if is_case_node(node)]
