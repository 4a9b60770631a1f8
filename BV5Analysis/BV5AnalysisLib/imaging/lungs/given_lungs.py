"""Lungs that a user gives: right and left follow from their place, not from label values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import AnalysisError
from ..model.constants import MethodConstants, constant
from ..model.orientation import Orientation
from ..model.size_classes import LungLabel
from ..model.volume import Grid, Volume, triple
from ..numerics.distances import distance_mm
from . import survey
from .sides import split_sides


@dataclass(frozen=True)
class GivenLungsConstants(MethodConstants):
    """Tuned numbers of masks that a user gives."""

    least_separation: float = constant(
        0.25,
        "1",
        "Smallest distance of two lungs' centers from right to left, by their common width.",
        "The centers of two lungs are about half their width apart; of two lobes, less.",
    )


CONSTANTS = GivenLungsConstants()


def given_lungs(mask: Volume, orientation: Orientation) -> np.ndarray:
    """Turn a given mask to LPS axes and assign right and left.

    Parameters
    ----------
    mask : Volume
        0 outside. Two labels are one lung each, whatever their values; one label, or more than two
        such as lobes, are split by side.
    orientation : Orientation
        Of the scan.

    Returns
    -------
    numpy.ndarray
        uint8 `LungLabel` values, (z, y, x), LPS axes.

    Raises
    ------
    AnalysisError
        The mask does not lie on the scan's grid, is empty, or holds only one lung or next to
        nothing.
    """
    if not mask.grid.matches(orientation.grid):
        raise AnalysisError("The lung mask does not lie on the scan's voxel grid; resample it.")
    labels = orientation.turn(mask.array)
    values = [value for value in np.unique(labels) if value != 0]
    if len(values) == 0:
        raise AnalysisError("The lung mask is empty; give one that covers both lungs.")
    columns = [np.nonzero(labels == value)[2].mean() for value in values[:2]]
    width = np.ptp(np.nonzero((labels != 0).any(axis=(0, 1)))[0]) + 1
    # Two labels may also be parts of one lung, such as one above the other.
    separation = abs(columns[0] - columns[1]) if len(values) == 2 else 0.0
    if separation > CONSTANTS.least_separation * width:
        left = labels == values[int(np.argmax(columns))]
    else:
        left = _left_side(labels != 0, orientation.turned_grid())
    sides = np.where(left, LungLabel.LEFT, LungLabel.RIGHT).astype(np.uint8)
    sides[labels == 0] = 0
    return sides


def _left_side(lungs: np.ndarray, grid: Grid) -> np.ndarray:
    """Bool: nearer to the left lung than to the right; split on a coarse grid."""
    step = np.maximum(1, np.rint(survey.CONSTANTS.coarse_mm / grid.spacing_zyx)).astype(int)
    thin = lungs[tuple(slice(None, None, along) for along in step)]
    spacing = triple(map(float, (grid.spacing_zyx * step)[::-1]))
    coarse = Grid(triple(thin.shape[::-1]), spacing)
    # What is thinner than the step may be between the voxels that are looked at.
    right, left = split_sides(np.ascontiguousarray(thin), coarse) if thin.any() else (thin, thin)
    if not right.any() or not left.any():
        raise AnalysisError(
            "The lung mask covers only one lung, or too little to tell right from left; give one"
            " that covers both, or none to have them segmented."
        )
    nearer_left = distance_mm(~left, coarse) < distance_mm(~right, coarse)
    for axis, along in enumerate(step):
        nearer_left = np.repeat(nearer_left, along, axis)
    return nearer_left[tuple(slice(size) for size in lungs.shape)]
