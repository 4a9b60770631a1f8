"""Whether what a protocol sets needs a correction or a wider interval, by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST_SUBJECTS = 3
"""From fewer it is not known whether subjects move alike."""

MOST_SCATTER = 0.5
"""Scatter of a correctable effect between subjects, over its mean: a correction by the mean must
take away more than it leaves."""

RULE = f"""
The rule: an effect needs **nothing** where it is within the repeatability coefficient of plain
repeats (noise, shift, turn) in every subject: two images done alike differ as much. Beyond that it
needs a **correction** where at least {FEWEST_SUBJECTS} subjects were measured, all moved to the
same side, and the standard deviation of their effects is at most {MOST_SCATTER:g} of the mean.
Everything else needs a **wider interval**, by the largest effect that was seen.
"""


@dataclass(frozen=True)
class Verdict:
    """What an effect needs.

    Attributes
    ----------
    need : str
        ``nothing``, ``correction`` or ``wider interval``.
    amount : float
        The correction, to be added; or what the interval has to be wider by to each side.
    """

    need: str
    amount: float = 0.0


NOTHING = "nothing"
CORRECTION = "correction"
WIDER = "wider interval"


def verdict(effects: Sequence[float], repeatability: float) -> Verdict:
    """Apply the rule.

    Parameters
    ----------
    effects : sequence of float
        One for each subject, at least one.
    repeatability : float
        Repeatability coefficient of plain repeats, in the same unit.

    Returns
    -------
    Verdict
        What is needed.
    """
    values = np.array(effects, float)
    if abs(values).max() <= repeatability:
        return Verdict(NOTHING)
    mean = float(values.mean())
    is_alike = len(values) >= FEWEST_SUBJECTS and bool(np.all(np.sign(values) == np.sign(mean)))
    if is_alike and values.std(ddof=1) <= MOST_SCATTER * abs(mean):
        return Verdict(CORRECTION, -mean)
    return Verdict(WIDER, float(abs(values).max()))
