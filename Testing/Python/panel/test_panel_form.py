"""The form itself: tool tips, accelerators, no fixed colors, fits a narrow panel."""

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter

from panel.panel_bench import UI

TREE = ElementTree.parse(UI)
CONTROLS = {
    "QPushButton",
    "QCheckBox",
    "QComboBox",
    "QLineEdit",
    "QDoubleSpinBox",
    "QTableView",
    "QTableWidget",
    "QProgressBar",
    "ctkSliderWidget",
    "ctkColorPickerButton",
    "ctkCollapsibleButton",
    "qMRMLNodeComboBox",
}
MENUS_OF_SLICER = set("FEVH")


def text_of(widget, name):
    found = widget.find(f"property[@name='{name}']/string")
    return "" if found is None else found.text or ""


def test_every_control_has_a_tool_tip():
    controls = [w for w in TREE.iter("widget") if w.get("class") in CONTROLS]
    assert len(controls) > 50
    assert [w.get("name") for w in controls if not text_of(w, "toolTip")] == []


def test_accelerators_are_unique_and_leave_the_menus_theirs():
    letters = Counter()
    for widget in TREE.iter("widget"):
        letters.update(letter.upper() for letter in re.findall(r"&(\w)", text_of(widget, "text")))
    assert len(letters) > 20
    assert set(letters) & MENUS_OF_SLICER == set()
    assert {letter: count for letter, count in letters.items() if count > 1} == {}


def test_no_color_is_fixed():
    text = UI.read_text("utf-8")
    assert "styleSheet" not in text
    assert "<palette>" not in text
    assert "<color" not in text


def test_fits_a_narrow_panel(bench):
    longest = "Thorax 1.0 Br40 S3 venous phase, reconstructed anew after the first review " * 2
    bench.addVolume(longest)
    bench.panel.enter()
    bench.showCase(longest)
    for section in ("display", "review", "advanced"):
        getattr(bench.ui, f"{section}CollapsibleButton").collapsed = False
    bench.wait()
    assert bench.widget._native.minimumSizeHint().width() <= 350
