"""Confidence is the share of a normal error that stays within the class."""

import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.sizing.confidence import (
    area_error_mm2,
    branch_class,
    class_confidence,
    distance_to_bound_mm2,
)

PARAMETERS = Parameters()


def branches(areas, errors=0.0) -> Centerlines:
    """Branches of five points, one an area."""
    csa = np.repeat(np.array(areas, float), 5)
    return Centerlines.measured(
        points_mm=np.zeros((len(csa), 3)),
        branch_start=np.arange(0, len(csa) + 1, 5),
        csa_mm2=csa,
        size_class=PARAMETERS.size_class(csa),
        point_volume_ml=csa / 1000,
        point_length_mm=np.ones(len(csa)),
        csa_error_mm2=np.broadcast_to(np.asarray(errors, float), len(areas)),
    )


def test_class_and_distance_from_its_bounds():
    lines = branches([0.8, 1.25, 3.0, 4.9, 5.0, 9.0, 12.0])
    assert branch_class(lines, PARAMETERS).tolist() == [4, 1, 1, 1, 2, 2, 3]
    distance = distance_to_bound_mm2(lines, PARAMETERS)
    assert distance == pytest.approx([0.45, 0.0, 1.75, 0.1, 0.0, 1.0, 2.0])
    no_floor = Parameters(minimum_csa_mm2=0.0)
    assert distance_to_bound_mm2(lines, no_floor)[0] == pytest.approx(4.2)
    assert branch_class(lines, no_floor)[0] == SizeClass.BV5


def test_a_class_is_as_sure_as_its_area():
    lines = branches([3.0, 4.5, 5.0, 7.0, 30.0], 0.3)
    sure = class_confidence(lines, PARAMETERS)
    assert sure[0] > 0.99
    assert 0.5 < sure[1] < 0.95
    assert sure[2] == pytest.approx(0.5, abs=0.01)
    assert sure[4] > 0.99
    rough = class_confidence(branches([3.0, 4.5, 5.0, 7.0, 30.0], 3.0), PARAMETERS)
    assert (rough < sure + 1e-12).all()


def test_it_is_the_chance_that_a_normal_error_stays_in_the_class():
    lines = branches([4.0], 0.5)
    error = area_error_mm2(lines)[0]
    draws = 4.0 + error * np.random.default_rng(0).normal(size=200_000)
    share = (PARAMETERS.size_class(draws) == SizeClass.BV5).mean()
    assert class_confidence(lines, PARAMETERS)[0] == pytest.approx(share, abs=0.005)


def test_a_hand_decides():
    lines = branches([5.0, 5.0])
    by_hand = np.arange(10) < 3
    lines = dataclasses.replace(
        lines,
        class_by_hand=by_hand,
        size_class=np.where(by_hand, SizeClass.BV10, lines.size_class).astype(np.uint8),
    )
    assert branch_class(lines, PARAMETERS).tolist() == [SizeClass.BV10, SizeClass.BV5_10]
    assert class_confidence(lines, PARAMETERS)[0] == 1.0
    assert class_confidence(lines, PARAMETERS)[1] == pytest.approx(0.5, abs=0.01)


def test_no_branch_at_all():
    none = branches([])
    for function in (branch_class, class_confidence, distance_to_bound_mm2):
        assert function(none, PARAMETERS).shape == (0,)
