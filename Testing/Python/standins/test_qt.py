"""The manner of PythonQt, as docs/slicer-behavior.md tells it."""

import sys

import pytest

from standins import facts
from standins.pythonqt.ownership import SegmentationFault, check_ownership, errors_of_ownership
from standins.pythonqt.signals import refused_connections


def test_unknown_attribute_cannot_be_set(qt):
    with pytest.raises(AttributeError, match="does not exist on QPushButton and creating new"):
        qt.QPushButton().someUnknownName = 1


def test_unknown_attribute_cannot_be_read(qt):
    with pytest.raises(AttributeError, match="QPushButton"):
        qt.QPushButton().someUnknownName  # noqa: B018 - reading is what is tested


def test_methods_cannot_be_overwritten(qt):
    with pytest.raises(AttributeError, match="setText"):
        qt.QLabel().setText = "q"


def test_properties_are_attributes(qt):
    spin, label, combo, check = qt.QSpinBox(), qt.QLabel("q"), qt.QComboBox(), qt.QCheckBox()
    table = qt.QTableWidget()
    spin.value = 5
    label.text = "r"
    combo.addItem("a")
    check.checked = True
    table.rowCount = 3
    label.enabled = False
    assert (spin.value, label.text, combo.count, combo.currentIndex) == (5, "r", 1, 0)
    assert (check.checked, table.rowCount, label.enabled, label.visible) == (True, 3, False, False)


@pytest.mark.parametrize(
    ("widget", "name"), [("QLabel", "text"), ("QTableWidget", "rowCount"), ("QSpinBox", "value")]
)
def test_properties_cannot_be_called(qt, widget, name):
    with pytest.raises(TypeError):
        getattr(getattr(qt, widget)(), name)()


def test_properties_refuse_other_types(qt):
    with pytest.raises(AttributeError, match="value"):
        qt.QSpinBox().value = "5"
    with pytest.raises(AttributeError, match="not writable"):
        qt.QComboBox().count = 2


def test_setters_and_slots_are_methods(qt):
    label, check = qt.QLabel(), qt.QCheckBox()
    label.setText("q")
    check.setChecked(True)
    assert (label.text, check.isChecked(), label.isVisible()) == ("q", True, False)
    assert check.blockSignals(True) is False
    with pytest.raises(ValueError, match="wrong arguments"):
        label.setText(qt.QColor("red"))


def test_keywords_are_refused(qt):
    """PythonQt does not look at them; better to hear of it."""
    with pytest.raises(TypeError):
        qt.QLabel(text="q")
    with pytest.raises(TypeError):
        qt.QLabel().setText(text="q")


def test_values_have_methods(qt):
    assert qt.QTableWidgetItem("z").text() == "z"
    color = qt.QColor("#D55E00")
    assert (color.name(), color.red(), color.name(qt.QColor.HexArgb)) == (
        "#d55e00",
        213,
        "#ffd55e00",
    )
    assert color == qt.QColor(213, 94, 0)
    assert color.name(1) == "#ffd55e00"  # ints do for enums


def test_connect_adapts_the_number_of_arguments(qt):
    button, got = qt.QPushButton(), []
    assert button.connect("clicked(bool)", lambda checked: got.append((checked,))) is True
    assert button.connect("clicked(bool)", lambda: got.append("none")) is True
    assert button.connect("clicked()", lambda *arguments: got.append(arguments)) is True
    button.clicked.connect(lambda *arguments: got.append(arguments))
    button.click()
    assert got == [(False,), "none", (), (False,)]


def test_unknown_signal_is_told_by_false(qt):
    assert qt.QPushButton().connect("nonsense(int)", print) is False
    assert refused_connections == ["QPushButton.nonsense(int)"]
    refused_connections.clear()


def test_disconnect(qt):
    button, got = qt.QPushButton(), []
    button.connect("clicked(bool)", got.append)
    assert button.disconnect("clicked(bool)", got.append) is True
    button.click()
    assert got == []
    assert button.disconnect("clicked(bool)", got.append) is False


def test_what_a_slot_raises_is_kept(qt, slot_errors, capsys):
    button = qt.QPushButton()
    button.connect("clicked(bool)", lambda checked: 1 / 0)
    button.click()
    (error,) = slot_errors
    assert isinstance(error, ZeroDivisionError)
    assert "ZeroDivisionError" in capsys.readouterr().err
    slot_errors.clear()


def test_enums_are_ints(qt):
    assert (qt.Qt.Checked, qt.QProcess.NotRunning, qt.QMessageBox.Yes) == (2, 0, 16384)
    assert isinstance(qt.Qt.Checked, int)
    assert qt.Qt.UserRole + 1 == 257
    view = qt.QTableView()
    view.selectionBehavior = qt.QAbstractItemView.SelectRows
    view.setSelectionMode(1)
    assert (view.selectionBehavior, view.selectionMode) == (1, qt.QAbstractItemView.SingleSelection)
    item = qt.QStandardItem("a")
    item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
    assert item.flags() == 33
    view.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Stretch)


def test_process_tells_bytes_and_its_state(qt):
    process, ended = qt.QProcess(), []
    assert process.connect("finished(int,QProcess::ExitStatus)", lambda *a: ended.append(a))
    assert process.connect("readyReadStandardOutput()", lambda: None)
    assert process.connect("errorOccurred(QProcess::ProcessError)", lambda error: None)
    code = "import sys, time; print('out'); print('err', file=sys.stderr); sys.stdin.read()"
    process.start(sys.executable, ["-c", code])
    assert process.waitForStarted()
    assert process.state() == qt.QProcess.Running == 2
    process.closeWriteChannel()
    assert process.waitForFinished()
    assert process.readAllStandardOutput().data().split() == [b"out"]
    assert process.readAllStandardError().data().split() == [b"err"]
    assert ended == [(0, qt.QProcess.NormalExit)]
    assert process.state() == 0


def test_timer_fires_from_the_event_loop(qt):
    fired = []
    qt.QTimer.singleShot(0, lambda: fired.append("static"))
    timer = qt.QTimer()
    timer.interval = 1
    timer.connect("timeout()", lambda: fired.append("own"))
    timer.start()
    assert timer.active
    assert not fired
    while len(fired) < 2:
        qt.QApplication.processEvents()
    assert "static" in fired


def test_python_classes_may_override(qt):
    class OddRows(qt.QSortFilterProxyModel):
        def __init__(self):
            super().__init__()
            self.asked = 0  # allowed on a Python class

        def filterAcceptsRow(self, row, parent):
            self.asked += 1
            return row % 2 == 1 and super().filterAcceptsRow(row, parent)

    model, odd = qt.QStandardItemModel(), OddRows()
    for value in (3.0, 1.0, 2.0, 10.0):
        item = qt.QStandardItem()
        item.setData(value, qt.Qt.DisplayRole)
        model.appendRow(item)
    odd.setSourceModel(model)
    assert [odd.data(odd.index(row, 0)) for row in range(odd.rowCount())] == [1.0, 10.0]
    assert odd.asked >= 4


def test_one_object_has_one_wrapper(qt):
    table, owner = qt.QTableView(), qt.QWidget()
    label = qt.QLabel(owner)
    assert table.horizontalHeader() is table.horizontalHeader()
    assert type(table.horizontalHeader()) is qt.QHeaderView
    assert label.parent() is owner
    assert owner.findChildren(qt.QWidget) == (label,)
    assert isinstance(label, qt.QFrame)


def test_dialogs_do_not_wait(qt, messages):
    messages.answer("getExistingDirectory", "/data")
    assert qt.QFileDialog.getExistingDirectory(None, "Where?") == "/data"
    assert qt.QFileDialog.getExistingDirectory(None, "Where?") == ""
    assert messages.texts("getExistingDirectory") == ["Where?", "Where?"]


def test_grabs_show_text(qt):
    """A font must be installed: Qt's own packages have none."""
    empty, label = qt.QLabel(" "), qt.QLabel("BV5")
    for widget in (empty, label):
        widget.resize(60, 30)
    assert dark(label) - dark(empty) > 20


def dark(widget) -> int:
    image = widget.grab().toImage()
    pixels = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return sum(image.pixelColor(x, y).lightness() < 128 for x, y in pixels)


@pytest.mark.parametrize(
    ("widget", "name"),
    [
        ("QCheckBox", "checkStateChanged"),
        ("QSortFilterProxyModel", "invalidateRowsFilter"),
        ("QComboBox", "labelDrawingMode"),
        ("QWidget", "accessibleIdentifier"),
    ],
)
def test_what_only_qt_6_has_is_refused(qt, widget, name):
    with pytest.raises(AttributeError):
        getattr(getattr(qt, widget)(), name)
    assert qt.QWidget().connect("windowTitleChanged(QString)", print)


def test_what_is_missing_here_says_so(qt):
    with pytest.raises(facts.MissingInStandIn):
        qt.QSortFilterProxyModel().setFilterRegExp("a")


def test_what_python_made_goes_with_its_last_reference(qt):
    gone = []
    timer, label = qt.QTimer(), qt.QLabel()
    timer.connect("destroyed()", lambda: gone.append("timer"))
    label.connect("destroyed()", lambda: gone.append("label"))
    del timer
    assert gone == ["timer"]
    holder = qt.QWidget()
    holder.setLayout(qt.QVBoxLayout())
    holder.layout().addWidget(label)
    del label
    assert gone == ["timer"]
    assert len(holder.findChildren(qt.QLabel)) == 1


def test_deleting_later_what_python_owns_is_a_crash(qt, slicer_app):
    label, child = qt.QLabel(), qt.QLabel()
    holder = qt.QWidget()
    child.setParent(holder)
    child.deleteLater()  # Qt owns it.
    slicer_app.app.processEvents()
    assert holder.findChildren(qt.QLabel) == ()
    label.deleteLater()
    with pytest.raises(SegmentationFault, match="deleteLater on a QLabel"):
        slicer_app.app.processEvents()
    errors_of_ownership.clear()


def test_a_sender_that_goes_while_it_sends_is_a_crash(qt):
    held = {"timer": qt.QTimer()}

    def fired():
        held.clear()

    held["timer"].connect("timeout()", fired)
    held["timer"].start(0)
    while held:
        qt.QApplication.processEvents()
    with pytest.raises(SegmentationFault, match="QTimer freed by its own signal"):
        check_ownership()
    errors_of_ownership.clear()
