"""Smooth curves: each row as if it were alone, its ends kept, its jitter gone."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.numerics.curves import smooth_curves

STEP_MM = 0.7
LENGTHS = (2, 3, 5, 20, 60)


def jittered_rows():
    generator = np.random.default_rng(3)
    position = []
    for length in LENGTHS:
        line = np.arange(length)[:, None] * generator.normal(0, 0.5, 3) + generator.normal(0, 20, 3)
        position.append(line + generator.normal(0, 0.15, line.shape))
    scale = generator.choice([0.7, 1.4, 4.0], sum(LENGTHS))
    return np.concatenate(position), scale, np.cumsum([0, *LENGTHS])


def test_rows_do_not_touch_each_other():
    position, scale, start = jittered_rows()
    every = smooth_curves(position, scale, start, STEP_MM)
    for row, length in enumerate(LENGTHS):
        own = slice(start[row], start[row + 1])
        alone = smooth_curves(position[own], scale[own], np.array([0, length]), STEP_MM)
        there = slice(every.start[row], every.start[row + 1])
        for name in ("position_mm", "tangent", "scale_mm", "step_mm"):
            assert getattr(every, name)[there] == pytest.approx(getattr(alone, name), abs=1e-8)


def test_a_curve_stands_for_the_way_between_its_ends():
    position, scale, start = jittered_rows()
    curves = smooth_curves(position, scale, start, STEP_MM)
    for row in range(len(LENGTHS)):
        piece = slice(curves.start[row], curves.start[row + 1])
        points, half_mm = curves.position_mm[piece], curves.step_mm[piece][0] / 2
        ends = position[[start[row], start[row + 1] - 1]]
        gaps = np.linalg.norm(points[[0, -1]] - ends, axis=1)
        assert gaps == pytest.approx([half_mm, half_mm], abs=0.02)
        along = np.linalg.norm(np.diff(points, axis=0), axis=1)
        assert along == pytest.approx(2 * half_mm, abs=0.02)


def test_wide_vessels_are_smoothed_more():
    generator = np.random.default_rng(0)
    line = np.arange(80)[:, None] * np.array([0.0, 0.0, 0.7])
    jitter = generator.normal(0, 0.2, (80, 2))
    position = np.concatenate([line[:, :1] + jitter[:, :1], jitter[:, 1:], line[:, 2:]], axis=1)

    def strays_mm(scale_mm):
        curve = smooth_curves(position, np.full(80, scale_mm), np.array([0, 80]), STEP_MM)
        return curve.position_mm[5:-5, :2].std()

    assert strays_mm(4.0) < 0.55 * strays_mm(0.7)
    assert strays_mm(0.7) < 0.6 * jitter.std()


def test_an_only_point_twice_has_no_length_and_no_nan():
    curves = smooth_curves(np.ones((2, 3)), np.ones(2), np.array([0, 2]), STEP_MM)
    assert curves.position_mm == pytest.approx(np.ones((2, 3)))
    assert curves.step_mm == pytest.approx(0)
    assert np.linalg.norm(curves.tangent, axis=1) == pytest.approx(1)


def test_no_rows_give_no_curves():
    curves = smooth_curves(np.empty((0, 3)), np.empty(0), np.array([0]), STEP_MM)
    assert curves.position_mm.shape == (0, 3)
    assert curves.start.tolist() == [0]
