"""Fixtures of the panel's tests: real Qt, real MRML, stand-ins for what lies between."""

import os
import sys
from pathlib import Path

import pytest
from helpers.descriptors import left_alone
from panel.panel_bench import bench  # noqa: F401 - a fixture
from standins.analysis_process import LedProcess
from standins.installation import Installation, install_qt
from standins.messages import messages as the_messages
from standins.messages import start_recording
from standins.pythonqt.ownership import check_ownership, errors_of_ownership
from standins.pythonqt.signals import errors_in_slots, refused_connections

MODULE_FILE = Path(__file__).resolve().parents[3] / "BV5Analysis" / "BV5Analysis.py"


@pytest.fixture(autouse=True)
def _streams_left_alone(monkeypatch):
    """Slicer reads its own streams through pipes, and hangs at its end if one is turned away."""
    with left_alone(monkeypatch):
        yield


@pytest.fixture
def slot_errors() -> list[BaseException]:
    """What slots raised: a test that expects it takes it out, else it fails the test."""
    return errors_in_slots


@pytest.fixture
def qt(monkeypatch, slot_errors):
    """`qt` as in Slicer's Python (`ctk` is importable, too), for one test."""
    for name in ("qt", "ctk"):
        monkeypatch.setitem(sys.modules, name, None)
    slot_errors.clear()
    refused_connections.clear()
    errors_of_ownership.clear()
    # What an observer of VTK's raises is only printed, by this hook.
    printed = sys.excepthook

    def kept(kind, error, trace):
        slot_errors.append(error)
        printed(kind, error, trace)

    monkeypatch.setattr(sys, "excepthook", kept)
    start_recording()
    yield install_qt()
    raised = list(slot_errors)
    slot_errors.clear()
    assert not raised, f"A slot raised {raised}"
    assert not refused_connections, "Connected to signals that there are not"
    check_ownership()


@pytest.fixture
def messages(qt):
    """What was shown to the user; `messages.answer(kind, value)` answers what is asked next."""
    return the_messages


@pytest.fixture
def slicer_app(qt, tmp_path):
    """A Slicer with a main window, for one test: `slicer.app`, `slicer.mrmlScene`, ..."""
    yield from _running(tmp_path, with_main_window=True)


@pytest.fixture
def windowless_slicer_app(qt, tmp_path):
    """A Slicer started with --no-main-window."""
    yield from _running(tmp_path, with_main_window=False)


def _running(folder: Path, with_main_window: bool):
    home = folder / "slicer"
    home.mkdir()
    installation = Installation(home, with_main_window)
    try:
        yield installation.slicer
    finally:
        installation.remove()


@pytest.fixture
def module(slicer_app):
    """BV5Analysis.py, loaded afresh by its path as Slicer does; start-up is complete."""
    python = slicer_app.load_module(MODULE_FILE)
    slicer_app.start()
    return python


@pytest.fixture
def widget(slicer_app, module):
    """The module's widget (Python object), set up; `slicer.util.selectModule` enters it."""
    return slicer_app.make_widget("BV5Analysis")


@pytest.fixture
def led_process() -> LedProcess:
    """An analysis process that the test leads by hand."""
    return LedProcess()


@pytest.fixture
def python_slicer(tmp_path, monkeypatch) -> Path:
    """A PythonSlicer on the PATH that is this Python: the real analysis runs in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "PythonSlicer"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return program


@pytest.fixture
def ct_node(slicer_app, small_phantom_result):
    """The CT of `case_folder`, in the scene."""
    from BV5AnalysisLib.scene.nodes.images import add_volume

    return add_volume(slicer_app.scene, "CT ü 7", small_phantom_result.scan.volume)
