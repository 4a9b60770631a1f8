"""Each two of several groups, compared with one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from ..measures import Measure
from ..values import Group
from .comparisons import compare, with_holm
from .statistical_results import PairComparison


def compare_pairs(
    measures: Sequence[Measure],
    columns: Mapping[str, np.ndarray],
    groups: Sequence[Group],
    test: str = "welch",
    confidence: float = 0.95,
) -> tuple[PairComparison, ...]:
    """Compare each two of three or more groups.

    Parameters
    ----------
    measures : sequence of Measure
        What is compared.
    columns : mapping of str to numpy.ndarray
        (n,) float each, NaN for missing.
    groups : sequence of Group
        In order.
    test : str
        ``welch``, ``student`` or ``mann-whitney``, on the two groups alone.
    confidence : float
        Level of intervals, each by itself.

    Returns
    -------
    tuple of PairComparison
        Measure by measure; empty for two groups, which need no more than `compare`. P values are
        adjusted by Holm over all pairs of all measures.
    """
    if len(groups) < 3:
        return ()
    pairs = [(measure, pair) for measure in measures for pair in combinations(groups, 2)]
    compared = with_holm(
        [compare(each, columns[each.key], pair, test, confidence) for each, pair in pairs]
    )
    return tuple(
        PairComparison((first.label, second.label), each)
        for (_, (first, second)), each in zip(pairs, compared, strict=True)
    )
