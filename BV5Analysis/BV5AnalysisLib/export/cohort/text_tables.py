"""A cohort's tables as text files: for people, and for programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

import numpy as np

from ...case.measurements_csv import safe_cell
from ...study.cohort.result import CohortResult
from ...study.statistics.statistical_results import Comparison, Correlation, Estimate
from .statistics_wording import effect_names
from .table_blocks import Block

_TESTED = (
    "difference_of", "difference", "difference_low", "difference_high", "effect_size_name",
    "effect_size", "effect_size_low", "effect_size_high", "test", "statistic",
    "numerator_degrees_of_freedom", "degrees_of_freedom", "p", "p_holm",
)  # fmt: skip
"""Columns of how groups differ; of the chosen test alone."""

_MARKDOWN_SPECIAL = "\\`*_{}[]<>|#~&"


def table_csv(blocks: Sequence[Block]) -> str:
    """Tables as they are printed, one below the other, with their footnotes.

    Parameters
    ----------
    blocks : sequence of Block
        At least one.

    Returns
    -------
    str
        All lines have the same number of cells. The byte order mark at its start makes
        spreadsheets read UTF-8.
    """
    width = max(len(block.header) for block in blocks)
    lines: list[Sequence[str]] = []
    for block in blocks:
        # Only these hold texts of others; numbers may begin with a true minus sign.
        rows = [(safe_cell(row[0]), *row[1:]) for row in block.rows]
        lines += [tuple(map(safe_cell, block.header)), *rows, ()]
    lines += [(safe_cell(note),) for block in blocks for note in block.footnotes]
    return "\ufeff" + _csv([*line, *[""] * (width - len(line))] for line in lines)


def table_markdown(blocks: Sequence[Block]) -> str:
    """Tables as GitHub and most other Markdown take them, with all text escaped.

    Parameters
    ----------
    blocks : sequence of Block
        At least one.

    Returns
    -------
    str
        One section a block.
    """
    return "\n".join(_markdown(block) for block in blocks)


def cohort_csv(result: CohortResult) -> str:
    """Analyzed cases, one a row: case, group, measures, clinical variables."""
    cohort = result.cohort
    labels = [""] * len(cohort.cases)
    for group in result.groups:
        for row in np.flatnonzero(group.members):
            labels[row] = group.label
    # A clinical table may have a column of this name itself.
    group_column = "group" if "group" not in cohort.columns else "compared_group"
    header = ["case", group_column, *cohort.columns]
    columns = [_column(values) for values in cohort.columns.values()]
    rows = zip(map(safe_cell, cohort.cases), map(safe_cell, labels), *columns, strict=True)
    return _csv([list(map(safe_cell, header)), *rows])


def exclusions_csv(result: CohortResult) -> str:
    """Return who was not analyzed: scans, with the step that took them out, and clinical rows."""
    cohort = result.cohort
    out = [(exclusion, "scan", step.text) for step in cohort.flow for exclusion in step.excluded]
    out += [(exclusion, "clinical row", "") for exclusion in cohort.without_scan]
    rows = [
        (safe_cell(exclusion.case), kind, safe_cell(step), safe_cell(exclusion.reason))
        for exclusion, kind, step in out
    ]
    return _csv([("case", "what", "not_among", "reason"), *rows])


def unusable_csv(result: CohortResult) -> str:
    """Return the cells of the clinical table that were given but are treated as missing."""
    rows = [
        tuple(map(safe_cell, (cell.case, cell.column, cell.text, cell.reason)))
        for cell in result.cohort.unusable
    ]
    return _csv([("case", "column", "cell", "reason"), *rows])


def comparisons_csv(result: CohortResult) -> str:
    """Measures and characteristics by group, one group a row, with all digits and all tests."""
    header = (
        "variable", "unit", "group", "n", "mean", "sd", "median", "lower_quartile",
        "upper_quartile", *_TESTED, "other_tests", "problem",
    )  # fmt: skip
    rows = [
        row
        for comparison in (*result.comparisons, *result.characteristics)
        for row in _comparison_rows(result, comparison)
    ]
    return _csv([header, *rows])


def pairs_csv(result: CohortResult) -> str:
    """Each two of three or more groups, one pair and measure a row, with all digits."""
    header = ("variable", "unit", "first_group", "second_group", *_TESTED, "problem")
    rows = [
        (
            safe_cell(pair.comparison.measure.key),
            safe_cell(pair.comparison.measure.unit),
            *map(safe_cell, pair.groups),
            *_tested(pair.comparison),
            safe_cell(pair.comparison.problem),
        )
        for pair in result.pairs
    ]
    return _csv([header, *rows])


def correlations_csv(result: CohortResult) -> str:
    """Correlations with all digits, one a row."""
    header = (
        "measure", "unit", "variable", "method", "coefficient", "low", "high", "p", "p_holm", "n",
        "problem",
    )  # fmt: skip
    return _csv([header, *map(_correlation_row, result.correlations)])


def _comparison_rows(result: CohortResult, comparison: Comparison) -> list[tuple[str, ...]]:
    others = "; ".join(f"{test.name} p={_number(test.p)}" for test in comparison.tests[1:])
    return [
        (
            safe_cell(comparison.measure.key),
            safe_cell(comparison.measure.unit),
            safe_cell(group.label),
            str(summary.n),
            _number(summary.mean),
            _number(summary.sd),
            _number(summary.median),
            _number(summary.lower_quartile),
            _number(summary.upper_quartile),
            *_tested(comparison),
            others,
            safe_cell(comparison.problem),
        )
        for group, summary in zip(result.groups, comparison.summaries, strict=True)
    ]


def _tested(comparison: Comparison) -> tuple[str, ...]:
    """Cells of the columns `_TESTED`."""
    test = comparison.tests[0] if comparison.tests else None
    names = effect_names(test.name) if test and comparison.difference else ("", "")
    numbers = (
        (
            test.statistic,
            test.numerator_degrees_of_freedom,
            test.degrees_of_freedom,
            test.p,
        )
        if test
        else (math.nan,) * 4
    )
    return (
        names[0],
        *_estimate(comparison.difference),
        names[1],
        *_estimate(comparison.effect_size),
        test.name if test else "",
        *map(_number, (*numbers, comparison.p_holm)),
    )


def _correlation_row(correlation: Correlation) -> tuple[str, ...]:
    return (
        correlation.measure.key,
        correlation.measure.unit,
        safe_cell(correlation.variable.key),
        correlation.method,
        *_estimate(correlation.coefficient),
        _number(correlation.p),
        _number(correlation.p_holm),
        str(correlation.n),
        safe_cell(correlation.problem),
    )


def _estimate(estimate: Estimate | None) -> tuple[str, str, str]:
    if estimate is None:
        return "", "", ""
    return _number(estimate.value), _number(estimate.low), _number(estimate.high)


def _column(values: np.ndarray) -> Iterable[str]:
    return map(safe_cell if values.dtype == object else _number, values.tolist())


def _number(value: float) -> str:
    return f"{value:.10g}" if math.isfinite(value) else ""


def _csv(lines: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def _markdown(block: Block) -> str:
    width = len(block.header)
    lines = [
        f"### {_escaped(block.title)}",
        "",
        _markdown_row(map(_escaped, block.header)),
        _markdown_row([":--", *["--:"] * (width - 1)]),
    ]
    for row in block.rows:
        cells = [f"**{_escaped(row[0])}**"] if len(row) == 1 else list(map(_escaped, row))
        lines.append(_markdown_row([*cells, *[""] * (width - len(cells))]))
    lines += ["", *(f"{_escaped(note)}  " for note in block.footnotes)]
    return "\n".join(lines) + "\n"


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    text = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in _MARKDOWN_SPECIAL else sign for sign in text)
