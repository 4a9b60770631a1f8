"""The .ui file against the parameter node, Slicer's real classes, and the code that uses it."""

import ast
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest
from standins import facts

MODULE = Path(__file__).resolve().parents[3] / "BV5Analysis"
UI = MODULE / "Resources" / "UI" / "BV5Analysis.ui"
TREE = ElementTree.parse(UI)
WIDGETS = {widget.get("name"): widget for widget in TREE.iter("widget")}
SCENE = ("mrmlSceneChanged(vtkMRMLScene*)", "setMRMLScene(vtkMRMLScene*)")
# Qt's designer has these where Qt has another name or none.
DESIGNER = {"SlicerParameterName", "orientation", "geometry"}


def parameter_names() -> list[str]:
    found = (
        prop.findtext("string")
        for widget in WIDGETS.values()
        for prop in widget.findall("property")
        if prop.get("name") == "SlicerParameterName"
    )
    return [name for name in found if name]


@pytest.fixture
def fields(slicer_app) -> set[str]:
    from BV5AnalysisLib.panel.parameter_node import BV5AnalysisParameterNode

    return set(BV5AnalysisParameterNode.allParameters)


def test_each_parameter_name_is_a_field(fields):
    assert set(parameter_names()) - fields == set()


def test_each_field_has_one_widget(fields):
    counts = Counter(parameter_names())
    assert {field: counts[field] for field in fields} == dict.fromkeys(fields, 1)


def test_each_binding_is_one_that_slicer_can_make(slicer_app, fields):
    """With SLICER_SOURCE, Slicer's own connectors decide."""
    import slicer
    from BV5AnalysisLib.panel.parameter_node import BV5AnalysisParameterNode

    widget = slicer.util.loadUI(str(UI))
    widget.setMRMLScene(slicer.mrmlScene)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    parameters = BV5AnalysisParameterNode(node)
    before = {name: parameters.getValue(name) for name in fields}
    parameters.disconnectGui(parameters.connectGui(widget))
    # Binding changes nothing: no widget's range or decimals cut a default short.
    assert {name: parameters.getValue(name) for name in fields} == before


def test_each_mrml_widget_gets_the_scene():
    connected = {
        (c.findtext("sender"), c.findtext("receiver"))
        for c in TREE.iter("connection")
        if (c.findtext("signal"), c.findtext("slot")) == SCENE
    }
    root = TREE.getroot().find("widget")
    mrml = {
        name
        for name, widget in WIDGETS.items()
        if widget.get("class").startswith("qMRML") and widget is not root
    }
    assert root.get("class") == "qMRMLWidget"
    assert connected == {(root.get("name"), name) for name in mrml}
    assert mrml


def test_plots_are_widgets_that_the_designer_knows():
    assert "qMRMLPlotView" not in {widget.get("class") for widget in WIDGETS.values()}


def test_no_style_sheet_sets_a_color():
    files = [*(MODULE / "BV5AnalysisLib" / "panel").glob("*.py"), MODULE / "BV5Analysis.py", UI]
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            if "styleSheet" in line or "setStyleSheet" in line:
                assert not re.search(r"color|#[0-9a-fA-F]{3}|rgb", line), f"{file.name}: {line}"


@pytest.mark.parametrize("name", sorted({w.get("class") for w in WIDGETS.values()}))
def test_classes_and_properties_are_slicers(name):
    real = facts.of_class(name)
    assert real is not None, f"Slicer has no {name}"
    used = {
        prop.get("name")
        for widget in WIDGETS.values()
        if widget.get("class") == name
        for prop in widget.findall("property")
    }
    assert used - set(real.properties) - DESIGNER - {"buddy"} == set()


def test_connected_signals_are_slicers():
    for connection in TREE.iter("connection"):
        sender = WIDGETS[connection.findtext("sender")].get("class")
        signals = {facts.normalized(s) for s in facts.of_class(sender).signals}
        assert facts.normalized(connection.findtext("signal")) in signals


def names_used(file: Path) -> set[str]:
    """Return each X of `ui.X`, `self.ui.X` and `self._ui.X` in a file."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Attribute):
            continue
        owner = node.value
        name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
        if name in {"ui", "_ui"}:
            found.add(node.attr)
    return found


@pytest.mark.parametrize(
    "file",
    [MODULE / "BV5Analysis.py", *sorted((MODULE / "BV5AnalysisLib" / "panel").glob("*.py"))],
    ids=lambda file: file.name,
)
def test_names_that_the_code_uses_are_in_the_file(file):
    assert names_used(file) - set(WIDGETS) == set()


def test_some_file_uses_the_names():
    files = (MODULE / "BV5AnalysisLib" / "panel").glob("*.py")
    assert len(set().union(*(names_used(file) for file in files))) > 20


@pytest.mark.parametrize(
    "file",
    [MODULE / "BV5Analysis.py", *sorted((MODULE / "BV5AnalysisLib" / "panel").glob("*.py"))],
    ids=lambda file: file.name,
)
def test_signals_connected_by_the_code_exist(file):
    """As `ui.X.connect("signal", ...)` or `ui.X.signal.connect(...)`."""
    for widget, signal in connections_of(file):
        real = facts.of_class(WIDGETS[widget].get("class"))
        signals = {facts.normalized(s) for s in real.signals}
        if "(" in signal:
            assert facts.normalized(signal) in signals, f"{widget}: {signal}"
        else:
            assert signal in {s.partition("(")[0] for s in signals}, f"{widget}: {signal}"


def connections_of(file: Path) -> list[tuple[str, str]]:
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "connect"):
            continue
        target = node.func.value
        text = ast.unparse(target)
        by_name = re.fullmatch(r"(?:self\.)?_?ui\.(\w+)", text)
        by_signal = re.fullmatch(r"(?:self\.)?_?ui\.(\w+)\.(\w+)", text)
        if by_name and node.args and isinstance(node.args[0], ast.Constant):
            found.append((by_name[1], node.args[0].value))
        elif by_signal:
            found.append((by_signal[1], by_signal[2]))
    return found
