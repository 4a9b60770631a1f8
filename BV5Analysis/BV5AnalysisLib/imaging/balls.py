"""Balls drawn into arrays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

BATCH = 4_000_000
"""Ball voxels looked at in one go, which bounds the memory."""


def ball_voxels(
    shape: tuple[int, int, int], center: np.ndarray, spacing: np.ndarray, radius_mm: np.ndarray
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
    order = np.argsort(radius_mm, kind="stable")
    # Balls of one half octave share the box they are looked for in.
    octave = np.ceil(2 * np.log2(np.maximum(radius_mm[order], 0.1))).astype(int)
    for step in np.unique(octave):
        chosen = order[octave == step]
        box = _box_offsets(2.0 ** (step / 2), spacing)
        batches = max(1, len(chosen) * len(box) // BATCH)
        for batch in np.array_split(chosen, batches):
            voxel = np.rint(center[batch]).astype(int)[:, None, :] + box
            distance = np.linalg.norm((voxel - center[batch][:, None, :]) * spacing, axis=2)
            inside = ((voxel >= 0) & (voxel < shape)).all(axis=2)
            ball, which = np.nonzero(inside & (distance <= radius_mm[batch][:, None]))
            yield batch[ball], tuple(voxel[ball, which].T), distance[ball, which]


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


def _box_offsets(radius_mm: float, spacing: np.ndarray) -> np.ndarray:
    reach = np.ceil(radius_mm / spacing + 0.5).astype(int)
    axes = [np.arange(-r, r + 1) for r in reach]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
