"""What a cohort's figures are made of: one drawing on one pair of axes each."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...study.cohort.plot_data import box_of, histogram_of, known_rows
from ...study.statistics.regression_line import regression_line
from ...study.statistics.statistical_results import Roc
from ...study.values import Group
from .statistics_wording import roc_title, subscripted
from .style import INK, LINE, PAPER, SOFT, color_of, dash_of, marker_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

RASTER_ABOVE = 300
"""More points than these are drawn as an image inside of the vector graphics."""

_FILLED_GROUPS = 3
"""More than these would hide each other if their histograms were filled."""
_TICK_LETTERS = 9
_LEGEND_LETTERS = 20
_SHORT_LETTERS = 23
_WHOLE_NAMES = 4
_LONGEST_NAME = 40
_WIDE_TICKS = 8


def draw_boxes(axes: Axes, samples: Sequence[np.ndarray], labels: Sequence[str]) -> None:
    """Draw a box a group over all its points, and a diamond for its mean.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    samples : sequence of numpy.ndarray
        Values of each group, without NaN; may be empty.
    labels : sequence of str
        Of the groups, below the boxes.
    """
    total = sum(map(len, samples))
    for index, values in enumerate(samples):
        if len(values) == 0:
            continue
        color = color_of(index)
        axes.plot(
            index + _spread(values),
            values,
            linestyle="none",
            marker=marker_of(index),
            markersize=_marker_size(total),
            markeredgewidth=0,
            color=color,
            alpha=_opacity(total),
            rasterized=total > RASTER_ABOVE,
            zorder=1,
        )
        box = box_of(values)
        line = {"color": INK, "linewidth": 0.8}
        axes.bxp(
            [
                {
                    "whislo": box.low,
                    "q1": box.lower_quartile,
                    "med": box.median,
                    "q3": box.upper_quartile,
                    "whishi": box.high,
                    "mean": box.mean,
                }
            ],
            positions=[index],
            widths=0.62,
            showfliers=False,
            showmeans=True,
            boxprops=line,
            whiskerprops=line,
            capprops=line,
            medianprops=line | {"linewidth": 1.6},
            meanprops={
                "marker": "D",
                "markersize": 3.2,
                "markerfacecolor": PAPER,
                "markeredgecolor": INK,
                "markeredgewidth": 0.8,
            },
            manage_ticks=False,
            zorder=3,
        )
    axes.set_xlim(-0.6, len(samples) - 0.4)
    axes.set_xticks(range(len(samples)), labels)
    axes.tick_params(axis="x", length=0, labelsize=6.5 if len(samples) <= _WIDE_TICKS else 5.0)


def draw_scatter(
    axes: Axes, x: np.ndarray, y: np.ndarray, groups: Sequence[Group], confidence: float
) -> None:
    """Draw pairs by group, and one line through all with its confidence band.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x, y : numpy.ndarray
        (n,) values, NaN where missing.
    groups : sequence of Group
        Of the n patients.
    confidence : float
        Level of the band.
    """
    total = int(np.count_nonzero(np.isfinite(x) & np.isfinite(y)))
    for index, group in enumerate(groups):
        rows = known_rows(group, x, y)
        axes.plot(
            x[rows],
            y[rows],
            linestyle="none",
            marker=marker_of(index),
            markersize=_marker_size(total) + 0.6,
            markeredgewidth=0,
            color=color_of(index),
            alpha=_opacity(total),
            rasterized=total > RASTER_ABOVE,
        )
    line = regression_line(x, y, confidence)
    if line is not None:
        axes.fill_between(line.x, line.low, line.high, color=SOFT, alpha=0.25, linewidth=0)
        axes.plot(line.x, line.y, color=INK)


def draw_histogram(axes: Axes, samples: Sequence[np.ndarray]) -> None:
    """Draw the groups' distributions over shared bins, each in percent of its group.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    samples : sequence of numpy.ndarray
        Values of each group, without NaN; may be empty.
    """
    histogram = histogram_of(samples)
    if histogram is None:
        return
    for index, (values, percents) in enumerate(zip(samples, histogram.percents, strict=True)):
        if len(values) == 0:
            continue
        bars, color = (percents, histogram.edges), color_of(index)
        if len(samples) <= _FILLED_GROUPS:
            axes.stairs(*bars, fill=True, color=color, alpha=0.3, linewidth=0)
        axes.stairs(*bars, color=color, linestyle=dash_of(index), linewidth=1.1)
    axes.set_ylim(bottom=0)


def draw_rocs(axes: Axes, rocs: Sequence[Roc]) -> None:
    """Draw ROC curves with their areas, and the line of chance.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    rocs : sequence of Roc
        Without problems.
    """
    axes.plot([0, 1], [0, 1], color=LINE, linewidth=0.8, zorder=0)
    for index, roc in enumerate(rocs):
        axes.plot(
            roc.false_positive_rate,
            roc.true_positive_rate,
            color=color_of(index),
            linestyle=dash_of(index),
            label=roc_title(roc),
        )
    axes.set(
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        xlabel="1 − specificity",
        ylabel="Sensitivity",
        aspect="equal",
        anchor="N",  # Room that is left stays below, for the legend.
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), handlelength=2.6)


def legend_handles(groups: Sequence[Group], as_lines: bool = False) -> list[Line2D]:
    """Return what a legend shows for each group."""
    from matplotlib.lines import Line2D

    numbered = not _fit_below_axis(groups)
    return [
        Line2D(
            [],
            [],
            color=color_of(index),
            linestyle=dash_of(index) if as_lines else "none",
            marker="" if as_lines else marker_of(index),
            markersize=4,
            markeredgewidth=0,
            label=(f"{index + 1}: " if numbered else "") + _legend_text(group, len(groups)),
        )
        for index, group in enumerate(groups)
    ]


def legend_size(groups: Sequence[Group]) -> float:
    """Return the size of a legend's letters, in points."""
    return 7.0 if len(groups) <= _WHOLE_NAMES else 6.0


def _legend_text(group: Group, count: int) -> str:
    """Name and number; of many groups the name on one line, with all of it in tables only."""
    if count > _WHOLE_NAMES:
        return textwrap.shorten(subscripted(group.label), _SHORT_LETTERS, placeholder="…")
    name = textwrap.shorten(group.label, _LONGEST_NAME, placeholder="…")
    text, n = _wrapped(name, _LEGEND_LETTERS), f"(n = {group.n})"
    return f"{text} {n}" if len(text) + len(n) < _LEGEND_LETTERS else f"{text}\n{n}"


def tick_labels(groups: Sequence[Group]) -> list[str]:
    """Return groups' names for below an axis; their numbers in the legend if there is no room."""
    if _fit_below_axis(groups):
        return [_wrapped(group.label, _TICK_LETTERS) for group in groups]
    return [str(index) for index in range(1, len(groups) + 1)]


def _fit_below_axis(groups: Sequence[Group]) -> bool:
    labels = [_wrapped(group.label, _TICK_LETTERS).split("\n") for group in groups]
    return len(groups) <= 2 and all(
        len(lines) <= 3 and max(map(len, lines)) <= _TICK_LETTERS for lines in labels
    )


def _wrapped(text: str, width: int) -> str:
    """Text in lines, none of which ends with a sign such as ≤."""
    # textwrap does not break at a figure space.
    bound = re.sub(r"([≤≥<>=]) ", "\\1\u2007", subscripted(text))
    return "\n".join(textwrap.wrap(bound, width)).replace("\u2007", " ") or text


def _spread(values: np.ndarray) -> np.ndarray:
    """Sideways shifts that show how many points share a height: wide where there are many."""
    if np.ptp(values) == 0:
        return np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else np.zeros(1)
    edges = np.histogram_bin_edges(values, min(30, max(5, len(values) // 5)))
    counts = np.histogram(values, edges)[0]
    cell = np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(counts) - 1)
    width: np.ndarray = 0.28 * np.sqrt(counts[cell] / counts.max())
    return width * np.random.default_rng(0).uniform(-1, 1, len(values))


def _marker_size(total: int) -> float:
    return float(np.interp(np.log10(max(total, 1)), [1.7, 3, 4], [2.6, 1.6, 0.9]))


def _opacity(total: int) -> float:
    return float(np.interp(np.log10(max(total, 1)), [1.7, 3, 4], [0.75, 0.5, 0.3]))
