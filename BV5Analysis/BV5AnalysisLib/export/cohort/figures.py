"""A cohort's figures, fit to publish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...study.cohort.plot_data import known_rows, roc_panels
from ...study.cohort.result import CohortResult
from ...study.measures import MEASURES, Measure
from ...study.statistics.comparisons import TEST_NAMES
from ...study.statistics.statistical_results import Comparison
from ...study.values import Variable
from .flow import flow_picture
from .panels import (
    draw_boxes,
    draw_histogram,
    draw_rocs,
    draw_scatter,
    legend_handles,
    legend_size,
    tick_labels,
)
from .statistics_wording import chosen_test, estimate_text, interval_text, p_phrase, subscripted
from .style import (
    DOUBLE_MM,
    SINGLE_MM,
    Picture,
    figure_style,
    grid_of_axes,
    is_first_in_row,
    new_figure,
    picture_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROC_MM = 102.0
"""Room for a legend of four lines below the panels."""

FIGURES = ("flow", "groups", "scatter", "roc", "histograms")
_PANEL_MM = 52.0


@dataclass(frozen=True)
class CohortFigure:
    """A figure and what it shows.

    Attributes
    ----------
    name : str
        One of `FIGURES`; its files' name.
    title, caption : str
        For people.
    picture : Picture
        The drawing.
    """

    name: str
    title: str
    caption: str
    picture: Picture


def cohort_figures(result: CohortResult) -> tuple[CohortFigure, ...]:
    """Draw all figures that there are data for.

    Parameters
    ----------
    result : CohortResult
        What to draw.

    Returns
    -------
    tuple of CohortFigure
        In the order of `FIGURES`, each at most once.
    """
    with figure_style():
        made = (
            _flow_figure(result),
            _groups_figure(result),
            _scatter_figure(result),
            _roc_figure(result),
            _histograms_figure(result),
        )
    return tuple(figure for figure in made if figure is not None)


def _flow_figure(result: CohortResult) -> CohortFigure | None:
    if not result.cohort.flow:
        return None
    caption = "Scans from those measured to those analyzed, with the reasons of exclusion."
    return CohortFigure("flow", "Flow of scans", caption, flow_picture(result))


def _groups_figure(result: CohortResult) -> CohortFigure | None:
    if not (result.comparisons and result.groups):
        return None
    test = chosen_test(result.comparisons)
    labels = tick_labels(result.groups)

    def draw(axes: Axes, comparison: Comparison) -> None:
        draw_boxes(axes, _samples(result, comparison.measure), labels)
        axes.set_ylabel(comparison.measure.title)
        axes.set_title(p_phrase(comparison.tests[0].p) if comparison.tests else "not tested")

    picture = _panels(result, draw, as_lines=False)
    tested = f" p: {TEST_NAMES[test]}, not adjusted for the number of measures." if test else ""
    caption = (
        "Boxes: quartiles and median; whiskers: to the last value within 1.5 interquartile ranges;"
        f" diamonds: means; each point a patient.{tested}"
    )
    return CohortFigure("groups", "Blood volume by group", caption, picture)


def _histograms_figure(result: CohortResult) -> CohortFigure | None:
    if not (result.comparisons and result.groups):
        return None

    def draw(axes: Axes, comparison: Comparison) -> None:
        draw_histogram(axes, _samples(result, comparison.measure))
        axes.set_xlabel(comparison.measure.title)
        if is_first_in_row(axes):
            axes.set_ylabel("Patients (% of group)")

    picture = _panels(result, draw, as_lines=True)
    caption = "Distribution of each measure, in percent of the patients of a group."
    return CohortFigure("histograms", "Distributions", caption, picture)


def _panels(
    result: CohortResult, draw: Callable[[Axes, Comparison], None], as_lines: bool
) -> Picture:
    """One panel a measure: percentages, the legend, then volumes."""
    percents = [comparison for comparison in result.comparisons if comparison.measure.unit == "%"]
    others = [comparison for comparison in result.comparisons if comparison.measure.unit != "%"]
    cells: list[Comparison | None] = [*percents, None, *others]
    rows = -(-len(cells) // 4)
    figure = new_figure(DOUBLE_MM, _PANEL_MM * rows)
    for axes, comparison in zip(grid_of_axes(figure, len(cells), 4), cells, strict=True):
        if comparison is not None:
            draw(axes, comparison)
            continue
        axes.axis("off")
        handles = legend_handles(result.groups, as_lines)
        # Its width is no reason to make the panels below it narrower.
        size = legend_size(result.groups)
        axes.legend(handles=handles, loc="center", fontsize=size).set_in_layout(False)
    return picture_of(figure)


def _scatter_figure(result: CohortResult) -> CohortFigure | None:
    """Draw the main measure against each variable that it was correlated with."""
    main = MEASURES[0]
    drawn = [
        correlation
        for correlation in result.correlations
        if correlation.measure == main
        and correlation.method == "pearson"
        and not correlation.problem
    ]
    if not drawn:
        return None
    columns = {1: 1, 2: 2, 4: 2}.get(len(drawn), 3)
    rows = -(-len(drawn) // columns)
    figure = new_figure(SINGLE_MM if columns == 1 else DOUBLE_MM, 62.0 * rows + 8)
    panels = grid_of_axes(figure, len(drawn), columns, share_y=True)
    for axes, correlation in zip(panels, drawn, strict=True):
        x, y = result.cohort.columns[correlation.variable.key], result.cohort.columns[main.key]
        draw_scatter(axes, x, y, result.groups, result.confidence)
        axes.set_xlabel(subscripted(correlation.variable.title))
        if is_first_in_row(axes):
            axes.set_ylabel(main.title)
        coefficient = f"R = {estimate_text(correlation.coefficient)}"
        axes.set_title(f"{coefficient}\n{p_phrase(correlation.p)}, n = {correlation.n}")
    if result.groups:
        handles = legend_handles(result.groups)
        figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 3))
    caption = (
        f"{main.title} against clinical variables. Line: least squares through all patients; band:"
        f" its {interval_text(result)}. R: Pearson's, with {interval_text(result)}."
    )
    return CohortFigure("scatter", "Correlations", caption, picture_of(figure))


def _roc_figure(result: CohortResult) -> CohortFigure | None:
    panels = [rocs for rocs in roc_panels(result.rocs) if rocs]
    if not panels:
        return None
    figure = new_figure(SINGLE_MM if len(panels) == 1 else DOUBLE_MM, _ROC_MM)
    for axes, shown in zip(grid_of_axes(figure, len(panels), len(panels)), panels, strict=True):
        draw_rocs(axes, shown)
    first = next(roc for roc in result.rocs if not roc.problem)
    caption = (
        f"Receiver operating characteristic of the measures for {first.outcome} ({first.positives}"
        f" with, {first.negatives} without); low, high: the values that stand for it. AUC: area"
        f" under the curve with bootstrap {interval_text(result)}; gray: chance."
    )
    return CohortFigure("roc", "ROC curves", caption, picture_of(figure))


def _samples(result: CohortResult, measure: Measure | Variable) -> Sequence[np.ndarray]:
    values = result.cohort.columns[measure.key]
    return [values[known_rows(group, values)] for group in result.groups]
