"""Airless lung behind aerated lung is lung, fluid is none."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.airways.tree import segment_airways
from BV5AnalysisLib.imaging.lungs.airless import find_airless
from BV5AnalysisLib.imaging.lungs.lung_checks import doubt_lungs
from BV5AnalysisLib.imaging.lungs.segmentation import FoundLungs, find_lungs
from BV5AnalysisLib.imaging.lungs.survey import survey_chest
from BV5AnalysisLib.imaging.lungs.trachea import find_trachea
from BV5AnalysisLib.imaging.model.finding import Severity
from scipy import ndimage


@pytest.fixture
def body(simple_body):
    """A body with lungs and ribs."""
    simple_body.add_lungs()
    lungs = simple_body.lung(-1) | simple_body.lung(1)
    from_lungs = ndimage.distance_transform_edt(~lungs, sampling=simple_body.grid.spacing_zyx)
    ribs = (from_lungs > 3) & (from_lungs < 9) & (simple_body.z % 24 < 12)
    simple_body.fill(ribs & np.broadcast_to(abs(simple_body.x) > 30, lungs.shape), 500)
    return simple_body


def layer(body, thick_mm: float, beyond_mm: float = 0.0) -> np.ndarray:
    """Bool: the back of the right lung from one depth below its surface to another."""
    lung = body.lung(-1)
    depth = ndimage.distance_transform_edt(lung, sampling=body.grid.spacing_zyx)
    back = np.broadcast_to((body.y > 10) & (body.z > 60), lung.shape)
    return lung & back & (depth > beyond_mm) & (depth <= beyond_mm + thick_mm)


def found_in(volume) -> tuple[FoundLungs, set[str], set[str]]:
    """Lungs, codes of errors, and those of all findings."""
    chest = survey_chest(volume)
    trachea = find_trachea(chest)
    airways = segment_airways(volume, chest, trachea)
    found = find_lungs(volume, chest, trachea, airways)
    doubts = doubt_lungs(chest, found.labels, airways, found.fluid).findings
    errors = {finding.code for finding in doubts if finding.severity is Severity.ERROR}
    return found, errors, {finding.code for finding in doubts}


def share_in(labels: np.ndarray, where: np.ndarray) -> float:
    return float((labels[where] > 0).mean())


def test_healthy_lungs_have_nothing_at_their_ribs(body):
    found, errors, codes = found_in(body.volume(noise_hu=60))
    assert errors == codes == set()
    for space in found.spaces:
        assert not (space.lung | space.fluid).any()


@pytest.mark.parametrize("noise_hu", [15, 40])
def test_airless_lung_along_the_back_is_lung(body, noise_hu):
    airless = layer(body, 20)
    body.fill(airless, 40)
    found, errors, _ = found_in(body.volume(noise_hu))
    assert share_in(found.labels, airless) > 0.85
    outside = (found.labels > 0) & ~body.lung(-1) & ~body.lung(1)
    assert np.count_nonzero(outside) < 0.12 * np.count_nonzero(airless)
    assert errors == set()


def test_fluid_is_no_lung_and_no_error(body):
    fluid = layer(body, 25)
    body.fill(fluid, 8)
    found, errors, codes = found_in(body.volume())
    assert share_in(found.labels, layer(body, 20)) < 0.05
    assert errors == set()
    assert "pleural_fluid" in codes


def test_lung_before_fluid_is_told_from_it(body):
    fluid, airless = layer(body, 15), layer(body, 15, beyond_mm=15)
    body.fill(fluid, 5)
    body.fill(airless, 45)
    found, errors, codes = found_in(body.volume(noise_hu=30))
    assert share_in(found.labels, layer(body, 10)) < 0.1
    assert share_in(found.labels, airless) > 0.75
    assert errors == set()
    assert "pleural_fluid" in codes


def test_an_arm_beside_a_thin_wall_is_no_rib(body):
    arm = (abs(body.x + 172) < 16) & (abs(body.y - 20) < 30) & (body.z >= 0)
    body.hu[np.broadcast_to(body.x < -150, body.hu.shape)] = -1000
    body.fill(arm, 40)
    body.fill(arm & (abs(body.x + 164) < 6) & (abs(body.y - 20) < 8), 700)
    found, errors, _ = found_in(body.volume())
    assert found.searched is found.labels
    assert errors == set()


def test_a_hundredth_of_a_hu_moves_nothing(body):
    body.fill(layer(body, 15), 5)
    body.fill(layer(body, 15, beyond_mm=15), 45)
    counts = []
    for offset in (0.0, 0.01):
        volume = body.volume()
        volume = volume.with_array(volume.array + np.float32(offset))
        chest = survey_chest(volume)
        lungs = chest.hu.array < chest.half_hu
        middle = lungs.shape[2] // 2
        columns = np.arange(lungs.shape[2])
        inner = lungs & chest.inner_air
        inner &= ~(np.abs(columns - middle) * chest.grid.spacing[0] < 16)
        spaces = find_airless(chest, [inner & (columns < middle), inner & (columns >= middle)])
        counts.append(np.count_nonzero(spaces[0].lung))
    assert counts[0] > 1000
    assert abs(counts[1] - counts[0]) <= 0.002 * counts[0]


def test_no_vessels_are_sought_in_it(body):
    airless = layer(body, 20)
    body.fill(airless, 40)
    volume = body.volume()
    found, _, _ = found_in(volume)
    assert share_in(found.labels, airless) > 0.85
    assert share_in(found.searched, airless) < 0.15
    aerated = body.lung(1) | (body.lung(-1) & ~layer(body, 26))
    assert (found.searched[aerated] == found.labels[aerated]).mean() > 0.98
