"""Tables of measurements that cannot be what they say are refused, with the rows named."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.tables.exclusions import exclude
from BV5AnalysisLib.study.tables.measurement_table import read_measurements
from helpers.cohort_tables import BV5_PCT, case_names, measured, measurements, with_column, workbook

CLASSES = ("bv5_pct", "bv5_10_pct", "bv10_pct")


def rows_of_cases():
    return [measured(case, pct) for case, pct in zip(case_names(), BV5_PCT, strict=True)]


def refusal(path, **options):
    with pytest.raises(AnalysisError) as caught:
        read_measurements(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def as_table(rows):
    return [list(rows[0]), *(list(row.values()) for row in rows)]


@pytest.mark.parametrize("key", ["bv5_pct", "tpbv_ml", "case", "region", "review"])
def test_two_columns_of_one_name_are_refused(tmp_path, key):
    table = as_table([row | {"review": ""} for row in rows_of_cases()])
    table = with_column(table, key.upper(), [row[table[0].index(key)] for row in table[1:]])
    told = refusal(workbook(tmp_path, table))
    assert f"2 columns {key} (columns {table[0].index(key) + 1} and {len(table[0])})" in told


def test_two_columns_of_somebody_elses_are_none_of_ours(tmp_path):
    table = with_column(with_column(as_table(rows_of_cases()), "x", [1] * 10), "x", [2] * 10)
    assert len(read_measurements(workbook(tmp_path, table)).table) == 10


def test_sharpness_of_kernels_may_be_told_to_leave_cases_out(tmp_path):
    """Blank is what nobody looked for: it is kept, and told."""
    rows = [row | {"kernel_sharpness": "0.00"} for row in rows_of_cases()]
    rows[0]["kernel_sharpness"], rows[1]["kernel_sharpness"] = "0.85", ""
    table = read_measurements(measurements(tmp_path, rows)).table
    assert table.columns["kernel_sharpness"][0] == 0.85
    assert np.isnan(table.columns["kernel_sharpness"][1])
    left, _, notes = exclude(table, ["kernel_sharpness>0"])
    assert left.cases == table.cases[1:]
    assert "1 case without a value" in notes[0]


def test_fractions_are_no_percentages(tmp_path):
    rows = [row | {key: row[key] / 100 for key in CLASSES} for row in rows_of_cases()]
    told = refusal(measurements(tmp_path, rows))
    assert "rows 2 (P01), 3 (P02)" in told
    assert "they are fractions; multiply them by 100" in told


def test_percentages_that_do_not_sum_to_100(tmp_path):
    rows = rows_of_cases()
    rows[3] |= dict.fromkeys(CLASSES, 80)
    told = refusal(measurements(tmp_path, rows))
    assert "do not sum to 100 in row 5 (P04)" in told
    assert "in row 5 to 240" in told


def test_percentages_that_are_not_those_of_the_volumes(tmp_path):
    rows = rows_of_cases()
    rows[1] |= {"bv5_pct": 40, "bv5_10_pct": 30, "bv10_pct": 30}
    told = refusal(measurements(tmp_path, rows))
    assert "do not go together in row 3 (P02)" in told
    assert "bv5_pct is 40, and bv5_ml of tpbv_ml is 48 %" in told


def test_rounding_gaps_and_no_blood_are_no_contradiction(tmp_path):
    rows = [
        row | {key: round(value) for key, value in row.items() if key.endswith("_ml")}
        for row in rows_of_cases()
    ]
    rows[0] |= {key: round(rows[0][key], 1) for key in CLASSES}
    rows[1] |= {"bv5_10_pct": "n/a"}
    rows[2] |= {"tpbv_ml": 0}
    rows[3] |= {"tpbv_ml": ""}
    assert len(read_measurements(measurements(tmp_path, rows)).table) == 10


def test_rejected_measurements_are_not_looked_at(tmp_path):
    rows = rows_of_cases()
    rows[3] |= dict.fromkeys(CLASSES, 80) | {"review": "rejected"}
    path = measurements(tmp_path, rows)
    assert len(read_measurements(path).table) == 9
    assert "row 5" in refusal(path, keep_rejected=True)


def test_percent_signs_behind_percentages(tmp_path):
    rows = [row | {key: f"{row[key]:.2f} %" for key in CLASSES} for row in rows_of_cases()]
    columns = read_measurements(measurements(tmp_path, rows)).table.columns
    assert columns["bv5_pct"].tolist() == list(BV5_PCT)


def test_several_rows_a_case_without_region_are_the_reason_that_is_told(tmp_path):
    rows = [
        {key: value for key, value in measured(case, pct - shift).items() if key != "region"}
        for case, pct in zip(case_names(), BV5_PCT, strict=True)
        for shift in (0, 1, 2)
    ]
    told = refusal(workbook(tmp_path, as_table(rows), "measurements.xlsx"))
    assert "No case of measurements.xlsx can be used: P01 (rows 2, 3, 4" in told
    assert "has no column region" in told


def test_that_all_were_rejected_is_told(tmp_path):
    rows = [row | {"review": "rejected"} for row in rows_of_cases()]
    assert "can be used: P01 (rejected in review)" in refusal(measurements(tmp_path, rows))
