"""Section Results: the shown case, its numbers, and their export."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from .messages import problems_shown
from .protocols import Logic, Reports
from .report_part import ReportPart
from .shown import ShownCase

CASE_ATTRIBUTE = ("BV5Analysis.case", "1")


class ResultsSection:
    """Measurements, the method behind them, copy, save, and the layout.

    Parameters
    ----------
    ui : object
        The form's widgets.
    logic : Logic
        Exports, and shows results.
    reports : Reports, optional
        Draws reports beside Slicer; without, the logic draws them while the window waits.
    """

    def __init__(
        self,
        ui: Any,
        logic: Logic,
        reports: Reports | None = None,
    ) -> None:
        self._ui = ui
        self._logic = logic
        self._case: ShownCase | None = None
        self._reporting = ReportPart(ui, logic, reports, self._say)

    def setup(self) -> None:
        """Connect the widgets."""
        ui = self._ui
        ui.caseSelector.addAttribute("vtkMRMLTextNode", *CASE_ATTRIBUTE)
        ui.copyButton.connect("clicked(bool)", self.onCopy)
        ui.saveCsvButton.connect("clicked(bool)", self.onSaveCsv)
        self._reporting.setup()
        ui.showLayoutButton.connect("clicked(bool)", self.onShowLayout)
        ui.restoreLayoutButton.connect("clicked(bool)", self.onRestoreLayout)

    def enable(self, enabled: bool) -> None:
        """Enable the section, which needs a parameter node."""
        self._ui.restoreLayoutButton.enabled = enabled
        self._ui.caseSelector.enabled = enabled

    @property
    def isReporting(self) -> bool:
        """Whether a report is being drawn, which its button cancels."""
        return self._reporting.isRunning

    def cleanup(self) -> None:
        """Stop what runs."""
        self._reporting.cleanup()

    def show(self, case: ShownCase | None) -> None:
        """Show a case, or None."""
        self._case = case
        ui = self._ui
        for button in (
            ui.copyButton,
            ui.saveCsvButton,
            ui.showLayoutButton,
        ):
            button.enabled = case is not None
        self._say("")
        self._reporting.show(case)
        ui.keyLabel.text = key_line(case) if case else ""
        ui.methodLabel.text = method_text(case) if case else ""
        for widget in (ui.keyLabel, ui.methodLabel, ui.measurementsTable):
            widget.visible = case is not None
        _fill(ui.measurementsTable, case.rows if case else [])
        self.showEdited(case is not None and case.edited)

    def showEdited(self, edited: bool) -> None:
        """Show whether the segmentations were edited since the numbers were computed."""
        self._ui.resultsEditedLabel.visible = edited

    def onCopy(self, _checked: bool = False) -> None:
        """Put the measurements on the clipboard."""
        with problems_shown(_("The measurements could not be copied."), busy=False):
            slicer.app.clipboard().setText(self._logic.measurementsText(self._case.outcome))
            self._say(_("Copied"))

    def onSaveCsv(self, _checked: bool = False) -> None:
        """Save the measurements as CSV."""
        with problems_shown(_("The measurements could not be saved."), busy=False):
            path = qt.QFileDialog.getSaveFileName(
                slicer.util.mainWindow(),
                _("Save measurements"),
                f"{self._case.file_name}.csv",
                _("CSV files (*.csv)"),
            )
            if not path:
                return
            path = Path(path)
            path = path if path.suffix else path.with_suffix(".csv")
            with slicer.util.WaitCursor():
                self._logic.exportTables(self._case.outcome, path)
            self._say(_("Saved {link}"), path)

    def onShowLayout(self, _checked: bool = False) -> None:
        """Show the case in the review layout."""
        with problems_shown(_("The case could not be shown.")):
            self._logic.showResults(self._case.outcome)

    def onRestoreLayout(self, _checked: bool = False) -> None:
        """Restore the previous layout."""
        with problems_shown(_("The layout could not be restored."), busy=False):
            self._logic.restoreLayout()

    def _say(self, text: str, path: Path | None = None) -> None:
        if path is not None:
            name = html.escape(path.name)
            text = text.format(link=f'<a href="{path.resolve().as_uri()}">{name}</a>')
        self._ui.resultsStatusLabel.toolTip = "" if path is None else str(path)
        self._ui.resultsStatusLabel.text = text
        self._ui.resultsStatusLabel.visible = bool(text)


def key_line(case: ShownCase) -> str:
    """Put the two key numbers and their intervals on one line, what speaks against them first."""
    row = case.measurements[0]
    numbers = _("BV5 {percent} %{percent_range} · TPBV {volume} mL{volume_range}").format(
        percent=_number(row["bv5_pct"]),
        percent_range=_range(row, "bv5_pct", " ({low}–{high})"),
        volume=_number(row["tpbv_ml"]),
        volume_range=_range(row, "tpbv_ml", " ({low}–{high})"),
    )
    if case.trusted:
        return numbers
    return _("Cannot be trusted, see Findings: {numbers}").format(numbers=numbers)


def method_text(case: ShownCase) -> str:
    """Describe the definition and parameters behind the numbers."""
    record, parameters, calibration = case.record, case.parameters, case.record["calibration"]
    low, high = parameters["class_bounds_mm2"]
    given = parameters["blood_hu"] is not None
    not_measured = any(f["code"] == "blood_not_measured" for f in record["findings"])
    source = _("given") if given else _("as usual") if not_measured else _("measured")
    lines = [
        _("Floor {floor:g} mm², class bounds {low:g} and {high:g} mm²").format(
            floor=parameters["minimum_csa_mm2"], low=low, high=high
        ),
        _("Blood {blood:.0f} HU ({source}), shortest tree {length:g} mm").format(
            blood=calibration["blood_hu"],
            source=source,
            length=parameters["minimum_component_length_mm"],
        ),
        _("Areas by integrated attenuation; BV5 Analysis {version}").format(
            version=record["software"]["bv5-analysis"]
        ),
    ]
    lines.append(hilum_text(parameters))
    if case.edits:
        lines.append(_("Edited by hand"))
    lines += [_("Not given: {reason}").format(reason=reason) for reason in case.withheld]
    return ". ".join(line.removesuffix(".") for line in lines) + "."


def hilum_text(parameters: dict[str, Any]) -> str:
    """Say how hilar blood counts."""
    if parameters["hilum"] == "included":
        return _("Hilar blood included")
    percent = 100 * parameters["hilum_share"]
    return _("Hilar blood apart, lung on less than {percent:g} % of sides").format(percent=percent)


def table_rows() -> list[tuple[str, str]]:
    """Quantities in the table: column of ``measurements.csv``, and text. Few fit a narrow panel."""
    return [
        ("lung_volume_ml", _("Lung mL")),
        ("tpbv_ml", _("TPBV mL")),
        ("bv5_ml", _("BV5 mL")),
        ("bv5_pct", _("BV5 %")),
        ("bv5_10_ml", _("BV5-10 mL")),
        ("bv5_10_pct", _("BV5-10 %")),
        ("bv10_ml", _("BV10 mL")),
        ("bv10_pct", _("BV10 %")),
        ("below_floor_ml", _("Below floor mL")),
        ("tpbv_ml_per_l", _("TPBV mL/L")),
        ("ground_glass_pct", _("Ground glass %")),
        ("reticulation_pct", _("Reticulation %")),
        ("consolidation_pct", _("Consolidation %")),
        ("hilar_ml", _("Hilar mL")),
    ]


def _fill(table: qt.QTableWidget, measurements: list[dict[str, Any]]) -> None:
    """One row a quantity, one column a region."""
    regions = {"both": _("Both"), "right": _("Right"), "left": _("Left")}
    # What the analysis did not look for, as in a case of an earlier version, has no row.
    rows = [row for row in table_rows() if any(row[0] in each for each in measurements)]
    table.setRowCount(len(rows))
    table.setColumnCount(len(measurements))
    table.setVerticalHeaderLabels([text for _key, text in rows])
    table.setHorizontalHeaderLabels([regions.get(m["region"], m["region"]) for m in measurements])
    for column, measurement in enumerate(measurements):
        for row, (key, _text) in enumerate(rows):
            item = qt.QTableWidgetItem(_number(measurement.get(key)))
            item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            item.setToolTip(_range(measurement, key, _("90 % interval {low} to {high}")))
            table.setItem(row, column, item)
    table.resizeColumnsToContents()
    table.resizeRowsToContents()
    table.updateGeometry()


def _range(row: dict[str, Any], key: str, text: str) -> str:
    """Text with the interval of a value; empty where it has none, as in earlier versions."""
    low, high = row.get(f"{key}_low"), row.get(f"{key}_high")
    return "" if low is None or high is None else text.format(low=_number(low), high=_number(high))


def _number(value: float | None) -> str:
    """One decimal, none from 1000 on; a dash for what is no number."""
    return "–" if value is None else f"{value:.1f}" if abs(value) < 1000 else f"{value:.0f}"
