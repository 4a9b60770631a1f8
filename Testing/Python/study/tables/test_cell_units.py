"""Units behind the numbers of a clinical table's cells count."""

import numpy as np
import openpyxl
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.cohort.analysis import analyze_cohort
from BV5AnalysisLib.study.cohort.options import CohortOptions
from BV5AnalysisLib.study.tables.cell_units import common_unit
from BV5AnalysisLib.study.tables.clinical import read_clinical
from helpers.cohort_tables import (
    clinical,
    clinical_rows,
    column,
    measurements,
    with_column,
    workbook,
)


def read(folder, title, cells, instead_of):
    rows = with_column(clinical_rows(), title, cells, instead_of)
    return read_clinical(clinical(folder, rows, delimiter=";"))


def test_percent_behind_every_fio2(tmp_path):
    fio2 = column(clinical_rows(), "fio2")
    table = read(tmp_path, "FiO2", [f"{100 * each:.0f} %" for each in fio2], "fio2")
    np.testing.assert_allclose(table.columns["fio2"], fio2)
    assert any("FiO2 says percent in 10 cells" in note for note in table.notes)


@pytest.mark.parametrize("title", ["PaO2", "PaO2 (mmHg)"])
def test_kpa_behind_every_pao2(tmp_path, title):
    table = read(tmp_path, title, ["10.9 kPa", *["10,9kPa"] * 9], "pao2_mmhg")
    np.testing.assert_allclose(table.columns["pao2_mmhg"], 10.9 * 760 / 101.325)


def test_units_that_differ_by_cell(tmp_path):
    cells = ["0.4", "40%", "40 Vol.%", "0.4", "room air", *["0.5"] * 5]
    table = read(tmp_path, "fio2", cells, "fio2")
    np.testing.assert_allclose(table.columns["fio2"], [0.4, 0.4, 0.4, 0.4, 0.21, *[0.5] * 5])


def test_flow_with_its_unit(tmp_path):
    cells = ["2 L/min", "3l", "500 mL/min", "4 lpm", *["1"] * 6]
    table = read(tmp_path, "O2 flow", cells, "oxygen_l_min")
    np.testing.assert_allclose(table.columns["oxygen_l_min"], [2, 3, 0.5, 4, *[1] * 6])


def test_a_unit_of_something_else_is_no_number(tmp_path):
    table = read(tmp_path, "fio2", ["0.4 kg", *["0.4"] * 9], "fio2")
    assert [cell.text for cell in table.unusable] == ["0.4 kg"]


def test_blood_gases_that_cannot_be_read_are_missing_and_listed(tmp_path):
    table = read(tmp_path, "FiO2", ["40 parts"] * 10, "fio2")
    assert np.isnan(table.columns["fio2"]).all()
    assert len(table.unusable) == 10


def test_a_bare_column_in_another_unit_is_still_refused(tmp_path):
    with pytest.raises(AnalysisError, match="seems to be in kPa"):
        read(tmp_path, "PaO2", ["90 mmHg", *["10.9"] * 9], "pao2_mmhg")


def test_a_unit_that_all_numbers_have():
    assert common_unit(["12 mg/L", "n/a", "3.5mg/L", ""]) == (["12", "n/a", "3.5", ""], "mg/L")
    assert common_unit(["45%", "38.5 %"]) == (["45", "38.5"], "%")
    for cells in (["45%", "0.4"], ["1A", "2A"], ["5 mg", "5 kg"], ["none", "few", "5 mg"]):
        assert common_unit(cells) == (cells, "")


@pytest.mark.parametrize("unit", ["m", "cm", "mm", "g", "kg", "mg", "l", "mL", "µg/L", "bpm"])
def test_common_units(unit):
    assert common_unit([f"12 {unit}", f"3.5{unit}"]) == (["12", "3.5"], unit)


@pytest.mark.parametrize("unit", ["mmm", "a", "mgg"])
def test_what_is_no_unit(unit):
    assert common_unit([f"12 {unit}", f"3 {unit}"]) == ([f"12 {unit}", f"3 {unit}"], "")


def test_a_column_with_units_is_a_number(tmp_path):
    table = read(tmp_path, "CRP", [f"{i} mg/L" for i in range(10)], "age")
    assert table.columns["crp"].tolist() == list(range(10))
    assert next(each.title for each in table.variables if each.key == "crp") == "CRP (mg/L)"
    table = read(tmp_path, "CRP (mg/L)", [f"{i} mg/dL" for i in range(10)], "age")
    assert "CRP (mg/L)" in table.left_out


@pytest.mark.parametrize("title", ["FiO2", "FiO2 (%)"])
def test_fractions_that_excel_shows_as_percent(tmp_path, title):
    fio2 = column(clinical_rows(), "fio2")
    path = workbook(tmp_path, with_column(clinical_rows(), title, fio2, "fio2"))
    book = openpyxl.load_workbook(path)
    for row in range(2, 12):
        book.active.cell(row, 5).number_format = "0 %"
    book.save(path)
    np.testing.assert_allclose(read_clinical(path).columns["fio2"], fio2)


def test_fio2_that_cannot_be_read_is_missing_in_the_result_and_not_estimated(tmp_path):
    fio2 = ["0.4O", *column(clinical_rows(), "fio2")[1:]]
    rows = with_column(clinical_rows(), "FiO2", fio2, "fio2")
    result = analyze_cohort(
        measurements(tmp_path), clinical(tmp_path, rows), CohortOptions(resamples=100)
    )
    assert np.isnan(result.cohort.columns["aado2_mmhg"][0])
    assert [(each.case, each.text) for each in result.cohort.unusable] == [("P01", "0.4O")]
    assert any("FiO2 was not estimated in 1 case" in note for note in result.cohort.notes)
