"""Cohort statistics for a script: the command ``bv5 cohort``, called like a function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from ...imaging.errors import AnalysisError
from ..process.packages import REPORT, SPREADSHEET, STATISTICS, ensurePackages

if TYPE_CHECKING:
    from ...study.cohort.options import CohortOptions
    from ...study.cohort.result import CohortResult

WORKBOOKS = {".xlsx", ".xlsm", ".xltx", ".xltm"}


def analyzeCohort(
    measurements: Path,
    clinical: Path,
    folder: Path | None,
    overwrite: bool,
    options: Mapping[str, Any],
) -> CohortResult:
    """Join measurements with clinical data, and compare.

    Parameters
    ----------
    measurements : pathlib.Path
        ``measurements.csv``, or the output folder of a batch.
    clinical : pathlib.Path
        CSV or XLSX table.
    folder : pathlib.Path or None
        Gets tables, figures and report, as ``bv5 cohort`` writes them.
    overwrite : bool
        Replace such a folder that is there.
    options : mapping
        Fields of `BV5AnalysisLib.study.cohort.options.CohortOptions`.

    Returns
    -------
    CohortResult
        All numbers.

    Raises
    ------
    AnalysisError
        It cannot be done; the message says why and what to do.
    """
    from ...study.cohort.options import CohortOptions, for_scripts
    from ...study.options import declared

    known = declared(CohortOptions)
    for name in options:
        if name not in known:
            raise AnalysisError(f"A cohort has no option {name}; there are {', '.join(known)}.")
    if isinstance(options.get("reference"), str | Path):
        options = {**options, "reference": Path(options["reference"]).expanduser()}
    ensureStatistics()
    ask = slicer.util.mainWindow() is not None
    if clinical.suffix.lower() in WORKBOOKS:
        ensurePackages(SPREADSHEET, _("A workbook"), _("save the table as CSV and give that"), ask)
    if folder is not None:
        ensurePackages(REPORT, _("The report"), _("give no output folder"), ask)

    try:
        result = _analyzed(measurements, clinical, folder, overwrite, CohortOptions(**options))
    except AnalysisError as error:
        raise AnalysisError(for_scripts(str(error))) from error
    notes = tuple(map(for_scripts, result.cohort.notes))
    return replace(result, cohort=replace(result.cohort, notes=notes))


def _analyzed(
    measurements: Path,
    clinical: Path,
    folder: Path | None,
    overwrite: bool,
    chosen: CohortOptions,
) -> CohortResult:
    from ...export.cohort.reference_output import (
        check_wanted_reference,
        put_wanted_reference,
        wanted_reference,
    )
    from ...study.cohort.analysis import analyze_cohort
    from ...study.cohort.reference import reference_notes

    check_wanted_reference(chosen, folder, overwrite)
    if folder is not None:
        from ...case.output_folder import check_output
        from ...export.cohort.cohort_folder import COHORT, put_cohort

        check_output(folder, COHORT, overwrite)
    result = analyze_cohort(measurements, clinical, chosen)
    reference = wanted_reference(measurements, clinical, result, chosen)
    if folder is not None:
        put_cohort(folder, result, chosen, overwrite)
    put_wanted_reference(chosen, reference)
    if reference is None:
        return result
    notes = (*result.cohort.notes, *reference_notes(reference))
    return replace(result, cohort=replace(result.cohort, notes=notes))


def ensureStatistics() -> None:
    """Install what computes statistics if it is missing, after a question."""
    ask = slicer.util.mainWindow() is not None
    ensurePackages(STATISTICS, _("A cohort's analysis"), "", ask)
