"""Where a lung ends at the ribs, seen from its own axis, also where no air shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from . import costal
from .hila import ramp
from .survey import Chest


@dataclass(frozen=True)
class PleuralSurfaceConstants(MethodConstants):
    """Tuned numbers of the pleural surface; shares are of the lungs' common half-width."""

    margin: float = constant(
        0.4,
        "1",
        "How far beyond a lung ribs are looked for, as a share.",
        "50 mm in an adult, so that ribs behind thick fluid are in it. Chosen by eye.",
    )
    beyond_middle: float = constant(
        0.1,
        "1",
        "How far beyond the middle, as a share.",
        "Lungs reach in front of the spine. Chosen by eye.",
    )
    rays: int = constant(
        120, "1", "Directions around a lung's axis.", "3 degrees: 4 mm at the ribs of an adult."
    )
    rib_off: float = constant(
        0.2,
        "1",
        "Distance from the middle from which bone is rib, as a share.",
        "Vertebrae and sternum are 40 to 50 mm wide, of 270.",
    )
    joined: float = constant(
        0.18,
        "1",
        "Height over which ribs are compared with their neighbors, as a share.",
        "Ribs are as far apart: 25 mm in an adult.",
    )
    joined_rays: int = constant(7, "1", "The same around the axis.", "21 degrees.")
    rank_percent: float = constant(
        30.0,
        "%",
        "Percentile of a bone's neighbors, by distance, that is rib.",
        "Ribs fill half of the places, those behind are taken by shoulder blades; enhanced vessels"
        " in airless lung are fewer.",
    )
    off_mm: tuple[float, float] = constant(
        (4.0, 8.0),
        "mm",
        "How far a bone may be off that to be surely rib, and from which distance it is none.",
        "Ribs are 6 to 8 mm thick; enhanced vessels lie further in, shoulder blades further out.",
    )
    smoothing_mm: float = constant(
        10.0,
        "mm",
        "Standard deviation over which ribs are averaged along the body.",
        "Less than the distance of ribs.",
    )
    smoothing_rays: float = constant(1.5, "1", "The same around the axis.", "6 mm at the ribs.")
    known: float = constant(
        0.1, "1", "Share of ribs around from which the surface is known.", "Ribs fill a half."
    )
    wall_mm: tuple[float, float] = constant(
        (-6.0, 12.0),
        "mm",
        "Distances of aerated lung to ribs of which the median is the wall's thickness.",
        "Pleura, muscle and fat are 2 to 6 mm; what is farther off is airless or fat.",
    )
    usual_wall_mm: float = constant(
        4.0, "mm", "The wall where little lung is aerated.", "Median of scans at hand."
    )
    told_places: tuple[float, float] = constant(
        (25.0, 50.0),
        "1",
        "Places of aerated lung at ribs that begin to tell the wall, and tell it alone.",
        "A median of fewer is chance: of 50 its standard error is a sixth of the spread.",
    )
    gap_smoothing_mm: float = constant(
        4.0, "mm", "Standard deviation over which gaps are averaged.", "Two coarse voxels."
    )
    gap_smoothing_rays: float = constant(
        1.0, "1", "The same around the axis.", "4 mm at the ribs of an adult."
    )
    bend: int = constant(
        2,
        "1",
        "Degree of the polynomial that a lung's axis is, along x and along y.",
        "Kyphosis and scoliosis bend it once.",
    )


CONSTANTS = PleuralSurfaceConstants()


@dataclass(frozen=True, eq=False)
class HalfChest:
    """The coarse scan from a little beyond the middle to beyond one lung.

    Attributes
    ----------
    columns : slice
        Of the coarse scan along x.
    lung, hu : numpy.ndarray
        One lung, and attenuation, (z, y, x).
    off : numpy.ndarray
        (x,) distance from the middle towards this side, as a share of the lungs' half-width.
    behind : numpy.ndarray
        (y,) distance behind the middle of the lungs, as a share of their depth.
    spacing : numpy.ndarray
        (3,) mm.
    half_width_mm : float
        Of both lungs.
    top : int
        Highest slice of either lung.
    open_air : numpy.ndarray
        Bool, (z, y, x): air outside of the body.
    """

    columns: slice
    lung: np.ndarray
    hu: np.ndarray
    off: np.ndarray
    behind: np.ndarray
    spacing: np.ndarray
    half_width_mm: float
    top: int
    open_air: np.ndarray

    @classmethod
    def of(cls, chest: Chest, sides: list[np.ndarray], number: int) -> HalfChest:
        """Half of a chest with two coarse lungs, right (0) or left (1)."""
        spacing = chest.grid.spacing_zyx
        lungs = sides[0] | sides[1]
        z, y, x = (np.flatnonzero(lungs.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1)))
        middle, half = (x[0] + x[-1]) / 2, (x[-1] - x[0] + 1) / 2
        c = CONSTANTS
        beyond, across = int(c.margin * half), c.beyond_middle * half
        if number == 0:
            columns = slice(max(0, int(x[0]) - beyond), int(middle + across) + 1)
        else:
            columns = slice(max(0, int(middle - across)), int(x[-1]) + beyond + 1)
        open_air = (chest.hu.array < chest.half_hu) & ~chest.inner_air
        place = np.arange(chest.hu.array.shape[2])[columns]
        level, depth = (y[0] + y[-1]) / 2, y[-1] - y[0] + 1
        return cls(
            columns=columns,
            lung=sides[number][:, :, columns],
            hu=chest.hu.array[:, :, columns],
            off=(place - middle) * (-1 if number == 0 else 1) / half,
            behind=(np.arange(chest.hu.array.shape[1]) - level) / depth,
            spacing=spacing,
            half_width_mm=float(half * spacing[2]),
            top=int(z[-1]),
            open_air=open_air[:, :, columns],
        )


@dataclass(frozen=True, eq=False)
class PleuralSurface:
    """A lung's surface around its axis.

    Attributes
    ----------
    axis : numpy.ndarray
        (2, z) place y, x of the axis, in coarse voxels.
    spacing : numpy.ndarray
        (3,) mm.
    air_mm : numpy.ndarray
        (z, ray) outermost aerated lung, 0 where there is none.
    pleura_mm : numpy.ndarray
        (z, ray) the surface inside the ribs, 0 where it is not known.
    gap_mm : numpy.ndarray
        (z, ray) what lies between them, averaged.
    """

    axis: np.ndarray
    spacing: np.ndarray
    air_mm: np.ndarray
    pleura_mm: np.ndarray
    gap_mm: np.ndarray

    def polar(
        self, z: np.ndarray | int, y: np.ndarray, x: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ray and distance from the axis, mm, of coarse voxels."""
        return _polar(self.axis, self.spacing, z, y, x)

    def plane(self, z: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Ray and distance from the axis of a whole slice (y, x)."""
        return self.polar(z, np.arange(shape[1])[:, None], np.arange(shape[2])[None, :])

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Place y and x (z, ray) of the surface, in coarse voxels."""
        angle = (np.arange(CONSTANTS.rays) + 0.5) / CONSTANTS.rays * 2 * np.pi
        y = self.axis[0][:, None] + self.pleura_mm * np.sin(angle) / self.spacing[1]
        x = self.axis[1][:, None] + self.pleura_mm * np.cos(angle) / self.spacing[2]
        return y, x


def _polar(
    axis: np.ndarray, spacing: np.ndarray, z: np.ndarray | int, y: np.ndarray, x: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    along = (y - axis[0][z]) * spacing[1]
    across = (x - axis[1][z]) * spacing[2]
    share = np.arctan2(along, across) / (2 * np.pi)
    ray = np.floor((share + 1) * CONSTANTS.rays).astype(int) % CONSTANTS.rays
    return ray, np.hypot(along, across).astype(np.float32)


def pleural_surface(half: HalfChest) -> PleuralSurface:
    """Find the surface inside the ribs of one side.

    Aerated lung lies a wall's thickness inside the ribs. That thickness is measured where it does,
    and the ribs, which every scan shows, give the surface where it does not.

    Parameters
    ----------
    half : HalfChest
        One side with its lung.

    Returns
    -------
    PleuralSurface
        Around the lung's axis.

    Notes
    -----
    Own method.
    """
    c, spacing = CONSTANTS, half.spacing
    axis = _axis(half.lung)
    air = np.zeros((len(half.lung), c.rays), np.float32)
    z, y, x = np.nonzero(half.lung)
    ray, radius = _polar(axis, spacing, z, y, x)
    np.maximum.at(air, (z, ray), radius)
    z, y, x = np.nonzero((half.hu > costal.CONSTANTS.bone_hu) & (half.off > c.rib_off))
    ray, radius = _polar(axis, spacing, z, y, x)
    beyond = (radius > air[z, ray]) & (radius < _open_mm(half, axis, air)[z, ray])
    ribs = np.full(air.shape, np.inf, np.float32)
    np.minimum.at(ribs, (z[beyond], ray[beyond]), radius[beyond])
    smooth, share = _smooth_ribs(ribs, half)
    wall = (smooth - air)[(share > c.known) & (air > 0)]
    wall_mm = _wall_mm(wall[(wall > c.wall_mm[0]) & (wall < c.wall_mm[1])])
    pleura = np.where(share > c.known, np.maximum(smooth - wall_mm, 0), 0)
    gap = np.where(pleura > 0, np.maximum(pleura - air, 0), 0)
    sigma = (c.gap_smoothing_mm / spacing[0], c.gap_smoothing_rays)
    gap = ndimage.gaussian_filter(gap, sigma, mode=("nearest", "wrap"))
    return PleuralSurface(axis, spacing, air, pleura, gap)


def _wall_mm(to_ribs_mm: np.ndarray) -> float:
    """Thickness of the wall by distances (n,) of aerated lung to ribs; the usual one for few."""
    told = float(ramp(np.array(float(len(to_ribs_mm))), CONSTANTS.told_places))
    if told == 0:
        return CONSTANTS.usual_wall_mm
    return told * float(np.median(to_ribs_mm)) + (1 - told) * CONSTANTS.usual_wall_mm


def _open_mm(half: HalfChest, axis: np.ndarray, air_mm: np.ndarray) -> np.ndarray:
    """Distance (z, ray) from the axis beyond which there is open air: bones there are arms."""
    edge = half.open_air.copy()
    edge[:, 1:-1, 1:-1] &= ~(
        half.open_air[:, :-2, 1:-1]
        & half.open_air[:, 2:, 1:-1]
        & half.open_air[:, 1:-1, :-2]
        & half.open_air[:, 1:-1, 2:]
    )
    z, y, x = np.nonzero(edge)
    ray, radius = _polar(axis, half.spacing, z, y, x)
    beyond = radius > air_mm[z, ray]
    open_mm = np.full(air_mm.shape, np.inf, np.float32)
    np.minimum.at(open_mm, (z[beyond], ray[beyond]), radius[beyond])
    return open_mm


def _axis(lung: np.ndarray) -> np.ndarray:
    """Place y, x (2, z) of a smooth line through the middles of a lung's slices."""
    area = lung.sum(axis=(1, 2))
    z = np.flatnonzero(area)
    middle = z.mean()
    used = np.clip(np.arange(len(area)), z[0], z[-1]) - middle
    lines = []
    for axis in (1, 2):
        along = lung.sum(axis=3 - axis)[z]
        center = along @ np.arange(lung.shape[axis]) / area[z]
        degree = min(CONSTANTS.bend, len(z) - 1)
        fit = np.polyfit(z - middle, center, degree, w=np.sqrt(area[z]))
        lines.append(np.polyval(fit, used))
    return np.array(lines)


LEAST = 1e-6
"""Share to divide by where there is none."""


def _smooth_ribs(ribs: np.ndarray, half: HalfChest) -> tuple[np.ndarray, np.ndarray]:
    """Ribs' inner side (z, ray), averaged, and the share of places around that have ribs."""
    c = CONSTANTS
    has = np.isfinite(ribs)
    if not has.any():
        return np.zeros_like(ribs), np.zeros_like(ribs)
    nearest = ndimage.distance_transform_edt(~has, return_distances=False, return_indices=True)
    high = 2 * int(c.joined * half.half_width_mm / half.spacing[0]) + 1
    usual = rank_around(ribs[tuple(nearest)], (high, c.joined_rays), c.rank_percent)
    sure = np.where(has, 1 - ramp(np.abs(np.where(has, ribs, 0) - usual), c.off_mm), 0)
    sigma = (c.smoothing_mm / half.spacing[0], c.smoothing_rays)
    share, total = (
        ndimage.gaussian_filter(values.astype(np.float32), sigma, mode=("nearest", "wrap"))
        for values in (sure, np.where(sure > 0, sure * np.where(has, ribs, 0), 0))
    )
    return total / np.maximum(share, LEAST), share


def rank_around(values: np.ndarray, size: tuple[int, int], percent: float) -> np.ndarray:
    """Percentile of values (z, ray) over a window; rays go round."""
    high, wide = size[0] // 2, size[1] // 2
    padded = np.pad(values, [(high, high), (0, 0)], mode="edge")
    padded = np.pad(padded, [(0, 0), (wide, wide)], mode="wrap")
    found: np.ndarray = ndimage.percentile_filter(padded, percent, size)
    return found[high : high + len(values), wide : wide + values.shape[1]]
