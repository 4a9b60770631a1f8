"""Volumes shrunk by whole factors: the mean of each block of voxels."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

SLABS = 8
"""Parts of a volume that threads take in turn."""


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

    with ThreadPoolExecutor() as pool:
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
    total = sum(total[row::high] for row in range(high))
    np.multiply(sum(total[:, column::wide] for column in range(wide)), 1 / np.prod(factor), out=out)
