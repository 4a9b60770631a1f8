"""Qt's modal dialogs, recorded and answered instead of waited for."""

from standins.messages import messages

_ASKED = {
    "QFileDialog": {
        "getExistingDirectory": "",
        "getOpenFileName": "",
        "getOpenFileNames": (),
        "getSaveFileName": "",
    },
    "QInputDialog": {"getText": "", "getMultiLineText": "", "getItem": "", "getInt": 0},
    "QColorDialog": {"getColor": None},
    "QMessageBox": {"information": 0, "warning": 0, "critical": 0, "question": 0, "about": None},
}


def add_dialogs(module) -> None:
    """Replace in `qt` what would wait for a user."""
    for class_name, functions in _ASKED.items():
        dialog = getattr(module, class_name)
        for name, cancelled in functions.items():
            setattr(dialog, name, staticmethod(_asking(name, cancelled)))
    for class_name in ("QDialog", "QMessageBox", "QFileDialog", "QMenu"):
        getattr(module, class_name).exec = _waiting(class_name)


def _asking(name: str, cancelled):
    def ask(parent=None, title="", text="", *others):
        return messages.show(name, text or title, title, cancelled)

    return ask


def _waiting(class_name: str):
    def wait(self, *arguments):
        text = self.text if class_name == "QMessageBox" else getattr(self, "windowTitle", "")
        return messages.show(class_name, text, cancelled=0)

    return wait
