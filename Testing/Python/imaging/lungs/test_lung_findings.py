"""Findings on the lungs appear when they should and only then."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.lung_findings import (
    consolidation_finding,
    ground_glass_percent,
    lung_findings,
)
from BV5AnalysisLib.imaging.model.finding import Severity
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from scipy import ndimage


def given_labels(body) -> np.ndarray:
    labels = np.zeros(body.grid.shape, np.uint8)
    labels[body.lung(-1)] = LungLabel.RIGHT
    labels[body.lung(1)] = LungLabel.LEFT
    return labels


def found(body, labels, vessels=None, consolidation=None):
    findings = lung_findings(body.volume(), labels, vessels, consolidation)
    return {finding.code: finding for finding in findings}


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


def test_ground_glass_is_measured(simple_body):
    simple_body.add_lungs()
    labels = given_labels(simple_body)
    patch = simple_body.ellipsoid((75, 20, 150), (40, 50, 60)) & simple_body.lung(1)
    simple_body.fill(patch, -550)
    true = 100 * np.count_nonzero(patch) / np.count_nonzero(labels)
    finding = found(simple_body, labels)["ground_glass"]
    assert finding.value == pytest.approx(true, rel=0.2)


def test_consolidation_is_measured_and_is_no_ground_glass(simple_body):
    simple_body.add_lungs()
    labels = given_labels(simple_body)
    patch = simple_body.ellipsoid((-75, 50, 150), (30, 25, 40)) & simple_body.lung(-1)
    simple_body.fill(patch, 10)
    true = 100 * np.count_nonzero(patch) / np.count_nonzero(labels)
    findings = found(simple_body, labels, consolidation=patch)
    assert findings["consolidation"].value == pytest.approx(true)
    milliliters = np.count_nonzero(patch) * simple_body.grid.voxel_volume_ml
    text = findings["consolidation"].text
    # In the right lung (x below 0), all of it.
    assert f"({milliliters:.0f} mL; right {milliliters:.0f} mL)" in text
    assert "at least" in text
    assert findings["consolidation"].severity is Severity.WARNING
    assert "ground_glass" not in findings


def test_consolidation_is_told_for_each_given_region(simple_body):
    simple_body.add_lungs()
    labels = given_labels(simple_body)
    patch = simple_body.ellipsoid((-75, 50, 150), (30, 25, 40)) & simple_body.lung(-1)
    upper = np.zeros(labels.shape, bool)
    upper[np.nonzero(patch)[0].min() + 5 :] = True
    regions = {"upper": upper, "lower": ~upper, "other side": labels == LungLabel.LEFT}
    text = consolidation_finding(simple_body.volume(), labels, patch, regions).text
    ml = simple_body.grid.voxel_volume_ml
    for name in ("upper", "lower"):
        inside = np.count_nonzero(patch & regions[name]) * ml
        assert inside > 0.5
        assert f"{name} {inside:.0f} mL" in text
    assert "left" not in text.split(")")[0]
    assert "other side" not in text


def test_little_consolidation_is_told_but_no_warning(simple_body):
    simple_body.add_lungs()
    labels = given_labels(simple_body)
    patch = simple_body.ellipsoid((-75, 40, 150), (10, 10, 10)) & (labels > 0)
    finding = consolidation_finding(simple_body.volume(), labels, patch)
    assert finding.severity is Severity.INFO
    assert 0 < finding.value < 1
    assert consolidation_finding(simple_body.volume(), labels, np.zeros_like(patch)) is None


def test_vessels_are_no_opacity(simple_body):
    simple_body.add_lungs()
    labels = given_labels(simple_body)
    vessels = np.zeros(labels.shape, bool)
    for z in range(80, 220, 20):
        vessels |= simple_body.rod((-40, 0, z), (-120, 0, z), 6)
        vessels |= simple_body.rod((40, 0, z), (120, 0, z), 6)
    vessels &= labels > 0
    simple_body.fill(vessels, 40)
    assert ground_glass_percent(simple_body.volume(), labels, vessels) < 1
