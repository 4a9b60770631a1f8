"""A cohort's plots: by group, against clinical variables, distribution, ROC curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...export.cohort.statistics_wording import estimate_text, p_phrase, roc_title
from ...study.cohort.plot_data import Box, box_of, histogram_of, known_rows, roc_panels
from ...study.cohort.result import CohortResult
from ...study.measures import Measure
from ...study.statistics.comparisons import TEST_NAMES
from ...study.statistics.regression_line import regression_line
from ...study.statistics.statistical_results import Comparison, Correlation, Roc
from ...study.values import Group
from ..nodes.tables import TableColumn
from .chart import (
    COLORS,
    GRAY,
    INK,
    TITLE_LETTERS,
    CohortChart,
    CohortCurve,
    axis_range,
    below_legend,
)

BOX_HALF_WIDTH = 0.32
STRIP_HALF_WIDTH = 0.22
WHOLE_NUMBERS = 4.2
"""Least length of the axis of groups: on a shorter one views write numbers between the groups'."""
GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it, without their whole part, fill an interval evenly."""


def cohort_charts(result: CohortResult) -> tuple[CohortChart, ...]:
    """Make all plots of a cohort that there are values for.

    Parameters
    ----------
    result : CohortResult
        What to show.

    Returns
    -------
    tuple of CohortChart
        The main measure by group, against each variable (Pearson), its distribution, ROC curves.
    """
    charts = []
    if result.comparisons and result.groups:
        main = result.comparisons[0]
        charts += [groups_chart(result, main), histogram_chart(result, main.measure)]
        charts += [
            scatter_chart(result, correlation)
            for correlation in result.correlations
            if correlation.measure == main.measure and correlation.method == "pearson"
        ]
    percents, volumes = roc_panels(result.rocs)
    charts += [roc_chart("roc", percents), roc_chart("roc.volumes", volumes)]
    return tuple(chart for chart in charts if chart is not None)


def groups_chart(result: CohortResult, comparison: Comparison) -> CohortChart | None:
    """Draw a box a group over its patients; None without any value."""
    measure = comparison.measure
    y = TableColumn(measure.key, measure.title, measure.unit, "")
    x = TableColumn("place", "Place", "", "Of the group's box, and beside it.")
    boxes, strips = [], []
    for place, group in enumerate(result.groups, 1):
        values, cases = _of_group(result, group, measure.key)
        if not len(values):
            continue
        color = COLORS[(place - 1) % len(COLORS)]
        aside = (np.arange(len(values)) * GOLDEN % 1 * 2 - 1) * STRIP_HALF_WIDTH
        strips.append(
            CohortCurve(group.label, x, y, (place + aside, values), color, "points", cases)
        )
        outline = box_outline(place, box_of(values))
        boxes.append(CohortCurve(f"{group.label}, box", x, y, outline, INK, "line"))
    if not strips:
        return None
    lines = in_lines(
        [f"{place}: {group.label} (n = {group.n})" for place, group in enumerate(result.groups, 1)]
    )
    test = comparison.tests[0] if comparison.tests else None
    tested = f", {TEST_NAMES[test.name]} {p_phrase(test.p)}" if test else ""
    return CohortChart(
        "groups",
        f"{measure.title} by group{tested}",
        lines,
        measure.title,
        (*strips, *boxes),
        _groups_range(len(result.groups)),
        axis_range(strips, 1),
    )


def _groups_range(count: int) -> tuple[float, float]:
    """Range of the axis that groups 1 to `count` stand on."""
    half = max(count + 0.2, WHOLE_NUMBERS) / 2
    return (count + 1) / 2 - half, (count + 1) / 2 + half


def in_lines(items: Sequence[str]) -> str:
    """Join items, as many on each line as fit below an axis."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 2 <= TITLE_LETTERS:
            lines[-1] += f"; {item}"
        else:
            lines.append(item)
    return ";\n".join(lines)


def box_outline(place: float, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """Box with median and whiskers, drawn without lifting the pen.

    Parameters
    ----------
    place : float
        Its middle on the x axis.
    box : Box
        What to draw.

    Returns
    -------
    tuple of numpy.ndarray
        (k,) x and y of the line.
    """
    lower, median, upper = box.lower_quartile, box.median, box.upper_quartile
    low, high = box.low, box.high
    left, right = place - BOX_HALF_WIDTH, place + BOX_HALF_WIDTH
    cap = BOX_HALF_WIDTH / 2
    line = [
        *((place - cap, low), (place + cap, low), (place, low), (place, lower)),
        *((left, lower), (left, median), (right, median), (left, median), (left, upper)),
        *((place, upper), (place, high), (place - cap, high), (place + cap, high)),
        *((place, high), (place, upper), (right, upper), (right, lower), (place, lower)),
    ]
    x, y = np.array(line).T
    return x, y


def scatter_chart(result: CohortResult, correlation: Correlation) -> CohortChart | None:
    """Draw a measure against a variable with its line and band; None without two pairs."""
    measure, variable = correlation.measure, correlation.variable
    x = TableColumn(variable.key, variable.title, "", "")
    y = TableColumn(measure.key, measure.title, measure.unit, "")
    all_x, all_y = (result.cohort.columns[key] for key in (variable.key, measure.key))
    if np.count_nonzero(np.isfinite(all_x) & np.isfinite(all_y)) < 2:
        return None
    points = []
    for index, group in enumerate(result.groups):
        *values, cases = _of_group(result, group, variable.key, measure.key)
        color = COLORS[index % len(COLORS)]
        points.append(CohortCurve(group.label, x, y, tuple(values), color, "points", cases))
    lines = []
    if (fit := regression_line(all_x, all_y, result.confidence)) is not None:
        band = f"{100 * result.confidence:g} % confidence"
        lines = [
            CohortCurve("Regression", x, y, (fit.x, fit.y), INK, "line"),
            CohortCurve(f"{band}, lower", x, y, (fit.x, fit.low), GRAY, "dashed"),
            CohortCurve(f"{band}, upper", x, y, (fit.x, fit.high), GRAY, "dashed"),
        ]
    told = (
        f"R = {estimate_text(correlation.coefficient)}, {p_phrase(correlation.p)},"
        f" n = {correlation.n}"
        if not correlation.problem
        else correlation.problem
    )
    curves = (*(curve for curve in points if len(curve.cases)), *lines)
    return CohortChart(
        f"scatter.{variable.key}",
        f"{measure.name} against {variable.name}: {told}",
        variable.title,
        measure.title,
        curves,
        axis_range(curves, 0),
        axis_range(curves, 1),
        legend=False,
    )


def histogram_chart(result: CohortResult, measure: Measure) -> CohortChart | None:
    """Draw each group's distribution, in percent of its patients; None without values."""
    samples = [_of_group(result, group, measure.key)[0] for group in result.groups]
    histogram = histogram_of(samples)
    if histogram is None:
        return None
    x = TableColumn(measure.key, measure.title, measure.unit, "")
    y = TableColumn("patients_pct", "Patients (% of group)", "%", "")
    curves = []
    across = np.repeat(histogram.edges, 2)
    for index, (group, values) in enumerate(zip(result.groups, samples, strict=True)):
        if len(values):
            outline = (across, np.pad(np.repeat(histogram.percents[index], 2), 1))
            color = COLORS[index % len(COLORS)]
            curves.append(CohortCurve(group.label, x, y, outline, color, "line"))
    return CohortChart(
        "histogram",
        f"Distribution of {measure.title}",
        measure.title,
        y.title,
        tuple(curves),
        axis_range(curves, 0),
        (0.0, below_legend(max(float(curve.values[1].max()) for curve in curves), curves)),
        legend=True,
    )


def roc_chart(key: str, rocs: Sequence[Roc]) -> CohortChart | None:
    """Draw ROC curves with their areas, and the line of chance; None without any."""
    if not rocs:
        return None
    x = TableColumn("false_positive_rate", "1 − specificity", "", "")
    y = TableColumn("true_positive_rate", "Sensitivity", "", "")
    curves = [
        CohortCurve(
            roc_title(roc),
            x,
            y,
            (roc.false_positive_rate, roc.true_positive_rate),
            COLORS[index % len(COLORS)],
            "line",
        )
        for index, roc in enumerate(rocs)
    ]
    what = "percentages" if rocs[0].measure.unit == "%" else "volumes"
    diagonal = np.array([0.0, 1.0])
    chance = CohortCurve("Chance", x, y, (diagonal, diagonal), GRAY, "dashed")
    return CohortChart(
        key,
        f"ROC of {rocs[0].outcome} by {what}",
        x.title,
        y.title,
        (*curves, chance),
        (0.0, 1.0),
        (0.0, below_legend(1.0, [*curves, chance])),
        legend=True,
    )


def _of_group(
    result: CohortResult, group: Group, *keys: str
) -> tuple[*tuple[np.ndarray, ...], tuple[str, ...]]:
    """Values of a group's patients that have all of them, and the patients' names."""
    columns = [result.cohort.columns[key] for key in keys]
    rows = known_rows(group, *columns)
    return (*(column[rows] for column in columns), tuple(result.cohort.cases[row] for row in rows))
