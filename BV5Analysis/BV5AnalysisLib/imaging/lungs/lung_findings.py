"""Findings about the lungs: cut by the field of view, or small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from ..model.finding import Finding, Severity
from ..model.scan import PADDING_BELOW_HU
from ..model.volume import Volume


@dataclass(frozen=True)
class LungFindingConstants(MethodConstants):
    """Thresholds of the findings."""

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


CONSTANTS = LungFindingConstants()


def lung_findings(volume: Volume, labels: np.ndarray) -> tuple[Finding, ...]:
    """Judge the lungs of a scan.

    Parameters
    ----------
    volume : Volume
        Attenuation in HU, LPS axes.
    labels : numpy.ndarray
        `LungLabel` values, (z, y, x).

    Returns
    -------
    tuple of Finding
        ``truncated_lungs`` (value in cm²) and ``low_lung_volume`` (mL), where they apply.
    """
    findings = [truncation_finding(volume, labels), volume_finding(volume, labels)]
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
