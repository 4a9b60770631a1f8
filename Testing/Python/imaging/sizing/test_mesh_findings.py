"""What a mesh hides is told where it matters."""

import pytest
from BV5AnalysisLib.imaging.model.finding import Severity
from BV5AnalysisLib.imaging.model.measurements import Measurement
from BV5AnalysisLib.imaging.sizing.mesh_findings import mesh_findings

BOTH = Measurement("both", 4000.0, 20.0, 10.0, 20.0, 5.0, 1000.0)
"""Blood of BV5 40 %, mL."""


def test_without_a_mesh_nothing_is_said():
    assert mesh_findings(BOTH, 0.0) == []


def test_a_small_mesh_is_no_error():
    # A tenth of the lungs hides 2.2 mL of BV5 and 1.1 of BV5-10: 41.7 instead of 40 %.
    assert mesh_findings(BOTH, 0.1) == []


def test_a_large_mesh_is_an_error():
    (finding,) = mesh_findings(BOTH, 0.5)
    assert finding.code == "reticulation_hides_vessels"
    assert finding.severity is Severity.ERROR
    # 40 and 20 mL instead of 20 and 10.
    assert finding.value == pytest.approx(50 - 40)
    assert "50 % of the lungs (2000 mL)" in finding.text
    assert "20.0 mL of BV5 would be missing" in finding.text
