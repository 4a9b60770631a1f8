"""Tables of the phantom that was imaged again; Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from chest_phantoms.tables import signed, table

from .conditions import BASE, CHOSEN, KERNEL, REPEATS, SLICES, Condition
from .images import (
    BV5_PCT,
    MEASURES,
    OBJECTNESS,
    OURS,
    OURS_HILUM_INCLUDED,
    TPBV_PCT,
    TRUE,
    WAYS,
    Image,
    Measure,
    effect,
    pairs,
    spread,
    true_change,
)
from .spread import Spread
from .verdicts import CORRECTION, NOTHING, RULE, WIDER, verdict

THICK_MM = 1.5
"""Slices over this are held against the rule."""

ABOUT = """
The same body each time (`imaging/phantom`), one thing other than in the base: 1.25 mm slices, a
medium kernel (blur of 0.5 mm standard deviation, white noise), 25 HU of noise. Slices and kernels
are of the same dose, so that their noise differs; doses differ by noise alone. With less air the
body is squeezed along z, with its tissue and blood in less room: vessels get shorter and wider, and
the truth moves. Shifted and turned, the noise stays the same in the scanner, and is other noise to
each vessel. Ours finds its lungs, hilar blood apart; objectness is given the true lungs and
attenuations. Where the truth moves, only what goes beyond it counts.
"""

SPREADS = """
Within-subject standard deviation (its 95 % confidence interval) / repeatability coefficient,
1.96 · √2 times it: 95 % of pairs of images of one subject differ by less (Bland & Altman, Lancet
1986;327:307–310; Stat Methods Med Res 1999;8:135–160). df: degrees of freedom. *Everything*
has what a protocol sets in it, each once, and is no estimate of any one of them.
"""

GROUPS = {
    "noise": ("noise",),
    "shift": ("shift",),
    "turn": ("turn",),
    "all repeats: noise, shift, turn": REPEATS,
    "everything": (*REPEATS, *CHOSEN),
}


def phantom_report(images: Sequence[Image]) -> str:
    """All tables of the phantom.

    Parameters
    ----------
    images : sequence of Image
        What was asked for.

    Returns
    -------
    str
        Markdown.
    """
    measured = pairs(images)
    parts = ["## The phantom imaged again", ABOUT.strip(), told(images)]
    if measured:
        parts += [
            "### The base",
            base_table(measured),
            "### Repeatability",
            SPREADS.strip(),
            spread_table(images),
            "### Effect of each factor",
            "Difference from the base, the mean of all anatomies (least to most, where there are"
            " several). Bold: beyond the repeatability coefficient of all repeats.",
            effect_table(images),
            "### Error against the truth",
            "Hilar blood is in the truth, and so in all of these.",
            error_table(measured),
            "### Do thick slices and kernels need a correction or a wider interval?",
            RULE.strip(),
            verdict_table(images),
        ]
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def told(images: Sequence[Image]) -> str:
    """Say what was asked for and what could not be measured."""
    failed = [each for each in images if each.trouble]
    anatomies = len({each.seed for each in images})
    text = f"Anatomies: {anatomies}; images asked for: {len(images)}, measured:"
    reasons = by_reason(
        (f"anatomy {each.seed}, {full_name(each.condition)}", each.trouble) for each in failed
    )
    # An empty line, without which Markdown takes a list into the paragraph before.
    return f"{text} {len(images) - len(failed)}.\n\n{reasons}".strip()


def by_reason(failed: Iterable[tuple[str, str]]) -> str:
    """List what could not be measured, a line a reason.

    Parameters
    ----------
    failed : iterable of tuple
        What, and why.

    Returns
    -------
    str
        Markdown; empty if there is nothing.
    """
    names: dict[str, list[str]] = {}
    for name, why in failed:
        names.setdefault(why, []).append(name)
    return "\n".join(f"- {why}: {'; '.join(which)}" for why, which in names.items())


def full_name(condition: Condition) -> str:
    """Factor and what it was."""
    return f"{condition.factor} {condition.name}" if condition.factor else condition.name


def base_table(measured: Sequence[tuple[Image, Image]]) -> str:
    """Figures of each anatomy's base."""
    rows = []
    for image, _ in measured:
        if image.condition != BASE:
            continue
        for way, name in {TRUE: "truth, hilar blood included", **WAYS}.items():
            found = image.figures[way]
            rows.append(
                [
                    str(image.seed),
                    name,
                    f"{found['bv5_pct']:.2f}",
                    f"{found['tpbv_ml']:.2f}",
                    f"{found['bv5_ml']:.2f}",
                ]
            )
    return table(["anatomy", "", "BV5 %", "TPBV, mL", "BV5, mL"], rows)


def spread_table(images: Sequence[Image]) -> str:
    """Within-subject spread by way and group of factors."""
    rows = []
    for way, name in WAYS.items():
        for group, factors in GROUPS.items():
            cells = [spread(images, factors, way, measure) for measure in MEASURES]
            degrees = str(cells[0].degrees) if cells[0] else "0"
            rows.append([name, group, degrees, *map(_spread_text, cells)])
    return table(["way", "over", "df", *(measure.name for measure in MEASURES)], rows)


def _spread_text(found: Spread | None) -> str:
    if found is None:
        return "–"
    low, high = found.interval
    return f"{found.sd:.2f} ({low:.2f} to {high:.2f}) / {found.repeatability:.2f}"


def effects_by_condition(
    images: Sequence[Image], way: str, measure: Measure
) -> dict[str, list[float]]:
    """Effects of each condition but the base, one for each anatomy."""
    found: dict[str, list[float]] = {}
    for image, base in pairs(images):
        if image.condition != BASE:
            name = full_name(image.condition)
            found.setdefault(name, []).append(effect(image, base, way, measure))
    return found


def effect_table(images: Sequence[Image]) -> str:
    """Effect of each condition, ours beside objectness."""
    columns = [(way, measure) for way in WAYS for measure in MEASURES]
    limits = [spread(images, REPEATS, *column) for column in columns]
    found = [effects_by_condition(images, *column) for column in columns]
    truth: dict[str, list[float]] = {}
    for image, base in pairs(images):
        moved = true_change(image, base, BV5_PCT)
        truth.setdefault(full_name(image.condition), []).append(moved)
    rows = []
    for name in found[0]:
        cells = [
            _effect_text(effects[name], limit) for effects, limit in zip(found, limits, strict=True)
        ]
        rows.append([name, signed(float(np.mean(truth[name])), 2), *cells])
    short = {OURS: "ours", OBJECTNESS: "objectness"}
    header = ["", "truth: BV5 %", *(f"{short[way]}: {measure.name}" for way, measure in columns)]
    return table(header, rows)


def _effect_text(effects: Sequence[float], limit: Spread | None) -> str:
    mean = float(np.mean(effects))
    text = signed(mean, 2)
    if limit is not None and abs(mean) > limit.repeatability:
        text = f"**{text}**"
    if len(effects) > 1:
        text += f" ({signed(min(effects), 2)} to {signed(max(effects), 2)})"
    return text


def error_table(measured: Sequence[tuple[Image, Image]]) -> str:
    """Errors over all images, of each way."""
    rows = []
    for way, name in ((OURS_HILUM_INCLUDED, WAYS[OURS]), (OBJECTNESS, WAYS[OBJECTNESS])):
        cells = []
        for measure in (BV5_PCT, TPBV_PCT):
            errors = np.array(
                [
                    measure.difference(image.figures[way], image.figures[TRUE])
                    for image, _ in measured
                ]
            )
            worst = int(np.argmax(abs(errors)))
            where = full_name(measured[worst][0].condition)
            cells += [
                signed(float(errors.mean()), 2),
                f"{abs(errors).mean():.2f}",
                f"{signed(float(errors[worst]), 2)} ({where})",
            ]
        rows.append([name, *cells])
    kinds = ("mean error", "without its sign", "worst")
    names = ("BV5 %, points", "TPBV, %")
    return table(["way", *(f"{name}: {kind}" for name in names for kind in kinds)], rows)


def verdict_table(images: Sequence[Image]) -> str:
    """Say what thick slices and kernels need, of this program."""
    held = {
        full_name(image.condition): None
        for image, _ in pairs(images)
        if image.condition.factor == KERNEL
        or (image.condition.factor == SLICES and image.condition.change["spacing_mm"][2] > THICK_MM)
    }
    rows = []
    for measure in (BV5_PCT, TPBV_PCT):
        limit = spread(images, REPEATS, OURS, measure)
        effects = effects_by_condition(images, OURS, measure)
        rows += [verdict_row(name, measure, effects[name], limit) for name in held]
    header = ["", "of", "subjects", "effect, mean", "least to most", "repeats", "needs"]
    return table(header, rows) if rows else "Neither was measured.\n"


def verdict_row(
    name: str, measure: Measure, effects: Sequence[float], limit: Spread | None
) -> list[str]:
    """One row of what is needed; without repeats nothing can be said."""
    if limit is None:
        needs = "not known: nothing was repeated"
    else:
        found = verdict(effects, limit.repeatability)
        needs = {
            NOTHING: NOTHING,
            CORRECTION: f"**{CORRECTION}** by {signed(found.amount, 2)}",
            WIDER: f"**{WIDER}** by ± {found.amount:.2f}",
        }[found.need]
    return [
        name,
        measure.name,
        str(len(effects)),
        signed(float(np.mean(effects)), 2),
        f"{signed(min(effects), 2)} to {signed(max(effects), 2)}",
        "–" if limit is None else f"± {limit.repeatability:.2f}",
        needs,
    ]
