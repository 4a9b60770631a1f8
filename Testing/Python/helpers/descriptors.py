"""Standard streams of this process, which no part of the library may turn elsewhere."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STANDARD = (0, 1, 2)


def streams() -> dict[int, tuple[int, int] | None]:
    """Say which file each standard descriptor stands for; None for one that is closed."""
    return {descriptor: _file_of(descriptor) for descriptor in STANDARD}


def _file_of(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def left_alone(monkeypatch) -> Iterator[None]:
    """Fail if standard streams are turned elsewhere while the block runs, or are after it."""
    real, before = os.dup2, streams()

    def dup2(source: int, target: int, inheritable: bool = True) -> int:
        # What pytest captures with is no part of the test.
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if target in STANDARD and not caller.startswith("_pytest"):
            raise AssertionError(f"{caller} turns descriptor {target} of the process elsewhere")
        return real(source, target, inheritable)

    with monkeypatch.context() as patch:
        patch.setattr(os, "dup2", dup2)
        yield
    assert streams() == before
