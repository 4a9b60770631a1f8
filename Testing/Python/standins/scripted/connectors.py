"""Which widget can show a parameter of which type, as Slicer's GUI connectors decide."""

import enum
import pathlib
from dataclasses import dataclass
from typing import Any

import ctk
import qt
import slicer

from standins.scripted.annotations import (
    Choice,
    Decimals,
    Maximum,
    Minimum,
    SingleStep,
    WithinRange,
    first,
    split_annotations,
)


@dataclass
class Connector:
    """Reads and writes one widget; calls back when the user changes it."""

    widget: Any
    signal: str
    read: Any
    write: Any
    _receiver: Any = None

    def connect(self, receiver) -> None:
        self._receiver = receiver
        if self.signal:
            getattr(self.widget, self.signal).connect(receiver)

    def disconnect(self) -> None:
        if self.signal:
            getattr(self.widget, self.signal).disconnect(self._receiver)


def make_connector(widget, kind) -> Connector:
    """Return the connector of a widget to a type; RuntimeError where Slicer has none."""
    bare, annotations = split_annotations(kind)
    for make in (_boolean, _number, _choice, _text, _path, _node, _color):
        connector = make(widget, bare, annotations)
        if connector is not None:
            return connector
    raise RuntimeError(f"Unable to connect a {type(widget).__name__} to {kind}")


def _by_property(widget, signal: str, name: str, convert=lambda value: value) -> Connector:
    return Connector(
        widget,
        signal,
        lambda: convert(getattr(widget, name)),
        lambda value: setattr(widget, name, value),
    )


def _boolean(widget, bare, annotations):
    if bare is bool and type(widget) in (qt.QCheckBox, ctk.ctkCheckBox):
        return _by_property(widget, "stateChanged", "checked")
    if bare is bool and type(widget) is qt.QPushButton:
        widget.checkable = True
        return _by_property(widget, "toggled", "checked")
    return None


def _number(widget, bare, annotations):
    if bare is int and type(widget) in (qt.QSlider, qt.QSpinBox):
        low, high = _bounds(annotations, -(2**31), 2**31 - 1)
        widget.setRange(low, high)
        return _by_property(widget, "valueChanged", "value")
    many = (
        qt.QDoubleSpinBox,
        ctk.ctkSliderWidget,
        slicer.qMRMLSliderWidget,
        ctk.ctkDoubleSlider,
        ctk.ctkDoubleSpinBox,
        slicer.qMRMLSpinBox,
    )
    if bare not in (int, float) or type(widget) not in many:
        return None
    low, high = _bounds(annotations, float("-inf"), float("inf"))
    sliders = (ctk.ctkSliderWidget, slicer.qMRMLSliderWidget)
    if type(widget) in sliders and not (low > float("-inf") and high < float("inf")):
        raise RuntimeError("A slider needs a parameter with bounds")
    decimals, step = first(annotations, Decimals), first(annotations, SingleStep)
    if decimals is not None:
        widget.decimals = decimals.value
    if step is not None:
        widget.singleStep = step.value
    widget.minimum, widget.maximum = low, high
    return _by_property(widget, "valueChanged", "value", bare)


def _bounds(annotations, low, high) -> tuple:
    both = first(annotations, WithinRange)
    if both is not None:
        return both.minimum, both.maximum
    one, other = first(annotations, Minimum), first(annotations, Maximum)
    return (one.minimum if one else low), (other.maximum if other else high)


def _choice(widget, bare, annotations):
    if type(widget) not in (qt.QComboBox, ctk.ctkComboBox):
        return None
    if issubclass(bare, enum.Enum):
        values = list(bare)
        labels = [v.label() if hasattr(bare, "label") else v.name for v in values]
    else:
        choice = first(annotations, Choice)
        if choice is None:
            raise RuntimeError("A combo box needs a parameter that is an Enum or has a Choice")
        values = list(choice.choices)
        labels = [str(value) for value in values]
    widget.clear()
    for label in labels:
        widget.addItem(label)
    return Connector(
        widget,
        "currentIndexChanged",
        lambda: values[widget.currentIndex],
        lambda value: setattr(widget, "currentIndex", values.index(value)),
    )


def _text(widget, bare, annotations):
    if bare is not str:
        return None
    if type(widget) is qt.QLineEdit:
        return Connector(
            widget,
            "textChanged",
            lambda: widget.text,
            # Writing moves the cursor, so only what differs is written.
            lambda value: value == widget.text or setattr(widget, "text", value),
        )
    if type(widget) is qt.QLabel:
        return _by_property(widget, "", "text")
    if type(widget) is qt.QTextEdit:
        return Connector(widget, "textChanged", widget.toPlainText, widget.setPlainText)
    return None


def _path(widget, bare, annotations):
    if not issubclass(bare, pathlib.PurePath):
        return None
    fields = {
        ctk.ctkPathLineEdit: ("currentPathChanged", "currentPath"),
        ctk.ctkDirectoryButton: ("directoryChanged", "directory"),
    }
    if type(widget) not in fields:
        return None
    signal, name = fields[type(widget)]
    return Connector(
        widget,
        signal,
        lambda: bare(getattr(widget, name)),
        lambda value: setattr(widget, name, str(value)),
    )


def _node(widget, bare, annotations):
    if type(widget) is not slicer.qMRMLNodeComboBox or not issubclass(bare, slicer.vtkMRMLNode):
        return None
    widget.nodeTypes = [bare.__name__]
    return Connector(widget, "currentNodeChanged", widget.currentNode, widget.setCurrentNode)


def _color(widget, bare, annotations):
    if type(widget) is ctk.ctkColorPickerButton and issubclass(bare, qt.QColor):
        return _by_property(widget, "colorChanged", "color")
    return None
