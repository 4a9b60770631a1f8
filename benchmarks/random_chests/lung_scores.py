"""Found lungs against true ones: overlap, and how far off their surface is."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from scipy import ndimage

from .truth import ChestTruth

COARSE_MM = 1.4
"""Surfaces are compared on about every so many millimeters: their errors are told in whole ones."""

FAR_MM = 999.0
"""Distance to a surface that is not there."""


@dataclass(frozen=True)
class LungScore:
    """Found lungs against true ones.

    Attributes
    ----------
    dice, dice_right, dice_left : float
        Overlap; 1 where both masks are empty.
    surface_95_mm, surface_worst_mm : float
        95th percentile and maximum of the distance between the surfaces, both ways.
    lost_ml, extra_ml : float
        True lung that was not found, and what was found beyond it.
    """

    dice: float
    dice_right: float
    dice_left: float
    surface_95_mm: float
    surface_worst_mm: float
    lost_ml: float
    extra_ml: float

    def to_dict(self) -> dict[str, float]:
        """Plain values, fit for JSON."""
        return asdict(self)


def lung_score(truth: ChestTruth, lungs: np.ndarray, airways: np.ndarray) -> LungScore:
    """Compare lungs with the truth.

    The lumen of airways counts for neither: true lungs hold it, found ones do not. Where air of
    true parenchyma was taken for an airway, lung was lost.

    Parameters
    ----------
    truth : ChestTruth
        The chest.
    lungs : numpy.ndarray
        Found `LungLabel` values.
    airways : numpy.ndarray
        Found lumen, bool.

    Returns
    -------
    LungScore
        Volumes are of voxels.
    """
    counts = ~((truth.airways > 0) | (airways & (truth.lungs == 0)))
    true, found = np.where(counts, truth.lungs, 0), np.where(counts, lungs, 0)
    both = (true > 0) & (found > 0)
    voxel_ml = truth.grid.voxel_volume_ml
    off_mm = surface_errors_mm(true > 0, found > 0, truth.grid.spacing_zyx)
    return LungScore(
        dice=dice(true > 0, found > 0),
        dice_right=dice(true == LungLabel.RIGHT, found == LungLabel.RIGHT),
        dice_left=dice(true == LungLabel.LEFT, found == LungLabel.LEFT),
        surface_95_mm=float(np.percentile(off_mm, 95)),
        surface_worst_mm=float(off_mm.max()),
        lost_ml=float(np.count_nonzero((true > 0) & ~both)) * voxel_ml,
        extra_ml=float(np.count_nonzero((found > 0) & ~both)) * voxel_ml,
    )


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Overlap of two masks; 1 where both are empty."""
    whole = np.count_nonzero(one) + np.count_nonzero(other)
    return 2 * float(np.count_nonzero(one & other)) / whole if whole else 1.0


def surface_errors_mm(one: np.ndarray, other: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """Distances (n,) of the outermost voxels of each mask to the nearest ones of the other, mm.

    Parameters
    ----------
    one, other : numpy.ndarray
        Bool (z, y, x).
    spacing_mm : numpy.ndarray
        (3,) voxel size (z, y, x).

    Returns
    -------
    numpy.ndarray
        `FAR_MM` where the other mask is empty; a single 0 where both are.
    """
    stride = np.maximum(1, (COARSE_MM / spacing_mm + 0.5).astype(int))
    picked = tuple(slice(None, None, int(step)) for step in stride)
    rims = [mask & ~ndimage.binary_erosion(mask) for mask in (one[picked], other[picked])]
    if not rims[0].any() and not rims[1].any():
        return np.zeros(1)
    if not rims[0].any() or not rims[1].any():
        return np.full(1, FAR_MM)
    distances = [ndimage.distance_transform_edt(~rim, spacing_mm * stride) for rim in rims]
    return np.concatenate([distances[1][rims[0]], distances[0][rims[1]]])
