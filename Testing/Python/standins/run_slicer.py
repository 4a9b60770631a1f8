"""A stand-in Slicer as a program: runs a script as Slicer does, and exits as it is told.

python -m standins.run_slicer [--no-main-window] [--without-module] --python-script FILE
"""

import argparse
import sys
import tempfile
from pathlib import Path

from PySide6 import QtCore, QtWidgets

from standins.installation import Installation, install_qt
from standins.pythonqt import signals
from standins.slicerapp.arranging import Arranger

MODULE_FILE = Path(__file__).resolve().parents[3] / "BV5Analysis" / "BV5Analysis.py"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-main-window", action="store_true")
    parser.add_argument("--without-module", action="store_true")
    parser.add_argument("--python-script", type=Path, required=True)
    options = parser.parse_args()
    install_qt()
    with tempfile.TemporaryDirectory(prefix="stand-in-slicer-") as folder:
        installation = Installation(Path(folder), not options.no_main_window)
        if not options.without_module:
            installation.slicer.load_module(MODULE_FILE)
        if installation.slicer.main_window is not None:
            arranger = _show_panels(installation.slicer)
        installation.slicer.start()
        native = installation.slicer.app._native
        QtWidgets.QApplication.instance().aboutToQuit.connect(native.aboutToQuit)
        QtCore.QTimer.singleShot(0, lambda: _execute(options.python_script))
        status = QtWidgets.QApplication.exec()
        if installation.slicer.main_window is not None:
            arranger.stop()
        installation.remove()
    for signal in signals.refused_connections:
        print(f"Connected to a signal that there is not: {signal}", file=sys.stderr)
    return status or int(bool(signals.refused_connections))


PANEL_WIDTH = 480


def _show_panels(slicer) -> Arranger:
    """Show the window, with the panel of the module that is chosen beside the views."""
    window, area = slicer.main_window, QtWidgets.QScrollArea()
    area.setWidgetResizable(True)
    area.setFixedWidth(PANEL_WIDTH)
    manager = slicer.app._native.layoutManager()._native
    center = QtWidgets.QWidget()
    row = QtWidgets.QHBoxLayout(center)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(area)
    row.addWidget(manager.viewport(), 1)
    window.setCentralWidget(center)
    arranger = Arranger(manager)

    def show(name: str) -> None:
        area.takeWidget()
        module = slicer.manager.module(name)
        if module is not None and module._widget is not None:
            area.setWidget(module._widget)
            module._widget.show()

    window.moduleSelector().moduleSelected.connect(show)
    window.show()
    return arranger


def _execute(script: Path) -> None:
    """As `ctkAbstractPythonManager.executeFile`: the folder is on the path meanwhile."""
    folder = str(script.resolve().parent)
    sys.path.insert(0, folder)
    try:
        code = compile(script.read_text(encoding="utf-8"), str(script), "exec")
        exec(code, {"__name__": "__main__", "__file__": str(script)})
    except Exception as error:  # noqa: BLE001 - Slicer prints it, and stays open
        sys.excepthook(type(error), error, error.__traceback__)
        QtWidgets.QApplication.exit(1)
    finally:
        sys.path.remove(folder)


if __name__ == "__main__":
    sys.exit(main())
