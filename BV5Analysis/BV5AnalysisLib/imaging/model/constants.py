"""How the method's tuned numbers are written down: each with its unit, meaning and reason."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TypeVar

T = TypeVar("T")
Number = float | tuple[float, ...] | tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class MethodConstants:
    """Base of the tuned numbers of one step of the method.

    A step's module holds one instance, ``CONSTANTS``, and reads every number from it at the time
    of use, so that ``make benchmark-sensitivity`` can put another one in its place. Each field is
    made by `constant`.
    """


@dataclass(frozen=True)
class Described:
    """One tuned number as documents and benchmarks show it.

    Attributes
    ----------
    name : str
        Field of its data class.
    value : float, tuple of float or tuple of these
        In `unit`.
    unit : str
        ``"1"`` for a ratio or a count.
    meaning : str
        What it bounds or weighs.
    reason : str
        Why this value: a benchmark, a source, or that it was chosen by eye.
    """

    name: str
    value: Number
    unit: str
    meaning: str
    reason: str


def constant(value: T, unit: str, meaning: str, reason: str) -> T:
    """Field of `MethodConstants`: a tuned number with its unit, meaning and reason.

    Parameters
    ----------
    value : float, int or tuple of them
        The number.
    unit : str
        ``"mm"``, ``"HU"``, ``"mm²"``, ``"voxels"``, … or ``"1"`` for a ratio or a count.
    meaning : str
        What it bounds or weighs, in a sentence.
    reason : str
        Why this value: measured by which benchmark, taken from which source, or
        ``"Chosen by eye."``, which is honest and asks for a measurement.

    Returns
    -------
    dataclasses.Field
        Typed as the value, so that type checkers see a plain field.

    Raises
    ------
    ValueError
        A text is missing.
    """
    if not (unit.strip() and meaning.strip() and reason.strip()):
        raise ValueError("A constant needs a unit, a meaning and a reason.")
    return field(default=value, metadata={"unit": unit, "meaning": meaning, "reason": reason})


def described(constants: MethodConstants) -> list[Described]:
    """Describe the numbers of one step, in their order."""
    return [
        Described(number.name, getattr(constants, number.name), **number.metadata)
        for number in fields(constants)
    ]
