"""The running Slicer: its application, layouts, messages, as docs/slicer-behavior.md tells."""

import pytest
import slicer

from standins import facts
from standins.widgets import widget_classes

LAYOUT = """<layout type="horizontal" split="true">
 <item><view class="vtkMRMLViewNode" singletontag="1"><property name="viewlabel" action="default">1
 </property></view></item>
 <item><view class="vtkMRMLTableViewNode" singletontag="TableView1"></view></item>
</layout>"""


def test_custom_layout(slicer_app):
    manager, changes = slicer.app.layoutManager(), []
    assert manager.connect("layoutChanged(int)", changes.append)
    manager.layoutLogic().GetLayoutNode().AddLayoutDescription(5051, LAYOUT)
    manager.setLayout(5051)
    assert (manager.layout, changes) == (5051, [5051])
    assert (manager.threeDViewCount, manager.tableViewCount, manager.plotViewCount) == (1, 1, 0)
    assert manager.sliceViewNames() == ()


def test_layout_set_by_its_node_counts_too(slicer_app):
    manager = slicer.app.layoutManager()
    node = manager.layoutLogic().GetLayoutNode()
    node.AddLayoutDescription(5051, LAYOUT)
    node.SetViewArrangement(5051)
    assert (manager.layout, manager.tableViewCount) == (5051, 1)


def test_without_main_window_there_is_no_layout_manager(windowless_slicer_app):
    assert slicer.app.layoutManager() is None
    assert slicer.util.mainWindow() is None
    with pytest.raises(RuntimeError, match="main window"):
        slicer.util.selectModule("SegmentEditor")


def test_default_nodes_and_views(slicer_app):
    logic = slicer.app.applicationLogic()
    assert logic.GetSelectionNode()
    assert logic.GetInteractionNode()
    manager = slicer.app.layoutManager()
    assert set(manager.sliceViewNames()) == {"Red", "Yellow", "Green"}
    red = manager.sliceWidget("Red")
    assert red.sliceLogic() is logic.GetSliceLogicByLayoutName("Red")
    assert red.mrmlSliceNode().GetOrientation() == "Axial"
    camera = manager.threeDWidget(0).threeDView().cameraNode()
    assert camera.GetLayoutName() == manager.threeDWidget(0).mrmlViewNode().GetLayoutName()


def test_messages_are_kept_and_answered(slicer_app, messages, caplog):
    slicer.util.errorDisplay("No lungs", detailedText="a trace")
    messages.answer("confirmOkCancel", True)
    assert slicer.util.confirmOkCancelDisplay("Sure?") is True
    assert slicer.util.confirmYesNoDisplay("Really?") is False
    assert messages.texts("error") == ["No lungs"]
    assert messages.shown[0].details == "a trace"
    assert "No lungs" in caplog.text


def test_exceptions_are_shown_and_go_on(slicer_app, messages):
    with pytest.raises(RuntimeError), slicer.util.tryWithErrorDisplay("It failed."):
        raise RuntimeError("why")
    assert messages.texts("error") == ["It failed.\n\nwhy"]


def test_in_testing_mode_nothing_is_shown(slicer_app, messages):
    slicer_app.app._native.testing = True
    slicer.util.errorDisplay("No lungs")
    # Slicer compares the True that it means with the button's number: the answer is no.
    assert slicer.util.confirmOkCancelDisplay("Sure?") is False
    assert messages.shown == []


def test_segment_editor_takes_its_nodes(slicer_app):
    assert not hasattr(slicer.modules, "SegmentEditorWidget")  # not before it is opened
    slicer.util.selectModule("SegmentEditor")
    editor = slicer.modules.SegmentEditorWidget.editor
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    editor.setSegmentationNode(segmentation)
    assert slicer.util.selectedModule() == "SegmentEditor"
    assert editor.segmentationNode() is segmentation


def test_clipboard_and_settings(slicer_app, qt):
    slicer.app.clipboard().setText("a\tb")
    assert slicer.app.clipboard().text() == "a\tb"
    slicer.app.settings().setValue("BV5Analysis/folder", "/data")
    assert slicer.app.settings().value("BV5Analysis/folder") == "/data"


def test_unknown_names_are_refused(slicer_app):
    for owner in (slicer.app, slicer.modules, slicer.app.layoutManager()):
        with pytest.raises(AttributeError):
            owner.noSuchName  # noqa: B018 - reading is what is tested
    with pytest.raises(AttributeError):
        slicer.app.noSuchName = 1


@pytest.mark.parametrize("name", sorted(widget_classes()))
def test_stand_ins_have_no_more_than_the_real_widgets(slicer_app, name):
    real = facts.of_class(name)
    if real is None:
        pytest.skip("not listed in slicer_api.json")
    own = {n for c in _written_here(name) for n in vars(c) if n[0] != "_"}
    not_members = {"object_signals", "staticMetaObject"}
    assert own - real.attributes - not_members == set()
    assert _signals(name) <= real.signals


def _written_here(name: str) -> list[type]:
    classes = widget_classes()[name].__mro__
    return [c for c in classes if c.__module__.startswith("standins.")]


def _signals(name: str) -> set[str]:
    """Signatures of the signals that the stand-in adds to Qt's."""
    found = set(getattr(widget_classes()[name], "object_signals", ()))
    for native in _written_here(name):
        meta = getattr(native, "staticMetaObject", None)
        methods = (
            [meta.method(i) for i in range(meta.methodOffset(), meta.methodCount())] if meta else []
        )
        signals = [m for m in methods if m.methodType() == m.MethodType.Signal]
        written = [m.methodSignature().data().decode() for m in signals]
        found |= {facts.normalized(s) for s in written if s[0] != "_"}
    return found
