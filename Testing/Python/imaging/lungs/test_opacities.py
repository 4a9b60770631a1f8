"""Opacities are measured by kind, and what is none is not."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.anatomy import Anatomy
from BV5AnalysisLib.imaging.lungs.hila import find_hila
from BV5AnalysisLib.imaging.lungs.opacities import find_opacities, opacity_volumes
from BV5AnalysisLib.imaging.lungs.survey import survey_chest
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.tissue import Tissue
from BV5AnalysisLib.imaging.model.volume import Grid, Volume

NOISE_HU = 20.0
SHAPE = (50, 70, 340)
RIGHT, LEFT = np.s_[3:47, 5:65, 70:160], np.s_[3:47, 5:65, 180:270]
PATCH = np.s_[10:40, 20:50, 210:240]
"""A cube inside the left lung."""


@pytest.fixture
def chest_hu():
    """Two lungs in soft tissue, HU; voxels of 1 mm."""
    hu = np.full(SHAPE, 40.0)
    hu[RIGHT] = hu[LEFT] = -860
    return hu


def opacities(hu, vessels=None, regions=None, noise_hu=NOISE_HU, lumps=None):
    """Rows of opacities by region, and the tissue's labels."""
    noise = noise_hu * np.random.default_rng(0).standard_normal(hu.shape)
    volume = Volume(np.rint(hu + noise).astype(np.int16), Grid(SHAPE[::-1], (1.0, 1.0, 1.0)))
    labels = np.zeros(SHAPE, np.uint8)
    labels[RIGHT], labels[LEFT] = LungLabel.RIGHT, LungLabel.LEFT
    nothing = np.zeros(SHAPE, bool)
    chest = survey_chest(volume)
    anatomy = Anatomy(labels, nothing, chest, find_hila(labels, nothing, chest))
    vessels = nothing if vessels is None else vessels
    tissue = find_opacities(volume, anatomy, vessels, noise_hu, lumps=lumps)
    rows = opacity_volumes(volume.with_array(tissue), labels, regions or {})
    return {row.region: row for row in rows}, tissue


def test_healthy_lungs_have_no_opacity(chest_hu):
    rows, _ = opacities(chest_hu)
    assert rows["both"].opacity_ml == 0
    assert rows["both"].lung_volume_ml == pytest.approx(2 * 44 * 60 * 90 / 1000)


@pytest.mark.parametrize(("hu", "kind"), [(-550, "ground_glass_ml"), (10, "consolidation_ml")])
def test_an_opacity_is_measured_by_kind_and_side(chest_hu, hu, kind):
    chest_hu[PATCH] = hu
    rows, _ = opacities(chest_hu)
    # 27 mL; by averaging the rim of solid tissue is less dense.
    assert getattr(rows["left"], kind) == pytest.approx(27, rel=0.25)
    assert getattr(rows["both"], kind) == getattr(rows["left"], kind)
    assert rows["left"].opacity_ml == pytest.approx(27, rel=0.1)
    assert rows["right"].opacity_ml == 0


def test_dependent_density_and_expiration_are_no_opacity(chest_hu):
    # 1 HU/mm, as at expiration: from -755 HU in front to -695 HU behind.
    for lung in (RIGHT, LEFT):
        chest_hu[lung] = (-760 + np.arange(5, 65))[None, :, None]
    rows, _ = opacities(chest_hu)
    assert rows["both"].opacity_ml == 0


def test_vessels_are_no_opacity(chest_hu):
    vessels = np.zeros(SHAPE, bool)
    for z in range(6, 40, 12):
        vessels[z : z + 7, 30:37, 75:155] = True
    chest_hu[vessels] = 40
    rows, tissue = opacities(chest_hu, vessels)
    assert rows["both"].opacity_ml < 0.1
    assert not tissue[vessels].any()


def test_honeycombs_are_reticulation(chest_hu):
    chest_hu[PATCH] = -940
    # Walls of 1 mm every 4 along two axes.
    y, x = np.indices(SHAPE[1:])
    walls = np.zeros(SHAPE, bool)
    walls[PATCH] = ((y % 4 < 1) | (x % 4 < 1))[None][:, PATCH[1], PATCH[2]]
    chest_hu[walls] = 0
    rows, tissue = opacities(chest_hu)
    assert rows["left"].reticulation_ml == pytest.approx(27, rel=0.35)
    assert not (tissue == Tissue.CONSOLIDATION).any()


def test_opacities_of_regions_are_those_inside_the_lungs(chest_hu):
    chest_hu[PATCH] = 10
    upper = np.zeros(SHAPE, bool)
    upper[35:] = True
    rows, _ = opacities(chest_hu, regions={"upper": upper, "lower": ~upper})
    parts = rows["upper"].consolidation_ml + rows["lower"].consolidation_ml
    assert parts == pytest.approx(rows["both"].consolidation_ml)
    whole = rows["upper"].lung_volume_ml + rows["lower"].lung_volume_ml
    assert whole == pytest.approx(rows["both"].lung_volume_ml)


def test_noise_hides_no_ground_glass_and_makes_none(chest_hu):
    rows, _ = opacities(chest_hu, noise_hu=80.0)
    assert rows["both"].ground_glass_ml < 0.001 * rows["both"].lung_volume_ml
    chest_hu[PATCH] = -640
    rows, _ = opacities(chest_hu, noise_hu=80.0)
    assert rows["left"].ground_glass_ml == pytest.approx(27, rel=0.25)


def test_small_lumps_are_consolidation_without_ground_glass_around(chest_hu):
    lumps = np.zeros(SHAPE, bool)
    for y in range(15, 60, 15):
        for x in range(205, 260, 15):
            chest_hu[20:26, y : y + 6, x : x + 6] = 30
            lumps[18:28, y - 2 : y + 8, x - 2 : x + 8] = True
    solid_ml = (chest_hu[LEFT] == 30).sum() / 1000
    seen, _ = opacities(chest_hu, lumps=lumps)
    assert seen["left"].consolidation_ml == pytest.approx(solid_ml, rel=0.1)
    assert seen["left"].ground_glass_ml < 0.1 * solid_ml
    unseen, _ = opacities(chest_hu)
    assert unseen["left"].consolidation_ml < 0.1 * solid_ml
