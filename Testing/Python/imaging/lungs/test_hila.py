"""The hila are where bronchi enter the lungs, or where a scan cuts through the lungs."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.hila import Places, find_hila
from BV5AnalysisLib.imaging.lungs.survey import survey_chest
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.volume import Grid, Volume

SHAPE = (60, 50, 110)
RIGHT, LEFT = np.s_[5:55, 5:45, 5:45], np.s_[5:55, 5:45, 65:105]


def hila_of(bronchi=True, box=np.s_[:]):
    """Hila of two boxes of lung of 2 mm voxels, with bronchi that enter them at z = 30, y = 25."""
    hu = np.full(SHAPE, 40, np.int16)
    labels = np.zeros(SHAPE, np.uint8)
    hu[RIGHT] = hu[LEFT] = -860
    labels[RIGHT], labels[LEFT] = LungLabel.RIGHT, LungLabel.LEFT
    airways = np.zeros(SHAPE, bool)
    if bronchi:
        airways[28:33, 23:28, 35:75] = True
        airways[30:, 23:28, 53:58] = True
    labels[airways] = 0
    hu[airways] = -1000
    hu, labels, airways = (np.ascontiguousarray(array[box]) for array in (hu, labels, airways))
    volume = Volume(hu, Grid(hu.shape[::-1], (2.0, 2.0, 2.0)))
    return find_hila(labels, airways, survey_chest(volume))


def test_the_hilum_is_where_bronchi_enter():
    hila = hila_of()
    for center, x in zip(hila.center_mm, (39, 70), strict=True):
        np.testing.assert_allclose(center, np.array([30, 25, x]) * 2, atol=6)
    # 40 × 40 × 50 voxels of 8 mm³.
    assert hila.size_mm == pytest.approx(np.cbrt(40 * 40 * 50 * 8), rel=0.1)


def test_without_airways_the_hilum_is_towards_the_other_lung():
    right, left = hila_of(bronchi=False).center_mm
    assert 50 < right[2] < 100
    assert 120 < left[2] < 170


def test_vessels_leave_at_the_mediastinum_near_the_hilum_and_nowhere_else():
    hila = hila_of()
    at = np.array([[60, 50, 86], [60, 50, 20], [105, 85, 86]], float)
    leaving = hila.leaving(Places(at, np.full(3, LungLabel.RIGHT)), np.full(3, 3.0))
    assert leaving[0] > 0.9
    assert leaving[1:].max() < 0.1


def test_vessels_leave_by_a_face_that_cuts_through_the_lungs_towards_the_hilum():
    assert not hila_of().face_share.any()
    # The lower part alone, without and with bronchi: towards its upper end.
    for bronchi, height in ((False, 28), (True, 34)):
        share = hila_of(bronchi, np.s_[:height]).face_share
        np.testing.assert_allclose(share, [[0, 0], [1, 1]], atol=0.01)


def test_the_way_to_the_heart_is_shorter_from_the_hilum():
    hila = hila_of()
    at = np.array([[60, 50, 86], [60, 50, 20]], float)
    near, far = hila.way_mm(Places(at, np.full(2, LungLabel.RIGHT)))
    assert far - near == pytest.approx(66, abs=3)
