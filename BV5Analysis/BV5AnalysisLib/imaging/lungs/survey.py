"""A coarse look at the whole scan: where air is enclosed by tissue, and where it is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..errors import AnalysisError
from ..model.constants import MethodConstants, constant
from ..model.scan import PADDING_BELOW_HU
from ..model.volume import Grid, Volume, triple
from ..numerics.blocks import block_means, interpolated


@dataclass(frozen=True)
class SurveyConstants(MethodConstants):
    """Tuned numbers of the coarse survey of a scan."""

    coarse_mm: float = constant(
        2.2,
        "mm",
        "Voxel size aimed at where detail is not needed.",
        "Blocks of 2 to 4 voxels of usual scans come near it.",
    )
    blocks_across: float = constant(
        150.0,
        "1",
        "Least number of blocks across the field of view: small bodies get smaller blocks.",
        "An adult's field of view of 330 mm or more has as many blocks of `coarse_mm`; the trachea"
        " of an infant is as many blocks wide as an adult's.",
    )
    lattice_phase: float = constant(
        0.37,
        "1",
        "Added to the origin in voxels before it is rounded down.",
        "Origins usually lie at whole, half or quarter voxels: all are far from a jump.",
    )
    clip_hu: tuple[float, float] = constant(
        (-1024.0, 3000.0),
        "HU",
        "Values are clipped to these before they are averaged.",
        "Air as scanners store it, and the densest bone: metal and padding must not dominate.",
    )
    softest_bone_hu: float = constant(
        200.0,
        "HU",
        "Values are clipped to this before the mean of tissue is taken.",
        "How much bone is in view must not move the threshold between air and tissue.",
    )
    half_hu: tuple[float, float] = constant(
        (-550.0, -350.0),
        "HU",
        "Least and highest threshold between air and tissue that a scan in HU can have.",
        "Half way between air (-1000) or lung (-850) and fat (-100) or muscle (50), with the"
        " calibration of scanners off by 30 HU.",
    )
    aerated_below_hu: float = constant(
        -400.0,
        "HU",
        "Threshold between air and tissue of a scan that does not show both.",
        "Half way between aerated lung (-850) and soft tissue (50).",
    )
    gas_hu: float = constant(
        -960.0,
        "HU",
        "Attenuation below which a coarse voxel holds no lung tissue, as a rule.",
        "Air is -1000, inflated lung -860 on average. Only for what is measured in lungs; what is"
        " lung is decided otherwise.",
    )
    least_tissue: float = constant(
        0.01,
        "1",
        "Share of a scan that is tissue, below which it shows no body.",
        "A child's chest in an adult's field of view fills a tenth.",
    )
    padding_share: float = constant(
        0.5,
        "1",
        "Share of a coarse voxel from which it is outside of the field of view.",
        "The majority of its voxels.",
    )
    open_contact: float = constant(
        0.2,
        "1",
        "Area shared with outside air, by volume^(2/3), from which enclosed air is outside, too.",
        "Lungs and bowel: below 0.02. Folds of skin, axillae and gaps at a table: above 0.5, as a"
        " cube has six such areas and they are open at one side at least.",
    )
    open_air_hu: float = constant(
        40.0,
        "HU",
        "How much brighter than the scan's air the median of outside air is, at most.",
        "Air has no tissue in it; lung at the rim of a field of view is brighter by 50 HU and more"
        " unless it is destroyed by emphysema.",
    )


CONSTANTS = SurveyConstants()

IN_PLANE = np.array([[[0, 0, 0]] * 3, [[0, 1, 0], [1, 1, 1], [0, 1, 0]], [[0, 0, 0]] * 3], bool)
"""Neighbors within an axial slice."""
SQUARE = np.ones((1, 3, 3), bool)
"""A voxel and its eight neighbors within an axial slice."""


@dataclass(frozen=True, eq=False)
class Chest:
    """A coarse scan, shrunk by whole factors, and the air in it.

    Blocks of voxels lie on a lattice of the world rather than of the array, so that a scan from
    which rows were cut off has the same blocks.

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
    first : tuple of int
        Voxels of the scan before the first whole block along (z, y, x).
    half_hu : float
        Threshold between air and tissue, HU.
    air_hu : float
        Attenuation of air without tissue, HU.
    """

    hu: Volume
    factor: tuple[int, int, int]
    inner_air: np.ndarray
    padding: np.ndarray
    first: tuple[int, int, int] = (0, 0, 0)
    half_hu: float = -400.0
    air_hu: float = -1000.0

    @property
    def grid(self) -> Grid:
        """The coarse grid."""
        return self.hu.grid

    def volume_ml(self, mask: np.ndarray) -> float:
        """Volume of a coarse mask, mL."""
        return float(np.count_nonzero(mask)) * self.grid.voxel_volume_ml

    def shrunk(self, array: np.ndarray) -> np.ndarray:
        """Means of an array of the scan over the coarse voxels; of a mask, the share it fills."""
        return block_means(_from(array, self.first), self.factor)

    def voxels(self, index: np.ndarray) -> np.ndarray:
        """Return the indices (n, 3) of the voxels in the middle of coarse voxels (n, 3)."""
        middle = np.array(self.first) + np.array(self.factor) // 2
        voxels: np.ndarray = index * self.factor + middle
        return voxels

    def box_on_scan(
        self, box: tuple[slice, ...], shape: tuple[int, ...]
    ) -> tuple[slice, slice, slice]:
        """Box of coarse voxels on the scan; at the rim with the voxels that fill no block."""
        return triple(
            slice(
                0 if along.start == 0 else along.start * step + skipped,
                size if along.stop == count else along.stop * step + skipped,
            )
            for along, step, skipped, size, count in zip(
                box, self.factor, self.first, shape, self.hu.array.shape, strict=True
            )
        )

    def to_scan(self, mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Coarse mask on the scan's voxels; beyond the whole blocks it is repeated."""
        for axis, (factor, skipped, size) in enumerate(
            zip(self.factor, self.first, shape, strict=True)
        ):
            block = (np.arange(size) - skipped) // factor
            mask = np.take(mask, np.clip(block, 0, mask.shape[axis] - 1), axis)
        return mask

    def interpolated(
        self, values: np.ndarray, box: tuple[slice, ...], shape: tuple[int, ...]
    ) -> np.ndarray:
        """Interpolate coarse values, given in a box, on the scan's voxels in that box."""
        fine = self.box_on_scan(box, shape)
        skipped = [
            start if along.start == 0 else 0 for along, start in zip(box, self.first, strict=True)
        ]
        whole = triple(
            int(along.stop - along.start - before)
            for along, before in zip(fine, skipped, strict=True)
        )
        inside = interpolated(values, self.factor, whole)
        if not any(skipped):
            return inside
        return np.pad(inside, [(before, 0) for before in skipped], mode="edge")


def _from(array: np.ndarray, first: tuple[int, int, int]) -> np.ndarray:
    """Array without the voxels before the first block."""
    return array[tuple(slice(start, None) for start in first)]


def survey_chest(volume: Volume) -> Chest:
    """Shrink a scan and find the air that tissue encloses.

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
    factor, first = _blocks(volume.grid)
    array = _from(volume.array, first)
    means = block_means(array, factor, CONSTANTS.clip_hu)
    if min(means.shape) < FEWEST_BLOCKS:
        raise AnalysisError("The scan is too small for a chest; give a CT of the whole chest.")
    hu = Volume(means, _shrunk_grid(volume.grid, factor, first))
    padding = np.zeros(means.shape, bool)
    if volume.array.min() < PADDING_BELOW_HU:
        share = block_means(array < PADDING_BELOW_HU, factor)
        padding = share > CONSTANTS.padding_share
    half_hu = _between_air_and_tissue(means, padding)
    air = (means < half_hu) & ~padding
    if np.count_nonzero(~air & ~padding) < CONSTANTS.least_tissue * means.size:
        raise AnalysisError(
            "The scan shows no body; give the original chest CT in Hounsfield units, not one with"
            " only the lungs left in it."
        )
    air_hu = _open_air(means, padding)
    inner_air = _enclosed(air, means, padding, air_hu)
    return Chest(hu, factor, inner_air, padding, first, half_hu, air_hu)


def _blocks(grid: Grid) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Voxels in a block, and before the first whole block of the world's lattice."""
    spacing = grid.spacing_zyx
    extent_mm = float((spacing * grid.shape)[1:].max())
    coarse_mm = min(CONSTANTS.coarse_mm, extent_mm / CONSTANTS.blocks_across)
    factor = np.maximum(1, np.rint(coarse_mm / spacing)).astype(int)
    axes = np.reshape(grid.direction, (3, 3)).T[::-1]
    place = np.floor(axes @ grid.origin / spacing + CONSTANTS.lattice_phase).astype(int)
    return triple(factor.tolist()), triple((-place % factor).tolist())


def _shrunk_grid(grid: Grid, factor: tuple[int, int, int], first: tuple[int, int, int]) -> Grid:
    """Grid of blocks of voxels."""
    step, start = np.array(factor), np.array(first)
    size = np.maximum((np.array(grid.shape) - start) // step, 0)
    return Grid(
        triple(size[::-1].tolist()),
        triple((grid.spacing_zyx * step)[::-1].tolist()),
        triple(grid.index_to_world(start + (step - 1) / 2).tolist()),
        grid.direction,
    )


def _between_air_and_tissue(hu: np.ndarray, padding: np.ndarray) -> float:
    """Threshold half way between the mean of what is darker and the mean of what is brighter.

    After Ridler and Calvard (IEEE Trans SMC 1978;8:630-632), as Hu et al. (IEEE TMI 2001) use it.
    """
    values = np.minimum(hu[~padding], CONSTANTS.softest_bone_hu)
    threshold = CONSTANTS.aerated_below_hu
    lowest, highest = CONSTANTS.half_hu
    for _ in range(ROUNDS):
        bright = values > threshold
        count = np.count_nonzero(bright)
        if count in {0, values.size}:
            return CONSTANTS.aerated_below_hu
        total, tissue = values.sum(dtype=float), values[bright].sum(dtype=float)
        middle = (tissue / count + (total - tissue) / (values.size - count)) / 2
        if abs(middle - threshold) < SETTLED_HU:
            break
        threshold = middle
    return float(np.clip(threshold, lowest, highest))


def _as_above_and_below(labels: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Pieces of slices that are outside, without those between inner air of the slices around.

    Where the field of view cuts a destroyed lung, its piece of a slice may be as dark as air.
    Outside air lies above and below outside air.

    Parameters
    ----------
    labels : numpy.ndarray
        Number of each piece within its slice, 0 for none, (z, y, x).
    outside : numpy.ndarray
        Bool, by number.

    Returns
    -------
    numpy.ndarray
        Bool, by number.
    """
    count = len(outside)
    for _ in range(ROUNDS):
        balance = np.zeros(count)
        for one, other in ((labels[1:], labels[:-1]), (labels[:-1], labels[1:])):
            mine = outside[one] & (other > 0)
            sign = np.where(outside[other[mine]], -1.0, 1.0)
            balance += np.bincount(one[mine], sign, minlength=count)
        inner = outside & (balance > 0)
        if not inner.any():
            break
        outside = outside & ~inner
    return outside


FEWEST_BLOCKS = 3
"""Along each axis: fewer have no inside."""
ROUNDS = 20
"""More than a threshold needs to settle, and than slices of a piece in doubt there are."""
SETTLED_HU = 0.01
"""Change at which it has."""


def _open_air(hu: np.ndarray, padding: np.ndarray) -> float:
    """Attenuation of air, HU: the median of what is darker than any lung as a whole."""
    dark = hu[(hu < CONSTANTS.gas_hu) & ~padding]
    return float(np.median(dark)) if dark.size else -1000.0


def _enclosed(air: np.ndarray, hu: np.ndarray, padding: np.ndarray, air_hu: float) -> np.ndarray:
    """Bool: air that tissue encloses, however thin it is.

    Air that is joined to the border of its slice is outside, unless it is too bright for that:
    then it is a lung that the field of view cuts. Nothing passes a gap narrower than three
    voxels, so that a chest wall too thin to be seen keeps the lung in. What the borders do not
    reach lies in folds of skin, below arms or at a table, and shares much of its surface with
    outside air in three dimensions, which lungs do not.
    """
    wide = ndimage.binary_erosion(air, SQUARE, border_value=1) if air.any() else air
    labels, count = ndimage.label(wide, IN_PLANE)
    at_border = np.zeros(count + 1, bool)
    for side in (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1]):
        at_border[side] = True
    if padding.any():
        # Two voxels, as one was taken off.
        at_border[labels[ndimage.binary_dilation(padding, SQUARE, iterations=2)]] = True
    at_border[0] = False
    # The median is as dark as air where more than half of the voxels are.
    dark = np.bincount(labels[hu < air_hu + CONSTANTS.open_air_hu], minlength=count + 1)
    at_border &= 2 * dark > np.bincount(labels.ravel(), minlength=count + 1)
    at_border = _as_above_and_below(labels, at_border)
    outer = ndimage.binary_dilation(at_border[labels], SQUARE) & air
    inner = air & ~outer
    pieces, count = ndimage.label(inner)
    size = np.bincount(pieces.ravel(), minlength=count + 1)
    contact = np.zeros(count + 1)
    for axis in range(3):
        inside, outside = np.moveaxis(pieces, axis, 0), np.moveaxis(outer, axis, 0)
        contact += np.bincount(inside[1:][outside[:-1]], minlength=count + 1)
        contact += np.bincount(inside[:-1][outside[1:]], minlength=count + 1)
    closed = contact < CONSTANTS.open_contact * size ** (2 / 3)
    closed[0] = False
    enclosed: np.ndarray = closed[pieces]
    return enclosed
