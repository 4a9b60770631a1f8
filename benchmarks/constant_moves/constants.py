"""The method's constants: found, moved, put in place of the ones that are there."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from BV5AnalysisLib import imaging
from BV5AnalysisLib.imaging.model.constants import MethodConstants, described

LEFT_OUT = ("phantom", "editing")
"""Rooms whose constants an analysis does not use: they make test images, and recompute edits."""


@dataclass(frozen=True)
class Constant:
    """One constant of the method.

    Attributes
    ----------
    module : str
        Within the imaging layer, such as ``sizing.sheets``.
    field : str
        Of the module's `CONSTANTS`.
    value : float, int or tuple
        As it is.
    unit, meaning, reason : str
        As written down beside it.
    """

    module: str
    field: str
    value: Any
    unit: str
    meaning: str
    reason: str

    @property
    def name(self) -> str:
        """Module and field."""
        return f"{self.module}.{self.field}"

    @property
    def room(self) -> str:
        """Folder of the imaging layer, or the module where it lies in none."""
        return self.module.split(".")[0]

    @property
    def is_by_eye(self) -> bool:
        """Whether nothing but a look at pictures speaks for the value."""
        return self.reason.lower().startswith("chosen by eye")


def find_constants() -> list[Constant]:
    """List the constants of the imaging layer, room by room."""
    return [
        Constant(_short(module), each.name, each.value, each.unit, each.meaning, each.reason)
        for module, instance in _instances()
        for each in described(instance)
    ]


def _instances() -> Iterator[tuple[str, MethodConstants]]:
    """Name of each module that has constants, and the constants."""
    for info in pkgutil.walk_packages(imaging.__path__, f"{imaging.__name__}."):
        if _short(info.name).split(".")[0] in LEFT_OUT:
            continue
        instance = getattr(importlib.import_module(info.name), "CONSTANTS", None)
        # Where a module imports those of another, they are the other's.
        if isinstance(instance, MethodConstants) and type(instance).__module__ == info.name:
            yield info.name, instance


def _short(module: str) -> str:
    return module.removeprefix(f"{imaging.__name__}.")


def moved(value: Any, factor: float) -> Any:
    """Value times a factor; counts by one at least, tuples as a whole.

    Parameters
    ----------
    value : float, int or tuple of them
        As it is.
    factor : float
        Such as 0.8 or 1.2.

    Returns
    -------
    float, int or tuple of them
        The same value where there is nothing to move, as with 0.
    """
    if isinstance(value, tuple):
        return tuple(moved(part, factor) for part in value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value == 0:
        return value
    if isinstance(value, float):
        return value * factor
    change = round(value * (factor - 1))
    return value + (change or (1 if factor > 1 else -1))


def put_in_place(module: str, field: str, value: Any) -> None:
    """Give a constant another value, everywhere in this process.

    Parameters
    ----------
    module, field : str
        Of a `Constant`.
    value : float, int or tuple of them
        The new one.
    """
    home = importlib.import_module(f"{imaging.__name__}.{module}")
    _replace(home.CONSTANTS, dataclasses.replace(home.CONSTANTS, **{field: value}))


def record_reads() -> set[str]:
    """Note from now on which constants are read, by `Constant.name`, in the set that is given."""
    read: set[str] = set()
    for module, instance in list(_instances()):
        _replace(instance, _recording(_short(module), instance, read))
    return read


def _recording(module: str, instance: MethodConstants, read: set[str]) -> MethodConstants:
    class Recording(type(instance)):  # type: ignore[misc]
        def __getattribute__(self, name: str) -> Any:
            read.add(f"{module}.{name}")
            return super().__getattribute__(name)

    recording = copy.copy(instance)
    object.__setattr__(recording, "__class__", Recording)
    return recording


def _replace(old: MethodConstants, new: MethodConstants) -> None:
    """Bind every name in a module of the library that is bound to the old ones to the new ones."""
    library = imaging.__name__.split(".")[0]
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == library:
            for attribute, value in list(vars(module).items()):
                if value is old:
                    setattr(module, attribute, new)
