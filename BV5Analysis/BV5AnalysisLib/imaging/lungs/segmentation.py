"""The lungs: right and left, with the vessels and the disease inside them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..errors import AnalysisError
from ..model.size_classes import LungLabel
from ..model.volume import Grid, Volume
from ..numerics.blocks import block_means, interpolated
from ..numerics.distances import distance_mm
from .chest import AIR_HU, COARSE_MM, GAS_HU, Chest
from .sides import split_sides

WALL_MM = 2.5
"""Thickness taken off around the lumen of large airways."""
LARGE_AIRWAY_MM = 2.0
"""Lumen radius from which an airway is no part of the lung."""
CLOSING_MM = 10.0
"""Radius of the closing that takes in hilar vessels."""
RIBS_CLOSING_MM = 25.0
"""Radius of the closing beside the ribs, which takes in consolidation at the pleura."""
RIB_MM = 20.0
RIB_ML = 3.0
SPINE_MM = 50.0
BONE_HU = 200.0
WIDE_SLICE = 0.5
INNER_EDGE_MM = 1.0
EDGE_MM = 2.5
"""From so far inside the coarse surface to so far outside it the scan's own voxels decide."""
HALF_VOXEL_MM = COARSE_MM / 2
"""From the middle of an outermost coarse voxel to the surface."""
DEEP_MM = 10.0
"""Depths beyond need not be told apart: no interpolation reaches from there to the edge."""
CORE_MM = 3.0
CORE_ML = 5.0
"""Smallest core that can be lung."""
MINIMUM_LUNG_ML = 150.0


def segment_lungs(volume: Volume, chest: Chest, airways: np.ndarray) -> np.ndarray:
    """Segment both lungs.

    Aerated lung is what is air-like, inside the body, large and no airway; each side is closed so
    that vessels at the hilum and the pleura are inside. The work is done on the coarse grid; only
    the edge is looked at in full detail.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU, LPS axes.
    chest : Chest
        The same scan, surveyed.
    airways : numpy.ndarray
        Bool, lumen of trachea and bronchi on the scan's grid.

    Returns
    -------
    numpy.ndarray
        uint8 `LungLabel` values, 0 outside, (z, y, x).

    Raises
    ------
    AnalysisError
        No lungs, or only one, were found.

    References
    ----------
    Hu S, Hoffman EA, Reinhardt JM. Automatic lung segmentation for accurate quantitation of
    volumetric X-ray CT images. IEEE TMI 2001;20:490-498 (threshold, airways, sides, closing). What
    tells lung from bowel and takes in the hilum and disease at the ribs is the project's own.
    """
    large = _large_airways(airways, chest)
    aerated = _aerated_lung(chest, large)
    right, left = split_sides(aerated, chest.grid)
    for side, mask in (("right", right), ("left", left)):
        if chest.volume_ml(mask) < MINIMUM_LUNG_ML:
            raise AnalysisError(
                f"Only one lung was found, the {side} one is missing or airless;"
                " BV5 needs both: give a lung mask if they are there."
            )
    labels = np.zeros(volume.array.shape, np.uint8)
    ribs = _beside_ribs(chest)
    closed = [_closed(mask, chest, ribs & _above_diaphragm(mask)) for mask in (right, left)]
    overlap = closed[0] & closed[1]
    if overlap.any():
        nearer_right = _outside_distance(right, chest) <= _outside_distance(left, chest)
        closed[0] &= ~overlap | nearer_right
        closed[1] &= ~closed[0]
    # Stomach and colon may lie closer than the band in which fine voxels decide.
    other_air = ndimage.binary_dilation(chest.inner_air & ~aerated & ~large) & ~aerated
    for label, mask in zip((LungLabel.RIGHT, LungLabel.LEFT), closed, strict=True):
        _paint(labels, label, mask, volume, chest, other_air)
    labels[airways & chest.to_scan(large, labels.shape)] = 0
    return labels


def _large_airways(airways: np.ndarray, chest: Chest) -> np.ndarray:
    """Bool, coarse: lumen of airways too large to be inside a lung, with their wall."""
    lumen = block_means(airways, chest.factor) > 0.25
    core = distance_mm(lumen, chest.grid, 2 * LARGE_AIRWAY_MM) > LARGE_AIRWAY_MM
    wide = lumen & _near(core, 3 * LARGE_AIRWAY_MM, chest.grid)
    return _near(wide, WALL_MM, chest.grid)


def _near(mask: np.ndarray, reach_mm: float, grid: Grid) -> np.ndarray:
    """Bool: closer than a reach to a mask, which may be empty."""
    return distance_mm(~mask, grid, reach_mm) < reach_mm


def _outside_distance(mask: np.ndarray, chest: Chest) -> np.ndarray:
    """Distance of each voxel to a mask, mm; infinite if the mask is empty."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    return distance_mm(~mask, chest.grid)


def _aerated_lung(chest: Chest, large_airways: np.ndarray) -> np.ndarray:
    """Bool, coarse: air-like voxels of the lungs.

    Bowel gas may touch lung through a diaphragm thinner than a voxel, so pieces are told apart by
    their cores: what is left of the air without its outermost millimeters.
    """
    air = chest.inner_air & ~large_airways
    cores, count = ndimage.label(distance_mm(air, chest.grid, 2 * CORE_MM) > CORE_MM)
    numbers = np.arange(1, count + 1)
    sizes = np.bincount(cores.ravel(), minlength=count + 1)[1:] * chest.grid.voxel_volume_ml
    inside = cores > 0
    median = (
        ndimage.median(chest.hu.array[inside], cores[inside], numbers) if count else np.empty(0)
    )
    lung_core = np.isin(cores, numbers[(median > GAS_HU) & (sizes >= CORE_ML)])
    gas_core = np.isin(cores, numbers[median <= GAS_HU])
    if chest.volume_ml(lung_core) < MINIMUM_LUNG_ML:
        raise AnalysisError(
            "No lungs were found: is it a chest CT? Give a scan of the whole chest, or a lung mask."
        )
    nearer_lung = _outside_distance(lung_core, chest) < _outside_distance(gas_core, chest)
    pieces, count = ndimage.label(air & nearer_lung)
    with_core = np.zeros(count + 1, bool)
    with_core[pieces[lung_core]] = True
    with_core[0] = False
    return with_core[pieces]


def _closed(mask: np.ndarray, chest: Chest, ribs: np.ndarray) -> np.ndarray:
    """One lung closed by a ball, by a larger one along the ribs, its holes filled."""
    margin = np.ceil((RIBS_CLOSING_MM + 4) / chest.grid.spacing_zyx).astype(int)
    box = _bounding_box(mask, margin)
    result = np.zeros_like(mask)
    result[box] = mask[box] | _closing(mask[box], CLOSING_MM, chest.grid)
    result[box] |= _closing(mask[box], RIBS_CLOSING_MM, chest.grid) & ribs[box]
    pieces, count = ndimage.label(ndimage.binary_fill_holes(result[box]))
    holds_lung = np.zeros(count + 1, bool)
    holds_lung[pieces[mask[box]]] = True
    result[box] = holds_lung[pieces]
    return result


def _closing(mask: np.ndarray, radius_mm: float, grid: Grid) -> np.ndarray:
    """Close by a ball. Beyond the lowest and highest slice a lung goes on, beyond the sides not."""
    near = _near(mask, radius_mm, grid)
    # Distances do not see beyond the array: a rim of voxels outside keeps the sides out.
    rim = [(0, 0), (1, 1), (1, 1)]
    inside = distance_mm(np.pad(near, rim), grid, radius_mm)[:, 1:-1, 1:-1]
    return inside >= radius_mm - 1e-3


def _beside_ribs(chest: Chest) -> np.ndarray:
    """Bool, coarse: tissue beside the ribs, where missing lung is consolidated lung.

    Not beside the spine, where the aorta and the vertebrae bulge into the lungs, and no bone.
    """
    hu = chest.hu.array
    labels, _ = ndimage.label(hu > BONE_HU)
    sizes = np.bincount(labels.ravel()) * chest.grid.voxel_volume_ml
    sizes[0] = 0
    # Smaller ones are calcified nodes and vessel walls.
    bone = (sizes >= RIB_ML)[labels]
    if not bone.any():
        return np.zeros(hu.shape, bool)
    columns = np.cumsum(bone.sum((0, 1)))
    middle = np.searchsorted(columns, columns[-1] / 2)
    lateral = np.abs(np.arange(hu.shape[2]) - middle) * chest.grid.spacing[0] > SPINE_MM
    return _near(bone & lateral, RIB_MM, chest.grid) & lateral & (hu < BONE_HU)


def _above_diaphragm(mask: np.ndarray) -> np.ndarray:
    """Bool (z, 1, 1): slices in which a lung is so wide that no liver or spleen is beside it."""
    area = np.count_nonzero(mask, axis=(1, 2))
    return (area >= WIDE_SLICE * area.max())[:, None, None]


def _bounding_box(mask: np.ndarray, margin: np.ndarray) -> tuple[slice, ...]:
    """Slices around a mask, with a margin in voxels, inside the array."""
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    return tuple(
        slice(max(s.start - m, 0), min(s.stop + m, n))
        for s, m, n in zip(box, margin, mask.shape, strict=True)
    )


def _paint(
    labels: np.ndarray,
    label: int,
    mask: np.ndarray,
    volume: Volume,
    chest: Chest,
    other_air: np.ndarray,
) -> None:
    """Draw a coarse lung into the full labels, its edge decided by the scan's own voxels."""
    box = _bounding_box(mask, np.ceil(4.0 / chest.grid.spacing_zyx).astype(int))
    inside = distance_mm(mask[box], chest.grid, DEEP_MM)
    signed = inside - distance_mm(~mask[box], chest.grid, DEEP_MM)
    air = chest.hu.array[box] < AIR_HU
    # Where the closing took in what is no air, its own smooth surface is the edge. Distances are
    # zero in the outermost voxels on both sides of it: it lies between them, not anywhere there.
    surface = signed + np.where(mask[box], HALF_VOXEL_MM, -HALF_VOXEL_MM).astype(np.float32)
    taken_in = np.minimum(surface, distance_mm(~air, chest.grid, DEEP_MM) - INNER_EDGE_MM)
    fine = tuple(
        slice(s.start * f, n if s.stop == m else s.stop * f)
        for s, f, n, m in zip(box, chest.factor, volume.array.shape, mask.shape, strict=True)
    )
    shape = tuple(int(s.stop - s.start) for s in fine)
    depth = interpolated(signed, chest.factor, shape)
    lung = depth > INNER_EDGE_MM
    elsewhere = interpolated(other_air[box], chest.factor, shape) > 0.5
    lung |= (depth > -EDGE_MM) & (volume.array[fine] < AIR_HU) & ~elsewhere
    lung |= interpolated(taken_in, chest.factor, shape) > 0
    target = labels[fine]
    target[lung & (target == 0)] = label
