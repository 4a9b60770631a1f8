"""Lines along sheets, such as fissures, told from vessels."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
from scipy import ndimage

from ..vessels.branches import Branches, keep_points
from .cross_sections import CrossSections

FLAT = 0.4
"""Flatness of a sheet. Measured on phantoms: vessels are above it over 0.5 % of their length, lines
along fissures over 70 %."""

WINDOW_MM = 10.0
"""Length over which the median of the flatness is taken: a vessel that touches a fissure or has
neighbors on both sides has them for less."""

LARGEST_MM2 = 10.0
"""A sheet is not taken for more; wide vessels may have others on both sides, as in the hila."""

SHORTEST_MM = 3.0
"""Pieces of branches between sheets that are shorter go with them."""


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
    flatness = np.where(sections.csa_mm2 < LARGEST_MM2, sections.flatness, 0.0)
    for start, stop in pairwise(branches.branch_start):
        piece = slice(start, stop)
        step_mm = branches.step_mm[start]
        width = min(round(WINDOW_MM / step_mm), stop - start) // 2 * 2 + 1
        flat = ndimage.median_filter(flatness[piece], size=width, mode="nearest") > FLAT
        if flat.any():
            rest = ndimage.binary_opening(~flat, np.ones(max(1, round(SHORTEST_MM / step_mm))))
            keep[piece] = rest
    fields = dataclasses.fields(sections)
    kept = CrossSections(*(getattr(sections, field.name)[keep] for field in fields))
    return keep_points(branches, keep), kept
