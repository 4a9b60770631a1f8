"""Which scans show a slab of the lungs."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.completeness import is_slab
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.volume import Grid, Volume

SPACING = (3.0, 3.0, 3.0)


@pytest.fixture(scope="module")
def lungs():
    """Two half ellipsoids with their bases down, 264 mm wide and 252 mm high."""
    z, y, x = np.ogrid[:90, :60, :100]
    labels = np.zeros((90, 60, 100), np.uint8)
    for side, middle in ((LungLabel.RIGHT, 28), (LungLabel.LEFT, 72)):
        inside = ((x - middle) / 22) ** 2 + ((y - 30) / 28) ** 2 + ((z - 3) / 84) ** 2 < 1
        labels[inside & (z >= 3)] = side
    return labels


def cut(lungs, first, last):
    part = lungs[first:last]
    return is_slab(Volume(part, Grid(part.shape[::-1], SPACING)))


def test_whole_lungs_are_none(lungs):
    assert not cut(lungs, 0, 90)


def test_lungs_that_are_cut_at_one_end_and_mostly_there_are_none(lungs):
    assert not cut(lungs, 15, 90)
    assert not cut(lungs, 0, 70)


def test_cut_large_at_both_ends_they_are(lungs):
    assert cut(lungs, 15, 60)
    assert cut(lungs, 5, 70)


def test_so_is_what_is_left_of_them_at_one_end(lungs):
    assert cut(lungs, 0, 40)
    assert cut(lungs, 55, 90)


def test_no_lungs_are_no_slab(lungs):
    assert not cut(np.zeros_like(lungs), 0, 90)
