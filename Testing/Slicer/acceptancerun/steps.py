"""What a step is, and how it is made known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import Run


class Skipped(Exception):
    """A step cannot be tried here; the text says why."""


class Where(Enum):
    """In which Slicer a step runs."""

    BOTH = "both"
    WINDOW = "window"
    NO_WINDOW = "no window"


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    name : str
        Short, for options and the picture's file.
    title : str
        What holds if it passed.
    limit : float
        Seconds after which Slicer is ended.
    where : Where
        In which Slicer it runs.
    does : callable
        Does it; gets the `Run`.
    picture : str
        Name of the picture's file, without ending.
    """

    name: str
    title: str
    limit: float
    where: Where
    does: Callable[[Run], None]
    picture: str


STEPS: list[Step] = []
"""All steps, in the order in which they run."""


def step(
    name: str, title: str, limit: float, where: Where = Where.BOTH, picture: str = ""
) -> Callable[[Callable[[Run], None]], Callable[[Run], None]]:
    """Make a function a step; see the package's docstring."""

    def add(does: Callable[[Run], None]) -> Callable[[Run], None]:
        # With a window and without one, two functions may try the same.
        if any(each.name == name and Where.BOTH in (where, each.where) for each in STEPS):
            raise ValueError(f"There is a step {name} already")
        STEPS.append(Step(name, title, limit, where, does, picture or name))
        return does

    return add
