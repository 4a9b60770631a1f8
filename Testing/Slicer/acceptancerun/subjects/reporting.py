"""The report of a case, and a batch with reports."""

from __future__ import annotations

import csv
from pathlib import Path

import slicer

from ..packages import with_packages
from ..run import Run
from ..steps import Skipped, Where, step

DRAWING = ("matplotlib", "jinja2")
PNG = b"\x89PNG\r\n\x1a\n"
MEASURED = ("phantom", "zweiter-Ü")


@step(
    "report",
    "Save report writes the case's folder with pictures and report",
    limit=600,
    where=Where.WINDOW,
    picture="5-report",
)
def report(run: Run) -> None:
    outcome = run.show_case()
    parent = run.folder("report")

    def save() -> None:
        run.told.answer("getExistingDirectory", str(parent))
        button = run.ui.saveReportButton
        text = button.text
        run.click("saveReportButton")
        # It is drawn beside Slicer; meanwhile the button cancels it.
        run.wait(lambda: button.text == text, 300, "the report is saved")

    with_packages(run, DRAWING, save)
    (folder,) = parent.iterdir()
    _check_report(run, outcome, folder)
    run.check("report.html" in run.ui.resultsStatusLabel.text, "the panel does not link the report")


@step(
    "report",
    "logic.exportReport writes pictures and report, in place of the panel's button",
    limit=600,
    where=Where.NO_WINDOW,
)
def report_by_the_logic(run: Run) -> None:
    outcome = run.need_case()
    folder = run.scratch / "report"
    with_packages(run, DRAWING, lambda: run.logic.exportReport(outcome, folder))
    _check_report(run, outcome, folder)


def _check_report(run: Run, outcome, folder: Path) -> None:
    for name in ("vessels_3d.png", "overview.png"):
        _check_picture(run, folder / name)
    text = (folder / "report.html").read_text(encoding="utf-8")
    percent = f"{outcome.record['measurements'][0]['bv5_pct']:.1f}"
    run.check(percent in text, f"the report does not say {percent}")
    run.check("Önder" in text, "the report does not say who accepted")


def _check_picture(run: Run, path: Path) -> None:
    run.check(path.is_file(), f"{path.name} is not there")
    data = path.read_bytes()
    run.check(data.startswith(PNG) and len(data) > 5000, f"{path.name} shows nothing")


@step(
    "batch",
    "A batch with reports measures two scans of three, tells of the broken one, and draws",
    limit=1800,
)
def batch(run: Run) -> None:
    if not run.ct_file.is_file():
        raise Skipped("There is no CT: the step that loads it did not pass.")
    scans, results = run.folder("scans"), run.scratch / "results"
    data = bytearray(run.ct_file.read_bytes())
    for name in MEASURED:
        (scans / f"{name}.nrrd").write_bytes(data)
        data[-2] ^= 1  # One voxel of air: the same scan twice would be measured once.
    (scans / "broken.nrrd").write_text("no image", encoding="utf-8")
    nodes, told = slicer.mrmlScene.GetNumberOfNodes(), []

    def measure():
        return run.logic.analyzeBatch(scans, results, lambda *progress: told.append(progress))

    result = with_packages(run, DRAWING, measure)
    run.equal(sorted(result.measured), sorted(MEASURED), "cases measured")
    run.equal([case.name for case in result.failed], ["broken"], "cases failed")
    run.check(result.failed[0].problem, "nothing says why the broken one failed")
    run.check(told, "no progress was told")
    run.equal(slicer.mrmlScene.GetNumberOfNodes(), nodes, "nodes of the scene")
    for name in MEASURED:
        for picture in ("vessels_3d.png", "overview.png"):
            _check_picture(run, results / name / picture)
        run.check((results / name / "report.html").is_file(), f"{name} has no report")
    with (results / "measurements.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    run.equal(len(rows), 3 * len(MEASURED), "rows of measurements.csv")
    run.check((results / "index.html").is_file(), "there is no page to look through them")


@step("batch-table", "The table of a batch is shown", limit=60)
def batch_table(run: Run) -> None:
    results = run.scratch / "results"
    if not (results / "measurements.csv").is_file():
        raise Skipped("The batch has left no table.")
    table = run.logic.loadBatchTable(results)
    names = {table.GetCellText(row, 0) for row in range(table.GetNumberOfRows())}
    run.equal(names, set(MEASURED), "cases in the table")
    slicer.app.processEvents()
