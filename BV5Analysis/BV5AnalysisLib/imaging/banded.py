"""Banded matrices applied along one axis of a volume: smoothing and resampling."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

BLOCK = 16
"""Rows of the matrix multiplied at once: the band's columns, and little besides, take part."""

SMALL = 200_000
"""Multiplications in one product. Of larger ones OpenBLAS makes threads of its own, which wait for
each other while they keep the processors busy; here slabs are given to threads."""

SLABS = 8
"""Parts of a volume that threads take in turn."""


def along_axis(matrix: np.ndarray, volume: np.ndarray, axis: int) -> np.ndarray:
    """Multiply every line of a volume along an axis by a matrix that is zero off its diagonal.

    Block by block of the matrix such products cost no more than a convolution, and are done by
    the linear algebra library that numpy has.

    Parameters
    ----------
    matrix : numpy.ndarray
        float32 (out, in), nonzero near its diagonal only; it need not be square.
    volume : numpy.ndarray
        float32, three axes, of length ``in`` along `axis`.
    axis : int
        The axis.

    Returns
    -------
    numpy.ndarray
        float32, of length ``out`` along `axis`.
    """
    shape = list(volume.shape)
    shape[axis] = len(matrix)
    out = np.empty(shape, np.float32)
    blocks = _blocks(matrix)
    across = 1 if axis == 0 else 0
    edges = np.linspace(0, shape[across], SLABS + 1).astype(int)

    def work(first: int, last: int) -> None:
        slab = (slice(None),) * across + (slice(first, last),)
        _multiply(blocks, volume[slab], axis, out[slab])

    with ThreadPoolExecutor() as pool:
        list(pool.map(work, *zip(*pairwise(edges), strict=True)))
    return out


def _blocks(matrix: np.ndarray) -> list[tuple[slice, slice, np.ndarray]]:
    """Rows, columns and values of the parts of a banded matrix that are not zero."""
    blocks = []
    for first in range(0, len(matrix), BLOCK):
        rows = matrix[first : first + BLOCK]
        used = np.flatnonzero(rows.any(axis=0))
        columns = slice(int(used[0]), int(used[-1]) + 1)
        blocks.append(
            (slice(first, first + len(rows)), columns, np.ascontiguousarray(rows[:, columns]))
        )
    return blocks


def _multiply(
    blocks: list[tuple[slice, slice, np.ndarray]], volume: np.ndarray, axis: int, out: np.ndarray
) -> None:
    other = 1 if axis == 2 else 2
    for rows, columns, values in blocks:
        for piece in _pieces(volume.shape[other], max(1, SMALL // values.size)):
            if axis == 2:
                np.matmul(volume[:, piece, columns], values.T, out=out[:, piece, rows])
            elif axis == 1:
                np.matmul(values, volume[:, columns, piece], out=out[:, rows, piece])
            else:
                for line in range(volume.shape[1]):
                    np.matmul(values, volume[columns, line, piece], out=out[rows, line, piece])


def _pieces(count: int, longest: int) -> list[slice]:
    return [slice(start, min(start + longest, count)) for start in range(0, count, longest)]
