"""Findings about opacities say how much, where, and what it means."""

import pytest
from BV5AnalysisLib.imaging.lungs.opacity_findings import opacity_findings
from BV5AnalysisLib.imaging.model.finding import Severity
from BV5AnalysisLib.imaging.model.tissue import OpacityVolumes


def found(glass=0.0, lines=0.0, solid=0.0, more=()):
    """Findings by code of lungs of 4 L, all opacity in the right one; mL."""
    rows = [
        OpacityVolumes("both", 4000, glass, lines, solid),
        OpacityVolumes("right", 2200, glass, lines, solid),
        OpacityVolumes("left", 1800, 0, 0, 0),
        *more,
    ]
    return {finding.code: finding for finding in opacity_findings(rows)}


def test_lungs_without_opacities_have_no_finding():
    assert found() == {}


@pytest.mark.parametrize("code", ["ground_glass", "reticulation"])
def test_opacities_are_told_from_five_percent_on(code):
    name = {"ground_glass": "glass", "reticulation": "lines"}[code]
    assert found(**{name: 190}) == {}
    finding = found(**{name: 210})[code]
    assert finding.value == pytest.approx(5.25)
    assert finding.severity is Severity.WARNING
    assert "(right 210 mL)" in finding.text


def test_reticulation_whose_lines_may_count_as_vessels_is_an_error():
    assert found(lines=270)["reticulation"].severity is Severity.WARNING
    finding = found(lines=290)["reticulation"]
    assert finding.severity is Severity.ERROR
    assert "cannot be used" in finding.text


def test_consolidation_tells_what_was_not_measured():
    assert found(solid=0.9) == {}
    assert found(solid=8)["consolidation"].severity is Severity.INFO
    finding = found(solid=80)["consolidation"]
    assert finding.severity is Severity.WARNING
    assert "80 mL of lung were not measured" in finding.text


@pytest.mark.parametrize("name", ["solid", "lines"])
def test_much_opacity_is_an_error(name):
    assert "much_opacity" not in found(**{name: 900})
    assert found(**{name: 1100})["much_opacity"].severity is Severity.ERROR


def test_opacity_is_told_for_each_given_region():
    upper = OpacityVolumes("upper", 2000, 0, 0, 30)
    other = OpacityVolumes("other", 2000, 0, 0, 0)
    text = found(solid=80, more=(upper, other))["consolidation"].text
    assert "right 80 mL, upper 30 mL)" in text
    assert "other" not in text
