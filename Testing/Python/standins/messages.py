"""What would have been shown to the user, and what they would have answered."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shown:
    """One message box, file dialog or other question."""

    kind: str  # error, warning, info, confirmOkCancel, getExistingDirectory, ...
    text: str
    details: str = ""


@dataclass
class Messages:
    """Records what is shown; answers as told, else as if the user had cancelled."""

    shown: list[Shown] = field(default_factory=list)
    _answers: dict = field(default_factory=lambda: defaultdict(list))

    def answer(self, kind: str, *values) -> None:
        """Answer the next questions of this kind with these values, in turn."""
        self._answers[kind].extend(values)

    def show(self, kind: str, text: str, details: str = "", cancelled=None):
        self.shown.append(Shown(kind, str(text), str(details)))
        waiting = self._answers[kind]
        return waiting.pop(0) if waiting else cancelled

    def texts(self, kind: str) -> list[str]:
        """Texts of what was shown of one kind, oldest first."""
        return [shown.text for shown in self.shown if shown.kind == kind]


messages = Messages()


def start_recording() -> Messages:
    """Forget what was shown before."""
    messages.shown.clear()
    messages._answers.clear()
    return messages
