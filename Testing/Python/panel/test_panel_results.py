"""Findings and results: what is said, and the buttons."""

import pytest
import slicer
from BV5AnalysisLib.imaging.errors import AnalysisError
from panel.panel_fakes import RECORD


def texts(table):
    return [
        [table.item(row, column).text() for column in range(table.columnCount)]
        for row in range(table.rowCount)
    ]


def finding_rows(bench):
    layout = bench.ui.findingsContainer.layout()
    return [
        layout.itemAtPosition(row, 1).widget().text
        for row in range(layout.rowCount())
        if layout.itemAtPosition(row, 1) is not None
    ]


def test_findings_worst_first(bench):
    bench.showCase()
    assert bench.ui.findingsSummaryLabel.text == "1 error, 2 warnings, 1 note"
    assert finding_rows(bench) == ["An error.", "A warning.", "Another.", "A note."]


def test_texts_from_outside_are_no_markup(bench):
    finding = RECORD["findings"][0] | {"text": "Areas <b>below</b> 5 mm²"}
    bench.showCase(findings=[finding])
    bench.logic.setReview(bench.logic.outcomes()[0], "accepted", "<b>A</b>", "")
    label = bench.ui.findingsContainer.layout().itemAtPosition(0, 1).widget()
    plain = bench.qt.Qt.PlainText
    assert label.textFormat == plain
    assert bench.ui.reviewStateLabel.textFormat == plain
    assert bench.ui.analyzeHintLabel.textFormat == plain
    assert bench.ui.methodLabel.textFormat == plain


def test_findings_of_the_next_case_replace_them(bench):
    bench.showCase()
    bench.showCase("Clean", findings=[])
    assert finding_rows(bench) == []
    assert "Nothing" in bench.ui.findingsSummaryLabel.text


def test_measurements_in_ml_and_percent(bench):
    bench.showCase()
    rows = texts(bench.ui.measurementsTable)
    assert [row[0] for row in rows] == [
        "2500",
        "125.0",
        "40.1",
        "32.1",
        "25.0",
        "20.0",
        "59.9",
        "47.9",
        "5.0",
    ]
    header = bench.ui.measurementsTable.horizontalHeaderItem
    assert [header(column).text() for column in range(3)] == ["Both", "Right", "Left"]


def test_given_regions_keep_their_names(bench):
    region = RECORD["measurements"][0] | {"region": "Lobe Ä"}
    bench.showCase(measurements=[*RECORD["measurements"], region])
    assert bench.ui.measurementsTable.horizontalHeaderItem(3).text() == "Lobe Ä"


def test_no_blood_is_shown_as_dashes(bench):
    nothing = dict.fromkeys(RECORD["measurements"][0], 0.0)
    nothing |= {"region": "both", "bv5_pct": None, "bv5_10_pct": None, "bv10_pct": None}
    bench.showCase(measurements=[nothing, *RECORD["measurements"][1:]])
    assert bench.ui.keyLabel.text.endswith("BV5 – % · TPBV 0.0 mL")
    assert [row[0] for row in texts(bench.ui.measurementsTable)[2:4]] == ["0.0", "–"]


def test_an_error_of_any_code_stands_before_the_numbers(bench):
    error = {"code": "never_heard_of", "severity": "error", "text": "Lost.", "value": None}
    bench.showCase(findings=[error])
    assert bench.ui.keyLabel.text == "Cannot be trusted, see Findings: BV5 32.1 % · TPBV 125.0 mL"
    bench.showCase("Clean", findings=[error | {"severity": "warning"}])
    assert bench.ui.keyLabel.text == "BV5 32.1 % · TPBV 125.0 mL"


def test_what_is_withheld_is_a_dash_with_its_reason(bench):
    rows = [row | {"tpbv_ml": None} for row in RECORD["measurements"]]
    withheld = {"code": "incomplete_chest", "reason": "The scan shows a slab.", "measures": []}
    bench.showCase(measurements=rows, withheld=[withheld])
    assert texts(bench.ui.measurementsTable)[1] == ["–"] * 3
    assert "Not given: The scan shows a slab." in bench.ui.methodLabel.text


def test_opacities_have_rows_where_they_were_measured(bench):
    bench.showCase()
    names = bench.ui.measurementsTable.verticalHeaderItem
    assert "Ground glass %" not in [names(i).text() for i in range(9)]
    keys = ("ground_glass", "reticulation", "consolidation", "opacity")
    values = dict.fromkeys([f"{key}_{unit}" for key in keys for unit in ("ml", "pct")], 7.5)
    both = {"region": "both", "lung_volume_ml": 2500.0} | values
    bench.showCase("Other", opacities=[both])
    assert [names(i).text() for i in range(9, 12)] == [
        "Ground glass %",
        "Reticulation %",
        "Consolidation %",
    ]
    assert texts(bench.ui.measurementsTable)[9] == ["7.5", "–", "–"]


def test_method_states_parameters_blood_and_version(bench):
    bench.showCase()
    text = bench.ui.methodLabel.text
    assert "Floor 1.25 mm²" in text
    assert "5 and 10 mm²" in text
    assert "43 HU (measured)" in text
    assert "9.9" in text
    given = RECORD["parameters"] | {"blood_hu": 43.2}
    bench.showCase("Given", parameters=given)
    assert "43 HU (given)" in bench.ui.methodLabel.text


def test_copy(bench):
    bench.showCase()
    bench.ui.copyButton.click()
    assert slicer.app.clipboard().text() == "region\ttpbv_ml\nboth\t125.0\n"
    assert bench.ui.resultsStatusLabel.text == "Copied"


def test_save_csv(bench, tmp_path):
    outcome = bench.showCase()
    bench.ui.saveCsvButton.click()
    assert bench.logic.called("exportTables") == []
    bench.messages.answer("getSaveFileName", str(tmp_path / "Tabelle ä"))
    bench.ui.saveCsvButton.click()
    path = tmp_path / "Tabelle ä.csv"
    assert bench.logic.called("exportTables") == [(outcome, path)]
    assert path.exists()
    assert bench.ui.resultsStatusLabel.visible
    assert path.as_uri() in bench.ui.resultsStatusLabel.text


def test_save_csv_that_fails(bench, tmp_path):
    bench.showCase()
    bench.logic.fails["exportTables"] = PermissionError("No right to write there.")
    bench.messages.answer("getSaveFileName", str(tmp_path / "a.csv"))
    bench.ui.saveCsvButton.click()
    assert "No right to write there." in bench.messages.texts("error")[0]
    assert not bench.ui.resultsStatusLabel.visible


@pytest.mark.parametrize("button", ["saveCsvButton", "saveReportButton"])
def test_what_fails_before_saving_is_told(bench, monkeypatch, tmp_path, button):
    def fail(_case):
        raise AnalysisError("The record is damaged.")

    bench.showCase()
    bench.messages.answer("getExistingDirectory", str(tmp_path))
    monkeypatch.setattr("BV5AnalysisLib.panel.shown.ShownCase.file_name", property(fail))
    getattr(bench.ui, button).click()
    (told,) = bench.messages.texts("error")
    assert "could not be saved" in told
    assert "The record is damaged." in told


def test_save_report_into_a_new_folder(bench, tmp_path):
    outcome = bench.showCase("Case: 1/2")
    bench.messages.answer("getExistingDirectory", str(tmp_path))
    bench.ui.saveReportButton.click()
    assert bench.logic.called("exportReport") == [(outcome, tmp_path / "Case_ 1_2", False)]
    assert "report.html" in bench.ui.resultsStatusLabel.text


def test_save_report_that_fails(bench, tmp_path):
    bench.showCase()
    bench.logic.fails["exportReport"] = AnalysisError("The CT was deleted.")
    bench.messages.answer("getExistingDirectory", str(tmp_path))
    bench.ui.saveReportButton.click()
    assert "The CT was deleted." in bench.messages.texts("error")[0]
    assert not bench.ui.resultsStatusLabel.visible


def test_save_report_asks_before_it_replaces(bench, tmp_path):
    outcome = bench.showCase("Case")
    (tmp_path / "Case").mkdir()
    bench.messages.answer("getExistingDirectory", str(tmp_path), str(tmp_path))
    bench.ui.saveReportButton.click()
    assert bench.logic.called("exportReport") == []
    bench.messages.answer("confirmOkCancel", True)
    bench.ui.saveReportButton.click()
    assert bench.logic.called("exportReport") == [(outcome, tmp_path / "Case", True)]


def test_layout_buttons(bench):
    outcome = bench.showCase()
    bench.ui.showLayoutButton.click()
    assert bench.logic.called("showResults") == [(outcome,), (outcome,)]
    bench.ui.restoreLayoutButton.click()
    assert bench.logic.called("restoreLayout") == [()]


def test_a_failing_button_tells_why(bench):
    bench.showCase()
    bench.logic.fails["showResults"] = AnalysisError("The CT was deleted.")
    bench.ui.showLayoutButton.click()
    assert "The CT was deleted." in bench.messages.texts("error")[0]
