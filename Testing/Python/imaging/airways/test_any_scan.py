"""Airways of scans far from the usual: noise, emphysema, offsets, undershoot, short tracheas."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.airways.tree import segment_airways
from BV5AnalysisLib.imaging.lungs.survey import survey_chest
from BV5AnalysisLib.imaging.lungs.trachea import find_trachea
from BV5AnalysisLib.imaging.model.volume import Grid, Volume


def airways_of(volume: Volume) -> np.ndarray:
    chest = survey_chest(volume)
    return segment_airways(volume, chest, find_trachea(chest))


def recall_and_leak(body, volume):
    """Share of the trachea that is found, and of the far lungs that is taken for airway."""
    airways = airways_of(volume)
    trachea = body.rod((0, 0, 240), (0, 0, 175), 6)[: len(airways)]
    lungs = body.lung(-1) | body.lung(1)
    far = (lungs & np.broadcast_to(abs(body.x) > 65, lungs.shape))[: len(airways)]
    return airways[trachea].mean(), airways[far].mean()


def noisy(body, noise_hu, seed=0, lowest_hu=-1024):
    noise = np.random.default_rng(seed).normal(0, noise_hu, body.hu.shape)
    return np.clip(body.hu + noise, lowest_hu, 3000)


@pytest.mark.parametrize(
    ("lung_hu", "noise_hu", "offset_hu"),
    [(-850, 80, 15), (-960, 10, -15), (-960, 80, 0), (-1000, 10, 15), (-1000, 80, -15)],
)
def test_the_trachea_is_kept_and_the_lung_left(simple_body, lung_hu, noise_hu, offset_hu):
    simple_body.add_lungs(hu=lung_hu)
    simple_body.hu += offset_hu
    hu = noisy(simple_body, noise_hu)
    found, leaked = recall_and_leak(
        simple_body, Volume(np.rint(hu).astype(np.int16), simple_body.grid)
    )
    assert found > 0.85
    assert leaked < 0.002


def test_undershoot_along_the_pleura_is_no_airway(simple_body):
    """A sharp kernel makes the lung beside the chest wall darker than air."""
    simple_body.add_lungs()
    hu = noisy(simple_body, 20, lowest_hu=-1100)
    sides = [simple_body.lung(side) for side in (-1, 1)]
    deeper = [np.roll(np.roll(side, 2, 1), -2, 1) & side for side in sides]
    for side, inside in zip(sides, deeper, strict=True):
        hu[side & ~inside & np.broadcast_to(abs(simple_body.x) > 40, hu.shape)] = -1060
    found, leaked = recall_and_leak(simple_body, Volume(hu.astype(np.int16), simple_body.grid))
    assert found > 0.85
    assert leaked < 0.002


def test_a_trachea_that_the_scan_cuts_short_still_leads_to_the_bronchi(simple_body):
    simple_body.add_lungs()
    top = 76  # 190 mm: 25 mm above the carina.
    grid = simple_body.grid
    volume = Volume(
        np.rint(noisy(simple_body, 20)[:top]).astype(np.int16),
        Grid((*grid.size[:2], top), grid.spacing, grid.origin),
    )
    airways = airways_of(volume)
    for side in (-1, 1):
        bronchus = simple_body.rod((side * 10, 0, 155), (side * 40, 0, 140), 4)[:top]
        assert airways[bronchus].mean() > 0.8
