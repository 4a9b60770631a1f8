"""Members of wrapped classes: methods, properties, signals, and names that are refused."""

import enum
import types

from standins.pythonqt import wrapping
from standins.pythonqt.calling import call
from standins.pythonqt.enums import EnumInt
from standins.pythonqt.signals import BoundSignal


class Method:
    """A slot or method; of a class, a static method."""

    def __init__(self, name: str, native_class: type):
        self.name, self.native_class = name, native_class

    def __get__(self, wrapped, owner):
        name = self.name
        if wrapped is None:
            function = getattr(self.native_class, name)
            return lambda *arguments: call(function, arguments)
        native = wrapped._native
        # A Python subclass overrides by a method of the same name: its base's is meant here.
        function = getattr(
            super(type(native), native) if wrapping.is_shell(native) else native, name
        )
        return lambda *arguments: call(function, arguments)


class Property:
    """A Qt property: an attribute to read and write."""

    def __init__(self, name: str, writable: bool):
        self.name, self.writable = name, writable

    def __get__(self, wrapped, owner):
        if wrapped is None:
            # QTimer.singleShot is a static function beside the property of that name.
            static = getattr(owner._native_class, self.name, None)
            is_static = isinstance(static, types.BuiltinFunctionType)
            return (lambda *given: call(static, given)) if is_static else self
        return wrapping.to_python(wrapped._native.property(self.name))

    def __set__(self, wrapped, value):
        if not self.writable:
            raise AttributeError(f"Property '{self.name}' of {wrapped.className()} is not writable")
        native = wrapped._native
        present = native.property(self.name)
        if isinstance(present, (bool, int, float)) and isinstance(value, (str, type(None))):
            self._refuse_value(wrapped, value)
        if isinstance(present, str) and not isinstance(value, str):
            self._refuse_value(wrapped, value)
        if isinstance(present, enum.Enum) and not isinstance(value, EnumInt):
            value = EnumInt(int(value), type(present))
        if not native.setProperty(self.name, wrapping.to_qt(value)):
            self._refuse_value(wrapped, value)

    def _refuse_value(self, wrapped, value):
        raise AttributeError(
            f"Property '{self.name}' of {wrapped.className()} does not accept {value!r}"
        )


class ObjectName(Property):
    """`name`, PythonQt's other word for objectName."""

    def __init__(self):
        super().__init__("objectName", writable=True)


class Signal:
    def __init__(self, name: str):
        self.name = name

    def __get__(self, wrapped, owner):
        return self if wrapped is None else BoundSignal(wrapped, self.name)


class Refused:
    """A name that PySide6 has and real Slicer has not."""

    def __init__(self, name: str):
        self.name = name

    def __get__(self, wrapped, owner):
        raise AttributeError(f"'{owner.__name__}' object has no attribute '{self.name}'")
