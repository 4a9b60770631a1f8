"""Vessels inside the lung and at its hilum, told apart by what surrounds them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..lungs.anatomy import Anatomy
from ..lungs.hila import SIDES, Places, ramp
from ..model.centerlines import Centerlines
from ..model.constants import MethodConstants, constant
from ..model.size_classes import SizeClass
from ..parameters import Parameters


@dataclass(frozen=True)
class IntrapulmonaryConstants(MethodConstants):
    """Numbers of telling by its surroundings whether a vessel is inside the lung."""

    reach_mm: float = constant(
        15.0,
        "mm",
        "How far from a vessel lung is looked for.",
        "Half as much again as the widest vessel inside a lung: from the middle of a lobar artery"
        " of 10 mm, lung is met in every direction; the root of the lung is 30 mm wide and more.",
    )
    step_mm: float = constant(
        2.0,
        "mm",
        "Between places that are looked at along a direction.",
        "About the coarse voxels: none is skipped.",
    )
    half_side: int = constant(
        2,
        "1",
        "Directions go to the voxels on the surface of a cube of twice this side.",
        "98 directions, 20 degrees apart, that are the same when axes are swapped or turned round:"
        " a mirrored or turned scan gives the same.",
    )
    lung_hu: tuple[float, float] = constant(
        (-350.0, -450.0),
        "HU",
        "Mean of a coarse voxel of the lungs from which it begins to be lung, and is lung in full.",
        "Between soft tissue and aerated lung (-850), nearer to the former, so that ground glass"
        " counts; denser opacities count where they were found.",
    )
    airway: tuple[float, float] = constant(
        (0.5, 0.1),
        "1",
        "Share of a coarse voxel that is the lumen of an airway at which it begins to be lung, and"
        " is in full.",
        "The air of bronchi at the hilum is no lung.",
    )
    half_ramp: float = constant(
        0.05,
        "1",
        "Half the width of the rise, around the threshold, from hilar to intrapulmonary blood.",
        "Five of the directions: a voxel more or less moves blood by little.",
    )

    completed: float = constant(
        0.7,
        "1",
        "Share of lung around from which on lungs that are given are completed.",
        "Below the least at which vessels count by default (0.75): however a mask closes the hilum,"
        " they are then found whole. Not by the threshold asked for: recomputing by another one"
        " gives what a new run gives.",
    )


CONSTANTS = IntrapulmonaryConstants()

FULL = 255
"""What is lung in full, where lung is uint8."""
FEW = 14
"""Directions of a first look."""
CHUNK = 1 << 15
"""Places that are looked at together: they fit into the processor's cache."""


def hilar_share(
    lung_around: np.ndarray, parameters: Parameters, threshold_shift: float = 0.0
) -> np.ndarray:
    """Tell how much of the blood at places is hilar.

    Parameters
    ----------
    lung_around : numpy.ndarray
        (n,) of `share_of_lung_around`.
    parameters : Parameters
        With the share of lung at which half of the blood is hilar.
    threshold_shift : float
        How far above that share it is, to see what it moves.

    Returns
    -------
    numpy.ndarray
        (n,) 0 for intrapulmonary to 1 for hilar blood, rising smoothly between; NaN where it is
        not known what is around.
    """
    threshold = parameters.hilum_share + threshold_shift
    ends = (threshold + CONSTANTS.half_ramp, threshold - CONSTANTS.half_ramp)
    return ramp(lung_around, ends)


def counted_share(hilar: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Share (n,) of blood that the classes count, of how much of it is hilar (n,).

    Where the surroundings are unknown, all counts.
    """
    return 1 - np.nan_to_num(hilar) if parameters.hilum_apart else np.ones(len(hilar))


def class_by_place(
    csa_mm2: np.ndarray, lung_around: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """Size class of areas; `SizeClass.HILAR` where vessels are hilar and counted apart.

    Parameters
    ----------
    csa_mm2, lung_around : numpy.ndarray
        (n,) areas, and the share of lung around.
    parameters : Parameters
        Class bounds, and how the hilum counts.

    Returns
    -------
    numpy.ndarray
        (n,) uint8.
    """
    classes = parameters.size_class(csa_mm2)
    if parameters.hilum_apart:
        classes[lung_around < parameters.hilum_share] = SizeClass.HILAR
    return classes


def class_by_size(centerlines: Centerlines, parameters: Parameters) -> np.ndarray:
    """Size class (n,) of all points, hilar ones by their area."""
    hilar = centerlines.size_class == SizeClass.HILAR
    by_area = parameters.size_class(centerlines.csa_mm2)
    return np.where(hilar, by_area, centerlines.size_class)


def branch_hilar_share(centerlines: Centerlines, parameters: Parameters) -> np.ndarray:
    """Share (b,) of each branch's length that is hilar, 0 to 1; NaN where it is not known."""
    hilar_mm = hilar_share(centerlines.lung_around, parameters) * centerlines.point_length_mm
    shares = centerlines.branch_sum(hilar_mm) / np.maximum(centerlines.length_mm, 1e-9)
    return np.asarray(shares)


def share_of_lung_around(
    places: Places, anatomy: Anatomy, opacity: np.ndarray | None = None
) -> np.ndarray:
    """Share of directions from places in which lung of their own side is near.

    Lung is what holds air, and opacities that were found; how a mask of the lungs closes the hilum
    makes no difference.

    Parameters
    ----------
    places : Places
        n places.
    anatomy : Anatomy
        Lungs and airways of the scan.
    opacity : numpy.ndarray, optional
        (z, y, x) share of each coarse voxel that is opacity.

    Returns
    -------
    numpy.ndarray
        (n,) 0 to 1; 0 for places outside the lungs.

    Notes
    -----
    Own method.
    """
    share = np.zeros(len(places.side))
    index = (places.scan_mm - anatomy.hila.first_mm) / anatomy.hila.step_mm
    aerated = _aerated(anatomy)
    for side in SIDES:
        mine = places.side == side
        if not mine.any():
            continue
        within = anatomy.chest.shrunk(anatomy.lungs == side) > 0
        if not within.any():
            continue
        box = _box_around(within, index[mine])
        lung = aerated[box] if opacity is None else np.maximum(aerated[box], opacity[box])
        lung = np.rint(FULL * np.where(within[box], lung, 0)).astype(np.uint8)
        first = [along.start for along in box]
        share[mine] = _shares_at(index[mine] - first, lung, anatomy.hila.step_mm)
    return share


def _box_around(mask: np.ndarray, index: np.ndarray) -> tuple[slice, ...]:
    """Box around a mask and places (n, 3) in it, with a voxel more on each side.

    Or to the end of the array, where lung that the scan cuts goes on.
    """
    (box,) = ndimage.find_objects(mask.view(np.uint8))
    lowest, highest = np.floor(index.min(axis=0)), np.ceil(index.max(axis=0))
    return tuple(
        slice(max(0, min(side.start, int(low)) - 1), min(size, max(side.stop, int(high) + 1) + 1))
        for side, low, high, size in zip(box, lowest, highest, mask.shape, strict=True)
    )


def completed_lungs(anatomy: Anatomy) -> np.ndarray:
    """Lungs that were given, with what they surround.

    Masks differ in how they close the hilum, and some leave all vessels out. What has lung around
    it in most directions belongs to the lung all the same.

    Parameters
    ----------
    anatomy : Anatomy
        With lungs as given.

    Returns
    -------
    numpy.ndarray
        uint8 `LungLabel` values.

    Notes
    -----
    Own method.
    """
    chest, labels = anatomy.chest, anatomy.lungs
    limit = CONSTANTS.completed
    aerated = _aerated(anatomy)
    completed = labels.copy()
    for side in SIDES:
        within = chest.shrunk(labels == side)
        if not within.any():
            continue
        lung = np.rint(FULL * np.where(within > 0, aerated, 0)).astype(np.uint8)
        box = ndimage.find_objects((within > 0).view(np.uint8))[0]
        share = _shares_in(lung, box, within, limit, anatomy.hila.step_mm)
        fine = chest.box_on_scan(box, labels.shape)
        surrounded = chest.interpolated(share, box, labels.shape) > limit
        surrounded &= (completed[fine] == 0) & ~anatomy.airways[fine]
        completed[fine][surrounded] = side
    return completed


def _shares_in(
    lung: np.ndarray,
    box: tuple[slice, ...],
    within: np.ndarray,
    limit: float,
    step_mm: np.ndarray,
) -> np.ndarray:
    """Shares of all voxels of a box; 1 where a mask fills them, about 0 where they are too low."""
    rays = _rays(step_mm)
    room = _room(rays)
    lung = np.pad(lung, room, mode="edge")
    strides = _strides(lung.shape)
    shares = np.where(within[box] >= 1, np.float32(1), np.float32(0))
    asked = np.argwhere(shares < 1)
    flat = (asked + [side.start + room for side in box]) @ strides
    # A seventh of the directions tells most that are far from any lung.
    few = rays[:: len(rays) // FEW]
    for some, least in ((few, limit / 2), (rays, 0.0)):
        offsets = [ray @ strides for ray in some]
        found = np.concatenate(
            [
                np.zeros(0, np.float32),
                *(
                    _shares_of(flat[first : first + CHUNK], lung.reshape(-1), offsets)
                    for first in range(0, len(flat), CHUNK)
                ),
            ]
        )
        enough = found > least
        asked, flat, found = asked[enough], flat[enough], found[enough]
    shares[tuple(asked.T)] = found
    return shares


def _aerated(anatomy: Anatomy) -> np.ndarray:
    """How surely (z, y, x) a coarse voxel holds lung with air in it, 0 to 1."""
    lung = ramp(anatomy.chest.hu.array, CONSTANTS.lung_hu)
    return np.asarray(lung * ramp(anatomy.chest.shrunk(anatomy.airways), CONSTANTS.airway))


def _shares_at(index: np.ndarray, lung: np.ndarray, step_mm: np.ndarray) -> np.ndarray:
    """Shares (n,) at fractional indices (n, 3), linear between the middles of voxels.

    Parameters
    ----------
    index : numpy.ndarray
        (n, 3) along (z, y, x).
    lung : numpy.ndarray
        uint8 (z, y, x).
    step_mm : numpy.ndarray
        (3,) size of its voxels.
    """
    rays = _rays(step_mm)
    room = _room(rays)
    # Lung that the scan cuts goes on beyond.
    lung = np.pad(lung, room, mode="edge")
    shape = np.array(lung.shape)
    index = np.clip(index, 0, shape - 2 * room - 1) + room
    corner = np.minimum(index.astype(int), shape - room - 2)
    part = (index - corner).astype(np.float32)
    strides = _strides(lung.shape)
    flat = corner @ strides
    corners = [np.array(each) for each in itertools.product((0, 1), repeat=3)]
    wanted = np.zeros(lung.size, bool)
    for each in corners:
        wanted[flat + each @ strides] = True
    # Lung all around needs no look.
    deep = ndimage.minimum_filter(lung, 3).reshape(-1) == FULL
    asked = np.flatnonzero(wanted & ~deep)
    shares = np.where(deep, np.float32(1), np.float32(0))
    offsets = [ray @ strides for ray in rays]
    for first in range(0, len(asked), CHUNK):
        chunk = asked[first : first + CHUNK]
        shares[chunk] = _shares_of(chunk, lung.reshape(-1), offsets)
    result = np.zeros(len(flat), np.float32)
    for each in corners:
        weight = np.where(each, part, 1 - part).prod(axis=1)
        result += weight * shares[flat + each @ strides]
    # Weights add up to 1 but for rounding.
    return np.clip(result, 0.0, 1.0)


def _shares_of(place: np.ndarray, lung: np.ndarray, offsets: list[np.ndarray]) -> np.ndarray:
    """Mean over directions (n,) of the most that is met along each."""
    around = {int(step): lung[place + step] for step in np.unique(np.concatenate(offsets))}
    total = np.zeros(len(place), np.uint32)
    for ray in offsets:
        most = around[int(ray[0])].copy()
        for step in ray[1:]:
            np.maximum(most, around[int(step)], out=most)
        total += most
    return np.asarray(total / np.float32(FULL * len(offsets)), np.float32)


def _room(rays: list[np.ndarray]) -> int:
    """Voxels to add around an array, so that no ray leaves it."""
    return int(np.abs(np.concatenate(rays)).max()) + 1


def _strides(shape: tuple[int, ...]) -> np.ndarray:
    """Distance (3,) in the flat array of voxels that are neighbors along (z, y, x)."""
    return np.array([shape[1] * shape[2], shape[2], 1])


def _rays(step_mm: np.ndarray) -> list[np.ndarray]:
    """Voxels (k, 3) that are passed in each direction, the nearest first, from a voxel's middle."""
    side = range(-CONSTANTS.half_side, CONSTANTS.half_side + 1)
    cube = np.array(list(itertools.product(side, repeat=3)), float)
    surface = cube[np.abs(cube).max(axis=1) == CONSTANTS.half_side]
    surface /= np.linalg.norm(surface, axis=1, keepdims=True)
    reach_mm = np.arange(CONSTANTS.step_mm / 2, CONSTANTS.reach_mm + 1e-6, CONSTANTS.step_mm)
    rays = []
    for direction in surface:
        voxels = _rounded(reach_mm[:, None] * direction / step_mm)
        rays.append(voxels[np.append(True, (np.diff(voxels, axis=0) != 0).any(axis=1))])
    return rays


def _rounded(steps: np.ndarray) -> np.ndarray:
    """Nearest whole numbers, halves away from 0: the same mirrored."""
    return np.asarray(np.sign(steps) * np.floor(np.abs(steps) + 0.5)).astype(int)
