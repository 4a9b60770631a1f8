"""Attenuation of blood, read in the middle of the scan's wide vessels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.measurements import BloodLevels
from ..model.work_image import WorkImage
from . import ridges
from .calibration import Parenchyma
from .ridge_points import RidgePoints


@dataclass(frozen=True)
class BloodConstants(MethodConstants):
    """Tuned numbers of reading blood in the middle of vessels."""

    directions: int = constant(
        12, "1", "Directions across the vessel that are read.", "Every 30°. Chosen by eye."
    )
    along_mm: tuple[float, ...] = constant(
        (-2.0, -1.0, 0.0, 1.0, 2.0),
        "mm",
        "Places along the vessel whose values are averaged.",
        "About a wide vessel's diameter, which quiets noise six times; hardly bent over this.",
    )
    core_mm: float = constant(
        0.7,
        "mm",
        "Radius of the core, whose mean is the middle's value.",
        "About a voxel of a usual scan.",
    )
    shell_mm: float = constant(
        1.2,
        "mm",
        "Radius of the shell that is compared with the core.",
        "Inside the wall of a vessel of 1.9 mm radius, the thinnest that is read, and outside of"
        " the core by about a voxel.",
    )
    flat: float = constant(
        0.03,
        "1",
        "Fall from core to shell, as a share of the core's contrast to parenchyma, at which a"
        " vessel weighs 1/e.",
        "The top of a disc under a Gaussian is flat where the blur of the wall does not reach: a"
        " fall of 0.03 leaves the middle less than 1 % low.",
    )
    least_flat: float = constant(
        0.10,
        "1",
        "The same where few vessels are so flat: it grows up to this until there are enough.",
        "The middle is up to 4 % low, which makes areas as much too large.",
    )
    core_share: float = constant(
        0.3,
        "1",
        "How much lower than blood the core is already, as a share of the fall from core to shell.",
        "Discs under a Gaussian: 0.1 to 0.5 where the fall is 0.05 to 0.1 and the blur 0.6 to"
        " 0.8 mm.",
    )
    enough_points: float = constant(
        60.0,
        "1",
        "Sum of the weights up to which the fall that counts as flat grows.",
        "Some 40 mm of vessels. Chosen by eye.",
    )
    width_power: float = constant(
        4.0,
        "1",
        "Power of a vessel's width that its weight is in proportion to.",
        "Sharp kernels raise the middle of narrow vessels: on a phantom of 53 HU by 170 HU at"
        " 2 mm radius, 70 at 2.8 and none at 4. Without them the power moves blood by 10 HU.",
    )
    fewest_points: float = constant(
        20.0,
        "1",
        "With a smaller sum of weights the scan does not show the attenuation of blood.",
        "Some 15 mm of one vessel. Chosen by eye.",
    )
    beyond_wall_mm: float = constant(
        3.0,
        "mm",
        "How far outside of its wall a vessel's surroundings are read.",
        "Beyond the blur of the wall, and before the neighbors. Chosen by eye.",
    )
    air_share: tuple[float, float] = constant(
        (1 / 3, 2 / 3),
        "1",
        "Contrast of the surroundings as a share of the vessel's: up to the first they are lung,"
        " from the second on tissue, in part in between.",
        "Lung denser than this is opacity. Even around one half.",
    )
    aerated: tuple[float, float] = constant(
        (0.5, 0.9),
        "1",
        "Share of the surroundings that is lung: up to the first a tube has no weight, from the"
        " second on all of it.",
        "A vessel has lung around it; an opacity, a heart's border and chest wall have tissue on"
        " one side. A tenth is for the vessel's neighbor.",
    )
    least_blood_hu: tuple[float, float] = constant(
        (-150.0, 0.0),
        "HU",
        "Middles up to the first are not blood, from the second on they may be.",
        "Even diluted blood is above 0 HU; below is mediastinal fat, which may be taken for lung,"
        " and what motion mixed with air.",
    )
    percentile: float = constant(
        75.0,
        "%",
        "Percentile of the middles that is taken for blood.",
        "Motion, a bronchus close by and vessel ends mix air into middles, and nothing adds to"
        " them: with the upper quartile a scan's vessels come closest to its aorta.",
    )
    bright_percentile: float = constant(
        90.0,
        "%",
        "Percentile of the middles by which enhancement is seen.",
        "Contrast agent shows though most wide tubes may be filled by emboli or mucus.",
    )
    surely_enhanced_hu: tuple[float, float] = constant(
        (200.0, 280.0),
        "HU",
        "Brightest middles: up to the first perhaps without contrast agent, from the second on"
        " surely with it.",
        "Sharp kernels raise the middle of unenhanced vessels to 200 HU; emboli matter in"
        " angiograms, which have more.",
    )
    least_level_hu: tuple[float, float] = constant(
        (120.0, 160.0),
        "HU",
        "The lower one of two levels: up to the first it is no blood of its own, from the second"
        " on it is.",
        "Above clots and what the blur mixes of them and blood. Chosen by eye.",
    )
    unenhanced_hu: tuple[float, float] = constant(
        (60.0, 100.0),
        "HU",
        "Where blood is surely enhanced, tubes up to the first are not blood (emboli, mucus,"
        " scars), from the second on they are.",
        "Unenhanced soft tissue, clot and mucus lie at 0 to 60 HU.",
    )
    separation: tuple[float, float] = constant(
        (4.0, 5.5),
        "1",
        "Distance of two levels in standard deviations within them: up to the first there is one"
        " level, from the second on two.",
        "Splitting one Gaussian in two gives 2.7, an even spread 3.5.",
    )
    least_share: tuple[float, float] = constant(
        (0.1, 0.2),
        "1",
        "Share of the smaller of two levels: up to the first it is none, from the second on one.",
        "Arteries and veins have about half each. Chosen by eye.",
    )


CONSTANTS = BloodConstants()


@dataclass(frozen=True, eq=False)
class _Middles:
    """Middles of wide tubes; n of them.

    Attributes
    ----------
    hu : numpy.ndarray
        (n,) mean of the core, and what the blur of the wall took from it.
    fall : numpy.ndarray
        (n,) from core to shell, as a share of the core's contrast.
    weight : numpy.ndarray
        (n,) from 0 to 1: how much the tube looks like a vessel in aerated lung.
    """

    hu: np.ndarray
    fall: np.ndarray
    weight: np.ndarray


def measure_blood_levels(
    image: WorkImage, points: RidgePoints, parenchyma: Parenchyma
) -> BloodLevels | None:
    """Attenuation of blood in the middle of wide vessels.

    Read where the wall's blur does not reach, which shows in the profile itself: it is flat there.
    Only tubes with aerated lung around them count, since opacities, the heart's border and chest
    wall have ridges, too. In a scan that is surely enhanced, tubes with the attenuation of soft
    tissue are emboli, mucus or scars, and are left out. Every decision is a weight, so that blood
    moves as little as the image does.

    Parameters
    ----------
    image : WorkImage
        Where to read it.
    points : RidgePoints
        Center points of vessels.
    parenchyma : Parenchyma
        Of the same scan.

    Returns
    -------
    BloodLevels or None
        None where the scan has too few vessels that are wide enough.

    Notes
    -----
    Own method. Two levels, as of arteries and veins early or late after an injection, are told
    apart by the split that leaves the least variance within (Otsu N, IEEE Trans Syst Man Cybern
    1979;9:62-66); blood is then their mean by the length of their vessels.
    """
    wide = points[points.scale_mm >= ridges.CONSTANTS.wide_scale_mm]
    if not len(wide):
        return None
    middles = _read(image, wide, parenchyma.level_hu)
    weight = _with_flat_top(middles)
    if weight.sum() < CONSTANTS.fewest_points:
        return None
    flat = weight
    weight = weight * (wide.scale_mm / wide.scale_mm.max()) ** CONSTANTS.width_power
    bright_hu = _percentile(middles.hu, weight, CONSTANTS.bright_percentile)
    enhanced = _ramp(bright_hu, CONSTANTS.surely_enhanced_hu)
    agent = 1 - enhanced * (1 - _ramp(middles.hu, CONSTANTS.unenhanced_hu))
    blood = weight * agent
    one_level_hu = _percentile(middles.hu, blood, CONSTANTS.percentile)
    low_hu, high_hu, two, of_low = _two_levels(middles.hu, blood)
    two *= float(_ramp(low_hu, CONSTANTS.least_level_hu))
    mean_hu = of_low * low_hu + (1 - of_low) * high_hu
    return BloodLevels(
        blood_hu=(1 - two) * one_level_hu + two * mean_hu,
        levels_hu=(low_hu, high_hu) if two > 0.5 else (one_level_hu,),
        without_agent_pct=float(100 * (1 - (flat * agent).sum() / flat.sum())),
    )


def _read(image: WorkImage, points: RidgePoints, parenchyma_hu: float) -> _Middles:
    """Read core, shell and surroundings of tubes."""
    angles = np.arange(CONSTANTS.directions) * 2 * np.pi / CONSTANTS.directions
    first, second = _across(points.direction)
    around = [np.cos(angle) * first + np.sin(angle) * second for angle in angles]

    def values(offset_mm: np.ndarray) -> np.ndarray:
        index = ((points.position_mm + offset_mm) / image.spacing).T
        read: np.ndarray = ndimage.map_coordinates(image.hu, index, order=1, mode="nearest")
        return read

    core, shell = np.zeros(len(points)), np.zeros(len(points))
    for step_mm in CONSTANTS.along_mm:
        along = step_mm * points.direction
        core += values(along)
        for outwards in around:
            core += values(along + CONSTANTS.core_mm * outwards)
            shell += values(along + CONSTANTS.shell_mm * outwards)
    core /= len(CONSTANTS.along_mm) * (CONSTANTS.directions + 1)
    shell /= len(CONSTANTS.along_mm) * CONSTANTS.directions
    fall = core - shell
    core += CONSTANTS.core_share * np.maximum(fall, 0.0)
    contrast = np.maximum(core - parenchyma_hu, 1.0)
    # A tube of radius r answers most at r/√2.
    beyond_mm = points.scale_mm[:, None] * np.sqrt(2) + CONSTANTS.beyond_wall_mm
    air = np.zeros(len(points))
    for outwards in around:
        share = (values(beyond_mm * outwards) - parenchyma_hu) / contrast
        air += 1 - _ramp(share, CONSTANTS.air_share)
    aerated = _ramp(air / CONSTANTS.directions, CONSTANTS.aerated)
    return _Middles(core, fall / contrast, aerated * _ramp(core, CONSTANTS.least_blood_hu))


def _with_flat_top(middles: _Middles) -> np.ndarray:
    """Weights (n,) of the middles that the wall's blur does not reach.

    The fall that counts as flat is the least one that leaves enough vessels.
    """

    def weights(fall: float) -> np.ndarray:
        return np.asarray(middles.weight * np.exp(-((middles.fall / fall) ** 2)))

    low, high = CONSTANTS.flat, CONSTANTS.least_flat
    if weights(low).sum() >= CONSTANTS.enough_points:
        return weights(low)
    for _ in range(30):
        between = (low + high) / 2
        enough = weights(between).sum() >= CONSTANTS.enough_points
        low, high = (low, between) if enough else (between, high)
    return weights(high)


def _two_levels(hu: np.ndarray, weight: np.ndarray) -> tuple[float, float, float, float]:
    """Lower and higher level (HU), how surely there are two (0 to 1), and the lower one's share."""
    order = np.argsort(hu)
    hu, weight = hu[order], weight[order]
    below = np.cumsum(weight)[:-1]
    total, sum_hu = weight.sum(), np.cumsum(weight * hu)
    above = total - below
    usable = (below > 0) & (above > 0)
    if not usable.any():
        level = float(np.average(hu, weights=weight))
        return level, level, 0.0, 0.5
    safe = np.where(usable, below * above, 1.0)
    between = np.where(usable, (sum_hu[-1] * below - total * sum_hu[:-1]) ** 2 / safe, -1.0)
    at = int(between.argmax()) + 1
    parts = (slice(None, at), slice(at, None))
    means = [float(np.average(hu[part], weights=weight[part])) for part in parts]
    variance = sum(
        (weight[part] * (hu[part] - mean) ** 2).sum()
        for part, mean in zip(parts, means, strict=True)
    )
    share = float(below[at - 1] / total)
    apart = (means[1] - means[0]) / max(float(np.sqrt(variance / total)), 1.0)
    two = _ramp(apart, CONSTANTS.separation) * _ramp(min(share, 1 - share), CONSTANTS.least_share)
    low, high = (_percentile(hu[part], weight[part], CONSTANTS.percentile) for part in parts)
    return low, high, float(two), share


def _across(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors (n, 3) across each direction and each other."""
    axis = np.zeros_like(direction)
    axis[np.arange(len(direction)), np.abs(direction).argmin(axis=1)] = 1
    first = np.cross(direction, axis)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return first, np.cross(direction, first)


def _percentile(values: np.ndarray, weight: np.ndarray, percent: float) -> float:
    """Percentile of weighted values, interpolated between them."""
    order = np.argsort(values)
    rising = np.cumsum(weight[order]) - weight[order] / 2
    return float(np.interp(percent / 100 * weight.sum(), rising, values[order]))


def _ramp(value: np.ndarray | float, limits: tuple[float, float]) -> np.ndarray:
    """Share from 0 at the first limit to 1 at the second one."""
    low, high = limits
    return np.clip((np.asarray(value, float) - low) / (high - low), 0.0, 1.0)
