"""`slicer.parameterNodeWrapper`: a class of typed fields over a parameter node."""

import typing

import qt
import slicer
import vtk

from standins.scripted.annotations import (  # noqa: F401 - what modules import from here
    Choice,
    Decimals,
    Default,
    IsInstance,
    Label,
    Maximum,
    Minimum,
    NotNone,
    SingleStep,
    Validator,
    WithinRange,
    first,
    split_annotations,
)
from standins.scripted.connectors import make_connector
from standins.scripted.parameters import Parameter, check_supported

SlicerParameterNamePropertyName = "SlicerParameterName"


def parameterNodeWrapper(classtype=None):
    """Give a class of annotated fields Slicer's behaviour."""
    return _wrapped if classtype is None else _wrapped(classtype)


def isParameterNodeWrapper(classOrObj):
    return getattr(classOrObj, "_is_parameter_node_wrapper", False)


def _wrapped(classtype: type) -> type:
    parameters = {}
    for name, kind in typing.get_type_hints(classtype, include_extras=True).items():
        check_supported(name, kind)
        default = first(split_annotations(kind)[1], Default)
        if hasattr(classtype, name):
            default = Default(getattr(classtype, name))
        parameters[name] = Parameter(name, kind, default)
        setattr(classtype, name, _field(name))
    classtype.allParameters = parameters
    classtype._is_parameter_node_wrapper = True
    for name, value in vars(_Wrapper).items():
        if not name.startswith("__") or name == "__init__":
            setattr(classtype, name, value)
    return classtype


def _field(name: str) -> property:
    return property(
        lambda self: self.getValue(name), lambda self, value: self.setValue(name, value)
    )


class _Wrapper:
    """What the decorated class gets."""

    allParameters: dict

    def __init__(self, parameterNode, prefix=None):
        self.parameterNode = parameterNode
        self._connected: dict[int, tuple] = {}
        self._showing = False
        for parameter in self.allParameters.values():
            if not parameter.is_in(parameterNode):
                parameter.write(parameterNode, parameter.default())

    def _parameter(self, name: str) -> Parameter:
        if name not in self.allParameters:
            raise ValueError(f"Cannot find a param with the given name: {name}")
        return self.allParameters[name]

    def getValue(self, name):
        return self._parameter(name).read(self.parameterNode)

    def setValue(self, name, value):
        with slicer.util.NodeModify(self.parameterNode):
            self._parameter(name).write(self.parameterNode, value)

    def default(self, name):
        parameter = self._parameter(name)
        return parameter._default or Default(parameter.default())

    def dataType(self, name):
        return self._parameter(name).kind

    def connectGui(self, gui):
        widgets = (
            gui.findChildren(qt.QWidget) if isinstance(gui, qt.QWidget) else vars(gui).values()
        )
        named = ((w.property(SlicerParameterNamePropertyName), w) for w in widgets)
        return self.connectParametersToGui({name: w for name, w in named if name})

    def connectParametersToGui(self, mapping):
        connectors = {
            name: make_connector(widget, self._parameter(name).kind)
            for name, widget in mapping.items()
        }
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.connect(self._taker(name, connector))
        observer = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._show_all())
        tag = max(self._connected, default=-1) + 1
        self._connected[tag] = (connectors, observer)
        return tag

    def disconnectGui(self, guiTag):
        connectors, observer = self._connected.pop(guiTag, ({}, None))
        for connector in connectors.values():
            connector.disconnect()
        if observer is not None:
            self.RemoveObserver(observer)

    def _taker(self, name, connector):
        def take():
            with slicer.util.NodeModify(self.parameterNode):
                if not self._showing:
                    self.setValue(name, connector.read())

        return take

    def _show_all(self):
        if self._showing:
            return
        self._showing = True
        try:
            for connectors, _observer in self._connected.values():
                for name, connector in connectors.items():
                    connector.write(self.getValue(name))
        finally:
            self._showing = False

    def StartModify(self):
        return self.parameterNode.StartModify()

    def EndModify(self, wasModified):
        return self.parameterNode.EndModify(wasModified)

    def AddObserver(self, event, callback, priority=0.0):
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        return self.parameterNode.RemoveObserver(tag)

    def Modified(self):
        return self.parameterNode.Modified()
