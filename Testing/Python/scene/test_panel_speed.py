"""The benchmark of the panel's work: what it measures, and the page it writes."""

import panel_speed
import pytest
from BV5AnalysisLib.case.files import case_of, write_case


@pytest.fixture
def folder(small_result, tmp_path):
    write_case(tmp_path, case_of("case 7", small_result))
    return tmp_path


@pytest.mark.parametrize("with_ct", [True, False])
def test_everything_is_measured_and_told(folder, small_result, with_ct):
    ct = small_result.scan.volume if with_ct else None
    measured = panel_speed.measure("small", folder, ct)
    assert set(measured.seconds) == set(panel_speed.TARGETS)
    assert all(seconds >= 0 for seconds in measured.seconds.values())
    both = measured.seconds["read the case"] + measured.seconds["add it to the scene"]
    assert measured.seconds["both"] == pytest.approx(both)
    assert measured.size.startswith("96 × 64 × 60 voxels, 8 branches, tubes 0.00 million")
    assert set(measured.draws.values()) == {1}
    assert "views drew once for each thing done" in panel_speed.report([measured])
    assert panel_speed.draws_told({"a": 1, "b": 3}) == "a: 1 draws, b: 3 draws"
    page = panel_speed.report([measured])
    assert "| | small | target |" in page
    for what in panel_speed.TARGETS:
        assert f"\n| {what} | " in page


def test_times_are_told_to_the_millisecond():
    assert panel_speed.shown(1.23456) == "1.235"
    assert panel_speed.shown(0.0001) == "< 0.001"
