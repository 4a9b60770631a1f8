"""Wide vessels carried on to where they leave the lungs."""

from __future__ import annotations

import dataclasses

import numpy as np

from .branches import SAMPLE_STEP_MM, Branches

WIDE_SCALE_MM = 1.3
"""Scale from which a vessel's center is lost this side of the lungs' edge."""

LONGEST_MM = 15.0


def extend_to_edge(
    branches: Branches,
    image: np.ndarray,
    lung: np.ndarray,
    spacing: np.ndarray,
    blood_from_hu: float,
) -> Branches:
    """Carry open ends of wide vessels straight on to the lungs' edge.

    The ridge of a wide vessel ends about a radius before the edge, since beyond it the image is
    filled with parenchyma. The hilar trunks would lose that much blood.

    Parameters
    ----------
    branches : Branches
        Centerlines.
    image : numpy.ndarray
        HU, float32 (z, y, x).
    lung : numpy.ndarray
        Bool, the whole lungs, the same shape.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    blood_from_hu : float
        An end goes on as long as it stays this bright.

    Returns
    -------
    Branches
        The same branches, some of them longer.
    """
    _, node, meeting = np.unique(branches.end_node, return_inverse=True, return_counts=True)
    is_open = meeting[node.reshape(-1, 2)] == 1
    first, last = branches.branch_start[:-1], branches.branch_start[1:] - 1
    before: dict[int, np.ndarray] = {}
    after: dict[int, np.ndarray] = {}
    for ends, column, sign, grown in ((first, 0, -1.0, before), (last, 1, 1.0, after)):
        for branch in np.nonzero(is_open[:, column] & (branches.scale_mm[ends] >= WIDE_SCALE_MM))[
            0
        ]:
            end = ends[branch]
            ahead = _until_edge(
                branches.position_mm[end],
                sign * branches.tangent[end],
                image,
                lung,
                spacing,
                blood_from_hu,
            )
            if len(ahead):
                grown[int(branch)] = ahead[::-1] if sign < 0 else ahead
    return _with_points(branches, before, after) if before or after else branches


def _until_edge(
    start: np.ndarray,
    direction: np.ndarray,
    image: np.ndarray,
    lung: np.ndarray,
    spacing: np.ndarray,
    blood_from_hu: float,
) -> np.ndarray:
    """Points (m, 3) ahead of an end up to the lungs' edge; none if the way is not all blood."""
    steps = np.arange(1, round(LONGEST_MM / SAMPLE_STEP_MM) + 1)[:, None] * SAMPLE_STEP_MM
    way = start + steps * direction
    index = np.rint(way / spacing).astype(int)
    within = ((index >= 0) & (index < image.shape)).all(axis=1)
    index = tuple(np.clip(index, 0, np.array(image.shape) - 1).T)
    inside = within & lung[index]
    count = int(inside.argmin()) if not inside.all() else 0
    # A vessel that merely ends is followed by parenchyma.
    return way[:count] if (image[index][:count] >= blood_from_hu).all() else way[:0]


def _with_points(
    branches: Branches, before: dict[int, np.ndarray], after: dict[int, np.ndarray]
) -> Branches:
    """Branches with points put before their first and after their last one."""
    none = np.empty((0, 3))
    parts, counts = [], []
    for branch, (start, stop) in enumerate(
        zip(branches.branch_start[:-1], branches.branch_start[1:], strict=True)
    ):
        ahead, behind = before.get(branch, none), after.get(branch, none)
        own = np.arange(start, stop)
        source = np.concatenate([np.full(len(ahead), start), own, np.full(len(behind), stop - 1)])
        position = np.concatenate([ahead, branches.position_mm[own], behind])
        step = np.concatenate(
            [
                np.full(len(ahead), SAMPLE_STEP_MM),
                branches.step_mm[own],
                np.full(len(behind), SAMPLE_STEP_MM),
            ]
        )
        parts.append((source, position, step))
        counts.append(len(source))
    source, position, step = (np.concatenate(part) for part in zip(*parts, strict=True))
    return dataclasses.replace(
        branches,
        position_mm=position,
        tangent=branches.tangent[source],
        scale_mm=branches.scale_mm[source],
        step_mm=step,
        branch_start=np.concatenate([[0], np.cumsum(counts)]),
    )
