"""How far airless lung along the ribs goes on below, and towards the spine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull

from ..model.constants import MethodConstants, constant
from ..numerics.gradual import HALF, best_part, inner_part
from . import airless_space
from .hila import ramp
from .pleural_surface import HalfChest
from .tissue_means import TissueMeans


@dataclass(frozen=True)
class AirlessExtentConstants(MethodConstants):
    """Tuned numbers of how far airless lung goes on; pairs are the ends of a ramp."""

    organ_step_hu: tuple[float, float] = constant(
        (5.0, 7.0),
        "HU",
        "Difference between airless lung and organ from which they begin to be told apart, and"
        " are.",
        "About three times what noise leaves.",
    )
    known_ml: tuple[float, float] = constant(
        (1.0, 5.0),
        "mL",
        "Volume of the organ, and of airless lung, from which its level begins to be known, and"
        " is.",
        "Twice what a mean is taken over, and ten times.",
    )
    thin_voxels: int = constant(
        2,
        "voxels",
        "Half of the thickness that what goes on below has at least.",
        "The blurred edges of fluid and organ are as bright as lung, and as thin.",
    )
    longest_mm: float = constant(
        100.0,
        "mm",
        "How far what goes on below reaches from where it touches airless lung.",
        "More than lungs reach below the dome of the diaphragm, so that it bounds only what"
        " touches with a few voxels. Chosen by eye.",
    )
    spine_side: float = constant(
        0.1,
        "1",
        "Distance of the spine's side from the middle, by the half-width.",
        "Half of a vertebra, and a lung reaches in front of it.",
    )
    hull_mm: float = constant(
        15.0,
        "mm",
        "How far towards the middle from airless lung the gap to aerated lung is filled.",
        "Lung in front of the spine is as thick as that along the ribs.",
    )
    hull_edge_mm: float = constant(
        0.1,
        "mm",
        "How far outside of a hull voxels are still in it.",
        "Rounding: middles of voxels lie on the hull.",
    )


CONSTANTS = AirlessExtentConstants()


def goes_on_below(
    where: np.ndarray, lung: np.ndarray, means: TissueMeans, organ: np.ndarray, half: HalfChest
) -> np.ndarray:
    """Find airless lung that goes on below from airless lung above, unlike the organ there.

    Parameters
    ----------
    where : numpy.ndarray
        Bool, (z, y, x): what may be airless lung.
    lung : numpy.ndarray
        Bool: airless lung above.
    means : TissueMeans
        Attenuation.
    organ : numpy.ndarray
        Bool: what is surely organ.
    half : HalfChest
        One side with its aerated lung.

    Returns
    -------
    numpy.ndarray
        Bool; nothing where both have the same attenuation, or too little of either is known.
    """
    c, place = CONSTANTS, airless_space.CONSTANTS
    known = lung & means.inner
    volume_ml = np.array([np.count_nonzero(organ), np.count_nonzero(known)], float)
    volume_ml *= float(np.prod(half.spacing)) / 1000
    told = float(ramp(volume_ml, c.known_ml).prod())
    if told == 0:
        return np.zeros_like(lung)
    organ_hu, lung_hu = (float(np.median(means.hu[mask])) for mask in (organ, known))
    told *= float(ramp(np.array(abs(organ_hu - lung_hu)), c.organ_step_hu))
    if told == 0:
        return np.zeros_like(lung)
    between = (organ_hu + lung_hu) / 2
    alike = means.hu < between if lung_hu < organ_hu else means.hu > between
    behind = ramp(half.behind, place.behind) > HALF
    where = where & alike & (half.off > place.medial_right[1]) & behind[:, None]
    where &= ndimage.binary_opening(where | lung | half.lung, iterations=c.thin_voxels)
    return inner_part(_joined(where, lung, half.spacing), told, half.spacing)


def _joined(where: np.ndarray, lung: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Bool: pieces of a mask that touch lung, as far as they do for their size."""
    pieces, count = ndimage.label(where)
    touching = where & ndimage.binary_dilation(lung)
    columns = np.bincount(pieces[touching], minlength=count + 1)
    most = columns * CONSTANTS.longest_mm / float(spacing.mean())
    sizes = np.bincount(pieces.ravel())
    share = np.minimum(most / np.maximum(sizes, 1), 1.0)
    share[0] = 0.0
    found: np.ndarray = (share == 1)[pieces]
    partly = np.flatnonzero((share > 0) & (share < 1)).tolist()
    if partly:
        near = -ndimage.distance_transform_edt(~lung, sampling=spacing)
        for number in partly:
            found |= best_part(pieces == number, float(share[number]), near)
    return found


def towards_spine(where: np.ndarray, lung: np.ndarray, half: HalfChest) -> np.ndarray:
    """Find what lies between airless lung along the ribs and aerated lung, towards the spine.

    Parameters
    ----------
    where : numpy.ndarray
        Bool, (z, y, x): what may be airless lung.
    lung : numpy.ndarray
        Bool: airless lung along the ribs.
    half : HalfChest
        One side with its aerated lung.

    Returns
    -------
    numpy.ndarray
        Bool: in each slice what joins `lung` in the hull of both.
    """
    c = CONSTANTS
    spacing = half.spacing[1:]
    filled = np.zeros_like(lung)
    y, x = (np.arange(size) * step for size, step in zip(lung.shape[1:], spacing, strict=True))
    behind = half.behind > airless_space.CONSTANTS.behind[0]
    reach = c.hull_mm / half.half_width_mm
    for z in np.flatnonzero(lung.any(axis=(1, 2))):
        rows = np.flatnonzero(lung[z].any(axis=1))
        medial = half.off[lung[z].any(axis=0)].min()
        points = np.argwhere((half.lung[z] | lung[z]) & behind[:, None]) * spacing
        if not _span_an_area(points):
            continue
        hull = ConvexHull(points)
        here = where[z] & ~lung[z] & (half.off < medial + reach) & (half.off > c.spine_side)
        here[: rows[0]] = False
        for along, across, offset in hull.equations:
            here &= along * y[:, None] + across * x <= c.hull_edge_mm - offset
        pieces, count = ndimage.label(here | lung[z])
        joined = np.zeros(count + 1, bool)
        joined[pieces[lung[z]]] = True
        joined[0] = False
        filled[z] = here & joined[pieces]
    return filled


def _span_an_area(points: np.ndarray) -> bool:
    """Whether points (n, 2) lie neither all at one place nor all on one line."""
    return bool(np.linalg.matrix_rank(points - points[0]) == points.shape[1])
