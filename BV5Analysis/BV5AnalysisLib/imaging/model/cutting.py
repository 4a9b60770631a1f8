"""Centerlines cut where points are left out, and joined with others."""

from __future__ import annotations

import dataclasses

import numpy as np

from .centerlines import BRANCH_ARRAYS, POINT_ARRAYS, Centerlines
from .volume import Volume


def values_at(labels: Volume, points_mm: np.ndarray) -> np.ndarray:
    """Value (n,) of the voxel that each world point (n, 3) lies in, or the nearest one to it.

    0 for points a voxel or more outside the grid.
    """
    index = labels.grid.world_to_index(points_mm)
    last = np.array(labels.grid.shape) - 1
    near = ((index > -1) & (index < last + 1)).all(axis=1)
    nearest = np.clip(np.rint(index), 0, last).astype(int)
    values: np.ndarray = labels.array[tuple(nearest.T)]
    values[~near] = 0
    return values


def runs_of(keep: np.ndarray, branch_id: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the runs of points that are kept, none of which reaches over two branches.

    Parameters
    ----------
    keep : numpy.ndarray
        (n,) bool.
    branch_id : numpy.ndarray
        (n,) branch of each point, rising.

    Returns
    -------
    chosen : numpy.ndarray
        (m,) indices of the points that are kept.
    start : numpy.ndarray
        (r + 1,) index in `chosen` of each run's first point; the last entry is m.
    branch : numpy.ndarray
        (r,) the branch that each run is a piece of.
    """
    chosen = np.flatnonzero(keep)
    branch = branch_id[chosen]
    first = np.ones(len(chosen), bool)
    first[1:] = (np.diff(chosen) > 1) | (np.diff(branch) > 0)
    start = np.append(np.flatnonzero(first), len(chosen))
    return chosen, start, branch[start[:-1]]


def keep_points(centerlines: Centerlines, keep: np.ndarray) -> tuple[Centerlines, np.ndarray]:
    """Branches cut where points are left out.

    Parameters
    ----------
    centerlines : Centerlines
        n points in b branches.
    keep : numpy.ndarray
        (n,) bool.

    Returns
    -------
    centerlines : Centerlines
        The points to keep, each run of them a branch. A shorter piece has fewer readings, and so a
        larger error of its mean area.
    branch : numpy.ndarray
        (new b,) the branch that each one is a piece of.
    """
    if keep.all():
        return centerlines, np.arange(centerlines.branch_count)
    chosen, start, branch = runs_of(keep, centerlines.branch_id)
    kept = dataclasses.replace(
        centerlines,
        points_mm=centerlines.points_mm[chosen],
        branch_start=start,
        csa_error_mm2=centerlines.csa_error_mm2[branch],
        **{name: getattr(centerlines, name)[chosen] for name in POINT_ARRAYS.values()},
    )
    before_mm, after_mm = centerlines.length_mm[branch], kept.length_mm
    longer = np.maximum(before_mm, 1e-9) / np.maximum(after_mm, 1e-9)
    return dataclasses.replace(kept, csa_error_mm2=kept.csa_error_mm2 * np.sqrt(longer)), branch


def joined(one: Centerlines, other: Centerlines) -> Centerlines:
    """Branches of both, those of `one` first."""
    names = ["points_mm", *POINT_ARRAYS.values(), *BRANCH_ARRAYS.values()]
    arrays = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in names}
    start = np.concatenate([one.branch_start, len(one.points_mm) + other.branch_start[1:]])
    return Centerlines(branch_start=start, **arrays)
