"""Lumps and haze are told from thin vessels where they crowd, and findings say how much."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.finding import Severity
from BV5AnalysisLib.imaging.model.measurements import Calibration, Measurement
from BV5AnalysisLib.imaging.model.work_image import WorkImage
from BV5AnalysisLib.imaging.sizing import heights
from BV5AnalysisLib.imaging.sizing.blur import Blur
from BV5AnalysisLib.imaging.sizing.branch_sizes import SizedBranches
from BV5AnalysisLib.imaging.sizing.cross_sections import CrossSections
from BV5AnalysisLib.imaging.sizing.heights import Heights, relative_heights
from BV5AnalysisLib.imaging.sizing.lump_findings import lump_findings
from BV5AnalysisLib.imaging.sizing.lumps import vessel_shares
from BV5AnalysisLib.imaging.sizing.tree_order import TreeOrder
from helpers.tubes import line_branches, straight

LUNG_HU, SIGMA_MM = -860.0, 0.8


def order_of(caliber_mm2, lasting=1.0):
    ones = np.ones(len(caliber_mm2))
    lasts = np.stack([ones * lasting] * 2, axis=1)
    return TreeOrder(ones, np.asarray(caliber_mm2, float), ones, ones, 0 * ones, lasts)


class Lung:
    """Vessels and lumps at random places in a cube of 100 mm; `share` of the lines are lumps."""

    def __init__(self, share, count=2000):
        rng = np.random.default_rng(3)
        self.position_mm = rng.uniform(0, 100, (count, 3))
        self.is_lump = rng.random(count) < share
        self.lasting = np.where(self.is_lump, 0.0, 1.0)
        self.height = np.ones(count)
        self.caliber_mm2 = np.full(count, 4.0)

    def shares(self, blood_hu=40.0):
        count = len(self.is_lump)
        sized = SizedBranches(self.caliber_mm2, np.full(count, 0.01), np.zeros(count))
        stand_out = Heights(np.full(count, 0.9), self.height)
        order = order_of(self.caliber_mm2, self.lasting)
        return vessel_shares(self.position_mm, sized, order, stand_out, blood_hu)


def test_lumps_that_crowd_are_none_and_vessels_stay():
    lung = Lung(0.4)
    shares = lung.shares()
    assert shares[lung.is_lump].max() < 0.01
    assert shares[~lung.is_lump].min() > 0.99


def test_what_seldom_looks_like_a_lump_is_a_vessel():
    assert Lung(0.01).shares().mean() > 0.998


def test_faint_lines_that_crowd_are_haze():
    lung = Lung(0.4)
    lung.lasting[:] = 1.0
    lung.height = np.where(lung.is_lump, 0.45, 0.95)
    shares = lung.shares()
    assert shares[lung.is_lump].max() < 0.01
    assert shares[~lung.is_lump].min() > 0.99


def test_in_a_crowd_lines_without_the_agent_that_blood_has_are_none():
    lung = Lung(0.4)
    dim = np.arange(len(lung.is_lump)) % 10 == 0
    lung.lasting[dim] = 1.0
    lung.height[dim] = 0.7
    dim &= ~lung.is_lump
    assert lung.shares(blood_hu=300.0)[dim].mean() < 0.02
    # Without the agent attenuation tells less: lines as faint as that may be vessels.
    assert lung.shares(blood_hu=40.0)[dim].min() > 0.4


def test_wide_lines_are_left_to_tree_order():
    lung = Lung(0.4)
    lung.caliber_mm2[:] = 30.0
    assert lung.shares().min() == 1


def test_without_lines_there_are_no_shares():
    lung = Lung(0.4, count=0)
    assert len(lung.shares()) == 0


def lines_in_image(spread, contrast_hu, lasting=0.0):
    """Height of lines of 3 mm² of blood that are wider by a factor, over that of a vessel.

    `lasting` is the share of their blood by which the scan's own vessels are known.
    """
    line = straight((20, 20, 5), (0, 0, 1), 30.0)
    branches = line_branches([line], [1.0])
    z, y, _ = np.indices((40, 40, 40)) * 0.7
    sigma = SIGMA_MM * spread
    place = np.exp(-((z - 14) ** 2 + (y - 14) ** 2) / (2 * sigma**2))
    branches.position_mm[:, :2] = 14
    branches.position_mm[:] *= [1, 1, 0.7]
    hu = LUNG_HU + contrast_hu * 3.0 / (2 * np.pi * sigma**2) * place
    image = WorkImage(hu.astype(np.float32), hu > -2000, hu > -2000, np.full(3, 0.7))
    csa = np.full(len(line), 3.0)
    sections = CrossSections(csa, np.full(len(line), LUNG_HU), np.ones(len(line)), 0 * csa)
    calibration = Calibration(LUNG_HU + contrast_hu, LUNG_HU, 10.0)
    blur = Blur((SIGMA_MM**2,) * 3)
    order = order_of(csa, lasting)
    return relative_heights(branches, csa, sections, image, calibration, blur, order)


@pytest.mark.parametrize("contrast_hu", [900.0, 1200.0])
def test_what_is_wider_than_the_blur_of_its_area_is_fainter(contrast_hu):
    vessel, patch = (lines_in_image(spread, contrast_hu) for spread in (1.0, 1.6))
    # A thin vessel is A / 2πs² high, of which 1 - exp(-A / 2πs²) is the height of a disc.
    assert np.median(vessel.relative) == pytest.approx(1.2, abs=0.2)
    ratio = np.median(patch.relative) / np.median(vessel.relative)
    assert ratio == pytest.approx(1 / 1.6**2, abs=0.08)


def test_a_scans_own_vessels_tell_what_is_typical_the_more_they_hold():
    """A line of 90 mm³: from 10 mm³ on its height begins to count, from 20 on it is typical."""
    line_mm3 = 90.0
    alone = np.median(lines_in_image(1.0, 900.0).relative)
    assert alone > 1.1

    def relative(blood_mm3):
        return np.median(lines_in_image(1.0, 900.0, blood_mm3 / line_mm3).relative)

    low, high = (1000 * ml for ml in heights.CONSTANTS.fewest_ml)
    middle = (low + high) / 2
    assert relative(0.99 * low) == pytest.approx(alone, rel=1e-6)
    assert relative(middle) == pytest.approx(2 * alone / (1 + alone), abs=0.01)
    assert relative(1.01 * high) == pytest.approx(1.0, abs=0.005)
    assert relative(2 * high) == pytest.approx(relative(1.01 * high), abs=1e-6)
    assert relative(1.01 * middle) == pytest.approx(relative(middle), abs=0.01)


def test_where_no_vessel_tells_what_is_typical_those_next_in_width_do():
    """Heights are 0.8 of what the blur says at 2 mm² and 1.2 at 8 mm², and unknown between."""
    csa = np.repeat([2.0, 4.0, 8.0, 16.0], 50)
    ratio = np.repeat([0.8, 5.0, 1.2, 5.0], 50)
    sure_mm3 = np.where(ratio < 5, 1.0, 0.0)
    typical = heights._typical(ratio, csa, sure_mm3)[::50]
    # 2 mm² is close to the middle, in logarithms, of its range from 1.7 to 2.3.
    assert typical[0] == pytest.approx(0.8, abs=0.01)
    place = np.log([1.7 * 2.3, 4.0**2, 6.5 * 9.0]) / 2
    between = 0.8 + 0.4 * (place[1] - place[0]) / (place[2] - place[0])
    assert typical[1] == pytest.approx(between, abs=0.01)
    assert typical[2:] == pytest.approx(1.2, abs=0.025)
    np.testing.assert_array_equal(heights._typical(ratio, csa, 0 * csa), 1.0)


def row(tpbv_ml):
    return Measurement("both", 4000.0, 0.5 * tpbv_ml, 0.2 * tpbv_ml, 0.3 * tpbv_ml, 0.0, 0.0)


@pytest.mark.parametrize(
    ("left_out_ml", "severity"), [(1.0, None), (6.0, Severity.WARNING), (20.0, Severity.ERROR)]
)
def test_findings_say_how_much_was_left_out(left_out_ml, severity):
    found = lump_findings(left_out_ml, row(100.0))
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    assert all(finding.value == pytest.approx(left_out_ml) for finding in found)


def test_without_blood_there_is_no_share_of_it():
    assert lump_findings(5.0, row(0.0)) == []
