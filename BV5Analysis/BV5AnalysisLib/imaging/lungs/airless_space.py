"""Where airless tissue between aerated lung and the ribs is looked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..numerics.gradual import HALF
from .hila import ramp
from .pleural_surface import HalfChest, PleuralSurface


@dataclass(frozen=True)
class AirlessSpaceConstants(MethodConstants):
    """Tuned numbers of the space at ribs; places are shares of the lungs' half-width or depth."""

    gap: tuple[float, float] = constant(
        (0.022, 0.052),
        "1",
        "Tissue between lung and the surface inside the ribs from which it begins to be looked at,"
        " and is in full, by the half-width.",
        "3 and 7 mm in an adult. Healthy lungs are up to 3 mm off that surface: extrapleural fat,"
        " muscle, coarse voxels.",
    )
    lateral: tuple[float, float] = constant(
        (0.45, 0.6),
        "1",
        "Distance of the surface from the middle from which only pleura lies at ribs.",
        "Aorta, esophagus and heart are nearer to the middle, an unfolded aorta is up to 0.45.",
    )
    flank: tuple[float, float] = constant(
        (0.5, 0.75), "1", "Places whose gap tells how thick airless tissue is.", "Behind the lung."
    )
    flank_behind: float = constant(
        0.1, "1", "The same along the depth.", "Behind the middle of the lung."
    )
    flank_edge: float = constant(
        0.03,
        "1",
        "Width over which these places begin and end.",
        "A direction around the lung, of 3 degrees: one of them in or out is no step.",
    )
    flank_gap: tuple[float, float] = constant(
        (0.015, 0.03),
        "1",
        "Gap there, by the half-width, from which airless tissue goes on towards the spine.",
        "Where the lung reaches the ribs, what lies nearer to the spine is aorta or muscle.",
    )
    medial_right: tuple[float, float] = constant(
        (0.15, 0.25), "1", "How far it goes on, right.", "Vertebrae are 0.15 wide."
    )
    medial_left: tuple[float, float] = constant(
        (0.25, 0.4), "1", "How far it goes on, left.", "The aorta lies beside the vertebrae."
    )
    medial_behind: tuple[float, float] = constant(
        (0.15, 0.3),
        "1",
        "The same along the depth.",
        "Ribs meet the spine a third of the depth behind the middle; before lie hilum and heart.",
    )
    behind: tuple[float, float] = constant(
        (-0.1, 0.05),
        "1",
        "Place along the depth from which airless tissue is looked for.",
        "In front lie heart and fat, which are as dense.",
    )
    wide_slice: float = constant(
        0.6,
        "1",
        "Share of a lung's largest area from which a slice is above most of the diaphragm.",
        "Below, liver, spleen and stomach lie beside the ribs.",
    )
    apex: tuple[float, float] = constant(
        (0.4, 0.6),
        "1",
        "A lung's area by its largest from which the surface is believed above its middle.",
        "Above the first rib bones of the shoulder are taken for ribs.",
    )
    apex_airless: tuple[float, float] = constant(
        (0.1, 0.2),
        "1",
        "Area inside the ribs by that of wide slices above thick airless tissue.",
        "Airless tissue goes on to the apex, where the ribs close.",
    )
    usual_percent: float = constant(
        80.0,
        "%",
        "Percentile of wide slices that is their area inside the ribs.",
        "Slices where few ribs are seen have less.",
    )
    thick: tuple[float, float] = constant(
        (0.03, 0.06),
        "1",
        "Airless tissue, by the half-width, that is thick enough for that.",
        "Twice `flank_gap`.",
    )
    thickest_mm: float = constant(
        20.0,
        "mm",
        "Gap that airless tissue is taken to be at most, at one place.",
        "A layer of two centimeters is thick, whatever is beyond.",
    )
    thick_smoothing_mm: float = constant(
        8.0,
        "mm",
        "Standard deviation over which its thickness is averaged along the body.",
        "A third of the distance of ribs.",
    )
    below_apex_mm: float = constant(
        8.0, "mm", "How far below it is measured.", "The air's own top is airless above."
    )


CONSTANTS = AirlessSpaceConstants()

LEAST_MM2 = 1.0
"""Area to divide by where no ribs are known."""


def first_wide_slice(lung: np.ndarray) -> int:
    """Lowest slice of a lung (z, y, x) that is above most of the diaphragm."""
    area = lung.sum(axis=(1, 2))
    return int(np.flatnonzero(area >= CONSTANTS.wide_slice * area.max())[0])


def space_at_ribs(
    half: HalfChest, surface: PleuralSurface, number: int, lowest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find what lies between a lung and the ribs, as far as it is thick enough to be airless.

    Parameters
    ----------
    half : HalfChest
        One side with its lung.
    surface : PleuralSurface
        Around that lung.
    number : int
        0 for the right one, 1 for the left.
    lowest : int
        First slice that is looked at.

    Returns
    -------
    inside, gap : numpy.ndarray
        Bool, (z, y, x): inside the ribs, and between them and aerated lung.
    """
    c = CONSTANTS
    share = ramp(surface.gap_mm / half.half_width_mm, c.gap) * _costal(
        half, surface, number, lowest
    )
    inside, gap = np.zeros_like(half.lung), np.zeros_like(half.lung)
    for z in range(half.top + 1):
        ray, radius = surface.plane(z, half.lung.shape)
        inside[z] = radius < surface.pleura_mm[z][ray]
        gap[z] = inside[z] & (radius > surface.air_mm[z][ray]) & (share[z][ray] > HALF)
    gap &= (half.off > 0) & (ramp(half.behind, c.behind) > HALF)[:, None]
    gap[:lowest] = False
    return inside, gap


def _costal(half: HalfChest, surface: PleuralSurface, number: int, lowest: int) -> np.ndarray:
    """How surely (z, ray) the surface lies at ribs with only pleura inside, 0 to 1."""
    c = CONSTANTS
    known = surface.pleura_mm > 0
    y, x = surface.places()
    off = np.interp(x, np.arange(len(half.off)), half.off)
    behind = np.interp(y, np.arange(len(half.behind)), half.behind)
    edge = c.flank_edge / 2
    flank = known * ramp(off, (c.flank[0] - edge, c.flank[0] + edge))
    flank *= ramp(off, (c.flank[1] + edge, c.flank[1] - edge))
    flank *= ramp(behind, (c.flank_behind - edge, c.flank_behind + edge))
    thick = (flank * np.minimum(surface.gap_mm, c.thickest_mm)).sum(axis=1)
    thick /= np.maximum(flank.sum(axis=1), 1.0)
    thick = ndimage.gaussian_filter1d(thick, c.thick_smoothing_mm / half.spacing[0])
    area = half.lung.sum(axis=(1, 2))
    within = (surface.pleura_mm**2).sum(axis=1)
    wide = area >= c.wide_slice * area.max()
    usual = max(float(np.percentile(within[wide], c.usual_percent)), LEAST_MM2)
    high = np.maximum(
        ramp(area / area.max(), c.apex),
        _thick_below(thick, lowest, half) * ramp(within / usual, c.apex_airless),
    )
    medial = ramp(thick / half.half_width_mm, c.flank_gap)[:, None] * ramp(
        off, c.medial_right if number == 0 else c.medial_left
    )
    medial *= ramp(behind, c.medial_behind)
    costal = np.maximum(ramp(off, c.lateral), medial)
    return np.asarray(costal * ramp(behind, c.behind) * high[:, None] * known)


def _thick_below(thick_mm: np.ndarray, lowest: int, half: HalfChest) -> np.ndarray:
    """How surely (z,) all is thick from the lung's middle up to a little below a slice, 0 to 1."""
    highest = int(np.flatnonzero(half.lung.any(axis=(1, 2)))[-1])
    middle = (lowest + highest) // 2
    least = thick_mm.copy()
    least[middle:] = np.minimum.accumulate(least[middle:])
    below = np.arange(len(least)) - int(CONSTANTS.below_apex_mm / half.spacing[0])
    return ramp(least[np.clip(below, 0, highest)] / half.half_width_mm, CONSTANTS.thick)
