"""What is asked of chest phantoms, and whether it is met."""

from __future__ import annotations

from collections.abc import Sequence

from chest_phantoms.cases import BASE, OURS, PRUNED, ChestResult
from chest_phantoms.scoring import Score, percentages
from chest_phantoms.truth import Place

BV5_MEAN_POINTS, BV5_WORST_POINTS = 1.0, 2.5
TPBV_MEAN_PCT, TPBV_WORST_PCT = 3.0, 8.0
FOUND_PCT, FALSE_PCT = 97.0, 2.0
WALLS_PCT = 2.0
PRUNING_POINTS = 1.0


def target_rows(results: Sequence[ChestResult]) -> list[list[str]]:
    """Hold what was measured against what is asked.

    Parameters
    ----------
    results : sequence of ChestResult
        At least one.

    Returns
    -------
    list of list of str
        Figure, what is asked, what was measured, in which phantom, and whether it is met.
    """
    rows = []

    def mean(name: str, values: list[float], limit: float) -> None:
        figure = sum(values) / len(values)
        rows.append([name, f"≤ {limit:g}", f"{figure:.2f}", "mean of all", _met(figure <= limit)])

    def most(name: str, values: list[float], limit: float) -> None:
        figure = max(values)
        where = results[values.index(figure)].case.name
        rows.append([name, f"≤ {limit:g}", f"{figure:.2f}", where, _met(figure <= limit)])

    scores = [each.scores[OURS] for each in results]
    bv5 = [abs(score.bv5_points) for score in scores]
    tpbv = [abs(score.tpbv_error_pct) for score in scores]
    mean("BV5 %, error without its sign, points", bv5, BV5_MEAN_POINTS)
    most("BV5 %, worst error, points", bv5, BV5_WORST_POINTS)
    mean("TPBV, error without its sign, %", tpbv, TPBV_MEAN_PCT)
    most("TPBV, worst error, %", tpbv, TPBV_WORST_PCT)
    found = [score.detection_pct for score in scores]
    least = min(found)
    where = results[found.index(least)].case.name
    name = "centerline ≥ 1.25 mm² found, least, %"
    rows.append([name, f"≥ {FOUND_PCT:g}", f"{least:.1f}", where, _met(least >= FOUND_PCT)])
    most("false length, most, %", [score.false_length_pct for score in scores], FALSE_PCT)
    most("vessels on airway walls, % of TPBV", [_on_walls(score) for score in scores], WALLS_PCT)
    most("walls swelling arteries, % of TPBV", [score.swollen_pct for score in scores], WALLS_PCT)
    for each, true, found_points in pruning_moves(results):
        gap = abs(found_points - true)
        name = "pruning moves BV5 % as the truth, points apart"
        rows.append(
            [name, f"≤ {PRUNING_POINTS:g}", f"{gap:.2f}", each.name, _met(gap <= PRUNING_POINTS)]
        )
    return rows


def pruning_moves(results: Sequence[ChestResult]) -> list[tuple]:
    """How pruning moves BV5 %: case, by how many points in truth, and as measured."""
    whole = {
        (each.case.spec.seed, each.case.spec.spacing_mm): each.scores[OURS]
        for each in results
        if each.case.condition == BASE
    }
    moves = []
    for pruned in (each for each in results if each.case.condition == PRUNED):
        one = whole.get((pruned.case.spec.seed, pruned.case.spec.spacing_mm))
        if one is not None:
            other = pruned.scores[OURS]
            true, found = (
                percentages(getattr(other, name))["BV5"] - percentages(getattr(one, name))["BV5"]
                for name in ("true_ml", "found_ml")
            )
            moves.append((pruned.case, true, found))
    return moves


def _on_walls(score: Score) -> float:
    return score.false_volume_pct(Place.AIRWAY)


def _met(met: bool) -> str:
    return "yes" if met else "no"
