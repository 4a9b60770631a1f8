"""What each voxel of a chest phantom truly is."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class TissueKind(IntEnum):
    """Kind of tissue at a voxel's center; the values are label values. Vessels are not drawn.

    What belongs to the lungs is `LUNG` and above.
    """

    OUTSIDE = 0
    SOFT_TISSUE = 1
    BONE = 2
    GREAT_VESSEL = 3
    BOWEL_GAS = 4
    ESOPHAGUS_AIR = 5
    TABLE = 6
    EFFUSION = 7
    NODE = 8
    CENTRAL_AIRWAY = 9
    LUNG = 10
    BULLA = 11
    GROUND_GLASS = 12
    RETICULATION = 13
    CONSOLIDATION = 14
    MASS = 15
    CAVITY = 16


def share_inside(distance_mm: np.ndarray, blur_mm: float) -> np.ndarray:
    """Share of voxels within a surface, from their distance into it; as `disease.ramp`, float32."""
    # A box of that standard deviation is √12 times as wide.
    share = np.multiply(distance_mm, 1 / (12**0.5 * max(float(blur_mm), 1e-3)), dtype=np.float32)
    share += np.float32(0.5)
    return np.asarray(np.clip(share, 0, 1, out=share))
