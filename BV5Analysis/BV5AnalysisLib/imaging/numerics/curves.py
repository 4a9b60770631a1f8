"""Smooth, evenly spaced curves through rows of points, all rows at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from .rows import row_medians, row_numbers


@dataclass(frozen=True)
class CurveConstants(MethodConstants):
    """Tuned numbers of smoothing centerlines."""

    fine_step_mm: float = constant(
        0.35,
        "mm",
        "Distance of the points at which a curve is smoothed.",
        "Chosen by eye: half a voxel of a usual scan.",
    )
    least_sigma_mm: float = constant(
        1.0,
        "mm",
        "Least standard deviation of the Gaussian that smooths; that of a wider vessel is its"
        " scale.",
        "Chosen by eye: ridge points stray by a fraction of a voxel.",
    )
    truncate: float = constant(
        3.0,
        "1",
        "Where the Gaussian ends, in standard deviations.",
        "What lies beyond weighs less than 0.3 %.",
    )
    most_sigma_share: float = constant(
        0.25,
        "1",
        "Standard deviation of the Gaussian at most, as a share of a curve's points.",
        "Less than one over `truncate`, so that it never reaches beyond the curve's length.",
    )


CONSTANTS = CurveConstants()

APART_MM = 1.0
"""Between two rows laid one behind the other, so that one interpolation serves all."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Points on curves, curve after curve; n points, b curves.

    Attributes
    ----------
    position_mm, tangent : numpy.ndarray
        (n, 3) places and unit vectors along the curves.
    scale_mm, step_mm : numpy.ndarray
        (n,) scale of the points behind, and length of curve that each point stands for.
    start : numpy.ndarray
        (b + 1,) index of each curve's first point; the last entry is n.
    """

    position_mm: np.ndarray
    tangent: np.ndarray
    scale_mm: np.ndarray
    step_mm: np.ndarray
    start: np.ndarray


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of points, row after row: their first indices, ending in the count of all points."""

    start: np.ndarray

    @classmethod
    def of_lengths(cls, lengths: np.ndarray) -> _Rows:
        return cls(np.concatenate([[0], np.cumsum(lengths)]).astype(int))

    @property
    def first(self) -> np.ndarray:
        return self.start[:-1]

    @property
    def last(self) -> np.ndarray:
        return self.start[1:] - 1

    @property
    def row(self) -> np.ndarray:
        """Row of each point."""
        return row_numbers(self.start)

    @property
    def place(self) -> np.ndarray:
        """Number of each point within its row."""
        return np.asarray(np.arange(self.start[-1]) - self.first[self.row])

    def arc_mm(self, position_mm: np.ndarray) -> np.ndarray:
        """Length along its row up to each point."""
        step = np.zeros(len(position_mm))
        step[1:] = np.linalg.norm(np.diff(position_mm, axis=0), axis=1)
        step[self.first] = 0
        arc = np.cumsum(step)
        return np.asarray(arc - arc[self.first][self.row])


def smooth_curves(
    position_mm: np.ndarray, scale_mm: np.ndarray, start: np.ndarray, step_mm: float
) -> Curves:
    """Smooth rows of ridge points, which stray by a fraction of a voxel, and space them evenly.

    Parameters
    ----------
    position_mm : numpy.ndarray
        (n, 3) points, row after row.
    scale_mm : numpy.ndarray
        (n,) scale of each; the wider a vessel, the more its points stray.
    start : numpy.ndarray
        (b + 1,) index of each row's first point, ending in n; a row has two points or more.
    step_mm : float
        Wanted distance of the curves' points.

    Returns
    -------
    Curves
        One a row, from its first point to its last, which stay where they are. The points sit in
        the middle of the lengths they stand for.
    """
    if len(start) == 1:
        return Curves(np.empty((0, 3)), np.empty((0, 3)), np.empty(0), np.empty(0), start)
    rough = _Rows(start)
    arc = rough.arc_mm(position_mm)
    length = arc[rough.last]
    counts = np.maximum(3, np.rint(length / CONSTANTS.fine_step_mm).astype(int) + 1)
    fine = _Rows.of_lengths(counts)
    share = fine.place / (counts - 1)[fine.row]
    curve = _along(share * length[fine.row], fine, arc, rough, position_mm)
    ends = curve[fine.first][fine.row], curve[fine.last][fine.row]
    straight = ends[0] + share[:, None] * (ends[1] - ends[0])
    # A curve of no length has no bend to smooth.
    spacing = np.maximum(length / (counts - 1), 1e-9)
    sigma = np.maximum(CONSTANTS.least_sigma_mm, row_medians(scale_mm, rough.start)) / spacing
    sigma = np.minimum(sigma, CONSTANTS.most_sigma_share * counts)
    curve = straight + _smoothed(curve - straight, fine, sigma)

    smooth_arc = fine.arc_mm(curve)
    smooth_length = smooth_arc[fine.last]
    counts = np.maximum(2, np.rint(smooth_length / step_mm).astype(int))
    even = _Rows.of_lengths(counts)
    share = (even.place + 0.5) / counts[even.row]
    at = share * smooth_length[even.row]
    tangent = _along(at, even, smooth_arc, fine, _gradient(curve, fine))
    norm = np.linalg.norm(tangent, axis=1, keepdims=True)
    # Points in one place have no direction; any will do.
    tangent = np.where(norm > 0, tangent / np.maximum(norm, 1e-12), [1.0, 0.0, 0.0])
    return Curves(
        _along(at, even, smooth_arc, fine, curve),
        tangent,
        _along(share * length[even.row], even, arc, rough, scale_mm[:, None])[:, 0],
        (smooth_length / counts)[even.row],
        even.start,
    )


def _along(
    at: np.ndarray, at_rows: _Rows, arc: np.ndarray, rows: _Rows, values: np.ndarray
) -> np.ndarray:
    """Values (m, k) at lengths along the rows, from values (n, k) at the rows' points."""
    lengths = arc[rows.last] + APART_MM
    behind = np.cumsum(lengths) - lengths
    at, arc = at + behind[at_rows.row], arc + behind[rows.row]
    return np.stack([np.interp(at, arc, column) for column in values.T], axis=1)


def _smoothed(bend: np.ndarray, rows: _Rows, sigma: np.ndarray) -> np.ndarray:
    """Gaussian of its own sigma (b,), in points, along each row of vectors (n, 3).

    Rows are 0 at both ends and go on beyond, turned about them, so that their ends stay 0. A
    Gaussian must not reach beyond a row's length.
    """
    row, place, first = rows.row, rows.place, rows.first[rows.row]
    end = rows.last[row] - first
    radius = (CONSTANTS.truncate * sigma + 0.5).astype(int)[row]
    fall = -0.5 / sigma[row] ** 2
    total, weights = bend.copy(), np.ones(len(bend))
    for step in range(1, radius.max(initial=0) + 1):
        some = np.flatnonzero(radius >= step)
        weight = np.exp(fall[some] * step**2)
        weights[some] += 2 * weight
        before, after = place[some] - step, place[some] + step
        beyond = after > end[some]
        after = first[some] + np.where(beyond, 2 * end[some] - after, after)
        both = np.where(before < 0, -1, 1)[:, None] * bend[first[some] + np.abs(before)]
        both += np.where(beyond, -1, 1)[:, None] * bend[after]
        total[some] += weight[:, None] * both
    return total / weights[:, None]


def _gradient(values: np.ndarray, rows: _Rows) -> np.ndarray:
    """Half the difference of a row's neighbors (n, 3); the whole one to the only one at its end."""
    index = np.arange(len(values))
    before, after = np.maximum(index - 1, rows.first[rows.row]), index + 1
    after = np.minimum(after, rows.last[rows.row])
    return np.asarray((values[after] - values[before]) / (after - before)[:, None])
