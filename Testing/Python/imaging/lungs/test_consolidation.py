"""Consolidation is told from vessels by its bulk."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.consolidation import find_consolidation
from BV5AnalysisLib.imaging.lungs.survey import survey_chest
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.volume import Grid, Volume

GRID = Grid((160, 120, 100), (2.0, 2.0, 2.0))


@pytest.fixture
def chest():
    """Two box lungs in a body, an airway between them: HU, labels, airways."""
    z, y, x = np.indices(GRID.shape)
    hu = np.full(GRID.shape, -1000, np.int16)
    hu[((x - 80) / 75) ** 2 + ((y - 60) / 55) ** 2 < 1] = 40
    labels = np.zeros(GRID.shape, np.uint8)
    middle = (abs(z - 50) < 35) & (abs(y - 60) < 30)
    labels[middle & (x > 20) & (x < 65)] = LungLabel.RIGHT
    labels[middle & (x > 95) & (x < 140)] = LungLabel.LEFT
    airways = ((x - 80) ** 2 + (y - 60) ** 2 < 16) & (z > 40)
    hu[labels > 0] = -860
    hu[airways] = -1000
    return hu, labels, airways


def found(chest) -> np.ndarray:
    hu, labels, airways = chest
    volume = Volume(hu, GRID)
    return find_consolidation(volume, survey_chest(volume), labels, airways)


def draw_ball(hu, center_zyx, radius_voxels) -> np.ndarray:
    z, y, x = np.indices(GRID.shape)
    distance = (z - center_zyx[0]) ** 2 + (y - center_zyx[1]) ** 2 + (x - center_zyx[2]) ** 2
    ball = distance < radius_voxels**2
    hu[ball] = 30
    return ball


def test_healthy_lungs_hold_none(chest):
    assert not found(chest).any()


def test_a_bulk_in_the_periphery_is_found_whole(chest):
    ball = draw_ball(chest[0], (50, 60, 35), 9)
    consolidation = found(chest)
    assert np.count_nonzero(consolidation & ball) > 0.95 * np.count_nonzero(ball)
    # No aerated rim is taken along.
    assert np.count_nonzero(consolidation) < 1.1 * np.count_nonzero(ball)


def test_a_bulk_at_the_chest_wall_is_found(chest):
    hu, labels, _ = chest
    ball = draw_ball(hu, (50, 60, 22), 8) & (labels > 0)
    assert np.count_nonzero(found(chest) & ball) > 0.9 * np.count_nonzero(ball)


def test_a_peripheral_vessel_is_none(chest):
    z, y, _ = np.indices(GRID.shape)
    # 4 mm radius, through the right lung.
    chest[0][((z - 50) ** 2 + (y - 60) ** 2 < 4) & (chest[1] > 0)] = 40
    assert not found(chest).any()


def test_a_pulmonary_artery_at_the_hilum_is_none(chest):
    hu, labels, _ = chest
    z, y, x = np.indices(GRID.shape)
    # 8 mm radius, within 2 cm of the mediastinum.
    hu[((z - 60) ** 2 + (y - 60) ** 2 < 16) & (x > 55) & (labels == LungLabel.RIGHT)] = 40
    assert not found(chest).any()


def test_without_known_airways_the_pulmonary_artery_stays(chest):
    hu, labels, airways = chest
    z, y, x = np.indices(GRID.shape)
    hu[((z - 60) ** 2 + (y - 60) ** 2 < 16) & (x > 55) & (labels == LungLabel.RIGHT)] = 40
    assert not found((hu, labels, np.zeros_like(airways))).any()


@pytest.fixture
def chest_with_bronchi(chest):
    """The same with main bronchi that go 2 cm into the mediastinum's width, to the lungs."""
    hu, labels, airways = chest
    z, y, x = np.indices(GRID.shape)
    bronchi = ((z - 50) ** 2 + (y - 60) ** 2 < 9) & (x > 66) & (x < 94)
    hu[bronchi] = -1000
    return hu, labels, airways | bronchi


def test_a_clump_near_the_mediastinum_and_off_the_bronchi_is_found(chest_with_bronchi):
    """Within reach of the hilum, but no vessel of it: none of it comes near a bronchus."""
    hu, labels, _ = chest_with_bronchi
    ball = draw_ball(hu, (50, 80, 55), 6) & (labels > 0)
    consolidation = found(chest_with_bronchi)
    assert np.count_nonzero(consolidation & ball) > 0.95 * np.count_nonzero(ball)
    assert np.count_nonzero(consolidation) < 1.1 * np.count_nonzero(ball)


def test_an_artery_beside_its_bronchus_is_none(chest_with_bronchi):
    hu, labels, _ = chest_with_bronchi
    z, y, x = np.indices(GRID.shape)
    # As thick as that clump, but it begins at the bronchus.
    hu[((z - 54) ** 2 + (y - 62) ** 2 < 25) & (x > 48) & (labels == LungLabel.RIGHT)] = 40
    assert not found(chest_with_bronchi).any()
