"""The chest phantom: its truth against independent counts, its anatomy, its reproducibility."""

from dataclasses import replace

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError, Cancelled
from BV5AnalysisLib.imaging.model.size_classes import LungLabel, SizeClass
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.phantom.anatomy import LEFT, RIGHT, SIDES, build_anatomy
from BV5AnalysisLib.imaging.phantom.bundles import lumen_radius, wall_thickness
from BV5AnalysisLib.imaging.phantom.chest import CONSTANTS
from BV5AnalysisLib.imaging.phantom.growth import plant
from scipy.spatial import cKDTree

SMALL = ChestPhantomSpec(scale=0.5, spacing_mm=(1.2, 1.2, 1.2), noise_hu=0)


@pytest.fixture(scope="module")
def small():
    return chest_phantom(SMALL)


@pytest.fixture(scope="module")
def blood_share():
    """A fine phantom, and the blood in its voxels: what changes when only the blood does."""
    spec = ChestPhantomSpec(
        seed=3, scale=0.42, spacing_mm=(0.5, 0.5, 0.5), psf_sigma_mm=(0.25, 0.25, 0.25), noise_hu=0
    )
    bright, plain = (chest_phantom(replace(spec, blood_hu=hu)) for hu in (800, 40))
    share = (bright.volume.array.astype(float) - plain.volume.array) / 760
    return bright, np.where(bright.lungs.array > 0, share, 0.0)


def by_class(measurement):
    return {
        SizeClass.BV5: measurement.bv5_ml,
        SizeClass.BV5_10: measurement.bv5_10_ml,
        SizeClass.BV10: measurement.bv10_ml,
        SizeClass.BELOW_FLOOR: measurement.below_floor_ml,
    }


def test_true_volume_is_what_the_voxels_hold(blood_share):
    phantom, share = blood_share
    for row, label in zip(phantom.measurements[1:], LungLabel, strict=True):
        voxels = share[phantom.lungs.array == label].sum() * phantom.volume.grid.voxel_volume_ml
        assert row.tpbv_ml + row.below_floor_ml == pytest.approx(voxels, rel=0.015)


def test_true_classes_are_what_the_voxels_hold(blood_share):
    """Each voxel's blood to the class of the nearest surface, as someone else would count it."""
    phantom, share = blood_share
    voxels = np.argwhere(share > 0.01)
    lines = phantom.centerlines
    points = phantom.volume.grid.index_to_world(voxels)
    distance, index = cKDTree(lines.points_mm).query(points, 12)
    nearest = index[np.arange(len(index)), np.argmin(distance - lines.radius_mm[index], axis=1)]
    held = np.bincount(lines.size_class[nearest], share[tuple(voxels.T)], 5)
    held *= phantom.volume.grid.voxel_volume_ml
    truth = by_class(phantom.measurements[0])
    for kind in (SizeClass.BV5, SizeClass.BV5_10, SizeClass.BELOW_FLOOR):
        assert truth[kind] == pytest.approx(held[kind], rel=0.06), kind


def test_voxels_hold_no_more_blood_than_they_have_room(blood_share):
    _, share = blood_share
    assert share.min() > -0.02
    assert share.max() < 1.03


def test_truth_does_not_depend_on_the_scanner(small):
    other = chest_phantom(
        replace(SMALL, spacing_mm=(1.6, 1.6, 2.0), psf_sigma_mm=(0.8, 0.8, 0.8), noise_hu=40)
    )
    for ours, theirs in zip(small.measurements, other.measurements, strict=True):
        for name in ("bv5_ml", "bv5_10_ml", "bv10_ml", "below_floor_ml", "vessel_length_mm"):
            assert getattr(theirs, name) == pytest.approx(getattr(ours, name), rel=0.005)
        assert theirs.lung_volume_ml == pytest.approx(ours.lung_volume_ml, rel=0.02)


def test_regions_add_up(small):
    both, right, left = small.measurements
    assert (both.region, right.region, left.region) == ("both", "right", "left")
    for name in ("lung_volume_ml", "tpbv_ml", "below_floor_ml", "vessel_length_mm"):
        total = getattr(right, name) + getattr(left, name)
        assert getattr(both, name) == pytest.approx(total, rel=1e-9)


def test_centerlines_add_up_to_the_measurement(small):
    lines = small.centerlines
    kind = lines.size_class[lines.branch_start[:-1]]
    for size_class, volume_ml in by_class(small.measurements[0]).items():
        assert lines.volume_ml[kind == size_class].sum() == pytest.approx(volume_ml, rel=0.02)
    straight = np.bincount(
        lines.branch_id[1:],
        np.linalg.norm(np.diff(lines.points_mm, axis=0), axis=1) * (np.diff(lines.branch_id) == 0),
    )
    assert straight.sum() == pytest.approx(lines.length_mm.sum(), rel=0.08)
    # Junctions apart, volume is area times length.
    assert (lines.length_mm * lines.mean_csa_mm2).sum() / 1000 == pytest.approx(
        lines.volume_ml.sum(), rel=0.15
    )


def test_vessels_stay_inside_the_lungs(small):
    anatomy = build_anatomy(0.5, 0.0)
    points, radius = small.centerlines.points_mm, small.centerlines.radius_mm
    depth = np.maximum(anatomy.lungs[RIGHT].at(points), anatomy.lungs[LEFT].at(points))
    near_hilum = np.min(
        [np.linalg.norm(points - anatomy.hilum_mm[side], axis=1) for side in SIDES], axis=0
    )
    assert (depth > 0).all()
    assert ((depth - radius)[near_hilum > 22] > 0).all()
    assert np.mean((depth - radius)[near_hilum > 22] > 1.0) > 0.99


def test_tubes_do_not_run_through_each_other(small):
    assert small.overlap_fraction < 0.003


def test_vessels_keep_off_the_fissures(small):
    anatomy = build_anatomy(0.5, 0.0)
    points = small.centerlines.points_mm
    crossing = 0
    for side in SIDES:
        far = np.linalg.norm(points - anatomy.hilum_mm[side], axis=1) > 20
        mine = points[(anatomy.lungs[side].at(points) > 0) & far]
        crossing += np.count_nonzero(abs(anatomy.oblique[side].at(mine)) < CONSTANTS.fissure_mm / 2)
    assert crossing < 0.002 * len(points)


def test_murrays_law_holds_at_every_fork():
    anatomy = build_anatomy(0.5, 0.0)
    arteries, veins = plant(anatomy, RIGHT, 0.8, 2.0, np.random.default_rng(1))
    for tree in (arteries, *veins):
        children = np.zeros(len(tree.parent))
        np.add.at(children, tree.parent[1:], tree.radius_mm[1:] ** 3)
        forks = children > 0
        assert forks.sum() > 20
        assert children[forks] == pytest.approx(tree.radius_mm[forks] ** 3, rel=1e-9)


def test_airways_run_beside_arteries(small):
    """From an airway's surface to the nearest vessel's: touching to half a millimeter, mostly."""
    airways, lines = small.airway_centerlines, small.centerlines
    distance, nearest = cKDTree(lines.points_mm).query(airways.points_mm, 20)
    outer = airways.radius_mm + wall_thickness(airways.radius_mm)
    gap = (distance - lines.radius_mm[nearest]).min(axis=1) - outer
    assert gap.min() > -0.4
    assert np.percentile(gap, 75) < 0.8
    assert airways.length_mm.sum() > 500
    assert airways.radius_mm.min() == pytest.approx(0.5, abs=0.1)


def test_airway_walls_are_as_thick_as_in_life():
    lumen = lumen_radius(np.array([0.5, 0.8, 2.0, 5.0]))
    assert lumen[0] == 0
    wall = wall_thickness(lumen[1:])
    assert (wall >= 0.3).all()
    assert wall[1:] / (2 * lumen[2:]) == pytest.approx([0.12, 0.12])


def test_pruning_takes_small_vessels_only(small):
    pruned = chest_phantom(replace(SMALL, pruning=0.6)).measurements[0]
    whole = small.measurements[0]
    assert pruned.bv5_pct < whole.bv5_pct - 8
    assert pruned.below_floor_ml < 0.6 * whole.below_floor_ml
    # Vessels that remain move a little where others are missing.
    assert pruned.bv10_ml == pytest.approx(whole.bv10_ml, rel=0.1)


def test_attenuations(small):
    hu, lungs, grid = small.volume.array, small.lungs.array, small.volume.grid

    def at(x, y, z):
        return hu[tuple(np.rint(grid.world_to_index(np.array([x, y, z]) * 0.5)).astype(int))]

    assert np.median(hu[lungs > 0]) == pytest.approx(-870, abs=10)
    assert at(18, -34, -52) == pytest.approx(40, abs=3)  # heart
    assert at(0, 8, 110) < -950  # trachea
    assert at(22, 50, 0) == pytest.approx(40, abs=3)  # aorta
    assert hu.max() > 400  # bone
    assert at(0, -115, 0) == pytest.approx(-100, abs=25)  # fat under the skin
    assert hu[0, 0, 0] == pytest.approx(-1000, abs=1)


def test_the_back_is_denser_and_the_right_is_right(small):
    z, y, x = np.nonzero(small.lungs.array)
    hu = small.volume.array[z, y, x]
    back = np.median(hu[y > np.percentile(y, 85)])
    front = np.median(hu[y < np.percentile(y, 15)])
    assert back > front + 5
    world = small.volume.grid.index_to_world(np.argwhere(small.lungs.array == LungLabel.RIGHT))
    assert (world[:, 0] < 5).all()
    assert small.volume.grid.direction == (1, 0, 0, 0, 1, 0, 0, 0, 1)


def test_contrast_agent_brightens_vessels_only(small):
    bright = chest_phantom(replace(SMALL, blood_hu=300))
    change = bright.volume.array.astype(int) - small.volume.array
    assert bright.measurements == small.measurements
    assert change.max() == pytest.approx(260, abs=2)
    assert change.min() > -3
    assert np.mean(change[small.lungs.array > 0] > 5) < 0.2


def test_disease_takes_its_share_and_hides_what_it_hides(small):
    sick = chest_phantom(replace(SMALL, ground_glass_fraction=0.2, consolidation_fraction=0.1))
    hu = sick.volume.array[sick.lungs.array > 0]
    glass = np.mean((hu > -620) & (hu < -400))
    assert glass == pytest.approx(0.17, abs=0.05)
    assert np.mean(hu > -50) > np.mean(small.volume.array[small.lungs.array > 0] > -50) + 0.06
    seen, hidden, whole = (
        each[0].tpbv_ml
        for each in (sick.measurements, sick.hidden_measurements, small.measurements)
    )
    assert hidden > 0.02 * whole
    assert seen + hidden == pytest.approx(whole, rel=1e-6)
    assert small.hidden_measurements[0].tpbv_ml == 0


def test_expiration_makes_lungs_small_and_dense(small):
    out = chest_phantom(replace(SMALL, expiration=1.0))
    assert out.measurements[0].lung_volume_ml < 0.85 * small.measurements[0].lung_volume_ml
    assert np.median(out.volume.array[out.lungs.array > 0]) > -780


def test_airways_and_fissures_can_be_left_out(small):
    bare = chest_phantom(replace(SMALL, airways=False, fissures=False))
    lines, sheets = small.airway_centerlines, build_anatomy(0.5, 0.0).oblique[RIGHT]
    assert bare.airway_centerlines.branch_count == 0
    bronchi = lines.points_mm[lines.radius_mm > 1.5]
    grid = small.volume.grid
    index = tuple(np.rint(grid.world_to_index(bronchi)).astype(int).T)
    assert np.median(small.volume.array[index]) < -920
    assert np.median(bare.volume.array[index]) > -880
    right = np.argwhere(small.lungs.array == LungLabel.RIGHT)
    on_sheet = right[abs(sheets.at(grid.index_to_world(right))) < 0.3]
    change = small.volume.array.astype(int) - bare.volume.array
    assert np.median(change[tuple(on_sheet.T)]) > 80


def test_same_specification_same_bytes():
    spec = replace(SMALL, noise_hu=20, spacing_mm=(2.0, 2.0, 2.0))
    first, second, other = (chest_phantom(replace(spec, seed=seed)) for seed in (4, 4, 5))
    assert first.volume.array.tobytes() == second.volume.array.tobytes()
    assert first.centerlines.points_mm.tobytes() == second.centerlines.points_mm.tobytes()
    assert first.measurements == second.measurements
    assert first.measurements[0].tpbv_ml != other.measurements[0].tpbv_ml


def test_size_fits_the_chest_in_and_scale_may_cut_it_off(small):
    fit = ChestPhantomSpec(size=(160, 120, 120), spacing_mm=(1.4, 1.4, 1.4))
    assert fit.grid.size == (160, 120, 120)
    assert fit.chest_scale == pytest.approx(120 * 1.4 / 296)
    cut = chest_phantom(replace(SMALL, size=(160, 130, 40), scale=0.5))
    assert (cut.lungs.array[0] > 0).any()
    assert cut.measurements[0].tpbv_ml < 0.9 * small.measurements[0].tpbv_ml


def test_progress_rises_and_can_stop_the_work():
    seen = []
    spec = replace(SMALL, spacing_mm=(3.0, 3.0, 3.0))
    chest_phantom(spec, lambda step, fraction: seen.append(fraction))
    assert seen == sorted(seen)
    assert 0.9 < seen[-1] <= 1

    def stop(step, fraction):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        chest_phantom(spec, stop)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"spacing_mm": (0.0, 1.0, 1.0)}, "spacing_mm is"),
        ({"spacing_mm": (1.0, 1.0)}, "three numbers"),
        ({"pruning": 2.0}, "from 0 to 0.95"),
        ({"noise_kernel": "pink"}, "white, smooth, sharp"),
        ({"noise_hu": float("nan")}, "noise_hu"),
        ({"spacing_mm": (0.2, 0.2, 0.2)}, "larger spacing"),
        ({"size": (4, 100, 100)}, "at least 16"),
    ],
)
def test_bad_specifications_are_refused(values, message):
    with pytest.raises(AnalysisError, match=message):
        ChestPhantomSpec(**values)
