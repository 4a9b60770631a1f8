"""Balls drawn into arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from .cores import cores

Result = TypeVar("Result")
Shape = tuple[int, int, int]

_Batch = tuple[Shape, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Arguments of `_within`."""

BATCH = 1_000_000
"""Ball voxels looked at in one go, which bounds the memory."""

SMALLEST_MM = 0.1
"""Radius of the smallest box, well below a voxel."""


def ball_voxels(
    shape: Shape, center: np.ndarray, spacing: np.ndarray, radius_mm: np.ndarray
) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, ...], np.ndarray]]:
    """Go through the voxels of many balls, small balls first.

    Parameters
    ----------
    shape : tuple of int
        Of the array; voxels beyond it are left out.
    center : numpy.ndarray
        (n, 3) fractional array indices.
    spacing : numpy.ndarray
        Voxel size along the array's axes, mm.
    radius_mm : numpy.ndarray
        (n,) radii.

    Yields
    ------
    ball, voxel, distance_mm
        For a batch of voxels: number of their ball (m,), their index (three arrays) and their
        distance to its center (m,). Within a batch smaller balls come first, too.
    """
    for batch in _batches(shape, center, spacing, radius_mm):
        yield _within(*batch)


def map_balls(
    work: Callable[[np.ndarray, tuple[np.ndarray, ...], np.ndarray], Result],
    shape: Shape,
    center: np.ndarray,
    spacing: np.ndarray,
    radius_mm: np.ndarray,
) -> Iterator[Result]:
    """Let threads work on the batches of `ball_voxels`.

    Parameters
    ----------
    work : callable
        Called with what `ball_voxels` yields; what it returns waits in memory for its turn.
    shape, center, spacing, radius_mm
        As for `ball_voxels`.

    Yields
    ------
    object
        What `work` returned, in the order of the batches.
    """
    with ThreadPoolExecutor(cores()) as pool:
        yield from pool.map(
            lambda batch: work(*_within(*batch)), _batches(shape, center, spacing, radius_mm)
        )


def voxels_in_balls(
    shape: Shape, center: np.ndarray, spacing: np.ndarray, radius_mm: np.ndarray
) -> np.ndarray:
    """Find the voxels that lie in any of many balls.

    The same voxels as `ball_voxels` gives, found faster: which ball and how far away is not kept.

    Parameters
    ----------
    shape, center, spacing, radius_mm
        As for `ball_voxels`.

    Returns
    -------
    numpy.ndarray
        Bool, of that shape.
    """
    middle = np.rint(center)
    inside = ((middle >= 0) & (middle < shape)).all(axis=1)
    batches = list(_batches(shape, center[inside], spacing, radius_mm[inside]))
    # With a margin that balls may reach into, so that no voxel needs a check of its index.
    room = np.max([np.zeros(3, int), *(reach for *_, reach, _ in batches)], axis=0)
    padded = np.zeros(np.array(shape) + 2 * room, bool)
    flat = padded.reshape(-1)
    strides = np.array(padded.strides)

    def mark(batch: _Batch) -> None:
        _, center, _, radius, reach, _ = batch
        middle, squared = _squared_distances(center, spacing, reach)
        in_ball = squared <= (radius.astype(np.float32) ** 2)[:, None, None, None]
        sides = [np.arange(-out, out + 1) for out in reach]
        steps = np.meshgrid(*sides, indexing="ij")
        offset = sum(step * stride for step, stride in zip(steps, strides, strict=True)).ravel()
        ball, place = np.divmod(np.flatnonzero(in_ball), offset.size)
        flat[((middle + room) @ strides)[ball] + offset[place]] = True

    with ThreadPoolExecutor(cores()) as pool:
        for _ in pool.map(mark, batches):
            pass
    inner = tuple(slice(r, r + size) for r, size in zip(room, shape, strict=True))
    marked = np.ascontiguousarray(padded[inner])
    draw_balls(marked, True, center[~inside], spacing, radius_mm[~inside])
    return marked


def _batches(
    shape: Shape, center: np.ndarray, spacing: np.ndarray, radius_mm: np.ndarray
) -> Iterator[_Batch]:
    """Arguments for `_within`, small balls first."""
    order = np.argsort(radius_mm, kind="stable")
    # Balls of one half octave share the box they are looked for in; the smallest share theirs.
    octave = np.ceil(2 * np.log2(np.maximum(radius_mm[order], SMALLEST_MM))).astype(int)
    for step in np.unique(octave):
        chosen = order[octave == step]
        # A ball's middle is at most half a voxel from that of the box.
        reach = np.floor(2.0 ** (step / 2) / spacing + 0.5).astype(int)
        batches = max(1, len(chosen) * int(np.prod(2 * reach + 1)) // BATCH)
        for batch in np.array_split(chosen, batches):
            yield shape, center[batch], spacing, radius_mm[batch], reach, batch


def _within(
    shape: Shape,
    center: np.ndarray,
    spacing: np.ndarray,
    radius_mm: np.ndarray,
    reach: np.ndarray,
    number: np.ndarray,
) -> tuple[np.ndarray, tuple[np.ndarray, ...], np.ndarray]:
    """Look for the voxels of a batch of balls in boxes that reach so many voxels out."""
    middle, squared = _squared_distances(center, spacing, reach)
    ball, *offset = np.nonzero(squared <= (radius_mm.astype(np.float32) ** 2)[:, None, None, None])
    distance = np.sqrt(squared[ball, *offset])
    voxel = [middle[ball, axis] + offset[axis] - reach[axis] for axis in range(3)]
    inside = np.ones(len(ball), bool)
    for along, size in zip(voxel, shape, strict=True):
        inside &= (along >= 0) & (along < size)
    if not inside.all():
        ball, distance, voxel = ball[inside], distance[inside], [v[inside] for v in voxel]
    return number[ball], tuple(voxel), distance


def _squared_distances(
    center: np.ndarray, spacing: np.ndarray, reach: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Voxels (n, 3) next to the centers, and squared distances (n, z, y, x) in boxes around."""
    middle = np.rint(center).astype(int)
    squared = np.zeros((len(center), 1, 1, 1), np.float32)
    for axis in range(3):
        steps = np.arange(-reach[axis], reach[axis] + 1)
        off = (middle[:, axis, None] + steps - center[:, axis, None]) * spacing[axis]
        along = np.expand_dims((off**2).astype(np.float32), tuple({1, 2, 3} - {axis + 1}))
        squared = squared + along
    return middle, squared


def draw_balls(
    array: np.ndarray,
    value: float,
    center: np.ndarray,
    spacing: np.ndarray,
    radius_mm: np.ndarray,
) -> None:
    """Set the voxels of balls to a value, in place; the parameters are those of `ball_voxels`."""
    for _, voxel, _ in ball_voxels(array.shape, center, spacing, radius_mm):
        array[voxel] = value
