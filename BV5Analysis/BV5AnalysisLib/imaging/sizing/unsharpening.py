"""A scan as a kernel without a dark ring would have made it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import fft

from ..model.measurements import Kernel
from ..model.volume import Grid, Volume
from ..numerics.cores import cores

MARGIN_MM = 10.0
"""Taken along around what must be right: as far as kernels reach."""

LIMITS_HU = (-1100.0, 1500.0)
"""What is outside of the reconstruction, and metal, must not spread; it stays beyond by as much."""


def unsharpened(ct: Volume, kernel: Kernel, inside: np.ndarray) -> Volume:
    """Undo the sharpening of a kernel.

    In the frequency domain a kernel that takes off a wider Gaussian is the narrower one times
    1 + s (1 - g), s being the sharpness and g the Gaussian that makes the other one of it. Division
    by that leaves the narrower Gaussian. It raises no frequency, so that noise falls, too.

    Parameters
    ----------
    ct : Volume
        HU.
    kernel : Kernel
        By which it was reconstructed, axial slice by slice.
    inside : numpy.ndarray
        Bool or labels (z, y, x), what must be right; most of the rest stays as it is.

    Returns
    -------
    Volume
        Of the same type; `ct` itself if the kernel is not sharp.

    Notes
    -----
    The inverse of an unsharp mask. That scans by different kernels are made alike band by band
    before they are measured is known from emphysema (Gallardo-Estrella et al., Eur Radiol
    2016;26:478); reading the kernel from the scan's own vessels is the project's own.
    """
    if kernel.sharpness == 0 or not inside.any():
        return ct
    # Axial slices first, whichever way the scan is stored.
    axis = _axial_axis(ct.grid)
    result = ct.array.copy()
    slices, inside = (np.moveaxis(each, axis, 0) for each in (result, inside > 0))
    step_mm = np.array([ct.grid.spacing_zyx[axis], *np.delete(ct.grid.spacing_zyx, axis)])
    numbers, rows, columns = (
        _span(np.asarray(inside.any(axis=others)), MARGIN_MM / step)
        for others, step in zip(((1, 2), (0, 2), (0, 1)), step_mm, strict=True)
    )
    shape = rows.stop - rows.start, columns.stop - columns.start
    filtered = _Filter(kernel, shape, step_mm[1:])
    whole = np.issubdtype(result.dtype, np.integer)

    def work(number: int) -> None:
        part = filtered(slices[number, rows, columns])
        slices[number, rows, columns] = np.rint(part) if whole else part

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(work, range(numbers.start, numbers.stop)))
    return ct.with_array(result)


class _Filter:
    """Divides slices of one shape by what a kernel sharpens them by."""

    def __init__(self, kernel: Kernel, shape: tuple[int, int], step_mm: np.ndarray) -> None:
        # Slices go on as their own mirror image, so that their border is no edge.
        self.pad = [round(MARGIN_MM / step) for step in step_mm]
        self.shape = shape
        self.padded = tuple(
            fft.next_fast_len(size + 2 * more, real=True)
            for size, more in zip(shape, self.pad, strict=True)
        )
        squared = (
            np.fft.fftfreq(self.padded[0], step_mm[0])[:, None] ** 2
            + np.fft.rfftfreq(self.padded[1], step_mm[1]) ** 2
        )
        wider = np.exp(-2 * np.pi**2 * kernel.wider_mm2 * squared)
        self.gain = (1 / (1 + kernel.sharpness * (1 - wider))).astype(np.float32)

    def __call__(self, hu: np.ndarray) -> np.ndarray:
        room = [
            (more, size - length - more)
            for more, size, length in zip(self.pad, self.padded, self.shape, strict=True)
        ]
        clipped = np.clip(hu, *LIMITS_HU).astype(np.float32)
        extended = np.pad(clipped, room, mode="symmetric")
        smooth = fft.irfft2(fft.rfft2(extended) * self.gain, s=self.padded)
        first, second = self.pad
        within = smooth[first:, second:][: self.shape[0], : self.shape[1]]
        # Without sharpness nothing changes: what was cut off is put back.
        return np.asarray(within + (hu - clipped))


def _axial_axis(grid: Grid) -> int:
    """Axis of the array that runs most along the patient's height."""
    upward = np.abs(np.reshape(grid.direction, (3, 3))[2])
    return 2 - int(upward.argmax())


def _span(some: np.ndarray, room: float) -> slice:
    """From the first true one to the last, with room around."""
    found = np.flatnonzero(some)
    more = int(np.ceil(room))
    return slice(max(int(found[0]) - more, 0), min(int(found[-1]) + 1 + more, len(some)))
