"""Sentences about the method, written once for every output."""

from __future__ import annotations

import math

from ..case.case import Case, Review
from ..imaging import pipeline
from ..imaging.model.finding import Severity
from ..imaging.model.measurements import Kernel
from ..imaging.model.size_classes import SizeClass
from ..imaging.parameters import Parameters
from ..imaging.sizing import branch_sizes, intrapulmonary, wide_vessels
from ..imaging.vessels import work_grid

COUNTED = (SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10)
"""Classes that TPBV is the sum of."""
SEVERITY_TITLES = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.INFO: "Note"}
REFERENCES = (
    "San José Estépar R, Kinney GL, Black-Shinn JL, et al. Computed tomographic measures of"
    " pulmonary vascular morphology in smokers and their clinical implications. Am J Respir Crit"
    " Care Med. 2013;188(2):231-239.",
    "Morris MF, Pershad Y, Kang P, et al. Altered pulmonary blood volume distribution as a"
    " biomarker for predicting outcomes in COVID-19 disease. Eur Respir J. 2021;58(3):2004133.",
)


LARGE, MOST_DECIMALS = 1e7, 6
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None, decimals: int = 1) -> str:
    """Value for people: a dash where there is none, a true minus sign, never minus zero.

    With more digits than one reads, it has a power of ten.
    """
    if value is None or not math.isfinite(value):
        return "–"
    if abs(value) >= LARGE or (value and decimals > MOST_DECIMALS):
        digits, power = f"{value:.2e}".split("e")
        return f"{digits} × 10{str(int(power)).translate(_RAISED)}".replace("-", "−")
    return f"{round(value, decimals) + 0.0:,.{decimals}f}".replace("-", "−")


def class_range(size_class: SizeClass, parameters: Parameters) -> str:
    """Say what makes a class under these parameters, such as ``5 ≤ CSA < 10 mm²``."""
    floor, (low, high) = parameters.minimum_csa_mm2, parameters.class_bounds_mm2
    return {
        SizeClass.BV5: f"{floor:g} ≤ CSA < {low:g} mm²",
        SizeClass.BV5_10: f"{low:g} ≤ CSA < {high:g} mm²",
        SizeClass.BV10: f"CSA ≥ {high:g} mm²",
        SizeClass.BELOW_FLOOR: f"CSA < {floor:g} mm²",
        SizeClass.HILAR: f"lung on less than {100 * parameters.hilum_share:g} % of sides",
    }[size_class]


def method_paragraph(case: Case) -> str:
    """How the numbers came about, for a paper's method section.

    Parameters
    ----------
    case : Case
        What the numbers come from.

    Returns
    -------
    str
        One paragraph.
    """
    parameters, sizes = case.parameters, branch_sizes.CONSTANTS
    wide_mm2 = wide_vessels.CONSTANTS.wide_mm2
    edge_mm, anisotropy = pipeline.CONSTANTS.edge_mm, work_grid.CONSTANTS.anisotropy_limit
    bv5, bv5_10, bv10 = (class_range(size_class, parameters) for size_class in COUNTED)
    lungs = (
        "Airways were segmented in given lungs, to which was added what they surround"
        if case.lungs_given
        else "Lungs and airways were segmented"
    )
    below = (
        f" vessels below {parameters.minimum_csa_mm2:g} mm² are reported apart."
        if parameters.minimum_csa_mm2 > 0
        else " there is no floor."
    )
    return (
        f"{lungs}; centerlines were not looked for in their outermost {edge_mm:g} mm. Slices"
        f" more than {anisotropy:g} times as far apart as the pixels were interpolated between by"
        " cubic splines, much thinner ones averaged. Bronchi were found as dark ridges with a ring"
        " of wall around, and what lumen and wall add was taken off the image. Vessel centerlines"
        " were found as ridges of attenuation over several scales and linked into trees. At each"
        " centerline point the cross-sectional area (CSA) was measured in the plane across the"
        " vessel as the integral of (HU − local"
        " background) / (HU of blood − local background), which the scanner's blur does not change;"
        " how far out it goes was set by the blur, read from the scan's thin vessels. Directions"
        " with a neighbor in them were replaced by the opposite ones, and pairs of opposite"
        " directions well above the lowest ones left out; lines along sheets such as fissures were"
        f" dropped.{_kernel_sentence(case.calibration.kernel)} Blood was taken as"
        f" {case.calibration.blood_hu:.0f} HU, {_source_of_blood(case)}. Areas were"
        " smoothed along each branch by a running median"
        f" over {sizes.window_mm:.0f} mm, {sizes.thin_window_mm:.0f} mm below"
        f" {sizes.thin_mm2:g} mm², and carried on"
        " into junctions from outside them. Blood volume is the sum of area times length along the"
        " branches, each piece counted for one vessel only, with a half ball where a vessel"
        f" divides; for vessels of {wide_mm2:g} mm² and more it is the sum of their voxels' blood"
        " fractions. Lines that are wider than the vessels on their way to the hilum, or that feed"
        " fewer branches than a vessel does, are opacities; they count by the share that is vessel."
        f" Blood is told by class of the area: BV5 ({bv5}), BV5-10 ({bv5_10}), BV10"
        f" ({bv10});{below}"
        f" Vessel trees shorter than {parameters.minimum_component_length_mm:g} mm in all were"
        " dropped. Percentages are of the three classes' sum, the total pulmonary blood volume"
        f" (TPBV). {hilum_sentence(case)}"
    )


def _kernel_sentence(kernel: Kernel) -> str:
    """Say that a sharp kernel was undone, a space first; empty where it was not."""
    if kernel.sharpness == 0:
        return ""
    return (
        f" The kernel's sharpening ({kernel.sharpness:.2g}), read from the dark rings around thin"
        " vessels, was undone before vessels were looked for and measured."
    )


def hilum_sentence(case: Case) -> str:
    """Say how vessels at the hilum count, and what they hold."""
    share, reach_mm = 100 * case.parameters.hilum_share, intrapulmonary.CONSTANTS.reach_mm
    ml = case.value(case.measurements[0], "hilar_ml")
    held = f"; they hold {ml:.1f} mL" if math.isfinite(ml) else ""
    definition = (
        f"vessels with lung within {reach_mm:g} mm (aerated, ground glass, or an opacity that was"
        f" found) on less than {share:g} % of their sides"
    )
    if case.parameters.hilum_apart:
        return f"Hilar blood is in no class and no percentage: that of {definition}{held}."
    if not held:
        return "Hilar blood is included in all classes and percentages, and was not told apart."
    return f"Hilar blood is included in all classes and percentages: that of {definition}{held}."


def interval_sentence(case: Case) -> str:
    """Say what the intervals hold; empty where there are none, as in earlier versions."""
    if case.measurements[0].intervals is None:
        return ""
    return (
        "Ranges are 90 % intervals: they allow for the scatter of areas along each branch, for the"
        " estimate of blood's attenuation, for where the hilum begins, and for vessels that are"
        " missed or false, as often as in simulated chests, more in thick slices and noise. They do"
        " not allow for what the findings tell of."
    )


def review_sentence(review: Review) -> str:
    """Say who decided what, and when; empty as long as nobody did."""
    if not review.status:
        return ""
    by = f" by {review.reviewer}" if review.reviewer else ""
    on = f" on {review.time[:10]}" if review.time else ""
    return f"{review.status.capitalize()}{by}{on}."


def edits_sentence(case: Case) -> str:
    """Say what was changed by hand; empty if nothing was."""
    if not case.edits:
        return ""
    held = case.measurements[0]
    whole = held.tpbv_ml + held.below_floor_ml
    if case.parameters.hilum_apart and math.isfinite(held.hilar_ml):
        whole += held.hilar_ml
    parts = [
        (case.edits.erased_ml, "erased"),
        (case.edits.added_ml, "added"),
        (case.edits.reclassified_ml, "moved to another size class"),
        (case.edits.lung_changed_ml, "left outside of changed lungs"),
    ]
    moved = ", ".join(f"{volume:.2f} mL {what}" for volume, what in parts if volume > 0)
    blood = f"Edited by hand, in a total of now {whole:.2f} mL of blood: {moved or 'none moved'}."
    lungs_ml = case.edits.lung_volume_changed_ml
    return f"{blood} The lungs' volumes changed by {lungs_ml:.1f} mL." if lungs_ml > 0 else blood


def _source_of_blood(case: Case) -> str:
    if case.parameters.blood_hu is not None:
        return "set by the user"
    if any(finding.code == "blood_not_measured" for finding in case.findings):
        return "as usual without contrast agent, since too few large vessels were found"
    return "the upper quartile in the middle of the scan's wide vessels in aerated lung"
