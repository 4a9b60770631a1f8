"""The list of branches: sorted by numbers, filtered, quick with ten thousand rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from .branch_rows import SORT_KEYS, BranchRow, listed

CONFIDENCE_COLUMN = 1
ROW_HEIGHT = 22
FILLED_AHEAD = 100
"""Rows filled from the first visible one on; more than any screen shows."""
VISIBLE_ROWS_ONLY = 0


class BranchList:
    """Fills the table, and says which branch is chosen.

    Rows get their texts when they come into view: a call to Qt takes some microseconds, which a
    hundred thousand cells would add up. For the same reason rows are sorted here.

    Parameters
    ----------
    ui : object
        The form's widgets.
    onChosen : callable
        Gets the ID of the branch that the user chose.
    """

    def __init__(self, ui: Any, onChosen: Callable[[int], None]) -> None:
        self._ui = ui
        self._onChosen = onChosen
        self._rows: list[BranchRow] = []
        self._count = 0
        self._filled: set[int] = set()
        self._chosen: int | None = None
        self._next = 0
        self._filling = False
        self._sized = False
        self._model = qt.QStandardItemModel()
        self._selection: qt.QItemSelectionModel | None = None

    def setup(self) -> None:
        """Connect the widgets."""
        table = self._ui.branchesTable
        self._model.setColumnCount(len(_columns()))
        self._model.setHorizontalHeaderLabels([title for title, _tip in _columns()])
        for column, (_title, tip) in enumerate(_columns()):
            self._model.setHeaderData(column, qt.Qt.Horizontal, tip, qt.Qt.ToolTipRole)
        table.setModel(self._model)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = table.horizontalHeader()
        header.setResizeContentsPrecision(VISIBLE_ROWS_ONLY)
        header.setStretchLastSection(True)
        header.setSortIndicator(CONFIDENCE_COLUMN, qt.Qt.AscendingOrder)
        # Qt has sorted the texts that exist by then; what counts is the heading that was chosen.
        header.connect("sortIndicatorChanged(int,Qt::SortOrder)", self._onSorted)
        self._model.connect("layoutChanged()", self._onSorted)
        table.verticalScrollBar().connect("valueChanged(int)", self._fillVisible)
        self._selection = table.selectionModel()
        self._selection.connect(
            "currentRowChanged(QModelIndex,QModelIndex)", self._onCurrentRowChanged
        )

    def show(self, rows: list[BranchRow], sizeClass: int, doubtfulOnly: bool) -> None:
        """List branches in the order that the user chose; the chosen one stays so if it can.

        Parameters
        ----------
        rows : list of BranchRow
            All branches.
        sizeClass : int
            `SizeClass` to list; 0 for all.
        doubtfulOnly : bool
            Whether to leave out those whose class is sure.
        """
        self._rows = listed(rows, sizeClass, doubtfulOnly)
        self._count = len(rows)
        self.showCount()
        self._arrange(self._next)

    def showCount(self) -> None:
        """Show how many branches are listed, in place of any other note."""
        self._ui.branchCountLabel.text = count_text(len(self._rows), self._count)

    def restart(self) -> None:
        """Let `step` start at the top."""
        self._chosen, self._next = None, 0

    def current(self) -> int | None:
        """ID of the chosen branch."""
        return self._chosen

    def choose(self, branchId: int) -> bool:
        """Choose a branch as a click would; False if it is not listed."""
        row = self._rowOf(branchId)
        if row is None:
            return False
        self._go(row)
        return True

    def clear(self) -> None:
        """Choose none; `step` continues from the same place."""
        self._chosen = None
        self._selection.clear()

    def step(self, by: int) -> None:
        """Choose the next (1) or previous (-1) branch in the shown order."""
        if self._rows:
            row = self._next if self._chosen is None else self._next + by
            self._go(min(max(row, 0), len(self._rows) - 1))

    def _go(self, row: int) -> None:
        index = self._model.index(row, 0)
        self._ui.branchesTable.setCurrentIndex(index)
        self._ui.branchesTable.scrollTo(index)

    def _onSorted(self, _column: int = 0, _order: int = 0) -> None:
        if not self._filling:
            self._arrange(0)

    def _arrange(self, place: int) -> None:
        """Sort the rows; `step` continues at the chosen branch or, without one, at a place."""
        header, model = self._ui.branchesTable.horizontalHeader(), self._model
        descending = header.sortIndicatorOrder() == qt.Qt.DescendingOrder
        self._rows.sort(key=SORT_KEYS[header.sortIndicatorSection()], reverse=descending)
        chosen = self._chosen
        self._filling = True
        try:
            self._filled.clear()
            model.setRowCount(0)
            model.setRowCount(len(self._rows))
            self._next = min(place, max(len(self._rows) - 1, 0))
            row = None if chosen is None else self._rowOf(chosen)
            self._chosen = None if row is None else chosen
            if row is not None:
                self._next = row
                self._go(row)
            self._fillVisible()
        finally:
            self._filling = False

    def _fillVisible(self, _value: int = 0) -> None:
        first = max(self._ui.branchesTable.rowAt(0), 0)
        for row in range(first, min(first + FILLED_AHEAD, len(self._rows))):
            if row not in self._filled:
                self._filled.add(row)
                for column, text in enumerate(_texts(self._rows[row])):
                    self._model.setData(self._model.index(row, column), text)
        if self._rows and not self._sized:
            self._sized = True
            self._ui.branchesTable.resizeColumnsToContents()

    def _rowOf(self, branchId: int) -> int | None:
        rows = (row for row, branch in enumerate(self._rows) if branch.branchId == branchId)
        return next(rows, None)

    def _onCurrentRowChanged(self, _current: Any = None, _previous: Any = None) -> None:
        row = self._ui.branchesTable.currentIndex().row()
        if self._filling or row < 0:
            return
        self._next, self._chosen = row, self._rows[row].branchId
        self._onChosen(self._chosen)


def _columns() -> list[tuple[str, str]]:
    """Titles and tool tips; what they are sorted by is in `SORT_KEYS`."""
    return [
        (_("No."), _("Number of the branch")),
        (_("Sure"), _("Probability that the mean area lies in its class, %")),
        (_("Class"), _("Size class")),
        (_("mm²"), _("Mean cross-sectional area, mm²")),
        (_("To bound"), _("Distance of the mean area from the nearest bound of its class, mm²")),
        (_("mm"), _("Length, mm")),
        (_("mL"), _("Blood volume, mL")),
        (_("Lung"), _("Lung that the middle of the branch lies in")),
        (_("Hilar"), _("Share of its length that is hilar, %")),
    ]


def _texts(row: BranchRow) -> list[str]:
    return [
        str(row.branchId),
        f"{100 * row.confidence:.0f} %",
        row.className,
        f"{row.meanCsaMm2:.2f}",
        f"{row.distanceMm2:.2f}",
        f"{row.lengthMm:.1f}",
        f"{row.volumeMl:.3f}",
        {"right": _("Right"), "left": _("Left")}.get(row.lung, ""),
        "" if math.isnan(row.hilarPct) else f"{row.hilarPct:.0f} %",
    ]


def count_text(shown: int, count: int) -> str:
    """How many branches are listed."""
    if shown == count:
        return _("{count} branches").format(count=count)
    return _("{shown} of {count} branches").format(shown=shown, count=count)
