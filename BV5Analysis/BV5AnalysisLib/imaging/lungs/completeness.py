"""Whether a scan shows the lungs, or a slab of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from ..model.volume import Volume


@dataclass(frozen=True)
class CompletenessConstants(MethodConstants):
    """Limits of what is taken for a whole pair of lungs."""

    large_cut: float = constant(
        0.2,
        "1",
        "Area of the lungs in the scan's first or last slice, as a share of their largest axial"
        " area, from which the cut is large.",
        "A recess or apex that is cut off is smaller and holds a few percent of the lungs.",
    )
    least_height: float = constant(
        0.5,
        "1",
        "Height of the lungs over their width below which most of them is missing, where they are"
        " cut at all.",
        "Whole pairs of lungs have 0.8 to 1.0, and 0.6 in kyphosis or expiration.",
    )


CONSTANTS = CompletenessConstants()


def is_slab(lungs: Volume) -> bool:
    """Whether a scan cuts so much off the lungs that their totals mean nothing.

    That is a large cut both at the lower and the upper end, or one of them where what is left is
    much lower than wide.

    Parameters
    ----------
    lungs : Volume
        `LungLabel` values, LPS axes.

    Returns
    -------
    bool
        False for lungs that are cut at one end only and are mostly there.
    """
    inside = lungs.array > 0
    area = np.array([np.count_nonzero(plane) for plane in inside])
    if not area.any():
        return False
    large = area[[0, -1]] >= CONSTANTS.large_cut * area.max()
    spacing = lungs.grid.spacing_zyx
    columns = np.zeros(inside.shape[2], bool)
    for plane in inside:
        columns |= plane.any(axis=0)
    height_mm = np.ptp(np.flatnonzero(area)) * spacing[0]
    width_mm = np.ptp(np.flatnonzero(columns)) * spacing[2]
    return bool(large.all() or (large.any() and height_mm < CONSTANTS.least_height * width_mm))
