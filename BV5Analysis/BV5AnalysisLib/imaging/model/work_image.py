"""The lungs on the grid that vessels are found on: attenuation, masks and spacing as one value."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class WorkImage:
    """Lungs resampled for measuring; the steps read it and change nothing in it.

    Attributes
    ----------
    hu : numpy.ndarray
        Attenuation, float32 (z, y, x), HU.
    lung : numpy.ndarray
        Lung without airways and opacities (bool), the same shape.
    core : numpy.ndarray
        `lung` without its outermost layer, where chest wall mixes in (bool), the same shape.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.
    """

    hu: np.ndarray
    lung: np.ndarray
    core: np.ndarray
    spacing: np.ndarray

    def with_hu(self, hu: np.ndarray) -> WorkImage:
        """Return other attenuation (z, y, x), HU, with the same masks and spacing."""
        return dataclasses.replace(self, hu=hu)

    def filled(self, outside_hu: float) -> WorkImage:
        """Copy whose attenuation outside `core` is one value, so that the edge shows nothing."""
        return self.with_hu(np.where(self.core, self.hu, np.float32(outside_hu)))
