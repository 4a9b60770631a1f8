"""ctk's buttons and collapsible sections."""

from PySide6 import QtCore, QtGui, QtWidgets

from standins.messages import messages
from standins.widgets.properties import kept

Property, Signal = QtCore.Property, QtCore.Signal


class _Collapsing:
    """Hides its children while collapsed, and shows again those that it hid."""

    def _collapse(self, collapsed: bool) -> None:
        if collapsed == self._is_collapsed:
            return
        self._is_collapsed = collapsed
        children = [c for c in self.children() if isinstance(c, QtWidgets.QWidget)]
        if collapsed:
            self._hidden_here = [c for c in children if not c.isHidden()]
        for child in self._hidden_here:
            child.setVisible(not collapsed)
        self.updateGeometry()
        self.update()


class ctkCollapsibleButton(_Collapsing, QtWidgets.QAbstractButton):
    """A section with a button for its head."""

    contentsCollapsed = Signal(bool)
    _HEAD = 26

    def __init__(self, text="", parent=None):
        title, owner = (text, parent) if isinstance(text, str) else ("", text)
        super().__init__(owner)
        self._is_collapsed, self._hidden_here = False, []
        self.setText(title)
        self.setCheckable(True)
        self.setChecked(True)
        self.setContentsMargins(0, self._HEAD, 0, 0)
        self.toggled.connect(self._on_toggled)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Minimum, policy.Minimum)

    collapsedHeight = kept(int, 10)
    contentsLineWidth = kept(int, 1)
    flat = kept(bool, False)

    def _on_toggled(self, checked):
        self._collapse(not checked)
        self.setMaximumHeight(16777215 if checked else self._HEAD + self.collapsedHeight)
        self.contentsCollapsed.emit(not checked)

    def _set_collapsed(self, collapsed):
        self.setChecked(not collapsed)

    collapsed = Property(bool, lambda self: not self.isChecked(), _set_collapsed)

    def hitButton(self, position):
        return position.y() <= self._HEAD

    def sizeHint(self):
        shown = self.layout() is not None and self.isChecked()
        hint = self.layout().totalSizeHint() if shown else QtCore.QSize()
        return hint.expandedTo(QtCore.QSize(200, self._HEAD))

    minimumSizeHint = sizeHint

    def paintEvent(self, _event):
        painter = QtGui.QPainter(self)
        head = QtCore.QRect(0, 0, self.width(), self._HEAD - 2)
        painter.fillRect(head, self.palette().button())
        painter.setPen(self.palette().buttonText().color())
        arrow = "\N{BLACK DOWN-POINTING SMALL TRIANGLE}" if self.isChecked() else ">"
        painter.drawText(
            head.adjusted(8, 0, 0, 0),
            QtCore.Qt.AlignmentFlag.AlignVCenter,
            f"{arrow} {self.text()}",
        )
        if self.isChecked():
            painter.setPen(self.palette().mid().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class ctkCollapsibleGroupBox(_Collapsing, QtWidgets.QGroupBox):
    """A group box that collapses by its check mark."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._is_collapsed, self._hidden_here = False, []
        self.setCheckable(True)
        self.setChecked(True)
        self.toggled.connect(lambda checked: self._collapse(not checked))

    collapsedHeight = kept(int, 14)

    def _set_collapsed(self, collapsed):
        self.setChecked(not collapsed)

    collapsed = Property(bool, lambda self: not self.isChecked(), _set_collapsed)


class ctkPushButton(QtWidgets.QPushButton):
    elideMode = kept("int", 3)


class ctkCheckablePushButton(ctkPushButton):
    checkBoxControlsButton = kept(bool, True)
    checkBoxControlsButtonToggleState = kept(bool, True)
    checkBoxUserCheckable = kept(bool, True)
    checkBoxToggled = Signal(bool)


class ctkMenuButton(QtWidgets.QPushButton):
    pass


class ctkCheckBox(QtWidgets.QCheckBox):
    indicatorIcon = kept(QtGui.QIcon, QtGui.QIcon())
    indicatorIconSize = kept(QtCore.QSize, QtCore.QSize())


class ctkExpandButton(QtWidgets.QToolButton):
    mirrorOnExpand = kept(bool, False)
    orientation = kept(int, 1)


class ctkColorPickerButton(QtWidgets.QPushButton):
    """Shows its color and, unless told otherwise, its name."""

    colorChanged = Signal(QtGui.QColor)
    colorNameChanged = Signal(str)

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._color = QtGui.QColor("black")
        self.clicked.connect(self.changeColor)

    displayColorName = kept(bool, True, then="update")
    colorName = kept(str, "")
    dialogOptions = kept(int, 0)

    def setColor(self, color):
        color = QtGui.QColor(color)
        if color == self._color:
            return
        self._color = color
        self.update()
        self.colorChanged.emit(color)

    color = Property(QtGui.QColor, lambda self: QtGui.QColor(self._color), setColor)

    def setDisplayColorName(self, shown):
        self.displayColorName = shown

    def changeColor(self):
        chosen = messages.show("changeColor", self._color.name())
        if chosen is not None:
            self.setColor(getattr(chosen, "_native", chosen))

    def paintEvent(self, event):
        super().paintEvent(event)
        painter = QtGui.QPainter(self)
        swatch = QtCore.QRect(6, 5, self.height() - 10, self.height() - 10)
        painter.fillRect(swatch, self._color)
        if self.displayColorName:
            painter.drawText(
                self.rect().adjusted(swatch.right() + 6, 0, 0, 0),
                QtCore.Qt.AlignmentFlag.AlignVCenter,
                self._color.name(),
            )
