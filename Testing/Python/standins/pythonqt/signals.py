"""Signals as PythonQt connects them: by signature or by attribute, argument numbers adapted."""

import inspect
import sys

from PySide6 import QtCore

from standins import facts
from standins.facts import normalized
from standins.pythonqt.ownership import Sending

errors_in_slots: list[BaseException] = []
refused_connections: list[str] = []
"""Signals that a class lacks: PythonQt only returns False, which nobody looks at."""


class BoundSignal:
    """One object's signal: connect, disconnect, emit."""

    def __init__(self, wrapped, name: str):
        self._wrapped, self._name = wrapped, name

    def _signature(self) -> str:
        # PythonQt takes the first of a signal's forms, in Qt the one with all its arguments.
        return max(
            (s for s in signatures(self._wrapped) if s.partition("(")[0] == self._name),
            key=lambda s: (_count(s), "int" in s or "double" in s or "*" in s),
        )

    def connect(self, receiver):
        return connect_by_signature(self._wrapped, self._signature(), receiver)

    def disconnect(self, receiver):
        return disconnect_by_signature(self._wrapped, self._signature(), receiver)

    def emit(self, *arguments):
        from standins.pythonqt.wrapping import to_qt

        getattr(self._wrapped._native, self._name).emit(*[to_qt(a) for a in arguments])

    __call__ = emit


def _count(signature: str) -> int:
    inner = signature.partition("(")[2].removesuffix(")")
    return inner.count(",") + 1 if inner else 0


def signatures(wrapped) -> list[str]:
    """Return the signatures of an object's signals here."""
    meta = wrapped._native.metaObject()
    methods = [meta.method(i) for i in range(meta.methodCount())]
    found = [
        normalized(m.methodSignature().data().decode())
        for m in methods
        if m.methodType() == QtCore.QMetaMethod.MethodType.Signal
    ]
    objects = getattr(type(wrapped._native), "object_signals", {})
    return list(objects) + [s for s in found if not s.endswith("(PyObject)")]


def connect_by_signature(wrapped, signal: str, receiver, slot: str | None = None) -> bool:
    """Connect; False for a signal that the class lacks, as PythonQt returns."""
    signature = normalized(signal)
    if not _has(wrapped, signature):
        refused_connections.append(f"{wrapped.className()}.{signature}")
        return False
    if slot is not None:
        receiver = getattr(receiver, slot.partition("(")[0])
    if not callable(receiver):
        raise ValueError(f"{receiver!r} is not callable")
    function = _adapted(receiver, wrapped._native)
    kept = _connections(wrapped)
    kept.append((signature, receiver, function))
    objects = getattr(type(wrapped._native), "object_signals", {})
    if signature in objects:
        getattr(wrapped._native, objects[signature]).connect(function)
        return True
    connection = QtCore.QObject.connect(
        wrapped._native, QtCore.SIGNAL(_exact(wrapped, signature)), function
    )
    return bool(connection)


def disconnect_by_signature(wrapped, signal: str, receiver=None, slot: str | None = None) -> bool:
    """Undo `connect`; False if there was no such connection."""
    signature = normalized(signal)
    if slot is not None:
        receiver = getattr(receiver, slot.partition("(")[0])
    kept = _connections(wrapped)
    gone = [c for c in kept if c[0] == signature and (receiver is None or c[1] == receiver)]
    objects = getattr(type(wrapped._native), "object_signals", {})
    for connection in gone:
        kept.remove(connection)
        if signature in objects:
            getattr(wrapped._native, objects[signature]).disconnect(connection[2])
        else:
            QtCore.QObject.disconnect(
                wrapped._native, QtCore.SIGNAL(_exact(wrapped, signature)), connection[2]
            )
    return bool(gone)


def _connections(wrapped) -> list:
    native = wrapped._native
    if not hasattr(native, "_pythonqt_connections"):
        native._pythonqt_connections = []
    return native._pythonqt_connections


def _exact(wrapped, signature: str) -> str:
    meta = wrapped._native.metaObject()
    methods = (meta.method(i) for i in range(meta.methodCount()))
    written = (m.methodSignature().data().decode() for m in methods)
    return next(s for s in written if normalized(s) == signature)


def _has(wrapped, signature: str) -> bool:
    """Whether the real class has a signal; MissingInStandIn if it does, but not here."""
    real = facts.of_class(wrapped.className())
    known = {normalized(s) for s in real.signals} if real and real.signals else None
    if signature in signatures(wrapped):
        return known is None or signature in known
    if known is not None and signature in known:
        raise facts.MissingInStandIn(f"Signal {wrapped.className()}.{signature} is not here")
    return False


def _adapted(receiver, sender):
    """Return a function of any number of arguments that calls with as many as are taken."""
    limit = _taken(receiver)

    def receive(*arguments):
        from standins.pythonqt.wrapping import to_python

        try:
            with Sending(sender):
                receiver(*[to_python(a) for a in arguments[:limit]])
        except Exception as error:  # noqa: BLE001 - kept; the fixture fails the test with it
            # As PythonQt does; a test's own hook may keep it, too.
            sys.excepthook(type(error), error, error.__traceback__)
            if not any(each is error for each in errors_in_slots):
                errors_in_slots.append(error)

    return receive


def _taken(receiver) -> int | None:
    """Return how many arguments PythonQt would pass; None for all (it looks at plain code only)."""
    function = receiver.__func__ if inspect.ismethod(receiver) else receiver
    if not inspect.isfunction(function):
        return None
    if function.__code__.co_flags & inspect.CO_VARARGS:
        return None
    return function.__code__.co_argcount - inspect.ismethod(receiver)
