"""Straight tubes: the image holds exactly the area it was told."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.phantom import ChestWall, StraightAirway, StraightTube, tube_phantom
from BV5AnalysisLib.imaging.phantom.noise import KERNELS
from scipy import stats

DIRECTIONS = [(0, 0, 1), (1, 0, 0), (0.6, -0.5, 0.62), (0.1, 0.9, 0.3)]


def area_by_plane(phantom, tube, blood_hu=40.0, parenchyma_hu=-850.0):
    """Area from the voxels alone: their total excess between two planes across the tube."""
    axis = np.array(tube.direction) / np.linalg.norm(tube.direction)
    grid = phantom.volume.grid
    points = grid.index_to_world(np.indices(grid.shape).reshape(3, -1).T)
    along = points @ axis
    fraction = (phantom.volume.array.reshape(-1) - parenchyma_hu) / (blood_hu - parenchyma_hu)
    # A window that falls off smoothly has a known integral, whatever the voxel grid.
    window = np.exp(-0.5 * (along / 4.0) ** 2)
    return np.sum(fraction * window) * np.prod(grid.spacing) / (4.0 * np.sqrt(2 * np.pi))


@pytest.mark.parametrize("csa", [0.5, 1.25, 5.0, 10.0, 50.0])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_integral_across_is_area(csa, direction):
    tube = StraightTube(csa, direction, (0.31, -0.17, 0.23))
    phantom = tube_phantom([tube])
    assert area_by_plane(phantom, tube) == pytest.approx(csa, rel=0.01)


@pytest.mark.parametrize("csa", [0.5, 3.0, 20.0])
def test_integral_with_thick_slices_and_no_blur(csa):
    tube = StraightTube(csa, (0.5, 0.4, 0.8))
    for sigma in ((0.5, 0.5, 0.6), (0.0, 0.0, 0.0)):
        phantom = tube_phantom(
            [tube], size=(64, 64, 36), spacing_mm=(0.7, 0.7, 1.25), psf_sigma_mm=sigma
        )
        assert area_by_plane(phantom, tube) == pytest.approx(csa, rel=0.01)


@pytest.mark.parametrize("csa", [0.8, 3.0])
@pytest.mark.parametrize("offset", [0.0, 0.175, 0.35])
def test_profile_is_a_disc_seen_through_the_point_spread_function(offset, csa):
    """Against the blurred disc on a fine grid, and its center at the tube's, between voxels."""
    sigma, h = 0.5, 0.7
    tube = StraightTube(csa, (0, 0, 1), (offset + 0.35, 0.35, 0))
    plane = tube_phantom([tube]).volume.array[32]
    fraction = (plane + 850) / 890
    x = (np.arange(64) - 31.5) * h
    fine = np.arange(-1.5, 1.5, 0.02) + 0.01
    disc = np.array([(a, b) for a in fine for b in fine if a * a + b * b < csa / np.pi])
    box = (np.arange(7) - 3) / 7 * h
    along_x = np.exp(
        -0.5 * ((x[:, None, None] + box[:, None] - offset - 0.35 - disc[:, 0]) / sigma) ** 2
    )
    along_y = np.exp(-0.5 * ((x[:, None, None] + box[:, None] - 0.35 - disc[:, 1]) / sigma) ** 2)
    expected = along_y.mean(axis=1) @ along_x.mean(axis=1).T * 0.02**2 / (2 * np.pi * sigma**2)
    assert abs(fraction - expected).max() < 0.015
    center = (fraction.sum(axis=0) * x).sum() / fraction.sum()
    assert center == pytest.approx(offset + 0.35, abs=0.01)


@pytest.mark.parametrize("sigma", [0.4, 0.55])
@pytest.mark.parametrize("offset", [0.0, 0.3, 0.9])
def test_a_thick_slice_is_the_mean_of_thin_ones(sigma, offset):
    """Against slices so thin that the Gaussian is wide in them. Measured: 0.0085 at most."""
    tube = StraightTube(1.25, (1, 0.2, 0), (0, 0, offset))
    options = {"psf_sigma_mm": (sigma,) * 3, "parenchyma_hu": 0.0, "blood_hu": 1.0}
    thick = tube_phantom([tube], size=(30, 30, 12), spacing_mm=(0.75, 0.75, 2.0), **options)
    thin = tube_phantom([tube], size=(30, 30, 96), spacing_mm=(0.75, 0.75, 0.25), **options)
    mean = thin.volume.array.reshape(12, 8, 30, 30).mean(axis=1)
    assert mean.max() > 0.15
    assert abs(thick.volume.array - mean).max() < 0.012


def fork(parent_mm=2.0, angle=0.6, length_mm=14.0):
    """A vessel of 2 mm radius along x that divides evenly, by Murray's law, at the origin."""
    child_mm = parent_mm / 2 ** (1 / 3)

    def tube(radius, direction, sign):
        axis = np.array(direction) / np.linalg.norm(direction)
        center = tuple(sign * length_mm / 2 * axis)
        return StraightTube(np.pi * radius**2, tuple(axis), center, length_mm, round_ends=True)

    return [
        tube(parent_mm, (1, 0, 0), -1),
        tube(child_mm, (np.cos(angle), np.sin(angle), 0.2), 1),
        tube(child_mm, (np.cos(angle), -np.sin(angle), 0.2), 1),
    ]


def test_blood_of_tubes_that_meet_counts_once():
    tubes = fork()
    phantom = tube_phantom(tubes, spacing_mm=(0.7, 0.7, 0.7), parenchyma_hu=0.0, blood_hu=1.0)
    in_voxels = phantom.volume.array.sum() * 0.7**3 / 1000
    assert phantom.centerlines.volume_ml.sum() == pytest.approx(in_voxels, rel=1e-3)
    assert phantom.volume.array.max() < 1.02
    # A point lies in the union or not: counted on a fine lattice.
    fine = np.indices((300, 300, 300)).reshape(3, -1).T * 0.15 - 22.4
    inside = np.zeros(len(fine), bool)
    for tube in tubes:
        offset = fine - tube.center_mm
        along = offset @ np.array(tube.direction)
        beyond = np.maximum(abs(along) - tube.length_mm / 2, 0)
        inside |= (offset**2).sum(axis=1) - along**2 + beyond**2 < tube.radius_mm**2
    assert in_voxels == pytest.approx(inside.sum() * 0.15**3 / 1000, rel=0.005)
    alone = sum(tube_phantom([tube]).centerlines.volume_ml[0] for tube in tubes)
    assert alone > 1.03 * in_voxels


def test_round_ends_close_a_tube_by_half_balls():
    tube = StraightTube(np.pi * 4.0, (0.3, 0.2, 0.9), length_mm=10.0, round_ends=True)
    lines = tube_phantom([tube]).centerlines
    assert lines.volume_ml[0] * 1000 == pytest.approx(np.pi * 40 + 4 / 3 * np.pi * 8, rel=1e-3)
    assert lines.length_mm[0] == pytest.approx(10.0)


@pytest.mark.parametrize("normal", [(1, 0, 0), (0, 0, -1), (0.5, -0.3, 0.8)])
def test_the_chest_wall_ends_where_it_was_told(normal):
    """Its edge, read off the voxels by their sum, is a plane blurred as vessels are."""
    wall = ChestWall(normal, 3.0)
    phantom = tube_phantom(
        [StraightTube(0.01, length_mm=0.5)],
        size=(48, 48, 48),
        spacing_mm=(0.7, 0.7, 1.25),
        parenchyma_hu=0.0,
        chest_wall=wall,
    )
    grid = phantom.volume.grid
    points = grid.index_to_world(np.indices(grid.shape).reshape(3, -1).T)
    depth = wall.depth_mm(points)
    share = phantom.volume.array.reshape(-1) / wall.hu
    assert share[depth > 5] == pytest.approx(1, abs=1e-3)
    assert abs(share[(depth < -5) & (np.linalg.norm(points, axis=1) > 3)]).max() < 1e-3
    # Along a line of voxels across the edge, the sum is how far the wall reaches.
    axis = int(np.abs(wall.normal).argmax())
    line = [24, 24, 24]
    line[2 - axis] = slice(None)
    row = phantom.volume.array[tuple(line)] / wall.hu
    at = depth.reshape(grid.shape)[tuple(line)]
    rise = abs(at[1] - at[0])
    assert row.sum() * rise == pytest.approx(at.max() + rise / 2, abs=0.02)
    # A Gaussian of the same variance; the boxes of 1.25 mm make it differ by up to 0.02.
    unit = np.array(normal) / np.linalg.norm(normal)
    sigma = np.sqrt(0.25 + ((unit * grid.spacing) ** 2).sum() / 12)
    away = np.linalg.norm(points, axis=1) > 3
    assert abs(share - stats.norm.cdf(depth / sigma))[away].max() < 0.025


def test_ends_are_flat_and_truth_is_cut_at_the_volume():
    short = StraightTube(4.0, (0, 1, 0), length_mm=10)
    through = StraightTube(4.0, (0, 0, 1), (12, 0, 0))
    phantom = tube_phantom([short, through])
    assert phantom.centerlines.length_mm == pytest.approx([10, 44.8], abs=0.5)
    volume = (phantom.volume.array + 850).sum() / 890 * 0.7**3
    assert volume == pytest.approx(4.0 * (10 + 44.8), rel=0.01)


def test_airway_lies_beside_its_vessel():
    airway = StraightAirway(lumen_csa_mm2=12.0, wall_mm=0.6, gap_mm=0.3, side=(1, 0, 0))
    tube = StraightTube(8.0, (0, 0, 1), (-3, 0, 0), airway=airway)
    phantom = tube_phantom([tube], spacing_mm=(0.3, 0.3, 0.3), psf_sigma_mm=(0.1, 0.1, 0.1))
    row = phantom.volume.array[32, 31]
    lumen = -3 + np.sqrt(8 / np.pi) + 0.3 + 0.6 + np.sqrt(12 / np.pi)
    at = {"blood": -3, "lumen": lumen, "wall": lumen - np.sqrt(12 / np.pi) - 0.3}
    hu = {name: row[round(x / 0.3 + 31.5)] for name, x in at.items()}
    assert hu["blood"] == pytest.approx(40, abs=15)
    assert hu["lumen"] == pytest.approx(-1000, abs=15)
    assert hu["wall"] > -200


@pytest.mark.parametrize("kernel", list(KERNELS))
def test_noise_has_its_strength_and_color(kernel):
    phantom = tube_phantom([StraightTube(1.0)], noise_hu=25, noise_kernel=kernel, seed=3)
    noise = phantom.volume.array[:, :20, :20]
    assert noise.std() == pytest.approx(25, rel=0.05)
    neighbors = np.corrcoef(noise[..., :-1].ravel(), noise[..., 1:].ravel())[0, 1]
    low, high = {"white": (-0.03, 0.03), "smooth": (0.5, 0.8), "sharp": (-0.4, -0.05)}[kernel]
    assert low < neighbors < high


def test_same_seed_same_bytes():
    first, second, other = (
        tube_phantom([StraightTube(2.0)], noise_hu=20, seed=seed).volume.array for seed in (1, 1, 2)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_bad_input_is_refused():
    with pytest.raises(AnalysisError, match="area above 0"):
        tube_phantom([StraightTube(0.0)])
    with pytest.raises(AnalysisError, match="white, smooth, sharp"):
        tube_phantom([StraightTube(1.0)], noise_hu=5, noise_kernel="pink")
