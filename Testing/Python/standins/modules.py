"""The modules `ctk`, and the widget classes of `slicer`."""

import types

from standins import facts
from standins.pythonqt.wrapping import wrapper_class
from standins.widgets import widget_classes


class CtkModule(types.ModuleType):
    """`ctk`: its stand-ins, wrapped."""

    def __getattr__(self, name: str):
        if name.startswith("ctk"):
            return widget_class(name)
        raise AttributeError(f"module 'ctk' has no attribute '{name}'")


def make_ctk() -> types.ModuleType:
    """Return a fresh module `ctk`."""
    return CtkModule("ctk")


def widget_class(name: str) -> type:
    """Return the wrapped class of a ctk or Slicer widget."""
    if name in widget_classes():
        return wrapper_class(widget_classes()[name])
    if facts.of_class(name) or name in facts.slicer_names():
        raise facts.MissingInStandIn(f"{name} exists in Slicer, not here")
    raise AttributeError(f"There is no widget class '{name}'")
