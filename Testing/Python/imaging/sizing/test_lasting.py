"""Vessels go on for longer than lumps of the same width."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.measurements import Calibration
from BV5AnalysisLib.imaging.model.work_image import WorkImage
from BV5AnalysisLib.imaging.sizing.lasting import CONSTANTS, lasting
from BV5AnalysisLib.imaging.sizing.vessel_network import vessel_network
from helpers.tubes import line_branches, straight

LUNG_HU, BLOOD_HU = -860.0, 40.0

VESSEL = ((20, 20, 10), (0, 0, 1), 70.0)
"""A vessel of 4 mm², straight."""


def judged(*lines):
    """What each line, of start, direction, length and area, lasts: mean (2,) of each."""
    points = [straight(*line) for line, _ in lines]
    # All that touch meet at their ends.
    branches = line_branches(
        points, [1.0] * len(points), [[2 * n, 2 * n + 1] for n in range(len(points))]
    )
    csa = np.concatenate(
        [np.full(len(p), area) for p, (_, area) in zip(points, lines, strict=True)]
    )
    image = np.full((60, 60, 90), LUNG_HU, np.float32)
    for place in np.rint(branches.position_mm).astype(int):
        image[tuple(slice(max(0, at - 1), at + 2) for at in place)] = BLOOD_HU
    work = WorkImage(image, np.ones(image.shape, bool), np.ones(image.shape, bool), np.ones(3))
    network = vessel_network(branches, csa, work, Calibration(BLOOD_HU, LUNG_HU, 10.0))
    at_points = network.along_branches(lasting(network, network.caliber_mm2())[:, 0], branches)
    strict = network.along_branches(lasting(network, network.caliber_mm2())[:, 1], branches)
    return [
        np.array([at_points[own].mean(), strict[own].mean()])
        for own in (branches.branch_id == n for n in range(len(lines)))
    ]


def lump(area_mm2, length_mm=6.0):
    """At the end of the vessel."""
    return ((20, 20, 80.7), (0, 0, 1), length_mm), area_mm2


def test_a_vessel_lasts_and_a_lump_at_its_end_does_not():
    vessel, end = judged((VESSEL, 4.0), lump(20.0))
    assert vessel.min() > 0.9
    assert end.max() < 0.05


def test_a_vessel_that_goes_on_no_wider_lasts():
    vessel, end = judged((VESSEL, 4.0), lump(4.4))
    assert vessel.min() > 0.9
    assert end.min() > 0.9


def test_strictly_a_lump_twice_as_wide_as_what_it_hangs_on_is_one():
    _, end = judged((VESSEL, 4.0), lump(7.0))
    assert end[0] > 0.5
    assert end[1] < 0.05


def test_a_lump_alone_does_not_last_and_a_long_line_alone_does():
    (alone,) = judged((((20, 20, 20), (0, 1, 0), 6.0), 6.0))
    assert alone.max() < 0.05
    (alone,) = judged((VESSEL, 4.0))
    assert alone.min() > 0.9


def test_it_moves_as_little_as_areas_do():
    before = judged((VESSEL, 4.0), lump(11.0))
    after = judged((VESSEL, 4.0), lump(11.01))
    np.testing.assert_allclose(before, after, atol=0.01)
    # All of the lump goes on as a vessel of 4 of its 11 mm², which is long: how far that is up the
    # ramp of `as_wide` decides alone. Measured: the same to four digits.
    low, high = CONSTANTS.as_wide
    part = (4 / 11 - low) / (high - low)
    assert before[1][0] == pytest.approx(part**2 * (3 - 2 * part), abs=0.005)
    assert 0.3 < part < 0.7
