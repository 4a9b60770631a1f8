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
    left_out : frozenset of str
        Names of steps not to run.
    install : bool
        Whether missing Python packages may be installed.
    limit_factor : float
        Multiplies the limits of all steps.
    extra : pathlib.Path or None
        File with further steps.
    case : tuple of pathlib.Path, or None
        Folder of a real case, and its CT, to measure times on.
    standstill : bool
        Whether a window that stands still while an analysis runs fails a step.
    times : bool
        Whether times on the real case that are longer than asked fail a step.
    """

    output: Path
    size: tuple[int, int] = (1600, 1000)
    phantom: tuple[float, float] = SAMPLE_PHANTOM
    steps: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    install: bool = True
    limit_factor: float = 1.0
    extra: Path | None = None
    case: tuple[Path, Path] | None = None
    standstill: bool = True
    times: bool = False


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
    times = value("TIMES", "")
    if times not in ("", "0", "1"):
        raise ValueError(f"{PREFIX}TIMES is {times!r}; give 0 or 1, or leave it out.")
    names = [name.strip() for name in value("STEPS", "").split(",") if name.strip()]
    return Options(
        output=Path(value("OUTPUT", "acceptance-output")).absolute(),
        size=numbers("SIZE", "1600x1000", int, "x"),
        phantom=numbers("PHANTOM", "0.75 0.7", float),
        steps=frozenset(name for name in names if not name.startswith("-")),
        left_out=frozenset(name[1:] for name in names if name.startswith("-")),
        install=value("INSTALL", "1") != "0",
        limit_factor=factor,
        extra=Path(extra).absolute() if extra else None,
        case=_case(value("CASE", "")),
        standstill=times != "0",
        times=times == "1",
    )


def _case(text: str) -> tuple[Path, Path] | None:
    """Folder and CT; ValueError where one of them is not there."""
    if not text:
        return None
    first, _equals, second = text.partition("=")
    folder, ct = Path(first).absolute(), Path(second).absolute()
    for path, given in ((folder / "result.json", first), (ct, second)):
        if not given or not path.exists():
            raise ValueError(f"{PREFIX}CASE is {text!r}: there is no {path}. Give FOLDER=CT.")
    return folder, ct
