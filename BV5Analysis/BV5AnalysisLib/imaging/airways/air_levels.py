"""What air, parenchyma and the trachea are like in a scan: all thresholds of growth follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..lungs.survey import Chest
from ..model.constants import MethodConstants, constant
from ..model.volume import Volume
from .growth_image import GrowthImage

MAD_TO_SIGMA = 1.4826
"""Standard deviation of normal noise by its median absolute deviation."""


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
        20.0,
        "%",
        "Percentile of the lungs' voxels that growth stays below.",
        "Fewer than a third of the voxels of a noisy field never hang together far, so growth does"
        " not get lost in parenchyma.",
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
    parenchyma_hu : float
        Median of the lungs.
    """

    air_hu: float
    noise_hu: float
    dark_hu: np.ndarray
    parenchyma_hu: float

    @property
    def lumen_edge_hu(self) -> float:
        """Edge of a wide lumen."""
        return self.air_hu + CONSTANTS.lumen_edge_hu

    @property
    def loosest_hu(self) -> int:
        """Highest of the thresholds."""
        return int(np.rint(self.dark_hu.max()))

    def level(self, hu: np.ndarray) -> None:
        """Shift every row of an int16 array (z, y, x) as if all had the loosest threshold."""
        offset = self.loosest_hu - np.rint(self.dark_hu).astype(hu.dtype)
        hu += offset[:, None]

    def thresholds(self) -> tuple[int, ...]:
        """HU, the loosest first; as many whatever the scan."""
        step_hu = self.loosest_hu - self.air_hu
        shares = np.linspace(1, CONSTANTS.strictest_share, CONSTANTS.thresholds)
        return tuple(np.rint(self.air_hu + shares * step_hu).astype(int).tolist())


def tracheal_air(volume: Volume, chest: Chest, trachea: np.ndarray) -> tuple[float, float]:
    """Median and standard deviation of the attenuation of the air in the trachea.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU.
    chest : Chest
        The same scan, surveyed.
    trachea : numpy.ndarray
        Bool, coarse.

    Returns
    -------
    air_hu, noise_hu : float
        From the middles of the coarse voxels, by ranks.
    """
    hu = volume.array[_middles(trachea, chest)]
    air_hu = float(np.median(hu))
    return air_hu, MAD_TO_SIGMA * float(np.median(np.abs(hu - air_hu)))


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
    tube = image.hu[image.cubes_at(*_middles(trachea, chest))]
    air_hu = float(np.median(tube))
    noise_hu = MAD_TO_SIGMA * float(np.median(np.abs(tube - air_hu)))
    lungs = chest.inner_air & ~ndimage.binary_dilation(trachea)
    middles = _middles(lungs, chest)
    if not len(middles[0]):
        least_hu = air_hu + CONSTANTS.least_noises * noise_hu
        return AirLevels(air_hu, noise_hu, np.full(image.hu.shape[1], least_hu), air_hu)
    z, y, x = image.cubes_at(*middles)
    hu = image.hu[z, y, x]
    parenchyma_hu = float(np.median(hu))
    gas_hu = air_hu + CONSTANTS.gas_share * max(parenchyma_hu - air_hu, 0)
    plain = chest.hu.array[lungs] > gas_hu
    if not plain.any():
        plain[:] = True
    dark_hu = _dark_by_row(hu[plain], y[plain], image.hu.shape[1])
    return AirLevels(
        air_hu,
        noise_hu,
        np.maximum(dark_hu, air_hu + max(CONSTANTS.least_noises * noise_hu, 1)),
        parenchyma_hu,
    )


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
