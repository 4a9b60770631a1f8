"""The one QApplication of a test session, without a screen."""

import ctypes
import functools
import os
import sys


@functools.cache
def qt_application():
    """Return the QApplication, made once; windows are drawn to memory only."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6 import QtWidgets

    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["Slicer"])
    application.setStyle("Fusion")
    application.setQuitOnLastWindowClosed(False)
    _keep_none()
    return application


def _keep_none() -> None:
    """Give None references to lose; it has no end of them from Python 3.12 on.

    Each call of PySide's `processEvents` takes one. Without any left the program would abort, and
    a run that waits long in its event loop needs ten thousands.
    """
    if sys.version_info < (3, 12):
        ctypes.c_ssize_t.from_address(id(None)).value += 2**40
