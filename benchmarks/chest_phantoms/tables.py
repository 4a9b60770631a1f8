"""Tables of the chest phantoms, Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np

from chest_phantoms.cases import BASE, OURS, ChestResult
from chest_phantoms.scoring import BINS_MM2, CLASSES, FALSE_PLACES, Score, percentages, tpbv_ml
from chest_phantoms.targets import pruning_moves, target_rows
from chest_phantoms.truth import PLACE_NAMES, Place

CLASS_NAMES = {"BELOW_FLOOR": "below floor", "BV5": "BV5", "BV5_10": "BV5-10", "BV10": "BV10"}

NOTES = """
True centerline is found where a found one, of whatever size, lies within 1 mm or half the vessel's
radius. Found centerline is false where it lies neither that near to a true one nor in any vessel's
lumen. Areas are compared at every true point with a found vessel in reach that runs the same way,
forks and all. Blood "swelling arteries" is what vessels within 0.7 mm of an airway's wall measure
beyond what they hold. Lungs are the program's own; today's ways are given the true ones, and the
true attenuations.
"""


def chest_report(results: Sequence[ChestResult]) -> str:
    """All tables.

    Parameters
    ----------
    results : sequence of ChestResult
        What was measured.

    Returns
    -------
    str
        Markdown.
    """
    if not results:
        return "No chest phantom was measured.\n"
    parts = [
        ("What is asked of chest phantoms", _targets(results)),
        ("Chest phantoms in short", _summary(results)),
        ("Each chest phantom", _each(results)),
        ("Blood by class", _classes(results)),
        ("Cross-sectional area and centerlines", _bins(results)),
        ("Blood that is none", _false_blood(results)),
        ("What was measured as what", _confusions(results)),
        ("Pruning and anatomies", _spread(results)),
    ]
    return "\n".join(f"### {title}\n\n{body}" for title, body in parts if body)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def signed(value: float, digits: int = 1) -> str:
    """Write a number with its sign."""
    return f"{value:+.{digits}f}".replace("-", "−")


def _ways(results: Sequence[ChestResult]) -> list[str]:
    return list(dict.fromkeys(name for result in results for name in result.scores))


def _over(results: Sequence[ChestResult], way: str, figure: Callable[[Score], float]) -> np.ndarray:
    return np.array([figure(each.scores[way]) for each in results if way in each.scores])


def _targets(results: Sequence[ChestResult]) -> str:
    return table(["figure", "asked", "measured", "where", "met"], target_rows(results)) + NOTES


def _summary(results: Sequence[ChestResult]) -> str:
    header = [
        "way",
        "phantoms",
        "BV5 % mean error, points",
        "mean error without its sign",
        "worst",
        "TPBV % mean error",
        "without its sign",
        "worst",
        "centerline ≥ 1.25 mm² found %, mean",
        "least",
        "false length %, mean",
        "most",
    ]
    rows = []
    for way in _ways(results):
        bv5 = _over(results, way, lambda score: score.bv5_points)
        tpbv = _over(results, way, lambda score: score.tpbv_error_pct)
        detection = _over(results, way, lambda score: score.detection_pct)
        false = _over(results, way, lambda score: score.false_length_pct)
        rows.append(
            [
                way,
                str(len(bv5)),
                *(signed(bv5.mean(), 2), f"{abs(bv5).mean():.2f}", signed(_worst(bv5))),
                *(signed(tpbv.mean()), f"{abs(tpbv).mean():.1f}", signed(_worst(tpbv))),
                *(f"{detection.mean():.1f}", f"{detection.min():.1f}"),
                *(f"{false.mean():.1f}", f"{false.max():.1f}"),
            ]
        )
    return table(header, rows)


def _worst(errors: np.ndarray) -> float:
    return float(errors[abs(errors).argmax()])


def _each(results: Sequence[ChestResult]) -> str:
    others = [way for way in _ways(results) if way != OURS]
    header = [
        "phantom",
        "BV5 % true",
        "found",
        "error, points",
        "TPBV mL true",
        "error %",
        "found length %",
        "false length %",
        "on walls, % of TPBV",
        "walls in arteries, % of TPBV",
        "lungs Dice",
        *(f"{way}: BV5 points, TPBV %" for way in others),
    ]
    rows = []
    for result in results:
        ours = result.scores[OURS]
        rows.append(
            [
                result.case.name,
                f"{percentages(ours.true_ml)['BV5']:.1f}",
                f"{percentages(ours.found_ml)['BV5']:.1f}",
                signed(ours.bv5_points),
                f"{tpbv_ml(ours.true_ml):.1f}",
                signed(ours.tpbv_error_pct),
                f"{ours.detection_pct:.1f}",
                f"{ours.false_length_pct:.1f}",
                f"{ours.false_volume_pct(Place.AIRWAY):.2f}",
                signed(ours.swollen_pct),
                f"{result.dice:.3f}",
                *(_both_errors(result.scores.get(way)) for way in others),
            ]
        )
    return table(header, rows)


def _both_errors(score: Score | None) -> str:
    if score is None:
        return ""
    return f"{signed(score.bv5_points)}, {signed(score.tpbv_error_pct, 0)}"


def _classes(results: Sequence[ChestResult]) -> str:
    kinds = [kind.name for kind in CLASSES]
    header = ["phantom", *(f"{CLASS_NAMES[kind]} mL true → found" for kind in kinds)]
    header += [f"{CLASS_NAMES[kind]} % true → found" for kind in kinds[1:]]
    rows = []
    for result in results:
        ours = result.scores[OURS]
        true, found = percentages(ours.true_ml), percentages(ours.found_ml)
        rows.append(
            [
                result.case.name,
                *(f"{ours.true_ml[kind]:.1f} → {ours.found_ml[kind]:.1f}" for kind in kinds),
                *(f"{true[kind]:.1f} → {found[kind]:.1f}" for kind in kinds[1:]),
            ]
        )
    return table(header, rows)


def _bins(results: Sequence[ChestResult]) -> str:
    header = [
        "way",
        "true CSA mm²",
        "true length m",
        "found %",
        "false length m",
        "CSA bias %, median phantom",
        "least to most",
        "median error without its sign, %",
        "away from airways: bias %",
        "beside airways: bias %",
    ]
    rows = []
    for way in _ways(results):
        scores = [each.scores[way] for each in results if way in each.scores]
        for number, (low, high) in enumerate(pairwise(BINS_MM2)):
            bins = [score.bins[number] for score in scores]
            length = sum(each.length_mm for each in bins)
            found = sum(each.found_mm for each in bins)
            bias = np.array([each.bias_pct for each in bins])
            known = bias[np.isfinite(bias)]
            rows.append(
                [
                    way,
                    f"{low:g} – {high:g}" if np.isfinite(high) else f"over {low:g}",
                    f"{length / 1000:.1f}",
                    f"{100 * found / max(length, 1e-9):.1f}",
                    f"{sum(each.false_mm for each in bins) / 1000:.2f}",
                    _median(bias),
                    f"{signed(known.min())} … {signed(known.max())}" if len(known) else "",
                    _median([each.error_pct for each in bins], with_sign=False),
                    _median([each.free_bias_pct for each in bins]),
                    _median([each.beside_bias_pct for each in bins]),
                ]
            )
    return table(header, rows)


def _median(values: Sequence[float] | np.ndarray, *, with_sign: bool = True) -> str:
    known = np.array(values, float)[np.isfinite(values)]
    if not len(known):
        return ""
    middle = float(np.median(known))
    return signed(middle) if with_sign else f"{middle:.1f}"


def _false_blood(results: Sequence[ChestResult]) -> str:
    places = [place for place in Place if place != Place.VESSEL]
    header = ["found on, % of true TPBV", "mean", "most", "in"]
    rows = []
    for name, share in [
        *((PLACE_NAMES[place], lambda s, p=place: s.false_volume_pct(p)) for place in places),
        ("walls swelling the arteries beside them", lambda s: s.swollen_pct),
        ("all that is no vessel", lambda s: s.false_volume_pct(*FALSE_PLACES)),
    ]:
        values = _over(results, OURS, share)
        most = int(values.argmax())
        where = results[most].case.name if values[most] > 0.005 else ""
        rows.append([name, f"{values.mean():.2f}", f"{values[most]:.2f}", where])
    return table(header, rows)


def _confusions(results: Sequence[ChestResult]) -> str:
    """Matrix of the base and of the phantoms with the largest errors."""
    worst = sorted(results, key=lambda each: -abs(each.scores[OURS].bv5_points))[:2]
    shown = [each for each in results if each.case.condition == BASE][:1] + worst
    return "\n".join(_confusion(each) for each in {each.case.name: each for each in shown}.values())


def _confusion(result: ChestResult) -> str:
    ours = result.scores[OURS]
    kinds = [kind.name for kind in CLASSES]
    names = CLASS_NAMES | {place.name: PLACE_NAMES[place] for place in Place}
    header = ["lies on ↓, measured as →, mL", *(CLASS_NAMES[kind] for kind in kinds)]
    header += ["sum", "true", "of it without centerline"]
    rows = []
    for name, row in ours.confusion_ml.items():
        true = [""] * 2
        if name in ours.true_ml:
            true = [f"{ours.true_ml[name]:.2f}", f"{ours.missed_ml[name]:.2f}"]
        cells = [f"{row[kind]:.2f}" for kind in kinds]
        rows.append([names[name], *cells, f"{sum(row.values()):.2f}", *true])
    return f"{result.case.name}:\n\n" + table(header, rows)


def _spread(results: Sequence[ChestResult]) -> str:
    lines = []
    base = [each for each in results if each.case.condition == BASE]
    spacings = {each.case.spec.spacing_mm for each in base}
    for spacing in spacings:
        same = [each for each in base if each.case.spec.spacing_mm == spacing]
        if len(same) > 1:
            bv5 = _over(same, OURS, lambda score: score.bv5_points)
            tpbv = _over(same, OURS, lambda score: score.tpbv_error_pct)
            lines.append(
                f"Base on {len(same)} anatomies at {'×'.join(f'{s:g}' for s in spacing)} mm:"
                f" BV5 {signed(bv5.mean(), 2)} (SD {bv5.std(ddof=1):.2f}) points,"
                f" TPBV {signed(tpbv.mean(), 2)} (SD {tpbv.std(ddof=1):.2f}) %.\n"
            )
    for _, true, found in pruning_moves(results):
        lines.append(
            f"Pruning half the periphery moves BV5 by {signed(true)} points in truth and by"
            f" {signed(found)} as measured.\n"
        )
    return "\n".join(lines)
