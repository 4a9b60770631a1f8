"""Known vessels that painted ones begin or end at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..model.centerlines import Centerlines
from ..model.constants import MethodConstants, constant
from ..model.volume import Grid
from ..numerics.curves import Curves
from ..numerics.neighbors import nearest
from ..sizing import branch_sizes
from ..sizing.voxel_labels import reach_mm


@dataclass(frozen=True)
class KnownVesselConstants(MethodConstants):
    """Tuned numbers of joining painted vessels to known ones."""

    beside_voxels: float = constant(
        1.0,
        "1",
        "How far beyond what a vessel reaches something is still beside it, in voxel diagonals.",
        "A voxel that touches it by a corner.",
    )
    neighbors: int = constant(
        8,
        "1",
        "Points around a place, the nearest ones, whose vessels it may be beside.",
        "Enough for a fork: the widest vessel need not be the nearest. Chosen by eye.",
    )


CONSTANTS = KnownVesselConstants()


@dataclass(frozen=True, eq=False)
class KnownVessels:
    """Centerline points that painted vessels may begin or end at; n points.

    Attributes
    ----------
    tree : scipy.spatial.cKDTree
        The points, LPS mm.
    radius_mm, reach_mm : numpy.ndarray
        (n + 1,) radius of each point, and how far its voxels go; 0 in the last entry, which stands
        for no point and is infinitely far off.
    room_mm : float
        How far beyond a reach something is still beside it.
    """

    tree: cKDTree
    radius_mm: np.ndarray
    reach_mm: np.ndarray
    room_mm: float

    @classmethod
    def of(cls, vessels: Centerlines, grid: Grid) -> KnownVessels:
        """Those of centerlines."""
        return cls(
            cKDTree(vessels.points_mm),
            np.append(vessels.radius_mm, 0.0),
            np.append(reach_mm(vessels, grid), 0.0),
            CONSTANTS.beside_voxels * float(np.linalg.norm(grid.spacing_zyx)),
        )

    def nearest(self, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distances and numbers (m, k) of the nearest points; infinite where there are fewer."""
        return nearest(self.tree, points_mm, CONSTANTS.neighbors)

    def beyond_mm(self, points_mm: np.ndarray) -> np.ndarray:
        """Distance (m,) from what the nearest vessel reaches; infinite where there is none."""
        distance, point = self.nearest(points_mm)
        beyond: np.ndarray = (distance - self.reach_mm[point]).min(axis=1)
        return beyond


def origin_of(piece_mm: np.ndarray, vessels: KnownVessels) -> int | None:
    """Voxel of a piece (m, 3), LPS mm, that is nearest to a known vessel; None if none is near."""
    distance, point = vessels.nearest(piece_mm)
    if (distance - vessels.reach_mm[point]).min(initial=np.inf) > vessels.room_mm:
        return None
    return int((distance - vessels.radius_mm[point]).min(axis=1).argmin())


def gaps_mm(
    curves: Curves,
    ends_mm: np.ndarray,
    outward: np.ndarray,
    radius_mm: np.ndarray,
    vessels: KnownVessels,
) -> np.ndarray:
    """Find the length missing between the ends of lines and the known vessels they run into.

    Voxels beside a known vessel are left out, as they may be its own. A thinner vessel begins at
    the surface of a wider one; others go on straight.

    Parameters
    ----------
    curves : Curves
        n points of b lines; those but the first leave another one.
    ends_mm : numpy.ndarray
        (n, 3) place of the points, LPS mm, at ends of lines that of their outer end.
    outward : numpy.ndarray
        (n, 3) unit vectors, LPS, at ends of lines along the line and away from it.
    radius_mm : numpy.ndarray
        (n,) of the lines.
    vessels : KnownVessels
        What they may run into.

    Returns
    -------
    numpy.ndarray
        (n,) mm; 0 but at ends beside a known vessel.
    """
    ends = np.unique([curves.start[0], *(curves.start[1:] - 1)])
    distance, point = vessels.nearest(ends_mm[ends])
    beyond = distance - vessels.reach_mm[point]
    best = beyond.argmin(axis=1)
    rows = np.arange(len(ends))
    met = point[rows, best]
    is_wider = vessels.radius_mm[met] > branch_sizes.CONSTANTS.wider * radius_mm[ends]
    to_surface = distance[rows, best] - vessels.radius_mm[met]
    found = beyond[rows, best] <= vessels.room_mm
    onward = np.zeros(len(ends))
    onward[found] = (
        (vessels.tree.data[met[found]] - ends_mm[ends[found]]) * outward[ends[found]]
    ).sum(axis=1)
    gap = np.zeros(len(ends_mm))
    gap[ends] = np.where(found, np.where(is_wider, to_surface, onward), 0.0)
    return np.maximum(gap, 0.0)
