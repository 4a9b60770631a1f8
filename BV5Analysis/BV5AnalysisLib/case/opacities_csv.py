"""Opacities as a table of comma-separated values."""

from __future__ import annotations

from ..imaging.model.size_classes import Appearance
from ..imaging.model.tissue import OPACITIES, TISSUES
from .case import Case
from .measurements_csv import cell, csv_text, safe_cell

KINDS: tuple[Appearance, ...] = tuple(TISSUES[kind] for kind in OPACITIES)
"""Opacities in the order of tables."""
KEYS = (*(kind.key for kind in KINDS), "opacity")
"""Each kind, and all together: beginnings of columns."""
OPACITY_FIELDS = (
    "lung_volume_ml",
    *(f"{key}_{unit}" for key in KEYS for unit in ("ml", "pct")),
)
OPACITY_COLUMNS = ("case", "region", *OPACITY_FIELDS)


def opacities_csv(case: Case) -> str:
    """Text of ``opacities.csv``: header and one row a region.

    Parameters
    ----------
    case : Case
        What to write; a value that is withheld is an empty cell.
    """
    return csv_text(
        OPACITY_COLUMNS,
        (
            {"case": safe_cell(case.name), "region": safe_cell(row.region)}
            | {name: cell(case.value(row, name), 3) for name in OPACITY_FIELDS}
            for row in case.opacities
        ),
        header=True,
    )
