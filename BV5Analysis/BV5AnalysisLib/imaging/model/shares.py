"""Parts of a whole."""

from __future__ import annotations


def percent(part: float, whole: float) -> float:
    """Share that a part takes, %.

    Parameters
    ----------
    part, whole : float
        In the same unit, none negative.

    Returns
    -------
    float
        NaN where the whole is 0.
    """
    return 100.0 * part / whole if whole > 0 else float("nan")
