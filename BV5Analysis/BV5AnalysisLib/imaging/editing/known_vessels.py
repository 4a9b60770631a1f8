"""Where painted vessels hang on known ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..model.centerlines import Centerlines
from ..model.volume import Grid
from ..numerics.curves import Curves
from ..sizing import branch_sizes
from ..sizing.voxel_labels import reach_mm


@dataclass(frozen=True, eq=False)
class KnownVessels:
    """Centerline points that painted vessels may hang on; n points.

    `radius_mm` (n,) and `reach_mm` (n,) are those of the points and, for none, of a last entry
    infinitely far off; `room_mm` is how far beyond a reach something is still beside it.
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
            1.0 * float(np.linalg.norm(grid.spacing_zyx)),
        )

    def nearest(self, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distances and numbers (m, 8) of the nearest points; infinite where there are fewer."""
        return self.tree.query(points_mm, k=np.arange(1, 9))

    def beyond_mm(self, points_mm: np.ndarray) -> np.ndarray:
        """Distance (m,) from what the nearest vessel reaches; infinite where there is none."""
        distance, nearest = self.nearest(points_mm)
        return (distance - self.reach_mm[nearest]).min(axis=1)


def origin_of(piece_mm: np.ndarray, vessels: KnownVessels) -> int | None:
    """Voxel of a piece (m, 3), LPS mm, that is nearest to a known vessel; None if none is near."""
    distance, nearest = vessels.nearest(piece_mm)
    if (distance - vessels.reach_mm[nearest]).min(initial=np.inf) > vessels.room_mm:
        return None
    return int((distance - vessels.radius_mm[nearest]).min(axis=1).argmin())


def gaps_mm(
    curves: Curves,
    ends_mm: np.ndarray,
    outward: np.ndarray,
    radius_mm: np.ndarray,
    vessels: KnownVessels,
) -> np.ndarray:
    """Length (n,) that is missing between the ends of lines and the known vessels they run into.

    Voxels beside a known vessel are not looked at, as they may be its own. A thinner vessel begins
    at the surface of a wider one; others go on as they came.

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
    """
    ends = np.unique([curves.start[0], *(curves.start[1:] - 1)])
    distance, nearest = vessels.nearest(ends_mm[ends])
    beyond = distance - vessels.reach_mm[nearest]
    best = beyond.argmin(axis=1)
    rows = np.arange(len(ends))
    met = nearest[rows, best]
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
