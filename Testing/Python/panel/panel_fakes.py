"""A logic that does as told, for tests of what the panel makes of it."""

import dataclasses
import json
from pathlib import Path

import vtk
from BV5AnalysisLib.imaging.model.scan import Acquisition

ROLES = (
    "vesselsSegmentation",
    "lungsSegmentation",
    "centerlinesModel",
    "branchesTable",
    "measurementsTable",
    "inputVolume",
)
RECORD = {
    "schema": "bv5-analysis/result",
    "schema_version": "1.1",
    "case": "Case A",
    "created": "2026-11-22T20:00:00+00:00",
    "software": {"bv5-analysis": "9.9", "python": "3.11"},
    "input": {
        "sha256": 64 * "0",
        "space": "LPS",
        "size": [64, 64, 64],
        "spacing_mm": [1.0, 1.0, 1.0],
        "origin_mm": [0.0, 0.0, 0.0],
        "direction": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        "lungs": "segmented",
        **{field.name: None for field in dataclasses.fields(Acquisition)},
    },
    "csa_histogram": {"edges_mm2": [0.0, 1.0], "volume_ml": [125.0]},
    "seconds": {"lungs and airways": 3.0},
    "parameters": {
        "minimum_csa_mm2": 1.25,
        "class_bounds_mm2": [5.0, 10.0],
        "blood_hu": None,
        "minimum_component_length_mm": 6.0,
        "hilum": "apart",
        "hilum_share": 0.8,
    },
    "calibration": {"blood_hu": 43.2, "parenchyma_hu": -860.0, "noise_hu": 14.0},
    "measurements": [
        {
            "region": region,
            "lung_volume_ml": 2 * ml * 20,
            "tpbv_ml": 2 * ml,
            "bv5_ml": 0.642 * ml,
            "bv5_10_ml": 0.4 * ml,
            "bv10_ml": 0.958 * ml,
            "below_floor_ml": 5.0,
            "bv5_pct": 32.1,
            "bv5_10_pct": 20.0,
            "bv10_pct": 47.9,
            "vessel_length_mm": 30000.0,
        }
        for region, ml in (("both", 62.5), ("right", 32.0), ("left", 30.5))
    ],
    "findings": [
        {"code": "thick_slices", "severity": "info", "text": "A note.", "value": 2.0},
        {"code": "truncated_lungs", "severity": "warning", "text": "A warning.", "value": 9.0},
        {"code": "no_vessels", "severity": "error", "text": "An error.", "value": None},
        {"code": "high_noise", "severity": "warning", "text": "Another.", "value": 50.0},
    ],
}
COLUMNS = (
    "branch_id",
    "size_class",
    "mean_csa_mm2",
    "bound_distance_mm2",
    "length_mm",
    "volume_ml",
    "confidence_pct",
    "lung",
)
BRANCHES = [
    (0, "BV5", 4.9, 0.1, 12.0, 0.05, 55.0, "right"),
    (1, "BV5-10", 7.5, 2.5, 30.0, 0.2, 99.0, "left"),
    (2, "BV10", 100.25, 90.25, 9.0, 1.5, 100.0, "right"),
    (10, "Below floor", 1.1, 0.15, 7.0, 0.01, 80.0, "left"),
    (9, "BV5", 2.5, 1.25, 8.0, 0.02, 97.0, ""),
]


class FakeOutcome:
    """Nodes of a case, found by references as in `scene.nodes.outcome`."""

    def __init__(self, caseNode):
        self.caseNode = caseNode

    def __eq__(self, other):
        return isinstance(other, FakeOutcome) and other.caseNode is self.caseNode

    def __hash__(self):
        return hash(self.caseNode)

    def __getattr__(self, role):
        if role not in ROLES:
            raise AttributeError(role)
        return self.caseNode.GetNodeReference(role)

    @property
    def record(self):
        return json.loads(self.caseNode.GetText())

    @property
    def name(self):
        return self.record["case"]


class FakeLogic:
    """Keeps what it was asked; `fails` lets a method raise."""

    def __init__(self, slicer, parameterNodeClass):
        self.slicer, self.scene = slicer, slicer.mrmlScene
        self._parameterNodeClass = parameterNodeClass
        self.calls = []
        self.fails = {}
        self.branch = None
        self.reason = ""
        self.computedFrom = {}
        self.inViews = []

    def _called(self, name, *arguments):
        self.calls.append((name, *arguments))
        if name in self.fails:
            raise self.fails[name]

    def called(self, name):
        """Arguments of each call of a method."""
        return [call[1:] for call in self.calls if call[0] == name]

    def addCase(self, name, branches=BRANCHES, volume=None, **changes):
        """Add a case as `scene.case.cases` does, with little in it."""
        slicer, scene = self.slicer, self.scene
        node = slicer.vtkMRMLTextNode()
        node.SetName(name)
        node.SetAttribute("BV5Analysis.case", "1")
        node.SetText(json.dumps(RECORD | {"case": name} | changes))
        scene.AddNode(node)
        for role in ("vesselsSegmentation", "lungsSegmentation"):
            segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"{name} {role}")
            segmentation.CreateDefaultDisplayNodes()
            segmentation.GetSegmentation().AddEmptySegment("bv5", "BV5")
            node.SetNodeReferenceID(role, segmentation.GetID())
        table = scene.AddNewNodeByClass("vtkMRMLTableNode", f"{name} branches")
        self.fillBranches(table, branches)
        node.SetNodeReferenceID("branchesTable", table.GetID())
        for role, className in (
            ("centerlinesModel", "vtkMRMLModelNode"),
            ("measurementsTable", "vtkMRMLTableNode"),
        ):
            other = scene.AddNewNodeByClass(className, f"{name} {role}")
            node.SetNodeReferenceID(role, other.GetID())
        if volume is None:
            volume = scene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
            volume.UnRegister(None)
            volume.SetName("unfit to be analyzed")
            volume.SetHideFromEditors(True)
            scene.AddNode(volume)
        node.SetNodeReferenceID("inputVolume", volume.GetID())
        node.SetAttribute("BV5Analysis.hadInputVolume", "1")
        outcome = FakeOutcome(node)
        self.computedFrom[node.GetID()] = self._content(outcome)
        return outcome

    def _content(self, outcome):
        """Segments stand for voxels here."""
        both = (outcome.vesselsSegmentation, outcome.lungsSegmentation)
        return [node and node.GetSegmentation().GetSegmentIDs() for node in both]

    def isEdited(self, outcome, changed=()):
        self._called("isEdited", outcome)
        return self._content(outcome) != self.computedFrom[outcome.caseNode.GetID()]

    def fillBranches(self, table, branches):
        """Fill a table as `scene.nodes.branch_table` does."""
        while table.GetNumberOfColumns():
            table.RemoveColumn(0)
        for index, name in enumerate(COLUMNS):
            isText = name in ("size_class", "lung")
            array = vtk.vtkStringArray() if isText else vtk.vtkDoubleArray()
            array.SetName(name)
            for branch in branches:
                array.InsertNextValue(branch[index])
            table.AddColumn(array)

    def getParameterNode(self):
        scene = self.scene
        node = scene.GetSingletonNode("BV5Analysis", "vtkMRMLScriptedModuleNode")
        if node is None:
            node = scene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
            node.UnRegister(None)
            node.SetSingletonTag("BV5Analysis")
            node.SetAttribute("ModuleName", "BV5Analysis")
            node = scene.AddNode(node)
        return self._parameterNodeClass(node)

    def reasonNotToAnalyze(self, inputVolume):
        if inputVolume is not None and inputVolume.GetName().startswith("unfit"):
            return "The volume is no CT."
        return self.reason or ("" if inputVolume else "Select a chest CT.")

    def isShown(self, outcome):
        self._called("isShown", outcome)
        return outcome in self.inViews

    def loadCase(self, folder, inputVolume=None, regionsSegmentation=None):
        self._called("loadCase", Path(folder), inputVolume, regionsSegmentation)
        return self.addCase(Path(folder).name)

    def outcomes(self):
        count = self.scene.GetNumberOfNodesByClass("vtkMRMLTextNode")
        nodes = [self.scene.GetNthNodeByClass(i, "vtkMRMLTextNode") for i in range(count)]
        return [FakeOutcome(n) for n in nodes if n.GetAttribute("BV5Analysis.case")]

    def outcome(self, caseNode):
        return FakeOutcome(caseNode)

    def recompute(self, outcome, parameters=None):
        self._called("recompute", outcome, parameters)
        record = outcome.record
        record["parameters"] = parameters.to_dict()
        record["measurements"][0]["tpbv_ml"] = 111.0
        outcome.vesselsSegmentation.GetSegmentation().AddEmptySegment("new", "new")
        self.fillBranches(outcome.branchesTable, BRANCHES[:2])
        outcome.caseNode.SetText(json.dumps(record))
        self.computedFrom[outcome.caseNode.GetID()] = self._content(outcome)
        return outcome

    def measurementsText(self, outcome):
        self._called("measurementsText", outcome)
        return "region\ttpbv_ml\nboth\t125.0\n"

    def exportTables(self, outcome, path):
        self._called("exportTables", outcome, path)
        path.write_text("region\n", "utf-8")

    def exportReport(self, outcome, folder, overwrite=False):
        self._called("exportReport", outcome, folder, overwrite)
        return folder / "report.html"

    def setReview(self, outcome, status, reviewer, comment):
        self._called("setReview", outcome, status, reviewer, comment)
        time = "2026-11-22T21:00:00+00:00" if status else ""
        review = {"status": status, "reviewer": reviewer, "comment": comment, "time": time}
        outcome.caseNode.SetText(json.dumps(outcome.record | {"review": review}))

    def branchAt(self, outcome, ras):
        self._called("branchAt", outcome, ras)
        return self.branch

    def __getattr__(self, name):
        if name not in (
            "showResults",
            "restoreLayout",
            "applyDisplay",
            "selectBranch",
            "clearSelection",
            "excludeBranch",
            "editVessels",
        ):
            raise AttributeError(name)
        return lambda *arguments: self._called(name, *arguments)
