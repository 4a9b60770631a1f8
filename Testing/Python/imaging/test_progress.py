"""Progress over steps of known share, and their seconds."""

from types import SimpleNamespace

import pytest
from BV5AnalysisLib.imaging import progress as progress_module
from BV5AnalysisLib.imaging.errors import Cancelled
from BV5AnalysisLib.imaging.progress import Steps

SHARES = {"first": 1.0, "second": 3.0}


def test_fractions_follow_the_shares():
    told = []
    steps = Steps(SHARES, lambda step, fraction: told.append((step, fraction)))
    with steps.step("first"):
        pass
    with steps.step("second") as within:
        within(0.5)
        within(1.0)
    steps.done()
    assert told == [
        ("first", 0.0),
        ("second", 0.25),
        ("second", 0.625),
        ("second", 1.0),
        ("done", 1.0),
    ]


def test_seconds_are_measured_and_progress_is_not_needed(monkeypatch):
    clock = iter([10.0, 12.5])
    monkeypatch.setattr(progress_module, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    steps = Steps(SHARES, None)
    with steps.step("first") as within:
        within(0.3)
    steps.done()
    assert steps.seconds == {"first": 2.5}


def test_an_unknown_step_is_a_mistake():
    with pytest.raises(ValueError, match="third"), Steps(SHARES, None).step("third"):
        pass


def test_cancelling_goes_through():
    def stop(step, fraction):
        if fraction > 0.3:
            raise Cancelled

    steps = Steps(SHARES, stop)
    with steps.step("first"):
        pass
    with pytest.raises(Cancelled), steps.step("second") as within:
        within(0.9)
    assert steps.seconds.keys() == {"first"}
