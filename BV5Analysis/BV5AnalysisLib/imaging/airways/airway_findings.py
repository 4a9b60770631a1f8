"""Findings about the airways: lungs that the tree does not reach into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from ..model.finding import Finding, Severity
from ..model.size_classes import LungLabel
from ..model.volume import Grid


@dataclass(frozen=True)
class AirwayFindingConstants(MethodConstants):
    """When a tree is incomplete."""

    least_share: float = constant(
        0.0002,
        "1",
        "Air in the bronchi inside a lung, as a share of the lung, below which they are missing.",
        "Half of the lobar bronchi: 1 mL each, of 8 mm by 20 mm, in a lung of 2.5 L.",
    )
    every: int = constant(
        2,
        "voxels",
        "Every which voxel is looked at.",
        "A lobar bronchus is several voxels wide; saves time.",
    )


CONSTANTS = AirwayFindingConstants()


def airway_findings(grid: Grid, lungs: np.ndarray, airways: np.ndarray) -> tuple[Finding, ...]:
    """Judge whether the airways were followed into both lungs.

    Parameters
    ----------
    grid : Grid
        Of both masks, LPS axes.
    lungs : numpy.ndarray
        `LungLabel` values, (z, y, x).
    airways : numpy.ndarray
        Bool, lumen of trachea and bronchi.

    Returns
    -------
    tuple of Finding
        ``airways_incomplete``, its value the least air found in a lung's bronchi, mL; none if the
        tree reaches into both.
    """
    part = (slice(None, None, CONSTANTS.every),) * 3
    voxel_ml = grid.voxel_volume_ml * CONSTANTS.every**3
    labels, lumen = lungs[part], airways[part]
    missing = {}
    for name, label in (("right", LungLabel.RIGHT), ("left", LungLabel.LEFT)):
        lung = labels == label
        air_ml = float(np.count_nonzero(_surrounded(lumen, lung))) * voxel_ml
        if air_ml < CONSTANTS.least_share * float(np.count_nonzero(lung)) * voxel_ml:
            missing[name] = air_ml
    if not missing:
        return ()
    where = " and ".join(missing)
    return (
        Finding(
            "airways_incomplete",
            Severity.WARNING,
            f"The bronchi of the {where} lung were not followed: walls of large bronchi may count"
            " as vessels there.",
            min(missing.values()),
        ),
    )


def _surrounded(lumen: np.ndarray, lung: np.ndarray) -> np.ndarray:
    """Lumen with lung on both sides of it, from right to left or from front to back."""
    surrounded = np.zeros_like(lumen)
    for axis in (1, 2):
        before = np.logical_or.accumulate(lung, axis)
        after = np.flip(np.logical_or.accumulate(np.flip(lung, axis), axis), axis)
        surrounded |= before & after
    found: np.ndarray = lumen & surrounded
    return found
