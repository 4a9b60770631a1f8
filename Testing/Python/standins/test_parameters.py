"""The parameter node wrapper: the stand-in, or Slicer's own with SLICER_SOURCE."""

import enum
import os
from pathlib import Path
from typing import Annotated

import pytest
import slicer


class Style(enum.Enum):
    OUTLINES = "outlines"
    FILL = "fill"

    def label(self):
        return self.value.title()


@pytest.fixture
def wrapper_class(slicer_app, qt):
    from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper

    @parameterNodeWrapper
    class Node:
        volume: slicer.vtkMRMLScalarVolumeNode
        floor: Annotated[float, WithinRange(0, 100)] = 1.25
        count: Annotated[int, WithinRange(1, 9)] = 3
        shown: bool = True
        style: Style = Style.FILL
        color: qt.QColor = qt.QColor("#D55E00")
        reviewer: str = ""
        view: Annotated[str, Choice(["Red", "Green"])] = "Green"
        folder: Path = Path("/data")

    return Node


def test_slicer_source_takes_the_stand_ins_place(slicer_app):
    import slicer.i18n
    import slicer.parameterNodeWrapper
    import slicer.ScriptedLoadableModule

    source = os.environ.get("SLICER_SOURCE")
    folder = Path(source, "Base", "Python") if source else Path(__file__).parent
    names = ("i18n", "parameterNodeWrapper", "ScriptedLoadableModule")
    files = [Path(getattr(slicer, name).__file__) for name in names]
    assert all(file.is_relative_to(folder.resolve()) for file in files)


def new_node(name="node"):
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", name)


def test_defaults_and_format(wrapper_class):
    node = new_node()
    parameters = wrapper_class(node)
    assert (parameters.volume, parameters.floor, parameters.count) == (None, 1.25, 3)
    assert (parameters.shown, parameters.style, parameters.view) == (True, Style.FILL, "Green")
    assert (parameters.color.name(), parameters.folder) == ("#d55e00", Path("/data"))
    written = {name: node.GetParameter(name) for name in wrapper_class.allParameters}
    assert written == {
        "volume": "",
        "floor": "1.25",
        "count": "3",
        "shown": "True",
        "style": "FILL",
        "color": "#ffd55e00",
        "reviewer": "",
        "view": "Green",
        "folder": "/data",
    }


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("floor", 101, ValueError),
        ("floor", "a", TypeError),
        ("floor", None, ValueError),
        ("count", 2.5, TypeError),
        ("style", "FILL", TypeError),
        ("view", "Blue", ValueError),
        ("reviewer", None, ValueError),
    ],
)
def test_wrong_values_are_refused(wrapper_class, name, value, error):
    parameters = wrapper_class(new_node())
    before = getattr(parameters, name)
    with pytest.raises(error):
        setattr(parameters, name, value)
    assert getattr(parameters, name) == before


def test_a_change_is_one_event(wrapper_class):
    node, events = new_node(), []
    parameters = wrapper_class(node)
    node.AddObserver("ModifiedEvent", lambda *_: events.append(parameters.floor))
    parameters.floor = 2.0
    assert events == [2.0]
    parameters.volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    assert len(events) == 2


def test_values_survive_save_and_load(wrapper_class, qt, tmp_path):
    node = new_node()
    parameters = wrapper_class(node)
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    parameters.volume, parameters.floor, parameters.style = volume, 0.1, Style.OUTLINES
    parameters.color, parameters.reviewer = qt.QColor("#010203"), "Zoë"
    scene = slicer.mrmlScene
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Commit()
    scene.Clear(False)
    scene.Import()
    loaded = wrapper_class(scene.GetFirstNodeByName("node"))
    assert loaded.volume is scene.GetFirstNodeByName("CT")
    assert (loaded.floor, loaded.style, loaded.color.name()) == (0.1, Style.OUTLINES, "#010203")
    assert loaded.reviewer == "Zoë"


def test_widgets_and_node_follow_each_other(wrapper_class, qt):
    import ctk

    parameters = wrapper_class(new_node())
    owner = qt.QWidget()
    made = {
        "volume": slicer.qMRMLNodeComboBox(owner),
        "floor": ctk.ctkSliderWidget(owner),
        "count": qt.QSpinBox(owner),
        "shown": qt.QCheckBox(owner),
        "style": qt.QComboBox(owner),
        "color": ctk.ctkColorPickerButton(owner),
        "reviewer": qt.QLineEdit(owner),
        "view": qt.QComboBox(owner),
    }
    made["volume"].noneEnabled = True
    made["volume"].setMRMLScene(slicer.mrmlScene)
    for name, widget in made.items():
        widget.setProperty("SlicerParameterName", name)
    tag = parameters.connectGui(owner)
    assert (made["floor"].value, made["floor"].maximum, made["count"].value) == (1.25, 100, 3)
    assert (made["style"].currentText, made["view"].currentText) == ("Fill", "Green")
    made["floor"].value = 2.5
    made["shown"].click()
    made["style"].currentIndex = 0
    made["reviewer"].text = "Zoë"
    made["color"].color = qt.QColor("#010203")
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    made["volume"].setCurrentNode(volume)
    assert (parameters.floor, parameters.shown, parameters.style) == (2.5, False, Style.OUTLINES)
    assert (parameters.reviewer, parameters.color.name()) == ("Zoë", "#010203")
    assert parameters.volume is volume
    parameters.count, parameters.shown = 7, True
    assert (made["count"].value, made["shown"].checked) == (7, True)
    parameters.disconnectGui(tag)
    parameters.count = 8
    assert made["count"].value == 7


def test_widgets_that_slicer_cannot_bind_are_refused(wrapper_class, qt):
    with pytest.raises(RuntimeError, match="QSpinBox"):
        wrapper_class(new_node()).connectParametersToGui({"floor": qt.QSpinBox()})
    with pytest.raises(ValueError, match="nonsense"):
        wrapper_class(new_node()).connectParametersToGui({"nonsense": qt.QSpinBox()})


def test_parameter_node_of_a_logic(slicer_app):
    from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

    class ThingLogic(ScriptedLoadableModuleLogic):
        pass

    node = ThingLogic().getParameterNode()
    assert node is ThingLogic().getParameterNode()
    assert (node.GetSingletonTag(), node.GetAttribute("ModuleName")) == ("Thing", "Thing")
    slicer.mrmlScene.Clear(False)
    assert ThingLogic().getParameterNode().GetAttribute("ModuleName") == "Thing"
    assert len(ThingLogic().getAllParameterNodes()) == 1


def test_translation_gives_the_text(slicer_app):
    from slicer.i18n import tr, translate

    assert tr("{count} branches") == "{count} branches"
    assert translate("context", "text") == "text"
