"""Temporary folders: why one cannot be written, and how one is removed."""

from __future__ import annotations

import errno
import logging
import shutil
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

REMOVE_AGAIN_MS = 1000
REMOVE_ATTEMPTS = 10
NEARLY_NOTHING_BYTES = 2**20


def isFull(folder: Path) -> bool:
    """Whether the disk of a folder is known to be nearly full."""
    try:
        return shutil.disk_usage(folder).free < NEARLY_NOTHING_BYTES
    except OSError:
        return False


def inPlainWords(error: OSError) -> str:
    """Say why the input could not be written, and what to do."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _(
            "The disk is full: the scan could not be written to {folder} for the analysis."
            " Free space there, and try again."
        ).format(folder=slicer.app.temporaryPath)
    return _("The scan could not be written to {folder} for the analysis: {reason}.").format(
        folder=slicer.app.temporaryPath, reason=error.strerror or error
    )


def remove(folder: Path, attempts: int = REMOVE_ATTEMPTS) -> None:
    """Remove a folder, later if necessary: on Windows, an ending process may still use it."""
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    if attempts:
        qt.QTimer.singleShot(REMOVE_AGAIN_MS, lambda: remove(folder, attempts - 1))
    else:
        logging.warning("The folder %s could not be removed.", folder)
