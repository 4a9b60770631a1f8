"""The trachea on the coarse grid: a round tube of air, upright, near the body's middle."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from .survey import IN_PLANE, Chest


@dataclass(frozen=True)
class TracheaConstants(MethodConstants):
    """Tuned numbers of finding the trachea."""

    thresholds: tuple[float, ...] = constant(
        (1.0, 0.7, 0.5, 0.35),
        "1",
        "Thresholds tried, from that between air and tissue (1) down to air (0).",
        "Where a thin wall between trachea and lung is blurred, a stricter one separates them; the"
        " lumen of a child's trachea is blurred itself.",
    )
    area_mm2: tuple[float, float] = constant(
        (12.0, 700.0),
        "mm²",
        "Least and largest area of the trachea in a slice.",
        "From a newborn's diameter of 4 mm (Griscom and Wohl, AJR 1986) to tracheomegaly of 30 mm.",
    )
    least_length: float = constant(
        1.0,
        "1",
        "Least length of the trachea in the scan, by its diameter.",
        "A trachea is five to six diameters long; a scan may begin below its upper half.",
    )
    least_length_mm: float = constant(
        8.0,
        "mm",
        "Least length of the trachea in the scan.",
        "Half of an infant's; two slices at least.",
    )
    roundness: float = constant(
        0.5,
        "1",
        "Least width by height of a slice of the trachea's lumen, or the reverse.",
        "A saber-sheath trachea has two thirds.",
    )
    filled: float = constant(
        0.55,
        "1",
        "Least share that the lumen fills of the box around it in a slice.",
        "An ellipse fills 0.79, a blurred one of few voxels less; branched speckles a third.",
    )
    drift: float = constant(
        1.6,
        "1",
        "Largest ratio of areas of the lumen in neighboring slices.",
        "It widens slowly; where it opens into another space it does not.",
    )
    off_middle: float = constant(
        0.2,
        "1",
        "Farthest that the trachea is from the body's middle, by the body's width.",
        "A mediastinum shifted by half the width of a lung, or a patient who lies aslant.",
    )
    darkest: float = constant(
        0.5,
        "1",
        "Where the darkest voxel of each slice of the lumen is at most, from air (0) to the"
        " threshold between air and tissue (1).",
        "A quarter of tissue: the middle of a lumen of three blurred voxels holds less.",
    )


CONSTANTS = TracheaConstants()


@dataclass(frozen=True, eq=False)
class _Middle:
    """Columns of coarse voxels in which the trachea may lie.

    Attributes
    ----------
    air, hu, weight : numpy.ndarray
        Bool: darker than a threshold; attenuation; weight of the space that a voxel lies in.
    middle, width : float
        Column of the body's middle, and the body's width, in voxels.
    """

    air: np.ndarray
    hu: np.ndarray
    weight: np.ndarray
    middle: float
    width: float


def find_trachea(chest: Chest) -> np.ndarray:
    """Find the trachea.

    Of all tubes of round slices that lie near the middle, the one that is long and central and
    wide; of several thresholds the one that shows it longest.

    Parameters
    ----------
    chest : Chest
        The surveyed scan.

    Returns
    -------
    numpy.ndarray
        Bool, coarse; the trachea and no more than the start of the main bronchi; empty where there
        is no such tube.
    """
    trachea, best_score = np.zeros(chest.inner_air.shape, bool), 0.0
    middle, width = _middle_and_width(chest)
    reach = CONSTANTS.off_middle * width + CONSTANTS.area_mm2[1] ** 0.5 / chest.grid.spacing[0]
    central = slice(max(0, int(middle - reach)), int(middle + reach) + 2)
    inner, hu = chest.inner_air[:, :, central], chest.hu.array[:, :, central]
    # The trachea opens into the largest space there is.
    spaces, _ = ndimage.label(chest.inner_air)
    weight = np.cbrt(np.bincount(spaces.ravel()) * chest.grid.voxel_volume_ml)
    weight[0] = 0.0
    for share in CONSTANTS.thresholds:
        air = inner & (hu < chest.air_hu + share * (chest.half_hu - chest.air_hu))
        scene = _Middle(air, hu, weight[spaces[:, :, central]], middle - central.start, width)
        mask, score = _best_tube(scene, chest)
        if score > best_score:
            trachea[:, :, central], best_score = mask, score
    return trachea


def _middle_and_width(chest: Chest) -> tuple[float, float]:
    """Coarse x index of the body's middle, and the body's width in voxels."""
    body = (chest.hu.array > chest.half_hu) | chest.inner_air
    columns = body.sum((0, 1)).astype(float)
    share = np.cumsum(columns) / columns.sum()
    return float(np.interp(0.5, share, np.arange(len(share)))), float(
        np.interp(0.95, share, np.arange(len(share)))
        - np.interp(0.05, share, np.arange(len(share)))
    )


def _best_tube(scene: _Middle, chest: Chest) -> tuple[np.ndarray, float]:
    """Longest, widest and most central tube in air, and its score; 0 if there is none."""
    air, middle, width = scene.air, scene.middle, scene.width
    spacing = chest.grid.spacing_zyx
    labels, count = ndimage.label(air, IN_PLANE)
    if count == 0:
        return np.zeros_like(air), 0.0
    area = np.bincount(labels.ravel(), minlength=count + 1) * float(np.prod(spacing[1:]))
    least_mm2, most_mm2 = CONSTANTS.area_mm2
    fits = (area >= least_mm2) & (area <= most_mm2)
    fits[0] = False
    darkest = chest.air_hu + CONSTANTS.darkest * (chest.half_hu - chest.air_hu)
    round_ones = np.zeros(count + 1, bool)
    center_x, space = np.zeros(count + 1), np.zeros(count + 1)
    for number, where in enumerate(ndimage.find_objects(labels), start=1):
        if not fits[number]:
            continue
        high, wide = ((along.stop - along.start) for along in where[1:])
        high_mm, wide_mm = high * spacing[1], wide * spacing[2]
        center_x[number] = (where[2].start + where[2].stop - 1) / 2
        space[number] = scene.weight[where].max()
        round_ones[number] = (
            min(high_mm, wide_mm) >= CONSTANTS.roundness * max(high_mm, wide_mm)
            and area[number] >= CONSTANTS.filled * high_mm * wide_mm
            and abs(center_x[number] - middle) <= CONSTANTS.off_middle * width
            and scene.hu[where][labels[where] == number].min() < darkest
        )
    best: list[int] = []
    best_score = 0.0
    for chain in _chains(labels, round_ones, area):
        length = len(chain) * spacing[0]
        diameter = 2 * float(np.sqrt(np.median(area[chain]) / np.pi))
        if length < max(CONSTANTS.least_length_mm, CONSTANTS.least_length * diameter):
            continue
        off = abs(float(np.mean(center_x[chain])) - middle) / (CONSTANTS.off_middle * width)
        score = length * diameter * max(0.0, 1 - off) * space[chain].mean()
        if score > best_score:
            best, best_score = chain, score
    keep = np.zeros(count + 1, bool)
    keep[best] = True
    return keep[labels], best_score


def _chains(labels: np.ndarray, fits: np.ndarray, area: np.ndarray) -> list[list[int]]:
    """Pieces of one slice each that follow one another upwards, with steady area."""
    following: dict[int, int] = {}
    has_lower: set[int] = set()
    for lower, upper in itertools.pairwise(labels):
        both = fits[lower] & fits[upper]
        if not both.any():
            continue
        pairs, overlap = np.unique(np.stack([lower[both], upper[both]]), axis=1, return_counts=True)
        for index in np.argsort(-overlap, kind="stable"):
            below, above = int(pairs[0, index]), int(pairs[1, index])
            ratio = area[above] / area[below]
            if below in following or above in has_lower:
                continue
            if 1 / CONSTANTS.drift <= ratio <= CONSTANTS.drift:
                following[below] = above
                has_lower.add(above)
    chains = []
    for start in np.flatnonzero(fits):
        if int(start) in has_lower:
            continue
        chain = [int(start)]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        chains.append(chain)
    return chains
