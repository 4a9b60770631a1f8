"""Thin lines that form a mesh are told from a tree; wide ones and a few lines are vessels."""

from dataclasses import replace

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.hila import Places
from BV5AnalysisLib.imaging.model.measurements import Calibration
from BV5AnalysisLib.imaging.sizing.blur import Blur
from BV5AnalysisLib.imaging.sizing.cross_sections import CrossSections, measure_cross_sections
from BV5AnalysisLib.imaging.sizing.meshes import find_mesh
from BV5AnalysisLib.imaging.sizing.tree_order import TreeOrder
from BV5AnalysisLib.imaging.vessels.linking import link_branches
from BV5AnalysisLib.imaging.vessels.ridges import find_ridge_points
from helpers import work_images
from helpers.tubes import line_branches, straight
from scipy import ndimage

SIZE_MM = 60.0
PARENCHYMA, BLOOD, NOISE = -850.0, 40.0, 15.0


def order_of(caliber_mm2):
    ones = np.ones(len(caliber_mm2))
    return TreeOrder(ones, np.asarray(caliber_mm2, float), ones, ones)


def places_of(branches):
    return Places(branches.position_mm, np.ones(len(branches.position_mm), np.uint8))


class Lines:
    """Short lines that end freely, in a cube."""

    def __init__(self, length_mm=5.0, caliber_mm2=2.0):
        rng = np.random.default_rng(1)
        starts = rng.uniform(0, SIZE_MM, (1200, 3))
        directions = rng.standard_normal((1200, 3))
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
    assert Lines(length_mm=25.0).shares().max() == 0


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


def traced(tissue_hu):
    """Share of the lines in the middle of an image that are of a mesh, by their length."""
    spacing = np.full(3, 0.75)
    noise = np.random.default_rng(2).normal(0, NOISE, tissue_hu.shape)
    hu = ndimage.gaussian_filter(tissue_hu, 0.5 / spacing) + noise
    image = work_images.image_of(hu.astype(np.float32), spacing)
    calibration = Calibration(BLOOD, PARENCHYMA, NOISE)
    points = find_ridge_points(image.filled(PARENCHYMA), calibration.half_blood_hu)
    branches = link_branches(points, 5.0)
    sections = measure_cross_sections(image, branches, calibration, Blur())
    order = order_of(np.maximum(sections.csa_mm2, 0))
    places = places_of(branches)
    shares = find_mesh(branches, order, sections, places).lines(order, places)
    middle = np.all(np.abs(branches.position_mm - SIZE_MM / 2) < SIZE_MM / 4, axis=1)
    assert middle.sum() > 100
    return np.average(shares[middle], weights=branches.step_mm[middle])


def test_honeycombs_are_a_mesh():
    pattern = ndimage.gaussian_filter(np.random.default_rng(3).standard_normal((80, 80, 80)), 2.2)
    wall = np.clip(1.15 - np.abs(pattern / pattern.std()) / 0.45, 0, 1)
    assert traced(-930 + 680 * wall) > 0.8


def test_vessels_side_by_side_are_none():
    y, x = np.indices((80, 80)) * 0.75
    tissue = np.full((80, 80, 80), PARENCHYMA)
    for number in range(49):
        middle = 4.0 + 8.7 * np.array(divmod(number, 7))
        tissue[:, np.hypot(y - middle[0], x - middle[1]) < 0.6 + 0.2 * (number % 3)] = BLOOD
    assert traced(tissue) == 0
