"""Fixtures of the panel's tests: real Qt, real MRML, stand-ins for what lies between."""

import sys

import pytest
from standins import modules
from standins import qt as qt_standin
from standins.messages import start_recording
from standins.offscreen import qt_application
from standins.pythonqt.signals import errors_in_slots


@pytest.fixture
def qt(monkeypatch):
    """`qt` as in Slicer's Python (`ctk` is importable, too), for one test."""
    qt_application()
    errors_in_slots.clear()
    monkeypatch.setitem(sys.modules, "qt", qt_standin.make_module())
    monkeypatch.setitem(sys.modules, "ctk", modules.make_ctk())
    yield sys.modules["qt"]
    raised = list(errors_in_slots)
    errors_in_slots.clear()
    assert not raised, f"A slot raised {raised}"


@pytest.fixture
def messages(qt):
    """What was shown to the user; `messages.answer(kind, value)` answers what is asked next."""
    return start_recording()
