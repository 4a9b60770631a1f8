"""Checks of vessels speak up when the hilum, the order or one side is missing, and only then."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs.hila import Hila, Places
from BV5AnalysisLib.imaging.model.finding import Severity
from BV5AnalysisLib.imaging.model.measurements import Measurement
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.tissue import OpacityVolumes
from BV5AnalysisLib.imaging.sizing.branch_sizes import SizedBranches
from BV5AnalysisLib.imaging.sizing.tree_order import TreeOrder
from BV5AnalysisLib.imaging.sizing.vessel_checks import side_findings, vessel_order_findings


def order_codes(area_mm2, leaving, share, slab=False):
    """Codes of two lungs of 130 mm, with one wide point each."""
    one = np.ones(2)
    order = TreeOrder(
        one * share, one * area_mm2, one, one, np.array(leaving, float), np.ones((2, 2))
    )
    sized = SizedBranches(one * area_mm2, one * share, np.zeros(2))
    places = Places(np.zeros((2, 3)), np.array([LungLabel.RIGHT, LungLabel.LEFT]))
    hila = Hila(
        np.zeros((2, 3)),
        np.array([130.0, 130.0]),
        np.zeros(2),
        np.zeros((2, 2)),
        np.zeros((1, 1, 1)),
        np.zeros((1, 1, 1)),
        np.zeros(3),
        np.ones(3),
    )
    findings = vessel_order_findings(sized, order, places, hila, slab)
    assert all(finding.severity is Severity.ERROR for finding in findings)
    return {finding.code: finding for finding in findings}


def test_trunks_at_both_hila_are_no_finding():
    assert order_codes(60.0, (1, 1), 1.0) == {}


def test_a_lung_whose_vessels_start_nowhere_is_told():
    finding = order_codes(60.0, (1, 0), 1.0)["no_hilar_vessels"]
    assert "leaves the left lung" in finding.text
    # Thin vessels at the hilum are no trunks: 130² / 1000 is 17 mm².
    assert "right and left" in order_codes(10.0, (1, 1), 1.0)["no_hilar_vessels"].text


def test_a_slab_need_not_show_the_hila():
    assert order_codes(10.0, (1, 1), 1.0, slab=True) == {}


def test_blood_in_doubtful_structures_is_told_with_its_share():
    assert "vessels_wider_than_parents" not in order_codes(60.0, (1, 1), 0.95)
    finding = order_codes(60.0, (1, 1), 0.8)["vessels_wider_than_parents"]
    assert finding.value == pytest.approx(20)


def sides(right_ml, left_ml, consolidated_ml=0.0):
    """Findings of two lungs of 2 L with so much blood."""

    def lung(region, blood_ml):
        return Measurement(region, 2000, blood_ml, 0, 0, 0, 0)

    def opacity(region, ml=0.0):
        return OpacityVolumes(region, 2000, 0, 0, ml)

    rows = [lung("both", right_ml + left_ml), lung("right", right_ml), lung("left", left_ml)]
    opacities = [opacity("both"), opacity("right"), opacity("left", consolidated_ml)]
    return side_findings(rows, opacities)


def test_lungs_alike_are_no_finding():
    assert sides(60, 45) == []
    assert sides(0, 0) == []


def test_a_lung_with_less_than_a_third_of_the_vessels_is_told():
    (finding,) = sides(60, 18)
    assert finding.code == "one_sided_vessels"
    assert finding.value == pytest.approx(0.3)
    assert "The left lung has 30 %" in finding.text
    assert "The right lung has 30 %" in sides(18, 60)[0].text


def test_consolidated_lung_is_not_expected_to_have_vessels():
    assert sides(60, 18, consolidated_ml=1000) == []
