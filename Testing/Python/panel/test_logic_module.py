"""The module as Slicer lists, loads and reloads it; its sample data."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
import slicer

MODULE_FILE = Path(__file__).resolve().parents[3] / "BV5Analysis" / "BV5Analysis.py"


def test_the_module_is_listed_under_quantification(module, slicer_app):
    parent = slicer.modules.bv5analysis
    assert parent.title == "BV5 Analysis"
    assert list(parent.categories) == ["Quantification"]
    assert "not a medical device" in parent.helpText
    assert "BV5Analysis" in slicer.selfTests


def test_slicers_start_calls_the_one_function_that_scripts_may_call_later(slicer_app):
    module = slicer_app.load_module(MODULE_FILE)
    connections = slicer_app.app._native._pythonqt_connections
    called = [each for signal, each, _adapted in connections if signal == "startupCompleted()"]
    assert called == [module.onStartupCompleted]


def test_the_layout_is_known_once_slicer_has_started(module, slicer_app):
    from BV5AnalysisLib.scene.views.review_layout import LAYOUT_ID

    assert slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode").IsLayoutDescription(LAYOUT_ID)


def test_the_layout_is_made_known_without_loading_heavy_packages():
    code = "import sys, BV5AnalysisLib.scene.views.review_layout; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=MODULE_FILE.parent, capture_output=True, check=True
    )
    assert not {b"scipy", b"SimpleITK"} & set(done.stdout.split())


def test_sample_data_are_offered_once(module, slicer_app):
    module.registerSampleData()
    (sources,) = slicer_app.sample_data.values()
    assert list(slicer_app.sample_data) == ["BV5 Analysis"]
    phantom, chest = sources
    assert phantom.sampleName == "BV5 digital chest phantom"
    assert phantom.customDownloader is module.loadPhantom
    assert Path(phantom.thumbnailFileName).is_file()
    digest = re.fullmatch(r"SHA256:([0-9a-f]{64})", chest.checksums)[1]
    assert chest.uris.startswith("https://github.com/Slicer/SlicerTestingData/")
    assert chest.uris.endswith(f"SHA256/{digest}")


def test_the_phantom_is_loaded_and_shown(module, slicer_app, monkeypatch, small_result):
    from BV5AnalysisLib.scene.case import sample_data
    from BV5AnalysisLib.scene.nodes.images import add_volume

    def add_phantom(scene, name, progress):
        progress("vessel trees", 0.25)
        return add_volume(scene, name, small_result.scan.volume), None

    monkeypatch.setattr(sample_data, "add_phantom", add_phantom)
    volume = module.loadPhantom()
    assert volume.GetName() == "BV5 phantom"
    selection = slicer.app.applicationLogic().GetSelectionNode()
    assert selection.GetActiveVolumeID() == volume.GetID()


def test_sample_data_finds_the_phantom_as_a_file(module, slicer_app, monkeypatch):
    from BV5AnalysisLib.scene.case import sample_data

    made = []
    monkeypatch.setattr(sample_data, "write_phantom_ct", lambda path, progress: made.append(path))
    assert module._phantomFile("https://elsewhere/ct.nrrd") == "https://elsewhere/ct.nrrd"
    assert made == []
    address = urlparse(module._phantomFile(module.SAMPLE_URI))
    assert address.scheme == "file"
    assert [Path(unquote(address.path))] == made


def is_of_library(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] == "BV5AnalysisLib"


@pytest.fixture
def library_as_before():
    """Other tests go on with the library that they have imported."""
    before = {name: each for name, each in sys.modules.items() if is_of_library(name)}
    yield
    for name in [name for name in sys.modules if is_of_library(name)]:
        del sys.modules[name]
    sys.modules.update(before)


def test_reloading_reloads_the_library_and_keeps_the_cases(
    library_as_before, module, slicer_app, widget, case_folder, ct_node
):
    outcome = widget.logic.loadCase(case_folder, ct_node)
    panel = widget.panel
    widget.onReload()
    again = slicer.modules.BV5AnalysisWidget
    assert again is not widget
    assert again.panel is not panel
    assert widget.panel is None
    assert type(again.panel) is not type(panel)
    (found,) = again.logic.outcomes()
    assert type(found) is not type(outcome)
    assert found.caseNode is outcome.caseNode
    again.logic.showResults(found)


def test_cleaning_up_twice_is_no_harm(widget):
    widget.cleanup()
    assert widget.panel is None
    widget.cleanup()
    widget.enter()
    widget.exit()
    assert widget.panel is None


def test_closing_the_scene_leaves_the_widget_usable(widget, slicer_app, case_folder, ct_node):
    widget.logic.loadCase(case_folder, ct_node)
    slicer.mrmlScene.Clear()
    assert widget.logic.outcomes() == []
    widget.enter()
    assert widget.logic.getParameterNode().inputVolume is None
