"""Analyze and Cancel, and the numbers against the command line and the phantom's truth."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import slicer

from ..options import SAMPLE_PHANTOM
from ..run import Run
from ..steps import Skipped, Where, step

ANALYSIS_SECONDS = 600.0
NEARLY = 90
"""Percent of an analysis after which its result may be on its way into the scene."""


@step(
    "cancel",
    "Cancel ends the analysis at once, and leaves the scene as it was",
    limit=180,
    where=Where.WINDOW,
    picture="2-analyzing",
)
def cancel(run: Run) -> None:
    run.choose_ct()
    before, processes = _node_ids(), set(run.children())
    ui = run.ui
    start = time.monotonic()
    run.click("analyzeButton")
    clicked = time.monotonic() - start
    run.check(not ui.analyzeButton.enabled, "Analyze can be clicked twice")
    longest = run.wait(lambda: ui.progressBar.value >= 1, 120, "the analysis makes progress")
    run.check(ui.progressBar.visible, "no progress bar is shown")
    run.picture("2-analyzing")
    start = time.monotonic()
    run.click("cancelButton")
    run.note(f"Cancel took {time.monotonic() - start:.2f} s")
    run.equal(ui.progressLabel.text, "Cancelled", "text beside the buttons")
    run.check(ui.analyzeButton.enabled, "Analyze is disabled after Cancel")
    run.check(not ui.cancelButton.enabled, "Cancel is enabled after Cancel")
    run.equal(run.wait_for_children(processes), [], "processes left by Cancel")
    run.equal(_node_ids(), before, "nodes of the scene")
    run.standstill(max(clicked, longest), "from Analyze to its progress")


def _node_ids() -> list[str]:
    scene = slicer.mrmlScene
    nodes = (scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes()))
    # The panel's own node keeps what the user chose.
    return [node.GetID() for node in nodes if not node.IsA("vtkMRMLScriptedModuleNode")]


@step(
    "analyze",
    "Analyze runs to its end beside the window, and the case is chosen and shown",
    limit=ANALYSIS_SECONDS + 60,
    where=Where.WINDOW,
    picture="3-result",
)
def analyze(run: Run) -> None:
    volume = run.choose_ct()
    ui, seen = run.ui, []
    run.click("analyzeButton")

    def ended() -> bool:
        step_name = ui.progressLabel.text.partition(" · ")[0]
        if not seen or seen[-1] != step_name:
            seen.append(step_name)
        return not ui.cancelButton.enabled

    def nearly() -> bool:
        return ended() or ui.progressBar.value >= NEARLY

    beside = run.wait(nearly, ANALYSIS_SECONDS, "the analysis nearly ends")
    longest = run.wait(ended, ANALYSIS_SECONDS, "the analysis ends")
    run.note(f"Longest standstill at the end, when the case is shown: {longest:.2f} s")
    run.note(f"Steps: {', '.join(seen)}")
    run.check({"Lungs and airways", "Vessel centers"} <= set(seen), "its steps were not told")
    run.check(ui.progressLabel.text.startswith("Done in "), f"it says {ui.progressLabel.text}")
    outcome = run.only_case()
    run.set_case(outcome)
    run.check(outcome.inputVolume is volume, "the case does not refer to its CT")
    run.check(run.chosen_case() is outcome.caseNode, "the case is not chosen in the panel")
    measured = outcome.record["measurements"][0]
    for text in (f"BV5 {measured['bv5_pct']:.1f} %", f"TPBV {measured['tpbv_ml']:.1f} mL"):
        run.check(text in ui.keyLabel.text, f"the panel says {ui.keyLabel.text}, not {text}")
    run.check(not ui.resultsEditedLabel.visible, "a new case is called edited")
    _check_shown(run, outcome)
    run.standstill(beside, "while the analysis ran")


def _check_shown(run: Run, outcome) -> None:
    manager = slicer.app.layoutManager()
    run.equal(manager.threeDViewCount, 1, "3D views")
    run.check(manager.tableViewCount >= 1 and manager.plotViewCount >= 1, "no table or no plot")
    run.equal(set(manager.sliceViewNames()), {"Red", "Yellow", "Green"}, "slice views")
    selection = slicer.app.applicationLogic().GetSelectionNode()
    run.equal(selection.GetActiveTableID(), outcome.measurementsTable.GetID(), "table shown")
    run.check(outcome.legend is not None and outcome.legend.GetVisibility(), "no legend is shown")


@step(
    "analyze",
    "logic.analyze measures the CT in this process, in place of the panel's button",
    limit=ANALYSIS_SECONDS,
    where=Where.NO_WINDOW,
)
def analyze_by_the_logic(run: Run) -> None:
    from BV5AnalysisLib.imaging.errors import Cancelled

    def stop(_step: str, fraction: float) -> None:
        if fraction > 0:
            raise Cancelled

    volume = run.need_volume()
    try:
        run.logic.analyze(volume, progress=stop)
        run.check(False, "Cancelled by progress did not end it")
    except Cancelled:
        run.equal(run.outcomes(), [], "cases after it was cancelled")
    outcome = run.logic.analyze(volume)
    run.set_case(outcome)
    run.check(outcome.inputVolume is volume, "the case does not refer to its CT")
    run.equal(len(run.outcomes()), 1, "cases in the scene")
    run.logic.showResults(outcome)


@step("named-once", "Case and nodes are named by the CT, and none twice", limit=30)
def named_once(run: Run) -> None:
    outcome = run.need_case()
    name = outcome.caseNode.GetName()
    run.check(name.count("BV5") <= 1, f"the case is called {name!r}")
    node = outcome.caseNode
    roles = [node.GetNthNodeReferenceRole(i) for i in range(node.GetNumberOfNodeReferenceRoles())]
    names = [each.GetName() for each in map(node.GetNodeReference, roles) if each is not None]
    doubled = [each for each in names if "BV5 BV5" in each]
    run.equal(doubled, [], "nodes with a doubled name")


@step(
    "command-line",
    "The command line gives the same numbers for the same CT as a file, to the last digit",
    limit=ANALYSIS_SECONDS,
)
def command_line(run: Run) -> None:
    outcome = run.need_case()
    result = run.scratch / "by command"
    command = [python_slicer(), "-m", "BV5AnalysisLib", "analyze", str(run.ct_file)]
    _call(run, [*command, "-o", str(result), "--no-report"])
    record = json.loads((result / "result.json").read_text(encoding="utf-8"))
    measured = outcome.record["measurements"]
    run.equal([row["region"] for row in measured], ["both", "right", "left"], "regions")
    different = [
        f"{mine['region']} {key}: {mine[key]!r} in Slicer, {row[key]!r} by the command"
        for mine, row in zip(measured, record["measurements"], strict=True)
        for key in sorted(mine.keys() | row.keys())
        if mine.get(key) != row.get(key)
    ]
    run.check(
        not different,
        "Slicer handed over a spacing that is off in the last bit. " + "; ".join(different),
    )


def python_slicer() -> str:
    """Slicer's plain Python."""
    program = shutil.which("PythonSlicer")
    if program is None:
        raise Skipped("PythonSlicer is not on the PATH of this Slicer.")
    return program


def _call(run: Run, command: list[str]) -> None:
    """Run a command to its end while the window is served."""
    import BV5AnalysisLib

    folder = str(Path(BV5AnalysisLib.__file__).parents[1])
    path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    log = run.scratch / "command.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=run.scratch,
            env=os.environ | {"PYTHONPATH": path},
        )
        try:
            run.wait(lambda: process.poll() is not None, ANALYSIS_SECONDS, "the command ends")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    run.equal(process.returncode, 0, f"exit status; {log.read_text('utf-8', 'replace')[-2000:]}")


@step("truth", "The numbers are near the phantom's truth", limit=300)
def truth(run: Run) -> None:
    from BV5AnalysisLib.imaging.phantom import chest_phantom
    from BV5AnalysisLib.panel.self_test import BV5_WITHIN_POINTS, TPBV_WITHIN
    from BV5AnalysisLib.scene.case.sample_data import SPEC

    outcome = run.need_case()
    if run.options.phantom != SAMPLE_PHANTOM:
        raise Skipped("The phantom is not the sample's own; a coarser one comes less near.")
    # The truth is that of the body, whatever the voxels: large ones take less time.
    phantom = chest_phantom(dataclasses.replace(SPEC, spacing_mm=(3.0, 3.0, 3.0)))
    for row, true in zip(
        outcome.record["measurements_hilum_included"], phantom.measurements, strict=True
    ):
        region = row["region"]
        run.near(row["bv5_pct"], true.bv5_pct, BV5_WITHIN_POINTS, f"BV5 % {region}")
        run.near(row["tpbv_ml"] / true.tpbv_ml, 1.0, TPBV_WITHIN, f"TPBV / truth {region}")
