"""What is withheld, of which scans."""

import pytest
from BV5AnalysisLib.imaging.model.scan import Acquisition
from BV5AnalysisLib.imaging.model.volume import Grid
from BV5AnalysisLib.imaging.sizing.blur import Blur
from BV5AnalysisLib.imaging.sizing.limits import limit_findings, withheld_values


def codes(slice_mm=1.0, thickness_mm=None, blur=None, slab=False):
    grid = Grid((10, 10, 10), (0.7, 0.7, slice_mm))
    acquisition = Acquisition(slice_thickness_mm=thickness_mm)
    return [each.code for each in withheld_values(grid, acquisition, blur or Blur(), slab)]


@pytest.mark.parametrize("slice_mm", [0.6, 2.0, 3.0, 3.0001])
def test_slices_of_up_to_3_mm_give_everything(slice_mm):
    assert codes(slice_mm) == codes(slice_mm, slice_mm) == []


@pytest.mark.parametrize(
    ("slice_mm", "thickness_mm"), [(3.1, None), (5.0, 5.0), (1.5, 4.0), (4.0, 1.0)]
)
def test_coarser_ones_give_no_small_vessels(slice_mm, thickness_mm):
    assert codes(slice_mm, thickness_mm) == ["small_vessels_unreadable"]


def test_so_does_a_blur_as_wide():
    # 3 mm at half maximum is a standard deviation of 1.27 mm.
    assert codes(blur=Blur((1.2**2, 0.5, 0.5))) == []
    assert codes(blur=Blur((1.35**2, 0.5, 0.5))) == ["small_vessels_unreadable"]


def test_a_slab_gives_no_totals():
    assert codes(slab=True) == ["incomplete_chest"]
    assert codes(4.0, slab=True) == ["small_vessels_unreadable", "incomplete_chest"]


def test_each_reason_is_a_finding():
    grid = Grid((10, 10, 10), (0.7, 0.7, 4.0))
    withheld = withheld_values(grid, Acquisition(), Blur(), True)
    findings = limit_findings(withheld)
    assert [finding.code for finding in findings] == [each.code for each in withheld]
    assert "4 mm apart" in findings[0].text
