"""What is said about blood, noise and missing vessels."""

import pytest
from BV5AnalysisLib.imaging.model.edits import Edits
from BV5AnalysisLib.imaging.model.finding import Finding, Severity
from BV5AnalysisLib.imaging.model.measurements import Calibration, Measurement
from BV5AnalysisLib.imaging.sizing.blood_findings import (
    CONSTANTS,
    calibration_findings,
    renewed_findings,
    vessel_findings,
    worst_first,
)


def codes(blood=40.0, noise=20.0, measured=True, given=False):
    found = calibration_findings(Calibration(blood, -850.0, noise), measured, given)
    return {finding.code: finding for finding in found}


def test_a_usual_scan_has_none():
    assert codes() == {}


def test_contrast_agent_is_told_with_its_value():
    assert "contrast_enhancement" not in codes(blood=CONSTANTS.enhanced_blood_hu - 1)
    finding = codes(blood=240.4)["contrast_enhancement"]
    assert finding.severity == Severity.INFO
    assert finding.value == 240.4
    assert "240 HU" in finding.text


@pytest.mark.parametrize(
    ("measured", "given", "told"),
    [(True, False, False), (False, True, False), (False, False, True), (True, True, False)],
)
def test_blood_taken_as_usual_is_told(measured, given, told):
    assert ("blood_not_measured" in codes(measured=measured, given=given)) == told


def test_noise_is_told_from_its_limit_on():
    assert "high_noise" not in codes(noise=CONSTANTS.noisy_hu - 0.1)
    finding = codes(noise=CONSTANTS.noisy_hu)["high_noise"]
    assert finding.severity == Severity.WARNING
    assert f"{CONSTANTS.noisy_hu:.0f} HU" in finding.text


def test_lungs_without_vessels_are_an_error():
    some = Measurement("both", 4000.0, 10.0, 3.0, 2.0, 1.0, 5000.0)
    none = Measurement("both", 4000.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    assert vessel_findings(some) == []
    assert [f.severity for f in vessel_findings(none)] == [Severity.ERROR]


def test_worst_come_first_and_equals_keep_their_order():
    findings = [
        Finding(str(number), severity, "")
        for number, severity in enumerate(
            [Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.INFO, Severity.WARNING]
        )
    ]
    assert [f.code for f in worst_first(findings)] == ["2", "1", "4", "0", "3"]


def test_after_edits_the_scans_findings_stay_and_the_vessels_are_renewed():
    scan = Finding("thick_slices", Severity.WARNING, "Thick.")
    none = Finding("no_vessels", Severity.ERROR, "None.")
    empty = Measurement("both", 5000.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    some = Measurement("both", 5000.0, 10.0, 5.0, 5.0, 0.0, 0.0)
    assert renewed_findings((none, scan), some, Edits()) == (scan,)
    edited = renewed_findings((none, scan), some, Edits(added_ml=20.0, erased_ml=1.25))
    assert [found.code for found in edited] == ["thick_slices", "edited_by_hand"]
    assert edited[1].severity == Severity.INFO
    assert "1.25 mL of blood erased" in edited[1].text
    assert edited[1].value == 21.25
    assert "lungs' volumes" not in edited[1].text
    lungs = renewed_findings((), some, Edits(lung_volume_changed_ml=3.25))[0]
    assert "The lungs' volumes changed by 3.2 mL." in lungs.text
    assert lungs.value == 0.0
    emptied = renewed_findings(edited, empty, Edits(erased_ml=20.0))
    assert [found.code for found in emptied] == ["no_vessels", "thick_slices", "edited_by_hand"]
    assert "20.00 mL of blood erased" in emptied[2].text
