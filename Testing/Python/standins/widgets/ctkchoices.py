"""ctk's boxes to choose from, and those that show text."""

from PySide6 import QtCore, QtGui, QtWidgets

from standins.widgets.properties import kept

Property, Signal = QtCore.Property, QtCore.Signal


class ctkComboBox(QtWidgets.QComboBox):
    defaultText = kept(str, "")
    forceDefault = kept(bool, False)


class ctkCheckableComboBox(QtWidgets.QComboBox):
    """A combo box whose items have check marks."""

    checkedIndexesChanged = Signal()

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.model().dataChanged.connect(self._on_data_changed)
        self.model().rowsInserted.connect(self._on_rows_inserted)

    def _on_rows_inserted(self, _parent, first, last):
        for row in range(first, last + 1):
            item = self.model().item(row)
            item.setCheckable(True)
            item.setCheckState(QtCore.Qt.CheckState.Unchecked)

    def _on_data_changed(self, _first, _last, roles=()):
        if not roles or QtCore.Qt.ItemDataRole.CheckStateRole in roles:
            self.checkedIndexesChanged.emit()

    def checkableModel(self):
        return self.model()

    def checkedIndexes(self):
        rows = range(self.count())
        return [self._index(row) for row in rows if self._checked(row)]

    def _index(self, row):
        return self.model().index(row, self.modelColumn(), self.rootModelIndex())

    def _checked(self, row) -> bool:
        return self.model().item(row).checkState() == QtCore.Qt.CheckState.Checked

    def allChecked(self):
        return all(self._checked(row) for row in range(self.count()))

    def noneChecked(self):
        return not any(self._checked(row) for row in range(self.count()))

    def checkState(self, index):
        return self.model().itemFromIndex(index).checkState()

    def setCheckState(self, index, state):
        self.model().itemFromIndex(index).setCheckState(state)


class ctkSearchBox(QtWidgets.QLineEdit):
    showSearchIcon = kept(bool, False)


class ctkFittedTextBrowser(QtWidgets.QTextBrowser):
    collapsed = kept(bool, False)
    disableMouseScroll = kept(bool, True)


class ctkDynamicSpacer(QtWidgets.QWidget):
    active = kept(bool, False)


class ctkMessageBox(QtWidgets.QMessageBox):
    dontShowAgain = kept(bool, False)
    dontShowAgainVisible = kept(bool, False)
    dontShowAgainSettingsKey = kept(str, "")


class ctkErrorLogWidget(QtWidgets.QWidget):
    pass


class ctkAxesWidget(QtWidgets.QWidget):
    autoReset = kept(bool, True)


class ctkWidgetsUtils(QtCore.QObject):
    @staticmethod
    def grabWidget(widget) -> QtGui.QImage:
        return widget.grab().toImage()
