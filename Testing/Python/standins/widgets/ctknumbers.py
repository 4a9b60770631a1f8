"""ctk's spin boxes and sliders."""

from PySide6 import QtCore, QtWidgets

from standins.widgets.properties import kept

Property, Signal = QtCore.Property, QtCore.Signal
_HORIZONTAL = QtCore.Qt.Orientation.Horizontal


class _Number(QtWidgets.QWidget):
    """A bounded value, shown in a QDoubleSpinBox."""

    valueChanged = Signal(float)

    def __init__(self, parent=None):
        super().__init__(parent)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._spin = QtWidgets.QDoubleSpinBox(self)
        # Inner widgets of real ctk ones have names, too; none that a .ui file would give.
        self._spin.setObjectName("")
        layout.addWidget(self._spin)
        self._spin.valueChanged.connect(self._on_value)

    def _on_value(self, value):
        self.valueChanged.emit(value)

    def setValue(self, value):
        self._spin.setValue(value)

    def _set_minimum(self, value):
        self._spin.setMinimum(value)

    def _set_maximum(self, value):
        self._spin.setMaximum(value)

    def _set_step(self, value):
        self._spin.setSingleStep(value)

    value = Property(float, lambda self: self._spin.value(), setValue)
    minimum = Property(float, lambda self: self._spin.minimum(), _set_minimum)
    maximum = Property(float, lambda self: self._spin.maximum(), _set_maximum)
    singleStep = Property(float, lambda self: self._spin.singleStep(), _set_step)


class _Decimal(_Number):
    """A number with decimals and a unit."""

    decimalsChanged = Signal(int)

    def setDecimals(self, decimals):
        self._spin.setDecimals(decimals)
        self.decimalsChanged.emit(decimals)

    def _set_suffix(self, value):
        self._spin.setSuffix(value)

    def _set_prefix(self, value):
        self._spin.setPrefix(value)

    decimals = Property(int, lambda self: self._spin.decimals(), setDecimals)
    suffix = Property(str, lambda self: self._spin.suffix(), _set_suffix)
    prefix = Property(str, lambda self: self._spin.prefix(), _set_prefix)


class ctkDoubleSpinBox(_Decimal):
    editingFinished = Signal()

    def __init__(self, parent=None):
        super().__init__(parent)
        self._spin.editingFinished.connect(self.editingFinished)

    cleanText = Property(str, lambda self: self._spin.cleanText())
    readOnly = kept(bool, False, then="_update_read_only")
    decimalsOption = kept(int, 0)
    sizeHintPolicy = kept(int, 1)

    def _update_read_only(self):
        self._spin.setReadOnly(self.readOnly)

    def setReadOnly(self, value):
        self.readOnly = value

    def stepUp(self):
        self._spin.stepUp()

    def stepDown(self):
        self._spin.stepDown()


class ctkSliderWidget(_Decimal):
    """A slider with a spin box."""

    valueIsChanging = Signal(float)
    _STEPS = 1000

    def __init__(self, parent=None):
        super().__init__(parent)
        self._slider = QtWidgets.QSlider(_HORIZONTAL, self)
        self._slider.setRange(0, self._STEPS)
        self.layout().insertWidget(0, self._slider)
        self._slider.valueChanged.connect(self._on_slider)

    tracking = kept(bool, True)
    pageStep = kept(float, 10.0)
    tickInterval = kept(float, 0.0)
    spinBoxVisible = kept(bool, True, then="_update_spin_box")
    popupSlider = kept(bool, False)

    def _update_spin_box(self):
        self._spin.setVisible(self.spinBoxVisible)

    def setSpinBoxVisible(self, visible):
        self.spinBoxVisible = visible

    def reset(self):
        self.setValue(0)

    def _range(self) -> float:
        return self.maximum - self.minimum

    def _on_value(self, value):
        super()._on_value(value)
        with QtCore.QSignalBlocker(self._slider):
            span = self._range() or 1.0
            self._slider.setValue(round((value - self.minimum) / span * self._STEPS))

    def _on_slider(self, position):
        self.setValue(self.minimum + self._range() * position / self._STEPS)


class ctkDoubleSlider(_Number):
    sliderMoved = Signal(float)
    sliderPressed = Signal()
    sliderReleased = Signal()
    tracking = kept(bool, True)
    orientation = kept(int, 1)


class _Range(QtWidgets.QWidget):
    """Two values within bounds."""

    valuesChanged = Signal(float, float)
    minimumValueChanged = Signal(float)
    maximumValueChanged = Signal(float)
    rangeChanged = Signal(float, float)

    def __init__(self, parent=None):
        super().__init__(parent)
        layout = QtWidgets.QHBoxLayout(self)
        self._spins = [QtWidgets.QDoubleSpinBox(self) for _ in range(2)]
        for spin in self._spins:
            layout.addWidget(spin)
            spin.valueChanged.connect(self._on_values)
        self._spins[0].valueChanged.connect(self.minimumValueChanged)
        self._spins[1].valueChanged.connect(self.maximumValueChanged)

    def _on_values(self, _value):
        self.valuesChanged.emit(self.minimumValue, self.maximumValue)

    def setValues(self, low, high):
        self._spins[0].setValue(low)
        self._spins[1].setValue(high)

    def setRange(self, low, high):
        for spin in self._spins:
            spin.setRange(low, high)
        self.rangeChanged.emit(low, high)

    def _set_minimum(self, value):
        self.setRange(value, self.maximum)

    def _set_maximum(self, value):
        self.setRange(self.minimum, value)

    def _set_low(self, value):
        self._spins[0].setValue(value)

    def _set_high(self, value):
        self._spins[1].setValue(value)

    minimum = Property(float, lambda self: self._spins[0].minimum(), _set_minimum)
    maximum = Property(float, lambda self: self._spins[0].maximum(), _set_maximum)
    minimumValue = Property(float, lambda self: self._spins[0].value(), _set_low)
    maximumValue = Property(float, lambda self: self._spins[1].value(), _set_high)
    singleStep = kept(float, 1.0)


class ctkRangeWidget(_Range):
    """Two spin boxes with decimals and a unit."""

    def _set_decimals(self, value):
        for spin in self._spins:
            spin.setDecimals(value)

    decimals = Property(int, lambda self: self._spins[0].decimals(), _set_decimals)
    suffix = kept(str, "")


class ctkDoubleRangeSlider(_Range):
    """Two handles."""
