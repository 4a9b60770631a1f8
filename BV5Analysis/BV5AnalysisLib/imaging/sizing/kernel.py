"""How sharp a scan's reconstruction kernel is, as its thin vessels show it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize

from ..lungs.hila import ramp
from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration, Kernel
from ..model.work_image import WorkImage
from ..numerics.polar_profiles import SECTORS, MarkedImage, Profiles, read_profiles
from ..vessels import ridges
from ..vessels.branches import Branches, pick_points
from .blur import Blur
from .cross_sections import measure_in_marked


@dataclass(frozen=True)
class KernelConstants(MethodConstants):
    """Tuned numbers of measuring a kernel."""

    thin_mm2: tuple[float, float] = constant(
        (0.7, 2.5),
        "mm²",
        "Areas of the vessels that show the ring.",
        "Thinner than the ring is wide, thick enough to be seen in noise.",
    )
    level: float = constant(
        0.7,
        "1",
        "Least square of the sine between such a vessel and the slices' axis.",
        "Along a vessel that lies in a slice the kernel acts across it alone.",
    )
    clean: float = constant(
        0.99, "1", "Least share of its directions free of neighbors.", "All of them."
    )
    most_points: int = constant(
        8000, "1", "Points that are read at most.", "The median of a third of them is within 2 HU."
    )
    points: tuple[int, int] = constant(
        (100, 200),
        "1",
        "Points that show the ring, up to which it counts for nothing and from which on in full.",
        "Around those that the blur takes; a scan of an adult has thousands. The median of 100"
        " profiles is off by an eighth of the noise, more than the ring of a soft kernel.",
    )
    read_mm: float = constant(
        5.6, "mm", "How far out they are read.", "Rings of lung kernels end within 4 mm."
    )
    step_mm: float = constant(0.2, "mm", "Distance of the samples.", "A third of the finest blur.")
    far_mm: float = constant(
        4.4, "mm", "From here on there is nothing but surroundings.", "Past the ring."
    )
    fit_mm: float = constant(
        4.0,
        "mm",
        "How far out the kernel is fitted.",
        "Farther out other vessels come in, which look like a wide ring: with 5.6 mm two scans by"
        " soft kernels got a sharpness of 0.15.",
    )
    wider_mm: tuple[float, float] = constant(
        (0.8, 1.6),
        "mm",
        "Narrowest and widest Gaussian, beyond its own blur, that a kernel takes off.",
        "Narrower ones make no ring that can be told from the blur, wider ones none of a kernel:"
        " sharp kernels of scans and of phantoms have 1.1 to 1.3 mm.",
    )
    core_mm: tuple[float, float] = constant(
        (0.22, 1.4), "mm", "Narrowest and widest blur within slices.", "As for the blur."
    )
    most_sharp: float = constant(5.0, "1", "Most of it.", "Above the sharpest kernels.")
    ring: tuple[float, float] = constant(
        (0.008, 0.016),
        "1",
        "Depth of the dark ring around such vessels, as a share of their height, from which on a"
        " kernel begins to count as sharp, and counts in full.",
        "Scans by soft kernels and phantoms without a ring have up to 0.007, sharp ones 0.05 and"
        " more.",
    )


CONSTANTS = KernelConstants()


@dataclass(frozen=True)
class MeasuredKernel:
    """A kernel, and how well the scan shows it.

    Attributes
    ----------
    kernel : Kernel
        Without sharpness where there is no ring, or where it cannot be told.
    known : float
        0 where too few thin vessels show it to tell a ring, 1 where enough do.
    """

    kernel: Kernel
    known: float


def measure_kernel(
    image: WorkImage, branches: Branches, calibration: Calibration, blur: Blur
) -> MeasuredKernel:
    """Measure how sharp a kernel is by the dark ring that it draws around thin vessels.

    Parameters
    ----------
    image : WorkImage
        Only its core is read.
    branches : Branches
        Centerlines.
    calibration : Calibration
        Attenuation of blood, and noise; to tell which vessels are thin, and clear of neighbors.
    blur : Blur
        As measured.

    Returns
    -------
    MeasuredKernel
        Its sharpness counts by how many vessels show it.

    Notes
    -----
    Own method. The median over thousands of profiles has next to no noise, in the noisiest scans
    too, and passes over neighbors. Only its shape is used, so that blood need not be known.
    """
    upright = 1 - branches.tangent[:, 0] ** 2
    thin = branches.scale_mm <= ridges.CONSTANTS.thin_scale_mm
    chosen = np.flatnonzero(thin & (upright > CONSTANTS.level))
    count = min(len(chosen), CONSTANTS.most_points)
    if count <= CONSTANTS.points[0]:
        return MeasuredKernel(Kernel(), 0.0)
    some = pick_points(branches, chosen[np.linspace(0, len(chosen) - 1, count).astype(int)])
    marked = MarkedImage.of(image)
    sections = measure_in_marked(marked, some, calibration, blur)
    low, high = CONSTANTS.thin_mm2
    clear = (sections.csa_mm2 > low) & (sections.csa_mm2 < high)
    clear &= sections.clean > CONSTANTS.clean
    some, area_mm2 = pick_points(some, np.flatnonzero(clear)), sections.csa_mm2[clear]
    if len(area_mm2) <= CONSTANTS.points[0]:
        return MeasuredKernel(Kernel(), 0.0)
    profile = read_profiles(
        marked, some.position_mm, some.tangent, CONSTANTS.read_mm, CONSTANTS.step_mm
    )
    height_hu = _within_slice(profile)
    known = float(ramp(np.asarray(len(height_hu)), CONSTANTS.points))
    if known == 0:
        return MeasuredKernel(Kernel(), 0.0)
    disc_mm2 = float(np.median(area_mm2)) / (4 * np.pi)
    fits = profile.radius_mm < CONSTANTS.fit_mm
    kernel = _fitted(profile.radius_mm[fits], np.median(height_hu[:, fits], axis=0), disc_mm2)
    return MeasuredKernel(replace(kernel, sharpness=known * kernel.sharpness), known)


def _within_slice(profile: Profiles) -> np.ndarray:
    """Heights (m, radii) along the direction across each vessel that rises least."""
    half_turn = SECTORS // 2
    each = np.arange(len(profile.hu))
    flat = np.abs(profile.ray[:, :half_turn, 0]).argmin(axis=1)
    both = (profile.hu[each, flat] + profile.hu[each, flat + half_turn]) / 2
    both = both[np.isfinite(both).all(axis=1)]
    far_hu = np.median(both[:, profile.radius_mm > CONSTANTS.far_mm], axis=1)
    return np.asarray(both - far_hu[:, None])


def _fitted(radius_mm: np.ndarray, height_hu: np.ndarray, disc_mm2: float) -> Kernel:
    """Fit the kernel to the profile (radii,) across a line that is a disc of such a variance."""
    peak_hu = max(float(height_hu[0]), 1.0)

    def line(core: float, sharpness: float, wider: float) -> np.ndarray:
        one, other = core + disc_mm2, core + disc_mm2 + wider
        narrow = np.exp(-(radius_mm**2) / (2 * one)) / np.sqrt(one)
        wide = np.exp(-(radius_mm**2) / (2 * other)) / np.sqrt(other)
        return np.asarray((1 + sharpness) * narrow - sharpness * wide)

    def off(guess: np.ndarray) -> np.ndarray:
        amount, base, *shape = guess
        return np.asarray(amount * line(*shape) + base - height_hu / peak_hu)

    narrow, wide = np.array(CONSTANTS.core_mm) ** 2
    least, most = np.array(CONSTANTS.wider_mm) ** 2
    fit = optimize.least_squares(
        off,
        [0.6, 0.0, 0.3, 0.3, 1.2],
        bounds=([0.0, -0.1, narrow, 0.0, least], [20.0, 0.1, wide, CONSTANTS.most_sharp, most]),
    )
    core, sharpness, wider = (float(value) for value in fit.x[2:])
    fitted = line(core, sharpness, wider)
    depth = -fitted.min() / fitted[0]
    return Kernel(float(ramp(depth, CONSTANTS.ring)) * sharpness, wider)
