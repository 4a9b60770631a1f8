"""Python objects that stand for Qt objects, as PythonQt makes them."""

import enum
import weakref

import shiboken6
from PySide6 import QtCore

from standins import facts
from standins.pythonqt.calling import call_native
from standins.pythonqt.descriptors import Method, ObjectName, Property, Refused, Signal
from standins.pythonqt.enums import EnumInt, EnumType
from standins.pythonqt.ownership import delete_later, dropped, made_in_python
from standins.pythonqt.signals import connect_by_signature, disconnect_by_signature

_SHIBOKEN_OBJECT = shiboken6.Shiboken.Object
_classes: dict[type, type] = {}


class Wrapped:
    """Base of every class in `qt`: holds the PySide6 object (`native`)."""

    __slots__ = ("__weakref__", "_native_object")
    _native_class: type | None = None

    def __init__(self, *arguments):
        from standins.pythonqt.subclassing import native_class_for

        native_class = native_class_for(type(self))
        _adopt(self, made_in_python(call_native(native_class, arguments)))

    def __del__(self):
        dropped(getattr(self, "_native_object", None))

    @property
    def _native(self):
        try:
            return self._native_object
        except AttributeError:
            raise ValueError(
                f"{type(self).__name__}: __init__ of the Qt base was not called"
            ) from None

    def className(self):
        return _qt_class(type(self)).__name__

    def help(self):
        return None

    def delete(self):
        shiboken6.delete(self._native)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        native = self._native
        if isinstance(native, QtCore.QObject) and name.encode() in [
            bytes(n.data()) for n in native.dynamicPropertyNames()
        ]:
            return to_python(native.property(name))
        _refuse(type(self), name)

    def __setattr__(self, name, value):
        if name == "_native_object" or _settable(type(self), name):
            object.__setattr__(self, name, value)
            return
        native = self._native
        if isinstance(native, QtCore.QObject) and name.encode() in [
            bytes(n.data()) for n in native.dynamicPropertyNames()
        ]:
            native.setProperty(name, to_qt(value))
            return
        if hasattr(type(self), name):
            raise AttributeError(f"'{name}' of {self.className()} can not be overwritten")
        raise AttributeError(
            f"Property '{name}' does not exist on {self.className()} and creating new attributes "
            "on C++ objects is not allowed"
        )

    def __eq__(self, other):
        return isinstance(other, Wrapped) and self._native == other._native

    def __hash__(self):
        return hash(self._native)

    def __repr__(self):
        return f"{self.className()} ({self._native!r})"

    def __dir__(self):
        known = facts.of_class(self.className())
        return sorted(known.attributes) if known else super().__dir__()


def _settable(cls: type, name: str) -> bool:
    """Whether an instance takes this attribute: a property, or its class was written in Python."""
    for base in cls.__mro__:
        if name in vars(base) and hasattr(vars(base)[name], "__set__"):
            return True
    return cls is not _qt_class(cls) and name not in dir(_qt_class(cls))


def _refuse(cls: type, name: str):
    real = facts.of_class(_qt_class(cls).__name__)
    if real and name in real.attributes:
        raise facts.MissingInStandIn(f"{_qt_class(cls).__name__}.{name} exists in Slicer, not here")
    raise AttributeError(f"'{_qt_class(cls).__name__}' object has no attribute '{name}'")


def _qt_class(cls: type) -> type:
    """Return the class of `qt` that a Python subclass builds on (itself if it is one)."""
    return next(base for base in cls.__mro__ if "_native_class" in vars(base))


def _adopt(wrapped: Wrapped, native) -> None:
    wrapped._native_object = native
    if isinstance(native, QtCore.QObject):
        # What Python made goes with its last reference in Python.
        weakly = getattr(native, "_pythonqt_owned", False)
        native._pythonqt_wrapper = weakref.ref(wrapped) if weakly else lambda: wrapped


def wrap(native) -> Wrapped:
    """Return the one wrapper of a PySide6 object."""
    reference = getattr(native, "_pythonqt_wrapper", None)
    existing = reference() if reference is not None else None
    if existing is not None:
        return existing
    wrapped = object.__new__(wrapper_class(_nearest(type(native))))
    _adopt(wrapped, native)
    return wrapped


def _nearest(native_class: type) -> type:
    return next(c for c in native_class.__mro__ if c in _classes or not c.__name__.startswith("_"))


def to_python(value):
    """Return a value from Qt as PythonQt hands it to Python."""
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return EnumInt.of(value) if isinstance(value, enum.Enum) else value
    if isinstance(value, enum.Enum):
        return EnumInt.of(value)
    if isinstance(value, _SHIBOKEN_OBJECT):
        return wrap(value)
    if isinstance(value, (list, tuple)):
        return tuple(to_python(item) for item in value)  # lists come as tuples from PythonQt
    return value


def to_qt(value):
    """Return a value from Python as PySide6 takes it."""
    if isinstance(value, Wrapped):
        native = value._native
        # A Python subclass of a value (of QColor, say) is handed over as the plain value.
        copy = is_shell(native) and not isinstance(native, QtCore.QObject)
        return native.__copy__() if copy else native
    if isinstance(value, EnumInt):
        return value.native()
    if isinstance(value, type) and issubclass(value, Wrapped):
        return value._native_class
    if isinstance(value, (list, tuple)):
        return [to_qt(item) for item in value]
    return value


def is_shell(native) -> bool:
    return getattr(type(native), "_is_pythonqt_shell", False)


def wrapper_class(native_class: type) -> type:
    """Return the class of `qt`, `ctk` or `slicer` that wraps a PySide6 class, made once."""
    if native_class in _classes:
        return _classes[native_class]
    native_base = next(
        (c for c in native_class.__mro__[1:] if issubclass(c, _SHIBOKEN_OBJECT)), _SHIBOKEN_OBJECT
    )
    base = Wrapped if native_base is _SHIBOKEN_OBJECT else wrapper_class(native_base)
    name = native_class.__name__
    members = _members(native_class, base)
    made = type(name, (base,), {"__slots__": (), "_native_class": native_class, **members})
    made.__module__ = "PythonQt"
    _classes[native_class] = made
    return made


def _members(native_class: type, base: type) -> dict:
    name = native_class.__name__
    known = facts.of_class(name)
    inherited = set() if base is Wrapped else set(base._native_class.__mro__)
    members: dict = {}
    for owner in reversed([c for c in native_class.__mro__ if c not in inherited]):
        if owner is object or owner is _SHIBOKEN_OBJECT:
            continue
        for key, value in vars(owner).items():
            members.update(_member(key, value, native_class))
    if issubclass(native_class, QtCore.QObject):
        members.update(_properties(native_class, known))
        if base is Wrapped:
            members.update(_of_every_object())
    signatures = [s.partition("(")[0] for s in getattr(native_class, "object_signals", {})]
    members.update({signal: Signal(signal) for signal in signatures})
    if known is None:
        return {k: v for k, v in members.items() if k not in facts.QT6_ONLY}
    have = {k for c in base.__mro__ for k in vars(c) if not k.startswith("_")}
    always = {"name", "className", "help", "delete"}
    kept = {k: v for k, v in members.items() if k in known.attributes | always}
    return kept | {k: Refused(k) for k in (have | set(members)) - known.attributes - always}


def _member(key: str, value, native_class: type) -> dict:
    if key.startswith("_") or key == "staticMetaObject" or key == "object_signals":
        return {}
    if isinstance(value, type) and issubclass(value, enum.Enum):
        members = {
            n: EnumInt.of(m) for n, m in value.__members__.items() if isinstance(m.value, int)
        }
        return {key: EnumType(value), **members}
    if isinstance(value, QtCore.Signal):
        return {key: Signal(key)}
    if isinstance(value, (int, float, str)):
        return {key: value}
    if isinstance(value, (QtCore.Property, type)):
        return {}
    plain = key.removesuffix("_") if key in {"raise_", "exec_", "print_"} else key
    return {plain: Method(key, native_class)}


def _properties(native_class: type, known) -> dict:
    meta = native_class.staticMetaObject
    found = {}
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        prop = meta.property(index)
        if known is None or prop.name() in known.properties:
            found[prop.name()] = Property(prop.name(), prop.isWritable())
    return found


def _of_every_object() -> dict:
    return {
        "name": ObjectName(),
        "connect": connect_by_signature,
        "disconnect": disconnect_by_signature,
        "deleteLater": delete_later,
    }
