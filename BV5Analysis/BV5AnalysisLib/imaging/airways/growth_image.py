"""The part of a scan that airways grow in: cubes, calmed where the scan is noisy."""

from __future__ import annotations

from dataclasses import dataclass, replace

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


ROUNDING = 1e-6
"""Of a quotient that is a whole number but for rounding errors."""

CLOSED_HU = np.float32(1e6)
"""Added to the outermost voxels: growth never enters them."""


@dataclass(frozen=True, eq=False)
class GrowthImage:
    """A box of a scan as cubes, as large as the scan's pixels; made where they are asked for.

    Fronts then advance by about the same distance and count about the same area along all axes,
    whatever the distance of the slices: whole numbers of planes between slices, or of slices a
    plane, so that slices are planes themselves. A bronchus within one slice would be lost between
    two. Growth sees few of the cubes, so none is kept.

    Attributes
    ----------
    shape : tuple of int
        Cubes along (z, y, x); those of the border are closed.
    box : tuple of slice
        Voxels of the scan that it covers.
    plane_mm : float
        Distance of the planes.
    slice_mm : float
        Distance of the scan's slices.
    """

    shape: tuple[int, int, int]
    box: tuple[slice, ...]
    plane_mm: float
    slice_mm: float
    _slices: np.ndarray
    _first: np.ndarray
    _weights: np.ndarray
    _border: np.ndarray
    _offset: np.ndarray

    @classmethod
    def of(cls, volume: Volume, box: tuple[slice, ...], noise_hu: float) -> GrowthImage:
        """See a box of a scan as cubes, smoothed as its noise asks for."""
        slice_mm = float(volume.grid.spacing[2])
        plane_mm = _plane_mm(slice_mm, np.sqrt(volume.grid.spacing[0] * volume.grid.spacing[1]))
        share = float(np.clip(noise_hu / CONSTANTS.calm_hu - 1, 0, 1))
        slices = _smoothed(volume.array[box], share)
        count, rows, columns = slices.shape
        planes = int((count - 1) * slice_mm / plane_mm + ROUNDING) + 1
        place = np.arange(planes) * plane_mm / slice_mm
        reach = max(slice_mm, plane_mm * (1 + share)) / slice_mm
        first, weights = _between_slices(place, count, reach)
        border = np.zeros(planes, np.float32)
        border[[0, -1]] = CLOSED_HU
        offset = np.zeros((rows, columns), np.float32)
        offset[[0, -1]] = offset[:, [0, -1]] = CLOSED_HU
        return cls(
            (planes, rows, columns),
            box,
            plane_mm,
            slice_mm,
            slices.reshape(count, -1),
            first,
            weights,
            border,
            offset.ravel(),
        )

    def leveled(self, offset_hu: np.ndarray) -> GrowthImage:
        """Return the image with an offset (y,) added to its rows."""
        offset = self._offset.reshape(self.shape[1:]) + offset_hu.astype(np.float32)[:, None]
        return replace(self, _offset=offset.ravel())

    def at(self, cube: np.ndarray) -> np.ndarray:
        """Attenuation, float32, of cubes that are given by flat indices."""
        plane, pixel = np.divmod(cube, len(self._offset))
        first = self._first[plane]
        hu = self._offset[pixel] + self._border[plane]
        for step, weights in enumerate(self._weights):
            taken = self._slices[np.minimum(first + step, len(self._slices) - 1), pixel]
            hu += weights[plane] * np.clip(taken, *CONSTANTS.clip_hu)
        return np.asarray(hu, np.float32)

    def plane(self, number: int) -> np.ndarray:
        """Attenuation (y, x) of one plane of cubes."""
        size = len(self._offset)
        return self.at(np.arange(number * size, (number + 1) * size)).reshape(self.shape[1:])

    def planes(self) -> np.ndarray:
        """Plane of cubes nearest to each slice of the box."""
        nearest = np.rint(np.arange(len(self._slices)) * self.slice_mm / self.plane_mm).astype(int)
        return np.asarray(np.minimum(nearest, self.shape[0] - 1))

    def cubes_at(self, z: np.ndarray, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """Find the cubes at voxels of the scan; the nearest inner ones for those outside."""
        planes = self.planes()
        starts = [along.start for along in self.box]
        inside = np.clip(z - starts[0], 0, len(planes) - 1)
        found = (planes[inside], y - starts[1], x - starts[2])
        return tuple(
            np.clip(place, 1, max(size - 2, 1))
            for place, size in zip(found, self.shape, strict=True)
        )


def _plane_mm(slice_mm: float, pixel_mm: float) -> float:
    """Distance of planes: about a pixel, and a whole part or a multiple of that of the slices."""
    if slice_mm >= pixel_mm:
        return float(slice_mm / round(slice_mm / pixel_mm))
    return float(slice_mm * round(pixel_mm / slice_mm))


def _between_slices(place: np.ndarray, count: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """First slice (n,) and weights (steps, n) of the slices from there on, for places among slices.

    Weights fall to nothing over `reach` slices, as a triangle.
    """
    first = np.clip(np.ceil(place - reach).astype(int), 0, count - 1)
    slices = first + np.arange(int(2 * reach) + 1)[:, None]
    weights = np.clip(1 - np.abs(slices - place) / reach, 0, None) * (slices < count)
    return first, (weights / weights.sum(axis=0)).astype(np.float32)


def _smoothed(scan: np.ndarray, share: float) -> np.ndarray:
    """Slices (z, y, x) smoothed along y and x; the outermost voxels stay."""
    if share == 0:
        return np.ascontiguousarray(scan)
    side = np.float32(share * CONSTANTS.side_weight)
    smooth = np.empty(scan.shape, np.int16)
    for plane, result in zip(scan, smooth, strict=True):
        calm = np.clip(plane, *CONSTANTS.clip_hu).astype(np.float32)
        for lines in (calm, calm.T):
            lines[1:-1] = (1 - 2 * side) * lines[1:-1] + side * (lines[:-2] + lines[2:])
        np.rint(calm, out=result, casting="unsafe")
    return smooth
