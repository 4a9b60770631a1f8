"""A coarse look at the whole scan: where the body is and where air lies inside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..errors import AnalysisError
from ..model.volume import Grid, Volume
from ..numerics.blocks import block_means
from ..numerics.distances import distance_mm

COARSE_MM = 2.2
"""Voxel size aimed at where detail is not needed."""
AIR_HU = -400.0
"""Half way between aerated lung and soft tissue."""
TISSUE_HU = -250.0
OPEN_AIR_HU = -950.0
GAS_HU = -960.0
"""Median below which a piece of air is gas in bowel or throat, not lung."""
SHELL_MM = 2.5
THIN_WALL_MM = 12.0
"""How far a chest wall thinner than twice `SHELL_MM` is followed."""
PADDING_HU = -1500
"""No air is measured as low as this: such values mark what was outside the field of view."""
CORNER_RIM = 6.0
"""Square of the rim's length by the area, from which a piece in a corner of the slice is outside: a
triangle has 8 and more; a quarter of a disk, the most that cropping leaves of a lung, 5."""
IN_PLANE = np.array([[[0, 0, 0]] * 3, [[0, 1, 0], [1, 1, 1], [0, 1, 0]], [[0, 0, 0]] * 3], bool)
"""Neighbors within an axial slice."""


@dataclass(frozen=True, eq=False)
class Chest:
    """A coarse scan, shrunk by whole factors, and the air in it.

    Attributes
    ----------
    hu : Volume
        Mean attenuation, float32, on the coarse grid.
    factor : tuple of int
        Voxels of the scan in one coarse voxel along (z, y, x).
    inner_air : numpy.ndarray
        Bool, coarse: air that the body encloses: lungs, airways, bowel gas.
    padding : numpy.ndarray
        Bool, coarse: outside the scanner's field of view.
    """

    hu: Volume
    factor: tuple[int, int, int]
    inner_air: np.ndarray
    padding: np.ndarray

    @property
    def grid(self) -> Grid:
        """The coarse grid."""
        return self.hu.grid

    def volume_ml(self, mask: np.ndarray) -> float:
        """Volume of a coarse mask, mL."""
        return float(np.count_nonzero(mask)) * self.grid.voxel_volume_ml

    def to_scan(self, mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Coarse mask on the scan's voxels; rows left over by the shrinking are like the last."""
        for axis, (factor, size) in enumerate(zip(self.factor, shape, strict=True)):
            nearest = np.minimum(np.arange(size) // factor, mask.shape[axis] - 1)
            mask = np.take(mask, nearest, axis)
        return mask


def survey_chest(volume: Volume) -> Chest:
    """Shrink a scan and find the air inside the body.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU; x to the left, y to posterior, z to superior (LPS).

    Returns
    -------
    Chest
        The coarse scan.

    Raises
    ------
    AnalysisError
        There is no body in the scan.
    """
    factor = tuple(max(1, round(COARSE_MM / spacing)) for spacing in volume.grid.spacing_zyx)
    means = block_means(volume.array, factor, (-1024.0, 3000.0))
    hu = Volume(means, _shrunk_grid(volume.grid, factor))
    padding = np.zeros(means.shape, bool)
    if volume.array.min() < PADDING_HU:
        padding = block_means(volume.array < PADDING_HU, factor) > 0.5
    inner_air = (hu.array < AIR_HU) & _enclosed(_body(hu), hu.array, padding)
    return Chest(hu, factor, inner_air, padding)


def _shrunk_grid(grid: Grid, factor: tuple[int, int, int]) -> Grid:
    """Grid of blocks of voxels."""
    step = np.array(factor)
    return Grid(
        tuple(size // along for size, along in zip(grid.size, factor[::-1], strict=True)),
        tuple((grid.spacing_zyx * step)[::-1].tolist()),
        tuple(grid.index_to_world((step - 1) / 2).tolist()),
        grid.direction,
    )


def _body(hu: Volume) -> np.ndarray:
    """Bool: the tissue of the patient, without the table."""
    tissue = hu.array > TISSUE_HU
    # The table's shell is thin: what survives losing its outermost millimeters is patient.
    labels, count = ndimage.label(distance_mm(tissue, hu.grid, 2 * SHELL_MM) > SHELL_MM)
    if count == 0:
        raise AnalysisError(
            "The scan shows no body; give the original chest CT in Hounsfield units, not one with"
            " only the lungs left in it."
        )
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    from_patient = distance_mm(labels != sizes.argmax(), hu.grid, THIN_WALL_MM)
    return tissue & (from_patient < THIN_WALL_MM)


def _enclosed(body: np.ndarray, hu: np.ndarray, padding: np.ndarray) -> np.ndarray:
    """Bool: what the body encloses within an axial slice, or the field of view cuts.

    Outside air reaches the rim of the slice. So do lungs cut by the field of view, but they lie
    between front and back of the body, where the table does not, and few voxels are as dark as air.
    In a scan that was cropped, the table lies there, too, but in the corners.
    """
    labels, count = ndimage.label(~body & ~padding, IN_PLANE)
    sides = (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1])
    rim = sum(np.bincount(side.ravel(), minlength=count + 1) for side in sides)
    at_rim = rim > 0
    in_corner = np.zeros(count + 1, bool)
    in_corner[labels[:, [0, 0, -1, -1], [0, -1, 0, -1]]] = True
    if padding.any():
        at_rim[labels[ndimage.binary_dilation(padding, IN_PLANE)]] = True
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    dark = np.bincount(labels.ravel(), hu.ravel() < OPEN_AIR_HU, minlength=count + 1)
    from_front = np.maximum.accumulate(body.any(2), axis=1)
    to_back = np.maximum.accumulate(body.any(2)[:, ::-1], axis=1)[:, ::-1]
    level = np.broadcast_to((from_front & to_back)[:, :, None], labels.shape)
    beside_body = np.bincount(labels.ravel(), level.ravel(), minlength=count + 1)
    outside = at_rim & ((dark > 0.5 * sizes) | (beside_body < 0.8 * sizes))
    outside |= in_corner & (rim**2 > CORNER_RIM * sizes)
    outside[0] = True
    return ~outside[labels]
