"""Who frees a Qt object: PythonQt what was made in Python and has no parent, Qt all others."""

import shiboken6
from PySide6 import QtCore

errors_of_ownership: list[str] = []
"""What would end Slicer by a segmentation fault; any of it fails the test."""
_sending: list[QtCore.QObject] = []


class SegmentationFault(Exception):
    """Slicer would have ended here."""


def check_ownership() -> None:
    """Fail where Slicer would crash: as soon as events are processed."""
    if errors_of_ownership:
        raise SegmentationFault(*errors_of_ownership)


def made_in_python(native):
    """Mark a new object as one that Python made."""
    if isinstance(native, QtCore.QObject):
        native._pythonqt_owned = True
    return native


def is_owned(native) -> bool:
    """Whether an object goes with its last reference in Python."""
    return (
        isinstance(native, QtCore.QObject)
        and shiboken6.isValid(native)
        and getattr(native, "_pythonqt_owned", False)
        and native.parent() is None
    )


def delete_later(wrapped) -> None:
    """`deleteLater`: what Python owns would be freed twice."""
    native = wrapped._native
    if is_owned(native):
        errors_of_ownership.append(f"deleteLater on a {wrapped.className()} that Python owns")
    else:
        native.deleteLater()


def dropped(native) -> None:
    """Free what Python owns, when its last reference in Python is gone."""
    if not is_owned(native):
        return
    if any(native is sender for sender in _sending):
        errors_of_ownership.append(f"{native.metaObject().className()} freed by its own signal")
        return
    shiboken6.delete(native)


class Sending:
    """A signal under way: its sender must not be freed meanwhile."""

    def __init__(self, native) -> None:
        self._native = native

    def __enter__(self) -> None:
        _sending.append(self._native)

    def __exit__(self, *_error) -> None:
        _sending.pop()
