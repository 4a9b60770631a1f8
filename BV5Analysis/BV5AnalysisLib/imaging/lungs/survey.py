"""A coarse look at the whole scan: where the body is and where air lies inside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..errors import AnalysisError
from ..model.constants import MethodConstants, constant
from ..model.scan import PADDING_BELOW_HU
from ..model.volume import Grid, Volume, triple
from ..numerics.blocks import block_means
from ..numerics.distances import distance_mm


@dataclass(frozen=True)
class SurveyConstants(MethodConstants):
    """Tuned numbers of the coarse survey of a scan."""

    coarse_mm: float = constant(
        2.2,
        "mm",
        "Voxel size aimed at where detail is not needed.",
        "Blocks of 2 to 4 voxels of usual scans come near it. Chosen by eye.",
    )
    clip_hu: tuple[float, float] = constant(
        (-1024.0, 3000.0),
        "HU",
        "Values are clipped to these before they are averaged.",
        "Air as scanners store it, and the densest bone: metal and padding must not dominate.",
    )
    aerated_below_hu: float = constant(
        -400.0,
        "HU",
        "Attenuation below which a voxel holds more air than tissue.",
        "Half way between aerated lung (-850) and soft tissue (50).",
    )
    tissue_above_hu: float = constant(
        -250.0,
        "HU",
        "Attenuation above which a voxel is tissue of the body.",
        "Below fat (-100), so that skin blurred with air is tissue. Chosen by eye.",
    )
    open_air_hu: float = constant(
        -950.0,
        "HU",
        "Attenuation below which a voxel is as dark as air without lung tissue.",
        "Air is -1000, inflated lung -860 on average. Chosen by eye.",
    )
    gas_hu: float = constant(
        -960.0,
        "HU",
        "Median below which a piece of air is gas in bowel or throat rather than lung.",
        "Even emphysematous lungs have a higher median. Chosen by eye on three scans.",
    )
    shell_mm: float = constant(
        2.5,
        "mm",
        "Thickness that erosion removes to separate the body from the table.",
        "Shells of tables are thinner than twice this. Chosen by eye on three scans.",
    )
    thin_wall_mm: float = constant(
        12.0,
        "mm",
        "How far from the eroded body tissue still is body.",
        "Keeps chest walls thinner than twice `shell_mm`. Chosen by eye.",
    )
    padding_share: float = constant(
        0.5,
        "1",
        "Share of a coarse voxel from which it is outside of the field of view.",
        "The majority of its voxels.",
    )
    open_air_share: float = constant(
        0.5,
        "1",
        "Share of voxels as dark as open air from which a piece at the rim is outside the body.",
        "Lungs cut by the field of view have few such voxels. Chosen by eye.",
    )
    beside_body_share: float = constant(
        0.8,
        "1",
        "Share of voxels between front and back of the body below which a piece is outside.",
        "Cut lungs lie there; air above the table does not. Chosen by eye on three scans.",
    )
    corner_rim: float = constant(
        6.0,
        "1",
        "Squared rim length by area from which a piece in a corner of the slice is outside.",
        "A triangle has 8 or more; a quarter of a disk, the most cropping leaves of a lung, 5.",
    )


CONSTANTS = SurveyConstants()

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
        """Coarse mask on the scan's voxels; beyond the last whole block it is repeated."""
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
    factor = triple(
        max(1, round(CONSTANTS.coarse_mm / spacing)) for spacing in volume.grid.spacing_zyx
    )
    means = block_means(volume.array, factor, CONSTANTS.clip_hu)
    hu = Volume(means, _shrunk_grid(volume.grid, factor))
    padding = np.zeros(means.shape, bool)
    if volume.array.min() < PADDING_BELOW_HU:
        share = block_means(volume.array < PADDING_BELOW_HU, factor)
        padding = share > CONSTANTS.padding_share
    inner_air = (hu.array < CONSTANTS.aerated_below_hu) & _enclosed(_body(hu), hu.array, padding)
    return Chest(hu, factor, inner_air, padding)


def _shrunk_grid(grid: Grid, factor: tuple[int, int, int]) -> Grid:
    """Grid of blocks of voxels."""
    step = np.array(factor)
    return Grid(
        triple(size // along for size, along in zip(grid.size, factor[::-1], strict=True)),
        triple((grid.spacing_zyx * step)[::-1].tolist()),
        triple(grid.index_to_world((step - 1) / 2).tolist()),
        grid.direction,
    )


def _body(hu: Volume) -> np.ndarray:
    """Bool: the tissue of the patient, without the table."""
    tissue = hu.array > CONSTANTS.tissue_above_hu
    # The table's shell is thin: the largest piece that erosion leaves is the patient.
    shell_mm = CONSTANTS.shell_mm
    labels, count = ndimage.label(distance_mm(tissue, hu.grid, 2 * shell_mm) > shell_mm)
    if count == 0:
        raise AnalysisError(
            "The scan shows no body; give the original chest CT in Hounsfield units, not one with"
            " only the lungs left in it."
        )
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    from_patient = distance_mm(labels != sizes.argmax(), hu.grid, CONSTANTS.thin_wall_mm)
    return tissue & (from_patient < CONSTANTS.thin_wall_mm)


def _enclosed(body: np.ndarray, hu: np.ndarray, padding: np.ndarray) -> np.ndarray:
    """Bool: what the body encloses within an axial slice, with lungs that the rim cuts.

    Outside air reaches the rim of the slice. So do lungs cut by the field of view, but they lie
    between front and back of the body, where the table does not, and few of their voxels are as
    dark as open air. In a cropped scan the table lies there, too, but in the corners.
    """
    labels, count = ndimage.label(~body & ~padding, IN_PLANE)
    sides = (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1])
    rim = np.sum([np.bincount(side.ravel(), minlength=count + 1) for side in sides], axis=0)
    at_rim: np.ndarray = rim > 0
    in_corner = np.zeros(count + 1, bool)
    in_corner[labels[:, [0, 0, -1, -1], [0, -1, 0, -1]]] = True
    if padding.any():
        at_rim[labels[ndimage.binary_dilation(padding, IN_PLANE)]] = True
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    dark = np.bincount(labels.ravel(), hu.ravel() < CONSTANTS.open_air_hu, minlength=count + 1)
    rows: np.ndarray = np.logical_or.reduce(body, axis=2)
    from_front = np.maximum.accumulate(rows, axis=1)
    to_back = np.maximum.accumulate(rows[:, ::-1], axis=1)[:, ::-1]
    level = np.broadcast_to((from_front & to_back)[:, :, None], labels.shape)
    beside_body = np.bincount(labels.ravel(), level.ravel(), minlength=count + 1)
    outside = at_rim & (
        (dark > CONSTANTS.open_air_share * sizes)
        | (beside_body < CONSTANTS.beside_body_share * sizes)
    )
    outside |= in_corner & (rim**2 > CONSTANTS.corner_rim * sizes)
    outside[0] = True
    enclosed: np.ndarray = ~outside[labels]
    return enclosed
