"""The part of a scan that airways grow in: cubes, calmed where the scan is noisy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.constants import MethodConstants, constant
from ..model.volume import Volume


@dataclass(frozen=True)
class GrowthImageConstants(MethodConstants):
    """When and how a noisy scan is smoothed before growth."""

    calm_hu: float = constant(
        25.0,
        "HU",
        "Noise up to which nothing is smoothed; twice that is smoothed fully.",
        "A quarter of the step from air to parenchyma: a lumen stays in one piece below it.",
    )
    side_weight: float = constant(
        0.25,
        "1",
        "Weight of either neighbor along an axis where the scan is smoothed fully.",
        "The binomial kernel 1-2-1, which leaves a quarter of white noise in three dimensions.",
    )
    clip_hu: tuple[float, float] = constant(
        (-1100.0, 300.0),
        "HU",
        "Values are clipped to these.",
        "Below is padding, above bone: neither may shine through the interpolation.",
    )


CONSTANTS = GrowthImageConstants()


@dataclass(frozen=True, eq=False)
class GrowthImage:
    """A box of a scan on cubes as large as the scan's pixels.

    Fronts then advance by the same distance and count the same area along all axes, whatever the
    distance of the slices.

    Attributes
    ----------
    hu : numpy.ndarray
        int16 (z, y, x).
    box : tuple of slice
        Voxels of the scan that it covers.
    edge_mm : float
        Edge of a cube.
    slice_mm : float
        Distance of the scan's slices.
    """

    hu: np.ndarray
    box: tuple[slice, ...]
    edge_mm: float
    slice_mm: float

    @classmethod
    def of(cls, volume: Volume, box: tuple[slice, ...], noise_hu: float) -> GrowthImage:
        """Interpolate between slices, and smooth as the noise asks for."""
        slice_mm = float(volume.grid.spacing[2])
        edge_mm = float(np.sqrt(volume.grid.spacing[0] * volume.grid.spacing[1]))
        share = float(np.clip(noise_hu / CONSTANTS.calm_hu - 1, 0, 1))
        scan = volume.array[box]
        count = max(int((len(scan) - 1) * slice_mm / edge_mm) + 1, 1)
        hu = np.empty((count, *scan.shape[1:]), np.int16)
        reach = max(slice_mm, edge_mm * (1 + share)) / slice_mm
        for number in range(count):
            plane = _between_slices(scan, number * edge_mm / slice_mm, reach)
            if share > 0:
                plane = _smoothed(_smoothed(plane, share, 0), share, 1)
            hu[number] = np.rint(plane)
        return cls(hu, box, edge_mm, slice_mm)

    def planes(self) -> np.ndarray:
        """Plane of cubes nearest to each slice of the box."""
        count = self.box[0].stop - self.box[0].start
        nearest = np.rint(np.arange(count) * self.slice_mm / self.edge_mm).astype(int)
        return np.asarray(np.minimum(nearest, len(self.hu) - 1))

    def cubes_at(self, z: np.ndarray, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """Find the cubes at voxels of the scan; the nearest for those outside of the box."""
        planes = self.planes()
        first, rows, columns = self.box
        inside = np.clip(z - first.start, 0, len(planes) - 1)
        return (
            planes[inside],
            np.clip(y - rows.start, 0, self.hu.shape[1] - 1),
            np.clip(x - columns.start, 0, self.hu.shape[2] - 1),
        )


def _between_slices(scan: np.ndarray, place: float, reach: float) -> np.ndarray:
    """Plane at a place among slices: weights fall to nothing over `reach` slices, as a triangle."""
    first = max(int(np.ceil(place - reach)), 0)
    last = min(int(np.floor(place + reach)), len(scan) - 1)
    weights = 1 - np.abs(np.arange(first, last + 1) - place) / reach
    weights = weights / weights.sum()
    plane = np.zeros(scan.shape[1:], np.float32)
    for number, weight in enumerate(weights.astype(np.float32), start=first):
        if weight > 0:
            plane += weight * np.clip(scan[number], *CONSTANTS.clip_hu).astype(np.float32)
    return plane


def _smoothed(plane: np.ndarray, share: float, axis: int) -> np.ndarray:
    """Plane smoothed along an axis; the outermost voxels stay."""
    side = np.float32(share * CONSTANTS.side_weight)
    lines = np.moveaxis(plane, axis, 0)
    calm = lines.copy()
    calm[1:-1] = (1 - 2 * side) * lines[1:-1] + side * (lines[:-2] + lines[2:])
    return np.moveaxis(calm, 0, axis)
