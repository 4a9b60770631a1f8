"""Spots that the blur makes of thin vessels: how much they hold, and how oblong they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np

from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration
from ..numerics.cores import cores
from ..numerics.polar_profiles import SECTORS, MarkedImage, Profiles, read_profiles
from ..vessels.branches import Branches
from . import cross_sections, surroundings
from .area_integral import caught_share, sector_integrals
from .blur import Blur
from .surroundings import ring_background


@dataclass(frozen=True)
class SpotConstants(MethodConstants):
    """Tuned numbers of reading spots."""

    step_mm: float = constant(
        0.3, "mm", "Distance of the samples.", "As of the profiles of thin vessels."
    )
    least_upright: float = constant(
        0.01,
        "1",
        "Least square of the sine between a vessel and the slices' axis at which a direction across"
        " it is the one that rises most.",
        "Six degrees: below, all directions across lie in the slice.",
    )


CONSTANTS = SpotConstants()


@dataclass(frozen=True, eq=False)
class Spots:
    """What was read across thin vessels; n points.

    Attributes
    ----------
    seen_mm2 : numpy.ndarray
        (n,) integral of the blood fraction up to `reach_mm`, all directions alike.
    area_mm2 : numpy.ndarray
        (n,) the whole integral, by the blur that was presumed.
    height : numpy.ndarray
        (n,) blood fraction in the middle.
    rising_mm, rising_mm2 : numpy.ndarray
        (n,) integral of the blood fraction, and of it times the distance, from the middle along the
        direction that rises most out of the slice, up to its reach.
    rising : numpy.ndarray
        (n,) which direction that is.
    twice, reach_mm : numpy.ndarray
        (n, sectors) cos 2a of each direction, a being its angle to the one that rises most out of
        the slice; and how far it was integrated.
    is_clean : numpy.ndarray
        (n,) no neighbor in any direction.
    """

    seen_mm2: np.ndarray
    area_mm2: np.ndarray
    height: np.ndarray
    rising_mm: np.ndarray
    rising_mm2: np.ndarray
    rising: np.ndarray
    twice: np.ndarray
    reach_mm: np.ndarray
    is_clean: np.ndarray

    def __getitem__(self, pick: np.ndarray) -> Spots:
        return Spots(*(getattr(self, field.name)[pick] for field in fields(self)))


def read_spots(
    image: MarkedImage,
    branches: Branches,
    middle_hu: np.ndarray,
    calibration: Calibration,
    blur: Blur,
    largest_mm2: float,
) -> Spots:
    """Read spots, each direction for what it is.

    Areas of vessels are the mean of the directions that agree with the blur. Here that would make
    any blur that is presumed confirm itself.

    Parameters
    ----------
    image : MarkedImage
        What to read.
    branches : Branches
        Centerlines; n points.
    middle_hu : numpy.ndarray
        (n,) attenuation in the middle.
    calibration : Calibration
        Attenuation of blood, and noise.
    blur : Blur
        Presumed, for how far out a spot is looked for.
    largest_mm2 : float
        Area up to which there is room for all of a spot.

    Returns
    -------
    Spots
        One a point.
    """
    sizes = cross_sections.CONSTANTS
    most_mm = np.sqrt(largest_mm2 / np.pi) + surroundings.CONSTANTS.ring_width_mm
    most_mm += sizes.reach_sigmas * np.sqrt(max(blur.variance_mm2))
    count = len(middle_hu)
    pieces = np.array_split(np.arange(count), count // cross_sections.CHUNK + 1)

    def work(chosen: np.ndarray) -> tuple[np.ndarray, ...]:
        profile = read_profiles(
            image,
            branches.position_mm[chosen],
            branches.tangent[chosen],
            float(most_mm),
            CONSTANTS.step_mm,
        )
        return _spots(profile, branches.tangent[chosen], middle_hu[chosen], calibration, blur)

    with ThreadPoolExecutor(cores()) as pool:
        parts = zip(*pool.map(work, pieces), strict=True)
        return Spots(*(np.concatenate(part) for part in parts))


def _spots(
    profile: Profiles,
    tangent: np.ndarray,
    middle_hu: np.ndarray,
    calibration: Calibration,
    blur: Blur,
) -> tuple[np.ndarray, ...]:
    """Fields of `Spots` from profiles."""
    sizes = cross_sections.CONSTANTS
    radius_mm = np.full(len(middle_hu), sizes.least_first_radius_mm)
    # Alike in all directions, as far as the widest blur: a blur presumed too small along one of
    # them must not confirm itself.
    blur_mm = np.sqrt(blur.spot_mm2(profile.ray, np.zeros_like(radius_mm)))
    widest_mm = blur_mm.max(axis=1)
    room_mm = sizes.reach_sigmas * widest_mm + surroundings.CONSTANTS.ring_width_mm
    largest_mm = np.maximum(profile.radius_mm[-1] - room_mm, sizes.least_radius_mm)
    for _ in range(sizes.rounds):
        radius_mm = np.clip(radius_mm, sizes.least_radius_mm, largest_mm)
        reach_mm = np.tile((radius_mm + sizes.reach_sigmas * widest_mm)[:, None], SECTORS)
        background = ring_background(profile, reach_mm, calibration)
        contrast_hu = np.maximum(
            np.float32(calibration.blood_hu) - background, sizes.least_contrast_hu
        )
        fraction = (profile.hu - background[:, None, None]) / contrast_hu[:, None, None]
        noise = calibration.noise_hu / contrast_hu
        sector_mm2, clean = sector_integrals(profile, fraction, radius_mm, reach_mm, noise)
        whole_mm2 = sector_mm2.mean(axis=1)
        area = whole_mm2 / caught_share(
            radius_mm / widest_mm, np.full(len(radius_mm), sizes.reach_sigmas)
        )
        radius_mm = np.sqrt(np.clip(area, sizes.least_area_mm2, None) / np.pi)
    height = (middle_hu - background) / contrast_hu
    upright = np.maximum(1 - tangent[:, :1] ** 2, CONSTANTS.least_upright)
    twice = 2 * profile.ray[:, :, 0] ** 2 / upright - 1
    # Opposite directions rise alike.
    half_turn = SECTORS // 2
    rising = twice[:, :half_turn].argmax(axis=1)
    each = np.arange(len(rising))
    along = (fraction[each, rising] + fraction[each, rising + half_turn]) / 2
    share = np.clip(
        (reach_mm[each, rising, None] - profile.radius_mm) / profile.step_mm + 0.5, 0, 1
    )
    along = np.nan_to_num(along) * share * profile.step_mm
    # Sums and no product of matrices, whose last bit depends on which points it is made for.
    rising_mm, rising_mm2 = along.sum(axis=1), (along * profile.radius_mm).sum(axis=1)
    is_clean = np.asarray(clean.all(axis=1))
    return (
        whole_mm2,
        area,
        height,
        rising_mm,
        rising_mm2,
        rising,
        twice,
        reach_mm,
        is_clean,
    )
