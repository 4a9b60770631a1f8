"""A cohort's plot as data: curves of numbers, no node and no view yet."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...export.cohort.style import COLORS as FIGURE_COLORS
from ..nodes.tables import TableColumn

COLORS = tuple(
    tuple(int(color[first : first + 2], 16) / 255 for first in (1, 3, 5)) for color in FIGURE_COLORS
)
"""As in the figures to publish: safe for color-blind readers."""
INK = (0.1, 0.11, 0.13)
GRAY = (0.6, 0.6, 0.6)
TITLE_LETTERS = 44
"""Of a line of a title: three plots stand beside each other, 320 pixels each in a small window."""
MARGIN = 0.05
"""Of an axis, beyond its values."""
LEGEND_LINE = 0.09
"""Height of one of the legend's lines, of an axis: views draw it over the curves."""
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


@dataclass(frozen=True, eq=False)
class CohortCurve:
    """One series of a plot with its own table.

    Attributes
    ----------
    title : str
        For the legend, and of the table.
    x, y : TableColumn
        What is drawn.
    values : tuple of numpy.ndarray
        (k,) x and y, none missing.
    color : tuple of float
        RGB, 0 to 1.
    style : str
        ``points``, ``line`` or ``dashed``.
    cases : tuple of str
        Labels of the points; empty for lines.
    """

    title: str
    x: TableColumn
    y: TableColumn
    values: tuple[np.ndarray, np.ndarray]
    color: tuple[float, float, float]
    style: str
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class CohortChart:
    """One plot.

    Attributes
    ----------
    key : str
        Different for each of a cohort's plots.
    title, x_title, y_title : str
        As drawn.
    curves : tuple of CohortCurve
        Those drawn first, first.
    x_range, y_range : tuple of float
        Of the axes.
    legend : bool
        Whether the curves' titles are shown.
    """

    key: str
    title: str
    x_title: str
    y_title: str
    curves: tuple[CohortCurve, ...]
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    legend: bool = False


def drawable(text: str) -> str:
    """Text as views can draw it: their font has no subscripts, and dollar signs begin formulas."""
    return text.translate(_SUBSCRIPTS).replace("$", r"\$")


def in_title_lines(title: str) -> str:
    """Break a title where it would be cut off."""
    tied = title.replace(" = ", "\xa0=\xa0")  # A number stays with its name.
    return "\n".join(textwrap.wrap(tied, TITLE_LETTERS)).replace("\xa0", " ")


def below_legend(top: float, curves: Sequence[CohortCurve]) -> float:
    """Upper end of an axis from zero, with room for the legend over its values up to `top`."""
    return (top or 1.0) * (1 + LEGEND_LINE * len(curves))


def axis_range(curves: Sequence[CohortCurve], axis: int) -> tuple[float, float]:
    """Range of an axis (0: x, 1: y) that shows all curves, with some room."""
    values = [curve.values[axis] for curve in curves]
    low = min(float(array.min()) for array in values)
    high = max(float(array.max()) for array in values)
    room = MARGIN * (high - low) or max(abs(low), 1.0) * MARGIN
    return low - room, high + room
