"""Points on the center of tubes, and which of those at several scales stay."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..numerics.neighbors import nearest


@dataclass(frozen=True, eq=False)
class RidgePoints:
    """Points on the center of tubes; n points.

    Attributes
    ----------
    position_mm : numpy.ndarray
        (n, 3) in the work frame (z, y, x).
    direction : numpy.ndarray
        (n, 3) unit vector along the tube, either sign.
    scale_mm : numpy.ndarray
        (n,) Gaussian that found it.
    strength_hu : numpy.ndarray
        (n,) normalized curvature across the tube, σ²√(λ₂λ₃).
    step_mm : numpy.ndarray
        (n,) voxel size of the grid that found it: how far its neighbors may be.
    """

    position_mm: np.ndarray
    direction: np.ndarray
    scale_mm: np.ndarray
    strength_hu: np.ndarray
    step_mm: np.ndarray

    def __len__(self) -> int:
        return len(self.position_mm)

    def __getitem__(self, pick: np.ndarray) -> RidgePoints:
        return RidgePoints(
            self.position_mm[pick],
            self.direction[pick],
            self.scale_mm[pick],
            self.strength_hu[pick],
            self.step_mm[pick],
        )

    def moved(self, offset_mm: np.ndarray) -> RidgePoints:
        """Return the points at other places: an offset (3,) added to each, mm."""
        return dataclasses.replace(self, position_mm=self.position_mm + offset_mm)


def concatenate(parts: list[RidgePoints]) -> RidgePoints:
    """Join points into one value, part after part."""
    return RidgePoints(
        np.concatenate([part.position_mm for part in parts]),
        np.concatenate([part.direction for part in parts]),
        np.concatenate([part.scale_mm for part in parts]),
        np.concatenate([part.strength_hu for part in parts]),
        np.concatenate([part.step_mm for part in parts]),
    )


def strongest_across_scales(found: list[RidgePoints], rivals: int) -> RidgePoints:
    """Keep, of points at different scales in the same tube, the strongest.

    Only a point that is kept itself suppresses others: where the responses of two scales are nearly
    equal, noise decides which is stronger, and points suppressed by suppressed ones would leave
    gaps.

    Parameters
    ----------
    found : list of RidgePoints
        Those of each scale.
    rivals : int
        How many points of another scale, the nearest ones, a point may have to give way to.

    Returns
    -------
    RidgePoints
        Those that stay, scale after scale.
    """
    every = concatenate(found)
    weaker, stronger = _rivals(found, rivals)
    stays = np.ones(len(every), bool)
    undecided = np.ones(len(every), bool)
    while len(weaker):
        open_rival = np.zeros(len(every), bool)
        open_rival[weaker] = True
        undecided &= open_rival
        # What has no stronger rival left stays, and suppresses its own rivals.
        suppressed = weaker[~undecided[stronger]]
        stays[suppressed] = False
        undecided[suppressed] = False
        keep = undecided[weaker] & stays[stronger]
        weaker, stronger = weaker[keep], stronger[keep]
    return every[stays]


def _rivals(found: list[RidgePoints], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of points, weaker and stronger, that lie in one tube at different scales.

    A stronger tube suppresses what lies inside its own or inside the weaker point's width.
    """
    trees = [cKDTree(points.position_mm) for points in found]
    start = np.cumsum([0, *map(len, found)])
    weaker, stronger = [np.empty(0, int)], [np.empty(0, int)]
    for number, points in enumerate(found):
        for rival, tree in enumerate(trees):
            other = found[rival]
            if rival == number or not len(other) or not len(points):
                continue
            reach = max(points.scale_mm[0], other.scale_mm[0])
            found_there = nearest(tree, points.position_mm, count, reach)[1]
            strength = np.append(other.strength_hu, -np.inf)[found_there]
            row, column = np.nonzero(strength > points.strength_hu[:, None])
            weaker.append(row + start[number])
            stronger.append(found_there[row, column] + start[rival])
    return np.concatenate(weaker), np.concatenate(stronger)
