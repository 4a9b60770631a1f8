"""Separation of the right lung from the left, also where they touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..errors import AnalysisError
from ..model.constants import MethodConstants, constant
from ..model.volume import Grid
from ..numerics.distances import distance_mm


@dataclass(frozen=True)
class SideConstants(MethodConstants):
    """Tuned numbers of the separation of the lungs."""

    peels_mm: tuple[float, ...] = constant(
        (0.0, 1.5, 3.0, 5.0, 7.0, 10.0, 14.0, 18.0),
        "mm",
        "Depths of erosion tried in turn until the lungs are separate.",
        "From none to the widest contact seen, in steps of about a coarse voxel or two.",
    )
    least_share: float = constant(
        0.1,
        "1",
        "Smallest share of the eroded volume that a lung has.",
        "A lung may be shrunk by disease or surgery. Chosen by eye.",
    )
    least_separation_mm: float = constant(
        50.0,
        "mm",
        "Smallest distance from right to left between the centers of two lungs.",
        "Parts of one lung are closer. Chosen by eye.",
    )


CONSTANTS = SideConstants()


def split_sides(lungs: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Split a mask of both lungs into right and left.

    Erodes the mask until it falls into two cores, one on each side, then assigns every voxel to
    the nearest core.

    Parameters
    ----------
    lungs : numpy.ndarray
        Bool, (z, y, x), LPS axes: x grows to the patient's left.
    grid : Grid
        For the voxel spacing.

    Returns
    -------
    right, left : numpy.ndarray
        Bool, the same shape; one of them is empty if there is only one lung.
    """
    depth = distance_mm(lungs, grid, 2 * CONSTANTS.peels_mm[-1])
    for peel_mm in CONSTANTS.peels_mm:
        cores, count = ndimage.label(depth > peel_mm)
        sizes = np.bincount(cores.ravel(), minlength=count + 1)
        sizes[0] = 0
        large = np.flatnonzero(sizes >= CONSTANTS.least_share * sizes.sum())
        middles = np.array([_middle_x(cores == number) for number in large])
        if len(large) >= 2 and np.ptp(middles) * grid.spacing[0] >= CONSTANTS.least_separation_mm:
            return _nearest_core(lungs, cores, large, middles, grid)
    return _by_body_side(lungs)


def check_both(right: np.ndarray, left: np.ndarray, least: float = 1) -> None:
    """Refuse lungs of which one is missing.

    Parameters
    ----------
    right, left : numpy.ndarray
        Bool.
    least : float
        Voxels that each has to have.

    Raises
    ------
    AnalysisError
        One has fewer.
    """
    for side, mask in (("right", right), ("left", left)):
        if np.count_nonzero(mask) < least:
            raise AnalysisError(
                f"Only one lung was found, the {side} one is missing or airless;"
                " BV5 needs both: give a lung mask if they are there."
            )


def _nearest_core(
    lungs: np.ndarray, cores: np.ndarray, large: np.ndarray, middles: np.ndarray, grid: Grid
) -> tuple[np.ndarray, np.ndarray]:
    """Assign every voxel to the side whose core is nearer."""
    halfway = (middles.min() + middles.max()) / 2
    right_core = np.isin(cores, large[middles < halfway])
    left_core = np.isin(cores, large[middles >= halfway])
    box = ndimage.find_objects(lungs.view(np.uint8))[0]
    from_right, from_left = (distance_mm(~core[box], grid) for core in (right_core, left_core))
    # Mirrored lungs are split alike: what is as near to both lies on its side of the middle.
    columns = np.arange(lungs.shape[2])[box[2]]
    nearer = (from_right < from_left) | ((from_right == from_left) & (columns < halfway))
    right = np.zeros_like(lungs)
    right[box] = nearer & lungs[box]
    return right, lungs & ~right


def _middle_x(mask: np.ndarray) -> float:
    """Mean x index of a mask."""
    columns = np.count_nonzero(mask, axis=(0, 1))
    return float((columns * np.arange(len(columns))).sum() / columns.sum())


def _by_body_side(lungs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Assign a single lung to the side of the array's middle that it lies on."""
    nothing = np.zeros_like(lungs)
    return (lungs, nothing) if _middle_x(lungs) < lungs.shape[2] / 2 else (nothing, lungs)
