"""The module's test inside Slicer, on a small phantom whose blood volumes are known."""

from __future__ import annotations

import importlib.util
import runpy
import shutil
import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer

from .process.background import AnalysisProcess, AnalysisRequest
from .process.python_slicer import MODULE_FOLDER

if TYPE_CHECKING:
    from ..imaging.phantom import ChestPhantom
    from ..scene.nodes.outcome import Outcome

BV5_WITHIN_POINTS = 5.0
TPBV_WITHIN = 0.1
"""How near to the truth the small phantom's numbers have to come."""
AS_SHOWN = 0.1
"""How near a table's cell is to its value: it has one decimal."""
BACKGROUND_SECONDS = 120.0
EXAMPLE = MODULE_FOLDER / "Resources" / "Scripts" / "analyze_folder.py"


def run(test: unittest.TestCase, logic: Any, tell: Callable[[str], None]) -> None:
    """Run all steps.

    Parameters
    ----------
    test : unittest.TestCase
        Whose assertions to use.
    logic : BV5AnalysisLogic
        What is tested.
    tell : callable
        Gets the name of each step.
    """
    folder = Path(tempfile.mkdtemp(prefix="BV5Analysis-test-", dir=slicer.app.temporaryPath))
    try:
        _Steps(test, logic, folder).run(tell)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Steps:
    def __init__(self, test: unittest.TestCase, logic: Any, folder: Path) -> None:
        self.test = test
        self.logic = logic
        self.folder = folder

    def run(self, tell: Callable[[str], None]) -> None:
        from ..imaging.phantom import ChestPhantomSpec
        from ..scene.case.sample_data import add_phantom

        tell("Making a phantom")
        spec = ChestPhantomSpec(seed=1, scale=0.6)
        volume, phantom = add_phantom(slicer.mrmlScene, "BV5 self-test", spec)
        tell("Analyzing it")
        outcome = self.logic.analyze(volume)
        self.checkMeasurements(outcome, phantom)
        tell("Showing the results")
        self.checkViews(outcome)
        tell("Erasing a vessel and recomputing")
        self.checkRecompute(outcome)
        tell("Reviewing")
        self.checkReview(outcome)
        tell("Saving and loading back")
        self.checkFolder(outcome)
        tell("Analyzing beside Slicer")
        self.checkBackground(volume)
        tell("Running the example script")
        self.checkExample(phantom)
        tell("Analyzing a cohort")
        self.checkCohort()
        tell("Test passed")

    def checkMeasurements(self, outcome: Outcome, phantom: ChestPhantom) -> None:
        """Compare the numbers with the truth, which has the hilum included, and with the table."""
        table, record = outcome.measurementsTable.GetTable(), outcome.record
        self.test.assertEqual(table.GetNumberOfRows(), len(phantom.measurements))
        included = record["measurements_hilum_included"]
        for number, true in enumerate(phantom.measurements):
            percent, total_ml = included[number]["bv5_pct"], included[number]["tpbv_ml"]
            self.test.assertAlmostEqual(percent, true.bv5_pct, delta=BV5_WITHIN_POINTS)
            self.test.assertAlmostEqual(total_ml / true.tpbv_ml, 1.0, delta=TPBV_WITHIN)
            for name in ("bv5_pct", "tpbv_ml"):
                shown = table.GetColumnByName(name).GetValue(number)
                own = record["measurements"][number][name]
                self.test.assertAlmostEqual(shown, own, delta=AS_SHOWN)

    def checkViews(self, outcome: Outcome) -> None:
        """Check the displays, and switch the layout there and back."""
        self.logic.showResults(outcome)
        shown = [outcome.vesselsSegmentation, outcome.lungsSegmentation]
        for node in [*shown, *outcome.tubesModels.values()]:
            self.test.assertTrue(node.GetDisplayNode().GetVisibility(), node.GetName())
        self.test.assertIsNotNone(outcome.legend)
        selection = slicer.app.applicationLogic().GetSelectionNode()
        self.test.assertEqual(selection.GetActiveTableID(), outcome.measurementsTable.GetID())
        self.logic.selectBranch(outcome, 0, "Green")
        self.test.assertGreater(outcome.highlightModel.GetPolyData().GetNumberOfPoints(), 0)
        self.logic.clearSelection(outcome)
        self.logic.restoreLayout()

    def checkRecompute(self, outcome: Outcome) -> None:
        """Erase a branch: it is gone from the numbers, and nothing else."""
        table = outcome.branchesTable.GetTable()
        volumes = [
            table.GetColumnByName("volume_ml").GetValue(row)
            for row in range(table.GetNumberOfRows())
        ]
        branch = max(range(len(volumes)), key=volumes.__getitem__)
        before = self.total_ml(outcome)
        self.logic.recompute(outcome)
        self.test.assertAlmostEqual(self.total_ml(outcome), before)
        self.logic.excludeBranch(outcome, branch)
        self.logic.recompute(outcome)
        lost = before - self.total_ml(outcome)
        self.test.assertAlmostEqual(lost / volumes[branch], 1.0, delta=0.3)

    def checkReview(self, outcome: Outcome) -> None:
        """Decide: it is in the record and in the table."""
        self.logic.setReview(outcome, "accepted", "Self-test", "Ü")
        self.test.assertEqual(outcome.record["review"]["status"], "accepted")
        self.test.assertIn("accepted\tSelf-test\tÜ", self.logic.measurementsText(outcome))

    def checkFolder(self, outcome: Outcome) -> None:
        """Save: the case comes back with the same numbers, review and edits."""
        folder = self.folder / "case ü"
        if all(importlib.util.find_spec(name) for name in ("matplotlib", "jinja2")):
            self.test.assertTrue(self.logic.exportReport(outcome, folder).is_file())
        else:
            self.logic.saveCase(outcome, folder)
        again = self.logic.loadCase(folder)
        self.test.assertIs(again.inputVolume, outcome.inputVolume)
        for part in ("measurements", "review", "edits"):
            self.test.assertEqual(again.record[part], outcome.record[part])
        self.logic.removeCase(again)
        self.test.assertEqual(len(self.logic.outcomes()), 1)

    def checkBackground(self, volume: slicer.vtkMRMLScalarVolumeNode) -> None:
        """Analyze in a process beside Slicer."""
        from ..imaging.parameters import Parameters

        process = AnalysisProcess()
        ended = []

        def finished(folder: Path) -> None:
            ended.append(self.logic.loadCase(folder, volume))

        request = AnalysisRequest(volume, None, None, Parameters(), "beside")
        process.start(
            request,
            lambda _step, _fraction: None,
            finished,
            lambda message, log: ended.append(f"{message} {log}"),
            lambda: ended.append("cancelled"),
        )
        end = time.monotonic() + BACKGROUND_SECONDS
        while not ended and time.monotonic() < end:
            slicer.app.processEvents()
            time.sleep(0.01)
        process.cleanup()
        self.test.assertEqual(len(ended), 1)
        self.test.assertNotIsInstance(ended[0], str, ended[0])
        self.test.assertEqual(ended[0].name, "beside")
        self.logic.removeCase(ended[0])

    def checkExample(self, phantom: ChestPhantom) -> None:
        """Run the example: it measures the good scan, reports the bad one, and continues."""
        from ..case.nrrd import write_nrrd

        scans, results = self.folder / "scans", self.folder / "results"
        scans.mkdir()
        (scans / "bad.nrrd").write_text("no image")
        write_nrrd(scans / "phantom.nrrd", phantom.volume.array, phantom.volume.grid)
        before = slicer.mrmlScene.GetNumberOfNodes()
        status = runpy.run_path(str(EXAMPLE))["main"]([str(scans), str(results)])
        self.test.assertEqual(status, 1)
        self.test.assertTrue((results / "phantom" / "result.json").is_file())
        self.test.assertFalse((results / "bad").exists())
        lines = (results / "measurements.csv").read_text("utf-8").splitlines()
        self.test.assertEqual(len(lines), 1 + len(phantom.measurements))
        self.test.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)
        table = self.logic.loadBatchTable(results)
        self.test.assertEqual(table.GetCellText(0, 0), "phantom")

    def checkCohort(self) -> None:
        """Analyze the invented patients: the published table is shown."""
        if importlib.util.find_spec("statsmodels") is None:
            return  # Nothing is installed during tests.
        from ..export.cohort.synthetic_tables import CLINICAL, MEASUREMENTS, write_synthetic_cohort
        from ..study.cohort.synthetic import synthetic_cohort

        folder = self.folder / "cohort"
        folder.mkdir()
        write_synthetic_cohort(folder, synthetic_cohort())
        result = self.logic.analyzeCohort(folder / MEASUREMENTS, folder / CLINICAL)
        nodes = self.logic.showCohort(result)
        first = [nodes.tables["table1"].GetCellText(0, column) for column in range(3)]
        self.test.assertEqual(first, ["BV5 (%)", "46.89 (8.59)", "41.61 (6.95)"])
        self.test.assertIn("groups", nodes.charts)
        self.logic.restoreLayout()

    def total_ml(self, outcome: Outcome) -> float:
        return outcome.measurementsTable.GetTable().GetColumnByName("tpbv_ml").GetValue(0)
