"""The list of branches: sorted by numbers, filtered, thousands of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from .branchrows import BranchRow, listed

NUMBER_ROLE = 256
"""Qt.UserRole: what a column is sorted by. Texts would put 10 before 9."""
CONFIDENCE_COLUMN = 1
VISIBLE_ROWS_ONLY = 0
CLASS_ORDER = (4, 1, 2, 3)
"""`SizeClass` values from thin to thick."""


class BranchList:
    """Fills the table, and says which branch is chosen.

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
        self._filling = False
        self._sized = False
        self._model = qt.QStandardItemModel()
        self._selection: qt.QItemSelectionModel | None = None

    def setup(self) -> None:
        """Connect the widgets."""
        table = self._ui.branchesTable
        self._model.setSortRole(NUMBER_ROLE)
        self._model.setColumnCount(len(_columns()))
        self._model.setHorizontalHeaderLabels([title for title, _tip in _columns()])
        for column, (_title, tip) in enumerate(_columns()):
            self._model.setHeaderData(column, qt.Qt.Horizontal, tip, qt.Qt.ToolTipRole)
        table.setModel(self._model)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(22)
        table.horizontalHeader().setResizeContentsPrecision(VISIBLE_ROWS_ONLY)
        table.horizontalHeader().setStretchLastSection(True)
        table.sortByColumn(CONFIDENCE_COLUMN, qt.Qt.AscendingOrder)
        self._selection = table.selectionModel()
        self._selection.connect(
            "currentRowChanged(QModelIndex,QModelIndex)", self._onCurrentRowChanged
        )

    def show(self, rows: list[BranchRow], sizeClass: int, doubtfulOnly: bool) -> None:
        """List branches, keeping the order that the user chose and, where it can, the row.

        Parameters
        ----------
        rows : list of BranchRow
            All branches.
        sizeClass : int
            `SizeClass` to list; 0 for all.
        doubtfulOnly : bool
            Whether to leave out those whose class is sure.
        """
        chosen = self.current()
        shown = listed(rows, sizeClass, doubtfulOnly)
        table, model = self._ui.branchesTable, self._model
        header = table.horizontalHeader()
        column, order = header.sortIndicatorSection(), header.sortIndicatorOrder()
        self._filling = True
        try:
            table.setSortingEnabled(False)
            model.setRowCount(0)
            model.setRowCount(len(shown))
            for index, row in enumerate(shown):
                self._fill(index, row)
            table.setSortingEnabled(True)
            table.sortByColumn(column, order)
            if not self._sized and shown:
                table.resizeColumnsToContents()
                self._sized = True
            row = None if chosen is None else self._rowOf(chosen)
            if row is not None:
                self._go(row)
        finally:
            self._filling = False
        self._ui.branchCountLabel.text = count_text(len(shown), len(rows))

    def current(self) -> int | None:
        """ID of the chosen branch."""
        row = self._ui.branchesTable.currentIndex().row()
        return None if row < 0 else self._idOf(row)

    def choose(self, branchId: int) -> bool:
        """Choose a branch as a click would; False if it is not listed."""
        row = self._rowOf(branchId)
        if row is None:
            return False
        self._go(row)
        return True

    def clear(self) -> None:
        """Choose none."""
        self._selection.clear()

    def step(self, by: int) -> None:
        """Choose the next (1) or previous (-1) branch in the shown order."""
        count = self._model.rowCount()
        if count:
            row = self._ui.branchesTable.currentIndex().row()
            self._go(0 if row < 0 else min(max(row + by, 0), count - 1))

    def _go(self, row: int) -> None:
        index = self._model.index(row, 0)
        self._ui.branchesTable.setCurrentIndex(index)
        self._ui.branchesTable.scrollTo(index)

    def _fill(self, index: int, row: BranchRow) -> None:
        model = self._model
        for column, (number, text) in enumerate(_cells(row)):
            cell = model.index(index, column)
            model.setData(cell, text)
            model.setData(cell, number, NUMBER_ROLE)

    def _idOf(self, row: int) -> int:
        return int(self._model.data(self._model.index(row, 0), NUMBER_ROLE))

    def _rowOf(self, branchId: int) -> int | None:
        for row in range(self._model.rowCount()):
            if self._idOf(row) == branchId:
                return row
        return None

    def _onCurrentRowChanged(self, _current: Any = None, _previous: Any = None) -> None:
        chosen = None if self._filling else self.current()
        if chosen is not None:
            self._onChosen(chosen)


def _columns() -> list[tuple[str, str]]:
    return [
        (_("No."), _("Number of the branch")),
        (_("Sure"), _("Probability that the mean area lies in its class, %")),
        (_("Class"), _("Size class")),
        (_("mm²"), _("Mean cross-sectional area, mm²")),
        (_("To bound"), _("Distance of the mean area from the nearest bound of its class, mm²")),
        (_("mm"), _("Length, mm")),
        (_("mL"), _("Blood volume, mL")),
        (_("Lung"), _("Lung that the middle of the branch lies in")),
    ]


def _cells(row: BranchRow) -> list[tuple[float | int | str, str]]:
    """Give what each column sorts by, and shows."""
    return [
        (row.branchId, str(row.branchId)),
        (row.confidence, f"{100 * row.confidence:.0f} %"),
        (CLASS_ORDER.index(row.sizeClass), row.className),
        (row.meanCsaMm2, f"{row.meanCsaMm2:.2f}"),
        (row.distanceMm2, f"{row.distanceMm2:.2f}"),
        (row.lengthMm, f"{row.lengthMm:.1f}"),
        (row.volumeMl, f"{row.volumeMl:.3f}"),
        (row.lung, {"right": _("Right"), "left": _("Left")}.get(row.lung, "")),
    ]


def count_text(shown: int, count: int) -> str:
    """How many branches are listed."""
    if shown == count:
        return _("{count} branches").format(count=count)
    return _("{shown} of {count} branches").format(shown=shown, count=count)
