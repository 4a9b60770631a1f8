"""Areas of straight tubes of known size, alone and beside what could swell them."""

from dataclasses import fields

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.measurements import Calibration
from BV5AnalysisLib.imaging.numerics.polar_profiles import MarkedImage
from BV5AnalysisLib.imaging.phantom import StraightAirway, StraightTube, tube_phantom
from BV5AnalysisLib.imaging.phantom.bundles import CONSTANTS, wall_thickness
from BV5AnalysisLib.imaging.phantom.noise import KERNELS
from BV5AnalysisLib.imaging.sizing import cross_sections
from BV5AnalysisLib.imaging.sizing.blur import Blur
from BV5AnalysisLib.imaging.sizing.cross_sections import measure_cross_sections
from BV5AnalysisLib.imaging.sizing.spots import read_spots
from BV5AnalysisLib.imaging.vessels.work_grid import WorkGrid
from helpers.tubes import (
    DIRECTIONS,
    ISOTROPIC,
    THICK,
    line_branches,
    matching_scale,
    off_axis_mm,
    straight,
    to_frame,
)
from helpers.work_images import image_of, work_image
from scipy import ndimage

NOISE_HU = 25.0
CENTER = (0.31, -0.17, 0.23)


def on_work_grid(phantom):
    """Image and spacing as the pipeline has them, and where the image begins, mm."""
    grid = phantom.volume.grid
    work = WorkGrid.around(np.ones(grid.shape, bool), grid, 0.0)
    first_mm = work.to_scan_index(np.zeros(3)) * grid.spacing_zyx
    return work.image(phantom.volume.array), work.spacing, first_mm


def sections(
    phantom, tube, blood_hu=40.0, noise_hu=NOISE_HU, valid=None, edge_mm=9.0, shift_mm=0.0
):
    """Cross-sections along a tube's true axis, away from the volume's faces."""
    image, spacing, first_mm = on_work_grid(phantom)
    half = 0.5 * np.array(phantom.volume.grid.size) * phantom.volume.grid.spacing
    axis = np.array(tube.direction) / np.linalg.norm(tube.direction)
    reach = 2 * half.max()
    line = straight(np.array(tube.center_mm) - reach * axis, axis, 2 * reach)
    line = line[(np.abs(line) < half - edge_mm).all(axis=1)]
    frame = to_frame(phantom, line) - first_mm + shift_mm
    branches = line_branches([frame], [matching_scale(tube.csa_mm2)])
    return measure_cross_sections(
        image_of(image, spacing, valid),
        branches,
        Calibration(blood_hu, -850.0, noise_hu),
        Blur(),
    )


def tube_volume(tubes, spacing=ISOTROPIC, room_mm=(50, 50, 50), **options):
    size = tuple(round(room / step) for room, step in zip(room_mm, spacing, strict=True))
    return tube_phantom(tubes, size=size, spacing_mm=spacing, noise_hu=NOISE_HU, **options)


def bias(found, tube):
    return found.csa_mm2.mean() / tube.csa_mm2 - 1


# Measured: mean bias 0.1 to 0.4 % on 0.7 mm voxels, 0.1 to 1.3 % with 1.25 mm slices; of one
# direction up to 3.2 % (half of it chance, at 0.5 mm²). Scatter of one cross-section in mm²:
# 0.05 at 0.5 and 1.25 mm², 0.09 at 5, 0.13 at 20, 0.22 at 50; up to 1.7 times that in thick slices.
@pytest.mark.parametrize("spacing", [ISOTROPIC, THICK], ids=["isotropic", "1.25 mm"])
@pytest.mark.parametrize("csa", [0.5, 1.25, 2.0, 5.0, 10.0, 20.0, 50.0])
def test_area_of_a_tube_alone(csa, spacing):
    wide = csa > 15
    room = (70, 70, 70) if wide else (50, 50, 50)
    biases = []
    for number, direction in enumerate(DIRECTIONS):
        tube = StraightTube(csa, direction, CENTER)
        phantom = tube_volume([tube], spacing, room, seed=number)
        found = sections(phantom, tube, edge_mm=14.0 if wide else 8.0)
        biases.append(bias(found, tube))
        limit = 0.055 + 0.028 * np.sqrt(csa)
        assert found.csa_mm2.std() < limit * (1.6 if spacing == THICK else 1.0)
        assert found.clean.mean() > 0.98
        # The background decides: 1 HU of it over a disc of 20 mm² is 0.02 mm².
        assert found.background_hu.mean() == pytest.approx(-850, abs=2.0)
    assert abs(np.mean(biases)) < 0.02
    assert np.abs(biases).max() < (0.045 if csa < 1 else 0.03)


# Measured: 2.3 % at most, in smooth noise, whose scatter is twice that of white.
@pytest.mark.parametrize("csa", [1.25, 5.0, 20.0])
@pytest.mark.parametrize("kernel", list(KERNELS))
def test_kernels_do_not_matter(csa, kernel):
    tube = StraightTube(csa, (0.3, 0.2, 0.9), CENTER)
    assert abs(bias(sections(tube_volume([tube], noise_kernel=kernel), tube), tube)) < 0.03


# Measured: -5.2 % at 1.25 mm² and -3.7 % at 3 mm² at most, else within 1.5 %: the neighbor's blur
# reaches the ring around, which comes out up to 10 HU too bright.
@pytest.mark.parametrize("csa", [1.25, 3.0, 8.0])
@pytest.mark.parametrize("other_csa", [1.25, 8.0, 30.0])
def test_a_neighbor_does_not_count(csa, other_csa):
    """1.5 mm of lung between the two."""
    direction = np.array([0.3, 0.2, 0.9])
    side = np.cross(direction, [0, 1, 0])
    apart = np.sqrt(csa / np.pi) + np.sqrt(other_csa / np.pi) + 1.5
    tube = StraightTube(csa, tuple(direction), CENTER)
    beside = tuple(np.array(CENTER) + apart * side / np.linalg.norm(side))
    found = sections(tube_volume([tube, StraightTube(other_csa, tuple(direction), beside)]), tube)
    assert abs(bias(found, tube)) < (0.06 if csa < 2 else 0.045)
    assert 0.6 < found.clean.mean() < 0.95


def with_airway(csa, direction):
    """An artery, and touching it the airway that goes with its size; where the airway is not."""
    lumen_mm = CONSTANTS.lumen_to_artery * np.sqrt(csa / np.pi)
    wall_mm = float(wall_thickness(lumen_mm))
    airway = StraightAirway(np.pi * lumen_mm**2, wall_mm, side=(1, 0.3, 0.2))
    tube = StraightTube(csa, direction, CENTER, airway=airway)
    axis = np.array(direction) / np.linalg.norm(direction)
    side = np.array(airway.side) - np.dot(airway.side, axis) * axis
    apart = np.sqrt(csa / np.pi) + wall_mm + lumen_mm
    phantom = tube_volume([tube])
    grid = phantom.volume.grid
    world = grid.index_to_world(np.indices(grid.shape).reshape(3, -1).T)
    off = off_axis_mm(world, direction, np.array(CENTER) + apart * side / np.linalg.norm(side))
    return phantom, tube, (off > lumen_mm + wall_mm).reshape(grid.shape)


# Measured: 2.9 to 4.4 % at 2 mm², 0 to 3.4 % from 3 mm² on.
@pytest.mark.parametrize("csa", [2.0, 3.0, 5.0, 8.0, 20.0])
def test_a_known_airway_that_touches_does_not_count(csa):
    for direction in DIRECTIONS[:4]:
        phantom, tube, valid = with_airway(csa, direction)
        assert abs(bias(sections(phantom, tube, valid=valid), tube)) < 0.06


# The wall leaves no valley, only one side of the profile is higher. These are what an airway costs
# that was not found; measured 21, 15, 12, 9 and 7 %.
# It is the main error that is left: docs/method.md, section 7.
@pytest.mark.parametrize(
    ("csa", "limit"), [(2.0, 0.24), (3.0, 0.17), (5.0, 0.14), (8.0, 0.10), (20.0, 0.08)]
)
def test_an_unknown_airway_that_touches_counts_little(csa, limit):
    for direction in DIRECTIONS[:4]:
        phantom, tube, _ = with_airway(csa, direction)
        assert abs(bias(sections(phantom, tube), tube)) < limit


# Measured: 2.0 % at most in ground glass, 1.6 % with contrast agent.
@pytest.mark.parametrize("csa", [1.25, 5.0, 20.0])
def test_ground_glass_and_contrast_agent_do_not_change_areas(csa):
    tube = StraightTube(csa, (0.3, 0.2, 0.9), CENTER)
    hazy = sections(tube_volume([tube], parenchyma_hu=-500.0), tube)
    assert hazy.background_hu.mean() == pytest.approx(-500, abs=2)
    assert abs(bias(hazy, tube)) < 0.03
    enhanced = sections(tube_volume([tube], blood_hu=300.0), tube, blood_hu=300.0)
    assert abs(bias(enhanced, tube)) < 0.025
    # 300 HU stand out 1150 over the lung where 40 HU do 890: noise matters less.
    assert enhanced.csa_mm2.std() < 0.85 * hazy.csa_mm2.std()


def test_area_is_inverse_to_the_contrast_of_blood():
    tube = StraightTube(5.0, (0.3, 0.2, 0.9), CENTER)
    phantom = tube_volume([tube])
    wrong = sections(phantom, tube, blood_hu=300.0).csa_mm2.mean()
    assert wrong == pytest.approx(5.0 * 890 / 1150, rel=0.03)


# Measured: 2.3 % at most.
@pytest.mark.parametrize("csa", [1.25, 5.0, 20.0])
@pytest.mark.parametrize("gap_mm", [0.5, 1.0, 2.0])
def test_the_chest_wall_does_not_count(csa, gap_mm):
    tube = StraightTube(csa, (0, 0.1, 1.0), (0.2, 0, 0))
    phantom = tube_volume([tube])
    grid = phantom.volume.grid
    x = grid.index_to_world(np.indices(grid.shape).reshape(3, -1).T)[:, 0].reshape(grid.shape)
    edge = 0.2 + np.sqrt(csa / np.pi) + gap_mm
    phantom.volume.array[x > edge] = 40.0
    found = sections(phantom, tube, valid=x <= edge)
    assert abs(bias(found, tube)) < 0.03
    assert found.clean.mean() < 0.9 or gap_mm == 2.0


def test_a_center_a_little_off_changes_nothing():
    """Ridge points are within 0.1 mm; at three times that areas still hold."""
    tube = StraightTube(3.0, (0.3, 0.2, 0.9), CENTER)
    phantom = tube_volume([tube])
    on, off = (sections(phantom, tube, shift_mm=shift) for shift in (0.0, 0.2))
    assert off.csa_mm2.mean() == pytest.approx(on.csa_mm2.mean(), rel=0.01)


def test_where_nothing_is_valid_there_is_no_area_and_no_warning():
    tube = StraightTube(3.0, (0.3, 0.2, 0.9), CENTER)
    phantom = tube_volume([tube])
    found = sections(phantom, tube, valid=np.zeros(phantom.volume.array.shape, bool))
    assert (found.csa_mm2 == 0).all()
    assert (found.clean == 0).all()
    assert np.isfinite(found.background_hu).all()


def partly_bare(monkeypatch, chunk):
    """Sections and spots of a vessel in haze whose second half has no lung around, in chunks."""
    monkeypatch.setattr(cross_sections, "CHUNK", chunk)
    tube = StraightTube(3.0, (1, 0, 0), CENTER)
    phantom = tube_volume([tube], parenchyma_hu=-700.0)
    grid = phantom.volume.grid
    world = grid.index_to_world(np.indices(grid.shape).reshape(3, -1).T)
    bare = (world[:, 0] > 0) & (off_axis_mm(world, tube.direction, CENTER) > 1.5)
    image = work_image(phantom.volume, ~bare.reshape(grid.shape))
    line = to_frame(phantom, straight((-12, CENTER[1], CENTER[2]), tube.direction, 24))
    branches = line_branches([line], [matching_scale(3.0)])
    calibration = Calibration(40.0, -850.0, NOISE_HU)
    found = measure_cross_sections(image, branches, calibration, Blur())
    middle_hu = np.full(len(line), 30.0)
    marked = MarkedImage.of(image)
    spots = read_spots(marked, branches, middle_hu, calibration, Blur(), largest_mm2=5.0)
    return found, spots


def test_each_point_is_read_for_itself(monkeypatch):
    """The same to the last bit whichever points are read together."""
    whole, pieces = (partly_bare(monkeypatch, chunk) for chunk in (2000, 7))
    for one, other in zip(whole, pieces, strict=True):
        for field in fields(one):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def test_where_no_lung_is_around_the_scans_own_is_taken(monkeypatch):
    background_hu = partly_bare(monkeypatch, 2000)[0].background_hu
    # Farther than the ring reaches from where the lung around ends.
    assert background_hu[:5] == pytest.approx(-700, abs=10)
    np.testing.assert_array_equal(background_hu[-5:], np.float32(-850))


def test_progress_rises_to_the_whole():
    tube = StraightTube(3.0, (0.3, 0.2, 0.9), CENTER)
    phantom = tube_volume([tube])
    told = []
    line = to_frame(phantom, straight((-3, -2, -9), tube.direction, 20))
    branches = line_branches([line, line, line], [0.7, 1.4, 4.0])
    measure_cross_sections(
        work_image(phantom.volume),
        branches,
        Calibration(40.0, -850.0, NOISE_HU),
        Blur(),
        told.append,
    )
    assert told == sorted(told)
    assert told[-1] == 1


STEP_MM = 0.25


def lying_tube_area(csa_mm2, blur_mm):
    """Area read from a tube along x, blurred by (z, y)."""
    z, y = (np.indices((128, 128)) - 63.5) * STEP_MM
    edge = (np.sqrt(csa_mm2 / np.pi) - np.hypot(z, y)) / STEP_MM + 0.5
    disc = np.clip(edge, 0, 1)
    disc *= csa_mm2 / (disc.sum() * STEP_MM**2)
    share = ndimage.gaussian_filter(disc, np.array(blur_mm) / STEP_MM)
    hu = np.repeat((-850 + 890 * share).astype(np.float32)[:, :, None], 60, axis=2)
    middle = 63.5 * STEP_MM
    line = straight(np.array([middle, middle, 3.0]), np.array([0.0, 0.0, 1.0]), 8.0)
    found = measure_cross_sections(
        image_of(hu, np.full(3, STEP_MM)),
        line_branches([line], [matching_scale(csa_mm2)]),
        Calibration(40.0, -850.0, 10.0),
        Blur((blur_mm[0] ** 2, blur_mm[1] ** 2, blur_mm[1] ** 2)),
    )
    return found.csa_mm2.mean()


@pytest.mark.parametrize("csa_mm2", [1.5, 4.0, 10.0])
@pytest.mark.parametrize("blur_mm", [(0.9, 0.55), (1.2, 0.5), (1.6, 0.5)])
def test_slices_that_blur_more_along_their_axis_do_not_matter(csa_mm2, blur_mm):
    assert lying_tube_area(csa_mm2, blur_mm) == pytest.approx(csa_mm2, rel=0.03)
