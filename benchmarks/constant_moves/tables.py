"""Tables of what constants move, Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from BV5AnalysisLib.imaging.model.measurements import Measurement
from chest_phantoms.tables import table

from constant_moves.constants import Constant
from constant_moves.runs import Answer

NAMED_FROM_POINTS = 0.5
"""Change of BV5 % from which on docs/method.md names a constant."""

SHOWN_FROM = 0.005
"""Changes that are rounded to nothing have no row."""


@dataclass(frozen=True)
class Effect:
    """What one constant moves.

    Attributes
    ----------
    constant : Constant
        Which.
    lower, higher : Answer
        With the constant lower and higher.
    usual : Answer
        With the constant as it is.
    """

    constant: Constant
    lower: Answer
    higher: Answer
    usual: Answer

    def bv5_points(self, answer: Answer) -> float:
        """Change of BV5 %, points; NaN without a result."""
        return _minus(answer.bv5_pct, self.usual.bv5_pct)

    def tpbv_pct(self, answer: Answer) -> float:
        """Change of TPBV, %; NaN without a result."""
        usual = self.usual.tpbv_ml
        return 100 * _minus(answer.tpbv_ml, usual) / usual if usual else math.nan

    @property
    def has_problem(self) -> bool:
        """Whether the analysis had no result with the constant moved one of the ways."""
        return bool(self.lower.problem or self.higher.problem)

    @property
    def most_points(self) -> float:
        """Largest change of BV5 % without its sign; infinite without a result."""
        return self._most(self.bv5_points)

    @property
    def most_pct(self) -> float:
        """Largest change of TPBV without its sign; infinite without a result."""
        return self._most(self.tpbv_pct)

    def _most(self, change) -> float:
        if self.has_problem:
            return math.inf
        return max(abs(change(self.lower)), abs(change(self.higher)))

    @property
    def is_nothing(self) -> bool:
        """Whether nothing moves that two decimals show."""
        return max(self.most_points, self.most_pct) < SHOWN_FROM


def _minus(one: float | None, other: float | None) -> float:
    return math.nan if one is None or other is None else one - other


def largest_first(effects: Sequence[Effect]) -> list[Effect]:
    """Sort by change of BV5 %, then of TPBV; those without a result come first."""
    return sorted(effects, key=lambda each: (-each.most_points, -each.most_pct, each.constant.name))


def effect_table(effects: Sequence[Effect]) -> str:
    """Rows of those that move anything, largest first."""
    header = ("constant", "value", "BV5 points: lower", "higher", "TPBV %: lower", "higher")
    rows = [
        (
            f"`{each.constant.name}`",
            value_text(each.constant),
            *(_cell(answer, each.bv5_points) for answer in (each.lower, each.higher)),
            *(_cell(answer, each.tpbv_pct) for answer in (each.lower, each.higher)),
        )
        for each in largest_first(effects)
        if not each.is_nothing
    ]
    return table(header, rows) if rows else "None moves anything.\n"


def _cell(answer: Answer, change) -> str:
    return answer.problem or f"{change(answer):+.2f}"


def value_text(constant: Constant) -> str:
    """Value with its unit."""
    values = constant.value if isinstance(constant.value, tuple) else (constant.value,)
    numbers = ", ".join(f"{value:g}" if np.isscalar(value) else str(value) for value in values)
    return numbers if constant.unit == "1" else f"{numbers} {constant.unit}"


def problems(effects: Sequence[Effect]) -> str:
    """Say with which constants the analysis has no result, and what it says."""
    lines = []
    for each in largest_first(effects):
        for way, answer in (("lower", each.lower), ("higher", each.higher)):
            if answer.problem:
                lines.append(f"- `{each.constant.name}` {way}: {answer.problem}: {answer.text}\n")
    return "".join(lines) or "The analysis had a result with every one.\n"


def for_method(effects: Sequence[Effect]) -> str:
    """List the constants that docs/method.md names, as it may take them over."""
    lines = []
    for each in largest_first(effects):
        if each.most_points > NAMED_FROM_POINTS:
            far = "no result" if each.has_problem else f"{each.most_points:.1f} points"
            constant = each.constant
            lines.append(
                f"- `{constant.name}` ({value_text(constant)}), {far}: {constant.meaning}"
                f" {constant.reason}\n"
            )
    return "".join(lines) or "None.\n"


def by_room(constants: Sequence[Constant]) -> str:
    """List constants by module, for those that need no row."""
    modules: dict[str, list[str]] = {}
    for constant in constants:
        modules.setdefault(constant.module, []).append(constant.field)
    lines = [f"- {module}: {', '.join(fields)}\n" for module, fields in sorted(modules.items())]
    return "".join(lines) or "None.\n"


def floor_row(what: str, usual: Answer, others: Sequence[Answer]) -> tuple[str, str, str, str]:
    """Row of how far changes move the result that should not: mean and largest, BV5 and TPBV."""
    known = [other for other in others if not other.problem]
    if usual.bv5_pct is None or usual.tpbv_ml is None or not known:
        return what, str(len(others)), "no result", "no result"
    bv5 = [abs(_minus(other.bv5_pct, usual.bv5_pct)) for other in known]
    tpbv = [100 * abs(_minus(other.tpbv_ml, usual.tpbv_ml)) / usual.tpbv_ml for other in known]
    cells = (f"{np.mean(values):.2f}, at most {max(values):.2f}" for values in (bv5, tpbv))
    return (what, str(len(others)), *cells)


def beside_truth(usual: Answer, truth: Measurement) -> str:
    """Say what is measured of a phantom, which has the hilum included in its truth."""
    bv5_pct, tpbv_ml = usual.hilum_included
    return (
        f"BV5 {usual.bv5_pct:.2f} %, TPBV {usual.tpbv_ml:.3f} mL, the hilum apart; with the hilum"
        f" included {bv5_pct:.2f} %, {tpbv_ml:.3f} mL (truth {truth.bv5_pct:.2f} %,"
        f" {truth.tpbv_ml:.3f} mL)."
    )
