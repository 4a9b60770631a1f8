"""Given lungs are told apart by where they lie, whatever their labels and axes."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.lungs.given_lungs import given_lungs
from BV5AnalysisLib.imaging.model.orientation import Orientation
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.volume import Grid, Volume


def masks(body, right: int, left: int) -> Volume:
    labels = np.zeros(body.grid.shape, np.uint8)
    labels[body.lung(-1)] = right
    labels[body.lung(1)] = left
    return Volume(labels, body.grid)


def check(body, labels) -> None:
    assert (labels[body.lung(-1)] == LungLabel.RIGHT).all()
    assert (labels[body.lung(1)] == LungLabel.LEFT).all()
    assert not labels[~body.lung(-1) & ~body.lung(1)].any()


@pytest.mark.parametrize("values", [(1, 2), (2, 1), (7, 3), (1, 1)])
def test_sides_do_not_depend_on_label_values(simple_body, values):
    mask = masks(simple_body, *values)
    check(simple_body, given_lungs(mask, Orientation.of(mask.grid)))


def test_lobes_are_split_by_side(simple_body):
    mask = masks(simple_body, 1, 4)
    upper = mask.array[60:]
    upper[upper > 0] += 1
    check(simple_body, given_lungs(mask, Orientation.of(mask.grid)))


def test_two_labels_one_above_the_other_are_split_by_side(simple_body):
    mask = masks(simple_body, 1, 1)
    upper = mask.array[60:]
    upper[upper > 0] = 2
    check(simple_body, given_lungs(mask, Orientation.of(mask.grid)))


def test_mirrored_axes_do_not_swap_sides(simple_body):
    mask = masks(simple_body, 1, 2)
    flipped = Grid(
        mask.grid.size, mask.grid.spacing, (0, 0, 0), (-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0)
    )
    turned = Volume(mask.array[:, ::-1, ::-1].copy(), flipped)
    check(simple_body, given_lungs(turned, Orientation.of(flipped)))


def test_one_lung_is_refused(simple_body):
    mask = masks(simple_body, 1, 0)
    with pytest.raises(AnalysisError, match="one lung"):
        given_lungs(mask, Orientation.of(mask.grid))


@pytest.mark.parametrize("corner", range(3))
def test_two_voxels_of_one_label_are_refused(corner):
    """On the voxels that are looked at, every third one, and between them."""
    grid = Grid((90, 60, 60), (0.7, 0.7, 0.7))
    labels = np.zeros(grid.shape, np.uint8)
    labels[30 + corner, 30, 15] = labels[30 + corner, 30, 75] = 1
    with pytest.raises(AnalysisError, match="too little to tell right from left"):
        given_lungs(Volume(labels, grid), Orientation.of(grid))


def test_empty_mask_is_refused(simple_body):
    mask = masks(simple_body, 0, 0)
    with pytest.raises(AnalysisError, match="empty"):
        given_lungs(mask, Orientation.of(mask.grid))


def test_other_grid_is_refused(simple_body):
    mask = masks(simple_body, 1, 2)
    other = Grid(mask.grid.size, mask.grid.spacing, (5.0, 0.0, 0.0))
    with pytest.raises(AnalysisError, match="grid"):
        given_lungs(mask, Orientation.of(other))
