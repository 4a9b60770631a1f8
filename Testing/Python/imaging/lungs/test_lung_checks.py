"""Lungs that were lost are doubted, whole ones are not."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.lungs.lung_checks import doubt_given_lungs, doubt_lungs
from BV5AnalysisLib.imaging.lungs.survey import survey_chest
from BV5AnalysisLib.imaging.model.finding import Severity
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from scipy import ndimage


@pytest.fixture
def body(simple_body):
    """A body with lungs and ribs."""
    simple_body.add_lungs()
    lungs = simple_body.lung(-1) | simple_body.lung(1)
    from_lungs = ndimage.distance_transform_edt(~lungs, sampling=simple_body.grid.spacing_zyx)
    lateral = np.broadcast_to(abs(simple_body.x) > 60, lungs.shape)
    simple_body.fill((from_lungs > 3) & (from_lungs < 9) & lateral, 500)
    return simple_body


def labels_of(body) -> np.ndarray:
    labels = np.zeros(body.grid.shape, np.uint8)
    labels[body.lung(-1) & (body.hu < -500)] = LungLabel.RIGHT
    labels[body.lung(1) & (body.hu < -500)] = LungLabel.LEFT
    return labels


def doubts(body, labels):
    chest = survey_chest(body.volume())
    return doubt_lungs(chest, labels, body.hu == -990)


def errors(body, labels) -> set[str]:
    findings = doubts(body, labels).findings
    return {finding.code for finding in findings if finding.severity is Severity.ERROR}


def test_whole_lungs_are_not_doubted(body):
    labels = labels_of(body)
    assert errors(body, labels) == set()
    assert not doubts(body, labels).unclaimed_air.any()


def test_lungs_cut_flat_are_doubted_and_what_is_lost_is_shown(body):
    labels = labels_of(body)
    lost = labels.copy()
    lost[:60] = 0
    found = doubts(body, lost)
    by_code = {finding.code: finding for finding in found.findings}
    assert {"lung_lost", "flat_cut"} <= set(by_code)
    assert by_code["lung_lost"].severity is by_code["flat_cut"].severity is Severity.ERROR
    where = (labels > 0) & (lost == 0)
    unclaimed = survey_chest(body.volume()).to_scan(found.unclaimed_air, labels.shape)
    assert unclaimed[where].mean() > 0.7
    assert not unclaimed[labels == 0].any()
    area_cm2 = np.count_nonzero(labels[60]) * 0.04
    assert by_code["flat_cut"].value == pytest.approx(area_cm2, rel=0.15)


@pytest.mark.parametrize("label", list(LungLabel))
def test_a_lung_that_is_missing_or_nearly_so_is_doubted(body, label):
    labels = labels_of(body)
    labels[(labels == label) & np.broadcast_to(body.z < 190, labels.shape)] = 0
    assert {"lung_lost", "implausible_lungs"} <= errors(body, labels)


@pytest.mark.parametrize("with_vessels", [True, False])
def test_air_under_a_band_without_air_is_lung_if_it_holds_vessels(body, with_vessels):
    band = (body.z > 88) & (body.z < 112) & (body.lung(-1) | body.lung(1))
    body.fill(band, 30)
    labels = labels_of(body)
    below = (labels > 0) & (body.z < 100)
    if with_vessels:
        for x in range(-100, 101, 16):
            for y in range(-48, 49, 16):
                body.fill(body.rod((x, y, 0), (x, y, 90), 2.5) & below, 40)
    labels[np.broadcast_to(body.z < 100, labels.shape)] = 0
    assert ("lung_lost" in errors(body, labels)) == with_vessels


def test_a_given_mask_that_leaves_lung_out_is_a_warning(body):
    labels = labels_of(body)
    chest = survey_chest(body.volume())
    assert doubt_given_lungs(chest, labels, body.hu == -990).findings == ()
    labels[:80] = 0
    (finding,) = doubt_given_lungs(chest, labels, body.hu == -990).findings
    assert finding.code == "lung_lost"
    assert finding.severity is Severity.WARNING
    assert "given" in finding.text


def test_a_given_mask_that_holds_the_heart_is_a_warning(body):
    """All between the lungs at their lower half, a ball of 50 mm, and what lies within reach."""
    labels = labels_of(body)
    chest = survey_chest(body.volume())
    wide = ndimage.binary_closing(labels > 0, iterations=4) & (labels == 0)
    some = np.where(wide, LungLabel.RIGHT, labels)
    assert doubt_given_lungs(chest, some, body.hu == -990).findings == ()
    middle = [np.mean(np.nonzero(labels)[axis]) for axis in range(3)]
    off = np.stack(np.indices(labels.shape), -1) - middle
    heart = np.linalg.norm(off * body.grid.spacing_zyx, axis=-1) < 50
    more = np.where(heart & (labels == 0), LungLabel.LEFT, labels)
    (finding,) = doubt_given_lungs(chest, more, body.hu == -990).findings
    assert finding.code == "mask_beyond_lungs"
    assert finding.severity is Severity.WARNING


def fine_chest():
    """Two boxes of lung in tissue, in voxels of which eight make a block."""
    labels = np.zeros((100, 110, 240), np.uint8)
    labels[20:80, 20:90, 20:100] = LungLabel.RIGHT
    labels[20:80, 20:90, 140:220] = LungLabel.LEFT
    grid = Grid(labels.shape[::-1], (1.0, 1.0, 1.0))
    hu = np.where(labels > 0, -860, 40).astype(np.int16)
    return survey_chest(Volume(hu, grid)), labels


RIGHT, LEFT = (50, 50, 60), (50, 50, 180)


def two_voxels(_labels, painted):
    painted[RIGHT], painted[LEFT] = LungLabel.RIGHT, LungLabel.LEFT


def one_slice(labels, painted):
    painted[51] = labels[51]


def a_voxel_on_the_left(labels, painted):
    painted[labels == LungLabel.RIGHT] = LungLabel.RIGHT
    painted[LEFT] = LungLabel.LEFT


def a_slice_on_the_right(labels, painted):
    painted[labels == LungLabel.LEFT] = LungLabel.LEFT
    painted[51][labels[51] == LungLabel.RIGHT] = LungLabel.RIGHT


@pytest.mark.parametrize(
    ("paint", "what"),
    [
        (two_voxels, "both lungs"),
        (one_slice, "both lungs"),
        (lambda *_: None, "both lungs"),
        (a_voxel_on_the_left, "the left lung"),
        (a_slice_on_the_right, "the right lung"),
    ],
)
def test_a_given_mask_with_next_to_nothing_in_it_is_refused(paint, what):
    """Without anything in it: what a mask of airways alone leaves."""
    chest, labels = fine_chest()
    assert chest.factor == (2, 2, 2)
    painted = np.zeros_like(labels)
    paint(labels, painted)
    with pytest.raises(AnalysisError, match=f"next to nothing of {what}: .* Give one that"):
        doubt_given_lungs(chest, painted, np.zeros(labels.shape, bool))


@pytest.mark.parametrize(("left", "missing"), [(False, "left"), (True, "right")])
def test_found_lungs_of_which_one_is_next_to_nothing_are_refused(left, missing):
    chest, labels = fine_chest()
    painted = np.where(labels == (LungLabel.LEFT if left else LungLabel.RIGHT), labels, 0)
    painted[RIGHT if left else LEFT] = LungLabel.RIGHT if left else LungLabel.LEFT
    with pytest.raises(AnalysisError, match=f"Only one lung was found, the {missing} one"):
        doubt_lungs(chest, painted, np.zeros(labels.shape, bool))


def test_a_given_mask_of_one_block_a_lung_is_not_refused():
    chest, labels = fine_chest()
    painted = np.zeros_like(labels)
    for place in (RIGHT, LEFT):
        around = tuple(slice(along - 2, along + 2) for along in place)
        painted[around] = labels[around]
    found = doubt_given_lungs(chest, painted, np.zeros(labels.shape, bool))
    assert [finding.code for finding in found.findings] == ["lung_lost"]


@pytest.mark.parametrize("first", [20, 21])
def test_blocks_that_are_half_lung_are_no_flat_cut(first):
    """Blocks of two voxels, of which the lungs' flat sides fill one: tissue is beyond."""
    shape = (100, 110, 240)
    labels = np.zeros(shape, np.uint8)
    labels[first : first + 61, first : first + 71, first : first + 81] = LungLabel.RIGHT
    labels[first : first + 61, first : first + 71, first + 101 : first + 182] = LungLabel.LEFT
    hu = np.where(labels > 0, -860, 40).astype(np.int16)
    chest = survey_chest(Volume(hu, Grid(shape[::-1], (1.1, 1.1, 1.1))))
    assert chest.factor == (2, 2, 2)
    findings = doubt_lungs(chest, labels, np.zeros(shape, bool)).findings
    assert "flat_cut" not in {finding.code for finding in findings}
    labels[: first + 30] = 0
    findings = doubt_lungs(chest, labels, np.zeros(shape, bool)).findings
    assert "flat_cut" in {finding.code for finding in findings}


def test_lungs_that_take_in_bowel_below_are_not_called_lost(body):
    body.fill(body.ellipsoid((70, 0, 20), (40, 50, 12)) & ~body.lung(1), -900)
    assert errors(body, labels_of(body)) == set()


def test_fluid_behind_a_lung_is_told(body):
    fluid = body.lung(-1) & np.broadcast_to(body.y > 25, body.hu.shape)
    body.fill(fluid, 10)
    (finding,) = doubts(body, labels_of(body)).findings
    assert finding.code == "airless_at_ribs"
    assert finding.severity is Severity.ERROR
    assert "right" in finding.text


def test_fluid_is_told_where_ribs_are_crumbs(simple_body):
    """Ribs of a thin child: pieces of a third of a milliliter, 25 mm apart."""
    simple_body.add_lungs()
    lungs = simple_body.lung(-1) | simple_body.lung(1)
    from_lungs = ndimage.distance_transform_edt(~lungs, sampling=simple_body.grid.spacing_zyx)
    around = np.arctan2(simple_body.y, simple_body.x)
    crumbs = (from_lungs > 3) & (from_lungs < 7) & (np.rint(around * 12) % 2 == 0)
    crumbs &= np.broadcast_to((abs(simple_body.x) > 60) & (simple_body.z % 24 < 5), lungs.shape)
    simple_body.fill(crumbs, 500)
    assert errors(simple_body, labels_of(simple_body)) == set()
    fluid = simple_body.lung(-1) & np.broadcast_to(simple_body.y > 25, lungs.shape)
    simple_body.fill(fluid, 10)
    assert errors(simple_body, labels_of(simple_body)) == {"airless_at_ribs"}
