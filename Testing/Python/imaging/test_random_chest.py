"""A random chest, analyzed whole: a child behind a chest wall of 3 mm, and its mirror image."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.finding import Severity
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.phantom.anychest import any_chest
from BV5AnalysisLib.imaging.pipeline import analyze
from scipy import ndimage

SEED = 1014
"""A chest wall of 3 mm, a lung volume of 1.1 L, blood of 290 HU, slices of 1.25 mm, no disease."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chest():
    return any_chest(SEED)


@pytest.fixture(scope="module")
def result(chest):
    return analyze(chest.volume.to_sitk())


def errors(result):
    return [finding.code for finding in result.findings if finding.severity is Severity.ERROR]


def test_both_lungs_are_whole(chest, result):
    counts = chest.airways.array == 0
    for label in LungLabel:
        found, true = ((each.array == label) & counts for each in (result.lungs, chest.lungs))
        both = np.count_nonzero(found & true)
        assert 2 * both / (np.count_nonzero(found) + np.count_nonzero(true)) > 0.985


def test_blood_is_the_true_blood_and_nothing_is_doubted(chest, result):
    found, true = result.measurements_hilum_included[0], chest.measurements[0]
    assert errors(result) == []
    assert found.tpbv_ml == pytest.approx(true.tpbv_ml, rel=0.06)


def test_bv5_is_the_true_one(chest, result):
    found, true = result.measurements_hilum_included[0], chest.measurements[0]
    assert found.bv5_pct == pytest.approx(true.bv5_pct, abs=1.5)


def test_airways_do_not_leak(chest, result):
    near = ndimage.binary_dilation(chest.airways.array > 0, iterations=3)
    leak = result.airways.array & ~near & (chest.lungs.array > 0)
    assert np.count_nonzero(leak) * chest.volume.grid.voxel_volume_ml < 0.5


def test_the_mirror_image_gives_the_same(chest, result):
    mirrored = chest.volume.with_array(np.ascontiguousarray(chest.volume.array[:, :, ::-1]))
    other = analyze(mirrored.to_sitk())
    both, right, left = result.measurements[:3]
    assert errors(other) == []
    assert other.measurements[0].bv5_pct == pytest.approx(both.bv5_pct, abs=0.3)
    assert other.measurements[0].tpbv_ml == pytest.approx(both.tpbv_ml, rel=0.015)
    assert other.measurements[1].bv5_pct == pytest.approx(left.bv5_pct, abs=0.7)
    assert other.measurements[2].bv5_pct == pytest.approx(right.bv5_pct, abs=0.7)
