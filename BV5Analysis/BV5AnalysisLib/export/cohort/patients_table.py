"""The patients of a cohort, as a table."""

from __future__ import annotations

import math

from ...study.cohort.result import CohortResult
from ...study.statistics.comparisons import TEST_NAMES
from ...study.statistics.statistical_results import CategoryComparison
from ..wording import number
from .statistics_wording import comparison_problems, joined, marks, p_text
from .table_blocks import Block, comparison_block, problem_notes


def characteristics_block(result: CohortResult) -> Block:
    """Table of the patients: numbers, then categories.

    Parameters
    ----------
    result : CohortResult
        Whose patients they are.

    Returns
    -------
    Block
        Without rows if nothing is known of them.
    """
    numbers = comparison_block(result, result.characteristics, "Patients")
    of_numbers = comparison_problems(result.characteristics)
    mark = marks((*of_numbers, *(category.problem for category in result.categories)))
    rows = [
        row
        for category in result.categories
        for row in _category_rows(category, mark, len(numbers.header))
    ]
    problems = problem_notes(mark)
    notes = [note for note in numbers.footnotes if note not in problems]
    tests = dict.fromkeys(category.test.name for category in result.categories if category.test)
    if rows:
        tested = f"; p: {joined([TEST_NAMES[name] for name in tests])}" if tests else ""
        notes.append(f"Categories: patients (% of those with a value){tested}.")
    header = ("Characteristic", *numbers.header[1:])
    return Block("Patients", header, (*numbers.rows, *rows), (*notes, *problems))


def _category_rows(
    category: CategoryComparison, mark: dict[str, str], width: int
) -> list[tuple[str, ...]]:
    """Heading with the test's p, then counts of each level by group."""
    p = category.test.p if category.test else math.nan
    heading = [category.variable.name, *[""] * (width - 1)]
    heading[width - 1] = p_text(p) + mark.get(category.problem, "")
    rows = [tuple(heading)]
    for level, counts in zip(category.levels, zip(*category.counts, strict=True), strict=True):
        cells = [f"\u2003{level}"]
        for count, known in zip(counts, map(sum, category.counts), strict=True):
            cells.append(f"{count} ({number(100 * count / known, 0)} %)" if known else "–")
        rows.append((*cells, *[""] * (width - len(cells))))
    return rows
