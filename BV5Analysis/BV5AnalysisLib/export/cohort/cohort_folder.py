"""The folder that the analysis of a cohort leaves."""

from __future__ import annotations

from pathlib import Path

from ...case.output_folder import FolderKind, output_folder
from ...study.cohort.options import CohortOptions
from ...study.cohort.result import CohortResult
from .cohort_json import SCHEMA, cohort_json
from .cohort_report import cohort_html, table_one_html
from .figures import FIGURES, cohort_figures
from .table_blocks import table_one
from .text_tables import (
    cohort_csv,
    comparisons_csv,
    correlations_csv,
    exclusions_csv,
    pairs_csv,
    table_csv,
    table_markdown,
    unusable_csv,
)

TEXT_FILES = (
    "cohort.html",
    "table1.csv",
    "table1.md",
    "table1.html",
    "comparisons.csv",
    "pairs.csv",
    "correlations.csv",
    "cohort.csv",
    "exclusions.csv",
    "unusable_cells.csv",
    "cohort.json",
)
FIGURE_FOLDER = "figures"

COHORT = FolderKind(
    "cohort.json",
    SCHEMA,
    frozenset(TEXT_FILES)
    | {FIGURE_FOLDER}
    | {f"{FIGURE_FOLDER}/{name}.{end}" for name in FIGURES for end in ("svg", "png")},
)


def put_cohort(
    place: Path, result: CohortResult, options: CohortOptions | None, overwrite: bool
) -> None:
    """Make the output folder of a cohort's analysis: whole, or as it was before.

    Parameters
    ----------
    place : pathlib.Path
        Where it goes.
    result, options
        See `write_cohort`.
    overwrite : bool
        Replace such a folder that is there.

    Raises
    ------
    AnalysisError
        Something else is there, or it cannot be written.
    """
    with output_folder(place, COHORT, overwrite) as folder:
        write_cohort(folder, result, options)


def write_cohort(folder: Path, result: CohortResult, options: CohortOptions | None = None) -> None:
    """Write all files of a cohort's analysis.

    Parameters
    ----------
    folder : pathlib.Path
        Existing folder, as `case.output_folder` gives it for the kind `COHORT`.
    result : CohortResult
        What to write.
    options : CohortOptions, optional
        What was asked for, for the record.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    table = table_one(result)
    figures = cohort_figures(result)
    texts = {
        "cohort.html": cohort_html(result, figures),
        "table1.csv": table_csv(table),
        "table1.md": table_markdown(table),
        "table1.html": table_one_html(table),
        "comparisons.csv": comparisons_csv(result),
        "correlations.csv": correlations_csv(result),
        "cohort.csv": cohort_csv(result),
        "exclusions.csv": exclusions_csv(result),
        "unusable_cells.csv": unusable_csv(result),
        "cohort.json": cohort_json(result, options),
    }
    if result.pairs:
        texts["pairs.csv"] = pairs_csv(result)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    (folder / FIGURE_FOLDER).mkdir()
    for figure in figures:
        place = folder / FIGURE_FOLDER / figure.name
        place.with_suffix(".svg").write_text(figure.picture.svg, encoding="utf-8", newline="")
        place.with_suffix(".png").write_bytes(figure.picture.png)
