"""How sure the size class of a branch is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from ..model.centerlines import Centerlines
from ..model.constants import MethodConstants, constant
from ..model.size_classes import SizeClass
from ..parameters import Parameters


@dataclass(frozen=True)
class ConfidenceConstants(MethodConstants):
    """Tuned numbers of the error that all readings of a branch have in common."""

    systematic_share: float = constant(
        0.03,
        "1",
        "Its standard deviation as a share of the area: blood's attenuation is an estimate.",
        "Measured: areas of wide vessels are off by 2 to 3 % (benchmarks/accuracy.md).",
    )
    systematic_mm2: float = constant(
        0.1,
        "mm²",
        "Its standard deviation whatever the area: what lies along a vessel, such as an airway's"
        " wall, adds an area of its own.",
        "Measured: with both, classes are right as often as said (benchmarks/confidence.md).",
    )


CONSTANTS = ConfidenceConstants()


def branch_class(centerlines: Centerlines, parameters: Parameters) -> np.ndarray:
    """Size class of each branch.

    Parameters
    ----------
    centerlines : Centerlines
        b branches.
    parameters : Parameters
        Class bounds.

    Returns
    -------
    numpy.ndarray
        (b,) uint8 `SizeClass` values: the class of the mean area, or `SizeClass.HILAR` where most
        of a branch is; where most of it was set by hand, the class that most of it has.
    """
    by_area = parameters.size_class(centerlines.mean_csa_mm2)
    most_mm = np.stack(
        [
            centerlines.branch_sum(centerlines.point_length_mm * (centerlines.size_class == kind))
            for kind in SizeClass
        ],
        axis=1,
    )
    most = np.array(list(SizeClass), np.uint8)[most_mm.argmax(axis=1)]
    taken = _is_by_hand(centerlines) | (most == SizeClass.HILAR)
    return np.where(taken, most, by_area)


def class_confidence(centerlines: Centerlines, parameters: Parameters) -> np.ndarray:
    """Probability that the mean area of each branch lies in the branch's class.

    The area found is off by a normal error of two parts: the scatter of the branch's own readings,
    and what they have in common, such as a neighbor or the estimate of blood.

    Parameters
    ----------
    centerlines : Centerlines
        b branches.
    parameters : Parameters
        Class bounds.

    Returns
    -------
    numpy.ndarray
        (b,) 0 to 1; 1 where most of a branch was set by hand.
    """
    low, high = _class_range_mm2(centerlines, parameters)
    area, error = centerlines.mean_csa_mm2, area_error_mm2(centerlines)
    inside = special.ndtr((high - area) / error) - special.ndtr((low - area) / error)
    return np.where(_is_by_hand(centerlines), 1.0, inside)


def distance_to_bound_mm2(centerlines: Centerlines, parameters: Parameters) -> np.ndarray:
    """Distance of the mean area of each branch from the nearest bound of its class by area.

    Parameters
    ----------
    centerlines : Centerlines
        b branches.
    parameters : Parameters
        Class bounds.

    Returns
    -------
    numpy.ndarray
        (b,) mm², none negative.
    """
    bounds = _bounds_mm2(parameters)
    distance: np.ndarray = np.abs(centerlines.mean_csa_mm2[:, None] - bounds).min(axis=1)
    return distance


def area_error_mm2(centerlines: Centerlines) -> np.ndarray:
    """Estimate the standard error (b,) of each branch's mean area, its common part included."""
    common = np.hypot(
        CONSTANTS.systematic_share * centerlines.mean_csa_mm2, CONSTANTS.systematic_mm2
    )
    return np.asarray(np.hypot(centerlines.csa_error_mm2, common))


def _class_range_mm2(
    centerlines: Centerlines, parameters: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound (b,) of the class of each branch's mean area."""
    edges = np.concatenate([[-np.inf], _bounds_mm2(parameters), [np.inf]])
    index = np.searchsorted(edges, centerlines.mean_csa_mm2, side="right")
    return edges[index - 1], edges[index]


def _bounds_mm2(parameters: Parameters) -> np.ndarray:
    """Areas at which the class changes."""
    bounds = np.array([parameters.minimum_csa_mm2, *parameters.class_bounds_mm2])
    return np.asarray(bounds[bounds > 0])


def _is_by_hand(centerlines: Centerlines) -> np.ndarray:
    """Whether most of each branch (b,) had its class set by hand."""
    by_hand_mm = centerlines.branch_sum(centerlines.point_length_mm * centerlines.class_by_hand)
    return np.asarray(by_hand_mm > 0.5 * centerlines.length_mm)
