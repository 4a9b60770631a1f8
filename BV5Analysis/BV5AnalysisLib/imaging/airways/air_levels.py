"""What air, parenchyma and the trachea are like in a scan: all thresholds of growth follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..lungs.survey import Chest
from ..model.constants import MethodConstants, constant
from ..model.volume import Volume
from .growth_image import GrowthImage

QUARTILE = 0.6745
"""Upper quartile of normal noise, in standard deviations."""

SECOND_DIFFERENCE = QUARTILE * 6**0.5
"""Median absolute second difference of normal noise, in its standard deviations."""


@dataclass(frozen=True)
class LevelConstants(MethodConstants):
    """How thresholds follow from the air in the trachea and the lungs around."""

    lumen_edge_hu: float = constant(
        400.0,
        "HU",
        "Edge of a wide lumen, above the air in the trachea.",
        "Less than half way to the wall (1050), which is thin and blurred.",
    )
    gas_share: float = constant(
        0.25,
        "1",
        "How far from the trachea's air to the lungs' median darker air is no parenchyma.",
        "Bowel gas and bullae say nothing about how dark parenchyma is.",
    )
    dark_percent: float = constant(
        50.0,
        "%",
        "Percentile of the lungs' voxels that growth stays below at first.",
        "A lumen is darker than most of what is around it. Half of the parenchyma is dark, too:"
        " growth that gets lost there is taken back and goes on more strictly. Phantoms with noise"
        " of 80 HU show 98 % of bronchi of 10 to 16 mm² so, 44 % with a fifth.",
    )
    layers: int = constant(
        16,
        "1",
        "Layers of the lungs, front to back, that have a level each.",
        "Gravity makes the back denser than the front, steadily.",
    )
    prior_share: float = constant(
        0.02,
        "1",
        "Weight of the whole lungs' level in each layer, as a share of their voxels.",
        "A layer that holds as little as that says no more than the whole.",
    )
    least_noises: float = constant(
        1.5,
        "1",
        "Standard deviations of the noise that the loosest threshold lies above air, at least.",
        "Fourteen of fifteen voxels of a lumen then are below it, so that it stays in one piece.",
    )
    strictest_share: float = constant(
        0.2,
        "1",
        "The strictest threshold, as a share of the step from air to the loosest one.",
        "Just above air: half of the voxels of a lumen are brighter than air itself.",
    )
    thresholds: int = constant(
        5,
        "1",
        "Thresholds from the loosest to the strictest.",
        "Steps of about 20 HU in a usual scan, which is its noise.",
    )


CONSTANTS = LevelConstants()


@dataclass(frozen=True, eq=False)
class AirLevels:
    """Attenuation that tells lumen from lung.

    Attributes
    ----------
    air_hu, noise_hu : float
        Median of the air in the trachea, and its standard deviation.
    dark_hu : numpy.ndarray
        (y,) loosest threshold of each row of the growth image.
    lung : numpy.ndarray
        Flat indices of cubes in the lungs, without bowel gas and bullae.
    """

    air_hu: float
    noise_hu: float
    dark_hu: np.ndarray
    lung: np.ndarray

    @property
    def lumen_edge_hu(self) -> float:
        """Edge of a wide lumen."""
        return self.air_hu + CONSTANTS.lumen_edge_hu

    @property
    def loosest_hu(self) -> float:
        """Highest of the thresholds."""
        return float(self.dark_hu.max())

    def offset_hu(self) -> np.ndarray:
        """Give what to add to each row (y,), so that all have the loosest threshold."""
        return np.asarray(self.loosest_hu - self.dark_hu)

    def thresholds(self) -> tuple[float, ...]:
        """HU, the loosest first.

        Between the lungs, where walls are thick, the edge of the lumen itself; in the lungs none
        above their median.
        """
        shares = np.linspace(1, CONSTANTS.strictest_share, CONSTANTS.thresholds)
        in_lung = self.air_hu + shares * (self.loosest_hu - self.air_hu)
        edge_hu = self.air_hu + CONSTANTS.lumen_edge_hu
        if edge_hu <= self.loosest_hu:
            return tuple(in_lung.tolist())
        return (edge_hu, 0.5 * (edge_hu + self.loosest_hu), *in_lung.tolist())


def tracheal_air(volume: Volume, chest: Chest, trachea: np.ndarray) -> float:
    """Median attenuation of the air in the trachea, HU.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU.
    chest : Chest
        The same scan, surveyed.
    trachea : numpy.ndarray
        Bool, coarse; its darker half is read.
    """
    z, y, x = chest.voxels(np.argwhere(_core(trachea, chest))).T
    return float(np.median(volume.array[z, y, x]))


def lung_noise(volume: Volume, chest: Chest) -> float:
    """Noise in the lungs, standard deviation in HU.

    The median absolute second difference along x, which gradients and vessels leave alone; in air
    scanners clip the noise.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU.
    chest : Chest
        The same scan, surveyed.
    """
    z, y, x = chest.voxels(np.argwhere(chest.inner_air)).T
    x = np.clip(x, 1, volume.array.shape[2] - 2)
    before, here, after = (volume.array[z, y, x + step].astype(np.float32) for step in (-1, 0, 1))
    return float(np.median(np.abs(before - 2 * here + after))) / SECOND_DIFFERENCE


def measure_levels(image: GrowthImage, chest: Chest, trachea: np.ndarray) -> AirLevels:
    """Measure what tells lumen from lung, in the image that airways grow in.

    Parameters
    ----------
    image : GrowthImage
        Box around the lungs.
    chest : Chest
        The same scan, surveyed.
    trachea : numpy.ndarray
        Bool, coarse.

    Returns
    -------
    AirLevels
        In its own HU: offsets of the scanner cancel.
    """
    core = image.cubes_at(*_middles(_core(trachea, chest), chest))
    air_hu, noise_hu = _middle_and_spread(image.at(np.ravel_multi_index(core, image.shape)))
    least_hu = air_hu + max(CONSTANTS.least_noises * noise_hu, 1)
    z, y, x = _lung_cubes(image, chest, trachea, air_hu)
    lung = np.ravel_multi_index((z, y, x), image.shape)
    rows = image.shape[1]
    dark_hu = _dark_by_row(image.at(lung), y, rows) if len(y) else np.full(rows, least_hu)
    return AirLevels(air_hu, noise_hu, np.maximum(dark_hu, least_hu), lung)


def _core(trachea: np.ndarray, chest: Chest) -> np.ndarray:
    """Bool, coarse: the darker half of the trachea, without its blurred edge."""
    core: np.ndarray = trachea & (chest.hu.array <= np.median(chest.hu.array[trachea]))
    return core


def _middle_and_spread(hu: np.ndarray) -> tuple[float, float]:
    """Median, and standard deviation by the upper quartile: scanners clip what is below air."""
    middle_hu, upper_hu = np.percentile(hu, (50, 75))
    return float(middle_hu), float(upper_hu - middle_hu) / QUARTILE


def _lung_cubes(
    image: GrowthImage, chest: Chest, trachea: np.ndarray, air_hu: float
) -> tuple[np.ndarray, ...]:
    """Cubes (z, y, x) in the lungs, without bowel gas and bullae unless there is nothing else.

    Without the outermost coarse voxels, too, which are partly chest wall.
    """
    lungs = ndimage.binary_erosion(chest.inner_air) & ~ndimage.binary_dilation(trachea)
    coarse = np.argwhere(lungs)
    voxels = chest.voxels(coarse)
    starts, stops = np.array([(along.start, along.stop) for along in image.box]).T
    inside = np.all((voxels >= starts) & (voxels < stops), axis=1)
    voxels, hu = voxels[inside], chest.hu.array[lungs][inside]
    if len(hu):
        gas_hu = air_hu + CONSTANTS.gas_share * max(float(np.median(hu)) - air_hu, 0)
        plain = hu > gas_hu
        voxels = voxels[plain] if plain.any() else voxels
    return image.cubes_at(*voxels.T)


def _dark_by_row(hu: np.ndarray, row: np.ndarray, rows: int) -> np.ndarray:
    """HU (rows,) below which only the darkest of the lungs' voxels lie, from front to back."""
    percent = CONSTANTS.dark_percent
    usual = np.percentile(hu, percent)
    thickness = (row.max() - row.min() + 1) / CONSTANTS.layers
    layer = ((row - row.min()) / thickness).astype(int)
    prior = CONSTANTS.prior_share * len(hu)
    level = np.full(CONSTANTS.layers, usual)
    for number in range(CONSTANTS.layers):
        own = hu[layer == number]
        if len(own):
            darkest = min(usual, np.percentile(own, percent))
            level[number] = (len(own) * darkest + prior * usual) / (len(own) + prior)
    place = (np.arange(rows) + 0.5 - row.min()) / thickness
    return np.asarray(np.interp(place, np.arange(CONSTANTS.layers) + 0.5, level))


def _middles(mask: np.ndarray, chest: Chest) -> tuple[np.ndarray, ...]:
    """Voxels (z, y, x) of the scan in the middle of each voxel of a coarse mask."""
    return tuple(chest.voxels(np.argwhere(mask)).T)
