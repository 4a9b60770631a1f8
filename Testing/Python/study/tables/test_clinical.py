"""Clinical tables of all sorts are understood, or refused with the way out."""

import math

import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.tables.clinical import read_clinical
from helpers.cohort_tables import (
    PAO2,
    case_names,
    clinical,
    clinical_rows,
    column,
    with_column,
    workbook,
)

KPA = [round(value / 7.50062, 2) for value in PAO2]


def with_pao2(values, title="PaO2"):
    return with_column(clinical_rows(), title, values, instead_of="pao2_mmhg")


def read(folder, rows, **options):
    return read_clinical(clinical(folder, rows), case_names(), **options)


def refusal(folder, rows, **options):
    with pytest.raises(AnalysisError) as caught:
        read(folder, rows, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def notes(table):
    return " ".join(table.notes)


def test_a_plain_table(tmp_path):
    table = read(tmp_path, clinical_rows())
    assert table.cases == tuple(case_names())
    assert table.columns["pao2_mmhg"].tolist() == list(PAO2)
    assert table.columns["sex"].tolist()[:2] == ["male", "female"]
    assert {each.key: each.title for each in table.variables}["age"] == "Age (years)"
    assert not table.unusable


def test_the_same_table_as_a_workbook(tmp_path):
    text, book = read(tmp_path, clinical_rows()), workbook(tmp_path, clinical_rows())
    found = read_clinical(book, case_names())
    for key, values in text.columns.items():
        assert found.columns[key].tolist() == values.tolist()


def test_semicolons_and_decimal_commas(tmp_path):
    rows = [[str(cell).replace(".", ",") for cell in row] for row in clinical_rows()]
    table = read_clinical(clinical(tmp_path, rows, delimiter=";"), case_names())
    assert table.columns["fio2"][4] == 0.28
    assert "decimal commas" in notes(table)


def test_a_unit_in_the_title_is_converted_and_told(tmp_path):
    table = read(tmp_path, with_pao2(KPA, "PaO2 (kPa)"))
    assert table.columns["pao2_mmhg"] == pytest.approx(PAO2, abs=0.05)
    assert "converted from kPa to mmHg" in notes(table)


def test_a_unit_that_is_assumed_is_told(tmp_path):
    assert "PaO2 as PaO2 (mmHg) (unit assumed)" in notes(read(tmp_path, with_pao2(PAO2)))
    given = read(tmp_path, with_pao2(PAO2), units={"PaO2": "mmHg"})
    assert "assumed" not in notes(given)


def test_a_unit_that_is_given(tmp_path):
    for name in ("PaO2", "pao2", "pao2_mmhg"):
        table = read(tmp_path, with_pao2(KPA), units={name: "kpa"})
        assert table.columns["pao2_mmhg"] == pytest.approx(PAO2, abs=0.05)


def test_fio2_in_percent(tmp_path):
    percent = [100 * value for value in column(clinical_rows(), "fio2")]
    table = read(tmp_path, with_column(clinical_rows(), "FiO2 (%)", percent, "fio2"))
    assert table.columns["fio2"][4] == pytest.approx(0.28)


def test_kpa_given_as_mmhg_is_refused_with_the_way_out(tmp_path):
    told = refusal(tmp_path, with_pao2(KPA, "pao2_mmhg"))
    assert "seems to be in kPa (10 of 10 values" in told
    assert '"PaO2 (kPa)"' in told
    assert '--unit "pao2_mmhg=kPa"' in told
    assert "kPa" in refusal(tmp_path, with_pao2(KPA))
    paco2 = with_column(clinical_rows(), "PaCO2", [5.3] * 10, "paco2_mmhg")
    assert "seems to be in kPa" in refusal(tmp_path, paco2)


def test_mmhg_given_as_kpa_is_refused(tmp_path):
    paco2 = with_column(clinical_rows(), "PaCO2 (kPa)", [40] * 10, "paco2_mmhg")
    assert "seems to be in mmHg" in refusal(tmp_path, paco2)


def test_fio2_in_percent_given_as_a_fraction_is_refused(tmp_path):
    rows = with_column(clinical_rows(), "FiO2", [21, 21, 24, 28, 28, 32, 36, 24, 40, 44], "fio2")
    assert '"FiO2 (%)"' in refusal(tmp_path, rows)
    rows = with_column(clinical_rows(), "FiO2 (%)", column(clinical_rows(), "fio2"), "fio2")
    assert "seems to be in fraction" in refusal(tmp_path, rows)


def test_a_column_of_two_units_is_refused(tmp_path):
    told = refusal(tmp_path, with_pao2([*PAO2[:7], *KPA[7:]]))
    assert "mixes units: 3 of 10" in told


def test_single_values_that_cannot_be_are_missing_and_listed(tmp_path):
    table = read(tmp_path, with_pao2([9.8, 1200, *PAO2[2:]]))
    assert all(math.isnan(value) for value in table.columns["pao2_mmhg"][:2])
    assert [(each.case, each.column, each.text) for each in table.unusable] == [
        ("P01", "PaO2", "9.8"),
        ("P02", "PaO2", "1200"),
    ]
    assert all("20 to 700 mmHg" in each.reason for each in table.unusable)


def test_words_among_numbers_are_missing_and_listed(tmp_path):
    table = read(tmp_path, with_pao2(["n/a", "not measured by John Doe", "85 mmHg", *PAO2[3:]]))
    assert table.columns["pao2_mmhg"][2] == 85
    # A long text may tell anything, and is not repeated.
    assert [(each.case, each.text) for each in table.unusable] == [("P02", "(24 letters)")]


def test_names_and_dates_among_numbers_are_not_repeated(tmp_path):
    rows = with_pao2(["Smith", "1950-02-03", "<85", *PAO2[3:]])
    for keep_identifiers in (False, True):
        told = [
            each.text for each in read(tmp_path, rows, keep_identifiers=keep_identifiers).unusable
        ]
        assert told == ["(5 letters)", "(a date)", "<85"]


@pytest.mark.parametrize(
    "title",
    [
        *("Patient's last name", "patient_birthdate", "Geburtsdatum (TT.MM.)", "Name", "E-Mail"),
        *("Hospital no.", "Phone no.", "YOB", "Pat. Nr.", "Pat.-ID", "Jahrgang", "MRN (hospital)"),
        *("Mobile phone", "Hospital ID", "Patient number", "Geb.", "Year of birth", "Telefon"),
    ],
)
def test_titles_that_identify(tmp_path, title):
    rows = with_column(clinical_rows(), title, ["x", "y"] * 5)
    assert "tell who a patient is" in notes(read(tmp_path, rows))


@pytest.mark.parametrize(
    "title",
    ["Days in hospital", "Dobutamine", "Hospital", "Spatial score", "Mobility", "No. of drains"],
)
def test_titles_that_do_not(tmp_path, title):
    rows = with_column(clinical_rows(), title, [1, 2] * 5)
    assert title not in read(tmp_path, rows).left_out


def test_numbers_that_look_like_those_of_patients_are_left_out(tmp_path):
    numbers = [f"{70000 + 37 * i}" for i in range(10)]
    table = read(tmp_path, with_column(clinical_rows(), "KIS", numbers))
    assert "look like numbers of patients" in table.left_out["KIS"]
    for title, values in (
        ("Platelets (/µL)", numbers),
        ("Platelets", [*numbers[:-1], numbers[0]]),
        ("Steps", [*numbers[:-1], "980"]),
    ):
        assert title not in read(tmp_path, with_column(clinical_rows(), title, values)).left_out


def test_what_is_told_of_cells_is_short_and_on_one_line(tmp_path):
    table = read(tmp_path, with_pao2(["80 or\n 90", "7" * 400, *PAO2[2:]]))
    assert [each.text for each in table.unusable] == ["80 or 90", "(400 letters)"]
    rows = with_column(clinical_rows(), "x" * 500, range(10))
    assert max(map(len, read(tmp_path, rows).notes)) < 300


def test_room_air_is_no_oxygen(tmp_path):
    rows = with_column(
        clinical_rows(), "O2 flow", ["room air", "RA", 1, 2, 2, 3, 4, 1, 5, 6], "oxygen_l_min"
    )
    table = read(tmp_path, rows)
    assert table.columns["oxygen_l_min"].tolist()[:3] == [0, 0, 1]
    assert "room air in 2 rows" in notes(table)


def test_yes_and_no_under_oxygen_are_categories(tmp_path):
    rows = with_column(clinical_rows(), "Oxygen", ["yes", "no"] * 5, "oxygen_l_min")
    table = read(tmp_path, rows)
    assert "oxygen_l_min" not in table.columns
    assert table.columns["oxygen"].tolist() == ["yes", "no"] * 5


def test_a_mostly_numeric_column_stays_numeric(tmp_path):
    rows = with_column(clinical_rows(), "CRP (mg/L)", [1, 2, "<5", 4, 5, "", 7, 8, 9, 10])
    table = read(tmp_path, rows)
    assert table.columns["crp_mg_l"].dtype == float
    assert [(each.case, each.reason) for each in table.unusable] == [("P03", "is no number")]


def test_categories_that_differ_in_capitals_are_one(tmp_path):
    rows = with_column(clinical_rows(), "ward", ["ICU", "icu", "ICU", "A", "a ", "A", *["-"] * 4])
    table = read(tmp_path, rows)
    assert table.columns["ward"].tolist() == ["ICU"] * 3 + ["A"] * 3 + [""] * 4


def test_who_a_patient_is_is_left_out_and_told(tmp_path):
    rows = with_column(clinical_rows(), "Patient Name", [f"Doe^{i}" for i in range(10)])
    rows = with_column(rows, "DOB", ["1950-02-03"] * 10)
    rows = with_column(rows, "seen", [f"{i + 1}.5.2024" for i in range(10)])
    rows = with_column(rows, "remark", [f"text {i} of someone" for i in range(10)])
    table = read(tmp_path, rows)
    assert not {"patient_name", "dob", "seen", "remark"} & set(table.columns)
    for title in ("Patient Name", "DOB", "seen", "remark"):
        assert title in notes(table)
    kept = read(tmp_path, rows, keep_identifiers=True)
    assert {"patient_name", "dob", "seen", "remark"} <= set(kept.columns)


def test_columns_that_number_rows_are_left_out(tmp_path):
    rows = with_column(clinical_rows(), "Nr.", range(10))
    table = read(tmp_path, rows)
    assert "nr" not in table.columns
    assert "number rows: Nr." in notes(table)


def test_a_row_without_scan_is_not_called_by_a_name(tmp_path):
    rows = with_column(clinical_rows(), "Name", ["Anna Smith"] * 10)
    rows.append(["smith_anna", 1, 80, 40, 0.24, 60, "F", "n", "Smith, Anna"])
    table = read(tmp_path, rows)
    assert table.cases[-1] == "row 12"
    assert read(tmp_path, rows, keep_identifiers=True).cases[-1] == "row 12"


def test_rows_that_are_there_twice_count_once_and_contradictions_are_excluded(tmp_path):
    rows = clinical_rows()
    other = [*rows[2][:2], 99, *rows[2][3:]]
    table = read(tmp_path, [*rows, rows[1], other])
    assert table.cases == tuple(case_names()[:1] + case_names()[2:])
    assert "counted once: P01" in notes(table)
    assert [each.case for each in table.excluded] == ["P02"]
    assert "rows 3, 13" in table.excluded[0].reason


def test_rows_without_a_case_are_told(tmp_path):
    table = read(tmp_path, [*clinical_rows(), ["", 1, 80, 40, 0.24, 60, "F", "n"]])
    assert [each.case for each in table.nameless] == ["row 12"]


def test_the_column_of_the_cases_is_the_one_that_joins(tmp_path):
    rows = with_column(clinical_rows(), "patient_id", range(10), instead_of="case")
    rows = with_column(rows, "Scan ID", case_names())
    table = read(tmp_path, rows)
    assert table.cases == tuple(case_names())
    assert "Scan ID" in notes(table)
    assert "patient_id" not in table.columns
    other = read(tmp_path, rows, case_column="Patient ID")
    assert other.cases[0] == "0"


@pytest.mark.parametrize(
    ("title", "told"),
    [("code", "has no column case; it has code, oxygen_l_min"), ("Name", "has no column case")],
)
def test_no_column_of_cases(tmp_path, title, told):
    rows = with_column(clinical_rows(), title, case_names(), instead_of="case")
    assert told in refusal(tmp_path, rows)


def test_a_column_of_cases_that_is_not_there_or_identifies(tmp_path):
    assert "no column 'nr'" in refusal(tmp_path, clinical_rows(), case_column="nr")
    rows = with_column(clinical_rows(), "Name", case_names(), instead_of="case")
    assert "--keep-identifiers" in refusal(tmp_path, rows, case_column="name")


def test_two_columns_of_the_same(tmp_path):
    rows = with_column(clinical_rows(), "PaO2 (kPa)", KPA)
    table = read(tmp_path, rows)
    assert "pao2_mmhg was used, and not PaO2 (kPa)" in notes(table)
    rows = with_column(with_pao2(PAO2), "PaO2 (kPa)", KPA)
    assert "both read as PaO2" in refusal(tmp_path, rows)


def test_two_columns_of_the_same_title_are_both_kept(tmp_path):
    rows = with_column(with_column(clinical_rows(), "x", range(10)), "X", range(10, 20))
    table = read(tmp_path, rows)
    assert table.columns["x_2"].tolist() == list(range(10, 20))


def test_units_for_no_column_and_units_that_are_none(tmp_path):
    assert "no column 'lactate'" in refusal(tmp_path, clinical_rows(), units={"lactate": "kPa"})
    assert "mmHg or kPa" in refusal(tmp_path, clinical_rows(), units={"pao2": "bar"})


def test_an_empty_column_is_a_column_of_missing_values(tmp_path):
    table = read(tmp_path, with_pao2([""] * 10))
    assert all(math.isnan(value) for value in table.columns["pao2_mmhg"])
    assert not table.unusable


def test_months_of_age(tmp_path):
    rows = with_column(clinical_rows(), "Age (months)", [600] * 10, instead_of="age")
    assert read(tmp_path, rows).columns["age"][0] == pytest.approx(50)


def test_empty_cells_for_all_cases(tmp_path):
    rows = with_column(clinical_rows(), "case", [""] * 10, instead_of="case")
    assert "is empty" in refusal(tmp_path, rows)


FERRITIN = ["1,234", "980", "2,345", "1,100", "870", "3,200", "1,500", "990", "1,250", "4,100"]


def test_a_column_that_may_have_decimals_or_thousands_is_left_out_with_the_way_out(tmp_path):
    table = read(tmp_path, with_column(clinical_rows(), "Ferritin", FERRITIN))
    assert "ferritin" not in table.columns
    assert "write thousands without separators" in table.left_out["Ferritin"]
    assert "Ferritin" in notes(table)
    keeping = read(
        tmp_path, with_column(clinical_rows(), "Ferritin", FERRITIN), keep_identifiers=True
    )
    assert "ferritin" not in keeping.columns


def test_a_few_such_cells_are_missing_and_told(tmp_path):
    few = ["1,234", *range(101, 110)]
    table = read(tmp_path, with_column(clinical_rows(), "Ferritin", few))
    assert math.isnan(table.columns["ferritin"][0])
    (cell,) = table.unusable
    assert (cell.case, cell.text) == ("P01", "1,234")
    assert "may be a decimal or a thousand; remove the separators" in cell.reason


def test_a_known_quantity_that_may_have_decimals_or_thousands_is_refused(tmp_path):
    flows = ["1,500", "1,200", "2,400", "3,000", *["1,000"] * 6]
    rows = with_column(clinical_rows(), "O2 (mL/min)", flows, instead_of="oxygen_l_min")
    told = refusal(tmp_path, rows)
    assert "may be decimals or thousands, such as 1,500" in told
    assert "without separators" in told


def test_numbers_that_no_patient_has_do_not_make_it_another_column(tmp_path):
    table = read(tmp_path, with_pao2([-5] * 10))
    assert table.columns["pao2_mmhg"].dtype == float
    assert all(math.isnan(value) for value in table.columns["pao2_mmhg"])
    assert "pao2" not in table.columns
    assert len(table.unusable) == 10
