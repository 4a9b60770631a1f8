"""What 200 random chests showed, as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from chest_phantoms.tables import table

from .blood_scores import AIRWAY, PLAIN, SOURCES
from .checks import (
    CHECKS,
    GOOD_BV5_POINTS,
    GOOD_TPBV_PCT,
    LEAST_DICE,
    VERDICTS,
    Row,
    errors,
    false_errors,
    is_silent_failure,
    verdict,
)
from .truth import OPACITIES

SHARP_SLICE_MM, QUIET_HU = 1.5, 40.0
"""Chests that BV5 % is to be right on: slices and noise up to these."""

LEAK_ML = 2.0
INTERVALS_PCT = (85.0, 95.0)
WORST = 20


def analyzed(rows: Sequence[Row]) -> list[Row]:
    """Chests with a result."""
    return [row for row in rows if "lungs" in row]


def must_reach(rows: Sequence[Row]) -> str:
    """Measured figures beside the targets of the issue."""
    seen = analyzed(rows)
    dice = [row["lungs"]["dice"] for row in seen]
    wrong_pct = [wrong_tissue_pct(row) for row in seen]
    clear = [abs(row["blood"]["bv5_error"]) for row in seen if is_clear(row)]
    crashes = sum("crashed" in row for row in rows)
    silent = sum(map(is_silent_failure, rows))
    false = sum(bool(false_errors(row)) for row in rows)
    branches = sum(row["airways"]["branches"] for row in seen)
    found = sum(row["airways"]["found"] for row in seen)
    leaks = sum(row["airways"]["leak_ml"] > LEAK_ML for row in seen)
    bronchi_pct = 100 * found / max(branches, 1)
    false_pct = 100 * false / max(len(rows), 1)
    refused = sum("refused" in row for row in rows)
    lines = [
        _target("crashes", "0", str(crashes), crashes == 0),
        _target("refused, and in none of the figures below", "", str(refused), refused == 0),
        _target(
            f"silent failures: lung Dice < {LEAST_DICE:g}, neither error nor refusal",
            "0",
            str(silent),
            silent == 0,
        ),
        _pair("lung Dice, median / 5th percentile", dice, (50, 5), (0.985, 0.96), "{:.3f}", False),
        _pair(
            "hilar blood taken for opacity, or opacity for vessel, % of TPBV, median / 95th",
            wrong_pct,
            (50, 95),
            (0.5, 3.0),
            "{:.2f}",
        ),
        _pair(
            f"BV5 % off, mean / 95th percentile, points ({len(clear)} chests with slices"
            f" ≤ {SHARP_SLICE_MM:g} mm, noise ≤ {QUIET_HU:g} HU)",
            clear,
            (None, 95),
            (1.0, 3.0),
            "{:.2f}",
        ),
        _pair(
            "the same, hilar blood apart, in truth too",
            [abs(row["blood"]["apart_bv5_error"]) for row in seen if is_clear(row)],
            (None, 95),
            (1.0, 3.0),
            "{:.2f}",
        ),
        _target("chests with false error findings", "≤ 2 %", f"{false_pct:.1f} %", false_pct <= 2),
        _target(
            f"trachea to segmental bronchi found (of {branches})",
            "≥ 98 %",
            f"{bronchi_pct:.1f} %",
            bronchi_pct >= 98,
        ),
        _target(f"airway leaks over {LEAK_ML:g} mL", "0", str(leaks), leaks == 0),
        *(_held(seen, name, text) for name, text in (("bv5_pct", "BV5 %"), ("tpbv_ml", "TPBV"))),
    ]
    return table(["", "target", "measured", "reached"], lines)


def _held(seen: Sequence[Row], name: str, text: str) -> list[str]:
    """Row of how many 90 % intervals hold the truth."""
    held = [row["blood"]["held"][name] for row in seen if not errors(row)]
    share_pct = 100 * float(np.mean(held)) if held else float("nan")
    title = f"90 % intervals of {text} that hold the truth ({len(held)} chests without an error)"
    reached = INTERVALS_PCT[0] <= share_pct <= INTERVALS_PCT[1]
    return _target(title, "85 to 95 %", f"{share_pct:.0f} %", reached)


def _target(name: str, wanted: str, measured: str, reached: bool) -> list[str]:
    return [name, wanted, measured, "yes" if reached else "**no**"]


def _pair(
    name: str,
    values: Sequence[float],
    percentiles: tuple[int | None, int],
    wanted: tuple[float, float],
    form: str,
    most: bool = True,
) -> list[str]:
    """Row of two figures; a percentile of None is the mean."""
    sign = "≤" if most else "≥"
    target = f"{sign} {wanted[0]:g} / {wanted[1]:g}"
    if not len(values):
        return _target(name, target, "none", False)
    found = [
        float(np.mean(values) if share is None else np.percentile(values, share))
        for share in percentiles
    ]
    reached = all(
        value <= limit if most else value >= limit
        for value, limit in zip(found, wanted, strict=True)
    )
    return _target(name, target, " / ".join(form.format(value) for value in found), reached)


def is_clear(row: Row) -> bool:
    """Whether slices are thin and noise is low enough for BV5 % to be right."""
    spec = row["spec"]
    return bool(spec["slice_mm"] <= SHARP_SLICE_MM and spec["noise_hu"] <= QUIET_HU)


def wrong_tissue_pct(row: Row) -> float:
    """Blood lost to opacity and opacity counted as vessel, % of true TPBV."""
    blood = row["blood"]
    of_opacity = sum(blood["false_ml"][kind.name] for kind in (*OPACITIES,))
    wrong_ml = blood["lost_to_opacity_ml"] + of_opacity + blood["false_ml"]["MASS"]
    return 100 * float(wrong_ml) / float(row["truth"]["tpbv_ml"])


def false_sources(rows: Sequence[Row]) -> str:
    """Tell false vessel volume by what lies there."""
    seen = analyzed(rows)
    lines = []
    for name in (*(kind.name for kind in SOURCES), AIRWAY, PLAIN):
        shares = [100 * row["blood"]["false_ml"][name] / row["truth"]["tpbv_ml"] for row in seen]
        lines.append([_words(name), *_spread(shares, "{:.2f}")])
    for name, text in (
        ("lost_to_opacity_ml", "lost: taken for opacity"),
        ("lost_outside_ml", "lost: outside the found lungs"),
        ("missed_ml", "lost: no line found"),
    ):
        shares = [100 * row["blood"][name] / row["truth"]["tpbv_ml"] for row in seen]
        lines.append([text, *_spread(shares, "{:.2f}")])
    return table(["false vessel on, % of true TPBV", "mean", "median", "95th", "worst"], lines)


def spreads(rows: Sequence[Row]) -> str:
    """Distribution of the main figures."""
    seen = analyzed(rows)
    figures: tuple[tuple[str, Callable[[Row], float], str], ...] = (
        ("Dice right lung", lambda row: row["lungs"]["dice_right"], "{:.3f}"),
        ("Dice left lung", lambda row: row["lungs"]["dice_left"], "{:.3f}"),
        (
            "lungs' surface off, 95th percentile, mm",
            lambda row: row["lungs"]["surface_95_mm"],
            "{:.1f}",
        ),
        (
            "lungs' surface off, worst place, mm",
            lambda row: row["lungs"]["surface_worst_mm"],
            "{:.0f}",
        ),
        ("lung lost, mL", lambda row: row["lungs"]["lost_ml"], "{:.0f}"),
        ("lung too much, mL", lambda row: row["lungs"]["extra_ml"], "{:.0f}"),
        ("BV5 % off, points", lambda row: row["blood"]["bv5_error"], "{:+.2f}"),
        ("TPBV off, %", lambda row: row["blood"]["tpbv_error_pct"], "{:+.1f}"),
        ("airway leak, mL", lambda row: row["airways"]["leak_ml"], "{:.2f}"),
        ("seconds to analyze", lambda row: row["seconds"]["analyzed"], "{:.0f}"),
        ("seconds to make", lambda row: row["seconds"]["made"], "{:.0f}"),
    )
    lines = []
    for name, value, form in figures:
        values = [value(row) for row in seen]
        if values:
            points = np.percentile(values, (0, 5, 50, 95, 100))
            lines.append([name, *(form.format(point) for point in points)])
    return table(["", "least", "5th", "median", "95th", "greatest"], lines)


def by_group(rows: Sequence[Row], name: str, group: Callable[[Row], str]) -> str:
    """Tell the main figures of each group of chests."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(group(row), []).append(row)
    lines = []
    for key in sorted(groups):
        seen = analyzed(groups[key])
        lines.append(
            [
                key,
                str(len(groups[key])),
                str(len(groups[key]) - len(seen)),
                _median([row["lungs"]["dice"] for row in seen], "{:.3f}"),
                _median([abs(row["blood"]["bv5_error"]) for row in seen], "{:.2f}"),
                _median([row["blood"]["bv5_error"] for row in seen], "{:+.2f}"),
                _median([row["blood"]["tpbv_error_pct"] for row in seen], "{:+.1f}"),
                _median([wrong_tissue_pct(row) for row in seen], "{:.2f}"),
            ]
        )
    header = [
        name,
        "chests",
        "no result",
        "Dice",
        "BV5 off",
        "signed",
        "TPBV %",
        "tissue mistaken %",
    ]
    return table(header, lines)


def confusion(rows: Sequence[Row]) -> str:
    """Each finding against what it should tell."""
    seen = analyzed(rows)
    lines = []
    for check in CHECKS:
        counts = Counter(verdict(check, row) for row in seen)
        lines.append([f"`{check.code}`", check.when, *(str(counts[kind]) for kind in VERDICTS)])
    return table(["finding", "wanted where", *VERDICTS], lines)


def error_findings(rows: Sequence[Row]) -> str:
    """How often each error finding came, on chests with good and with bad lungs and numbers."""
    codes = sorted({code for row in rows for code in errors(row)})
    lines = []
    for code in codes:
        told = [row for row in rows if code in errors(row)]
        false = [row for row in told if code in false_errors(row)]
        lines.append([f"`{code}`", str(len(told)), str(len(false)), _seeds(false)])
    if not lines:
        return "No error finding came.\n"
    note = (
        f"Good: Dice ≥ {LEAST_DICE:g}, BV5 % within {GOOD_BV5_POINTS:g} points, TPBV within"
        f" {GOOD_TPBV_PCT:g} %.\n\n"
    )
    return note + table(["error finding", "chests", "of these good", "their seeds"], lines)


def opacities(rows: Sequence[Row]) -> str:
    """Tell found shares of opacities beside the true ones."""
    seen = [row for row in analyzed(rows) if row["opacity_pct"]]
    lines = []
    for kind in OPACITIES:
        true = np.array([100 * row["truth"]["share_of_lung"][kind.name] for row in seen])
        found = np.array([row["opacity_pct"][kind.name] for row in seen])
        some, none = true >= 1, true == 0
        lines.append(
            [
                _words(kind.name),
                str(int(some.sum())),
                _median(true[some].tolist(), "{:.1f}"),
                _median(found[some].tolist(), "{:.1f}"),
                _median(np.abs(found - true)[some].tolist(), "{:.1f}"),
                str(int(none.sum())),
                *_spread(found[none].tolist(), "{:.2f}")[1:],
            ]
        )
    header = [
        "share of the lungs, %",
        "chests with 1 % or more",
        "true, median",
        "found, median",
        "off, median",
        "chests without",
        "found there, median",
        "95th",
        "most",
    ]
    return table(header, lines)


def bronchi(rows: Sequence[Row]) -> str:
    """Tell how many branches of the airways were found, by kind."""
    totals: dict[str, np.ndarray] = {}
    for row in analyzed(rows):
        for kind, counts in row["airways"]["by_kind"].items():
            totals[kind] = totals.get(kind, np.zeros(2, int)) + counts
    totals["as wide as the blur, or wider"] = sum(
        (np.array(row["airways"]["wide"]) for row in analyzed(rows)), np.zeros(2, int)
    )
    lines = [
        [_words(kind), str(found), str(whole), f"{100 * found / max(whole, 1):.1f}"]
        for kind, (found, whole) in totals.items()
    ]
    return table(["airway", "found", "of", "%"], lines)


def no_results(rows: Sequence[Row]) -> str:
    """Chests that were refused, or that the analysis broke on."""
    lines = [
        [str(row["seed"]), kind, row["spec"]["disease"], row[kind]]
        for row in rows
        for kind in ("crashed", "refused")
        if kind in row
    ]
    return table(["seed", "", "disease", "message"], lines) if lines else "None.\n"


def badness(row: Row) -> float:
    """How bad a chest's result is; 1 is about what the targets allow."""
    if "crashed" in row:
        return 1000.0
    if "refused" in row:
        return 0.5
    return float(
        (1 - row["lungs"]["dice"]) / (1 - LEAST_DICE)
        + abs(row["blood"]["bv5_error"]) / GOOD_BV5_POINTS
        + abs(row["blood"]["tpbv_error_pct"]) / GOOD_TPBV_PCT
        + wrong_tissue_pct(row) / GOOD_BV5_POINTS
        + row["airways"]["leak_ml"] / LEAK_ML
        + 10 * is_silent_failure(row)
    )


def worst(rows: Sequence[Row]) -> list[Row]:
    """Choose the worst chests, the worst first."""
    return sorted(rows, key=badness, reverse=True)[:WORST]


def worst_table(rows: Sequence[Row]) -> str:
    """Figures of the worst chests."""
    lines = []
    for row in worst(rows):
        if "lungs" not in row:
            continue
        lungs, blood = row["lungs"], row["blood"]
        false = {name: ml for name, ml in blood["false_ml"].items() if ml > 0}
        most = max(false, key=lambda name: false[name], default="")
        lines.append(
            [
                str(row["seed"]),
                row["spec"]["disease"],
                f"{lungs['dice_right']:.3f} / {lungs['dice_left']:.3f}",
                f"{lungs['lost_ml']:.0f} / {lungs['extra_ml']:.0f}",
                f"{blood['bv5_error']:+.1f}",
                f"{blood['tpbv_error_pct']:+.0f}",
                f"{blood['lost_to_opacity_ml']:.1f}",
                f"{_words(most)} {false[most]:.1f}" if most else "",
                f"{row['airways']['leak_ml']:.1f}",
                ", ".join(f"`{code}`" for code in errors(row)) or "none",
            ]
        )
    header = [
        "seed",
        "disease",
        "Dice right / left",
        "lost / too much mL",
        "BV5 points",
        "TPBV %",
        "lost to opacity mL",
        "most false, mL",
        "leak mL",
        "errors told",
    ]
    return table(header, lines)


def _seeds(rows: Sequence[Row]) -> str:
    return ", ".join(str(row["seed"]) for row in rows)


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _median(values: Sequence[float], form: str) -> str:
    return form.format(float(np.median(values))) if values else ""


def _spread(values: Sequence[float], form: str) -> list[str]:
    if not values:
        return [""] * 4
    points = [np.mean(values), *np.percentile(values, (50, 95, 100))]
    return [form.format(float(point)) for point in points]
