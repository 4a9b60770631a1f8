"""Eigenvectors of many symmetric 3 × 3 matrices at once, in closed form."""

from __future__ import annotations

import numpy as np


def principal_axis(
    xx: np.ndarray, yy: np.ndarray, zz: np.ndarray, xy: np.ndarray, xz: np.ndarray, yz: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of symmetric 3 × 3 matrices and the eigenvector of the largest one.

    The trigonometric solution of the characteristic equation; the eigenvector is the longest cross
    product of two rows of the matrix less its eigenvalue.

    Parameters
    ----------
    xx, yy, zz, xy, xz, yz : numpy.ndarray
        (n,) elements.

    Returns
    -------
    values : numpy.ndarray
        (n, 3) eigenvalues, falling.
    vector : numpy.ndarray
        (n, 3) unit eigenvector of the first eigenvalue; arbitrary where the second is the same.

    References
    ----------
    Smith OK. Eigenvalues of a symmetric 3 × 3 matrix. Commun ACM 1961;4:168.
    """
    mean = (xx + yy + zz) / 3
    dx, dy, dz = xx - mean, yy - mean, zz - mean
    scale = np.sqrt((dx * dx + dy * dy + dz * dz + 2 * (xy * xy + xz * xz + yz * yz)) / 6)
    scale = np.maximum(scale, np.finfo(np.float32).tiny)
    half_determinant = (
        dx * (dy * dz - yz * yz) - xy * (xy * dz - yz * xz) + xz * (xy * yz - dy * xz)
    ) / (2 * scale**3)
    angle = np.arccos(np.clip(half_determinant, -1, 1)) / 3
    first = mean + 2 * scale * np.cos(angle)
    third = mean + 2 * scale * np.cos(angle + 2 * np.pi / 3)
    values = np.stack([first, 3 * mean - first - third, third], axis=1)

    rows = np.stack(
        [
            np.stack([xx - first, xy, xz], axis=1),
            np.stack([xy, yy - first, yz], axis=1),
            np.stack([xz, yz, zz - first], axis=1),
        ]
    )
    candidates = np.stack([np.cross(rows[i], rows[j]) for i, j in ((0, 1), (0, 2), (1, 2))], axis=1)
    length = np.linalg.norm(candidates, axis=2)
    best = length.argmax(axis=1)
    pick = np.arange(len(best))
    return values, candidates[pick, best] / np.maximum(length[pick, best], 1e-30)[:, None]
