"""What a sharp kernel did to a scan, undone."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.imaging.model.measurements import Kernel
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.sizing.unsharpening import LIMITS_HU, MARGIN_MM, unsharpened
from scipy import ndimage

KERNEL = Kernel(sharpness=1.0, wider_mm2=1.5)
GRID = Grid((96, 80, 12), (0.7, 0.7, 1.25))


def smooth_lung():
    """Smooth spots and tubes of blood in lung, HU."""
    random = np.random.default_rng(1)
    hu = np.full(GRID.shape, -850.0)
    hu[:, 20:24, 30:33] = 40
    hu.reshape(-1)[random.integers(0, hu.size, 400)] = 40
    return ndimage.gaussian_filter(hu, (0.5, 0.8, 0.8))


def sharpened(hu):
    sigma = np.sqrt(KERNEL.wider_mm2) / 0.7
    wide = ndimage.gaussian_filter(hu, (0, sigma, sigma), mode="reflect", truncate=6)
    return (1 + KERNEL.sharpness) * hu - KERNEL.sharpness * wide


ALL = np.ones(GRID.shape, bool)


def test_a_sharpened_scan_is_what_it_was():
    smooth = smooth_lung()
    found = unsharpened(Volume(sharpened(smooth), GRID), KERNEL, ALL)
    # Gaussians of whole pixels are not quite the ones of the formula.
    assert np.abs(sharpened(smooth) - smooth).max() > 100
    assert np.abs(found.array - smooth).max() < 2
    assert np.abs(found.array - smooth).mean() < 0.1


def test_whole_numbers_stay_whole_numbers_within_rounding():
    smooth = smooth_lung()
    stored = np.rint(sharpened(smooth)).astype(np.int16)
    found = unsharpened(Volume(stored, GRID), KERNEL, ALL).array
    assert found.dtype == np.int16
    assert np.abs(found - smooth).max() < 3


def test_a_kernel_that_is_not_sharp_changes_nothing():
    ct = Volume(smooth_lung(), GRID)
    assert unsharpened(ct, replace(KERNEL, sharpness=0.0), ALL) is ct
    assert unsharpened(ct, KERNEL, ~ALL) is ct


def test_the_given_scan_is_left_alone():
    hu = sharpened(smooth_lung())
    ct = Volume(hu.copy(), GRID)
    unsharpened(ct, KERNEL, ALL)
    assert (ct.array == hu).all()


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0)])
def test_axial_slices_are_meant_however_the_scan_is_stored(order):
    ct = Volume(sharpened(smooth_lung()), GRID)
    turned = Volume.of(sitk.PermuteAxes(ct.to_sitk(), order))
    found = unsharpened(turned, KERNEL, np.ones(turned.grid.shape, bool)).to_sitk()
    back = sitk.PermuteAxes(found, [order.index(axis) for axis in range(3)])
    expected = unsharpened(ct, KERNEL, ALL).array
    assert np.abs(sitk.GetArrayFromImage(back) - expected).max() < 1e-2


def test_noise_falls_and_its_mean_stays():
    random = np.random.default_rng(2)
    noise = random.normal(-850, 40, GRID.shape)
    found = unsharpened(Volume(noise, GRID), KERNEL, ALL).array
    assert found.mean() == pytest.approx(noise.mean(), abs=0.1)
    assert found.std() < 0.75 * noise.std()


def test_far_from_what_is_asked_for_the_scan_stays():
    hu = sharpened(smooth_lung())
    inside = np.zeros(GRID.shape, bool)
    inside[:, 38:42, 46:50] = True
    found = unsharpened(Volume(hu, GRID), KERNEL, inside).array
    away = round(MARGIN_MM / 0.7) + 6
    assert (found[:, :, : 46 - away] == hu[:, :, : 46 - away]).all()
    whole = unsharpened(Volume(hu, GRID), KERNEL, ALL).array
    assert np.abs(found - whole)[inside].max() < 0.5


def test_a_bright_metal_does_not_spread():
    hu = sharpened(smooth_lung())
    hu[6, 60:63, 70:73] = 20000
    found = unsharpened(Volume(hu, GRID), KERNEL, ALL).array
    clean = unsharpened(Volume(sharpened(smooth_lung()), GRID), KERNEL, ALL).array
    assert np.abs(found - clean)[6, 20:24, 30:33].max() < 1


def with_extremes():
    """Metal, bone and what lies outside of the reconstruction, in lung; whole HU."""
    hu = np.rint(sharpened(smooth_lung()))
    hu[6, 60:63, 70:73] = 20000
    hu[:, 40:44, 50:60] = 1700
    hu[:, :, :6] = -3024
    return hu.astype(np.int16)


def test_without_sharpness_left_the_scan_is_left():
    hu = with_extremes()
    nearly = replace(KERNEL, sharpness=1e-7)
    assert (unsharpened(Volume(hu, GRID), nearly, ALL).array == hu).all()
    in_halves = hu + 0.5
    found = unsharpened(Volume(in_halves, GRID), nearly, ALL).array
    assert np.abs(found - in_halves).max() < 0.01


def test_the_less_sharpness_the_less_is_changed():
    hu = with_extremes().astype(float)
    changes = [
        np.abs(unsharpened(Volume(hu, GRID), replace(KERNEL, sharpness=s), ALL).array - hu).max()
        for s in (0.1, 0.01, 0.001)
    ]
    assert changes[0] > 50
    assert changes[1] == pytest.approx(changes[0] / 10, rel=0.15)
    assert changes[2] == pytest.approx(changes[0] / 100, rel=0.15)


def test_what_is_beyond_the_limits_is_as_far_beyond_as_it_was():
    """Only what lies within them is filtered."""
    hu = with_extremes().astype(float)
    found = unsharpened(Volume(hu, GRID), KERNEL, ALL).array
    cut = unsharpened(Volume(np.clip(hu, *LIMITS_HU), GRID), KERNEL, ALL).array
    assert np.abs(found - cut - (hu - np.clip(hu, *LIMITS_HU))).max() < 0.01
    assert found[6, 61, 71] > 18000
    assert found[0, 0, 0] < -2900
