"""A cohort of invented patients, whose table is the published one."""

from __future__ import annotations

import slicer

from .. import layoutcheck, window
from ..packages import with_packages
from ..run import Run
from ..steps import step

FIRST_ROW = ["BV5 (%)", "46.89 (8.59)", "41.61 (6.95)"]
"""Of the published table: mean and standard deviation below and above 2 L/min of oxygen."""


@step(
    "cohort",
    "A cohort of invented patients gives the published table, and is shown in its own layout",
    limit=600,
    picture="6-cohort",
)
def cohort(run: Run) -> None:
    from BV5AnalysisLib.export.cohort.synthetic_tables import (
        CLINICAL,
        MEASUREMENTS,
        write_synthetic_cohort,
    )
    from BV5AnalysisLib.study.cohort.synthetic import synthetic_cohort

    folder = run.folder("cohort")
    write_synthetic_cohort(folder, synthetic_cohort())

    def analyze():
        return run.logic.analyzeCohort(folder / MEASUREMENTS, folder / CLINICAL)

    result = with_packages(run, ("statsmodels",), analyze)
    nodes = run.logic.showCohort(result)
    slicer.app.processEvents()
    table = nodes.tables["table1"]
    run.equal([table.GetCellText(0, at) for at in range(3)], FIRST_ROW, "first row of Table 1")
    run.check("groups" in nodes.charts, "there is no plot of the groups")
    shown = _layout()
    again = run.logic.showCohort(result)
    run.equal(set(again.tables), set(nodes.tables), "tables when it is shown again")
    slicer.app.processEvents()
    if run.has_window:
        manager = slicer.app.layoutManager()
        run.check(manager.tableViewCount >= 2, "fewer than two tables are shown")
        run.check(manager.plotViewCount >= 3, "fewer than three plots are shown")
        run.picture("6-cohort")
        _check_sizes(run)
    run.logic.restoreLayout()
    slicer.app.processEvents()
    run.check(_layout() not in (0, shown) or not run.has_window, "the cohort's layout stays")


def _check_sizes(run: Run) -> None:
    if not layoutcheck.are_laid_out():
        run.note("Sizes were not checked: the views of this Slicer are not in its window.")
        return
    problems = []
    try:
        for size in layoutcheck.SIZES:
            window.arrange(size)
            name = "{}x{}".format(*size)
            found = layoutcheck.too_small(layoutcheck.views())
            found.append(layoutcheck.unlike([plot.width for plot in layoutcheck.plots()]))
            problems += [f"{name}: {each}" for each in found if each]
            run.picture(f"cohort-{name}")
    finally:
        window.arrange(run.options.size)
    run.check(not problems, "\n".join(problems))


def _layout() -> int:
    """Number of the layout; 0 without views."""
    node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    return 0 if node is None else node.GetViewArrangement()
