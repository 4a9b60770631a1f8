"""Branches of a vessel forest in the frame that vessels are found in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.cutting import runs_of
from ..numerics.rows import row_numbers


@dataclass(frozen=True, eq=False)
class Branches:
    """Branches of a vessel forest in the work frame; n points, b branches.

    Attributes
    ----------
    position_mm, tangent : numpy.ndarray
        (n, 3) in the work frame (z, y, x), branch after branch.
    scale_mm : numpy.ndarray
        (n,) scale of the ridge points behind each point.
    step_mm : numpy.ndarray
        (n,) length of centerline that each point stands for.
    branch_start : numpy.ndarray
        (b + 1,) index of each branch's first point; the last entry is n.
    end_node : numpy.ndarray
        (b, 2) number of the node at the branch's first and last end; branches that share a number
        meet there.
    tree : numpy.ndarray
        (b,) number of the connected tree that a branch belongs to.
    """

    position_mm: np.ndarray
    tangent: np.ndarray
    scale_mm: np.ndarray
    step_mm: np.ndarray
    branch_start: np.ndarray
    end_node: np.ndarray
    tree: np.ndarray

    @property
    def branch_id(self) -> np.ndarray:
        """(n,) branch that each point belongs to."""
        return row_numbers(self.branch_start)


def pick_points(branches: Branches, chosen: np.ndarray) -> Branches:
    """Chosen points (k,), each a branch of its own; for measuring a sample of them."""
    count = len(chosen)
    return Branches(
        branches.position_mm[chosen],
        branches.tangent[chosen],
        branches.scale_mm[chosen],
        branches.step_mm[chosen],
        np.arange(count + 1),
        np.arange(2 * count).reshape(-1, 2),
        branches.tree[branches.branch_id[chosen]],
    )


def cut_branches(branches: Branches, keep: np.ndarray) -> Branches:
    """Cut branches where points are left out.

    Parameters
    ----------
    branches : Branches
        Centerlines.
    keep : numpy.ndarray
        (n,) bool.

    Returns
    -------
    Branches
        The points to keep, each run of them a branch. Cut ends meet nothing.
    """
    if keep.all():
        return branches
    chosen, start, branch = runs_of(keep, branches.branch_id)
    ends = chosen[np.stack([start[:-1], start[1:] - 1], axis=1)].reshape(-1, 2)
    was_end = ends == np.stack(
        [branches.branch_start[branch], branches.branch_start[branch + 1] - 1], axis=1
    )
    fresh = branches.end_node.max(initial=0) + 1 + np.arange(ends.size).reshape(ends.shape)
    return Branches(
        branches.position_mm[chosen],
        branches.tangent[chosen],
        branches.scale_mm[chosen],
        branches.step_mm[chosen],
        start,
        np.where(was_end, branches.end_node[branch], fresh),
        branches.tree[branch],
    )
