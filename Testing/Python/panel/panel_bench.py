"""The panel on its form, with a fake logic and a fake process, in a real scene."""

import importlib
import sys
import time
from pathlib import Path

import BV5AnalysisLib
import pytest
import slicer
from panel.panel_fakes import FakeLogic

UI = Path(BV5AnalysisLib.__file__).parents[1] / "Resources" / "UI" / "BV5Analysis.ui"


class Bench:
    """A Slicer with the panel in it, as the module's widget would have it."""

    def __init__(self, slicer_app, process, reports=None):
        self.messages = slicer_app.messages
        self.qt = sys.modules["qt"]
        self.scene = slicer.mrmlScene
        self.module = importlib.import_module("BV5AnalysisLib.panel.panel")
        self.fields = importlib.import_module("BV5AnalysisLib.panel.parameter_node")
        self.logic = FakeLogic(slicer, self.fields.BV5AnalysisParameterNode)
        self.process, self.reports = process, reports
        self.open()

    def open(self):
        """Make the form and the panel, as on opening the module or reloading it."""
        self.widget = slicer.util.loadUI(str(UI))
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.widget.setMRMLScene(self.scene)
        self.panel = self.module.Panel(self.ui, self.logic, self.process, reports=self.reports)
        self.panel.setup()
        self.panel.enter()
        self.widget.show()
        self.wait()

    @property
    def parameters(self):
        """The parameter node, wrapped."""
        return self.logic.getParameterNode()

    def wait(self):
        """Let Qt work off what waits."""
        for _ in range(3):
            slicer.app.processEvents()

    def waitForEdits(self):
        """Let the panel compare what may have been edited."""
        while self.panel._edits.isWaiting():
            # Not at full speed: each call of PySide's costs None a reference.
            time.sleep(0.01)
            slicer.app.processEvents()

    def addVolume(self, name="CT"):
        node = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        self.wait()
        return node

    def showCase(self, name="Case A", **changes):
        """Add a case and choose it in the selector."""
        outcome = self.logic.addCase(name, **changes)
        self.ui.caseSelector.setCurrentNode(outcome.caseNode)
        self.wait()
        return outcome

    def analyze(self):
        """Choose a CT and click Analyze."""
        volume = self.addVolume()
        self.ui.inputVolumeSelector.setCurrentNode(volume)
        self.ui.analyzeButton.click()
        return volume

    def column(self, column):
        """Texts of a column of the branch list, as shown."""
        model = self.ui.branchesTable.model()
        return [model.data(model.index(row, column)) for row in range(model.rowCount())]

    def closeScene(self, entered=True):
        """Close the scene as Slicer does."""
        self.panel.sceneStartClose()
        self.scene.Clear(False)
        self.panel.sceneEndClose(entered)
        self.wait()


@pytest.fixture
def bench(slicer_app, led_process):
    """A panel for one test; what a slot raised fails the test."""
    bench = Bench(slicer_app, led_process)
    yield bench
    bench.panel.cleanup()
