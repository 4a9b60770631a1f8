"""Nearest points: as many columns as asked for, whatever there is."""

import numpy as np
from BV5AnalysisLib.imaging.numerics.neighbors import nearest
from scipy.spatial import cKDTree

TREE = cKDTree([[0.0, 0, 0], [1, 0, 0], [3, 0, 0]])


def test_the_nearest_one():
    distance, index = nearest(TREE, np.array([[0.9, 0, 0], [9, 0, 0]]))
    assert index.tolist() == [1, 2]
    np.testing.assert_allclose(distance, [0.1, 6.0])


def test_where_there_are_fewer_the_rest_is_infinitely_far():
    distance, index = nearest(TREE, np.array([[0.9, 0, 0]]), 5, 2.0)
    assert index.tolist() == [[1, 0, 3, 3, 3]]
    np.testing.assert_allclose(distance, [[0.1, 0.9, np.inf, np.inf, np.inf]])
