"""What is said about blood, noise and missing vessels."""

import dataclasses

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.edits import Edits
from BV5AnalysisLib.imaging.model.finding import Finding, Severity
from BV5AnalysisLib.imaging.model.measurements import BloodLevels, Calibration, Kernel, Measurement
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.model.tissue import OpacityVolumes
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.sizing.blood_findings import (
    CONSTANTS,
    calibration_findings,
    core_findings,
    noisy_ground_glass,
    renewed_findings,
    vessel_findings,
    worst_first,
)
from scipy import ndimage

ONE_LEVEL = BloodLevels(40.0, (40.0,), 0.0)


def codes(blood=40.0, noise=20.0, levels=ONE_LEVEL, given=False, agent=None):
    found = calibration_findings(Calibration(blood, -850.0, noise), levels, given, agent)
    return {finding.code: finding for finding in found}


def test_a_usual_scan_has_none():
    assert codes() == {}


def test_contrast_agent_is_told_with_its_value():
    assert "contrast_enhancement" not in codes(blood=CONSTANTS.enhanced_blood_hu - 1)
    finding = codes(blood=240.4, agent="Iohexol")["contrast_enhancement"]
    assert finding.severity == Severity.INFO
    assert finding.value == 240.4
    assert "240 HU" in finding.text


@pytest.mark.parametrize(
    ("levels", "given", "told"),
    [(ONE_LEVEL, False, False), (None, True, False), (None, False, True), (ONE_LEVEL, True, False)],
)
def test_blood_taken_as_usual_is_told(levels, given, told):
    assert ("blood_not_measured" in codes(levels=levels, given=given)) == told


def test_an_agent_that_is_not_seen_is_an_error():
    finding = codes(blood=71.0, agent="Iohexol")["contrast_not_seen"]
    assert finding.severity == Severity.ERROR
    assert "71 HU" in finding.text
    assert "contrast_not_seen" not in codes(blood=71.0)
    assert "contrast_not_seen" not in codes(blood=240.0, agent="Iohexol")
    # What the user sets is settled, as for a scan before the injection.
    assert "contrast_not_seen" not in codes(blood=40.0, agent="Iohexol", given=True)


def test_two_levels_are_told():
    finding = codes(blood=290.0, levels=BloodLevels(290.0, (180.0, 400.0), 0.0))["two_blood_levels"]
    assert finding.severity == Severity.WARNING
    # Half of 220 HU in 290 + 850.
    assert "180 and 400 HU" in finding.text
    assert "about 10 %" in finding.text


def test_tubes_without_agent_are_told():
    limit = CONSTANTS.notable_without_agent_pct
    few, many = (BloodLevels(300.0, (300.0,), share) for share in (limit - 1, limit + 1))
    assert "vessels_without_agent" not in codes(blood=300.0, levels=few)
    finding = codes(blood=300.0, levels=many)["vessels_without_agent"]
    assert finding.value == limit + 1
    assert finding.severity == Severity.WARNING
    most = BloodLevels(300.0, (300.0,), CONSTANTS.most_without_agent_pct + 1)
    finding = codes(blood=300.0, levels=most)["vessels_without_agent"]
    assert finding.severity == Severity.ERROR


@pytest.mark.parametrize(
    ("noise", "glass_ml", "told"), [(49.0, 400, False), (51.0, 400, True), (51.0, 190, False)]
)
def test_noise_in_ground_glass_is_an_error(noise, glass_ml, told):
    lungs = OpacityVolumes("both", 4000, glass_ml, 0, 0)
    found = noisy_ground_glass(Calibration(40.0, -850.0, noise), lungs)
    assert [(each.code, each.severity) for each in found] == (
        [("noisy_ground_glass", Severity.ERROR)] if told else []
    )


def test_noise_beyond_what_was_tried_is_an_error():
    assert codes(noise=CONSTANTS.untried_noise_hu - 1)["high_noise"].severity == Severity.WARNING
    finding = codes(noise=CONSTANTS.untried_noise_hu)["high_noise"]
    assert finding.severity == Severity.ERROR
    assert "softer kernel" in finding.text


UNDONE = "with the kernel's sharpening undone"


@pytest.mark.parametrize(("kernel", "told"), [(Kernel(), False), (Kernel(0.8, 1.4), True)])
def test_noise_of_an_undone_kernel_is_said_to_be_so(kernel, told):
    lungs = OpacityVolumes("both", 4000, 400, 0, 0)
    for noise in (CONSTANTS.noisy_hu + 20, CONSTANTS.untried_noise_hu + 1):
        calibration = Calibration(40.0, -850.0, noise, kernel)
        (high,) = calibration_findings(calibration, ONE_LEVEL, False, None)
        (hazy,) = noisy_ground_glass(calibration, lungs)
        for finding in (high, hazy):
            assert (f"{noise:.0f} HU {UNDONE}" in finding.text) == told


def wide_line(points_mm):
    n = len(points_mm)
    return Centerlines.measured(
        points_mm=points_mm,
        branch_start=np.array([0, n]),
        csa_mm2=np.full(n, 20.0),
        size_class=np.full(n, SizeClass.BV10),
        point_volume_ml=np.full(n, 0.02),
        point_length_mm=np.ones(n),
        csa_error_mm2=np.ones(1),
    )


def test_middles_that_a_sharp_kernel_raised_are_no_other_blood():
    """A vessel of 4 mm across slices, of 186 HU under a kernel that raises its middle."""
    kernel = Kernel(sharpness=1.0, wider_mm2=1.5)
    y, x = np.indices((41, 41)) - 20
    soft = ndimage.gaussian_filter(np.where(np.hypot(y, x) <= 2, 186.0, -850.0), 0.8)
    sharp = 2 * soft - ndimage.gaussian_filter(soft, np.sqrt(kernel.wider_mm2))
    scan = Volume(
        np.repeat(sharp[None].astype(np.float32), 150, axis=0), Grid((41, 41, 150), (1.0, 1.0, 1.0))
    )
    points = np.stack([np.full(150, 20.0), np.full(150, 20.0), np.arange(150.0)], axis=1)
    middle = float(soft[20, 20])
    undone = Calibration(middle, -850.0, 20.0, kernel)
    assert core_findings(scan, wide_line(points), undone) == []
    left = dataclasses.replace(undone, kernel=Kernel())
    assert [f.code for f in core_findings(scan, wide_line(points), left)] == ["blood_disagrees"]


@pytest.mark.parametrize(
    ("blood", "middle", "told"), [(71.0, 285.0, True), (290.0, 285.0, False), (290.0, 71.0, True)]
)
def test_blood_that_wide_vessels_do_not_hold_is_an_error(blood, middle, told):
    scan = Volume(np.full((4, 4, 200), middle, np.float32), Grid((200, 4, 4), (1.0, 1.0, 1.0)))
    n = 150
    centerlines = wide_line(np.stack([np.arange(n), np.full(n, 2.0), np.full(n, 2.0)], axis=1))
    found = core_findings(scan, centerlines, Calibration(blood, -850.0, 20.0))
    assert [(f.code, f.severity) for f in found] == told * [("blood_disagrees", Severity.ERROR)]
    thin = dataclasses.replace(centerlines, csa_mm2=np.full(n, 4.0))
    assert core_findings(scan, thin, Calibration(blood, -850.0, 20.0)) == []


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
