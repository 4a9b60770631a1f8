"""What takes seconds to make is made once in a run, by whichever process needs it first."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock

Made = TypeVar("Made")


class MadeOnce:
    """Values that processes of a run share, pickled in a folder of that run.

    Parameters
    ----------
    folder : pathlib.Path or None
        Folder that all processes of the run have in common; None where there is but one process,
        which keeps its values in its own fixtures.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @classmethod
    def of_run(cls, factory: pytest.TempPathFactory) -> "MadeOnce":
        """Return the store of the run that this process is part of."""
        # Each of pytest-xdist's workers has a folder of its own inside that of the run.
        in_worker = "PYTEST_XDIST_WORKER" in os.environ
        return cls(factory.getbasetemp().parent if in_worker else None)

    def __call__(self, name: str, make: Callable[[], Made]) -> Made:
        """Return the value of that name, made by `make` if no process has made it yet."""
        if self._folder is None:
            return make()
        file = self._folder / f"{name}.pickle"
        with FileLock(file.with_suffix(".lock")):
            if not file.exists():
                whole = file.with_suffix(".part")
                whole.write_bytes(pickle.dumps(make(), protocol=pickle.HIGHEST_PROTOCOL))
                whole.replace(file)
        return pickle.loads(file.read_bytes())
