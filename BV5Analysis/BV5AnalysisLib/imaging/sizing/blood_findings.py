"""Quality findings of an analysis: what was measured about blood and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lungs import opacity_findings
from ..model.centerlines import Centerlines
from ..model.constants import MethodConstants, constant
from ..model.cutting import values_at
from ..model.edits import Edits
from ..model.finding import Finding, Severity
from ..model.measurements import BloodLevels, Calibration, Measurement
from ..model.tissue import OpacityVolumes
from ..model.volume import Volume
from .unsharpening import unsharpened

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
    untried_noise_hu: float = constant(
        100.0,
        "HU",
        "Noise from which on it is an error.",
        "The noisiest random chests that the method is measured on have 80; in more, noise itself"
        " has ridges above the floor of BV5.",
    )
    hazy_contrast: float = constant(
        0.5,
        "1",
        "Contrast of blood in ground glass over that in plain lung.",
        "40 against -450 HU and 40 against -850 HU: 0.55; less in denser ground glass.",
    )
    notable_without_agent_pct: float = constant(
        15.0,
        "%",
        "Share of wide tubes without contrast agent that is reported.",
        "Mucus and scars are fewer in most lungs. Chosen by eye.",
    )
    most_without_agent_pct: float = constant(
        50.0,
        "%",
        "Share of wide tubes without contrast agent that is an error.",
        "Emboli close some vessels and not most of them: opacities were taken for vessels, or the"
        " agent has not arrived. Chosen on two scans: a random chest with 65 %, whose TPBV was 61 %"
        " too high, and a slab with mucus, which has 40 %.",
    )
    wide_mm2: float = constant(
        10.0,
        "mm²",
        "Area of the vessels whose middles are compared with blood.",
        "A radius of 1.8 mm, whose middle is hardly lowered by the blur.",
    )
    fewest_points: int = constant(
        100, "1", "With fewer points of such vessels there is no comparison.", "Chosen by eye."
    )
    largest_disagreement: float = constant(
        0.15,
        "1",
        "Difference of middles and blood, as a share of blood's contrast, that is an error.",
        "Areas are off by the same share, which moves BV5 % by several points.",
    )


CONSTANTS = BloodFindingConstants()


def calibration_findings(
    calibration: Calibration,
    levels: BloodLevels | None,
    blood_was_given: bool,
    contrast_agent: str | None,
) -> list[Finding]:
    """Judge contrast enhancement and noise.

    Parameters
    ----------
    calibration : Calibration
        As used.
    levels : BloodLevels or None
        What the scan's wide vessels show; None where there are too few.
    blood_was_given : bool
        Whether the user set blood's attenuation, which settles what it is.
    contrast_agent : str or None
        What the scan's header names.

    Returns
    -------
    list of Finding
        Empty if there is nothing to say.
    """
    found = []
    blood_hu = calibration.blood_hu
    if blood_hu >= CONSTANTS.enhanced_blood_hu:
        found.append(
            Finding(
                "contrast_enhancement",
                Severity.INFO,
                f"Blood is enhanced by contrast agent ({blood_hu:.0f} HU); areas are scaled to it.",
                blood_hu,
            )
        )
    if levels is None and not blood_was_given:
        found.append(
            Finding(
                "blood_not_measured",
                Severity.WARNING,
                f"Too few large vessels to measure the attenuation of blood; {blood_hu:.0f} HU was"
                " taken, as without contrast agent. Set blood_hu if contrast agent was given.",
                blood_hu,
            )
        )
    if contrast_agent and blood_hu < CONSTANTS.enhanced_blood_hu and not blood_was_given:
        found.append(
            Finding(
                "contrast_not_seen",
                Severity.ERROR,
                "The header names a contrast agent, but blood was taken as"
                f" {blood_hu:.0f} HU, as without one: areas may be far off. Compare with the"
                " attenuation of the pulmonary trunk and set blood_hu to it, also where the scan"
                " was made before the injection.",
                blood_hu,
            )
        )
    if levels is not None:
        found += _level_findings(calibration, levels)
    noise, seen = calibration.noise_hu, _noise_seen(calibration)
    if noise >= CONSTANTS.untried_noise_hu:
        found.append(
            Finding(
                "high_noise",
                Severity.ERROR,
                f"The noise in the lungs is {seen}, more than the method was ever tried on:"
                " noise may be taken for small vessels, and the numbers cannot be used. Give a"
                " reconstruction with a softer kernel or thicker slices.",
                noise,
            )
        )
    elif noise >= CONSTANTS.noisy_hu:
        found.append(
            Finding(
                "high_noise",
                Severity.WARNING,
                f"The noise in the lungs is {seen}; small vessels scatter between classes.",
                noise,
            )
        )
    return found


def _noise_seen(calibration: Calibration) -> str:
    """Noise, and what it is of where that is not the scan as it came."""
    kernel = calibration.kernel
    undone = " with the kernel's sharpening undone" if kernel.sharpness > 0 else ""
    return f"{calibration.noise_hu:.0f} HU{undone}"


def noisy_ground_glass(calibration: Calibration, opacities: OpacityVolumes) -> list[Finding]:
    """Judge noise against the lower contrast that vessels have in ground glass.

    Parameters
    ----------
    calibration : Calibration
        Noise.
    opacities : OpacityVolumes
        Of both lungs.

    Returns
    -------
    list of Finding
        ``noisy_ground_glass``, or empty.
    """
    limit_hu = CONSTANTS.hazy_contrast * CONSTANTS.untried_noise_hu
    notable = opacity_findings.CONSTANTS.notable_percent
    if calibration.noise_hu < limit_hu or opacities.ground_glass_pct < notable:
        return []
    return [
        Finding(
            "noisy_ground_glass",
            Severity.ERROR,
            f"Ground glass fills {opacities.ground_glass_pct:.0f} % of the lungs, and the noise is"
            f" {_noise_seen(calibration)}: patches and noise in it may be taken for vessels, and"
            " the volumes cannot be used. Give a reconstruction with a softer kernel.",
            calibration.noise_hu,
        )
    ]


def _level_findings(calibration: Calibration, levels: BloodLevels) -> list[Finding]:
    """Judge vessels that differ in the attenuation of their blood."""
    found = []
    if len(levels.levels_hu) > 1:
        low, high = levels.levels_hu
        off = 100 * (high - low) / 2 / (calibration.blood_hu - calibration.parenchyma_hu)
        found.append(
            Finding(
                "two_blood_levels",
                Severity.WARNING,
                f"Vessels have two levels of enhancement, {low:.0f} and {high:.0f} HU, as arteries"
                " and veins do early or late after an injection; areas are scaled to"
                f" {calibration.blood_hu:.0f} HU, so that those of either kind are off by about"
                f" {off:.0f} %.",
                high - low,
            )
        )
    without_pct = levels.without_agent_pct
    if without_pct >= CONSTANTS.notable_without_agent_pct:
        most = without_pct >= CONSTANTS.most_without_agent_pct
        advice = (
            " Most of what was measured may be no blood, and the numbers cannot be used: look at"
            " the vessels in 3D."
        )
        found.append(
            Finding(
                "vessels_without_agent",
                Severity.ERROR if most else Severity.WARNING,
                f"{without_pct:.0f} % of the wide tubes in the lungs hold no contrast"
                " agent, though the others do: emboli, mucus in bronchi, or scars. Those taken for"
                " vessels count with too small an area." + (advice if most else ""),
                without_pct,
            )
        )
    return found


def core_findings(
    scan: Volume, centerlines: Centerlines, calibration: Calibration
) -> list[Finding]:
    """Compare blood with the middles of the wide vessels that were found.

    Parameters
    ----------
    scan : Volume
        HU.
    centerlines : Centerlines
        Vessels, LPS mm.
    calibration : Calibration
        As used.

    Returns
    -------
    list of Finding
        ``blood_disagrees`` (value: the middles' median, HU), or nothing.
    """
    wide = centerlines.csa_mm2 >= CONSTANTS.wide_mm2
    if np.count_nonzero(wide) < CONSTANTS.fewest_points:
        return []
    # A sharp kernel raises middles; blood was read with that undone.
    points_mm = centerlines.points_mm[wide]
    index = np.rint(scan.grid.world_to_index(points_mm)).astype(int)
    here = np.zeros(scan.array.shape, bool)
    here[tuple(np.clip(index, 0, np.array(here.shape) - 1).T)] = True
    smooth = unsharpened(scan, calibration.kernel, here)
    middle_hu = float(np.median(values_at(smooth, points_mm)))
    contrast_hu = calibration.blood_hu - calibration.parenchyma_hu
    off = (middle_hu - calibration.blood_hu) / contrast_hu
    if abs(off) < CONSTANTS.largest_disagreement:
        return []
    return [
        Finding(
            "blood_disagrees",
            Severity.ERROR,
            f"The middles of wide vessels have {middle_hu:.0f} HU, but blood was taken as"
            f" {calibration.blood_hu:.0f} HU: areas may be off by about {100 * abs(off):.0f} %."
            " Set blood_hu to the attenuation of the pulmonary trunk.",
            middle_hu,
        )
    ]


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
