"""The one QApplication of a test session, without a screen."""

import functools
import os


@functools.cache
def qt_application():
    """Return the QApplication, made once; windows are drawn to memory only."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6 import QtWidgets

    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["Slicer"])
    application.setStyle("Fusion")
    application.setQuitOnLastWindowClosed(False)
    return application
