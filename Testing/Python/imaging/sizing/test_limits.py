"""What is withheld, of which scans."""

import pytest
from BV5AnalysisLib.imaging.model.finding import Finding, Severity
from BV5AnalysisLib.imaging.model.measurements import Measurement
from BV5AnalysisLib.imaging.model.scan import Acquisition
from BV5AnalysisLib.imaging.model.tissue import OpacityVolumes
from BV5AnalysisLib.imaging.model.volume import Grid
from BV5AnalysisLib.imaging.sizing.blur import Blur
from BV5AnalysisLib.imaging.sizing.limits import WITHHELD, limit_findings, withheld_by

FLAT = (2.0**2, 0.4**2, 0.4**2)


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
    assert codes(blur=Blur((1.2**2,) * 3)) == []
    assert codes(blur=Blur((1.35**2,) * 3)) == ["small_vessels_unreadable"]
    # Of two axes across a vessel the product counts.
    assert codes(blur=Blur((1.6**2, 1.1**2, 1.1**2))) == ["small_vessels_unreadable"]


@pytest.mark.parametrize(
    ("along_z_mm", "within_mm", "lost"),
    [(0.7, 0.4, False), (1.6, 0.4, False), (1.9, 0.5, True), (1.7, 0.75, False)],
)
def test_a_blur_that_flattens_the_thinnest_vessel_gives_no_volumes(along_z_mm, within_mm, lost):
    """(1 + 0.1 + within²) / (1 + 0.1 + z²) against the least roundness of 0.3."""
    blur = Blur((along_z_mm**2, within_mm**2, within_mm**2))
    assert codes(3.0, blur=blur) == (["lying_vessels_lost"] if lost else [])


def test_a_slab_gives_no_totals():
    assert codes(slab=True) == ["incomplete_chest"]
    assert codes(4.0, slab=True) == ["small_vessels_unreadable", "incomplete_chest"]


def test_each_withholds_what_it_names():
    thick = Grid((10, 10, 10), (0.7, 0.7, 4.0))
    coarse = limit_findings(thick, Acquisition(), Blur(), True)
    assert "4 mm apart" in coarse[0].text
    flat = limit_findings(Grid((10, 10, 10), (0.7, 0.7, 3.0)), Acquisition(), Blur(FLAT), False)
    findings = (*coarse, *flat)
    withheld = withheld_by((Finding("other", Severity.ERROR, "Other."), *findings))
    assert [(each.code, each.reason) for each in withheld] == [(f.code, f.text) for f in findings]
    assert {each.code: each.measures for each in withheld} == WITHHELD


@pytest.mark.parametrize("measures", WITHHELD.values())
def test_what_is_withheld_is_a_measure(measures):
    row = Measurement("both", 4000.0, 10.0, 3.0, 2.0, 1.0, 5000.0)
    opacities = OpacityVolumes("both", 4000.0, 1.0, 2.0, 3.0)
    assert all(hasattr(row, each) or hasattr(opacities, each) for each in measures)
