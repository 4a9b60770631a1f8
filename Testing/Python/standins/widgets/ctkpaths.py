"""ctk's fields for files and folders."""

from PySide6 import QtCore, QtWidgets

from standins.messages import messages
from standins.widgets.properties import kept

Property, Signal = QtCore.Property, QtCore.Signal


class ctkPathLineEdit(QtWidgets.QWidget):
    """A path with a button to browse for it."""

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)

    def __init__(self, parent=None):
        super().__init__(parent)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._combo = QtWidgets.QComboBox(self)
        self._combo.setEditable(True)
        self._combo.editTextChanged.connect(self.currentPathChanged)
        button = QtWidgets.QToolButton(self)
        button.setText("...")
        button.clicked.connect(self.browse)
        layout.addWidget(self._combo, 1)
        layout.addWidget(button)

    filters = kept(int, 0)
    options = kept(int, 0)
    label = kept(str, "")
    nameFilters = kept("QStringList", [])
    settingKey = kept(str, "")
    showBrowseButton = kept(bool, True)
    showHistoryButton = kept(bool, True)

    def setCurrentPath(self, path):
        self._combo.setEditText(path)

    currentPath = Property(str, lambda self: self._combo.currentText(), setCurrentPath)

    def browse(self):
        path = messages.show("browse", self.label, cancelled="")
        if path:
            self.setCurrentPath(path)

    def addCurrentPathToHistory(self):
        self._combo.addItem(self._combo.currentText())

    def comboBox(self):
        return self._combo


class ctkDirectoryButton(QtWidgets.QWidget):
    """A button that shows and asks for a folder."""

    directoryChanged = Signal(str)
    directorySelected = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._button = QtWidgets.QPushButton(self)
        self._button.clicked.connect(self.browse)
        layout.addWidget(self._button)
        self._directory = ""

    caption = kept(str, "")
    text = kept(str, "")

    def _set_directory(self, directory):
        changed = directory != self._directory
        self._directory = directory
        self._button.setText(directory)
        if changed:
            self.directoryChanged.emit(directory)
        self.directorySelected.emit(directory)

    directory = Property(str, lambda self: self._directory, _set_directory)

    def browse(self):
        path = messages.show("browse", self.caption, cancelled="")
        if path:
            self._set_directory(path)
