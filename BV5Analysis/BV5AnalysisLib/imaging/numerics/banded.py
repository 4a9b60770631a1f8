"""Banded matrices applied along the axes of a volume: smoothing and resampling."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from .cores import cores

BLOCK = 16
"""Rows of a matrix multiplied at once: the band's columns, and little besides, take part."""

SMALL = 200_000
"""Multiplications in one product, at most. For larger ones OpenBLAS starts threads of its own, that
wait for each other while they keep the processors busy; here layers are given to threads."""


@dataclass(frozen=True, eq=False)
class _Block:
    """Values of a matrix at some of its rows, without the columns that are zero in all of them."""

    rows: slice
    columns: slice
    values: np.ndarray


def along_axes(matrices: Sequence[np.ndarray | None], volume: np.ndarray) -> np.ndarray:
    """Multiply the lines of a volume along each axis by matrices that are zero off their diagonal.

    Block by block such products cost no more than a convolution, and are done by the linear algebra
    library that numpy has. Layer by layer along z all axes are done at once, so that no volume in
    between is kept.

    Parameters
    ----------
    matrices : sequence of numpy.ndarray or None
        For each axis (z, y, x) float32 (out, in), nonzero near its diagonal only, not
        necessarily square; None leaves an axis as it is.
    volume : numpy.ndarray
        Any number type, (z, y, x), of length ``in`` along the axes.

    Returns
    -------
    numpy.ndarray
        float32, of length ``out`` along the axes.
    """
    shape = [
        size if matrix is None else len(matrix)
        for matrix, size in zip(matrices, volume.shape, strict=True)
    ]
    out = np.empty(shape, np.float32)
    outermost, *others = matrices
    layers = _layers(shape[0]) if outermost is None else _blocks(outermost)
    inner = [(axis, _blocks(matrix)) for axis, matrix in enumerate(others, 1) if matrix is not None]

    def work(layer: _Block) -> None:
        piece = np.asarray(volume[layer.columns], np.float32)
        if outermost is not None:
            piece = _multiply([layer], piece, 0)
        for axis, blocks in inner:
            piece = _multiply(blocks, piece, axis)
        out[layer.rows] = piece

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(work, layers))
    return out


def _layers(count: int) -> list[_Block]:
    """Layers of an axis that stays as it is."""
    pieces = _pieces(count, BLOCK)
    return [_Block(piece, piece, np.empty(0)) for piece in pieces]


def _blocks(matrix: np.ndarray) -> list[_Block]:
    blocks = []
    for rows in _pieces(len(matrix), BLOCK):
        used = np.flatnonzero(matrix[rows].any(axis=0))
        columns = slice(int(used[0]), int(used[-1]) + 1)
        blocks.append(_Block(rows, columns, np.ascontiguousarray(matrix[rows, columns])))
    return blocks


def _multiply(blocks: list[_Block], piece: np.ndarray, axis: int) -> np.ndarray:
    """Multiply along one axis; along z `piece` holds the columns of the only block."""
    shape = list(piece.shape)
    shape[axis] = sum(len(block.values) for block in blocks)
    out = np.empty(shape, np.float32)
    other = 1 if axis == 2 else 2
    for block in blocks:
        values, rows, columns = block.values, block.rows, block.columns
        for part in _pieces(piece.shape[other], max(1, SMALL // values.size)):
            if axis == 2:
                np.matmul(piece[:, part, columns], values.T, out=out[:, part, rows])
            elif axis == 1:
                np.matmul(values, piece[:, columns, part], out=out[:, rows, part])
            else:
                for line in range(piece.shape[1]):
                    np.matmul(values, piece[:, line, part], out=out[:, line, part])
    return out


def _pieces(count: int, longest: int) -> list[slice]:
    return [slice(start, min(start + longest, count)) for start in range(0, count, longest)]
