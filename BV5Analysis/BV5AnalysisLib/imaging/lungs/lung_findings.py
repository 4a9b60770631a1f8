"""Findings about the lungs: cut by the field of view, small, or with opacities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..model.finding import Finding, Severity
from ..model.scan import PADDING_BELOW_HU
from ..model.size_classes import LungLabel
from ..model.volume import Grid, Volume, triple
from ..numerics.blocks import block_means
from ..numerics.distances import distance_mm


@dataclass(frozen=True)
class LungFindingConstants(MethodConstants):
    """Thresholds of the findings, and how ground glass is measured."""

    cut_cm2: float = constant(
        1.0,
        "cm²",
        "Lung area at one side of the scan from which the lungs are cut.",
        "The tip of an apex or recess is smaller and holds little blood. Chosen by eye.",
    )
    low_volume_ml: float = constant(
        2500.0,
        "mL",
        "Volume below which the lungs are small.",
        "Adult lungs at full inspiration hold about twice as much.",
    )
    ground_glass_hu: tuple[float, float] = constant(
        (-700.0, -300.0),
        "HU",
        "Attenuation of ground glass, averaged over `smoothing_mm`.",
        "Denser than dependent healthy lung, less dense than consolidation. Chosen by eye.",
    )
    block_mm: float = constant(
        2.5,
        "mm",
        "Size of the blocks of voxels in which ground glass is measured.",
        "Finer than `smoothing_mm`; saves time. Chosen by eye.",
    )
    clip_hu: tuple[float, float] = constant(
        (-1024.0, 300.0),
        "HU",
        "Values are clipped to these before they are averaged.",
        "Air as scanners store it, and the densest tissue but bone and metal.",
    )
    half: float = constant(
        0.5,
        "1",
        "Share of a block from which it is lung, or consolidation.",
        "The majority of its voxels.",
    )
    smoothing_mm: float = constant(
        3.0,
        "mm",
        "Standard deviation of the Gaussian that attenuation is averaged with.",
        "Noise of 40 HU and the edges of small vessels vanish. Chosen by eye.",
    )
    least_weight: float = constant(
        1e-3,
        "1",
        "Share of the average that tissue has to make up for a block to be judged.",
        "Less is rounding.",
    )
    pleura_mm: float = constant(
        4.0,
        "mm",
        "Distance from the chest wall and consolidation within which tissue has no weight.",
        "Their blur looks like ground glass. Chosen by eye.",
    )
    notable_percent: float = constant(
        5.0,
        "%",
        "Share of the lungs from which ground glass is reported.",
        "Dependent density of healthy lungs reaches less.",
    )
    notable_consolidation_percent: float = constant(
        1.0,
        "%",
        "Share of the lungs from which consolidation is a warning rather than information.",
        "Less hides too little blood to matter. Chosen by eye.",
    )
    least_consolidation_ml: float = constant(
        1.0,
        "mL",
        "Volume from which consolidation is reported.",
        "Smaller pieces are within the error of the coarse grid. Chosen by eye.",
    )
    least_part_ml: float = constant(
        0.5,
        "mL",
        "Consolidation in one lung or region from which that part is named.",
        "Shown as 0 mL otherwise.",
    )


CONSTANTS = LungFindingConstants()


def lung_findings(
    volume: Volume,
    labels: np.ndarray,
    vessels: np.ndarray | None = None,
    consolidation: np.ndarray | None = None,
    regions: Mapping[str, np.ndarray] | None = None,
) -> tuple[Finding, ...]:
    """Judge the lungs of a scan.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU, LPS axes.
    labels : numpy.ndarray
        `LungLabel` values, (z, y, x).
    vessels : numpy.ndarray, optional
        Nonzero in vessels, so that they are not taken for opacities.
    consolidation : numpy.ndarray, optional
        Bool, where vessels were not searched.
    regions : mapping of str to numpy.ndarray, optional
        Bool masks of parts of the lungs by name; consolidation is reported for each.

    Returns
    -------
    tuple of Finding
        ``truncated_lungs`` (value in cm²), ``low_lung_volume`` (mL), ``ground_glass`` and
        ``consolidation`` (% of lung), where they apply.
    """
    findings = [truncation_finding(volume, labels), volume_finding(volume, labels)]
    ground_glass = ground_glass_percent(volume, labels, vessels, consolidation)
    if ground_glass >= CONSTANTS.notable_percent:
        findings.append(
            Finding(
                "ground_glass",
                Severity.WARNING,
                f"Ground glass fills about {ground_glass:.0f} % of the lungs: vessels stand out"
                " less in it.",
                ground_glass,
            )
        )
    findings.append(consolidation_finding(volume, labels, consolidation, regions))
    return tuple(finding for finding in findings if finding is not None)


def truncation_finding(volume: Volume, labels: np.ndarray) -> Finding | None:
    """Report the sides on which the field of view cuts the lungs; None if there are none."""
    lungs = labels > 0
    spacing = volume.grid.spacing_zyx
    axial, coronal, sagittal = np.prod(spacing) / spacing / 100.0
    sides = {
        "bottom": np.count_nonzero(lungs[0]) * axial,
        "top": np.count_nonzero(lungs[-1]) * axial,
        "front": np.count_nonzero(lungs[:, 0]) * coronal,
        "back": np.count_nonzero(lungs[:, -1]) * coronal,
        "right": np.count_nonzero(lungs[:, :, 0]) * sagittal,
        "left": np.count_nonzero(lungs[:, :, -1]) * sagittal,
        "edge of the round field of view": _padding_contact_cm2(volume, lungs),
    }
    cut = {side: area for side, area in sides.items() if area >= CONSTANTS.cut_cm2}
    if not cut:
        return None
    return Finding(
        "truncated_lungs",
        Severity.WARNING,
        f"The scan cuts the lungs ({', '.join(cut)}): volumes are of the part that is seen.",
        float(sum(cut.values())),
    )


def volume_finding(volume: Volume, labels: np.ndarray) -> Finding | None:
    """Report small lungs; None if they are not small."""
    total = float(np.count_nonzero(labels) * volume.grid.voxel_volume_ml)
    if total >= CONSTANTS.low_volume_ml:
        return None
    return Finding(
        "low_lung_volume",
        Severity.WARNING,
        f"The lungs hold only {total / 1000:.1f} L, less than those of most adults at full"
        " inspiration: vessels are closer together and of other sizes than there.",
        total,
    )


def consolidation_finding(
    volume: Volume,
    labels: np.ndarray,
    consolidation: np.ndarray | None,
    regions: Mapping[str, np.ndarray] | None = None,
) -> Finding | None:
    """Report how much of the lungs was left out as consolidation, and where.

    Parameters
    ----------
    volume : Volume
        For the size of its voxels.
    labels : numpy.ndarray
        `LungLabel` values.
    consolidation : numpy.ndarray or None
        Bool, the same shape.
    regions : mapping of str to numpy.ndarray, optional
        Bool masks of parts of the lungs by name.

    Returns
    -------
    Finding or None
        Its value is % of the lungs; None if there is less than ``least_consolidation_ml``.
    """
    if consolidation is None:
        return None
    inside = consolidation & (labels > 0)
    milliliters = np.count_nonzero(inside) * volume.grid.voxel_volume_ml
    if milliliters < CONSTANTS.least_consolidation_ml:
        return None
    percent = 100.0 * np.count_nonzero(inside) / np.count_nonzero(labels)
    parts = {"right": labels == LungLabel.RIGHT, "left": labels == LungLabel.LEFT}
    # A region may have a lung's name; the lung itself is reported then.
    parts |= {name: mask for name, mask in (regions or {}).items() if name not in parts}
    in_parts = {
        name: np.count_nonzero(inside & (mask != 0)) * volume.grid.voxel_volume_ml
        for name, mask in parts.items()
    }
    where = ", ".join(
        f"{name} {ml:.0f} mL" for name, ml in in_parts.items() if ml >= CONSTANTS.least_part_ml
    )
    notable = percent >= CONSTANTS.notable_consolidation_percent
    return Finding(
        "consolidation",
        Severity.WARNING if notable else Severity.INFO,
        f"Consolidation fills at least {percent:.{0 if notable else 1}f} % of the lungs"
        f" ({milliliters:.0f} mL; {where}): it is left out, and vessels inside it are missing from"
        " the volumes. What lies broadly on the chest wall is not in the lung mask and not counted"
        " here.",
        percent,
    )


def ground_glass_percent(
    volume: Volume,
    labels: np.ndarray,
    vessels: np.ndarray | None = None,
    consolidation: np.ndarray | None = None,
) -> float:
    """Measure how much of the lungs is ground glass.

    Attenuation outside vessels and consolidation is averaged over ``smoothing_mm``, so that noise
    and edges do not count.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU.
    labels : numpy.ndarray
        `LungLabel` values.
    vessels, consolidation : numpy.ndarray, optional
        Nonzero in vessels and in consolidation.

    Returns
    -------
    float
        Percent of the lungs' volume.
    """
    where = ndimage.find_objects((labels > 0).view(np.uint8))
    if not where:
        return 0.0
    box = where[0]
    lungs = labels[box] > 0
    # One voxel around a vessel is half vessel.
    blood = np.zeros_like(lungs) if vessels is None else ndimage.binary_dilation(vessels[box] > 0)
    left_out = np.zeros_like(lungs) if consolidation is None else consolidation[box]
    tissue = lungs & ~blood & ~left_out
    factor = triple(max(1, round(CONSTANTS.block_mm / step)) for step in volume.grid.spacing_zyx)
    share, lung = block_means(tissue, factor), block_means(lungs, factor) > CONSTANTS.half
    aerated = lung & (block_means(left_out, factor) < CONSTANTS.half)
    total = block_means(np.where(tissue, volume.array[box], 0), factor, CONSTANTS.clip_hu)
    spacing = volume.grid.spacing_zyx * factor
    grid = Grid(triple(lung.shape[::-1]), triple(map(float, spacing[::-1])))
    # The blur of the chest wall and of consolidation must not count.
    pleura_mm = CONSTANTS.pleura_mm
    weight = (distance_mm(aerated, grid, 2 * pleura_mm) > pleura_mm).astype(np.float32)
    sigma = CONSTANTS.smoothing_mm / spacing
    around = ndimage.gaussian_filter(share * weight, sigma)
    mean = ndimage.gaussian_filter(total * weight, sigma) / np.maximum(around, 1e-6)
    lowest_hu, highest_hu = CONSTANTS.ground_glass_hu
    hazy = aerated & (around > CONSTANTS.least_weight)
    hazy &= (mean > lowest_hu) & (mean < highest_hu)
    return 100.0 * float(np.count_nonzero(hazy)) / max(1, int(np.count_nonzero(lung)))


def _padding_contact_cm2(volume: Volume, lungs: np.ndarray) -> float:
    """Area over which lungs touch voxels outside the scanner's field of view, cm²."""
    lowest_hu = min(volume.array[0].min(), volume.array[-1].min())
    if lowest_hu >= PADDING_BELOW_HU:
        return 0.0
    padding = volume.array < PADDING_BELOW_HU
    spacing = volume.grid.spacing_zyx
    total_cm2 = 0.0
    for axis in (1, 2):
        padding_along, lungs_along = np.moveaxis(padding, axis, 0), np.moveaxis(lungs, axis, 0)
        touching = np.count_nonzero(padding_along[1:] & lungs_along[:-1])
        touching += np.count_nonzero(padding_along[:-1] & lungs_along[1:])
        total_cm2 += touching * float(np.prod(spacing) / spacing[axis]) / 100.0
    return total_cm2
