"""Ctrl-C and SIGTERM: at once while nothing is on disk, in order while files are written.

A program that started this one may also end it by closing the pipe to its standard input.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

_Handler = signal.Handlers | Callable[[int, FrameType | None], None]
_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


ENDED_BY_STDIN = 3
"""Exit status of a process whose standard input was closed."""
_LOOK_EVERY_SECONDS = 0.2


class Stopped(BaseException):
    """A signal asked to stop; no Exception, so that no library swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def stop_at_once() -> contextlib.AbstractContextManager[None]:
    """Let a signal end the process by itself: no computation in C delays it."""
    return _handled_by(signal.SIG_DFL)


def stop_in_order() -> contextlib.AbstractContextManager[None]:
    """Turn the first signal into `Stopped`, so that what is half-written can be removed."""

    def stop(number: int, _frame: object) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    return _handled_by(stop)


def end_by_signal(number: int) -> None:
    """End this process as the signal would have: a shell sees 130 for Ctrl-C, 143 for SIGTERM."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def end_with_stdin() -> None:
    """From now on, end this process at once when the pipe to its standard input is closed.

    A program that runs this one through a launcher cannot end it by ending the launcher, but a
    pipe of which it holds the only other end closes with it, whatever it ends by. What this
    process was writing stays behind in a hidden folder, for that program to remove. Where
    standard input is no pipe, nothing happens.
    """
    wait = _windows_pipe_closes if sys.platform == "win32" else _pipe_closes

    def end() -> None:
        if wait():
            os._exit(ENDED_BY_STDIN)

    threading.Thread(target=end, name="end with stdin", daemon=True).start()


def _pipe_closes() -> bool:
    """Wait until standard input ends; False at once if it is no pipe."""
    try:
        kind = os.fstat(0).st_mode
        if not (stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)):
            return False
        # Not sys.stdin, whose lock a thread would still hold when Python ends.
        while os.read(0, 4096):
            pass
    except OSError:
        return False
    return True


def _windows_pipe_closes() -> bool:
    """As `_pipe_closes`, by looking again and again: a thread that reads would block others."""
    if sys.platform == "win32":
        import ctypes
        import msvcrt

        file_type_pipe = 3
        windows = ctypes.windll.kernel32
        try:
            pipe = ctypes.c_void_p(msvcrt.get_osfhandle(0))
        except OSError:
            return False
        if windows.GetFileType(pipe) != file_type_pipe:
            return False
        while windows.PeekNamedPipe(pipe, None, 0, None, None, None):
            time.sleep(_LOOK_EVERY_SECONDS)
        return True
    return False


@contextlib.contextmanager
def _handled_by(handler: _Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets only the main thread handle signals.
        return
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
