"""Save report: drawn beside Slicer, with progress and cancel; its texts belong to its case."""

import sys
from pathlib import Path

import pytest
import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError
from panel.panel_bench import Bench


class LedReports:
    """Like `ReportProcess`; the test says how it goes on."""

    def __init__(self):
        self.requests, self.problem, self._callbacks, self.cleaned = [], None, None, False

    def canStart(self):
        return True

    def start(self, outcome, folder, overwrite, *callbacks):
        if self.problem is not None:
            raise self.problem
        assert self._callbacks is None, "started while running"
        self.requests.append((outcome, folder, overwrite))
        self._callbacks = callbacks

    def end(self, which, *arguments):
        callbacks, self._callbacks = self._callbacks, None
        callbacks[which](*arguments)

    def cancel(self):
        self.end(2)

    def cleanup(self):
        self._callbacks, self.cleaned = None, True


@pytest.fixture
def reports():
    return LedReports()


@pytest.fixture
def led(slicer_app, led_process, reports, tmp_path):
    """A panel whose reports the test leads, with a case of which one is being drawn."""
    bench = Bench(slicer_app, led_process, reports)
    bench.outcome = bench.showCase("Case")
    bench.messages.answer("getExistingDirectory", str(tmp_path))
    bench.ui.saveReportButton.click()
    yield bench
    bench.panel.cleanup()
    assert reports.cleaned


def test_drawing_is_shown_and_all_else_can_be_used(led, reports, tmp_path):
    assert reports.requests == [(led.outcome, tmp_path / "Case", False)]
    assert led.ui.resultsStatusLabel.text.startswith("Drawing the report · 0 s")
    assert led.ui.saveReportButton.text.replace("&", "") == "Cancel the report"
    assert led.ui.copyButton.enabled
    assert led.ui.recomputeButton.enabled
    reports.end(0, tmp_path / "Case" / "report.html")
    assert "report.html" in led.ui.resultsStatusLabel.text
    assert led.ui.saveReportButton.text.replace("&", "") == "Save report…"
    assert led.messages.texts("error") == []


def test_cancel(led, reports):
    led.ui.saveReportButton.click()
    assert len(reports.requests) == 1
    assert led.ui.resultsStatusLabel.text == ""
    assert led.ui.saveReportButton.text.replace("&", "") == "Save report…"
    assert led.ui.saveReportButton.enabled


def test_failure(led, reports):
    reports.end(1, "The disk is full.")
    (told,) = led.messages.texts("error")
    assert told == "The report could not be saved.\n\nThe disk is full."
    assert led.ui.resultsStatusLabel.text == ""
    assert led.ui.saveReportButton.enabled


def test_what_keeps_it_from_starting_is_told(led, reports, tmp_path):
    reports.end(2)
    reports.problem = AnalysisError("The CT was deleted.")
    led.messages.answer("getExistingDirectory", str(tmp_path))
    led.ui.saveReportButton.click()
    assert "The CT was deleted." in led.messages.texts("error")[0]
    assert led.ui.saveReportButton.text.replace("&", "") == "Save report…"


def test_another_case_is_shown_meanwhile(led, reports, tmp_path):
    led.showCase("Other")
    assert led.ui.resultsStatusLabel.text == ""
    assert led.ui.saveReportButton.text.replace("&", "") == "Cancel the report"
    assert "Case" in led.ui.saveReportButton.toolTip
    led.ui.caseSelector.setCurrentNode(led.outcome.caseNode)
    assert led.ui.resultsStatusLabel.text.startswith("Drawing the report")
    led.ui.caseSelector.setCurrentNode(led.logic.outcomes()[1].caseNode)
    reports.end(0, tmp_path / "report.html")
    assert led.ui.resultsStatusLabel.text == "", "said of a case that it is not of"


@pytest.mark.parametrize("way", ["close", "delete", "recompute", "leave"])
def test_what_happens_to_the_scene_meanwhile_does_not_matter(led, reports, tmp_path, way):
    if way == "close":
        led.closeScene()
    elif way == "delete":
        led.scene.RemoveNode(led.outcome.caseNode)
    elif way == "recompute":
        led.ui.recomputeButton.click()
    else:
        led.panel.exit()
    led.wait()
    assert led.ui.saveReportButton.enabled, "cannot be cancelled"
    reports.end(0, tmp_path / "report.html")
    assert led.messages.texts("error") == []
    assert led.ui.saveReportButton.enabled == (way in ("recompute", "leave"))
    assert ("report.html" in led.ui.resultsStatusLabel.text) == (way == "leave")


@pytest.fixture
def ui(widget, ct_node, case_folder, python_slicer, slicer_app):
    slicer.util.selectModule("BV5Analysis")
    widget.logic.loadCase(case_folder, ct_node)
    slicer_app.app.processEvents()
    return widget.ui


def saved(ui):
    return ui.saveReportButton.text.replace("&", "") == "Save report…"


@pytest.mark.slow
def test_the_report_of_a_process_is_whole(ui, slicer_app, messages, tmp_path):
    messages.answer("getExistingDirectory", str(tmp_path))
    ui.saveReportButton.click()
    assert not saved(ui)
    slicer.mrmlScene.Clear()
    slicer_app.spin(lambda: saved(ui), seconds=120)
    assert messages.texts("error") == []
    (folder,) = [each for each in tmp_path.iterdir() if each.name.startswith("BV5 case 7")]
    names = {file.name for file in folder.iterdir()}
    assert names == {
        *("measurements.csv", "opacities.csv", "result.json", "centerlines.vtp"),
        *("vessels.seg.nrrd", "lungs.seg.nrrd", "tissue.seg.nrrd"),
        *("vessels_3d.png", "overview.png", "report.html"),
    }
    left = Path(slicer.app.temporaryPath).iterdir()
    assert not [each for each in left if each.name.startswith("BV5")]


@pytest.mark.slow
def test_a_drawing_that_fails_says_why(ui, slicer_app, messages, tmp_path, python_slicer):
    python_slicer.write_text(
        f"#!{sys.executable}\n"
        'import sys\nprint("bv5: No driver here.", file=sys.stderr)\nsys.exit(1)\n'
    )
    messages.answer("getExistingDirectory", str(tmp_path))
    ui.saveReportButton.click()
    slicer_app.spin(lambda: saved(ui), seconds=120)
    assert messages.texts("error") == ["The report could not be saved.\n\nNo driver here."]
    assert not [each for each in tmp_path.iterdir() if each.name.startswith("BV5")]
