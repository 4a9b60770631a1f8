"""Values that the tables of a study and its statistics share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Exclusion:
    """A case that is not analyzed, and the rule that it falls under."""

    case: str
    reason: str


@dataclass(frozen=True)
class UnusableCell:
    """A cell of a table that was given but is treated as missing, and why.

    Attributes
    ----------
    case : str
        The case of the cell.
    column : str
        Title of the column, as in the file.
    text : str
        What the cell holds, or what kind of thing where that is long.
    reason : str
        Such as ``is no number``.
    """

    case: str
    column: str
    text: str
    reason: str


@dataclass(frozen=True)
class FlowStep:
    """One step from all scans to those analyzed, as in a CONSORT diagram.

    Attributes
    ----------
    text : str
        Description of the remaining cases, such as ``with clinical data``.
    remaining : int
        Cases after this step.
    excluded : tuple of Exclusion
        Those that this step took out.
    """

    text: str
    remaining: int
    excluded: tuple[Exclusion, ...] = ()


@dataclass(frozen=True)
class Variable:
    """A clinical column as it is analyzed.

    Attributes
    ----------
    key : str
        Column name, such as ``pao2_mmhg``.
    name, unit : str
        As in reports; the unit is empty for text and plain numbers.
    """

    key: str
    name: str
    unit: str = ""

    @property
    def title(self) -> str:
        """Name and, in parentheses, unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True, eq=False)
class Group:
    """Patients that are compared with others.

    Attributes
    ----------
    label : str
        For tables, such as ``Oxygen ≤ 2 L/min``.
    members : numpy.ndarray
        (n,) bool.
    """

    label: str
    members: np.ndarray

    @property
    def n(self) -> int:
        """How many."""
        return int(np.count_nonzero(self.members))


def known(column: np.ndarray) -> np.ndarray:
    """(n,) bool: which values of a column are known: no NaN among numbers, no empty text."""
    return np.asarray(column != "" if column.dtype == object else np.isfinite(column), dtype=bool)
