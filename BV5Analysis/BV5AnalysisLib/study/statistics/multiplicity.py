"""P values adjusted for multiple testing."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p values by Holm (Scand J Stat 1979;6:65), with statsmodels.

    Parameters
    ----------
    p_values : sequence of float
        NaN where there was no test; those are not counted and stay NaN.

    Returns
    -------
    list of float
        In the same order.
    """
    from statsmodels.stats.multitest import multipletests

    values = np.asarray(p_values, dtype=float)
    adjusted = np.full(len(values), np.nan)
    tested = np.isfinite(values)
    if tested.any():
        with _cheap_collection():
            adjusted[tested] = multipletests(values[tested], method="holm")[1]
    return adjusted.tolist()


@contextmanager
def _cheap_collection() -> Iterator[None]:
    """Spare what lives already from garbage collections inside.

    multipletests collects garbage each time, which takes a tenth of a second among the objects of
    the packages that are loaded here, and more inside Slicer.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
