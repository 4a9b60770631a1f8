"""Small tables of a cohort, as batches and clinics write them."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
from BV5AnalysisLib.case.measurements_csv import COLUMNS

BV5_PCT = (50.0, 48.0, 46.0, 44.0, 42.0, 40.0, 38.0, 47.0, 41.0, 39.0)
OXYGEN = (0, 0, 1, 2, 2, 3, 4, 1, 5, 6)
PAO2 = (92.0, 88.0, 85.0, 80.0, 78.0, 70.0, 65.0, 86.0, 66.0, 61.0)


def case_names(n: int = 10) -> list[str]:
    """P01, P02, …"""
    return [f"P{i:02d}" for i in range(1, n + 1)]


def measured(case: str, bv5_pct: float, region: str = "both", **cells: object) -> dict[str, object]:
    """One row of measurements.csv, whose total is 200 mL."""
    bv5_10_pct = (100 - bv5_pct) * 0.4
    bv10_pct = 100 - bv5_pct - bv5_10_pct
    return {
        "case": case,
        "region": region,
        "lung_volume_ml": 4000 + 10 * bv5_pct,
        "tpbv_ml": 200,
        "bv5_ml": 2 * bv5_pct,
        "bv5_10_ml": 2 * bv5_10_pct,
        "bv10_ml": 2 * bv10_pct,
        "bv5_pct": bv5_pct,
        "bv5_10_pct": bv5_10_pct,
        "bv10_pct": bv10_pct,
        "minimum_csa_mm2": 1.25,
        "bv5_upper_csa_mm2": 5,
        "bv10_lower_csa_mm2": 10,
        "software_version": "1.0",
    } | cells


def measurements(
    folder: Path, rows: Sequence[Mapping[str, object]] | None = None, name: str = "measurements.csv"
) -> Path:
    """Write measurements, by default of ten cases."""
    if rows is None:
        rows = [measured(case, pct) for case, pct in zip(case_names(), BV5_PCT, strict=True)]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / name
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def clinical_rows() -> list[list[object]]:
    """Header and ten rows of a clinical table without anything odd."""
    header = ["case", "oxygen_l_min", "pao2_mmhg", "paco2_mmhg", "fio2", "age", "sex", "outcome"]
    rows = [
        [case, flow, pao2, 40, max(0.21, round(0.2 + 0.04 * flow, 2)), 50 + 3 * i, sex, outcome]
        for i, (case, flow, pao2, sex, outcome) in enumerate(
            zip(case_names(), OXYGEN, PAO2, "MFFMMFMFMF", "nnynnnyyyy", strict=True)
        )
    ]
    return [header, *rows]


def clinical(
    folder: Path,
    rows: Sequence[Sequence[object]] | None = None,
    name: str = "clinical.csv",
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Path:
    """Write a clinical table as text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows or clinical_rows())
    path = folder / name
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def workbook(folder: Path, rows: Sequence[Sequence[object]], name: str = "clinical.xlsx") -> Path:
    """Write a clinical table as a workbook."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(folder / name)
    return folder / name


def with_column(
    rows: Sequence[Sequence[object]], title: str, values: Sequence[object], instead_of: str = ""
) -> list[list[object]]:
    """The rows with a column at the end, or in the place of another one."""
    if not instead_of:
        return [[*row, value] for row, value in zip(rows, [title, *values], strict=True)]
    place = list(rows[0]).index(instead_of)
    return [
        [*row[:place], value, *row[place + 1 :]]
        for row, value in zip(rows, [title, *values], strict=True)
    ]


def column(rows: Sequence[Sequence[object]], title: str) -> list[object]:
    """Values of a column."""
    return [row[list(rows[0]).index(title)] for row in rows[1:]]
