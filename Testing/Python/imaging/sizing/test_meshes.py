"""Thin lines that form a mesh are told from a tree; wide ones and a few lines are vessels."""

from dataclasses import replace

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.hila import Places
from BV5AnalysisLib.imaging.sizing.cross_sections import CrossSections
from BV5AnalysisLib.imaging.sizing.meshes import find_mesh
from BV5AnalysisLib.imaging.sizing.tree_order import TreeOrder
from helpers.tubes import line_branches, straight

SIZE_MM = 60.0


def order_of(caliber_mm2):
    ones = np.ones(len(caliber_mm2))
    return TreeOrder(
        ones, np.asarray(caliber_mm2, float), ones, ones, 0 * ones, np.ones((len(ones), 2))
    )


def places_of(branches):
    return Places(branches.position_mm, np.ones(len(branches.position_mm), np.uint8))


class Lines:
    """Short lines that end freely, in a cube; `count` of them at 5 mm each."""

    def __init__(self, length_mm=5.0, caliber_mm2=2.0, count=1800):
        rng = np.random.default_rng(1)
        starts = rng.uniform(0, SIZE_MM, (count, 3))
        directions = rng.standard_normal((count, 3))
        lines = [
            straight(start, direction, length_mm)
            for start, direction in zip(starts, directions, strict=True)
        ]
        self.branches = line_branches(lines, [0.7] * len(lines))
        count = len(self.branches.position_mm)
        self.order = order_of(np.full(count, caliber_mm2))
        uneven = np.where(rng.random(count) < 0.5, -930.0, -780.0)
        self.sections = CrossSections(
            np.full(count, caliber_mm2), uneven, np.full(count, 0.6), np.full(count, 0.2)
        )

    def shares(self):
        """How surely the lines in the middle of the cube are of a mesh."""
        places = places_of(self.branches)
        mesh = find_mesh(self.branches, self.order, self.sections, places)
        middle = np.all(np.abs(self.branches.position_mm - SIZE_MM / 2) < SIZE_MM / 4, axis=1)
        return mesh.lines(self.order, places)[middle]


def test_lines_with_all_signs_of_a_mesh_are_one():
    assert Lines().shares().min() > 0.99


@pytest.mark.parametrize(
    ("sign", "of_vessels"), [("background_hu", -850.0), ("clean", 0.97), ("flatness", 0.03)]
)
def test_without_one_of_the_signs_lines_are_vessels(sign, of_vessels):
    lines = Lines()
    count = len(lines.branches.position_mm)
    lines.sections = replace(lines.sections, **{sign: np.full(count, of_vessels)})
    assert lines.shares().max() == 0


def test_long_lines_are_vessels():
    assert Lines(length_mm=25.0, count=400).shares().max() == 0


def test_few_lines_are_vessels():
    assert Lines(count=500).shares().max() == 0


def test_wide_lines_are_vessels():
    assert Lines(caliber_mm2=13.0).shares().max() == 0


def test_a_hair_of_evidence_moves_the_share_by_a_hair():
    lines = Lines()
    count = len(lines.branches.position_mm)

    def mean_share(flatness):
        lines.sections = replace(lines.sections, flatness=np.full(count, flatness))
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
    mesh = find_mesh(nothing, order_of([]), lines.sections, places_of(nothing))
    assert mesh.at(np.array([[5.0, 5.0, 5.0]])).tolist() == [0]
