"""Invented patients as the two tables that a cohort's analysis takes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ...case.tables import TabulatedCase, measurements_csv
from ...imaging.model.measurements import Calibration
from ...study.cohort.synthetic import SyntheticPatient

MEASUREMENTS, CLINICAL = "measurements.csv", "clinical.csv"
CLINICAL_COLUMNS = (
    "case",
    "age",
    "sex",
    "oxygen_l_min",
    "pao2_mmhg",
    "paco2_mmhg",
    "fio2",
    "outcome",
)


_CALIBRATION = Calibration(blood_hu=40.0, parenchyma_hu=-870.0, noise_hu=20.0)


def write_synthetic_cohort(folder: Path, patients: Sequence[SyntheticPatient]) -> None:
    """Write ``measurements.csv``, as of a batch, and ``clinical.csv``, as of a hospital.

    Parameters
    ----------
    folder : pathlib.Path
        Existing folder.
    patients : sequence of SyntheticPatient
        Who is in the tables.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    tables = {
        MEASUREMENTS: synthetic_measurements_csv(patients),
        CLINICAL: synthetic_clinical_csv(patients),
    }
    for name, text in tables.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")


def synthetic_measurements_csv(patients: Sequence[SyntheticPatient]) -> str:
    """Text of ``measurements.csv``: three rows a patient."""
    tables = [
        measurements_csv(TabulatedCase(each.case, each.measurements, _CALIBRATION))
        for each in patients
    ]
    header = tables[0].splitlines(keepends=True)[:1]
    rows = [row for table in tables for row in table.splitlines(keepends=True)[1:]]
    return "".join(header + rows)


def synthetic_clinical_csv(patients: Sequence[SyntheticPatient]) -> str:
    """Text of ``clinical.csv``: one row a patient; see `CLINICAL_COLUMNS`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CLINICAL_COLUMNS)
    writer.writerows([_cell(getattr(each, name)) for name in CLINICAL_COLUMNS] for each in patients)
    return text.getvalue()


def _cell(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
