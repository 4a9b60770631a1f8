"""Findings on the lungs appear when they should and only then."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.lung_findings import lung_findings
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from scipy import ndimage


def given_labels(body) -> np.ndarray:
    labels = np.zeros(body.grid.shape, np.uint8)
    labels[body.lung(-1)] = LungLabel.RIGHT
    labels[body.lung(1)] = LungLabel.LEFT
    return labels


def found(body, labels):
    return {finding.code: finding for finding in lung_findings(body.volume(), labels)}


def test_healthy_lungs_have_no_finding(simple_body):
    simple_body.add_lungs()
    labels = given_labels(simple_body)
    liters = np.count_nonzero(labels) * simple_body.grid.voxel_volume_ml / 1000
    assert liters > 2.5
    assert found(simple_body, labels) == {}


@pytest.mark.parametrize(
    ("box", "side"),
    [
        (np.s_[40:], "bottom"),
        (np.s_[:80], "top"),
        (np.s_[:, 40:], "front"),
        (np.s_[:, :90], "back"),
        (np.s_[:, :, 40:], "right"),
        (np.s_[:, :, :120], "left"),
    ],
)
def test_cut_lungs_are_told_with_the_side(simple_body, box, side):
    simple_body.add_lungs()
    labels = given_labels(simple_body)
    volume = simple_body.volume()
    part = np.ascontiguousarray(volume.array[box])
    grid = type(volume.grid)(part.shape[::-1], volume.grid.spacing)
    cut = lung_findings(type(volume)(part, grid), labels[box])
    (finding,) = (f for f in cut if f.code == "truncated_lungs")
    assert f"({side})" in finding.text
    assert finding.value > 10


def test_lungs_cut_by_the_round_field_of_view_are_told(simple_body):
    simple_body.add_lungs()
    volume = simple_body.volume()
    outside = np.broadcast_to(simple_body.x**2 + simple_body.y**2 > 110**2, volume.array.shape)
    labels = np.where(outside, 0, given_labels(simple_body)).astype(np.uint8)
    padded = volume.with_array(np.where(outside, -2000, volume.array).astype(np.int16))
    codes = [finding.code for finding in lung_findings(padded, labels)]
    assert "truncated_lungs" in codes


def test_small_lungs_are_told(simple_body):
    simple_body.add_lungs()
    labels = given_labels(simple_body)
    labels[ndimage.distance_transform_edt(labels > 0) < 8] = 0
    finding = found(simple_body, labels)["low_lung_volume"]
    expected = np.count_nonzero(labels) * simple_body.grid.voxel_volume_ml
    assert finding.value == pytest.approx(expected)
