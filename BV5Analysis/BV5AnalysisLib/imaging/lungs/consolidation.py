"""Consolidated lung, in which vessels cannot be distinguished from their surroundings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.size_classes import LungLabel
from ..model.volume import Volume
from ..numerics.distances import distance_mm
from . import survey
from .survey import Chest


@dataclass(frozen=True)
class ConsolidationConstants(MethodConstants):
    """Tuned numbers of the search for consolidation; lengths are as the coarse grid shows them."""

    dense_hu: float = constant(
        -300.0,
        "HU",
        "Attenuation above which lung is dense.",
        "Lung there has less than a third of its air. Upper end of ground glass.",
    )
    majority: float = constant(
        0.5,
        "1",
        "Share of a coarse voxel that a mask of the scan has to fill.",
        "The majority of its voxels.",
    )
    bulk_mm: float = constant(
        3.0,
        "mm",
        "Depth below aerated lung from which dense tissue is thicker than a vessel.",
        "Vessels outside the hila have smaller radii, within a coarse voxel. Chosen by eye.",
    )
    hilar_bulk_mm: float = constant(
        12.0,
        "mm",
        "The same depth in the hila.",
        "The pulmonary artery and its first branches have smaller radii. Chosen by eye.",
    )
    hilum_mm: float = constant(
        40.0,
        "mm",
        "Reach of the hila around main and lobar bronchi.",
        "Chosen by eye on three scans.",
    )
    medial_mm: float = constant(
        35.0,
        "mm",
        "Reach of the hila from the mediastinum.",
        "Chosen by eye on three scans.",
    )
    root_mm: float = constant(
        22.0,
        "mm",
        "Largest distance from a main or lobar bronchus at which clumps of hilar vessels come.",
        "Arteries run along these bronchi and veins pass between them. In two scans without"
        " consolidation: 6 to 14 mm for clumps of `least_clump_ml` or more, 13 to 20 mm for"
        " smaller ones.",
    )
    reached_mm: float = constant(
        20.0,
        "mm",
        "Distance of these bronchi from a lung within which they show where its hilum is.",
        "The trachea alone does not. Phantoms of scale 0.8 need 17 mm, as the coarse grid loses"
        " their narrower bronchi.",
    )
    wide_airway_mm: float = constant(
        1.0,
        "mm",
        "Depth of lumen from which an airway is a main or lobar bronchus.",
        "The coarse grid shows radii some 2 mm too small. Chosen by eye.",
    )
    thick_mm: float = constant(
        1.9,
        "mm",
        "Depth that only vessels of over 3 mm radius have.",
        "Just below a coarse voxel. Chosen by eye.",
    )
    least_clump_ml: float = constant(
        0.3,
        "mL",
        "Smallest clump of thick tissue that is consolidation.",
        "Smaller ones are where vessels meet. Chosen by eye on three scans.",
    )
    rim_mm: float = constant(
        2.0,
        "mm",
        "Distance from consolidation within which dense voxels of the scan still are its edge.",
        "About a coarse voxel. Chosen by eye.",
    )


CONSTANTS = ConsolidationConstants()


def find_consolidation(
    volume: Volume, chest: Chest, labels: np.ndarray, airways: np.ndarray
) -> np.ndarray:
    """Find consolidation by its bulk.

    Dense tissue deeper than vessels are wide is consolidation, with all dense tissue close to it.
    Patches no thicker than the vessels around them are not found this way.

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
    thick_mm, rim_mm = CONSTANTS.thick_mm, CONSTANTS.rim_mm
    lung = _shrunk(labels > 0, chest)
    dense = lung & (chest.hu.array > CONSTANTS.dense_hu)
    # The chest wall is as dense: depth counts from aerated lung alone. In the hila it counts from
    # the medial surface of the lungs, too, behind which vessels go on to the heart.
    below_lung = distance_mm(~(lung & ~dense), chest.grid, 2 * CONSTANTS.bulk_mm)
    inside = distance_mm(dense, chest.grid, CONSTANTS.hilar_bulk_mm + 1)
    hilum = _hilum(chest, labels, airways, inside > thick_mm)
    bulk = (dense & hilum & (inside > CONSTANTS.hilar_bulk_mm)) | _clumps(
        dense & ~hilum & (below_lung > thick_mm), below_lung, chest
    )
    if not bulk.any():
        return np.zeros(labels.shape, bool)
    # Dense tissue around the bulk belongs to it; thin vessels that leave it do not.
    reach_mm = thick_mm + survey.CONSTANTS.coarse_mm + rim_mm
    consolidated = dense & (distance_mm(~bulk, chest.grid, reach_mm) < reach_mm)
    with_rim = lung & (distance_mm(~consolidated, chest.grid, rim_mm) < rim_mm)
    found = chest.to_scan(with_rim, labels.shape)
    # In the rim only dense voxels: whole blocks would include lung with its vessels.
    found &= (volume.array > CONSTANTS.dense_hu) | chest.to_scan(consolidated, labels.shape)
    return found


def _clumps(thick: np.ndarray, depth: np.ndarray, chest: Chest) -> np.ndarray:
    """Pieces of thick tissue that reach deeper than vessels are wide."""
    pieces, count = ndimage.label(thick, np.ones((3, 3, 3)))
    volume_ml = np.bincount(pieces.ravel()) * chest.grid.voxel_volume_ml
    deep = np.zeros(count + 1, bool)
    deep[pieces[depth > CONSTANTS.bulk_mm]] = True
    keep = deep & (volume_ml >= CONSTANTS.least_clump_ml)
    keep[0] = False
    kept: np.ndarray = keep[pieces]
    return kept


def _hilum(chest: Chest, labels: np.ndarray, airways: np.ndarray, thick: np.ndarray) -> np.ndarray:
    """Bool, coarse: near main and lobar bronchi and near the mediastinum.

    Pieces of thick tissue there that do not come close to these bronchi are no hilar vessels.
    Without known bronchi the distance from the mediastinum alone decides: counting some
    consolidation as vessels is better than losing the pulmonary arteries.
    """
    wide_mm = CONSTANTS.wide_airway_mm
    lumen = _shrunk(airways, chest)
    # The core of a lumen lies its radius away from the wall.
    core = distance_mm(lumen, chest.grid, 2 * wide_mm) > wide_mm
    sides = [_shrunk(labels == side, chest) for side in (LungLabel.RIGHT, LungLabel.LEFT)]
    mediastinum = _between_lungs(*sides)
    if not mediastinum.any():
        return np.ones_like(core)
    medial = distance_mm(~mediastinum, chest.grid) < CONSTANTS.medial_mm
    if not core.any():
        return medial
    from_bronchi = distance_mm(~core, chest.grid)
    hilum = medial & (from_bronchi < CONSTANTS.hilum_mm)
    pieces, count = ndimage.label(thick)
    nearest = ndimage.minimum(from_bronchi, pieces, np.arange(1, count + 1))
    far = np.concatenate([[False], np.asarray(nearest).reshape(-1) > CONSTANTS.root_mm])[pieces]
    for side in sides:
        if side.any() and from_bronchi[side].min() < CONSTANTS.reached_mm:
            hilum &= ~(far & side)
    return hilum


def _between_lungs(right: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Bool: not lung, with the right lung on one side and the left one on the other, along x."""
    after_right = np.logical_or.accumulate(right, axis=2)
    before_left = np.logical_or.accumulate(left[:, :, ::-1], axis=2)[:, :, ::-1]
    between: np.ndarray = after_right & before_left & ~right & ~left
    return between


def _shrunk(mask: np.ndarray, chest: Chest) -> np.ndarray:
    """Bool: coarse voxels that are mostly in a mask on the scan's grid."""
    return chest.shrunk(mask) > CONSTANTS.majority
