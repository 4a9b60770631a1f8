"""How a value of each type is kept in a vtkMRMLScriptedModuleNode: Slicer's keys and formats."""

import enum
import pathlib

import qt
import slicer

from standins.facts import MissingInStandIn
from standins.scripted.annotations import IsInstance, NotNone, Validator, split_annotations


class Parameter:
    """One field: its type, checks, default, and its place in a node."""

    def __init__(self, name: str, kind, default):
        self.name, self.kind = name, kind
        self.type, annotations = split_annotations(kind)
        self._default = default
        accepted = (int, float) if self.type is float else self.type
        # bool is an int, too: Slicer takes it for one.
        checks = [IsInstance(accepted)]
        if not (self.is_node or issubclass(self.type, enum.Enum)):
            checks.insert(0, NotNone())
        self._checks = checks + [a for a in annotations if isinstance(a, Validator)]

    @property
    def is_node(self) -> bool:
        return issubclass(self.type, slicer.vtkMRMLNode)

    def default(self):
        if self._default is not None:
            return self._default.value
        if self.is_node:
            return None
        if issubclass(self.type, enum.Enum):
            return next(iter(self.type))
        return self.type()

    def is_in(self, node) -> bool:
        return bool(node.HasParameter(self.name))

    def write(self, node, value) -> None:
        for check in self._checks:
            check.validate(value)
        node.SetParameter(self.name, self._text(value))
        if self.is_node:
            node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)

    def read(self, node):
        if self.is_node:
            return node.GetNodeReference(self.name)
        if not self.is_in(node):
            self.write(node, self.default())
        text = node.GetParameter(self.name)
        if self.type is bool:
            return text == "True"
        if issubclass(self.type, enum.Enum):
            return self.type[text]
        return self.type(text)

    def _text(self, value) -> str:
        if self.is_node:
            return ""
        if self.type is bool:
            return "True" if value else "False"
        if issubclass(self.type, enum.Enum):
            return value.name
        if issubclass(self.type, qt.QColor):
            return value.name(qt.QColor.HexArgb)
        return str(value)


def check_supported(name: str, kind) -> None:
    """Refuse types that only Slicer's own wrapper takes."""
    bare = split_annotations(kind)[0]
    known = (int, float, str, bool, enum.Enum, pathlib.PurePath, qt.QColor, slicer.vtkMRMLNode)
    if not isinstance(bare, type) or not issubclass(bare, known):
        raise MissingInStandIn(f"{name}: no stand-in for parameters of type {bare}")
