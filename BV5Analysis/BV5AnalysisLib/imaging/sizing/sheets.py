"""Lines along sheets, such as fissures, taken out from among vessels."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model.constants import MethodConstants, constant
from ..numerics.rows import running_medians
from ..vessels.branches import Branches, cut_branches
from .cross_sections import CrossSections


@dataclass(frozen=True)
class SheetConstants(MethodConstants):
    """Tuned numbers of recognizing lines along sheets."""

    flat: float = constant(
        0.4,
        "1",
        "Flatness above which a line is of a sheet.",
        "Measured on phantoms: vessels are above it over 0.5 % of their length, lines along"
        " fissures over 70 %.",
    )
    window_mm: float = constant(
        10.0,
        "mm",
        "Length over which the median of the flatness is taken.",
        "Chosen by eye: a vessel that touches a fissure or has neighbors on both sides has them"
        " for less.",
    )
    largest_mm2: float = constant(
        10.0,
        "mm²",
        "Area from which on a line is never a sheet's.",
        "Chosen by eye: wide vessels may have others on both sides, as in the hila.",
    )
    shortest_mm: float = constant(
        3.0,
        "mm",
        "Length below which pieces of branches between sheets go with them.",
        "Chosen by eye.",
    )


CONSTANTS = SheetConstants()


def without_sheets(branches: Branches, sections: CrossSections) -> tuple[Branches, CrossSections]:
    """Leave out what goes on sideways as it does lengthwise.

    A fissure that is not quite even, or that thick slices cut into steps, shows ridges along it.

    Parameters
    ----------
    branches : Branches
        Centerlines.
    sections : CrossSections
        One a point of `branches`.

    Returns
    -------
    Branches, CrossSections
        Those that are tubes.

    Notes
    -----
    Own method.
    """
    keep = np.ones(len(branches.position_mm), bool)
    flatness = np.where(sections.csa_mm2 < CONSTANTS.largest_mm2, sections.flatness, 0.0)
    start = branches.branch_start
    step_mm = branches.step_mm[start[:-1]]
    window = np.rint(CONSTANTS.window_mm / step_mm).astype(int)
    width = np.minimum(window, np.diff(start)) // 2 * 2 + 1
    flat = running_medians(flatness, start, width) > CONSTANTS.flat
    shortest = np.maximum(1, np.rint(CONSTANTS.shortest_mm / step_mm).astype(int))
    for number in np.unique(branches.branch_id[flat]):
        piece = slice(start[number], start[number + 1])
        keep[piece] = ndimage.binary_opening(~flat[piece], np.ones(shortest[number]))
    fields = dataclasses.fields(sections)
    kept = CrossSections(*(getattr(sections, field.name)[keep] for field in fields))
    return cut_branches(branches, keep), kept
