"""Thin lines that form a mesh are told from a tree; wide ones and a few lines are vessels."""

from dataclasses import replace

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.hila import Hila, Places
from BV5AnalysisLib.imaging.sizing.cross_sections import CrossSections
from BV5AnalysisLib.imaging.sizing.mesh_lines import Lattice, weigh_lines
from BV5AnalysisLib.imaging.sizing.meshes import Mesh, find_mesh
from BV5AnalysisLib.imaging.sizing.tree_order import TreeOrder
from helpers.tubes import line_branches, straight

SIZE_MM = 60.0

STEP_MM = 2.0

MARGIN_MM = 10.0


def order_of(caliber_mm2, way=0.2):
    ones = np.ones(len(caliber_mm2))
    lasting = np.ones((len(ones), 2))
    return TreeOrder(ones, np.asarray(caliber_mm2, float), way * ones, ones, 0 * ones, lasting)


def places_of(branches):
    return Places(branches.position_mm, np.ones(len(branches.position_mm), np.uint8))


def lung_above(surface_x_mm=-100.0):
    """Hila of a lung that fills the cube, and its surroundings, above a plane in x."""
    count = round((SIZE_MM + 2 * MARGIN_MM) / STEP_MM) + 1
    x_mm = np.arange(count) * STEP_MM - MARGIN_MM
    nothing = np.zeros((count, count, count), np.float32)
    return Hila(
        center_mm=np.zeros((2, 3)),
        size_mm=np.array([100.0, 100.0]),
        face_mm=np.array([-100.0, 300.0]),
        face_share=np.zeros((2, 2)),
        mediastinum_mm=nothing,
        depth_mm=nothing + (x_mm - surface_x_mm).astype(np.float32),
        first_mm=np.full(3, -MARGIN_MM),
        step_mm=np.full(3, STEP_MM),
    )


class Lines:
    """Short lines that end freely, in a cube; `count` of them at 5 mm each."""

    def __init__(self, length_mm=5.0, csa_mm2=2.0, count=1800, thick_mm=SIZE_MM):
        rng = np.random.default_rng(1)
        starts = rng.uniform(0, [SIZE_MM, SIZE_MM, thick_mm], (count, 3))
        directions = rng.standard_normal((count, 3))
        lines = [
            straight(start, direction, length_mm)
            for start, direction in zip(starts, directions, strict=True)
        ]
        self.branches = line_branches(lines, [0.7] * len(lines))
        count = len(self.branches.position_mm)
        self.csa_mm2 = np.full(count, csa_mm2)
        self.order = order_of(self.csa_mm2)
        self.sections = CrossSections(
            self.csa_mm2, np.full(count, -850.0), np.full(count, 0.65), np.full(count, 0.2)
        )

    def seem(self, **values):
        """Read other values across all lines."""
        count = len(self.csa_mm2)
        full = {name: np.full(count, value) for name, value in values.items()}
        self.sections = replace(self.sections, **full)

    def shares(self):
        """How surely the lines in the middle of the cube are of a mesh."""
        places = places_of(self.branches)
        mesh = find_mesh(
            self.branches, self.csa_mm2, self.order, self.sections, places, lung_above()
        )
        middle = np.all(np.abs(self.branches.position_mm - SIZE_MM / 2) < SIZE_MM / 4, axis=1)
        return mesh.lines(self.order, places)[middle]


def test_lines_with_all_signs_of_a_mesh_are_one():
    assert Lines().shares().min() > 0.99


@pytest.mark.parametrize(("sign", "of_vessels"), [("clean", 0.92), ("flatness", 0.05)])
def test_one_weak_sign_does_not_hide_the_others(sign, of_vessels):
    lines = Lines()
    lines.seem(**{sign: of_vessels})
    assert lines.shares().min() > 0.9


def test_a_thin_rim_of_a_mesh_is_found_below_the_surface_alone():
    lines = Lines(length_mm=2.0, count=100, thick_mm=4.0)
    deep = Lines(length_mm=30.0, count=400)
    deep.seem(clean=0.95, flatness=0.05)
    deep_mm = deep.branches.position_mm + np.array([0.0, 0.0, 6.0])
    position_mm = np.concatenate([lines.branches.position_mm, deep_mm])
    count = len(lines.csa_mm2)
    first = [lines.branches.branch_start[:-1], count + deep.branches.branch_start]
    ends = lines.branches.end_node
    branches = replace(
        lines.branches,
        position_mm=position_mm,
        tangent=np.concatenate([lines.branches.tangent, deep.branches.tangent]),
        scale_mm=np.full(len(position_mm), 0.7),
        step_mm=np.concatenate([lines.branches.step_mm, deep.branches.step_mm]),
        branch_start=np.concatenate(first),
        end_node=np.concatenate([ends, ends.max() + 1 + deep.branches.end_node]),
    )
    csa_mm2 = np.full(len(position_mm), 2.0)
    sections = CrossSections(
        csa_mm2,
        np.full(len(position_mm), -850.0),
        np.concatenate([lines.sections.clean, deep.sections.clean]),
        np.concatenate([lines.sections.flatness, deep.sections.flatness]),
    )
    mesh = find_mesh(
        branches, csa_mm2, order_of(csa_mm2), sections, places_of(branches), lung_above(-0.5)
    )
    middle = np.full(3, SIZE_MM / 2)
    places_mm = np.array([middle, middle])
    places_mm[0, 2] = 2.0
    assert mesh.at(places_mm).tolist() == pytest.approx([1, 0], abs=0.02)


def test_long_lines_are_a_mesh_by_their_other_signs():
    assert Lines(length_mm=25.0, count=400).shares().min() > 0.9


def test_long_round_lines_that_are_apart_are_vessels():
    lines = Lines(length_mm=25.0, count=150)
    lines.seem(clean=0.95, flatness=0.05)
    assert lines.shares().max() == 0


def test_many_ends_alone_are_vessels():
    lines = Lines(count=600)
    lines.seem(clean=0.95, flatness=0.05)
    assert lines.shares().max() == 0


def test_what_noise_draws_is_no_evidence():
    assert Lines(csa_mm2=0.25).shares().max() == 0


def test_wide_lines_are_vessels():
    assert Lines(csa_mm2=17.0).shares().max() == 0


def test_in_a_mesh_vessels_have_a_way_out_and_are_wider_than_its_lines():
    everywhere = np.ones((3, 3, 3))
    mesh = Mesh(everywhere, everywhere, Lattice(np.zeros(3), everywhere.shape), lung_above())
    caliber_mm2 = np.array([2.0, 8.0, 8.0, 12.0, 16.0])
    order = replace(order_of(caliber_mm2), way=np.array([1.0, 1.0, 0.3, 0.3, 0.3]))
    places = Places(np.full((5, 3), 4.0), np.ones(5, np.uint8))
    assert mesh.lines(order, places).tolist() == pytest.approx([1, 0, 1, 0.5, 0])


def test_lines_beside_a_wide_vessel_are_no_evidence():
    radius_mm = 3.0
    gaps_mm = np.array([0.5, 2.5, 4.5])
    lines = [straight((0, 0, 0), (1, 0, 0), 21.0)]
    lines += [straight((0, 0, radius_mm + gap), (1, 0, 0), 21.0) for gap in gaps_mm]
    branches = line_branches(lines, [2.0, 0.7, 0.7, 0.7])
    csa_mm2 = np.array([np.pi * radius_mm**2, 2.0, 2.0, 2.0])[branches.branch_id]
    weight = weigh_lines(branches, csa_mm2, csa_mm2, np.full(len(csa_mm2), 20.0))
    means = np.bincount(branches.branch_id, weight) / np.diff(branches.branch_start)
    assert means == pytest.approx([0, 0, 0.5, 1], abs=0.01)


def test_lines_count_by_the_lung_that_is_around_them():
    surface_mm = 29.25
    lattice = Lattice(np.zeros(3), (16, 16, 16))
    lung = lattice.lung(lung_above(surface_mm))[8, 8]
    assert lung[0] == pytest.approx(0, abs=0.01)
    assert np.interp(surface_mm + 0.25, 4.0 * np.arange(16), lung) == pytest.approx(0.5, abs=0.02)
    assert lung[12] == pytest.approx(1, abs=0.01)


def test_a_hair_of_evidence_moves_the_share_by_a_hair():
    lines = Lines(count=600)

    def mean_share(flatness):
        lines.seem(clean=0.82, flatness=flatness)
        return lines.shares().mean()

    before = mean_share(0.1)
    assert 0.1 < before < 0.9
    assert before < mean_share(0.1 + 1e-5) < before + 0.002


def test_no_lines_are_no_mesh():
    lines = Lines()
    nothing = line_branches([straight((0, 0, 0), (0, 0, 1), 7.0)], [0.7])
    nothing = replace(
        nothing,
        position_mm=np.empty((0, 3)),
        branch_start=np.zeros(1, int),
        end_node=np.empty((0, 2), int),
    )
    mesh = find_mesh(
        nothing, np.empty(0), order_of([]), lines.sections, places_of(nothing), lung_above()
    )
    assert mesh.at(np.array([[5.0, 5.0, 5.0]])).tolist() == [0]
