"""The way from all scans to those analyzed, drawn as in the CONSORT statement."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ...study.cohort.result import CohortResult
from ...study.values import Exclusion, FlowStep
from .statistics_wording import subscripted
from .style import DOUBLE_MM, INK, PAPER, Picture, new_figure, picture_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINE_MM = 3.6
_PAD_MM = 2.2
_GAP_MM = 6.0
_MAIN = (2.0, 80.0)
_SIDE = (94.0, 173.0)
_MAIN_LETTERS, _SIDE_LETTERS = 50, 50
_MOST_REASONS = 8
_MOST_BOXES = 4
"""More groups than these do not fit beside each other."""


def flow_picture(result: CohortResult) -> Picture:
    """Draw the flow of scans; inside `style.figure_style`.

    Parameters
    ----------
    result : CohortResult
        Whose flow it is.

    Returns
    -------
    Picture
        Of two journal columns' width.
    """
    steps = _with_first(result.cohort.flow)
    groups = [(subscripted(group.label), group.n) for group in result.groups]
    height = _flow_height(steps) + _groups_height(groups) + 2
    figure = new_figure(DOUBLE_MM, height)
    figure.set_layout_engine(None)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, DOUBLE_MM), ylim=(height, 0))
    axes.axis("off")
    top = 1.0
    for index, step in enumerate(steps):
        if index:
            top = _draw_exclusions(axes, step, top)
        top = _box(axes, _MAIN, top, main_lines(step))
    _draw_groups(axes, groups, top)
    return picture_of(figure)


def main_lines(step: FlowStep) -> list[str]:
    """Lines in the box of a step."""
    text = subscripted(step.text[:1].upper() + step.text[1:])
    return [*textwrap.wrap(text, _MAIN_LETTERS), f"n = {step.remaining}"]


def exclusion_lines(excluded: Sequence[Exclusion]) -> list[str]:
    """Lines in the box of those excluded: each reason with its number, most frequent first."""
    counted = Counter(exclusion.reason for exclusion in excluded).most_common()
    shown, rest = counted[:_MOST_REASONS], counted[_MOST_REASONS:]
    lines = [f"Excluded (n = {len(excluded)})"]
    for reason, count in shown:
        text = f"{subscripted(reason)} (n = {count})"
        lines += textwrap.wrap(text, _SIDE_LETTERS, initial_indent="• ", subsequent_indent="   ")
    if rest:
        lines.append(f"• {len(rest)} other reasons (n = {sum(count for _, count in rest)})")
    return lines


def _with_first(flow: Sequence[FlowStep]) -> list[FlowStep]:
    """Put a step without exclusions before a first one that has some."""
    if flow and flow[0].excluded:
        return [FlowStep("all scans", flow[0].remaining + len(flow[0].excluded)), *flow]
    return list(flow)


def _height(lines: Sequence[str]) -> float:
    return len(lines) * _LINE_MM + 2 * _PAD_MM


def _gap(step: FlowStep) -> float:
    """Room between two boxes: that of the box beside it, and some."""
    return _height(exclusion_lines(step.excluded)) + 4 if step.excluded else _GAP_MM


def _flow_height(steps: Sequence[FlowStep]) -> float:
    return sum(_height(main_lines(step)) for step in steps) + sum(map(_gap, steps[1:]))


def _group_lines(groups: Sequence[tuple[str, int]]) -> list[list[str]]:
    """Lines of each box of groups: one box each, or one for all of many."""
    if len(groups) > _MOST_BOXES:
        return [[f"{label} (n = {n})" for label, n in groups]]
    width = max(12, 4 * _MAIN_LETTERS // (2 * max(len(groups), 1)))
    return [[*textwrap.wrap(label, width), f"n = {n}"] for label, n in groups]


def _groups_height(groups: Sequence[tuple[str, int]]) -> float:
    boxes = _group_lines(groups)
    return 2 * _GAP_MM + max(map(_height, boxes)) if boxes else 0.0


def _draw_exclusions(axes: Axes, step: FlowStep, top: float) -> float:
    """Draw an arrow down, beside it those who left; return where the next box begins."""
    below = top + _gap(step)
    middle = sum(_MAIN) / 2
    _arrow(axes, (middle, top), (middle, below))
    if step.excluded:
        _box(axes, _SIDE, top + 2, exclusion_lines(step.excluded), align_left=True)
        beside = (top + below) / 2
        _arrow(axes, (middle, beside), (_SIDE[0], beside))
    return below


def _draw_groups(axes: Axes, groups: Sequence[tuple[str, int]], top: float) -> None:
    boxes = _group_lines(groups)
    if not boxes:
        return
    middle, branch, below = sum(_MAIN) / 2, top + _GAP_MM, top + 2 * _GAP_MM
    if len(boxes) == 1:
        _arrow(axes, (middle, top), (middle, below))
        _box(axes, _MAIN, below, boxes[0])
        return
    places = _beside(len(boxes))
    centers = [sum(sides) / 2 for sides in places]
    tallest = max(map(_height, boxes))
    ends = [min(middle, centers[0]), max(middle, centers[-1])]
    axes.plot([middle, middle], [top, branch], color=INK, linewidth=0.7)
    axes.plot(ends, [branch, branch], color=INK, linewidth=0.7)
    for sides, center, lines in zip(places, centers, boxes, strict=True):
        _arrow(axes, (center, branch), (center, below))
        _box(axes, sides, below, lines, height=tallest)


def _beside(count: int) -> list[tuple[float, float]]:
    """Return sides of boxes beside each other: two stand under those above."""
    if count == 2:
        return [_MAIN, _SIDE]
    edges = np.linspace(_MAIN[0] - 2, _SIDE[1] + 2, count + 1)
    return [(left + 2, right - 2) for left, right in pairwise(edges.tolist())]


def _box(
    axes: Axes,
    sides: tuple[float, float],
    top: float,
    lines: Sequence[str],
    *,
    align_left: bool = False,
    height: float | None = None,
) -> float:
    """Draw a box with text, and return its bottom."""
    left, right = sides
    height = _height(lines) if height is None else height
    corners = [(left, top), (right, top), (right, top + height), (left, top + height)]
    axes.fill(*zip(*corners, strict=True), facecolor=PAPER, edgecolor=INK, linewidth=0.7)
    for index, line in enumerate(lines):
        x = left + _PAD_MM if align_left else (left + right) / 2
        y = top + height / 2 + (index - (len(lines) - 1) / 2) * _LINE_MM
        axes.text(x, y, line, ha="left" if align_left else "center", va="center_baseline")
    return top + height


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": INK,
            "linewidth": 0.7,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 6,
        },
    )
