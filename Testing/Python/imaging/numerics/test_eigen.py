"""Closed-form eigenvectors against LAPACK's."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.numerics.eigen import principal_axis


def solve(matrices):
    m = np.asarray(matrices)
    return principal_axis(m[:, 0, 0], m[:, 1, 1], m[:, 2, 2], m[:, 0, 1], m[:, 0, 2], m[:, 1, 2])


def rotated(values, count, seed=0):
    """Symmetric matrices of given eigenvalues in random frames, and the frames."""
    frames = np.linalg.qr(np.random.default_rng(seed).normal(size=(count, 3, 3)))[0]
    return frames @ np.diag(values) @ np.swapaxes(frames, 1, 2), frames


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_random_matrices(scale):
    a = np.random.default_rng(0).normal(size=(20000, 3, 3)) * scale
    matrices = a + np.swapaxes(a, 1, 2)
    values, vector = solve(matrices)
    expected, vectors = np.linalg.eigh(matrices)
    assert np.allclose(values, expected[:, ::-1], atol=1e-7 * scale)
    assert np.allclose(np.linalg.norm(vector, axis=1), 1)
    # Where the two largest are nearly the same, any vector between theirs is one.
    sure = expected[:, 2] - expected[:, 1] > 1e-3 * scale
    agreement = np.abs((vector * vectors[:, :, 2]).sum(axis=1))
    assert sure.mean() > 0.99
    assert agreement[sure].min() > 1 - 1e-8


@pytest.mark.parametrize("across", [(-300.0, -300.0), (-100.0, -400.0), (-1e-2, -1e3)])
def test_a_tube_points_along_itself(across):
    matrices, frames = rotated((0.0, *across), 500)
    values, vector = solve(matrices)
    assert np.allclose(values, (0.0, *across), atol=1e-3)
    assert np.abs((vector * frames[:, :, 0]).sum(axis=1)).min() > 1 - 1e-8


def test_two_equal_largest_give_their_values_and_some_vector():
    """A plate has no direction; what looks at roundness drops it."""
    matrices, _ = rotated((0.0, 0.0, -500.0), 500)
    values, vector = solve(matrices)
    assert np.allclose(values, (0, 0, -500), atol=1e-4)
    assert (np.linalg.norm(vector, axis=1) < 1 + 1e-9).all()


def test_nearly_a_plate_has_its_vector_in_the_plate():
    matrices, frames = rotated((0.0, -0.5, -500.0), 500)
    _, vector = solve(matrices)
    assert np.abs((vector * frames[:, :, 0]).sum(axis=1)).min() > 1 - 1e-8


@pytest.mark.parametrize("level", [0.0, 7.0, -1e5])
def test_three_equal_values_are_found_without_a_warning(level):
    values, vector = solve(np.eye(3)[None] * level)
    assert np.allclose(values, level)
    assert np.isfinite(vector).all()


def test_diagonal_matrices_in_any_order():
    for order in ((5.0, 2.0, -1.0), (2.0, 5.0, -1.0), (-1.0, 2.0, 5.0)):
        values, vector = solve(np.diag(order)[None])
        assert np.allclose(values, [[5, 2, -1]])
        assert np.allclose(np.abs(vector), [[float(v == 5) for v in order]])


def test_no_matrices_give_none():
    values, vector = solve(np.empty((0, 3, 3)))
    assert values.shape == vector.shape == (0, 3)
