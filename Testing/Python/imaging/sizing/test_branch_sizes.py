"""Areas made steady along branches, and every bit of blood given to one vessel."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.sizing.branch_sizes import size_branches
from BV5AnalysisLib.imaging.sizing.cross_sections import CrossSections
from helpers.tubes import SAMPLE_STEP_MM, line_branches, straight


def read_as(branches, areas, clean=1.0):
    """Cross-sections as `measure_cross_sections` would give them; one area a branch, or a point."""
    csa = np.concatenate(
        [
            np.broadcast_to(area, n)
            for area, n in zip(areas, np.diff(branches.branch_start), strict=True)
        ]
    ).astype(float)
    return CrossSections(
        csa, np.full(len(csa), -850.0), np.broadcast_to(clean, len(csa)), np.zeros(len(csa))
    )


def branch_ml(branches, sized):
    return np.bincount(branches.branch_id, sized.volume_ml)


def test_a_vessel_alone_holds_area_times_length():
    branches = line_branches([straight((0, 0, 0), (1, 2, 2), 35)], [1.0])
    sized = size_branches(branches, read_as(branches, [4.0]))
    assert np.allclose(sized.csa_mm2, 4.0)
    assert sized.volume_ml.sum() == pytest.approx(4.0 * 35 / 1000)


def test_noise_does_not_flip_the_class():
    """4.8 mm² read with a scatter of 0.2 is below 5 mm² all along."""
    branches = line_branches([straight((0, 0, 0), (0, 0, 1), 700)], [1.0])
    rng = np.random.default_rng(0)
    area = rng.normal(4.8, 0.2, len(branches.position_mm))
    assert (area > 5).mean() > 0.1
    sized = size_branches(branches, read_as(branches, [area]))
    # The median of 9 scatters by 0.083: 0.8 % are above; measured 1.0 %, where raw are 15 %.
    assert (sized.csa_mm2 > 5).mean() < 0.02
    assert sized.csa_mm2.mean() == pytest.approx(4.8, rel=0.01)


def test_a_lone_outlier_does_not_count():
    branches = line_branches([straight((0, 0, 0), (0, 0, 1), 28)], [1.0])
    area = np.full(len(branches.position_mm), 3.0)
    area[18:21] = 30.0
    assert np.allclose(size_branches(branches, read_as(branches, [area])).csa_mm2, 3.0)


def test_one_reading_that_is_off_beside_a_junction_is_not_carried_on():
    """Whether the last readable point is hidden or not must not size all that is hidden."""
    trunk = [straight((0, 0, 0), (0, 1, 0), 20), straight((0, 20, 0), (0, 1, 0), 20)]
    lines = [*trunk, straight((0, 20, 0), (0, 0, 1), 20)]
    branches = line_branches(lines, [3.0, 3.0, 2.0], [[0, 1], [1, 2], [1, 3]])
    side = branches.branch_id == 2
    # The trunk's radius of 4 mm, the branch's own of 2.3 mm and a margin hide 7 mm.
    hidden = straight((0, 20, 0), (0, 0, 1), 7)
    for off in (len(hidden) - 1, len(hidden)):
        area = np.full(side.sum(), 16.0)
        area[:off] = 60.0
        area[off] = 37.0
        sized = size_branches(branches, read_as(branches, [50.0, 50.0, area]))
        assert np.allclose(sized.csa_mm2[side], 16.0)


def test_a_taper_is_kept():
    branches = line_branches([straight((0, 0, 0), (0, 0, 1), 70)], [1.0])
    taper = np.linspace(9.0, 2.0, len(branches.position_mm))
    sized = size_branches(branches, read_as(branches, [taper]))
    # A median window of 6.3 mm flattens its last 3 mm, by 0.3 mm² here.
    assert np.abs(sized.csa_mm2 - taper).max() < 0.35
    assert sized.volume_ml.sum() == pytest.approx(taper.sum() * SAMPLE_STEP_MM / 1000, rel=0.01)


def test_readings_with_neighbors_all_around_are_replaced():
    branches = line_branches([straight((0, 0, 0), (0, 0, 1), 35)], [1.0])
    area = np.full(len(branches.position_mm), 3.0)
    clean = np.ones(len(area))
    area[10:25], clean[10:25] = 6.0, 0.2
    sized = size_branches(branches, read_as(branches, [area], clean))
    assert np.allclose(sized.csa_mm2, 3.0)


def y_fork(areas=(16.0, 8.0, 8.0), arm_mm=28.0, degrees=60.0):
    """A stem of 28 mm and two arms, turned off it by an angle, that meet at the origin."""
    turn = np.radians(degrees)
    stem = straight((0, 0, -28), (0, 0, 1), 28)
    arms = [straight((0, 0, 0), (0, s * np.sin(turn), np.cos(turn)), arm_mm) for s in (-1, 1)]
    radius = np.sqrt(np.array(areas) / np.pi)
    nodes = [[1, 0], [0, 2], [0, 3]]
    return line_branches([stem, *arms], list(radius / np.sqrt(2)), nodes)


def swollen(branches, areas):
    """Areas as read near a fork: up to the sum of all within a radius or two."""
    from_fork = np.linalg.norm(branches.position_mm, axis=1)
    branch = branches.branch_id
    own = np.array(areas)[branch]
    reach = np.sqrt(max(areas) / np.pi) + 0.5
    return own + (sum(areas) - own) * np.clip(1.5 - from_fork / reach, 0, 1)


def test_areas_near_a_fork_are_those_away_from_it():
    areas = (16.0, 8.0, 8.0)
    branches = y_fork(areas)
    area = swollen(branches, areas)
    assert area.max() > 25
    sections = CrossSections(
        area, np.full(len(area), -850.0), np.ones(len(area)), np.zeros(len(area))
    )
    sized = size_branches(branches, sections)
    assert np.abs(sized.csa_mm2 - np.array(areas)[branches.branch_id]).max() < 0.6


@pytest.mark.parametrize("degrees", [60.0, 35.0, 20.0])
@pytest.mark.parametrize(
    "areas", [(16.0, 8.0, 8.0), (50.0, 31.5, 31.5), (30.0, 25.0, 4.0), (6.0, 2.0, 2.0)]
)
def test_a_fork_holds_its_union(areas, degrees):
    """Against the volume of the three tubes' union, counted on a fine grid."""
    branches = y_fork(areas, degrees=degrees)
    sized = size_branches(branches, read_as(branches, areas))
    # Measured: within 0.8 %, but 1.3 and 2.2 % for even children at 20 degrees, which overlap far.
    assert sized.volume_ml.sum() == pytest.approx(union_ml(areas, degrees=degrees), rel=0.025)


def union_ml(areas, arm_mm=28.0, step=0.25, degrees=60.0):
    axes = [np.arange(-6, 6, step), np.arange(-32, 32, step), np.arange(-30, 34, step)]
    x, y, z = np.meshgrid(*axes, indexing="ij", sparse=True)
    inside = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), bool)
    turn = np.radians(degrees)
    ways = [(0, -1), (np.sin(turn), np.cos(turn)), (-np.sin(turn), np.cos(turn))]
    for area, (dy, dz) in zip(areas, ways, strict=True):
        along = y * dy + z * dz
        across2 = x**2 + (y * dz - z * dy) ** 2
        inside |= (across2 < area / np.pi) & (along > 0) & (along < arm_mm)
    return inside.sum() * step**3 / 1000


def test_a_child_inside_its_parents_lumen_counts_nothing():
    """Its centerline runs on to the parent's, but a radius of 3 mm of it is the parent's blood."""
    parent = straight((0, 0, -21), (0, 0, 1), 42)
    child = straight((0, 0, 0), (0, 1, 0), 21)
    branches = line_branches(
        [parent[:30], parent[30:], child], [2.1, 2.1, 0.7], [[1, 0], [0, 2], [0, 3]]
    )
    area = np.pi * 3.0**2
    sized = size_branches(branches, read_as(branches, [area, area, 2.0]))
    held = branch_ml(branches, sized)
    assert held[:2].sum() == pytest.approx(area * 42 / 1000, rel=1e-6)
    assert held[2] == pytest.approx(2.0 * (21 - 3) / 1000, abs=2.0 * SAMPLE_STEP_MM / 1000)
    inside = (branches.branch_id == 2) & (branches.position_mm[:, 1] < 2.9)
    assert inside.any()
    assert (sized.volume_ml[inside] == 0).all()


def test_vessels_that_merely_cross_keep_their_blood():
    """A gap of 0.5 mm between a wide and a thin one."""
    wide = straight((0, 0, -21), (0, 0, 1), 42)
    thin = straight((3 + 0.8 + 0.5, -21, 0), (0, 1, 0), 42)
    branches = line_branches([wide, thin], [2.1, 0.7])
    sized = size_branches(branches, read_as(branches, [np.pi * 9, np.pi * 0.64]))
    assert branch_ml(branches, sized) == pytest.approx([np.pi * 9 * 0.042, np.pi * 0.64 * 0.042])


def test_a_branch_too_short_to_be_read_takes_its_least_swollen_area():
    turn = np.radians(40)
    stem = straight((0, 0, -28), (0, 0, 1), 28)
    middle = straight((0, 0, 0), (0, np.sin(turn), np.cos(turn)), 2.8)
    branches = line_branches([stem, middle], [2.0, 2.0], [[1, 0], [0, 2]])
    area = np.array([20.0, 14.0, 9.0, 8.0])
    sized = size_branches(branches, read_as(branches, [16.0, area]))
    assert (sized.csa_mm2[-4:] < 12).all()


def test_negative_readings_hold_no_blood():
    """Noise in place of a vessel can integrate to less than nothing."""
    branches = line_branches([straight((0, 0, 0), (0, 0, 1), 14)], [0.7])
    sized = size_branches(branches, read_as(branches, [-0.3]))
    assert (sized.csa_mm2 == 0).all()
    assert (sized.volume_ml == 0).all()


def test_no_branches_hold_nothing():
    branches = line_branches([straight((0, 0, 0), (0, 0, 1), 14)], [0.7])
    none = type(branches)(
        *(np.empty(shape) for shape in ((0, 3), (0, 3), 0, 0)),
        branch_start=np.array([0]),
        end_node=np.empty((0, 2), int),
        tree=np.empty(0, int),
    )
    sized = size_branches(none, CrossSections(*np.zeros((4, 0))))
    assert len(sized.csa_mm2) == len(sized.volume_ml) == 0
