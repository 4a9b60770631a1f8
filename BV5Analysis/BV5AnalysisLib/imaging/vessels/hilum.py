"""Wide vessels carried on to where they leave the lungs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..model.constants import MethodConstants, constant
from ..model.work_image import WorkImage
from . import linking, ridges
from .branches import Branches


@dataclass(frozen=True)
class HilumConstants(MethodConstants):
    """Tuned number of carrying wide vessels on to the lungs' edge.

    Which vessels are wide follows from `RidgeConstants.wide_scale_mm`: from there on a vessel's
    center is lost on this side of the edge. A vessel's radius is √2 scales, at which a tube answers
    most.
    """

    longest_mm: float = constant(
        15.0,
        "mm",
        "Farthest that an open end is carried on.",
        "The radius of the widest trunks and as much again. Chosen by eye.",
    )


CONSTANTS = HilumConstants()


def extend_to_edge(branches: Branches, image: WorkImage, blood_from_hu: float) -> Branches:
    """Carry open ends of wide vessels straight on to the lungs' edge.

    The ridge of a wide vessel ends about a radius before the edge, since beyond it the image is
    filled with parenchyma. The hilar trunks would lose that much blood. The way ends where it
    enters another wide vessel, which has a line of its own: whether two lines in one trunk were
    joined must not decide whether one of them is drawn through all of the hilum.

    Parameters
    ----------
    branches : Branches
        Centerlines.
    image : WorkImage
        Ends are carried on within its lung.
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
    wide = branches.scale_mm >= ridges.CONSTANTS.wide_scale_mm
    others = _WideVessels.of(branches, wide)
    for ends, column, sign, grown in ((first, 0, -1.0, before), (last, 1, 1.0, after)):
        for branch in np.flatnonzero(is_open[:, column] & wide[ends]).tolist():
            end = ends[branch]
            ahead = _until_edge(
                branches.position_mm[end], sign * branches.tangent[end], image, blood_from_hu
            )
            ahead = ahead[: others.first_inside(ahead, branch)]
            if len(ahead):
                grown[branch] = ahead[::-1] if sign < 0 else ahead
    return _with_points(branches, before, after) if before or after else branches


@dataclass(frozen=True, eq=False)
class _WideVessels:
    """Points of wide branches as balls; w of them.

    Attributes
    ----------
    tree : cKDTree
        Their places.
    radius_mm : numpy.ndarray
        (w,) of the vessel.
    branch : numpy.ndarray
        (w,) that each is part of.
    """

    tree: cKDTree
    radius_mm: np.ndarray
    branch: np.ndarray

    @classmethod
    def of(cls, branches: Branches, wide: np.ndarray) -> _WideVessels:
        """Balls at the points that are wide."""
        radius_mm = np.sqrt(2) * branches.scale_mm[wide]
        return cls(cKDTree(branches.position_mm[wide]), radius_mm, branches.branch_id[wide])

    def first_inside(self, way: np.ndarray, own_branch: int) -> int:
        """Return which point of a way (m, 3) is the first inside another branch; m if none is."""
        near = self.tree.query_ball_point(way, self.radius_mm.max(initial=0.0))
        for step, (point, balls) in enumerate(zip(way, near, strict=True)):
            other = np.array([ball for ball in balls if self.branch[ball] != own_branch], int)
            distance_mm = np.linalg.norm(self.tree.data[other] - point, axis=1)
            if (distance_mm < self.radius_mm[other]).any():
                return step
        return len(way)


def _until_edge(
    start: np.ndarray, direction: np.ndarray, image: WorkImage, blood_from_hu: float
) -> np.ndarray:
    """Points (m, 3) ahead of an end up to the lungs' edge; none if the way is not all blood."""
    step_mm = linking.CONSTANTS.sample_step_mm
    steps = np.arange(1, round(CONSTANTS.longest_mm / step_mm) + 1)[:, None] * step_mm
    way: np.ndarray = start + steps * direction
    index = np.rint(way / image.spacing).astype(int)
    within = ((index >= 0) & (index < image.hu.shape)).all(axis=1)
    voxel = tuple(np.clip(index, 0, np.array(image.hu.shape) - 1).T)
    inside = within & image.lung[voxel]
    count = int(inside.argmin()) if not inside.all() else 0
    # A vessel that merely ends is followed by parenchyma.
    return way[:count] if (image.hu[voxel][:count] >= blood_from_hu).all() else way[:0]


def _with_points(
    branches: Branches, before: dict[int, np.ndarray], after: dict[int, np.ndarray]
) -> Branches:
    """Branches with points put before their first and after their last one."""
    none = np.empty((0, 3))
    step_mm = linking.CONSTANTS.sample_step_mm
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
                np.full(len(ahead), step_mm),
                branches.step_mm[own],
                np.full(len(behind), step_mm),
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
