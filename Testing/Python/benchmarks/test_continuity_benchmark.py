"""Changes of scans for the benchmark of continuity, and how what they move is judged."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from continuity import Subject, move, report
from scan_changes.changes import BY_NAME, FEW, MORE, PLAIN, TOP_SLICES, without_air, without_edge

GRID = Grid((10, 12, 30), (0.7, 0.7, 1.25), (-50.0, -30.0, 12.0))
BITS = BY_NAME["last bits flipped"]
TOP = next(change for change in MORE if change.is_cut)
BEFORE = {"bv5_pct": 40.0, "tpbv_ml": 100.0, "bv5_pct_below": 42.0, "tpbv_ml_below": 80.0}


@pytest.fixture
def volume():
    rng = np.random.default_rng(3)
    array = rng.integers(-200, 400, GRID.shape).astype(np.int16)
    array[:, 0] = -1000
    return Volume(array, GRID)


def test_flipped_bits_are_one_hu_at_half_of_the_voxels(volume):
    off = BITS.apply(volume).array.astype(int) - volume.array
    assert set(np.unique(off)) == {-1, 0, 1}
    assert np.mean(off != 0) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("at_start", [True, False])
def test_what_is_left_after_a_cut_stays_where_it_is(volume, axis, at_start):
    rest = without_edge(volume, axis, 2, at_start=at_start)
    index = np.argwhere(np.ones(rest.array.shape, bool))
    there = np.rint(volume.grid.world_to_index(rest.grid.index_to_world(index))).astype(int)
    assert np.array_equal(volume.array[tuple(there.T)], rest.array.ravel())
    assert there[:, axis].min() == (2 if at_start else 0)


def test_only_rows_of_air_are_cut_off(volume):
    assert without_air(volume, 1, at_start=True) is not None
    assert without_air(volume, 1, at_start=False) is None


def test_slices_are_taken_off_the_top(volume):
    assert np.array_equal(TOP.apply(volume).array, volume.array[:-TOP_SLICES])


@pytest.mark.parametrize(
    ("change", "found", "reached"),
    [
        (BITS, {"bv5_pct": 40.25, "tpbv_ml": 100.4}, True),
        (BITS, {"bv5_pct": 40.35, "tpbv_ml": 100.0}, False),
        (BITS, {"bv5_pct": 40.0, "tpbv_ml": 99.0}, False),
        (BY_NAME["mirrored"], {"bv5_pct": 40.2, "tpbv_ml": 90.0}, True),
        # The blood in the slices that are cut off is missing, and no more.
        (TOP, {"bv5_pct": 41.9, "tpbv_ml": 79.0}, True),
        (TOP, {"bv5_pct": 40.0, "tpbv_ml": 100.0}, False),
        (FEW[0], {"same": True}, True),
        (BITS, {"none": "no air"}, None),
        (BITS, {"refused": "no lungs"}, False),
        (BITS, {"broken": "exit status -9"}, False),
    ],
)
def test_moves_are_held_against_the_targets(change, found, reached):
    assert move(change, BEFORE, found).reached is reached


def test_the_report_has_a_row_a_subject_and_counts_what_was_reached():
    answers = {change.name: {"same": True} for change in FEW} | {
        PLAIN.name: BEFORE,
        BITS.name: {"bv5_pct": 41.0, "tpbv_ml": 100.0},
    }
    text = report([Subject("chest 7", {"seed": 7}, FEW)], {"chest 7": answers})
    assert "| chest 7 | 40.00 | 100.00 | same input |" in text
    assert "**+1.000 / +0.00**" in text
    assert "| last bits flipped | ≤ 0.3 / 0.5 | 0 of 1 |" in text
