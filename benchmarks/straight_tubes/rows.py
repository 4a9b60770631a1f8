"""Straight tubes of known area through the pipeline's own steps: detection, bias and spread.

Every volume holds rows of ten tubes, one a size; a row has one direction and the rows of a volume
have several, as a lung does. Tubes are so far apart that none touches what is read around another.
Blood's attenuation is given, since there are too few wide vessels to measure it in; all else is as
in an analysis, from resampling on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from BV5AnalysisLib.imaging.model.orientation import Orientation
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.phantom import StraightTube, tube_phantom
from BV5AnalysisLib.imaging.phantom.noise import add_noise
from BV5AnalysisLib.imaging.pipeline import SHARES, measure_lines
from BV5AnalysisLib.imaging.progress import Steps
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
    direction : int
        Number of its direction.
    csa_mm2 : float
        Its true area.
    found_share : float
        Share of its centerline, ends left out, with a found point within 1 mm or half its radius.
    found_csa_mm2, found_step_mm : numpy.ndarray
        (k,) areas at the found points along it, and the lengths they stand for.
    """

    setting: Setting
    direction: int
    csa_mm2: float
    found_share: float
    found_csa_mm2: np.ndarray
    found_step_mm: np.ndarray


@dataclass(frozen=True)
class FalseLength:
    """Centerline of at least the floor's area that lies on no tube, in one volume, and the true."""

    setting: Setting
    length_mm: float
    lung_ml: float
    true_mm: float


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


def row_axes() -> np.ndarray:
    """Axis (12,) along which the tubes of each direction stand side by side, 0 for x."""
    return np.abs(directions()).argmin(axis=1)


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of tubes, and the volume they need.

    Attributes
    ----------
    tubes : list of StraightTube
        World points around the volume's middle.
    direction : list of int
        Number of each tube's direction.
    size : tuple of int
        Voxels along x, y, z.
    axis : int
        Along which rows run, 0 for x; the volume's last `PLAIN_END_MM` along it hold no tube.
    """

    tubes: list[StraightTube]
    direction: list[int]
    size: tuple[int, int, int]
    axis: int


def rows_of_tubes(
    axis: int, spacing_mm: tuple[float, float, float], rng: np.random.Generator
) -> Rows:
    """Put rows of all directions that go with an axis beside one another.

    Parameters
    ----------
    axis : int
        Along which rows run, 0 for x: the one that their tubes are most nearly across.
    spacing_mm : tuple of float
        Voxel size along x, y, z.
    rng : numpy.random.Generator
        Of the order of the sizes and the places within a voxel.
    """
    spacing = np.array(spacing_mm)
    beside = (axis + 1) % 3
    centers, areas, numbers = [], [], []
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for number in np.flatnonzero(row_axes() == axis):
        direction = directions()[number]
        area = rng.permutation(CSAS_MM2)
        radius = np.sqrt(area / np.pi)
        apart = (GAP_MM + radius[1:] + radius[:-1]) / np.sqrt(1 - direction[axis] ** 2)
        half = np.abs(direction) * LENGTH_MM / 2 + radius.max()
        center = np.zeros((len(area), 3))
        center[1:, axis] = np.cumsum(apart)
        if centers:
            center[:, beside] = high[beside] + GAP_MM + half[beside]
        center += rng.uniform(-0.5, 0.5, center.shape) * spacing
        low = np.minimum(low, center.min(axis=0) - half)
        high = np.maximum(high, center.max(axis=0) + half)
        centers.append(center)
        areas.append(area)
        numbers += [int(number)] * len(area)
    low, high = low - ROOM_MM, high + ROOM_MM
    high[axis] += PLAIN_END_MM
    size = np.ceil((high - low) / spacing).astype(int)
    middle = low + 0.5 * size * spacing
    tubes = [
        StraightTube(float(area), tuple(directions()[number]), tuple(at - middle), LENGTH_MM)
        for area, at, number in zip(
            np.concatenate(areas), np.concatenate(centers), numbers, strict=True
        )
    ]
    return Rows(tubes, numbers, tuple(int(n) for n in size), axis)


def scans_of_rows(
    spacing_mm: tuple[float, float, float],
    psf_mm: float,
    axis: int,
    seed: int,
    noises_hu: tuple[float, ...] = NOISES_HU,
    backgrounds_hu: tuple[float, ...] = BACKGROUNDS_HU,
) -> Iterator[tuple[Setting, Rows, Volume]]:
    """Render rows of tubes once, and give them in each background and with each noise."""
    key = [seed, axis, round(1000 * psf_mm), *(round(1000 * step) for step in spacing_mm)]
    rows = rows_of_tubes(axis, spacing_mm, np.random.default_rng(key))
    share = tube_phantom(
        rows.tubes,
        size=rows.size,
        spacing_mm=spacing_mm,
        psf_sigma_mm=(psf_mm,) * 3,
        parenchyma_hu=0.0,
        blood_hu=1.0,
    ).volume
    for background_hu in backgrounds_hu:
        lung = _background(rows, share, background_hu)
        for noise_hu in noises_hu:
            hu = lung + share.array * (BLOOD_HU - lung)
            rng = np.random.default_rng([*key, round(noise_hu), round(-background_hu)])
            add_noise(hu, noise_hu, "white", rng)
            setting = Setting(spacing_mm, psf_mm, noise_hu, background_hu, seed)
            yield setting, rows, share.with_array(hu)


def _background(rows: Rows, volume: Volume, background_hu: float) -> np.ndarray:
    """Lung without vessels, float32: opacities end where the tubes do."""
    lung = np.full(volume.array.shape, background_hu, np.float32)
    if background_hu > PLAIN_HU + 200:
        axis = 2 - rows.axis
        count = round((PLAIN_END_MM - ROOM_MM) / volume.grid.spacing_zyx[axis])
        plain = [slice(None)] * 3
        plain[axis] = slice(-count, None)
        lung[tuple(plain)] = PLAIN_HU
    return lung


def measure(volume: Volume, lungs: np.ndarray | None = None) -> Found:
    """Run the pipeline in a volume that is all lung, or in a mask, with blood given."""
    ct = Orientation.of(volume.grid).turned(volume)
    mask = np.ones(volume.array.shape, np.uint8) if lungs is None else lungs.astype(np.uint8)
    none = np.zeros(ct.array.shape, bool)
    turned = Orientation.of(volume.grid).turn(mask)
    found = measure_lines(ct, turned, none, Parameters(blood_hu=BLOOD_HU), Steps(SHARES, None))
    return Found(
        found.work.to_world(found.branches.position_mm),
        found.sized.csa_mm2,
        found.branches.step_mm,
        found.sized.volume_ml,
    )


def read_tube(setting: Setting, tube: StraightTube, direction: int, found: Found) -> Reading:
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
        direction,
        tube.csa_mm2,
        float(covered.mean()),
        found.csa_mm2[inner],
        found.step_mm[inner],
    )


def false_length(
    setting: Setting, rows: Rows, volume: Volume, found: Found, floor_mm2: float = 1.25
) -> FalseLength:
    """Length of found centerlines off every tube, away from the lung's faces."""
    half = 0.5 * np.array(volume.grid.size) * volume.grid.spacing - END_MM
    counts = (found.csa_mm2 >= floor_mm2) & (abs(found.points_mm) <= half).all(axis=1)
    for tube in rows.tubes:
        axis = np.array(tube.direction) / np.linalg.norm(tube.direction)
        offset = found.points_mm - tube.center_mm
        along = np.clip(offset @ axis, -tube.length_mm / 2, tube.length_mm / 2)
        distance = np.linalg.norm(offset - along[:, None] * axis, axis=1)
        counts &= distance > tube.radius_mm + BESIDE_MM
    true_mm = sum(tube.length_mm for tube in rows.tubes if tube.csa_mm2 >= floor_mm2)
    lung_ml = float(np.prod(2 * half)) / 1000
    return FalseLength(setting, float(found.step_mm[counts].sum()), lung_ml, true_mm)
