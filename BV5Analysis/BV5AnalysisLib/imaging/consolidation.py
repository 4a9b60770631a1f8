"""Consolidated lung, in which no vessel can be told from what surrounds it."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from .chest import COARSE_MM, Chest, distance_mm
from .sizeclasses import LungLabel

DENSE_HU = -300.0
"""Lung with less than a third of its air."""

BULK_MM = 3.0
"""Depth below aerated lung, to within a coarse voxel of 2 mm, from which dense tissue is thicker
than any vessel outside the hila."""

HILAR_BULK_MM = 12.0
"""The same in the hila, where the pulmonary artery and its first branches are."""

HILUM_MM = 40.0
"""How far from the main and lobar bronchi the hila reach."""

MEDIAL_MM = 35.0
"""How far from the mediastinum."""

WIDE_AIRWAY_MM = 1.0
"""Lumen radius of these bronchi as the coarse grid shows it, some 2 mm less than it is."""

LEAST_ML = 0.3
"""Smaller bulks are where vessels meet."""

RIM_MM = 2.0
"""Blur around consolidation."""


def find_consolidation(chest: Chest, labels: np.ndarray, airways: np.ndarray) -> np.ndarray:
    """Find consolidation by its bulk.

    Dense tissue deeper than vessels are wide is consolidation, with all dense tissue near such
    depth. Patches thinner than the vessels of their place cannot be told from one this way.

    Parameters
    ----------
    chest : Chest
        The surveyed scan.
    labels : numpy.ndarray
        `LungLabel` values on the scan's grid.
    airways : numpy.ndarray
        Bool, lumen of trachea and bronchi on the scan's grid.

    Returns
    -------
    numpy.ndarray
        Bool, shape of the scan.
    """
    lung = _shrunk(labels > 0, chest) > 0.5
    dense = lung & (chest.hu.array > DENSE_HU)
    # Towards the chest wall nothing ends the density: only aerated lung counts as its end. In the
    # hila the lungs' medial surface does, too, behind which the heart's vessels go on.
    below_lung = distance_mm(~(lung & ~dense), chest.grid)
    inside = distance_mm(dense, chest.grid)
    hilum = _hilum(chest, labels, airways)
    bulk = dense & np.where(hilum, inside > HILAR_BULK_MM, below_lung > BULK_MM)
    bulk = _without_specks(bulk, chest)
    if not bulk.any():
        return np.zeros(labels.shape, bool)
    consolidated = dense & (distance_mm(~bulk, chest.grid) < BULK_MM + COARSE_MM + RIM_MM)
    with_rim = lung & (distance_mm(~consolidated, chest.grid) < RIM_MM)
    return chest.to_scan(with_rim, labels.shape)


def _without_specks(mask: np.ndarray, chest: Chest) -> np.ndarray:
    pieces, _ = ndimage.label(mask)
    keep = np.bincount(pieces.ravel()) * chest.grid.voxel_volume_ml >= LEAST_ML
    keep[0] = False
    return keep[pieces]


def _hilum(chest: Chest, labels: np.ndarray, airways: np.ndarray) -> np.ndarray:
    """Bool, coarse: near main and lobar bronchi and near the mediastinum.

    Where no bronchi are known, nearness to the mediastinum alone decides: rather count some
    consolidation as vessels than lose the pulmonary arteries.
    """
    lumen = _shrunk(airways, chest) > 0.5
    # The core of a lumen lies its radius away from the wall.
    core = distance_mm(lumen, chest.grid) > WIDE_AIRWAY_MM
    mediastinum = _between_lungs(
        _shrunk(labels == LungLabel.RIGHT, chest) > 0.5,
        _shrunk(labels == LungLabel.LEFT, chest) > 0.5,
    )
    if not mediastinum.any():
        return np.ones_like(core)
    medial = distance_mm(~mediastinum, chest.grid) < MEDIAL_MM
    return medial & (distance_mm(~core, chest.grid) < HILUM_MM) if core.any() else medial


def _between_lungs(right: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Bool: no lung, but the right one on one side and the left one on the other, along x."""
    after_right = np.logical_or.accumulate(right, axis=2)
    before_left = np.logical_or.accumulate(left[:, :, ::-1], axis=2)[:, :, ::-1]
    return after_right & before_left & ~right & ~left


def _shrunk(mask: np.ndarray, chest: Chest) -> np.ndarray:
    """Share of each coarse voxel that a mask on the scan's grid fills."""
    image = sitk.BinShrink(sitk.GetImageFromArray(mask.astype(np.float32)), chest.factor[::-1])
    return sitk.GetArrayFromImage(image)
