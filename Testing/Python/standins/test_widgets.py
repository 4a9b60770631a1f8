"""ctk's and Slicer's widgets: what a running Slicer and its source say of them."""

import slicer


def test_a_color_is_a_qcolor(slicer_app, qt):
    import ctk

    button, got = ctk.ctkColorPickerButton(), []
    assert button.connect("colorChanged(QColor)", got.append)
    button.color = qt.QColor("#D55E00")
    assert isinstance(button.color, qt.QColor)
    assert [color.name() for color in got] == ["#d55e00"]


def test_sections_collapse(slicer_app, qt):
    import ctk

    section, got = ctk.ctkCollapsibleButton(), []
    section.text = "Input"
    layout = qt.QVBoxLayout(section)
    inner, hidden = qt.QLabel("a"), qt.QLabel("b")
    for label in (inner, hidden):
        layout.addWidget(label)
    hidden.visible = False
    section.show()
    section.connect("contentsCollapsed(bool)", got.append)
    section.collapsed = True
    assert not inner.visible
    section.collapsed = False
    assert inner.visible
    assert not hidden.visible
    assert got == [True, False]


def test_sliders_show_their_value(slicer_app, qt):
    import ctk

    slider, got = ctk.ctkSliderWidget(), []
    slider.minimum, slider.maximum, slider.decimals = 0.0, 2.0, 2
    slider.valueChanged.connect(got.append)
    slider.value = 0.25
    assert (slider.value, got) == (0.25, [0.25])


def test_selector_takes_the_first_node_of_the_scene(slicer_app):
    first = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "a")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "b")
    selector, got = slicer.qMRMLNodeComboBox(), []
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    assert (selector.noneEnabled, selector.addEnabled, selector.enabled) == (False, True, False)
    assert selector.connect("currentNodeChanged(vtkMRMLNode*)", got.append)
    selector.setMRMLScene(slicer.mrmlScene)
    assert selector.currentNode() is first
    assert selector.currentNodeID == first.GetID()
    assert (got, selector.enabled, selector.nodeCount()) == ([first], True, 2)


def test_selector_with_none_takes_nothing(slicer_app):
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "a")
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes, selector.noneEnabled = ["vtkMRMLScalarVolumeNode"], True
    selector.setMRMLScene(slicer.mrmlScene)
    assert selector.currentNode() is None
    assert selector.currentNodeID == ""


def test_selector_follows_the_scene(slicer_app):
    selector, got = slicer.qMRMLNodeComboBox(), []
    selector.nodeTypes, selector.noneEnabled = ["vtkMRMLScalarVolumeNode"], True
    selector.setMRMLScene(slicer.mrmlScene)
    selector.connect("currentNodeChanged(vtkMRMLNode*)", got.append)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "a")
    selector.setCurrentNode(node)
    slicer.mrmlScene.RemoveNode(node)
    assert (got, selector.currentNode()) == ([node, None], None)
    selector.setCurrentNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "b"))
    slicer.mrmlScene.Clear(False)
    assert (len(got), got[-1], selector.currentNode()) == (4, None, None)


def test_selector_filters(slicer_app):
    scene = slicer.mrmlScene
    label = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "l")
    text = scene.AddNewNodeByClass("vtkMRMLTextNode", "t")
    volumes, texts = slicer.qMRMLNodeComboBox(), slicer.qMRMLNodeComboBox()
    volumes.nodeTypes, volumes.showChildNodeTypes = ["vtkMRMLScalarVolumeNode"], False
    texts.nodeTypes = ["vtkMRMLTextNode"]
    texts.addAttribute("vtkMRMLTextNode", "BV5Analysis.case", "1")
    for selector in (volumes, texts):
        selector.setMRMLScene(scene)
        assert selector.currentNode() is None
    volumes.showChildNodeTypes = True
    assert volumes.currentNode() is label
    text.SetAttribute("BV5Analysis.case", "0")
    assert texts.nodeCount() == 0
    text.SetAttribute("BV5Analysis.case", "1")
    assert texts.currentNode() is text
    text.SetHideFromEditors(True)
    assert texts.nodeCount() == 0


def test_selector_shows_new_names(slicer_app, qt):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "old")
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLTextNode"]
    selector.setMRMLScene(slicer.mrmlScene)
    node.SetName("new")
    assert selector.findChildren(qt.QComboBox)[0].currentText == "new"


def test_connections_of_the_ui_file_carry_the_scene(slicer_app, tmp_path):
    ui = tmp_path / "two.ui"
    ui.write_text(TWO_SELECTORS)
    widget = slicer.util.loadUI(str(ui))
    names = slicer.util.childWidgetVariables(widget)
    widget.setMRMLScene(slicer.mrmlScene)
    assert names.connected.mrmlScene() is slicer.mrmlScene
    assert names.forgotten.mrmlScene() is None
    assert names.connected.property("SlicerParameterName") == "inputVolume"
    assert tuple(names.connected.nodeTypes) == ("vtkMRMLScalarVolumeNode",)
    assert names.connected.noneEnabled is True


_SELECTOR = """
  <item><widget class="qMRMLNodeComboBox" name="{name}">
    <property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist>
    </property>
    <property name="noneEnabled"><bool>true</bool></property>
    <property name="SlicerParameterName" stdset="0"><string>inputVolume</string></property>
  </widget></item>
"""
TWO_SELECTORS = f"""<?xml version="1.0" encoding="UTF-8"?>
<ui version="4.0"><class>Two</class>
 <widget class="qMRMLWidget" name="Two"><layout class="QVBoxLayout">
  {_SELECTOR.format(name="connected")} {_SELECTOR.format(name="forgotten")}
 </layout></widget>
 <connections><connection>
  <sender>Two</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
  <receiver>connected</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot>
 </connection></connections>
</ui>
"""
