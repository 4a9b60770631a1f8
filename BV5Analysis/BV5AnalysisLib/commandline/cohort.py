"""``bv5 cohort``: measurements and a clinical table in, the tables and figures of a paper out."""

from __future__ import annotations

import argparse
import gc
import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from ..case.output_folder import check_output
from ..export.cohort.reference_output import (
    check_wanted_reference,
    put_wanted_reference,
    wanted_reference,
)
from ..export.cohort.statistics_wording import BY_RANKS, estimate_text, p_text, summary_text
from ..imaging.progress import Progress
from ..study.cohort.analysis import analyze_cohort
from ..study.cohort.options import CohortOptions
from ..study.cohort.reference import reference_notes
from ..study.cohort.result import CohortResult
from ..study.reference import Reference
from ..study.statistics.statistical_results import Correlation
from ..study.values import Variable
from .arguments.declared import chosen
from .printing import print_table
from .progress import part, shown_progress
from .requirements import check_installed
from .stopping import stop_at_once, stop_in_order

_ANALYZED = 0.6
_PACKAGES = {
    "statsmodels": "statsmodels",
    "matplotlib": "matplotlib",
    "jinja2": "Jinja2",
}


@dataclass(frozen=True)
class CohortJob:
    """What to analyze and where to write; the paths are as the user gave them."""

    measurements: Path
    clinical: Path
    output: Path
    options: CohortOptions
    overwrite: bool = False


def run(options: argparse.Namespace) -> None:
    """Carry out the command.

    Parameters
    ----------
    options : argparse.Namespace
        As parsed by `BV5AnalysisLib.cli`.
    """
    job = CohortJob(
        options.measurements,
        options.clinical,
        options.output,
        chosen(CohortOptions, options),
        options.overwrite,
    )
    with shown_progress(options.progress) as progress:
        result, reference = analyze_into_folder(job, progress)
    if options.progress != "json":
        print_result(result)
        if reference:
            for note in reference_notes(reference):
                print(f"note: {note}", file=sys.stderr)
        print(f"Report:    {job.output / 'cohort.html'}")
        print(f"Table 1:   {job.output / 'table1.html'}")
        print(f"All files: {job.output}")
        if reference:
            print(f"Reference: {job.options.reference}")


def analyze_into_folder(
    job: CohortJob, progress: Progress
) -> tuple[CohortResult, Reference | None]:
    """Analyze a cohort and write its folder, and a reference where one is wanted.

    Parameters
    ----------
    job : CohortJob
        What to do.
    progress : callable
        Called with step and fraction; the last fraction is 1, after the folder is in place.

    Returns
    -------
    result : CohortResult
        What was found.
    reference : Reference or None
        What was written.

    Raises
    ------
    AnalysisError
        It cannot be done; output folder and reference file are as before, but for a reference file
        that proves not to be writable after the folder was written.
    """
    check_installed(_PACKAGES, "The analysis of a cohort")
    # Loads what draws.
    from ..export.cohort.cohort_folder import COHORT, put_cohort

    # What was loaded is no garbage: statsmodels looks through it at every adjustment of p values,
    # and Python at its end.
    gc.freeze()
    check_output(job.output, COHORT, job.overwrite)
    check_wanted_reference(job.options, job.output, job.overwrite)
    with stop_at_once():
        result = analyze_cohort(
            job.measurements, job.clinical, job.options, part(progress, 0.0, _ANALYZED)
        )
        reference = wanted_reference(job.measurements, job.clinical, result, job.options)
    progress("drawing and writing", _ANALYZED)
    with stop_in_order():
        put_cohort(job.output, result, job.options, job.overwrite)
        put_wanted_reference(job.options, reference)
    progress("done", 1.0)
    return result, reference


def print_result(result: CohortResult) -> None:
    """Print the flow, the comparison, and the correlations of the main measure; notes apart."""
    print(" → ".join(f"{step.remaining} {step.text}" for step in result.cohort.flow))
    sizes = ", ".join(f"{group.label} (n = {group.n})" for group in result.groups)
    print(f"Groups: {sizes}")
    print_table(*comparison_table(result))
    if result.correlations:
        print_table(*correlation_table(result))
    sys.stdout.flush()
    for note in result.cohort.notes:
        print(f"note: {note}", file=sys.stderr)


def comparison_table(result: CohortResult) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the measures by group; narrow enough for a terminal."""
    by_ranks = any(each.tests and each.tests[0].name in BY_RANKS for each in result.comparisons)
    values = "median (quartiles)" if by_ranks else "mean (SD)"
    header = [values, *(group.label for group in result.groups), "p", "p (Holm)"]
    rows = [
        [
            each.measure.title,
            *(summary_text(summary, by_ranks) for summary in each.summaries),
            p_text(each.tests[0].p) if each.tests else "–",
            p_text(each.p_holm),
        ]
        for each in result.comparisons
    ]
    return header, rows


def correlation_table(result: CohortResult) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the main measure's correlations; narrow enough for a terminal."""
    main = result.correlations[0].measure
    pairs: dict[Variable, dict[str, Correlation]] = {}
    for each in result.correlations:
        if each.measure == main:
            pairs.setdefault(each.variable, {})[each.method] = each
    header = [f"{main.title} with", "Pearson's R", "p", "Spearman's ρ", "p", "n"]
    rows = [
        [
            variable.title,
            estimate_text(found["pearson"].coefficient),
            p_text(found["pearson"].p),
            estimate_text(replace(found["spearman"].coefficient, low=math.nan)),
            p_text(found["spearman"].p),
            str(found["pearson"].n),
        ]
        for variable, found in pairs.items()
    ]
    return header, rows
