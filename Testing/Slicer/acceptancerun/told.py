"""What Slicer would tell or ask the user, recorded and answered: nobody is there to click."""

from __future__ import annotations

import sys
import traceback
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import qt
import slicer

_TELL = ("errorDisplay", "warningDisplay", "infoDisplay", "messageBox", "delayDisplay")
_ASK = ("confirmOkCancelDisplay", "confirmYesNoDisplay", "confirmRetryCloseDisplay")
_LOOK_MS = 250


@dataclass
class Told:
    """Recorder that stands in for message boxes and file dialogs during the run.

    Attributes
    ----------
    shown : list of tuple of str
        Kind and text of what was not expected so far.
    dialogs_may_open : bool
        Whether a dialog that opens is left to itself, such as pip's own.
    """

    shown: list[tuple[str, str]] = field(default_factory=list)
    dialogs_may_open: bool = False
    _answers: dict[str, list] = field(default_factory=lambda: defaultdict(list))
    _before: dict[str, Any] = field(default_factory=dict)
    _timer: Any = None

    def start(self) -> None:
        """Take over."""
        util = slicer.util
        for name in (*_TELL, *_ASK):
            self._before[name] = getattr(util, name)
            setattr(util, name, self._recorder(name, asks=name in _ASK))
        self._before["QFileDialog"], qt.QFileDialog = qt.QFileDialog, self._file_dialog()
        self._before["excepthook"], sys.excepthook = sys.excepthook, self._raised
        self._timer = qt.QTimer()
        self._timer.setInterval(_LOOK_MS)
        self._timer.connect("timeout()", self._close_dialog)
        self._timer.start()

    def stop(self) -> None:
        """Give back."""
        self._timer.stop()
        sys.excepthook = self._before.pop("excepthook")
        qt.QFileDialog = self._before.pop("QFileDialog")
        for name, function in self._before.items():
            setattr(slicer.util, name, function)
        self._before = {}

    def answer(self, kind: str, *values: Any) -> None:
        """Answer the next questions of this kind, such as ``getExistingDirectory``."""
        self._answers[kind].extend(values)

    def take(self, kind: str) -> list[str]:
        """Take out what was told of one kind, as expected: it does not fail the step."""
        taken = [text for each, text in self.shown if each == kind]
        self.shown = [shown for shown in self.shown if shown[0] != kind]
        return taken

    def take_all(self) -> list[str]:
        """Take out everything, as lines."""
        lines = [f"{kind}: {text}" for kind, text in self.shown]
        self.shown = []
        self._answers.clear()
        return lines

    def _recorder(self, name: str, asks: bool):
        def record(text="", *_arguments, **named):
            details = named.get("detailedText") or ""
            if asks and self._answers[name]:
                return self._answers[name].pop(0)
            if name == "delayDisplay":
                slicer.app.processEvents()
                return None
            self.shown.append((name, f"{text}\n{details}".strip()))
            return False if asks else None

        return record

    def _file_dialog(self) -> type:
        told, real = self, qt.QFileDialog

        class Others(type):
            """Everything but the questions is as in the real class."""

            def __getattr__(cls, name):
                return getattr(real, name)

        class Dialog(metaclass=Others):
            """Answers as told; without an answer, as if the user had cancelled."""

            def __new__(cls, *arguments):
                return real(*arguments)

        for name, cancelled in (
            ("getExistingDirectory", ""),
            ("getOpenFileName", ""),
            ("getOpenFileNames", ()),
            ("getSaveFileName", ""),
        ):

            def ask(*_arguments, name=name, cancelled=cancelled):
                if told._answers[name]:
                    return told._answers[name].pop(0)
                told.shown.append((name, "A file dialog that was not expected"))
                return cancelled

            setattr(Dialog, name, staticmethod(ask))
        return Dialog

    def _raised(self, kind: type, error: BaseException, trace: Any) -> None:
        """Keep what a slot or an observer raised; Qt and VTK only print it."""
        text = "".join(traceback.format_exception(kind, error, trace))
        self.shown.append(("exception", text))
        self._before["excepthook"](kind, error, trace)

    def _close_dialog(self) -> None:
        """Close a dialog that waits for a user."""
        dialog = None if self.dialogs_may_open else slicer.app.activeModalWidget()
        # A progress dialog waits for no user.
        if dialog is not None and dialog.className() != "QProgressDialog":
            self.shown.append(("dialog", dialog.windowTitle or dialog.className()))
            dialog.close()
