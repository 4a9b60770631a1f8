"""Connected pieces of painted voxels, and the blood that they hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration
from ..model.volume import Volume
from ..sizing import cross_sections, surroundings, wide_vessels


@dataclass(frozen=True)
class PaintedPieceConstants(MethodConstants):
    """Tuned numbers of measuring the blood of painted voxels.

    How far the blur carries blood, and how the background is clipped, are those of vessels that
    were found: `WideVesselConstants.rim_mm` and `SurroundingsConstants`.
    """

    ring_mm: float = constant(
        3.0,
        "mm",
        "Width of the ring past the rim that gives the attenuation of the surroundings.",
        "Wider than around vessels that were found, as painting is rough. Chosen by eye.",
    )
    fewest_ring_voxels: int = constant(
        30,
        "voxels",
        "With fewer voxels in the ring plain parenchyma is taken for the surroundings.",
        "The mean of fewer is off by more than a fifth of the noise. Chosen by eye.",
    )


CONSTANTS = PaintedPieceConstants()

EVERY_NEIGHBOR = np.ones((3, 3, 3), bool)


@dataclass(frozen=True, eq=False)
class Piece:
    """One connected piece of painted voxels, in its box.

    Attributes
    ----------
    number : int
        Its value in `numbers`.
    numbers : numpy.ndarray
        (z, y, x) numbers of all painted pieces in the box, 0 outside.
    box : tuple of slice
        Where that is in the scan.
    """

    number: int
    numbers: np.ndarray
    box: tuple[slice, slice, slice]

    @property
    def mask(self) -> np.ndarray:
        """Bool (z, y, x), the piece in its box."""
        return np.asarray(self.numbers == self.number)


def painted_pieces(painted: np.ndarray, spacing: np.ndarray) -> list[Piece]:
    """Find connected pieces, each in a box with room for its rim and its surroundings.

    Parameters
    ----------
    painted : numpy.ndarray
        Bool (z, y, x).
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.

    Returns
    -------
    list of Piece
        Voxels that touch by a corner are of one piece.
    """
    found = ndimage.find_objects(painted.view(np.uint8))
    if not found:
        return []
    room = np.ceil((wide_vessels.CONSTANTS.rim_mm + CONSTANTS.ring_mm) / spacing).astype(int) + 1
    whole = _widened(found[0], room, painted.shape)
    numbers, _ = ndimage.label(painted[whole], EVERY_NEIGHBOR)
    pieces = []
    for number, piece in enumerate(ndimage.find_objects(numbers), start=1):
        inner = _widened(piece, room, numbers.shape)
        z, y, x = (
            slice(outer.start + side.start, outer.start + side.stop)
            for outer, side in zip(whole, inner, strict=True)
        )
        pieces.append(Piece(number, numbers[inner], (z, y, x)))
    return pieces


def _widened(box: tuple[slice, ...], room: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(
        slice(max(side.start - more, 0), min(side.stop + more, size))
        for side, more, size in zip(box, room, shape, strict=True)
    )


def blood_of_piece(
    piece: Piece, ct: Volume | None, free: Volume, calibration: Calibration
) -> tuple[np.ndarray, np.ndarray]:
    """Sum up, voxel by voxel, the blood that a piece holds.

    Parameters
    ----------
    piece : Piece
        Where.
    ct : Volume or None
        HU; without it each painted voxel is all blood.
    free : Volume
        Bool, lung where there is no vessel.
    calibration : Calibration
        Attenuation of blood, and of parenchyma where too little of it is around.

    Returns
    -------
    blood_ml : numpy.ndarray
        (m,) of the piece's voxels, and of those just beyond that the blur carries blood into; noise
        makes some negative.
    place_mm : numpy.ndarray
        (m, 3) index in the box * spacing.
    """
    spacing, voxel_ml = free.grid.spacing_zyx, free.grid.voxel_volume_ml
    if ct is None:
        index = np.argwhere(piece.mask)
        return np.full(len(index), voxel_ml), index * spacing
    off_mm, nearest = ndimage.distance_transform_edt(
        piece.numbers == 0, sampling=spacing, return_indices=True
    )
    hu = ct.array[piece.box]
    around = free.array[piece.box]
    rim_mm = wide_vessels.CONSTANTS.rim_mm
    mine = around & (piece.numbers[tuple(nearest)] == piece.number) & (off_mm <= rim_mm)
    mine |= piece.mask
    ring = around & (off_mm > rim_mm) & (off_mm <= rim_mm + CONSTANTS.ring_mm)
    background = _background_hu(hu[ring], calibration)
    contrast = max(calibration.blood_hu - background, cross_sections.CONSTANTS.least_contrast_hu)
    fraction = (hu[mine].astype(float) - background) / contrast
    return fraction * voxel_ml, np.argwhere(mine) * spacing


def _background_hu(hu: np.ndarray, calibration: Calibration) -> float:
    """Mean attenuation of the surroundings, without what stands out from their median."""
    if len(hu) < CONSTANTS.fewest_ring_voxels:
        return calibration.parenchyma_hu
    level = float(np.median(hu))
    clipping = surroundings.CONSTANTS
    window = max(clipping.window_hu, clipping.window_noises * calibration.noise_hu)
    for _ in range(clipping.rounds):
        near = np.abs(hu - level) < window
        level = float(hu[near].mean(dtype=float)) if near.any() else level
    return level
