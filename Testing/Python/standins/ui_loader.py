"""Loading of .ui files with the stand-ins' widget classes."""

import xml.etree.ElementTree as ElementTree

from PySide6 import QtCore, QtUiTools, QtWidgets

from standins.facts import MissingInStandIn, normalized
from standins.widgets import widget_classes

_SCENE_CHANGED = "mrmlSceneChanged(vtkMRMLScene*)"
_SET_SCENE = "setMRMLScene(vtkMRMLScene*)"


class UiLoader(QtUiTools.QUiLoader):
    """Makes ctk and qMRML stand-ins; forwards the scene along the file's connections, only."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._made: list[QtWidgets.QWidget] = []
        self._unknown: list[str] = []

    def createWidget(self, class_name, parent=None, name=""):
        custom = widget_classes().get(class_name)
        native_class = custom or getattr(QtWidgets, class_name, None)
        if native_class is None or class_name in {"Line"}:
            if class_name != "Line":
                self._unknown.append(class_name)
            widget = super().createWidget(class_name, parent, name)
        else:
            widget = native_class(parent)
            widget.setObjectName(name)
        self._made.append(widget)
        return widget

    def load(self, device, parent=None):
        """Return the widget of a .ui file (path or open QIODevice)."""
        file = QtCore.QFile(device) if isinstance(device, str) else device
        if not file.isOpen():
            file.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        text = bytes(file.readAll().data())
        file.close()
        tree = ElementTree.fromstring(text)
        connections = _take_scene_connections(tree)
        stripped = QtCore.QBuffer()
        stripped.setData(ElementTree.tostring(tree))
        stripped.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        self._made.clear()
        widget = super().load(stripped, parent)
        if self._unknown:
            raise MissingInStandIn(f"No stand-in for {', '.join(sorted(set(self._unknown)))}")
        widget._kept = list(self._made)
        for sender, receiver in connections:
            _forward_scene(_named(widget, sender), _named(widget, receiver))
        return widget


def _take_scene_connections(tree) -> list[tuple[str, str]]:
    """Take the scene's connections, which Qt itself cannot make, out of the file's tree."""
    found = []
    for group in tree.findall("connections"):
        for connection in group.findall("connection"):
            signal, slot = connection.findtext("signal"), connection.findtext("slot")
            if normalized(signal) == _SCENE_CHANGED and normalized(slot) == _SET_SCENE:
                found.append((connection.findtext("sender"), connection.findtext("receiver")))
                group.remove(connection)
    return found


def _named(root, name: str):
    if root.objectName() == name:
        return root
    found = root.findChild(QtWidgets.QWidget, name)
    if found is None:
        raise ValueError(f"The .ui file connects '{name}', which it does not contain")
    return found


def _forward_scene(sender, receiver) -> None:
    sender._mrml_scene_changed.connect(receiver.setMRMLScene)
