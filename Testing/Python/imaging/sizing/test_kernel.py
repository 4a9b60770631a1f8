"""Dark rings of sharp kernels: how sharp a kernel is, as thin vessels show it."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.measurements import Calibration, Kernel
from BV5AnalysisLib.imaging.sizing.blur import Blur
from BV5AnalysisLib.imaging.sizing.kernel import CONSTANTS, measure_kernel
from BV5AnalysisLib.imaging.sizing.kernel_findings import kernel_findings
from helpers.tubes import line_branches, matching_scale, straight
from helpers.work_images import image_of
from scipy import ndimage

STEP_MM, WITHIN_MM, ALONG_Z_MM, WIDER_MM = 0.25, 0.5, 0.65, 1.1
BLUR = Blur((ALONG_Z_MM**2, WITHIN_MM**2, WITHIN_MM**2))
MIDDLE_MM = 39.5 * STEP_MM
LINES = 10
"""The same line as often as its points are enough to measure by."""


def measured_in_tube(sharpness, noise_hu=0.0, csa_mm2=1.25, lines=LINES, length_mm=16.0):
    """What is measured in a tube along x that was sharpened within slices."""
    one, other = (np.indices((80, 80)) - 39.5) * STEP_MM
    edge = (np.sqrt(csa_mm2 / np.pi) - np.hypot(one, other)) / STEP_MM + 0.5
    disc = np.clip(edge, 0, 1)
    disc *= csa_mm2 / (disc.sum() * STEP_MM**2)
    disc = ndimage.gaussian_filter(disc, (ALONG_Z_MM / STEP_MM, WITHIN_MM / STEP_MM))
    wide = ndimage.gaussian_filter1d(disc, WIDER_MM / STEP_MM, axis=1)
    share = (1 + sharpness) * disc - sharpness * wide
    hu = np.repeat((-850 + 890 * share).astype(np.float32)[:, :, None], 80, axis=2)
    hu += np.random.default_rng(3).normal(0, 1, hu.shape).astype(np.float32) * noise_hu
    line = straight(np.array([MIDDLE_MM, MIDDLE_MM, 2.0]), np.array([0.0, 0.0, 1.0]), length_mm)
    branches = line_branches([line] * lines, [matching_scale(csa_mm2)] * lines)
    calibration = Calibration(40.0, -850.0, 10.0)
    return measure_kernel(image_of(hu, np.full(3, STEP_MM)), branches, calibration, BLUR)


def kernel_of_tube(sharpness, **tube):
    return measured_in_tube(sharpness, **tube).kernel


def codes(measured):
    return [each.code for each in kernel_findings(measured)]


# Measured: sharpness 9 to 14 % too high, the wider Gaussian's variance 4 to 15 % too low.
@pytest.mark.parametrize("sharpness", [0.5, 1.0])
@pytest.mark.parametrize("noise_hu", [0.0, 20.0])
def test_a_kernel_is_measured_in_thin_vessels(sharpness, noise_hu):
    kernel = kernel_of_tube(sharpness, noise_hu=noise_hu)
    assert kernel.sharpness == pytest.approx(sharpness, rel=0.17)
    assert kernel.wider_mm2 == pytest.approx(WIDER_MM**2, rel=0.2)


def test_without_a_ring_a_kernel_is_not_sharp():
    assert kernel_of_tube(0.0).sharpness == 0
    assert kernel_of_tube(0.0, noise_hu=20.0).sharpness < 0.01


def test_sharpness_comes_up_without_a_jump():
    found = [kernel_of_tube(sharpness).sharpness for sharpness in np.linspace(0.0, 0.4, 21)]
    assert found[0] == 0
    assert np.diff(found).min() > -0.01
    # A fiftieth more in the kernel is less than a tenth more in what is found.
    assert np.abs(np.diff(found)).max() < 0.1


def test_an_undone_kernel_is_told():
    measured = measured_in_tube(1.0)
    assert measured.known == 1
    (finding,) = kernel_findings(measured)
    assert finding.code == "kernel_undone"
    assert finding.value == measured.kernel.sharpness
    assert codes(measured_in_tube(0.0)) == []


@pytest.mark.parametrize("few", [{"lines": 1}, {"csa_mm2": 9.0}])
def test_too_few_vessels_or_none_that_are_thin_show_no_kernel_which_is_told(few):
    measured = measured_in_tube(1.0, **few)
    assert measured.kernel == Kernel()
    assert measured.known == 0
    assert codes(measured) == ["kernel_not_measured"]


def test_a_point_more_of_few_makes_sharpness_no_jump():
    lengths_mm = np.linspace(6.0, 16.0, 21)
    found = [measured_in_tube(1.0, length_mm=length_mm) for length_mm in lengths_mm]
    known = np.array([each.known for each in found])
    assert known.min() == 0
    assert known.max() == 1
    # The same line ten times: ten points come in at once. The ramp is half as steep again midway.
    first, last = CONSTANTS.points
    most = 1.6 * LINES / (last - first)
    assert np.abs(np.diff(known)).max() < most
    sharp = np.array([each.kernel.sharpness for each in found])
    assert np.abs(np.diff(sharp)).max() < 1.1 * most
    part = found[int(np.argmin(np.abs(known - 0.5)))]
    assert codes(part) == ["kernel_undone", "kernel_not_measured"]
