"""How long the panel's work in Slicer takes: the table of benchmarks/panel.md.

Run by ``make benchmark-panel``, with ``CASES="folder folder=ct.nrrd"`` for folders that ``bv5
analyze`` wrote; a phantom is made in any case. Scene, logics, nodes and displayable managers are
Slicer's own. What is named ``drawn`` has the views' drawing in it, off-screen; widgets are in none
of the figures.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from BV5AnalysisLib.case.files import case_of, read_case, write_case
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan
from BV5AnalysisLib.scene.case.cases import add_case, update_case
from BV5AnalysisLib.scene.case.exclusion import erase_branch
from BV5AnalysisLib.scene.case.measuring import recomputed_case
from BV5AnalysisLib.scene.nodes.branch_table import BranchFinder, branch_rows
from BV5AnalysisLib.scene.nodes.images import add_volume
from BV5AnalysisLib.scene.nodes.outcome import Outcome
from BV5AnalysisLib.scene.nodes.segmentations import SURFACE
from BV5AnalysisLib.scene.views.arrangement import SLICE_VIEWS, arrange_views, show_in_slice
from BV5AnalysisLib.scene.views.display import DisplaySettings, apply_display
from BV5AnalysisLib.scene.views.layout import fill_views
from BV5AnalysisLib.scene.views.offscreen import OffscreenApplication
from BV5AnalysisLib.scene.views.selection import clear_selection, select_branch
from drawn_views import DrawnViews
from scans import machine

RESULT = Path(__file__).resolve().parent / "panel.md"
PHANTOM = ChestPhantomSpec(seed=1)
VIEW_PIXELS = (650, 460)
"""The 3D view of the review layout in a window of 1366 × 768."""
CHOICES = 25
"""Branches to choose, evenly spread over the list."""
TARGETS = {
    "read the case": "",
    "add it to the scene": "",
    "both": "",
    "show it in the views": "",
    "class off and on": "",
    "color of a class": "",
    "surfaces, first time": "",
    "surfaces, again": "",
    "choose a branch, median": "",
    "choose a branch, longest": "",
    "branch at a point, first": "",
    "branch at a point, again": "",
    "rows of the branches": "",
    "recompute, from the scene": "",
    "show the new numbers": "",
    "case shown after its analysis, drawn": "≤ 2",
    "class toggled, before drawing": "≤ 0.15",
    "class toggled, drawn": "",
    "branch chosen, before drawing": "≤ 0.15",
    "branch chosen, drawn": "",
    "recomputed after an exclusion, drawn": "≤ 2.5",
}
"""What is measured, and the seconds that it may take."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """Seconds by what was done, how large the case is, and draws of a view by what was done."""

    name: str
    size: str
    seconds: dict[str, float]
    draws: dict[str, int]


def seconds_of(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long work takes, and what it gives."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def measure(name: str, folder: Path, ct: Volume | None) -> Measured:
    """Do with a case what the panel does.

    Parameters
    ----------
    name : str
        To show.
    folder : pathlib.Path
        As ``bv5 analyze`` wrote it.
    ct : Volume or None
        Its scan, which Slicer would have.
    """
    application = OffscreenApplication()
    volume = add_volume(application.scene, "CT", ct) if ct is not None else None
    seconds = {}
    seconds["read the case"], case = seconds_of(lambda: read_case(folder))
    seconds["add it to the scene"], outcome = seconds_of(
        lambda: add_case(application.scene, case, volume)
    )
    seconds["both"] = seconds["read the case"] + seconds["add it to the scene"]
    if volume is not None:
        arrange_views(application, outcome)  # so that there are slice views
    seconds["show it in the views"], _ = seconds_of(
        lambda: fill_views(application.scene, application.logic, outcome)
    )
    seconds |= display_seconds(outcome)
    size = size_of(outcome)
    seconds |= choice_seconds(application, outcome)
    seconds["recompute, from the scene"], new = seconds_of(lambda: recomputed_case(outcome))
    seconds["show the new numbers"], _ = seconds_of(lambda: update_case(outcome, new))
    drawn, draws = drawn_seconds(folder, ct)
    return Measured(name, size, seconds | drawn, draws)


def drawn_seconds(folder: Path, ct: Volume | None) -> tuple[dict[str, float], dict[str, int]]:
    """Do what a user waits for, views included, and count how often a view draws for it."""
    application = OffscreenApplication()
    volume = add_volume(application.scene, "CT", ct) if ct is not None else None
    if volume is not None:
        for slice_view in SLICE_VIEWS:
            show_in_slice(application, slice_view, volume)
    views = DrawnViews(application, VIEW_PIXELS)
    views.settle()
    seconds, draws = {}, {}

    def step(what: str, work: Callable[[], Any]) -> Any:
        views.reset()
        began = time.perf_counter()
        with views.paused():
            result = work()
            before_drawing = time.perf_counter() - began
        views.settle()
        seconds[f"{what}, drawn"] = time.perf_counter() - began
        seconds[f"{what}, before drawing"] = before_drawing
        draws[what] = max(views.draws)
        return result

    def load_and_show() -> Outcome:
        outcome = add_case(application.scene, read_case(folder), volume)
        fill_views(application.scene, application.logic, outcome)
        apply_display(outcome, DisplaySettings())
        return outcome

    outcome = step("case shown after its analysis", load_and_show)
    default = DisplaySettings()
    look = dataclasses.replace(default.classes[SizeClass.BV5], visible=False)
    step("class toggled", lambda: apply_display(outcome, DisplaySettings({SizeClass.BV5: look})))
    apply_display(outcome, default)
    rows = branch_rows(outcome)
    branch = int(rows.branch_id[rows.mean_csa_mm2.argmax()])
    step("branch chosen", lambda: select_branch(outcome, branch, "Green", application.logic))
    erase_branch(outcome, branch)
    step("recomputed after an exclusion", lambda: update_case(outcome, recomputed_case(outcome)))
    views.close()
    return {what: taken for what, taken in seconds.items() if what in TARGETS}, draws


def display_seconds(outcome: Outcome) -> dict[str, float]:
    """Classes, colors, surfaces."""
    default = DisplaySettings()
    look = default.classes[SizeClass.BV5]
    off = {SizeClass.BV5: dataclasses.replace(look, visible=False)}
    green = {SizeClass.BV5: dataclasses.replace(look, color=(0.0, 1.0, 0.0))}

    def there_and_back(settings: DisplaySettings) -> float:
        there, _ = seconds_of(lambda: apply_display(outcome, settings))
        back, _ = seconds_of(lambda: apply_display(outcome, default))
        return (there + back) / 2

    surfaces = DisplaySettings(geometry="surfaces")
    toggles = [there_and_back(DisplaySettings(off)) for _ in range(5)]
    colors = [there_and_back(DisplaySettings(green)) for _ in range(5)]
    first, _ = seconds_of(lambda: apply_display(outcome, surfaces))
    apply_display(outcome, default)
    return {
        "class off and on": median(toggles),
        "color of a class": median(colors),
        "surfaces, first time": first,
        "surfaces, again": there_and_back(surfaces),
    }


def choice_seconds(application: OffscreenApplication, outcome: Outcome) -> dict[str, float]:
    """Choosing branches, by list and by point."""
    listing, rows = seconds_of(lambda: branch_rows(outcome))
    finder = BranchFinder()
    camera = np.array(application.camera.GetFocalPoint())
    first, _ = seconds_of(lambda: finder.branch_at(outcome, tuple(camera)))
    choices, points = [], []
    for index in np.linspace(0, len(rows.branch_id) - 1, CHOICES).astype(int):
        branch = int(rows.branch_id[index])
        taken, _ = seconds_of(
            lambda branch=branch: select_branch(outcome, branch, "Green", application.logic)
        )
        choices.append(taken)
        where = application.camera.GetFocalPoint()
        points.append(seconds_of(lambda where=where: finder.branch_at(outcome, where))[0])
    clear_selection(outcome, application.logic)
    return {
        "choose a branch, median": median(choices),
        "choose a branch, longest": max(choices),
        "branch at a point, first": first,
        "branch at a point, again": median(points),
        "rows of the branches": listing,
    }


def size_of(outcome: Outcome) -> str:
    """Voxels, branches and triangles."""
    voxels = " × ".join(map(str, outcome.record["input"]["size"]))
    tubes = sum(triangles(model.GetPolyData()) for model in outcome.tubesModels.values())
    segmentation = outcome.vesselsSegmentation.GetSegmentation()
    surfaces = [
        segmentation.GetSegment(key).GetRepresentation(SURFACE)
        for key in segmentation.GetSegmentIDs()
    ]
    shown = sum(triangles(surface) for surface in surfaces if surface is not None)
    branches = outcome.branchesTable.GetNumberOfRows()
    surfaces_too = f", surfaces {shown / 1e6:.2f} million" if shown else ""
    return (
        f"{voxels} voxels, {branches} branches, tubes {tubes / 1e6:.2f} million triangles"
        f"{surfaces_too}"
    )


def triangles(poly_data: Any) -> int:
    """Triangles that are drawn for polygons and strips."""
    count = 0
    for cells in (poly_data.GetPolys(), poly_data.GetStrips()):
        count += max(cells.GetNumberOfConnectivityIds() - 2 * cells.GetNumberOfCells(), 0)
    return count


def phantom_case(folder: Path) -> Volume:
    """Measure the phantom into a folder, and give its scan."""
    ct = chest_phantom(PHANTOM).volume
    write_case(folder, case_of("phantom", analyze(ct.to_sitk())))
    return ct


def shown(seconds: float) -> str:
    """Seconds as the table has them."""
    return f"{seconds:.3f}" if seconds >= 0.0005 else "< 0.001"


def load_now() -> float | None:
    """Average of the last minute, of this and all other work; None where nobody counts it."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def report(cases: list[Measured], load: float | None = None) -> str:
    """Write the page."""
    lines = [
        "# Speed of the panel",
        "",
        f"Seconds, {datetime.date.today().isoformat()}, {machine()}. Written by"
        " `make benchmark-panel`. Scene, logics, nodes and displayable managers are Slicer's own."
        f" Where it says drawn, a 3D view of {VIEW_PIXELS[0]} × {VIEW_PIXELS[1]} pixels and three"
        " slice views were drawn off-screen by software, once each or as told below; widgets are"
        " in none of the figures.",
        *(
            []
            if load is None
            else ["", f"Processes that ran or waited before it began: {load:.1f}."]
        ),
        "",
        "| | " + " | ".join(case.name for case in cases) + " | target |",
        "|---|" + "---:|" * (len(cases) + 1),
    ]
    for what, target in TARGETS.items():
        cells = " | ".join(shown(case.seconds[what]) for case in cases)
        lines.append(f"| {what} | {cells} | {target} |")
    lines += ["", *(f"- {case.name}: {case.size}; {draws_told(case.draws)}" for case in cases), ""]
    return "\n".join(lines)


def draws_told(draws: dict[str, int]) -> str:
    """Most draws of one view for each thing that a user does."""
    if set(draws.values()) == {1}:
        return "views drew once for each thing done"
    return ", ".join(f"{what}: {count} draws" for what, count in draws.items())


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", help="FOLDER, or FOLDER=CT, as bv5 analyze wrote it")
    parser.add_argument("--no-phantom", action="store_true", help="only the folders")
    options = parser.parse_args()
    if options.no_phantom and not options.cases:
        parser.error("without the phantom, give a folder")
    measured, load = [], load_now()
    if not options.no_phantom:
        with tempfile.TemporaryDirectory() as folder:
            ct = phantom_case(Path(folder))
            measured.append(measure("phantom", Path(folder), ct))
    for each in options.cases:
        folder, _, scan = each.partition("=")
        ct = read_scan(scan).volume if scan else None
        measured.append(measure(Path(folder).name, Path(folder), ct))
    page = report(measured, load)
    RESULT.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
