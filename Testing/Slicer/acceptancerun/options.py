"""Options of the run, from the environment; they are described in acceptance.py."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PREFIX = "BV5_ACCEPTANCE_"
SAMPLE_PHANTOM = (0.75, 0.7)
"""Scale and voxel size of the module's own sample, whose truth is compared."""


@dataclass(frozen=True)
class Options:
    """How to run.

    Attributes
    ----------
    output : pathlib.Path
        Folder to write to.
    size : tuple of int
        Width and height of the main window.
    phantom : tuple of float
        Scale and voxel size, mm, of the sample phantom.
    steps : frozenset of str
        Names of steps to run; all if empty.
    install : bool
        Whether missing Python packages may be installed.
    limit_factor : float
        Multiplies the limits of all steps.
    extra : pathlib.Path or None
        File with further steps.
    """

    output: Path
    size: tuple[int, int] = (1600, 1000)
    phantom: tuple[float, float] = SAMPLE_PHANTOM
    steps: frozenset[str] = frozenset()
    install: bool = True
    limit_factor: float = 1.0
    extra: Path | None = None


def options_from(environment: Mapping[str, str] = os.environ) -> Options:
    """Read the options; ValueError names one that cannot be read."""

    def value(name: str, default: str) -> str:
        return environment.get(PREFIX + name, "").strip() or default

    def numbers(name: str, default: str, kind: type, separator: str | None = None) -> tuple:
        text = value(name, default)
        try:
            first, second = (kind(part) for part in text.split(separator))
        except ValueError:
            raise ValueError(f"{PREFIX}{name} is {text!r}; give it such as {default!r}.") from None
        return first, second

    try:
        factor = float(value("LIMIT_FACTOR", "1"))
    except ValueError as error:
        raise ValueError(f"{PREFIX}LIMIT_FACTOR: {error}") from None
    extra = value("EXTRA", "")
    names = (name.strip() for name in value("STEPS", "").split(","))
    return Options(
        output=Path(value("OUTPUT", "acceptance-output")).absolute(),
        size=numbers("SIZE", "1600x1000", int, "x"),
        phantom=numbers("PHANTOM", "0.75 0.7", float),
        steps=frozenset(name for name in names if name),
        install=value("INSTALL", "1") != "0",
        limit_factor=factor,
        extra=Path(extra).absolute() if extra else None,
    )
