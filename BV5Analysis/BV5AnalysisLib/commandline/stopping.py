"""Ctrl-C and SIGTERM: at once while nothing is on disk, in order while files are written."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


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


@contextlib.contextmanager
def _handled_by(handler: signal.Handlers | Callable) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets only the main thread handle signals.
        return
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
