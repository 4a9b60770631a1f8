"""Cross-sectional areas by integrating blood fraction across the vessel."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration
from ..model.work_image import WorkImage
from ..numerics.cores import cores
from ..numerics.polar_profiles import MarkedImage, Profiles, read_profiles
from ..vessels.branches import Branches
from . import blur as blur_model
from . import surroundings
from .area_integral import area_integral, caught_share
from .blur import Blur
from .surroundings import flatness, ring_background

CHUNK = 2000
"""Cross-sections at a time, which bounds the memory."""


@dataclass(frozen=True)
class Reach:
    """How far out, and how finely, cross-sections of vessels up to a scale are read."""

    largest_scale_mm: float
    radius_mm: float
    step_mm: float


@dataclass(frozen=True)
class CrossSectionConstants(MethodConstants):
    """Tuned numbers of reading cross-sections."""

    reach_sigmas: float = constant(
        2.0,
        "1",
        "How far past a vessel's radius the integral goes, in standard deviations of the blur.",
        "Chosen by eye: further out neighbors and noise come in, nearer more blood must be"
        " inferred from the blur.",
    )
    least_contrast_hu: float = constant(
        50.0,
        "HU",
        "Least contrast of blood over its surroundings to divide by.",
        "Chosen by eye; in consolidation there is none.",
    )
    profile_scales_mm: tuple[float, ...] = constant(
        (0.85, 1.2, 2.4),
        "mm",
        "Scale of vessels up to which the first profile is read, the second and the third; the"
        " fourth is read for all wider ones.",
        "Middles between scales that ridge points have: along a branch scales are interpolated.",
    )
    profile_radius_mm: tuple[float, ...] = constant(
        (4.8, 6.4, 10.0, 20.0),
        "mm",
        "Length of these profiles.",
        "The vessels of the range, the usual blur and the ring around fit in.",
    )
    profile_step_mm: tuple[float, ...] = constant(
        (0.3, 0.4, 0.5, 0.8),
        "mm",
        "Distance of their samples.",
        "Below half a voxel for thin vessels; wide ones need no more.",
    )
    first_radius_less_mm: float = constant(
        0.2,
        "mm",
        "Taken from the radius that a ridge point's scale stands for, for the first round.",
        "Chosen by eye: the blur makes thin vessels answer at too large a scale.",
    )
    least_first_radius_mm: float = constant(
        0.7, "mm", "Least radius for the first round.", "Chosen by eye."
    )
    least_radius_mm: float = constant(
        0.3, "mm", "Least radius to compute the reach from.", "Chosen by eye."
    )
    least_area_mm2: float = constant(
        0.2, "mm²", "Least area to compute the next round's radius from.", "Chosen by eye."
    )
    rounds: int = constant(
        3,
        "1",
        "Rounds of finding the area within a reach and the reach from the area.",
        "Chosen by eye: later rounds change next to nothing.",
    )

    @property
    def reaches(self) -> list[Reach]:
        """Profiles for each range of scales, thin vessels first."""
        largest_scale_mm = (*self.profile_scales_mm, np.inf)
        ranges = zip(largest_scale_mm, self.profile_radius_mm, self.profile_step_mm, strict=True)
        return [Reach(*values) for values in ranges]


CONSTANTS = CrossSectionConstants()


@dataclass(frozen=True, eq=False)
class CrossSections:
    """What was read across vessels; n points.

    Attributes
    ----------
    csa_mm2 : numpy.ndarray
        (n,) cross-sectional area.
    background_hu : numpy.ndarray
        (n,) attenuation around the vessel.
    clean : numpy.ndarray
        (n,) share of directions, 0 to 1, in which nothing else came near.
    flatness : numpy.ndarray
        (n,) share of its height over the background that goes on beyond the vessel to both sides:
        about 0 for a tube, 1 for a sheet such as a fissure.
    """

    csa_mm2: np.ndarray
    background_hu: np.ndarray
    clean: np.ndarray
    flatness: np.ndarray


def measure_cross_sections(
    image: WorkImage,
    branches: Branches,
    calibration: Calibration,
    blur: Blur,
    progress: Callable[[float], None] | None = None,
) -> CrossSections:
    """Measure the area of vessels in the plane across them.

    The area is the integral of (HU - background) / (blood - background). The scanner's blur moves
    intensity but keeps this integral, so that vessels thinner than the blur come out right, where
    half-maximum and distance-transform sizes fail. It is taken direction by direction, each up to
    the valley towards a neighbor; directions with a neighbor take over the area that the opposite
    direction shows.

    Parameters
    ----------
    image : WorkImage
        Isotropic or nearly; only its core (no chest wall, no airway) is read.
    branches : Branches
        Centerlines.
    calibration : Calibration
        Attenuation of blood, and noise.
    blur : Blur
        Of the image: how far out the integral goes, and what each direction is expected to hold.
    progress : callable, optional
        Called with the fraction done.

    Returns
    -------
    CrossSections
        One a point of `branches`.

    Notes
    -----
    That a blurred profile keeps its integral is common knowledge of sizing below the resolution;
    how the integral is shared among directions and kept clear of neighbors is the project's own.
    """
    return measure_in_marked(MarkedImage.of(image), branches, calibration, blur, progress)


def measure_in_marked(
    image: MarkedImage,
    branches: Branches,
    calibration: Calibration,
    blur: Blur,
    progress: Callable[[float], None] | None = None,
) -> CrossSections:
    """Do `measure_cross_sections` in an image that is marked already, as for several rounds."""
    count = len(branches.position_mm)
    csa, background, clean, flat = np.zeros((4, count))
    jobs = []
    smallest = 0.0
    for reach in CONSTANTS.reaches:
        inside = (branches.scale_mm > smallest) & (branches.scale_mm <= reach.largest_scale_mm)
        smallest = reach.largest_scale_mm
        chosen = np.nonzero(inside)[0]
        jobs += [(reach, part) for part in np.array_split(chosen, len(chosen) // CHUNK + 1)]

    # The reaches have room for the usual blur.
    widest_mm = np.sqrt(max(blur.variance_mm2))
    room_mm = CONSTANTS.reach_sigmas * max(0.0, widest_mm - blur_model.CONSTANTS.usual_sigma_mm)

    def work(job: tuple[Reach, np.ndarray]) -> None:
        reach, chosen = job
        if len(chosen):
            profile = read_profiles(
                image,
                branches.position_mm[chosen],
                branches.tangent[chosen],
                reach.radius_mm + room_mm,
                reach.step_mm,
            )
            # A tube of radius r answers most at a scale of about r / √2.
            start_mm = np.clip(
                np.sqrt(2) * branches.scale_mm[chosen] - CONSTANTS.first_radius_less_mm,
                CONSTANTS.least_first_radius_mm,
                None,
            )
            csa[chosen], background[chosen], clean[chosen], flat[chosen] = _areas(
                profile, start_mm, calibration, blur
            )

    with ThreadPoolExecutor(cores()) as pool:
        for number, _ in enumerate(pool.map(work, jobs)):
            if progress is not None:
                progress((number + 1) / len(jobs))
    return CrossSections(csa, background, clean, flat)


def _areas(
    profile: Profiles, start_radius_mm: np.ndarray, calibration: Calibration, blur: Blur
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Areas, backgrounds, clean shares and flatness, all (n,), from profiles and first radii."""
    radius_mm, noise_hu = start_radius_mm, calibration.noise_hu
    reach_sigmas, ring_mm = CONSTANTS.reach_sigmas, surroundings.CONSTANTS.ring_width_mm
    blur_mm = np.sqrt(blur.spot_mm2(profile.ray, np.zeros_like(radius_mm)))
    beyond_mm = reach_sigmas * blur_mm
    largest_mm = profile.radius_mm[-1] - beyond_mm.max(axis=1) - ring_mm
    for _ in range(CONSTANTS.rounds):
        radius_mm = np.clip(radius_mm, CONSTANTS.least_radius_mm, largest_mm)
        reach_mm = radius_mm[:, None] + beyond_mm
        background = ring_background(profile, reach_mm, calibration)
        base = background[:, None, None]
        contrast_hu = np.maximum(
            np.float32(calibration.blood_hu) - base, CONSTANTS.least_contrast_hu
        )
        fraction = (profile.hu - base) / contrast_hu
        noise = noise_hu / contrast_hu[:, 0, 0]
        expected = blur.spot_mm2(profile.ray, radius_mm)
        expected /= expected.mean(axis=1, keepdims=True)
        expected *= caught_share(radius_mm[:, None] / blur_mm, beyond_mm / blur_mm)
        area, clean = area_integral(profile, fraction, radius_mm, reach_mm, expected, noise)
        radius_mm = np.sqrt(np.clip(area, CONSTANTS.least_area_mm2, None) / np.pi)
    return area, background, clean, flatness(profile, reach_mm, background, noise_hu)
