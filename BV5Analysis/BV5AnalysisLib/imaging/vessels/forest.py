"""Graphs of points: spanning forests, and the paths between their junctions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph


@dataclass(frozen=True, eq=False)
class Pairs:
    """Possible connections of points; m pairs.

    Attributes
    ----------
    points : numpy.ndarray
        (m, 2) numbers of the points.
    weight : numpy.ndarray
        (m,) cost of the connection.
    """

    points: np.ndarray
    weight: np.ndarray

    def joined(self, other: Pairs) -> Pairs:
        """Return both, those of `other` last."""
        return Pairs(
            np.concatenate([self.points, other.points]),
            np.concatenate([self.weight, other.weight]),
        )


def spanning_forest(count: int, pairs: Pairs) -> sparse.csr_matrix:
    """Find the cheapest connections that join all that can be joined.

    Parameters
    ----------
    count : int
        Points in all.
    pairs : Pairs
        Possible connections; of one that is there twice the lesser weight counts.

    Returns
    -------
    scipy.sparse.csr_matrix
        (count, count), symmetric: the minimum spanning forest with the pairs' weights.
    """
    low, high = pairs.points.min(axis=1), pairs.points.max(axis=1)
    order = np.lexsort((pairs.weight, high, low))
    low, high, weight = low[order], high[order], pairs.weight[order]
    first = np.ones(len(low), bool)
    first[1:] = (np.diff(low) != 0) | (np.diff(high) != 0)
    graph = sparse.csr_matrix((weight[first], (low[first], high[first])), shape=(count, count))
    tree = csgraph.minimum_spanning_tree(graph)
    forest: sparse.csr_matrix = (tree + tree.T).tocsr()
    return forest


def paths_of(forest: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Cut a forest at its junctions.

    Parameters
    ----------
    forest : scipy.sparse.csr_matrix
        Symmetric, from `spanning_forest`.

    Returns
    -------
    point, start : numpy.ndarray
        Point numbers, path after path with both of its ends, and the index (b + 1,) where each path
        starts; the last entry is the number of all.
    """
    starts, neighbors = forest.indptr.tolist(), forest.indices.tolist()
    counts = np.diff(forest.indptr)
    degree = counts.tolist()
    paths: list[np.ndarray] = []
    # Each path is met at both of its ends; walking it once is enough.
    walked: set[tuple[int, int]] = set()
    for end in np.nonzero((counts > 0) & (counts != 2))[0].tolist():
        for following in neighbors[starts[end] : starts[end + 1]]:
            if (end, following) in walked:
                continue
            before, here = end, following
            path = [before, here]
            while degree[here] == 2:
                one, two = neighbors[starts[here] : starts[here] + 2]
                before, here = here, two if one == before else one
                path.append(here)
            walked.add((here, before))
            paths.append(np.array(path))
    return np.concatenate([np.empty(0, int), *paths]), np.cumsum([0, *map(len, paths)])
