"""Volumes shrunk by whole factors, and interpolated back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .banded import along_axes
from .cores import cores

SLABS = 8
"""Parts of a volume that threads take in turn, so that none is left with much at the end."""


def block_means(
    array: np.ndarray,
    factor: tuple[int, int, int],
    limits: tuple[float, float] | None = None,
) -> np.ndarray:
    """Average blocks of voxels.

    Parameters
    ----------
    array : numpy.ndarray
        (z, y, x) of any number type, or bool.
    factor : tuple of int
        Voxels in a block along (z, y, x); rows that fill no block at the end are left out.
    limits : tuple of float, optional
        Values are clipped to these before they are averaged.

    Returns
    -------
    numpy.ndarray
        float32 means; of a mask the share of each block that it fills.
    """
    if array.dtype == bool:
        array = array.view(np.uint8)
    shape = tuple(size // step for size, step in zip(array.shape, factor, strict=True))
    out = np.empty(shape, np.float32)

    def work(numbers: np.ndarray) -> None:
        for number in numbers:
            _mean_of_planes(array, int(number), factor, limits, out[number])

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(work, np.array_split(np.arange(shape[0]), SLABS)))
    return out


def _mean_of_planes(
    array: np.ndarray,
    number: int,
    factor: tuple[int, int, int],
    limits: tuple[float, float] | None,
    out: np.ndarray,
) -> None:
    """Means of one layer of blocks. Sums of neighbors, not of the short rows of blocks: faster."""
    thick, high, wide = factor
    rows, columns = out.shape
    total = np.zeros((rows * high, columns * wide), np.float32)
    for plane in array[number * thick : (number + 1) * thick, : rows * high, : columns * wide]:
        total += plane if limits is None else np.clip(plane, *limits)
    # Sums over rows, then over columns, of a block.
    strips = _sum([total[row::high] for row in range(high)])
    blocks = _sum([strips[:, column::wide] for column in range(wide)])
    np.multiply(blocks, 1 / np.prod(factor), out=out)


def _sum(parts: list[np.ndarray]) -> np.ndarray:
    """Sum of arrays of one shape, from the first to the last."""
    return np.asarray(sum(parts[1:], parts[0]))


def interpolated(
    means: np.ndarray, factor: tuple[int, int, int], shape: tuple[int, int, int]
) -> np.ndarray:
    """Interpolate values of blocks on the voxels.

    Parameters
    ----------
    means : numpy.ndarray
        Values at the middles of blocks, (z, y, x).
    factor : tuple of int
        Voxels in a block.
    shape : tuple of int
        Voxels, counted from the first one of the first block.

    Returns
    -------
    numpy.ndarray
        float32, linear between the middles of blocks, and beyond the outermost as there.
    """
    matrices = [
        None if step == 1 and size == count else _linear_matrix(count, step, size)
        for count, step, size in zip(means.shape, factor, shape, strict=True)
    ]
    return along_axes(matrices, means)


def _linear_matrix(count: int, factor: int, size: int) -> np.ndarray:
    """Weights (size, count) of linear interpolation between the middles of blocks."""
    place = np.clip((np.arange(size) + 0.5) / factor - 0.5, 0, count - 1)
    before = np.minimum(place.astype(int), max(count - 2, 0))
    after = np.minimum(before + 1, count - 1)
    part = (place - before).astype(np.float32)
    matrix = np.zeros((size, count), np.float32)
    np.add.at(matrix, (np.arange(size), before), 1 - part)
    np.add.at(matrix, (np.arange(size), after), part)
    return matrix
