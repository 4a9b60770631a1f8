"""A short way to write a Qt property that only keeps its value."""

from PySide6 import QtCore


def kept(kind, default, changed: str | None = None, then: str | None = None) -> QtCore.Property:
    """Return a property that keeps its value, emits `changed`, and calls the method `then`."""
    key = object()

    def values(self) -> dict:
        if "_kept_values" not in self.__dict__:
            self.__dict__["_kept_values"] = {}
        return self.__dict__["_kept_values"]

    def get(self):
        return values(self).get(key, default)

    def put(self, value):
        if value == get(self):
            return
        values(self)[key] = value
        if then:
            getattr(self, then)()
        if changed:
            getattr(self, changed).emit(value)

    return QtCore.Property(kind, get, put)
