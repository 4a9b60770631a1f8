"""The panel's branch list, as a user's clicks and eyes have it."""

from __future__ import annotations

import qt
import slicer

from .run import Run


def choose(run: Run, branch: int) -> None:
    """Choose a branch in the list: sorted by number, and unfiltered, its row is its number."""
    ui = run.ui
    ui.reviewCollapsibleButton.collapsed = False
    ui.branchesTable.sortByColumn(0, qt.Qt.AscendingOrder)
    slicer.app.processEvents()
    ui.branchesTable.setCurrentIndex(ui.branchesTable.model().index(branch, 0))
    slicer.app.processEvents()
    run.equal(chosen(run), branch, "branch chosen in the list")


def chosen(run: Run) -> int | None:
    """Number of the chosen branch; None without one."""
    row = run.ui.branchesTable.currentIndex().row()
    return None if row < 0 else int(cell(run, 0))


def cell(run: Run, column: int) -> float:
    """What the chosen row says in a column; only rows that are seen have texts."""
    table = run.ui.branchesTable
    row = table.currentIndex().row()
    run.check(row >= 0, "no row is chosen")
    text = table.model().data(table.model().index(row, column))
    run.check(text is not None, "the chosen row has no text")
    return float(str(text).removesuffix(" %"))
