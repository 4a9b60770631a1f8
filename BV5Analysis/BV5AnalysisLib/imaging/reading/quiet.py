"""Silence what C++ readers print on the error stream of the command line.

ITK, GDCM and MetaIO write past Python to file descriptor 2, which belongs to the whole process.
Only the program that owns the process may point it elsewhere: `own_error_stream` is for the
command line and its workers. For everyone else, such as 3D Slicer, which reads its own error
stream through a pipe, `quiet_readers` does nothing at all.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Protocol, TextIO

STDERR = 2
"""File descriptor of the standard error stream, which C++ writes to."""


class _Redirection:
    """File descriptor 2 on the null device while at least one reader is at work.

    Whatever the readers' order, it is pointed elsewhere once and back once.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._readers: set[object] = set()
        self._kept: int | None = None
        self._warned = True

    def enter(self, reader: object) -> None:
        """Begin, if it is the first reader."""
        with self.lock:
            self._readers.add(reader)
            if self._kept is None:
                self._warned = _itk().GetGlobalWarningDisplay()
                self._kept = os.dup(STDERR)
                _itk().SetGlobalWarningDisplay(False)
                _point_nowhere()

    def leave(self, reader: object) -> None:
        """End, if it was the last reader; no harm if it never came in."""
        with self.lock:
            self._readers.discard(reader)
            if not self._readers and self._kept is not None:
                os.dup2(self._kept, STDERR)
                _itk().SetGlobalWarningDisplay(self._warned)
                kept, self._kept = self._kept, None
                os.close(kept)

    def pause(self) -> None:
        """Restore the stream and let nobody in until `resume`."""
        self.lock.acquire()
        if self._kept is not None:
            os.dup2(self._kept, STDERR)

    def resume(self) -> None:
        """Go on after `pause`."""
        if self._kept is not None:
            _point_nowhere()
        self.lock.release()

    def forget(self) -> None:
        """Start over in a forked child, which has none of the threads that were reading."""
        self._readers.clear()
        if self._kept is not None:
            os.close(self._kept)
            _itk().SetGlobalWarningDisplay(self._warned)
            self._kept = None
        self.lock.release()


class _Warnings(Protocol):
    """ITK's switch for warnings."""

    def GetGlobalWarningDisplay(self) -> bool: ...  # noqa: N802  ITK's names
    def SetGlobalWarningDisplay(self, shown: bool, /) -> None: ...  # noqa: N802


def _itk() -> _Warnings:
    """ITK's switch, loaded late: a worker gets its share of the cores before that."""
    from SimpleITK import ProcessObject  # noqa: PLC0415

    warnings: _Warnings = ProcessObject
    return warnings


_redirection = _Redirection()
_owners = 0
"""Blocks of `own_error_stream` that are under way; readers are silenced only within one."""
_forks_watched = False


@contextlib.contextmanager
def own_error_stream() -> Iterator[None]:
    """Let `quiet_readers` silence the process's error stream while the block runs.

    For a program that owns its process. What Python prints keeps coming through, also from other
    threads while a reader is silenced: `sys.stderr` writes to a duplicate of the descriptor. Where
    the error stream is closed there is nothing to silence.
    """
    global _owners  # noqa: PLW0603  a property of the process
    if not _is_open(STDERR):
        # The number may come to stand for any file that is opened next.
        yield
        return
    _watch_forks()
    before, own = sys.stderr, _duplicate(sys.stderr)
    sys.stderr = own or before
    with _redirection.lock:
        _owners += 1
    try:
        yield
    finally:
        with _redirection.lock:
            _owners -= 1
        if own is not None:
            own.flush()
            # Not closed: a logging handler may still hold it.
            if sys.stderr is own:
                sys.stderr = before


@contextlib.contextmanager
def quiet_readers() -> Iterator[None]:
    """Silence C++ readers, if the program asked for it by `own_error_stream`.

    Errors reach the caller as exceptions, which are reported in plain words.
    """
    if not _owners:
        yield
        return
    reader = object()
    try:
        _redirection.enter(reader)
        yield
    finally:
        _redirection.leave(reader)


@contextlib.contextmanager
def unredirected() -> Iterator[None]:
    """Restore the error stream for as long as it takes to start a child, which inherits it."""
    _redirection.pause()
    try:
        yield
    finally:
        _redirection.resume()


def _point_nowhere() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STDERR)
    finally:
        os.close(nowhere)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _duplicate(stream: TextIO | None) -> TextIO | None:
    """Stream to where another one goes, by a descriptor of its own; None if it is not stderr's."""
    try:
        if stream is None or stream.fileno() != STDERR:
            return None
        stream.flush()
    except (OSError, ValueError):  # Such as a stream in memory.
        return None
    return open(  # noqa: PTH123  lives on
        os.dup(STDERR), "w", buffering=1, encoding=stream.encoding, errors=stream.errors
    )


def _watch_forks() -> None:
    """Let no child be forked with a silenced stream."""
    global _forks_watched  # noqa: PLW0603  a property of the process
    if _forks_watched or not hasattr(os, "register_at_fork"):
        return
    _forks_watched = True
    os.register_at_fork(
        before=_redirection.pause,
        after_in_parent=_redirection.resume,
        after_in_child=_redirection.forget,
    )
