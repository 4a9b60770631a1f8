"""Found branches against the true vessels that they run along."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze
from confidence import Judged, calibration_rows, judged, true_areas

PARAMETERS = Parameters()


def lines(*branches, error=0.1) -> Centerlines:
    """Straight branches along x of (y, area, length)."""
    points = [np.stack([np.arange(n) * 0.5, np.full(n, y), np.zeros(n)], 1) for y, _, n in branches]
    csa = np.concatenate([np.full(n, area) for _, area, n in branches])
    return Centerlines.measured(
        np.concatenate(points),
        np.cumsum([0, *(n for _, _, n in branches)]),
        csa,
        PARAMETERS.size_class(csa),
        csa * 0.5 / 1000,
        np.full(len(csa), 0.5),
        error,
    )


def test_a_branch_takes_the_area_of_the_vessel_it_runs_along():
    true = lines((0.0, 3.0, 40), (10.0, 8.0, 40))
    found = lines((0.4, 4.0, 30), (10.0, 6.0, 40), (5.0, 2.0, 20))
    assert true_areas(found, true)[:2] == pytest.approx([3.0, 8.0])
    assert np.isnan(true_areas(found, true)[2])
    judgment = judged(found, true, PARAMETERS)
    assert judgment.right.tolist() == [True, True]
    wrong = judged(lines((0.0, 6.0, 40)), true, PARAMETERS)
    assert wrong.right.tolist() == [False]


def test_rows_hold_each_branch_once():
    confidence = np.array([0.3, 0.55, 0.58, 0.999, 1.0])
    rows = list(calibration_rows([Judged(confidence, np.array([1, 1, 0, 1, 1], bool))]))
    assert [row[2] for row in rows] == [1, 2, 2]
    assert rows[1][:2] == (0.5, 0.6)
    assert rows[1][4] == 0.5


# Measured: right 0.60 of the time against 0.63 below 0.75, 0.96 against 0.91 up to 0.99, 1.0 above.
def test_on_a_chest_confidence_is_how_often_the_class_is_right():
    phantom = chest_phantom(ChestPhantomSpec(scale=0.5, noise_hu=22.0, seed=4))
    result = analyze(phantom.volume.to_sitk(), lungs=phantom.lungs)
    found = judged(result.centerlines, phantom.centerlines, result.parameters)
    for low, high, off in ((0.0, 0.75, 0.12), (0.75, 0.99, 0.06), (0.99, 1.01, 0.02)):
        mine = (found.confidence >= low) & (found.confidence < high)
        assert mine.sum() > 50
        assert found.right[mine].mean() == pytest.approx(found.confidence[mine].mean(), abs=off)
