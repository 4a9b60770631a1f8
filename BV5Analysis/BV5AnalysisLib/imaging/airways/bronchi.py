"""Bronchi inside the lungs, found by their lumen, so that walls do not count as vessels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from ..model.constants import MethodConstants, constant
from ..model.work_image import WorkImage
from ..numerics.polar_profiles import MarkedImage, Profiles, read_profiles
from ..vessels.branches import Branches
from ..vessels.calibration import Parenchyma
from ..vessels.linking import link_branches
from ..vessels.ridge_points import RidgePoints
from ..vessels.ridges import find_ridge_points
from .rings import WallRings, read_rings


@dataclass(frozen=True)
class BronchiConstants(MethodConstants):
    """Tuned numbers of finding bronchi."""

    scales_mm: tuple[float, ...] = constant(
        (0.4, 0.7, 1.2, 2.0, 3.4),
        "mm",
        "Scales at which lumina of about 0.8 to 6 mm radius answer.",
        "The scanner's blur comes on top, so the finest only calms noise; lumina thinner still are"
        " filled up by the blur of their walls. Chosen by eye on three scans.",
    )
    least_strength_hu: float = constant(
        20.0,
        "HU",
        "Least curvature of a lumen; the noise where that is more.",
        "That of the thinnest lumina; noise answers, too, but has no wall around. Chosen by eye on"
        " three scans.",
    )
    reach_mm: float = constant(
        7.0,
        "mm",
        "How far out rings are read.",
        "Past the wall of the widest lumen looked at, with its surroundings.",
    )
    step_mm: float = constant(
        0.3, "mm", "How finely rings are read.", "Below half a voxel of a usual scan."
    )
    coarse_step_mm: float = constant(
        0.5,
        "mm",
        "How finely profiles are read to see whether a ring may be there.",
        "Quick, and no wall slips through. Chosen by eye on three scans.",
    )
    farthest_wall_mm: float = constant(
        4.5,
        "mm",
        "How far out a wall is looked for at most.",
        "That of the widest lumen looked at lies within.",
    )
    wall_scales: float = constant(
        2.5,
        "1",
        "How far out a wall is looked for, in scales of the lumen.",
        "Chosen by eye on three scans.",
    )
    wall_more_mm: float = constant(
        1.5,
        "mm",
        "How much farther than that, for the wall's own thickness.",
        "Chosen by eye on three scans.",
    )
    bright_directions: int = constant(
        12,
        "1",
        "Of the 16 directions around a lumen, how many meet something bright.",
        "Chosen by eye on three scans.",
    )
    least_bright_hu: float = constant(
        50.0,
        "HU",
        "How bright that is, over lumen and parenchyma.",
        "No wall stands out less.",
    )
    bright_noises: float = constant(
        2.5,
        "1",
        "The same in standard deviations of the noise, where that is more.",
        "Noise alone seldom reaches it. Chosen by eye on three scans.",
    )
    chain_mm: float = constant(
        4.0,
        "mm",
        "Shorter chains of lumen points are not looked at.",
        "Chosen by eye on three scans.",
    )
    averaged_points: int = constant(
        7,
        "1",
        "Points along an axis over which profiles are averaged.",
        "5 mm, over which a wall changes little, calm the noise. Chosen by eye on three scans.",
    )
    minimum_length_mm: float = constant(
        5.0,
        "mm",
        "Shorter airways are gaps between vessels; those that meet count together.",
        "Chosen by eye on three scans.",
    )
    gap_mm: float = constant(
        3.0,
        "mm",
        "Longest stretch of airway without a good ring.",
        "At forks, or where a vessel crosses. Chosen by eye on three scans.",
    )


CONSTANTS = BronchiConstants()


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


def find_bronchi(image: WorkImage, parenchyma: Parenchyma) -> Bronchi:
    """Find bronchi by the same ridges as vessels, on the negative image.

    A lumen is a dark ridge with a ring of wall around. Ridge points that meet something bright in
    most directions are linked to chains; rings are read from profiles averaged along these, where
    noise is low; what has enough length of good rings, over forks too, is an airway.

    Parameters
    ----------
    image : WorkImage
        Lungs with their airways; only its core is looked at.
    parenchyma : Parenchyma
        What is around bronchi.

    Returns
    -------
    Bronchi
        Points along the axes of bronchi longer than `minimum_length_mm`; none is no error.

    Notes
    -----
    Own method; the ridges are those of `find_ridge_points`, where their sources are.
    """
    points = find_ridge_points(
        image.filled(parenchyma.level_hu),
        parenchyma.level_hu,
        CONSTANTS.scales_mm,
        max(CONSTANTS.least_strength_hu, parenchyma.noise_hu),
        dark=True,
    )
    marked = MarkedImage.of(image)
    points = points[_enclosed(points, marked, parenchyma)]
    chains = link_branches(points, CONSTANTS.chain_mm)
    profiles = read_profiles(
        marked,
        chains.position_mm,
        chains.tangent,
        CONSTANTS.reach_mm,
        CONSTANTS.step_mm,
    )
    # As large as the lungs, and not needed any longer.
    del marked
    hu = _averaged(_without_gaps(profiles, parenchyma), chains)
    rings = read_rings(hu, profiles.radius_mm, chains.scale_mm, parenchyma)
    return _long_ones(chains, rings, profiles.radius_mm)


def _without_gaps(profiles: Profiles, parenchyma: Parenchyma) -> np.ndarray:
    """Attenuation (n, sectors, radii) of profiles, plain parenchyma where there is no lung."""
    return np.where(np.isfinite(profiles.hu), profiles.hu, np.float32(parenchyma.level_hu))


def _enclosed(points: RidgePoints, image: MarkedImage, parenchyma: Parenchyma) -> np.ndarray:
    """Whether points (n,) are darker than what they meet in most directions."""
    enclosed = np.zeros(len(points), bool)
    least_hu = max(CONSTANTS.least_bright_hu, CONSTANTS.bright_noises * parenchyma.noise_hu)
    for scale in np.unique(points.scale_mm):
        chosen = np.flatnonzero(points.scale_mm == scale)
        to_wall_mm = CONSTANTS.wall_scales * scale + CONSTANTS.wall_more_mm
        profiles = read_profiles(
            image,
            points.position_mm[chosen],
            points.direction[chosen],
            min(to_wall_mm, CONSTANTS.farthest_wall_mm),
            CONSTANTS.coarse_step_mm,
        )
        hu = _without_gaps(profiles, parenchyma)
        lumen = hu[:, :, 0].mean(axis=1)
        bright = hu.max(axis=2) - np.maximum(lumen, parenchyma.level_hu)[:, None]
        enclosed[chosen] = (bright > least_hu).sum(axis=1) >= CONSTANTS.bright_directions
    return enclosed


def _averaged(hu: np.ndarray, chains: Branches) -> np.ndarray:
    """Profiles averaged along their chain, and a little over neighboring directions."""
    along = np.empty_like(hu)
    for start, stop in pairwise(chains.branch_start):
        size = min(CONSTANTS.averaged_points, stop - start)
        along[start:stop] = ndimage.uniform_filter1d(hu[start:stop], size, axis=0, mode="nearest")
    around = np.roll(along, 1, axis=1)
    around += 2 * along
    around += np.roll(along, -1, axis=1)
    around /= 4
    return around


def _long_ones(chains: Branches, rings: WallRings, radius_mm: np.ndarray) -> Bronchi:
    """Airways of enough good rings, with the gaps in between."""
    good = np.flatnonzero(rings.good)
    position = chains.position_mm[good]
    first, second = _pairs_within(position, CONSTANTS.gap_mm)
    graph = sparse.coo_array((np.ones(len(first)), (first, second)), shape=(len(good),) * 2)
    count, airway = csgraph.connected_components(graph, directed=False)
    length_mm = np.bincount(airway, chains.step_mm[good], count)
    sure = np.zeros(len(rings.good), bool)
    sure[good[length_mm[airway] >= CONSTANTS.minimum_length_mm]] = True
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
            kept[start:stop] = gap_mm <= CONSTANTS.gap_mm / 2
    ring = ring[kept]
    return Bronchi(
        chains.position_mm[kept],
        chains.tangent[kept],
        rings.radius_mm[ring],
        rings.profile_hu[ring],
        radius_mm,
    )


def _pairs_within(position_mm: np.ndarray, distance_mm: float) -> np.ndarray:
    """Numbers (2, m) of points (n, 3) that lie no farther apart than a distance."""
    if not len(position_mm):
        return np.empty((2, 0), int)
    return cKDTree(position_mm).query_pairs(distance_mm, output_type="ndarray").T
