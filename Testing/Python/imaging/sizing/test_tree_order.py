"""Tree order tells vessels from what hangs on them, on small trees whose order is known."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.hila import Hila, Places
from BV5AnalysisLib.imaging.model.measurements import Calibration
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.work_image import WorkImage
from BV5AnalysisLib.imaging.numerics.balls import draw_balls
from BV5AnalysisLib.imaging.sizing.cross_sections import CrossSections
from BV5AnalysisLib.imaging.sizing.tree_order import judge_tree_order
from BV5AnalysisLib.imaging.sizing.vessel_network import vessel_network
from BV5AnalysisLib.imaging.vessels.branches import Branches

LUNG_HU, BLOOD_HU = -860.0, 40.0
STEP_MM = 0.7
SIZE = 110


def branches_of(lines):
    """Branches along straight lines (start, stop, area, node, node) in mm (z, y, x)."""
    positions, tangents, areas, starts, nodes = [], [], [], [0], []
    for start, stop, area, *ends in lines:
        way = np.subtract(stop, start).astype(float)
        length = np.linalg.norm(way)
        count = int(length / STEP_MM) + 1
        positions.append(start + np.linspace(0, 1, count)[:, None] * way)
        tangents.append(np.tile(way / length, (count, 1)))
        areas.append(np.broadcast_to(area, count) if np.ndim(area) == 0 else np.full(count, area))
        starts.append(starts[-1] + count)
        nodes.append(ends)
    position, csa = np.concatenate(positions), np.concatenate(areas).astype(float)
    count = len(csa)
    branches = Branches(
        position,
        np.concatenate(tangents),
        np.sqrt(csa / np.pi) / np.sqrt(2),
        np.full(count, STEP_MM),
        np.array(starts),
        np.array(nodes),
        np.zeros(len(lines), int),
    )
    return branches, csa


def drawn(branches, csa, line_hu):
    """Image of the lines, the middles of each at an attenuation."""
    array = np.full((SIZE,) * 3, LUNG_HU, np.float32)
    for line in range(len(branches.branch_start) - 1):
        own = branches.branch_id == line
        radius = np.sqrt(csa[own] / np.pi) + 0.5
        hu = np.broadcast_to(line_hu, len(branches.branch_start) - 1)[line]
        draw_balls(array, hu, branches.position_mm[own], np.ones(3), radius)
    lung = np.ones(array.shape, bool)
    return WorkImage(array, lung, lung, np.ones(3))


def judged(lines, background_hu=LUNG_HU, line_hu=BLOOD_HU, pleura_x=-100):
    """Share of each line that is vessel, in a right lung from the pleura to x = 100 mm."""
    branches, csa = branches_of(lines)
    count = len(csa)
    image = drawn(branches, csa, line_hu)
    distance = np.broadcast_to(np.maximum(0, 100.0 - np.arange(SIZE)), image.hu.shape)
    hila = Hila(
        center_mm=np.array([[50.0, 50.0, 95.0], [50.0, 50.0, 135.0]]),
        size_mm=np.array([100.0, 100.0]),
        face_mm=np.array([-100.0, 300.0]),
        face_share=np.zeros((2, 2)),
        mediastinum_mm=distance.astype(np.float32),
        depth_mm=np.broadcast_to(np.arange(SIZE) - pleura_x, image.hu.shape).astype(np.float32),
        first_mm=np.zeros(3),
        step_mm=np.ones(3),
    )
    sections = CrossSections(
        csa, np.full(count, float(background_hu)), np.ones(count), np.zeros(count)
    )
    places = Places(branches.position_mm, np.full(count, LungLabel.RIGHT))
    calibration = Calibration(BLOOD_HU, LUNG_HU, 10.0)
    order = judge_tree_order(branches, csa, sections, image, calibration, hila, places)
    return [order.share[branches.branch_id == line] for line in range(len(lines))]


TREE = [
    ((50, 50, 99), (50, 50, 70), 40.0, 0, 1),
    ((50, 50, 70), (70, 50, 50), 20.0, 1, 2),
    ((50, 50, 70), (30, 50, 50), 20.0, 1, 3),
    *(((70, 50, 50), (75, 30 + 4 * n, 30), 5.0, 2, 10 + n) for n in range(12)),
    *(((30, 50, 50), (25, 30 + 4 * n, 30), 5.0, 3, 30 + n) for n in range(12)),
]
"""A trunk of 40 mm² at the hilum, two branches of 20, and 24 of 5: 120 mm² in all."""


def test_a_tree_is_all_vessel():
    for share in judged(TREE):
        assert share.min() > 0.99


def test_a_mass_at_the_end_of_a_vessel_is_none_and_the_vessel_stays():
    mass = ((75, 30, 30), (75, 30, 14), 150.0, 10, 90)
    shares = judged([*TREE, mass])
    assert shares[-1].max() < 0.01
    for number in (0, 1, 2):
        assert shares[number].min() > 0.99


def test_what_is_wider_than_the_lung_beyond_needs_is_no_vessel():
    # A trunk of 40 mm² for 40 mm of lung, which may need 0.02 times its square, and for 10 mm.
    assert judged(TREE, pleura_x=30)[0].min() > 0.99
    assert judged(TREE, pleura_x=60)[0][-1] < 0.01


def test_what_feeds_nothing_is_no_vessel_though_it_lies_at_the_hilum():
    cava = ((30, 75, 98), (80, 75, 98), 120.0, 90, 91)
    shares = judged([*TREE, cava])
    assert shares[-1].max() < 0.05
    assert shares[0].min() > 0.99


def test_a_wide_line_that_no_vessel_leads_to_is_none():
    strip = ((40, 20, 8), (60, 20, 8), 25.0, 90, 91)
    shares = judged([*TREE, strip])
    assert shares[-1].max() < 0.01


def test_thin_vessels_are_judged_by_their_surroundings_alone():
    twig = ((40, 20, 8), (60, 20, 8), 4.0, 90, 91)
    assert judged([*TREE, twig])[-1].mean() > 0.99
    assert judged([*TREE, twig], background_hu=-500)[-1].mean() > 0.99
    assert judged([*TREE, twig], background_hu=-200)[-1].max() < 0.01


def test_soft_tissue_is_no_blood_in_a_scan_with_contrast_agent():
    beside = [((50, y, 97), (50, y, 80), 50.0, 100 + y, 101 + y) for y in (43, 57)]
    lines = [*TREE, *beside]
    bright = [300.0] * (len(TREE) + 1)
    assert judged(lines, line_hu=[*bright, 300.0])[-1].mean() > 0.9
    assert judged(lines, line_hu=[*bright, 40.0])[-1].mean() < 0.05
    # Without the agent attenuation tells nothing.
    assert judged(lines)[-1].mean() > 0.9


def test_the_share_moves_as_little_as_areas_do():
    before = judged([*TREE, ((75, 30, 30), (75, 30, 14), 11.0, 10, 90)])
    after = judged([*TREE, ((75, 30, 30), (75, 30, 14), 11.01, 10, 90)])
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one, other, atol=0.01)


def test_no_branches_have_no_order():
    branches, csa = branches_of(TREE)
    empty = Branches(
        *(getattr(branches, name)[:0] for name in ("position_mm", "tangent", "scale_mm")),
        np.empty(0),
        np.zeros(1, int),
        np.empty((0, 2), int),
        np.empty(0, int),
    )
    sections = CrossSections(csa[:0], csa[:0], csa[:0], csa[:0])
    places = Places(np.empty((0, 3)), np.empty(0, np.uint8))
    order = judge_tree_order(empty, csa[:0], sections, None, None, None, places)
    assert len(order.share) == 0


def test_the_network_finds_the_widest_way_and_what_is_fed():
    branches, csa = branches_of(TREE)
    image = drawn(branches, csa, BLOOD_HU)
    network = vessel_network(branches, csa, image, Calibration(BLOOD_HU, LUNG_HU, 10.0))
    at_hilum = np.zeros(len(network.node))
    at_hilum[0] = 1
    way = network.along_branches(network.widest_way_mm2(at_hilum), branches)
    # From a branch of 5 mm² all ways lead through it, but for its end in the wider one.
    last = branches.branch_id == 3
    assert way[last][-1] == pytest.approx(5)
    assert way[0] == pytest.approx(40)
    own = np.where(network.csa_mm2 < 10, network.csa_mm2, 0.0)
    way_mm = 100 - network.position_mm[:, 2]
    fed = network.along_branches(network.fed_mm2(own, way_mm), branches)
    assert fed[0] == pytest.approx(120)
    assert fed[branches.branch_id == 1][-2] == pytest.approx(60)


def test_doubled_lines_hide_no_way_out():
    """An end sees the trunk beside it though ten lines of its own vessel are nearer."""
    trunk = ((50, 50, 99), (50, 50, 60), 40.0, 0, 1)
    end = ((50, 58, 66), (50, 58, 40), 20.0, 2, 3)
    twins = [
        ((50, 58 + 0.1 * n, 66), (50, 58 + 0.1 * n, 40), 20.0, 50 + n, 70 + n) for n in range(10)
    ]
    twigs = [((50, 58, 40), (75, 30 + 4 * n, 30), 5.0, 3, 10 + n) for n in range(12)]
    shares = judged([trunk, end, *twigs, *twins])
    # As far as the end is from the hilum.
    assert shares[0][:40].min() > 0.99
