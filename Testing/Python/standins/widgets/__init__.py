"""ctk's and Slicer's widgets, written as plain PySide6; `standins.pythonqt` makes them strict."""

import functools
import importlib

from PySide6 import QtWidgets

_FILES = (
    "ctkbuttons",
    "ctkchoices",
    "ctknumbers",
    "ctkpaths",
    "mrmlnodes",
    "mrmlviews",
    "mrmlplain",
)


@functools.cache
def widget_classes() -> dict[str, type[QtWidgets.QWidget]]:
    """Return every stand-in class by its name."""
    found = {}
    for file in _FILES:
        module = importlib.import_module(f"standins.widgets.{file}")
        found |= {
            name: value
            for name, value in vars(module).items()
            if isinstance(value, type)
            and name.startswith(("ctk", "qMRML", "qSlicer"))
            and value.__module__ == module.__name__
        }
    return found
