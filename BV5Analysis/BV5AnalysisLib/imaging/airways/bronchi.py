"""Bronchi inside the lungs, found by their lumen, so that their walls are not taken for vessels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from ..model.work_image import WorkImage
from ..numerics.polar_profiles import mark_outside, read_profiles
from ..vessels.branches import Branches, link_branches
from ..vessels.ridge_points import RidgePoints
from ..vessels.ridges import find_ridge_points
from .rings import WallRings, read_rings

LUMEN_SCALES_MM = (0.4, 0.7, 1.2, 2.0, 3.4)
"""Scales at which lumina of about 0.8 to 6 mm radius answer. The scanner's blur comes on top, so
the finest only calms noise; lumina thinner still are filled up by the blur of their walls."""

LEAST_STRENGTH_HU = 20.0
"""Curvature of the thinnest lumina; what noise answers with is told from them by its lack of wall.
"""

REACH_MM = 7.0
STEP_MM = 0.3
COARSE_STEP_MM = 0.5
"""How far out and how finely rings are read; and how finely to see whether one may be there."""

FARTHEST_MM = 4.5
"""The wall of the widest lumen looked at lies within."""

BRIGHT_DIRECTIONS = 12
"""Of the directions around a lumen, how many meet something bright."""

LEAST_BRIGHT_HU = 50.0
"""How bright, over lumen and parenchyma; no wall stands out less."""

CHAIN_MM = 4.0
"""Shorter chains of lumen points are not looked at."""

AVERAGED_POINTS = 7
"""Points along an axis over which profiles are averaged, which calms noise."""

MINIMUM_LENGTH_MM = 5.0
"""Shorter airways are gaps between vessels; those that meet count together."""

GAP_MM = 3.0
"""Longest stretch of airway without a good ring: at forks, or where a vessel crosses."""


@dataclass(frozen=True, eq=False)
class Bronchi:
    """Points on the axes of bronchi; n points.

    Attributes
    ----------
    position_mm, direction : numpy.ndarray
        (n, 3) in the work frame (z, y, x); directions are unit vectors.
    wall_radius_mm : numpy.ndarray
        (n,) distance from the axis to the middle of the wall.
    profile_hu : numpy.ndarray
        (n, radii) what lumen and wall add to the parenchyma around, by distance from the axis.
    radius_mm : numpy.ndarray
        (radii,) those distances.
    """

    position_mm: np.ndarray
    direction: np.ndarray
    wall_radius_mm: np.ndarray
    profile_hu: np.ndarray
    radius_mm: np.ndarray

    def __len__(self) -> int:
        return len(self.position_mm)


def find_bronchi(
    image: np.ndarray,
    lung: np.ndarray,
    spacing: np.ndarray,
    parenchyma_hu: float,
    noise_hu: float,
) -> Bronchi:
    """Find bronchi by the same ridges as vessels, on the negative image.

    A lumen is a dark ridge with a ring of wall around. Ridge points that meet something bright in
    most directions are linked to chains; rings are read from profiles averaged along these, where
    noise is low; what has enough length of good rings, over forks too, is an airway.

    Parameters
    ----------
    image : numpy.ndarray
        HU, float32 (z, y, x).
    lung : numpy.ndarray
        Bool, the same shape.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    parenchyma_hu, noise_hu : float
        Median attenuation of the parenchyma and its standard deviation.

    Returns
    -------
    Bronchi
        Points along the axes of bronchi longer than `MINIMUM_LENGTH_MM`; none is no error.

    Notes
    -----
    Own method; the ridges are those of `find_ridge_points`, where their sources are.
    """
    points = find_ridge_points(
        WorkImage(image, lung, lung, spacing),
        parenchyma_hu,
        LUMEN_SCALES_MM,
        max(LEAST_STRENGTH_HU, noise_hu),
        dark=True,
    )
    marked = mark_outside(image, lung)
    points = points[_enclosed(points, marked, spacing, parenchyma_hu, noise_hu)]
    chains = link_branches(points, CHAIN_MM)
    profile = read_profiles(marked, spacing, chains.position_mm, chains.tangent, REACH_MM, STEP_MM)
    hu = np.where(np.isfinite(profile.hu), profile.hu, np.float32(parenchyma_hu))
    hu = _averaged(hu, chains)
    rings = read_rings(hu, profile.radius_mm, chains.scale_mm, parenchyma_hu, noise_hu)
    return _long_ones(chains, rings, profile.radius_mm)


def _enclosed(
    points: RidgePoints,
    marked: np.ndarray,
    spacing: np.ndarray,
    parenchyma_hu: float,
    noise_hu: float,
) -> np.ndarray:
    """Whether (n,) points are darker than what they meet in most directions."""
    enclosed = np.zeros(len(points), bool)
    for scale in np.unique(points.scale_mm):
        chosen = np.flatnonzero(points.scale_mm == scale)
        reach_mm = min(2.5 * scale + 1.5, FARTHEST_MM)
        profile = read_profiles(
            marked,
            spacing,
            points.position_mm[chosen],
            points.direction[chosen],
            reach_mm,
            COARSE_STEP_MM,
        )
        hu = np.where(np.isfinite(profile.hu), profile.hu, np.float32(parenchyma_hu))
        lumen = hu[:, :, 0].mean(axis=1)
        bright = hu.max(axis=2) - np.maximum(lumen, parenchyma_hu)[:, None]
        enough = bright > max(LEAST_BRIGHT_HU, 2.5 * noise_hu)
        enclosed[chosen] = enough.sum(axis=1) >= BRIGHT_DIRECTIONS
    return enclosed


def _averaged(hu: np.ndarray, chains: Branches) -> np.ndarray:
    """Profiles averaged along their chain, and a little over neighboring directions."""
    along = np.empty_like(hu)
    for start, stop in pairwise(chains.branch_start):
        size = min(AVERAGED_POINTS, stop - start)
        along[start:stop] = ndimage.uniform_filter1d(hu[start:stop], size, axis=0, mode="nearest")
    return (np.roll(along, 1, axis=1) + 2 * along + np.roll(along, -1, axis=1)) / 4


def _long_ones(chains: Branches, rings: WallRings, radius_mm: np.ndarray) -> Bronchi:
    """Airways of enough good rings, with the gaps in between."""
    good = np.flatnonzero(rings.good)
    position = chains.position_mm[good]
    pairs = cKDTree(position).query_pairs(GAP_MM, output_type="ndarray") if len(good) else []
    first, second = np.reshape(pairs, (-1, 2)).T
    graph = sparse.coo_array((np.ones(len(first)), (first, second)), shape=(len(good),) * 2)
    count, airway = csgraph.connected_components(graph, directed=False)
    length_mm = np.bincount(airway, chains.step_mm[good], count)
    sure = np.zeros(len(rings.good), bool)
    sure[good[length_mm[airway] >= MINIMUM_LENGTH_MM]] = True
    # Whatever is beside it on the chain belongs to the airway and has the ring of the nearest.
    ring = np.arange(len(sure))
    kept = sure.copy()
    for start, stop in pairwise(chains.branch_start):
        known = start + np.flatnonzero(sure[start:stop])
        if len(known):
            here = np.arange(start, stop)
            nearest = known[np.abs(here[:, None] - known).argmin(axis=1)]
            ring[start:stop] = nearest
            gap_mm = np.abs(here - nearest) * chains.step_mm[start]
            kept[start:stop] = gap_mm <= GAP_MM / 2
    ring = ring[kept]
    return Bronchi(
        chains.position_mm[kept],
        chains.tangent[kept],
        rings.radius_mm[ring],
        rings.profile_hu[ring],
        radius_mm,
    )
