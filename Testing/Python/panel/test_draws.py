"""How often the views draw for what a user does: once, at the end.

The displayable managers are Slicer's own. Views draw at every second request that finds them not
paused, as Slicer's do with cases whose drawing takes long.
"""

import types

import drawn_views
import pytest
import slicer

SIZE = (200, 150)


@pytest.fixture
def ui(widget):
    slicer.util.selectModule("BV5Analysis")
    widget.ui.keyLabel.window().show()
    return widget.ui


@pytest.fixture
def views(ui, ct_node, monkeypatch):
    monkeypatch.setattr(drawn_views, "SECONDS_TO_DRAW", 0.0)
    scene = slicer.mrmlScene
    application = types.SimpleNamespace(
        logic=slicer.app.applicationLogic(),
        scene=scene,
        view=scene.GetSingletonNode("1", "vtkMRMLViewNode"),
    )
    views = drawn_views.DrawnViews(application, SIZE)
    slicer.app.renderPaused.connect(views.set_paused)
    views.settle()
    views.reset()
    yield views
    slicer.app.renderPaused.disconnect(views.set_paused)
    views.close()


@pytest.fixture
def drawn(views):
    """Give the draws of the 3D view, and the most of a slice view, since the last time."""

    def count() -> tuple[int, int]:
        slicer.app.processEvents()
        assert not views.paused_now
        views.settle()
        in_3d, *on_slices = views.draws
        views.reset()
        return in_3d, max(on_slices)

    return count


@pytest.fixture
def outcome(ui, widget, case_folder, messages, views, drawn):
    """Case that was loaded by the button."""
    messages.answer("getExistingDirectory", str(case_folder))
    ui.loadCaseButton.click()
    (outcome,) = widget.logic.outcomes()
    return outcome


def test_views_that_are_not_paused_draw_again_and_again(widget, case_folder, ct_node, views, drawn):
    from BV5AnalysisLib.case.files import read_case
    from BV5AnalysisLib.scene.case.cases import add_case

    add_case(slicer.mrmlScene, read_case(case_folder), ct_node)
    in_3d, _ = drawn()
    assert in_3d > 10


def test_each_step_of_a_review_draws_once(ui, widget, outcome, drawn):
    from BV5AnalysisLib.scene.nodes.branch_table import branch_rows

    assert outcome.legend.GetVisibility()
    assert drawn() == (1, 1), "loaded and shown"
    ui.bv5VisibleCheckBox.click()
    assert drawn() == (1, 1), "class toggled"

    rows = branch_rows(outcome)
    widest = int(rows.branch_id[rows.mean_csa_mm2.argmax()])
    widget.logic.selectBranch(outcome, widest, "Green")
    assert drawn() == (1, 1), "branch chosen"

    before = outcome.record["measurements"][0]["tpbv_ml"]
    widget.logic.excludeBranch(outcome, widest)
    drawn()
    ui.recomputeButton.click()
    assert outcome.record["measurements"][0]["tpbv_ml"] < before
    assert drawn() == (1, 1), "recomputed"

    widget.logic.removeCase(outcome)
    assert drawn() == (1, 1), "removed"


def test_choosing_another_case_draws_once(ui, widget, outcome, case_folder, ct_node, drawn):
    other = widget.logic.loadCase(case_folder, ct_node)
    ui.caseSelector.setCurrentNode(other.caseNode)
    drawn()
    ui.caseSelector.setCurrentNode(outcome.caseNode)
    assert not other.legend.GetVisibility()
    assert drawn() == (1, 1)


def test_views_draw_again_after_something_went_wrong(
    ui, widget, outcome, views, drawn, monkeypatch, messages
):
    drawn()

    def fail(*_arguments):
        raise OSError("no space")

    monkeypatch.setattr("BV5AnalysisLib.scene.views.layout.fill_views", fail)
    with pytest.raises(OSError, match="no space"):
        widget.logic.showResults(outcome)
    assert not views.paused_now
    ui.showLayoutButton.click()
    assert messages.texts("error") == ["The case could not be shown.\n\nno space"]
    drawn()
    ui.bv5VisibleCheckBox.click()
    assert drawn() == (1, 1)
