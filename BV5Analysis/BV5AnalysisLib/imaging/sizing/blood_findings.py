"""Quality findings of an analysis: what was measured about blood and noise."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.constants import MethodConstants, constant
from ..model.edits import Edits
from ..model.finding import Finding, Severity
from ..model.measurements import Calibration, Measurement

EDITED = "edited_by_hand"
"""Code of the finding about edits."""

ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)
"""The worst first."""


@dataclass(frozen=True)
class BloodFindingConstants(MethodConstants):
    """Limits of findings about blood and noise."""

    enhanced_blood_hu: float = constant(
        80.0,
        "HU",
        "Attenuation of blood from which on contrast agent is assumed.",
        "Blood without contrast agent is at 30 to 60 HU.",
    )
    noisy_hu: float = constant(
        45.0,
        "HU",
        "Noise from which on a warning is given.",
        "Measured on tubes: from here on areas below 2.5 mm² scatter by over a tenth.",
    )


CONSTANTS = BloodFindingConstants()


def calibration_findings(
    calibration: Calibration, blood_was_measured: bool, blood_was_given: bool
) -> list[Finding]:
    """Judge contrast enhancement and noise.

    Parameters
    ----------
    calibration : Calibration
        As used.
    blood_was_measured, blood_was_given : bool
        Where its blood attenuation comes from; neither means that a usual value was taken.

    Returns
    -------
    list of Finding
        Empty if there is nothing to say.
    """
    found = []
    blood, noise = calibration.blood_hu, calibration.noise_hu
    if blood >= CONSTANTS.enhanced_blood_hu:
        found.append(
            Finding(
                "contrast_enhancement",
                Severity.INFO,
                f"Blood is enhanced by contrast agent ({blood:.0f} HU); areas are"
                " scaled to it, but arteries and veins may differ.",
                blood,
            )
        )
    if not (blood_was_measured or blood_was_given):
        found.append(
            Finding(
                "blood_not_measured",
                Severity.WARNING,
                f"Too few large vessels to measure the attenuation of blood; {blood:.0f} HU was"
                " taken, as without contrast agent. Set blood_hu if contrast agent was given.",
                blood,
            )
        )
    if noise >= CONSTANTS.noisy_hu:
        found.append(
            Finding(
                "high_noise",
                Severity.WARNING,
                f"The noise in the lungs is {noise:.0f} HU; small vessels scatter between classes.",
                noise,
            )
        )
    return found


def vessel_findings(both: Measurement) -> list[Finding]:
    """Judge whether there are vessels at all.

    Parameters
    ----------
    both : Measurement
        Row of both lungs.

    Returns
    -------
    list of Finding
        Empty if there are some.
    """
    if both.tpbv_ml > 0:
        return []
    return [
        Finding(
            "no_vessels",
            Severity.ERROR,
            "No vessel at or above the floor was found in the lungs; percentages cannot be given.",
        )
    ]


def renewed_findings(
    findings: tuple[Finding, ...], both: Measurement, edits: Edits
) -> tuple[Finding, ...]:
    """Bring findings in line with edits: the scan's stay, the vessels' are made again.

    Parameters
    ----------
    findings : tuple of Finding
        Before.
    both : Measurement
        Row of both lungs, as it is now.
    edits : Edits
        All edits since the analysis.

    Returns
    -------
    tuple of Finding
        The worst first.
    """
    renewed = ("no_vessels", EDITED)
    found = [finding for finding in findings if finding.code not in renewed]
    found += vessel_findings(both)
    if edits:
        text = (
            f"Edited by hand: {edits.erased_ml:.2f} mL of blood erased,"
            f" {edits.added_ml:.2f} mL added, {edits.reclassified_ml:.2f} mL moved to another"
            f" class, {edits.lung_changed_ml:.2f} mL left outside of changed lungs."
        )
        if edits.lung_volume_changed_ml > 0:
            text += f" The lungs' volumes changed by {edits.lung_volume_changed_ml:.1f} mL."
        found.append(Finding(EDITED, Severity.INFO, text, edits.blood_ml))
    return worst_first(found)


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sort findings by severity, keeping their order within it."""
    return tuple(sorted(findings, key=lambda finding: ORDER.index(finding.severity)))
