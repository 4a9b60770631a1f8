"""An analysis process that a test leads by hand."""

from dataclasses import dataclass, field
from typing import Any

from BV5AnalysisLib.imaging.errors import UnreadableCase


@dataclass
class LedProcess:
    """Like `AnalysisProcess`: started by the panel; the test says how it goes on."""

    requests: list = field(default_factory=list)
    cleaned_up: bool = False
    _callbacks: tuple[Any, ...] | None = None

    def isRunning(self) -> bool:
        return self._callbacks is not None

    def start(self, request, onProgress, onFinished, onFailed, onCancelled):
        assert self._callbacks is None, "started while running"
        self.requests.append(request)
        self._callbacks = (onProgress, onFinished, onFailed, onCancelled)

    def progress(self, step: str, fraction: float) -> None:
        self._callbacks[0](step, fraction)

    def finish(self, folder) -> None:
        failed = self._callbacks[2]
        try:
            self._end(1, folder)
        except UnreadableCase as error:
            failed(f"A damaged result: {error}", None)

    def fail(self, message: str, log) -> None:
        self._end(2, message, log)

    def cancel(self) -> None:
        if self._callbacks is not None:
            self._end(3)

    def cleanup(self) -> None:
        self._callbacks, self.cleaned_up = None, True

    def _end(self, which: int, *arguments) -> None:
        callbacks, self._callbacks = self._callbacks, None
        callbacks[which](*arguments)
