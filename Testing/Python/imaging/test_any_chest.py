"""Chests of any build: what is drawn, trees against published counts, image against truth."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.export.phantom_files import write_phantom
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.phantom import growth
from BV5AnalysisLib.imaging.phantom.anatomy import RIGHT, build_anatomy
from BV5AnalysisLib.imaging.phantom.anychest import TissueKind, any_chest, any_chest_spec
from BV5AnalysisLib.imaging.phantom.anychest import spec as spec_module
from BV5AnalysisLib.imaging.phantom.anychest.chest import FULL
from BV5AnalysisLib.imaging.phantom.anychest.kinds import share_inside
from BV5AnalysisLib.imaging.phantom.anychest.lung_tissue import Balls
from BV5AnalysisLib.imaging.phantom.anychest.posture import Posture
from BV5AnalysisLib.imaging.phantom.anychest.tubes import (
    AirwayKind,
    Curves,
    airway_kinds,
    cut,
    with_exponent,
)
from BV5AnalysisLib.imaging.phantom.curves import curve_trees
from BV5AnalysisLib.imaging.phantom.disease import ramp
from BV5AnalysisLib.imaging.phantom.growth import Tree, plant
from scipy import ndimage

SPECS = [any_chest_spec(seed) for seed in range(300)]

PUBLISHED = {1.33: 675, 2.09: 203, 3.65: 66, 5.82: 20, 8.06: 8}
"""Mean diameter (mm) and number of the Strahler orders of both lungs' arteries: Singhal et al.
1973, Circ Res 33:190, orders 11 to 15."""


@pytest.fixture(scope="module")
def small():
    """A child with fluid on the right and a lobe consolidated on the left, without noise."""
    spec = replace(
        any_chest_spec(1003),
        lung_ml=700.0,
        pixel_mm=1.2,
        slice_mm=1.2,
        noise_hu=0.0,
        offset_hu=0.0,
        sharpening=0.0,
        streak_hu=0.0,
        circle=False,
        artery_hu=400.0,
        vein_hu=200.0,
        effusion_mm=(14.0, 0.0),
        atelectasis_mm=(0.0, 0.0),
        lobe=4,
        above_mm=30.0,
    )
    return any_chest(spec)


@pytest.fixture(scope="module")
def arteries():
    """Arterial tree of an adult's right lung, as random chests have it."""
    anatomy = build_anatomy(1.0, 0.0)
    tree, _ = plant(anatomy, RIGHT, 0.8, 2.6, np.random.default_rng(5))
    return with_exponent(tree, 0.8, 2.6)


def strahler(parent):
    """Order of each branch: 1 at the ends, one more where two of the highest meet."""
    order = np.ones(len(parent), int)
    for branch in range(len(parent) - 1, -1, -1):
        children = order[parent == branch]
        if len(children):
            order[branch] = children.max() + (np.count_nonzero(children == children.max()) > 1)
    return order


# What is drawn


def test_one_seed_gives_one_chest_and_another_a_different_one():
    assert any_chest_spec(3) == any_chest_spec(3)
    assert any_chest_spec(3) != any_chest_spec(4)


@pytest.mark.parametrize(
    ("name", "ranges"),
    [
        ("lung_ml", "lung_ml"),
        ("wall_mm", "wall_mm"),
        ("rotation_deg", "rotation_deg"),
        ("heart", "heart"),
        ("diaphragm_mm", "diaphragm_mm"),
        ("bowel_hu", "bowel_gas_hu"),
        ("murray_exponent", "murray_exponent"),
        ("noise_hu", "noise_hu"),
        ("offset_hu", "offset_hu"),
    ],
)
def test_drawn_values_fill_their_documented_range(name, ranges):
    low, high = getattr(spec_module.CONSTANTS, ranges)
    drawn = np.array([getattr(spec, name) for spec in SPECS])
    assert low <= drawn.min()
    assert drawn.max() <= high
    width = high - low if ranges not in ("wall_mm", "noise_hu") else np.log(high / low)
    spread = np.ptp(drawn) if ranges not in ("wall_mm", "noise_hu") else np.ptp(np.log(drawn))
    assert spread > 0.85 * width


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("disease", set(spec_module.DISEASES)),
        ("arms", {"up", "down", "away"}),
        ("table", {"flat", "curved", "hollow", "foam"}),
        ("noise_kernel", {"white", "smooth", "sharp"}),
        ("blanket", {True, False}),
        ("circle", {True, False}),
    ],
)
def test_all_kinds_are_drawn(name, values):
    assert {getattr(spec, name) for spec in SPECS} == values


def test_a_disease_brings_what_it_is_named_for():
    for spec in SPECS:
        has = {
            "covid": spec.ground_glass_share > 0,
            "pneumonia": spec.consolidation_share > 0,
            "emphysema": spec.emphysema_share > 0,
            "fibrosis": spec.reticulation_mm > 0,
            "effusion": max(spec.effusion_mm) > 0,
            "tumor": len(spec.masses_mm) > 0,
        }
        assert has.get(spec.disease, True), spec.seed


def test_contrast_comes_early_and_late():
    bright = [spec for spec in SPECS if spec.artery_hu > 100]
    assert 0.35 < len(bright) / len(SPECS) < 0.65
    assert any(spec.vein_hu < 0.8 * spec.artery_hu for spec in bright)
    assert any(spec.vein_hu > spec.artery_hu for spec in bright)


def test_a_specification_is_plain_values():
    spec = SPECS[0]
    values = spec.to_dict()
    assert set(values) == {field.name for field in fields(spec)}
    assert not any(isinstance(value, tuple) for value in values.values())


# Trees


def test_counts_of_arteries_by_size_are_the_published_ones(arteries):
    """The number of vessels of a size in two lungs, read off between the orders of the tree."""
    order = strahler(arteries.parent)
    mother = np.where(arteries.parent < 0, 0, order[arteries.parent])
    orders = np.unique(order)
    sizes = np.log([2 * arteries.radius_mm[order == each].mean() for each in orders])
    counts = np.log([2 * np.count_nonzero((order == each) & (mother != each)) for each in orders])
    for size, count in PUBLISHED.items():
        assert np.exp(np.interp(np.log(size), sizes, counts)) == pytest.approx(count, rel=0.4), size


def test_a_lung_has_about_ten_segmental_bronchi(arteries):
    kinds = airway_kinds(curve_trees([arteries], 2.0))
    assert 8 <= np.count_nonzero(kinds == AirwayKind.SEGMENTAL) <= 13
    radius = [arteries.radius_mm[kinds == kind].mean() for kind in AirwayKind if kind > 1]
    assert sorted(radius, reverse=True) == radius


def test_airways_are_counted_from_the_lobes_on():
    """A main bronchus to two lobes of eight ends each, which fork evenly."""
    parent, lobe = [-1, 0, 0], [-1, 0, 2]
    for branch in range(1, 15):
        parent += [branch, branch]
        lobe += [lobe[branch]] * 2
    end = np.array([(branch, parent[branch], 2.0 * branch) for branch in range(len(parent))], float)
    tree = Tree(
        np.full(3, -9.0), end, np.array(parent), np.ones(len(parent)), np.array(lobe), RIGHT
    )
    kinds = airway_kinds(curve_trees([tree], 2.0))
    # Of sixteen ends a branch serves 8, 4, 2, 1: only the last two are no more than 0.16.
    served = {0: AirwayKind.MAIN, 1: AirwayKind.LOBAR, 3: AirwayKind.LOBAR}
    served |= {7: AirwayKind.SEGMENTAL, 15: AirwayKind.SUBSEGMENTAL}
    assert {branch: kinds[branch] for branch in served} == served


def test_another_exponent_keeps_the_ends_and_obeys_its_law(arteries):
    tree, exponent = arteries, 2.5
    law = with_exponent(replace(tree, radius_mm=_murray(tree.parent)), np.pi, exponent)
    children = [np.flatnonzero(tree.parent == branch) for branch in range(40)]
    for branch, pair in enumerate(children):
        total = (law.radius_mm[pair] ** exponent).sum() if len(pair) else 1.0
        assert law.radius_mm[branch] ** exponent == pytest.approx(total)


def _murray(parent):
    """Radii by Murray's law from ends of 1 mm."""
    ends = np.ones(len(parent))
    for branch in range(len(parent) - 1, -1, -1):
        children = ends[parent == branch]
        ends[branch] = children.sum() if len(children) else 1.0
    return ends ** (1 / growth.CONSTANTS.murray_exponent)


def test_a_circle_is_cut_into_its_length_and_curvature():
    angle = np.linspace(0, np.pi, 40)
    knots = np.stack([20 * np.cos(angle), 20 * np.sin(angle), np.zeros(40)], -1)
    tubes, line = cut(Curves(knots, np.full(40, 1.5), np.zeros(40, int)))
    assert tubes.step_mm.sum() == pytest.approx(20 * np.pi, rel=1e-3)
    assert np.linalg.norm(tubes.center_mm, axis=1) == pytest.approx(20, abs=0.02)
    inner = np.linalg.norm(tubes.curvature, axis=1)[20:-20]
    assert np.median(inner) == pytest.approx(1 / 20, rel=0.05)
    assert (line == 0).all()


# Body


def test_posture_leads_there_and_back():
    posture = Posture.of(SPECS[7])
    points = np.random.default_rng(1).uniform(-100, 100, (50, 3))
    back = np.stack(posture.to_template(*posture.to_world(points).T), -1)
    assert back == pytest.approx(points, abs=1e-9)


def test_share_inside_is_the_ramp_in_single_precision():
    distance = np.linspace(-3, 3, 61).astype(np.float32)
    assert share_inside(distance, 0.4) == pytest.approx(ramp(distance, 0.4), abs=1e-6)
    assert share_inside(distance, 0.4).dtype == np.float32


def test_balls_know_their_depth_on_planes_and_at_points():
    balls = Balls(np.array([[1.0, 2.0, 3.0], [9.0, 9.0, 3.0]]), np.array([4.0, 2.0]))
    y, x = np.arange(-5.0, 15.0), np.arange(-5.0, 15.0)
    plane = balls.plane(3.0, y, x)
    points = np.stack(np.broadcast_arrays(x, y[:, None], 3.0), -1)
    assert plane == pytest.approx(balls.at(points), abs=1e-4)
    assert plane[7, 6] == pytest.approx(4.0)


# Image and truth


def test_tissues_of_the_lungs_lie_in_them_and_nowhere_else(small):
    assert np.array_equal(small.kinds.array >= TissueKind.LUNG, small.lungs.array > 0)
    assert small.volume.grid == small.kinds.grid == small.airways.grid == small.blood.grid


def test_each_tissue_has_its_attenuation(small):
    def inside(kind):
        voxels = small.kinds.array == kind
        voxels &= (small.blood.array == 0) & (small.airways.array == 0)
        return small.volume.array[ndimage.binary_erosion(voxels, iterations=2)]

    spec = small.chest
    assert np.median(inside(TissueKind.EFFUSION)) == pytest.approx(12, abs=3)
    assert np.median(inside(TissueKind.CONSOLIDATION)) == pytest.approx(
        spec.consolidation_hu, abs=6
    )
    assert np.median(inside(TissueKind.LUNG)) == pytest.approx(spec.parenchyma_hu, abs=40)
    assert np.median(inside(TissueKind.OUTSIDE)) == -1000


def test_consolidation_is_of_the_left_lower_lobe(small):
    left = small.lungs.array == LungLabel.LEFT
    solid = small.kinds.array == TissueKind.CONSOLIDATION
    assert not solid[small.lungs.array == LungLabel.RIGHT].any()
    assert 0.25 < np.count_nonzero(solid) / np.count_nonzero(left) < 0.65
    y = np.indices(solid.shape, sparse=True)[1] + np.zeros(solid.shape)
    assert y[solid].mean() > y[left & ~solid].mean()


def test_blood_in_voxels_adds_up_to_the_measured_and_the_hidden(small):
    share = small.blood.array[small.lungs.array > 0].sum(dtype=float) / FULL
    blood_ml = share * small.volume.grid.voxel_volume_ml
    rows = (small.measurements[0], small.hidden_measurements[0])
    true_ml = sum(row.tpbv_ml + row.below_floor_ml for row in rows)
    assert blood_ml == pytest.approx(true_ml, rel=0.02)
    assert small.hidden_measurements[2].tpbv_ml > 0.1 * small.measurements[2].tpbv_ml


def test_arteries_and_veins_have_their_own_attenuation(small):
    """What is all blood in the lungs is one or the other."""
    full = ndimage.binary_erosion(small.blood.array > 0.9 * FULL)
    values = small.volume.array[full]
    assert len(values) > 20
    near = [np.count_nonzero(abs(values - hu) < 40) for hu in (400, 200)]
    assert min(near) > 0.1 * len(values)
    assert sum(near) > 0.75 * len(values)


def test_the_trachea_runs_from_the_top_slice_to_both_lungs(small):
    airways = small.airways.array
    labels, _ = ndimage.label(airways > 0, np.ones((3, 3, 3)))
    top = np.unique(labels[-1][airways[-1] == AirwayKind.TRACHEA])
    assert len(top) == 1
    tree = labels == top[0]
    for side in LungLabel:
        assert (tree & (small.lungs.array == side)).any()
    trachea = ndimage.binary_erosion(airways == AirwayKind.TRACHEA, iterations=2)
    assert np.median(small.volume.array[trachea]) == pytest.approx(-1000, abs=15)


def test_trees_hardly_touch_what_they_should_not(small):
    assert small.overlap_fraction < 0.005


def test_image_and_truth_are_written(small, tmp_path):
    write_phantom(small, tmp_path / "out")
    for name, volume in (("ct", small.volume), ("tissues", small.kinds), ("blood", small.blood)):
        image = sitk.ReadImage(str(tmp_path / "out" / f"{name}.nrrd"))
        assert np.array_equal(sitk.GetArrayFromImage(image), volume.array)
        assert image.GetOrigin() == pytest.approx(volume.grid.origin)
    airways = sitk.ReadImage(str(tmp_path / "out" / "airways.nrrd"))
    assert sitk.GetArrayViewFromImage(airways).max() == AirwayKind.DEEPER
    truth = json.loads((tmp_path / "out" / "truth.json").read_text(encoding="utf-8"))
    assert truth["spec"] == small.chest.to_dict()
    assert truth["measurements"][0]["bv5_pct"] == pytest.approx(small.measurements[0].bv5_pct)


def test_nothing_is_true_outside_the_circle_of_reconstruction():
    spec = replace(
        any_chest_spec(1003),
        lung_ml=700.0,
        pixel_mm=1.5,
        slice_mm=3.0,
        noise_hu=0.0,
        circle=True,
        field_cut=0.55,
    )
    cut_field = any_chest(spec)
    whole = any_chest(replace(spec, circle=False))
    padding = cut_field.volume.array == -2000
    assert whole.lungs.array[padding].any()
    assert not cut_field.lungs.array[padding].any()
    assert (cut_field.kinds.array[padding] == TissueKind.OUTSIDE).all()
    np.testing.assert_array_equal(cut_field.lungs.array[~padding], whole.lungs.array[~padding])
    # Blood of the points outside is not measured.
    lost = whole.measurements[0].tpbv_ml - cut_field.measurements[0].tpbv_ml
    index = np.rint(whole.volume.grid.world_to_index(whole.centerlines.points_mm)).astype(int)
    outside = padding[tuple(np.clip(index, 0, np.array(padding.shape) - 1).T)]
    counted = whole.centerlines.csa_mm2 >= 1.25
    drawn_ml = whole.centerlines.csa_mm2 * whole.centerlines.point_length_mm / 1000
    assert lost == pytest.approx(drawn_ml[outside & counted].sum(), rel=0.25)
