"""The folder that the analysis of a cohort leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..study.cohortresult import CohortResult
from .cohortfiles import (
    cohort_csv,
    comparisons_csv,
    correlations_csv,
    exclusions_csv,
    table_csv,
    table_markdown,
)
from .cohortrecord import SCHEMA, cohort_json
from .cohorttables import table_one
from .folder import FolderKind

TEXT_FILES = (
    "table1.csv",
    "table1.md",
    "comparisons.csv",
    "correlations.csv",
    "cohort.csv",
    "exclusions.csv",
    "cohort.json",
)

COHORT = FolderKind("cohort.json", SCHEMA, frozenset(TEXT_FILES))


def write_cohort(folder: Path, result: CohortResult, options: Any = None) -> None:
    """Write all files of a cohort's analysis.

    Parameters
    ----------
    folder : pathlib.Path
        Existing folder, as `folder.output_folder` gives it for the kind `COHORT`.
    result : CohortResult
        What to write.
    options : study.cohort.CohortOptions, optional
        What was asked for, for the record.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    table = table_one(result)
    texts = {
        "table1.csv": table_csv(table),
        "table1.md": table_markdown(table),
        "comparisons.csv": comparisons_csv(result),
        "correlations.csv": correlations_csv(result),
        "cohort.csv": cohort_csv(result),
        "exclusions.csv": exclusions_csv(result),
        "cohort.json": cohort_json(result, options),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
