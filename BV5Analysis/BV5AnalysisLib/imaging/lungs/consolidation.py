"""Consolidated lung, in which no vessel can be told from what surrounds it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..model.size_classes import LungLabel
from ..model.volume import Volume
from ..numerics.blocks import block_means
from ..numerics.distances import distance_mm
from .chest import COARSE_MM, Chest

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

ROOT_MM = 22.0
"""Wide vessels of a hilum come this near to a main or lobar bronchus: arteries run along them, and
the veins pass between them. In two scans without consolidation it was 6 to 14 mm for clumps of
`LEAST_ML` or more, 13 to 20 mm for smaller ones."""

REACHED_MM = 20.0
"""Bronchi this near to a lung show where its hilum is; the trachea alone does not. Phantoms of
scale 0.8 need 17 mm, as the coarse grid loses their narrower bronchi."""

WIDE_AIRWAY_MM = 1.0
"""Lumen radius of these bronchi as the coarse grid shows it, some 2 mm less than it is."""

THICK_MM = 1.9
"""Depth on the coarse grid that only vessels of over 3 mm radius have."""

LEAST_ML = 0.3
"""Smaller clumps are where vessels meet."""

RIM_MM = 2.0
"""How far from consolidation dense voxels of the scan still are its edge."""


def find_consolidation(
    volume: Volume, chest: Chest, labels: np.ndarray, airways: np.ndarray
) -> np.ndarray:
    """Find consolidation by its bulk.

    Dense tissue deeper than vessels are wide is consolidation, with all dense tissue near such
    depth. Patches thinner than the vessels of their place cannot be told from one this way.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU.
    chest : Chest
        The same scan, surveyed.
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
    below_lung = distance_mm(~(lung & ~dense), chest.grid, 2 * BULK_MM)
    inside = distance_mm(dense, chest.grid, HILAR_BULK_MM + 1)
    hilum = _hilum(chest, labels, airways, inside > THICK_MM)
    bulk = (dense & hilum & (inside > HILAR_BULK_MM)) | _clumps(
        dense & ~hilum & (below_lung > THICK_MM), below_lung, chest
    )
    if not bulk.any():
        return np.zeros(labels.shape, bool)
    # What is thick goes on to be consolidation; thin vessels that leave it do not.
    reach_mm = THICK_MM + COARSE_MM + RIM_MM
    consolidated = dense & (distance_mm(~bulk, chest.grid, reach_mm) < reach_mm)
    with_rim = lung & (distance_mm(~consolidated, chest.grid, RIM_MM) < RIM_MM)
    found = chest.to_scan(with_rim, labels.shape)
    # Blocks of voxels would take lung with its vessels along.
    found &= (volume.array > DENSE_HU) | chest.to_scan(consolidated, labels.shape)
    return found


def _clumps(thick: np.ndarray, depth: np.ndarray, chest: Chest) -> np.ndarray:
    """Pieces of thick tissue that are somewhere deeper than vessels are wide."""
    pieces, count = ndimage.label(thick, np.ones((3, 3, 3)))
    large = np.bincount(pieces.ravel()) * chest.grid.voxel_volume_ml >= LEAST_ML
    deep = np.zeros(count + 1, bool)
    deep[pieces[depth > BULK_MM]] = True
    keep = large & deep
    keep[0] = False
    return keep[pieces]


def _hilum(chest: Chest, labels: np.ndarray, airways: np.ndarray, thick: np.ndarray) -> np.ndarray:
    """Bool, coarse: near main and lobar bronchi and near the mediastinum.

    Thick tissue there of which nothing comes close to these bronchi is none of the hilar vessels.
    Where no bronchi are known, nearness to the mediastinum alone decides: rather count some
    consolidation as vessels than lose the pulmonary arteries.
    """
    lumen = _shrunk(airways, chest) > 0.5
    # The core of a lumen lies its radius away from the wall.
    core = distance_mm(lumen, chest.grid, 2 * WIDE_AIRWAY_MM) > WIDE_AIRWAY_MM
    sides = [_shrunk(labels == side, chest) > 0.5 for side in (LungLabel.RIGHT, LungLabel.LEFT)]
    mediastinum = _between_lungs(*sides)
    if not mediastinum.any():
        return np.ones_like(core)
    medial = distance_mm(~mediastinum, chest.grid) < MEDIAL_MM
    if not core.any():
        return medial
    from_bronchi = distance_mm(~core, chest.grid)
    hilum = medial & (from_bronchi < HILUM_MM)
    pieces, count = ndimage.label(thick)
    nearest = ndimage.minimum(from_bronchi, pieces, np.arange(1, count + 1))
    far = np.concatenate([[False], np.asarray(nearest).reshape(-1) > ROOT_MM])[pieces]
    for side in sides:
        if side.any() and from_bronchi[side].min() < REACHED_MM:
            hilum &= ~(far & side)
    return hilum


def _between_lungs(right: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Bool: no lung, but the right one on one side and the left one on the other, along x."""
    after_right = np.logical_or.accumulate(right, axis=2)
    before_left = np.logical_or.accumulate(left[:, :, ::-1], axis=2)[:, :, ::-1]
    return after_right & before_left & ~right & ~left


def _shrunk(mask: np.ndarray, chest: Chest) -> np.ndarray:
    """Share of each coarse voxel that a mask on the scan's grid fills."""
    return block_means(mask, chest.factor)
