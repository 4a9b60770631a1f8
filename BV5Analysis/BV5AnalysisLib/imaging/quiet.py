"""Keep what C++ readers print on the error stream away from users."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import SimpleITK as sitk

STDERR = 2


@contextmanager
def quiet_readers() -> Iterator[None]:
    """Silence ITK, GDCM and MetaIO, which write past Python to the error stream.

    What they report reaches the caller as exceptions and is told in plain words.
    """
    warned = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.GlobalWarningDisplayOff()
    try:
        kept = os.dup(STDERR)
    except OSError:
        # A windowed program has no error stream to silence.
        kept = None
    try:
        if kept is not None:
            with open(os.devnull, "w") as nowhere:  # noqa: PTH123
                os.dup2(nowhere.fileno(), STDERR)
        yield
    finally:
        if kept is not None:
            os.dup2(kept, STDERR)
            os.close(kept)
        sitk.ProcessObject.SetGlobalWarningDisplay(warned)
