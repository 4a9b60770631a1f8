"""Which series of a study is measured, by rules that are stated, with the choice in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...imaging.reading import dicom_series, scan_findings
from ...imaging.reading.scan_findings import is_sharp_kernel
from ..texts import LONGEST_REASON, counted, listed
from .series_stacks import Stack
from .series_words import (
    has_contrast,
    is_derived,
    is_in_expiration,
    is_of_chest,
    is_of_other_part,
    is_projection,
    is_prone,
    says_sharp,
)

CHEST_MM = 200.0
"""Lungs of adults are longer and wider; where all series are smaller, as of children, it is 80 %
of the largest one."""
THIN_MM = 2.0
"""Up to here the kernel matters more than the thickness: on phantoms BV5 % was off by +0.7 points
at 1.25 mm with a medium kernel, +1.5 at 2 mm, +1.8 at 1.25 mm with a sharp one, and +2.8 at 2 mm
with a sharp one (benchmarks/accuracy.md)."""
FINEST_MM = 0.6
"""Thinner slices are no better: there +0.8 points at 0.6 mm."""
LONGEST_MM = 350.0
"""No chest is longer."""
_AXIAL = 0.9


@dataclass(frozen=True)
class Choice:
    """The series to measure.

    Attributes
    ----------
    stack : Stack or None
        None if none can be measured.
    text : str
        One line: which one it is, and why not the others; empty where there were no others.
    problem : str
        Why none can be measured, one line; else empty.
    """

    stack: Stack | None
    text: str = ""
    problem: str = ""


@dataclass(frozen=True)
class _Rule:
    """One comparison: lower values are better, and `words` says what a higher one means."""

    value: Callable[[Stack], float]
    words: Callable[[Stack], str]


def chosen(stacks: Sequence[Stack]) -> Choice:
    """Choose what to measure of a study.

    A series can be measured if it is CT of attenuation (no localizer, projection, color or 8-bit
    picture, no multi-frame file), of 10 slices or more that are at most 5 mm apart and thick, in
    even steps, with none missing. Among those that can, the first of these that differs decides:

    1. not of another part of the body by its description (or its body part, if that says nothing);
    2. large enough for the lungs: 200 mm along and across the body, or 80 % of the largest;
    3. not in expiration, and not prone: less air moves blood to other classes;
    4. axial;
    5. slices up to 2 mm; of thicker ones the thinnest, as small vessels fade in them;
    6. said to be of the chest;
    7. no sharp kernel: it adds noise, which reads as thin vessels;
    8. original, not computed from other images;
    9. without contrast agent, so that patients are alike;
    10. thinner slices, down to 0.6 mm;
    11. longer, up to 350 mm; then more slices;
    12. the lower number, then the UID: to have one answer.

    Parameters
    ----------
    stacks : sequence of Stack
        All of one study.

    Returns
    -------
    Choice
        Descriptions of series are in its texts as they are in the headers.
    """
    reasons = [(stack, cannot_be_measured(stack)) for stack in stacks]
    able = [stack for stack, reason in reasons if not reason]
    if not able:
        return Choice(None, problem=_problem(reasons))
    rules = _rules(able)
    best = min(able, key=lambda stack: _key(stack, rules))
    if len(stacks) == 1:
        return Choice(best)
    others = [
        (stack, reason or _worse(stack, best, rules))
        for stack, reason in reasons
        if stack is not best
    ]
    return Choice(best, f"{_title(best)}, {_measure(best)}; not {_listed(others)}")


def cannot_be_measured(stack: Stack) -> str:
    """Why a series cannot be measured, in a few words; empty if it can be tried."""
    header = stack.kind.header
    thickness = stack.thickness_mm
    ways = (
        (header.modality != "CT", f"{header.modality or 'no stated modality'}, not CT"),
        (header.localizer, "localizer"),
        (header.channels > 1, "color pictures"),
        (header.bits == 8, "8-bit pictures"),
        (is_projection(stack.kind), "projections or renderings"),
        (header.frames > 1, "enhanced multi-frame CT: save it as .nrrd by 3D Slicer"),
        (
            not (header.position_mm and header.cosines and header.pixel_spacing_mm),
            "without position, orientation or pixel spacing",
        ),
        (
            stack.slices < dicom_series.CONSTANTS.fewest_slices,
            f"{counted(stack.slices, 'slice')} only",
        ),
        (bool(stack.problem), _short(stack.problem)),
        (thickness > scan_findings.CONSTANTS.coarsest_slice_mm, f"slices of {thickness:.3g} mm"),
    )
    return next((words for applies, words in ways if applies), "")


def _rules(stacks: Sequence[Stack]) -> tuple[_Rule, ...]:
    length_mm = min(CHEST_MM, 0.8 * max(stack.coverage_mm for stack in stacks))
    width_mm = min(CHEST_MM, 0.8 * max(stack.field_mm for stack in stacks))
    return (
        _Rule(lambda s: is_of_other_part(s.kind), lambda _: "of another part of the body"),
        _Rule(lambda s: s.coverage_mm < length_mm, lambda s: f"only {s.coverage_mm:.0f} mm long"),
        _Rule(lambda s: s.field_mm < width_mm, lambda s: f"only {s.field_mm:.0f} mm wide"),
        _Rule(lambda s: is_in_expiration(s.kind), lambda _: "in expiration"),
        _Rule(lambda s: is_prone(s.kind), lambda _: "prone"),
        _Rule(lambda s: not _is_axial(s), lambda _: "not axial"),
        _Rule(lambda s: round(max(s.thickness_mm, THIN_MM), 2), _thick),
        _Rule(lambda s: not is_of_chest(s.kind), lambda _: "not said to be of the chest"),
        _Rule(_is_sharp, _sharp),
        _Rule(lambda s: is_derived(s.kind), lambda _: "computed from other images"),
        _Rule(lambda s: has_contrast(s.kind), lambda _: "with contrast agent"),
        _Rule(lambda s: round(max(s.thickness_mm, FINEST_MM), 2), _thick),
        _Rule(
            lambda s: -round(min(s.coverage_mm, LONGEST_MM), -1),
            lambda s: f"shorter, {s.coverage_mm:.0f} mm",
        ),
        _Rule(lambda s: -s.slices, lambda s: f"fewer slices, {s.slices}"),
    )


def _key(stack: Stack, rules: Sequence[_Rule]) -> tuple[object, ...]:
    header = stack.kind.header
    number = int(header.series_number) if header.series_number.isdecimal() else 0
    values = tuple(float(rule.value(stack)) for rule in rules)
    return *values, number, header.series_uid, (stack.groups[0].folder, stack.groups[0].names[0])


def _worse(stack: Stack, best: Stack, rules: Sequence[_Rule]) -> str:
    for rule in rules:
        if float(rule.value(stack)) > float(rule.value(best)):
            return rule.words(stack)
    return "alike, but later"


def _is_axial(stack: Stack) -> bool:
    return abs(float(stack.kind.header.normal[2])) > _AXIAL


def _is_sharp(stack: Stack) -> bool:
    return is_sharp_kernel(stack.kind.header.acquisition) or says_sharp(stack.kind)


def _thick(stack: Stack) -> str:
    return f"slices of {stack.thickness_mm:.3g} mm"


def _sharp(stack: Stack) -> str:
    return f"sharp kernel {stack.kind.header.acquisition.kernel or ''}".strip()


def _title(stack: Stack) -> str:
    header = stack.kind.header
    number = f"series {header.series_number}" if header.series_number else "a series"
    return f"{number} {header.series_description}".strip()


def _measure(stack: Stack) -> str:
    kernel = stack.kind.header.acquisition.kernel
    return f"{counted(stack.slices, 'slice')} of {stack.thickness_mm:.3g} mm" + (
        f", {kernel}" if kernel else ""
    )


def _short(problem: str) -> str:
    """Say only what is wrong, of a message about the series."""
    return problem.removeprefix("The series ").split(";")[0].rstrip(".")


def _listed(others: Sequence[tuple[Stack, str]]) -> str:
    ordered = sorted(others, key=lambda pair: _number_and_title(pair[0]))
    return listed(
        (f"{_title(stack)} ({reason})" for stack, reason in ordered), longest=LONGEST_REASON
    )


def _number_and_title(stack: Stack) -> tuple[float, str]:
    number = stack.kind.header.series_number
    return int(number) if number.isdecimal() else np.inf, _title(stack)


def _problem(reasons: Sequence[tuple[Stack, str]]) -> str:
    """One line on a study of which nothing can be measured."""
    if len(reasons) == 1:
        stack, reason = reasons[0]
        if stack.problem and reason == _short(stack.problem):
            return stack.problem
        return f"The series cannot be measured ({reason}); give an original axial chest CT."
    return f"No series can be measured: {_listed(reasons)}; give an original axial chest CT."
