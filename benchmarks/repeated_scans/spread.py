"""Within-subject standard deviation and repeatability coefficient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

COVERED = 0.95
"""Share of differences between two images of a subject that the coefficient holds."""

Z = 1.96
"""Standard deviations that hold that share of a normal distribution."""


@dataclass(frozen=True)
class Spread:
    """How far repeated measurements of a subject differ.

    Attributes
    ----------
    sd : float
        Within-subject standard deviation, in the unit of what was measured.
    degrees : int
        Degrees of freedom that it was estimated with.
    """

    sd: float
    degrees: int

    @property
    def repeatability(self) -> float:
        """Difference between two measurements of a subject that 95 % of pairs stay below."""
        return Z * math.sqrt(2) * self.sd

    @property
    def interval(self) -> tuple[float, float]:
        """Give the 95 % confidence interval of the standard deviation, for normal errors."""
        tail = (1 - COVERED) / 2
        sum_of_squares = self.degrees * self.sd**2
        low, high = (
            math.sqrt(sum_of_squares / chi2.ppf(share, self.degrees)) for share in (1 - tail, tail)
        )
        return low, high


def within_subject(subjects: Sequence[Sequence[float]]) -> Spread | None:
    """Pool the spread of measurements about each subject's own mean.

    Parameters
    ----------
    subjects : sequence of sequence of float
        Repeated measurements of each subject; of one measured once nothing is learnt.

    Returns
    -------
    Spread or None
        None where no subject was measured twice.

    References
    ----------
    Bland JM, Altman DG. Statistical methods for assessing agreement between two methods of clinical
    measurement. Lancet 1986;327:307-310; Measurement error. BMJ 1996;312:1654; Measuring agreement
    in method comparison studies. Stat Methods Med Res 1999;8:135-160.
    """
    degrees = sum(max(len(values) - 1, 0) for values in subjects)
    if degrees == 0:
        return None
    squares = sum(float(np.sum((np.array(v) - np.mean(v)) ** 2)) for v in subjects if len(v))
    return Spread(math.sqrt(squares / degrees), degrees)
