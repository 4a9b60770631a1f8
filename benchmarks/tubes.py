"""Straight tubes of known area through the pipeline's own steps: detection, bias and spread.

Every volume is a row of ten tubes of one direction, one a size, far enough apart that none touches
what is read around another. Blood's attenuation is given, since a row has too few wide vessels to
measure it in; all else is as in an analysis, from resampling on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from BV5AnalysisLib.imaging.orientation import Orientation
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.phantom import StraightTube, tube_phantom
from BV5AnalysisLib.imaging.phantom.noise import add_noise
from BV5AnalysisLib.imaging.pipeline import SHARES, Anatomy, measure_vessels
from BV5AnalysisLib.imaging.steps import Steps
from BV5AnalysisLib.imaging.volume import Volume
from scipy.spatial.transform import Rotation

CSAS_MM2 = (0.5, 0.8, 1.25, 2.0, 3.5, 5.0, 7.5, 10.0, 20.0, 50.0)
SPACINGS_MM = ((0.6, 0.6, 0.6), (0.7, 0.7, 1.25), (0.75, 0.75, 2.0))
PSF_SIGMAS_MM = (0.4, 0.55, 0.7)
NOISES_HU = (15.0, 30.0, 60.0)
BACKGROUNDS_HU = (-870.0, -750.0, -500.0)
PLAIN_HU = -870.0
BLOOD_HU = 40.0

LENGTH_MM = 30.0
GAP_MM = 12.0
"""From surface to surface; what is read around a tube ends 3.3 mm from its surface."""

ROOM_MM = 8.0
"""Lung around the tubes."""

PLAIN_END_MM = 30.0
"""Plain lung beside ground glass, as every scan has: noise and parenchyma are measured there."""

END_MM = 4.0
"""Left out at each end of a tube, and of the lung at its faces."""

BESIDE_MM = 1.5
"""What is farther than that from a tube's surface does not lie on it."""


@dataclass(frozen=True)
class Setting:
    """What a scanner and a lung add to tubes."""

    spacing_mm: tuple[float, float, float]
    psf_mm: float
    noise_hu: float
    background_hu: float
    direction: int
    seed: int


@dataclass(frozen=True, eq=False)
class Found:
    """Centerline points that something found; n points.

    Attributes
    ----------
    points_mm : numpy.ndarray
        (n, 3) world, LPS.
    csa_mm2, step_mm : numpy.ndarray
        (n,) area, and length that each point stands for.
    volume_ml : numpy.ndarray
        (n,) blood that each point stands for.
    """

    points_mm: np.ndarray
    csa_mm2: np.ndarray
    step_mm: np.ndarray
    volume_ml: np.ndarray


@dataclass(frozen=True, eq=False)
class Reading:
    """One tube measured.

    Attributes
    ----------
    setting : Setting
        How it was seen.
    csa_mm2 : float
        Its true area.
    found_share : float
        Share of its centerline, ends left out, with a found point within 1 mm or half its radius.
    found_csa_mm2, found_step_mm : numpy.ndarray
        (k,) areas at the found points along it, and the lengths they stand for.
    """

    setting: Setting
    csa_mm2: float
    found_share: float
    found_csa_mm2: np.ndarray
    found_step_mm: np.ndarray


@dataclass(frozen=True)
class FalseLength:
    """Centerline of at least the floor's area that lies on no tube, in one volume."""

    setting: Setting
    length_mm: float
    lung_ml: float


@cache
def directions(count: int = 12) -> np.ndarray:
    """Spread unit vectors (count, 3) over the half sphere by a golden spiral.

    The spiral is turned so that of the twelve none is closer than 18° to an axis of the grid or a
    diagonal, where things may come out too well.
    """
    order = np.arange(count) + 0.5
    z = order / count
    angle = np.pi * (3 - np.sqrt(5)) * order
    ring = np.sqrt(1 - z**2)
    spiral = np.stack([ring * np.cos(angle), ring * np.sin(angle), z], axis=1)
    return Rotation.from_euler("xyz", (44, 28, 213), degrees=True).apply(spiral)


@dataclass(frozen=True, eq=False)
class Row:
    """Tubes of one direction beside one another, and the volume they need.

    Attributes
    ----------
    tubes : list of StraightTube
        World points around the volume's middle.
    size : tuple of int
        Voxels along x, y, z.
    plain_end_mm : float
        The volume's last millimeters along `axis` that hold no tube.
    axis : int
        Along which the tubes stand side by side, 0 for x.
    """

    tubes: list[StraightTube]
    size: tuple[int, int, int]
    plain_end_mm: float
    axis: int


def row_of_tubes(
    direction: np.ndarray,
    spacing_mm: tuple[float, float, float],
    rng: np.random.Generator,
    plain_end_mm: float = 0.0,
) -> Row:
    """Put one tube of each size side by side, each somewhere within a voxel.

    Parameters
    ----------
    direction : numpy.ndarray
        (3,) unit vector, LPS.
    spacing_mm : tuple of float
        Voxel size along x, y, z.
    rng : numpy.random.Generator
        Of the order of the sizes and the places within a voxel.
    plain_end_mm : float
        Room without tubes at the end of the row.
    """
    spacing = np.array(spacing_mm)
    areas = rng.permutation(CSAS_MM2)
    radius = np.sqrt(areas / np.pi)
    axis = int(np.abs(direction).argmin())
    apart = (GAP_MM + radius[1:] + radius[:-1]) / np.sqrt(1 - direction[axis] ** 2)
    center = np.zeros((len(areas), 3))
    center[1:, axis] = np.cumsum(apart)
    center += rng.uniform(-0.5, 0.5, center.shape) * spacing
    half = np.abs(direction) * LENGTH_MM / 2 + radius.max() + ROOM_MM
    low, high = center.min(axis=0) - half, center.max(axis=0) + half
    high[axis] += plain_end_mm
    size = np.ceil((high - low) / spacing).astype(int)
    middle = low + 0.5 * size * spacing
    tubes = [
        StraightTube(float(area), tuple(direction), tuple(at - middle), LENGTH_MM)
        for area, at in zip(areas, center, strict=True)
    ]
    return Row(tubes, tuple(int(n) for n in size), plain_end_mm, axis)


def scans_of_row(
    spacing_mm: tuple[float, float, float],
    psf_mm: float,
    direction: int,
    seed: int,
    noises_hu: tuple[float, ...] = NOISES_HU,
    backgrounds_hu: tuple[float, ...] = BACKGROUNDS_HU,
) -> Iterator[tuple[Setting, Row, Volume]]:
    """One row of tubes, rendered once, in each background and with each noise."""
    key = [seed, direction, round(1000 * psf_mm), *(round(1000 * step) for step in spacing_mm)]
    row = row_of_tubes(
        directions()[direction], spacing_mm, np.random.default_rng(key), PLAIN_END_MM
    )
    share = tube_phantom(
        row.tubes,
        size=row.size,
        spacing_mm=spacing_mm,
        psf_sigma_mm=(psf_mm,) * 3,
        parenchyma_hu=0.0,
        blood_hu=1.0,
    ).volume
    for background_hu in backgrounds_hu:
        lung = _background(row, share, background_hu)
        for noise_hu in noises_hu:
            hu = lung + share.array * (BLOOD_HU - lung)
            rng = np.random.default_rng([*key, round(noise_hu), round(-background_hu)])
            add_noise(hu, noise_hu, "white", rng)
            setting = Setting(spacing_mm, psf_mm, noise_hu, background_hu, direction, seed)
            yield setting, row, share.with_array(hu)


def _background(row: Row, volume: Volume, background_hu: float) -> np.ndarray:
    """Lung without vessels, float32: opacities end where the tubes do."""
    lung = np.full(volume.array.shape, background_hu, np.float32)
    if background_hu > PLAIN_HU + 200:
        axis = 2 - row.axis
        count = round((row.plain_end_mm - ROOM_MM) / volume.grid.spacing_zyx[axis])
        plain = [slice(None)] * 3
        plain[axis] = slice(-count, None)
        lung[tuple(plain)] = PLAIN_HU
    return lung


def measure(volume: Volume, lungs: np.ndarray | None = None) -> Found:
    """Run the pipeline in a volume that is all lung, or in a mask, with blood given."""
    ct = Orientation.of(volume.grid).turned(volume)
    mask = np.ones(volume.array.shape, np.uint8) if lungs is None else lungs.astype(np.uint8)
    none = np.zeros(ct.array.shape, bool)
    anatomy = Anatomy(Orientation.of(volume.grid).turn(mask), none, none)
    found = measure_vessels(ct, anatomy, Parameters(blood_hu=BLOOD_HU), Steps(SHARES, None))
    return Found(
        found.work.to_world(found.branches.position_mm),
        found.sized.csa_mm2,
        found.branches.step_mm,
        found.sized.volume_ml,
    )


def read_tube(setting: Setting, tube: StraightTube, found: Found) -> Reading:
    """Compare what was found along one tube with it."""
    axis = np.array(tube.direction) / np.linalg.norm(tube.direction)
    offset = found.points_mm - tube.center_mm
    along = offset @ axis
    across = np.linalg.norm(offset - along[:, None] * axis, axis=1)
    half = tube.length_mm / 2 - END_MM
    on = across <= max(1.0, 0.5 * tube.radius_mm)
    # Each point stands for a piece of line around it.
    at = np.arange(-half, half, 0.1) + 0.05
    covered = np.zeros(len(at), bool)
    for middle, step in zip(along[on], found.step_mm[on], strict=True):
        covered |= abs(at - middle) <= step / 2 + 0.1
    inner = on & (abs(along) <= half)
    return Reading(
        setting,
        tube.csa_mm2,
        float(covered.mean()),
        found.csa_mm2[inner],
        found.step_mm[inner],
    )


def false_length(
    setting: Setting, row: Row, volume: Volume, found: Found, floor_mm2: float = 1.25
) -> FalseLength:
    """Length of found centerlines off every tube, away from the lung's faces."""
    half = 0.5 * np.array(volume.grid.size) * volume.grid.spacing - END_MM
    counts = (found.csa_mm2 >= floor_mm2) & (abs(found.points_mm) <= half).all(axis=1)
    for tube in row.tubes:
        axis = np.array(tube.direction) / np.linalg.norm(tube.direction)
        offset = found.points_mm - tube.center_mm
        along = np.clip(offset @ axis, -tube.length_mm / 2, tube.length_mm / 2)
        distance = np.linalg.norm(offset - along[:, None] * axis, axis=1)
        counts &= distance > tube.radius_mm + BESIDE_MM
    return FalseLength(setting, float(found.step_mm[counts].sum()), float(np.prod(2 * half)) / 1000)
