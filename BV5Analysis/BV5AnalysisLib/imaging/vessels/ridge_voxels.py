"""Voxels that may hold a ridge point, and where in them it lies."""

from __future__ import annotations

import numpy as np


def candidates(
    image: np.ndarray, mask: np.ndarray, weights: np.ndarray, minimum: float
) -> np.ndarray:
    """Find voxels that are a maximum along two axes, and curved enough over all three.

    A plane at a time: what is worked on stays in the processor's cache.

    Parameters
    ----------
    image : numpy.ndarray
        Smoothed HU, float32 (z, y, x).
    mask : numpy.ndarray
        Where to look, the same shape.
    weights : numpy.ndarray
        (3,) of the second differences along the axes: (scale / spacing)².
    minimum : float
        Least negative Laplacian, σ² times it, HU.

    Returns
    -------
    numpy.ndarray
        (n,) flat indices, none of them on the image's faces.
    """
    weights = weights.astype(np.float32)
    found = [np.empty(0, int)]
    for number in range(1, len(image) - 1):
        box = _box(mask[number, 1:-1, 1:-1])
        if box is None:
            continue
        rows, columns = box
        low, middle, high = (
            image[layer, rows.start : rows.stop + 2, columns.start : columns.stop + 2]
            for layer in (number - 1, number, number + 1)
        )
        center = middle[1:-1, 1:-1]
        neighbors = (
            (low[1:-1, 1:-1], high[1:-1, 1:-1]),
            (middle[:-2, 1:-1], middle[2:, 1:-1]),
            (middle[1:-1, :-2], middle[1:-1, 2:]),
        )
        first = (center > neighbors[0][0]) & (center >= neighbors[0][1])
        # One comparison of neighbors serves both.
        down, right = middle[1:, 1:-1] > middle[:-1, 1:-1], middle[1:-1, 1:] > middle[1:-1, :-1]
        second, third = down[:-1] & ~down[1:], right[:, :-1] & ~right[:, 1:]
        wanted = (first & second) | (third & (first | second))
        wanted &= mask[number, 1:-1, 1:-1][box]
        curvature = (2 * weights.sum()) * center
        for weight, (before, after) in zip(weights, neighbors, strict=True):
            both = before + after
            both *= weight
            curvature -= both
        wanted &= curvature > minimum
        row, column = np.nonzero(wanted)
        row, column = row + rows.start + 1, column + columns.start + 1
        found.append((number * image.shape[1] + row) * image.shape[2] + column)
    return np.concatenate(found)


def _box(plane: np.ndarray) -> tuple[slice, slice] | None:
    """Rows and columns of a plane in which a mask has anything."""
    rows, columns = (np.flatnonzero(plane.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def derivatives(
    image: np.ndarray, flat: np.ndarray, spacing: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Differentiate an image at some of its voxels.

    Parameters
    ----------
    image : numpy.ndarray
        Smoothed HU, float32 (z, y, x).
    flat : numpy.ndarray
        (n,) flat indices, none of them on the image's faces.
    spacing : numpy.ndarray
        Voxel size (z, y, x), mm.

    Returns
    -------
    gradient : numpy.ndarray
        (n, 3) HU per mm.
    hessian : list of numpy.ndarray
        Its elements zz, yy, xx, zy, zx, yx, each (n,), HU per mm².
    """
    values = image.ravel()
    steps = [image.shape[1] * image.shape[2], image.shape[2], 1]
    center = values[flat].astype(np.float64)
    gradient, diagonal, mixed = [], [], []
    for axis, step in enumerate(steps):
        after, before = values[flat + step].astype(float), values[flat - step].astype(float)
        gradient.append((after - before) / (2 * spacing[axis]))
        diagonal.append((after - 2 * center + before) / spacing[axis] ** 2)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        a, b = steps[first], steps[second]
        same = values[flat + a + b].astype(float) + values[flat - a - b]
        opposite = values[flat + a - b].astype(float) + values[flat - a + b]
        mixed.append((same - opposite) / (4 * spacing[first] * spacing[second]))
    return np.stack(gradient, axis=1), [*diagonal, *mixed]


def offset_across(
    gradient: np.ndarray, hessian: list[np.ndarray], values: np.ndarray, direction: np.ndarray
) -> np.ndarray:
    """Newton step to the ridge, in the plane across the tube.

    Parameters
    ----------
    gradient, hessian
        From `derivatives`.
    values : numpy.ndarray
        (n, 3) eigenvalues of the Hessian, from that along the tube to the most negative one.
    direction : numpy.ndarray
        (n, 3) unit vectors along the tube.

    Returns
    -------
    numpy.ndarray
        (n, 3) mm.
    """
    xx, yy, zz, xy, xz, yz = hessian
    matrix = np.stack([xx, xy, xz, xy, yy, yz, xz, yz, zz], axis=1).reshape(-1, 3, 3)
    # Along the tube the curvature is made as large as across, so that the step stays across.
    along = direction[:, :, None] * direction[:, None, :]
    matrix += (values[:, 2] - values[:, 0])[:, None, None] * along
    across = gradient - (gradient * direction).sum(axis=1, keepdims=True) * direction
    a, b, c = matrix[:, 0], matrix[:, 1], matrix[:, 2]
    bc = np.cross(b, c)
    determinant = (a * bc).sum(axis=1)
    determinant[determinant == 0] = np.inf
    adjugate = np.stack([bc, np.cross(c, a), np.cross(a, b)], axis=2)
    step: np.ndarray = -np.einsum("nij,nj->ni", adjugate, across) / determinant[:, None]
    return step
