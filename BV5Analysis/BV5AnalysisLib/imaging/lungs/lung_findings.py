"""Findings that the lungs themselves show: cut off, small, or filled with something but air."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from ..model.finding import Finding, Severity
from ..model.size_classes import LungLabel
from ..model.volume import Grid, Volume
from ..numerics.blocks import block_means
from ..numerics.distances import distance_mm
from .chest import PADDING_HU

CUT_CM2 = 1.0
"""Lung cross-section at the edge of the scan from which lungs count as cut."""
LOW_VOLUME_ML = 2500.0
"""Adult lungs at full inspiration hold about twice as much."""
GROUND_GLASS_HU = (-700.0, -300.0)
BLOCK_MM = 2.5
SMOOTHING_MM = 3.0
PLEURA_MM = 4.0
NOTABLE_PERCENT = 5.0
"""Ground glass below it is within what dependent density makes of healthy lungs."""
NOTABLE_CONSOLIDATION_PERCENT = 1.0
"""Less of it hides no blood that matters."""
LEAST_CONSOLIDATION_ML = 1.0


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
        Bool, what the vessels were not looked for in.
    regions : mapping of str to numpy.ndarray, optional
        Bool masks of parts of the lungs by name; consolidation is told for each.

    Returns
    -------
    tuple of Finding
        ``truncated_lungs`` (value in cm²), ``low_lung_volume`` (mL), ``ground_glass`` and
        ``consolidation`` (% of lung), where they apply.
    """
    findings = [truncation_finding(volume, labels), volume_finding(volume, labels)]
    ground_glass = ground_glass_percent(volume, labels, vessels, consolidation)
    if ground_glass >= NOTABLE_PERCENT:
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
    """Tell where the field of view cuts the lungs; None where it does not."""
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
    cut = {side: area for side, area in sides.items() if area >= CUT_CM2}
    if not cut:
        return None
    return Finding(
        "truncated_lungs",
        Severity.WARNING,
        f"The scan cuts the lungs ({', '.join(cut)}): volumes are of the part that is seen.",
        float(sum(cut.values())),
    )


def volume_finding(volume: Volume, labels: np.ndarray) -> Finding | None:
    """Tell that the lungs are small; None where they are not."""
    total = float(np.count_nonzero(labels) * volume.grid.voxel_volume_ml)
    if total >= LOW_VOLUME_ML:
        return None
    return Finding(
        "low_lung_volume",
        Severity.WARNING,
        f"The lungs hold only {total / 1000:.1f} L: expiration or disease crowds the vessels, which"
        " changes their sizes.",
        total,
    )


def consolidation_finding(
    volume: Volume,
    labels: np.ndarray,
    consolidation: np.ndarray | None,
    regions: Mapping[str, np.ndarray] | None = None,
) -> Finding | None:
    """Tell how much of the lungs was left out as consolidation, and where.

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
        Its value is % of the lungs; None where there is less than `LEAST_CONSOLIDATION_ML`.
    """
    if consolidation is None:
        return None
    inside = consolidation & (labels > 0)
    milliliters = np.count_nonzero(inside) * volume.grid.voxel_volume_ml
    if milliliters < LEAST_CONSOLIDATION_ML:
        return None
    percent = 100.0 * np.count_nonzero(inside) / np.count_nonzero(labels)
    parts = {"right": labels == LungLabel.RIGHT, "left": labels == LungLabel.LEFT}
    # A region may have a lung's name; then the lung itself is told.
    parts |= {name: mask for name, mask in (regions or {}).items() if name not in parts}
    in_parts = {
        name: np.count_nonzero(inside & (mask != 0)) * volume.grid.voxel_volume_ml
        for name, mask in parts.items()
    }
    where = ", ".join(f"{name} {ml:.0f} mL" for name, ml in in_parts.items() if ml >= 0.5)
    notable = percent >= NOTABLE_CONSOLIDATION_PERCENT
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

    Attenuation outside vessels and consolidation is averaged over millimeters, so that noise and
    edges do not count.

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
    factor = tuple(max(1, round(BLOCK_MM / spacing)) for spacing in volume.grid.spacing_zyx)
    share, lung = block_means(tissue, factor), block_means(lungs, factor) > 0.5
    aerated = lung & (block_means(left_out, factor) < 0.5)
    total = block_means(np.where(tissue, volume.array[box], 0), factor, (-1024.0, 300.0))
    spacing = volume.grid.spacing_zyx * factor
    grid = Grid(lung.shape[::-1], tuple(float(v) for v in spacing[::-1]))
    # The chest wall's blur and the edge of consolidation must not weigh in.
    weight = (distance_mm(aerated, grid, 2 * PLEURA_MM) > PLEURA_MM).astype(np.float32)
    sigma = SMOOTHING_MM / spacing
    around = ndimage.gaussian_filter(share * weight, sigma)
    mean = ndimage.gaussian_filter(total * weight, sigma) / np.maximum(around, 1e-6)
    hazy = aerated & (around > 1e-3)
    hazy &= (mean > GROUND_GLASS_HU[0]) & (mean < GROUND_GLASS_HU[1])
    return 100.0 * float(np.count_nonzero(hazy)) / max(1, np.count_nonzero(lung))


def _padding_contact_cm2(volume: Volume, lungs: np.ndarray) -> float:
    """Area over which lungs touch what the scanner marked as outside its field of view."""
    if volume.array[0].min() >= PADDING_HU and volume.array[-1].min() >= PADDING_HU:
        return 0.0
    padding = volume.array < PADDING_HU
    spacing = volume.grid.spacing_zyx
    count = 0.0
    for axis in (1, 2):
        step = [slice(None)] * 3
        back = [slice(None)] * 3
        step[axis], back[axis] = slice(1, None), slice(None, -1)
        step, back = tuple(step), tuple(back)
        touching = np.count_nonzero(padding[step] & lungs[back])
        touching += np.count_nonzero(padding[back] & lungs[step])
        count += touching * float(np.prod(spacing) / spacing[axis]) / 100.0
    return count
