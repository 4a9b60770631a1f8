"""`qt` as Slicer's Python has it, over PySide6."""

import types

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

from standins import facts
from standins.pythonqt.wrapping import wrapper_class

# In Qt 6 elsewhere, or gone.
_MODULES = (QtCore, QtGui, QtWidgets, QtUiTools)


class QtModule(types.ModuleType):
    """Makes each class when it is first asked for."""

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        for module in _MODULES:
            native = getattr(module, name, None)
            if isinstance(native, type):
                made = wrapper_class(native)
                setattr(self, name, made)
                return made
        if name.startswith("Q") and facts.of_class(name):
            raise facts.MissingInStandIn(f"qt.{name} exists in Slicer, not here")
        raise AttributeError(f"module 'qt' has no attribute '{name}'")


def make_module() -> types.ModuleType:
    """Return a fresh module `qt`."""
    from standins.dialogs import add_dialogs
    from standins.ui_loader import UiLoader

    module = QtModule("qt")
    module.QUiLoader = wrapper_class(UiLoader)
    module.SIGNAL = lambda signature: signature
    module.SLOT = lambda signature: signature
    add_dialogs(module)
    return module
