"""The manner of PythonQt: each row of shared/slicer-facts.md."""

import pytest


def test_unknown_attribute_cannot_be_set(qt):
    with pytest.raises(AttributeError, match="does not exist on QPushButton"):
        qt.QPushButton().someUnknownName = 1


def test_properties_are_attributes(qt):
    spin, label, combo = qt.QSpinBox(), qt.QLabel("q"), qt.QComboBox()
    spin.value = 5
    label.text = "r"
    combo.addItem("a")
    assert (spin.value, label.text, combo.count, combo.currentIndex) == (5, "r", 1, 0)
    with pytest.raises(TypeError):
        label.text()


def test_connect_adapts_the_number_of_arguments(qt):
    button, got = qt.QPushButton(), []
    assert button.connect("clicked(bool)", lambda checked: got.append((checked,)))
    assert button.connect("clicked(bool)", lambda: got.append("none"))
    assert button.connect("clicked()", lambda *arguments: got.append(arguments))
    button.clicked.connect(lambda *arguments: got.append(arguments))
    button.click()
    assert got == [(False,), "none", (), (False,)]


def test_unknown_signal_is_told_by_false(qt):
    assert qt.QPushButton().connect("nonsense(int)", print) is False
