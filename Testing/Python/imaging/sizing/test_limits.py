"""What is withheld, of which scans."""

import pytest
from BV5AnalysisLib.imaging.model.finding import Finding, Severity
from BV5AnalysisLib.imaging.model.measurements import Measurement
from BV5AnalysisLib.imaging.model.scan import Acquisition
from BV5AnalysisLib.imaging.model.tissue import OpacityVolumes
from BV5AnalysisLib.imaging.model.volume import Grid
from BV5AnalysisLib.imaging.sizing.blur import Blur
from BV5AnalysisLib.imaging.sizing.limits import WITHHELD, limit_findings, withheld_by


def codes(slice_mm=1.0, thickness_mm=None, blur=None, slab=False):
    grid = Grid((10, 10, 10), (0.7, 0.7, slice_mm))
    acquisition = Acquisition(slice_thickness_mm=thickness_mm)
    return [each.code for each in limit_findings(grid, acquisition, blur or Blur(), slab)]


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


def test_each_withholds_what_it_names():
    grid = Grid((10, 10, 10), (0.7, 0.7, 4.0))
    findings = limit_findings(grid, Acquisition(), Blur(), True)
    assert "4 mm apart" in findings[0].text
    withheld = withheld_by((Finding("other", Severity.ERROR, "Other."), *findings))
    assert [(each.code, each.reason) for each in withheld] == [(f.code, f.text) for f in findings]
    assert [each.measures for each in withheld] == list(WITHHELD.values())


@pytest.mark.parametrize("measures", WITHHELD.values())
def test_what_is_withheld_is_a_measure(measures):
    row = Measurement("both", 4000.0, 10.0, 3.0, 2.0, 1.0, 5000.0)
    opacities = OpacityVolumes("both", 4000.0, 1.0, 2.0, 3.0)
    assert all(hasattr(row, each) or hasattr(opacities, each) for each in measures)
