"""Found centerlines against true ones, on lines whose answer is plain."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from chest_phantoms.matching import (
    Pieces,
    area_ratios,
    clearance,
    distance_to,
    found_pieces,
    line_pieces,
    nearest_in_reach,
    pieces_of,
)

STEP_MM = 0.5


def line(csa_mm2, start=(0.0, 0.0, 0.0), way=(1.0, 0.0, 0.0), length_mm=20.0):
    """Pieces along a straight line."""
    count = round(length_mm / STEP_MM)
    along = (np.arange(count) + 0.5)[:, None] * STEP_MM
    whole = np.ones(count)
    return Pieces(
        np.array(start) + along * np.array(way),
        np.tile(way, (count, 1)),
        STEP_MM * whole,
        csa_mm2 * whole,
        csa_mm2 * STEP_MM / 1000 * whole,
    )


def lines(*pieces, volume_ml):
    """Centerlines of one branch a line."""
    branch_start = np.cumsum([0, *(len(each) for each in pieces)])
    csa = np.concatenate([each.csa_mm2 for each in pieces])
    return Centerlines.measured(
        points_mm=np.concatenate([each.position_mm for each in pieces]),
        branch_start=branch_start,
        csa_mm2=csa,
        size_class=np.ones(len(csa), np.uint8),
        point_volume_ml=np.concatenate(
            [
                np.full(len(each), volume / len(each))
                for each, volume in zip(pieces, volume_ml, strict=True)
            ]
        ),
        point_length_mm=np.concatenate([each.length_mm for each in pieces]),
    )


def test_distance_is_to_the_segment_not_to_its_middle():
    piece = line(2.0, length_mm=STEP_MM)
    points = np.array([[0.25, 0.7, 0.0], [0.45, 0.7, 0.0], [1.5, 0.0, 0.0]])
    distance, index = distance_to(piece, points)
    assert distance == pytest.approx([0.7, 0.7, 1.0])
    assert list(index) == [0, 0, 0]
    assert np.isinf(distance_to(piece.take(np.zeros(1, bool)), points)[0]).all()


@pytest.mark.parametrize(
    ("csa_mm2", "off_mm", "found"),
    [(2.0, 0.95, True), (2.0, 1.05, False), (50.0, 1.95, True), (50.0, 2.05, False)],
)
def test_a_vessel_is_found_within_a_millimeter_or_half_its_radius(csa_mm2, off_mm, found):
    """The radius of 50 mm² is 3.99 mm."""
    true, other = line(csa_mm2), line(0.5, start=(0.0, off_mm, 0.0))
    assert (found_pieces(true, other) == found).all()


def test_half_a_vessel_is_half_found():
    true, half = line(2.0), line(2.0, length_mm=10.0)
    assert true.length_mm[found_pieces(true, half)].sum() == pytest.approx(11.0, abs=0.6)


def test_the_nearest_by_its_own_reach_is_taken():
    thin, wide = line(1.0), line(100.0, start=(0.0, 3.0, 0.0))
    both = Pieces(*(np.concatenate([getattr(thin, n), getattr(wide, n)]) for n in vars(thin)))
    points = np.array([[10.0, 0.1, 0.0], [10.0, 1.5, 0.0], [10.0, 20.0, 0.0]])
    index, used = nearest_in_reach(both, both.reach_mm, points)
    assert index[0] < len(thin)
    assert used[0] == pytest.approx(0.1)
    assert index[1] >= len(thin)
    assert used[1] == pytest.approx(1.5 / (0.5 * np.sqrt(100 / np.pi)))
    assert index[2] == -1


def test_clearance_is_to_the_surface_of_the_nearest_tube():
    thin, wide = line(1.0), line(100.0, start=(0.0, 8.0, 0.0))
    both = Pieces(*(np.concatenate([getattr(thin, n), getattr(wide, n)]) for n in vars(thin)))
    radius = np.concatenate([np.full(len(thin), 0.5), np.full(len(wide), 5.0)])
    points = np.array([[10.0, -1.0, 0.0], [10.0, 2.0, 0.0], [10.0, 8.0, 0.0]])
    assert clearance(both, radius, points) == pytest.approx([0.5, 1.0, -5.0])


def test_areas_are_read_off_lines_that_run_the_same_way():
    true = line(4.0, start=(0.0, 0.0, 0.0))
    alike = line(5.0, start=(0.0, 0.6, 0.0))
    crossing = line(40.0, start=(10.25, -10.0, 0.1), way=(0.0, 1.0, 0.0))
    both = Pieces(*(np.concatenate([getattr(alike, n), getattr(crossing, n)]) for n in vars(true)))
    assert area_ratios(true, both) == pytest.approx(1.25)
    assert np.isnan(area_ratios(true, crossing)).all()


def test_areas_are_not_read_where_the_blood_is_another_vessels():
    true, found = line(4.0), line(5.0)
    bare = Pieces(**{**vars(found), "volume_ml": np.zeros(len(found))})
    assert np.isnan(area_ratios(true, bare)).all()


def test_blood_of_a_branch_is_shared_by_area_and_length():
    narrow, wide = line(2.0), line(4.0, start=(0.0, 30.0, 0.0))
    pieces = pieces_of(lines(narrow, wide, volume_ml=[0.040, 0.1]))
    assert pieces.volume_ml[: len(narrow)] == pytest.approx(0.001)
    assert pieces.volume_ml.sum() == pytest.approx(0.14)
    assert pieces.tangent == pytest.approx(np.tile([1.0, 0.0, 0.0], (len(pieces), 1)))


def test_blood_inside_a_wider_vessel_is_not_the_branch_s():
    """A branch of 20 mm begins in the middle of a vessel of 5.64 mm radius."""
    wide = line(100.0, start=(-10.0, 0.0, 0.0))
    thin = line(2.0, way=(0.0, 1.0, 0.0))
    pieces = pieces_of(lines(wide, thin, volume_ml=[2.0, 0.03]))
    volume = pieces.volume_ml[len(wide) :]
    inside = pieces.position_mm[len(wide) :, 1] < np.sqrt(100 / np.pi)
    assert (volume[inside] == 0).all()
    assert (volume[~inside] > 0).all()
    assert volume.sum() == pytest.approx(0.03)
    assert pieces.volume_ml[: len(wide)].sum() == pytest.approx(2.0)


def test_a_line_of_points_gets_its_directions():
    points = np.array([[0.0, 0.0, 0.7 * step] for step in range(12)])
    pieces = line_pieces(points, np.full(12, 3.0), np.full(12, 0.7))
    assert abs(pieces.tangent[:, 2]) == pytest.approx(1.0)
    assert pieces.volume_ml.sum() == pytest.approx(12 * 3.0 * 0.7 / 1000)
