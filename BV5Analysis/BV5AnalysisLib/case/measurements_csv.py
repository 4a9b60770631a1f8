"""Measurements as a table of comma-separated values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import __version__
from ..imaging.model.finding import Finding, Severity
from ..imaging.model.intervals import ENDS, measure_of
from ..imaging.model.measurements import Calibration, Measurement
from ..imaging.model.withheld import HILAR, Withheld, given_value
from ..imaging.parameters import Parameters
from ..study.formulas import guard
from ..study.reference import REFERENCE_MEASURES
from ..study.texts import printable
from .applied_reference import REFERENCE_COLUMNS, AppliedReference, reference_cells
from .case import Case, Review
from .versions import THIS_SOFTWARE

VOLUME_FIELDS = (
    "lung_volume_ml",
    "tpbv_ml",
    "bv5_ml",
    "bv5_10_ml",
    "bv10_ml",
    "below_floor_ml",
)
PERCENT_FIELDS = ("bv5_pct", "bv5_10_pct", "bv10_pct")
MEASUREMENT_FIELDS = (*VOLUME_FIELDS, *PERCENT_FIELDS, "vessel_length_mm")
DENSITY_FIELDS = ("tpbv_ml_per_l", "bv5_ml_per_l", "bv5_10_ml_per_l", "bv10_ml_per_l")
"""Blood per liter of lung."""
HILAR_FIELDS = (*HILAR, "hilar_length_mm")
"""Blood at the hilum, all and by class; tables have the first."""
COLUMNS = (
    "case",
    "region",
    *MEASUREMENT_FIELDS,
    *DENSITY_FIELDS,
    "minimum_csa_mm2",
    "bv5_upper_csa_mm2",
    "bv10_lower_csa_mm2",
    "blood_hu",
    "findings",
    "trusted",
    "withheld",
    "software_version",
    "review",
    "reviewer",
    "review_comment",
    "hilar_ml",
    "hilum",
    "hilum_share",
    "kernel_sharpness",
    *ENDS,
)
_DECIMALS = (
    dict.fromkeys((*VOLUME_FIELDS, "hilar_ml"), 4)
    | dict.fromkeys(PERCENT_FIELDS, 3)
    | dict.fromkeys(DENSITY_FIELDS, 4)
)
TRUSTED = {True: "yes", False: "no"}
"""What the column ``trusted`` says."""


@dataclass(frozen=True)
class TabulatedCase:
    """What a table shows of a case, where there is no scan behind it; fields as of `Case`."""

    name: str
    measurements: tuple[Measurement, ...]
    calibration: Calibration
    parameters: Parameters = field(default_factory=Parameters)
    findings: tuple[Finding, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    review: Review = field(default_factory=Review)
    reference: AppliedReference | None = None


def table_columns(has_reference: bool) -> tuple[str, ...]:
    """Columns of tables: `COLUMNS`, and those of cases that are compared with a reference."""
    return (*COLUMNS, *REFERENCE_COLUMNS) if has_reference else COLUMNS


def write_measurements(path: Path, case: Case) -> None:
    """Write one row a region; see `table_columns`.

    A value that does not exist, or is withheld, is an empty cell; findings are the codes of
    warnings and errors, and withheld the codes of why values are.

    Parameters
    ----------
    path : pathlib.Path
        File to write, UTF-8.
    case : Case
        What to write.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    path.write_text(measurements_csv(case), encoding="utf-8", newline="")


def measurements_csv(case: Case | TabulatedCase) -> str:
    """Text of ``measurements.csv``: header and one row a region."""
    return csv_text(
        table_columns(case.reference is not None),
        (_row(case, measurement) for measurement in case.measurements),
        header=True,
    )


def csv_text(
    columns: Sequence[str], rows: Iterable[Mapping[str, str]] = (), header: bool = False
) -> str:
    """Rows as comma-separated values, a line each; text in cells must be safe already."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def safe_cell(text: str) -> str:
    """Text on one line that no spreadsheet takes for a formula; `unguard` gives it back.

    Characters that cannot be printed are replaced.
    """
    return guard(printable(" ".join(text.split())))


def _row(case: Case | TabulatedCase, measurement: Measurement) -> dict[str, str]:
    parameters, kernel = case.parameters, case.calibration.kernel
    values = {
        name: given_value(measurement, name, case.withheld)
        for name in (*MEASUREMENT_FIELDS, *DENSITY_FIELDS, "hilar_ml", *ENDS)
    } | {
        "minimum_csa_mm2": parameters.minimum_csa_mm2,
        "bv5_upper_csa_mm2": parameters.class_bounds_mm2[0],
        "bv10_lower_csa_mm2": parameters.class_bounds_mm2[1],
        "blood_hu": case.calibration.blood_hu,
        "hilum_share": parameters.hilum_share,
        "kernel_sharpness": kernel.sharpness if kernel.looked_for else math.nan,
    }
    return {
        "case": safe_cell(case.name),
        "region": safe_cell(measurement.region),
        **{name: cell(value, _DECIMALS.get(measure_of(name), 2)) for name, value in values.items()},
        "findings": ";".join(
            finding.code for finding in case.findings if finding.severity != Severity.INFO
        ),
        "trusted": TRUSTED[all(each.severity != Severity.ERROR for each in case.findings)],
        "withheld": ";".join(each.code for each in case.withheld),
        "software_version": _measured_by(case),
        "review": case.review.status,
        "reviewer": safe_cell(case.review.reviewer),
        "review_comment": safe_cell(case.review.comment),
        "hilum": parameters.hilum,
        **_reference_cells(case, measurement),
    }


def _measured_by(case: Case | TabulatedCase) -> str:
    """Version that a case was measured with; ours where it was not read from a folder or scene."""
    if isinstance(case, TabulatedCase):
        return __version__
    return safe_cell(case.software.get(THIS_SOFTWARE, __version__))


def _reference_cells(case: Case | TabulatedCase, row: Measurement) -> dict[str, str]:
    if case.reference is None:
        return {}
    keys = (each.key for each in REFERENCE_MEASURES)
    values = {key: given_value(row, key, case.withheld) for key in keys}
    cells = reference_cells(case.reference, row.region, values)
    return {name: safe_cell(cell) if _is_text(name) else cell for name, cell in cells.items()}


def _is_text(column: str) -> bool:
    # A z score may begin with a minus, and is no formula.
    return column in {"reference", "reference_group"}


def cell(value: float, decimals: int) -> str:
    """Cell of a number; empty where there is none."""
    return f"{value:.{decimals}f}" if math.isfinite(value) else ""
