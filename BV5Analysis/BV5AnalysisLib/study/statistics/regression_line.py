"""The line through two columns, for figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class RegressionLine:
    """Least-squares line with the confidence band of the mean.

    Attributes
    ----------
    x, y, low, high : numpy.ndarray
        (k,) points along the line, its height there, and the band's bounds.
    """

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray


def regression_line(
    x: np.ndarray, y: np.ndarray, confidence: float = 0.95, points: int = 50
) -> RegressionLine | None:
    """Fit y by x, with statsmodels.

    Parameters
    ----------
    x, y : numpy.ndarray
        (n,) values; pairs with NaN are left out.
    confidence : float
        Level of the band.
    points : int
        Number of points along the line, over the range of `x`.

    Returns
    -------
    RegressionLine or None
        None where no line can be fitted: fewer than three pairs, or all of one `x`.
    """
    from statsmodels.regression.linear_model import OLS

    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < 3 or np.ptp(x) == 0:
        return None
    # Centered, so that years such as 2021 with a small spread lose no digits.
    middle = x.mean()
    along = np.linspace(x.min(), x.max(), points)
    model = OLS(y, np.column_stack([np.ones_like(x), x - middle])).fit()
    predicted = model.get_prediction(np.column_stack([np.ones_like(along), along - middle]))
    band = predicted.conf_int(alpha=1 - confidence)
    return RegressionLine(along, predicted.predicted_mean, band[:, 0], band[:, 1])
