"""The voxels that belong to one branch and to no other."""

from __future__ import annotations

import numpy as np

from ..model.centerlines import Centerlines
from ..model.volume import Grid
from ..numerics.balls import ball_voxels
from ..sizing.voxel_labels import reach_mm


def branch_voxels(
    grid: Grid, centerlines: Centerlines, branch: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voxels that a branch may be drawn into, as far as no other branch is nearer.

    Parameters
    ----------
    grid : Grid
        Whose voxels.
    centerlines : Centerlines
        All branches, in the grid's frame.
    branch : int
        Index of the branch.

    Returns
    -------
    tuple of numpy.ndarray
        Indices along z, y, x, as to index an array with. Nearer is what lies deeper inside the
        tube around the centerline.
    """
    first, after = centerlines.branch_start[branch : branch + 2]
    own = np.zeros(len(centerlines.points_mm), bool)
    own[first:after] = True
    center, reach = grid.world_to_index(centerlines.points_mm), reach_mm(centerlines, grid)
    margin = np.ceil(reach[:, None] / grid.spacing_zyx)
    low = np.clip(np.floor((center - margin)[own].min(axis=0)), 0, grid.shape).astype(int)
    high = np.clip(np.ceil((center + margin)[own].max(axis=0)) + 1, low, grid.shape).astype(int)
    near = (center + margin >= low).all(axis=1) & (center - margin <= high).all(axis=1)

    def depth(of: np.ndarray) -> np.ndarray:
        """How far beyond the nearest tube's surface the box's voxels are, negative inside."""
        beyond = np.full(high - low, np.inf, np.float32)
        balls = ball_voxels(beyond.shape, center[of] - low, grid.spacing_zyx, reach[of])
        radius = centerlines.radius_mm[of].astype(np.float32)
        for ball, voxel, distance in balls:
            np.minimum.at(beyond, voxel, distance - radius[ball])
        return beyond

    mine, others = depth(own), depth(near & ~own)
    return tuple(
        index + start
        for index, start in zip(np.nonzero(np.isfinite(mine) & (mine <= others)), low, strict=True)
    )
