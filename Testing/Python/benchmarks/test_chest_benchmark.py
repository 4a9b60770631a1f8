"""A small cut of the chest benchmark, and that it would see what goes wrong."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.pipeline import analyze
from chest_phantoms import part as chests
from chest_phantoms.cases import BASE, OURS, PRUNED, ChestCase, chest_cases
from chest_phantoms.matching import pieces_of
from chest_phantoms.scoring import FALSE_PLACES, Score, classes_ml, score
from chest_phantoms.tables import chest_report
from chest_phantoms.targets import pruning_moves, target_rows
from chest_phantoms.truth import Place, Truth

SPEC = ChestPhantomSpec(scale=0.45, spacing_mm=(0.7, 0.7, 1.25), noise_hu=20.0)


@pytest.fixture(scope="module")
def phantom():
    return chest_phantom(SPEC)


@pytest.fixture(scope="module")
def truth(phantom):
    return Truth.of(phantom)


def scored(phantom, truth, pieces):
    true_ml = classes_ml(phantom.measurements[0])
    return score(truth, true_ml, pieces, true_ml, Parameters())


def test_the_truth_itself_has_no_error(phantom, truth):
    perfect = scored(phantom, truth, truth.vessels)
    assert perfect.bv5_points == 0
    assert perfect.tpbv_error_pct == 0
    assert perfect.detection_pct == pytest.approx(100)
    assert perfect.false_length_pct == 0
    assert perfect.false_volume_pct(*FALSE_PLACES) == 0
    # Where vessels cross or fork a line may lie nearer to another's; rounded ends hold a little.
    for name, row in perfect.confusion_ml.items():
        own = row.get(name, 0.0)
        assert sum(row.values()) - own < 0.02 * max(sum(row.values()), 1e-9)
    assert all(abs(part.bias_pct) < 0.01 for part in perfect.bins if part.length_mm > 0)


def test_what_is_left_out_is_missed(phantom, truth):
    wide = truth.vessels.take(truth.vessels.csa_mm2 >= 5)
    part = scored(phantom, truth, wide)
    lost = sum(part.missed_ml[name] for name in ("BV5", "BELOW_FLOOR"))
    whole = sum(part.true_ml[name] for name in ("BV5", "BELOW_FLOOR"))
    # Forks lie within reach of the wider vessel.
    assert 0.8 * whole < lost < whole
    by_area = {each.low_mm2: each.found_mm / each.length_mm for each in part.bins[:5]}
    assert by_area[5.0] == pytest.approx(1)
    assert by_area[1.25] < 0.3


def test_larger_areas_are_seen_by_bin_and_class(phantom, truth):
    swollen = replace(truth.vessels, csa_mm2=1.3 * truth.vessels.csa_mm2)
    found = scored(phantom, truth, swollen)
    for part in found.bins[1:4]:
        assert part.bias_pct == pytest.approx(30)
        assert part.error_pct == pytest.approx(30)
    assert found.confusion_ml["BV5"]["BV5_10"] > 0.05 * found.true_ml["BV5"]


@pytest.mark.parametrize("place", [Place.AIRWAY, Place.NOISE])
def test_false_pieces_are_told_by_what_they_lie_on(phantom, truth, place):
    if place == Place.AIRWAY:
        inside = truth.in_lungs(truth.airways.position_mm)
        points = truth.airways.position_mm[inside]
    else:
        points = np.random.default_rng(1).uniform(-60, 60, (4000, 3))
        points = points[truth.in_lungs(points)]
    here, vessel = truth.place(points)
    assert np.array_equal(vessel >= 0, here == Place.VESSEL)
    assert (here == place).mean() > 0.7
    pieces = truth.vessels.take(np.zeros(len(points), int))
    false = replace(pieces, position_mm=points, csa_mm2=np.full(len(points), 2.0))
    found = scored(phantom, truth, false)
    share = found.false_mm[place.name] / sum(found.false_mm.values())
    assert share > 0.8
    blood = np.count_nonzero(here == place) * pieces.volume_ml[0]
    assert found.confusion_ml[place.name]["BV5"] == pytest.approx(blood)


def test_the_matrix_varies_one_factor_at_a_time():
    cases = chest_cases(first_seed=5)
    assert len({case.name for case in cases}) == len(cases)
    assert {case.spec.seed for case in cases} == {5, 6, 7}
    assert {case.spec.spacing_mm for case in cases} == {
        (0.6, 0.6, 0.6),
        (0.7, 0.7, 1.25),
        (0.75, 0.75, 2.0),
    }
    expired = next(case.spec for case in cases if case.spec.expiration)
    assert expired.parenchyma_hu + 130 * expired.expiration == -700


def answer(points):
    """What a process would give for a phantom of which BV5 is wrong by so many points."""
    true = {"BELOW_FLOOR": 10.0, "BV5": 40.0, "BV5_10": 20.0, "BV10": 40.0}
    found = true | {"BV5": 40.0 + points, "BV10": 40.0 - points}
    rows = [*true, *(place.name for place in Place if place != Place.VESSEL)]
    bins = [
        {
            **{"low_mm2": low, "high_mm2": 2 * low, "length_mm": 100.0, "found_mm": 99.0},
            **{"false_mm": 1.0, "bias_pct": 2.0, "error_pct": 5.0},
            **{"free_bias_pct": 1.0, "beside_bias_pct": 3.0},
        }
        for low in (0.5, 1.25, 2.5, 5.0, 10.0, 20.0)
    ]
    each = {
        "true_ml": true,
        "found_ml": found,
        "missed_ml": dict.fromkeys(true, 0.5),
        "confusion_ml": {row: dict.fromkeys(true, 1.0) for row in rows},
        "false_mm": {"AIRWAY": 5.0},
        "found_mm": 600.0,
        "beside_excess_ml": 1.0,
        "bins": bins,
    }
    return {"score": each, "dice": 0.99}


def test_an_interrupted_run_goes_on_where_it_was(tmp_path, monkeypatch):
    asked = []

    def process(name, job):
        kinds = [kind for kind in ("ours", "ways") if kind in job]
        asked.append((name.split(",")[0], *kinds))
        fails = name.startswith(PRUNED) and len(asked) < 4
        known = {"ours": answer(1.0), "ways": {"a way": answer(5.0)["score"]}}
        return {} if fails else {kind: known[kind] for kind in kinds}

    monkeypatch.setattr(chests, "_in_process", process)
    seeds = {BASE: 0, "no airways": 1, PRUNED: 2}
    cases = [ChestCase(name, replace(SPEC, seed=seed)) for name, seed in seeds.items()]
    folder = tmp_path / "out"
    assert len(chests.run_chests(cases, folder)) == 2
    # Cut off in the middle of a line.
    ours = folder / "ours.jsonl"
    ours.write_text(ours.read_text(encoding="utf-8")[:-30], encoding="utf-8")
    results = chests.run_chests(cases, folder, resume=True)
    assert [result.case.condition for result in results] == list(seeds)
    assert [list(result.scores) for result in results] == [[OURS, "a way"]] * 3
    both = ("ours", "ways")
    assert sorted(asked[:3]) == sorted((name, *both) for name in seeds)
    assert len(asked) == 5
    assert (PRUNED, *both) in asked[3:]
    assert sorted(len(each) for each in asked[3:]) == [2, 3]


def test_a_change_of_the_program_leaves_todays_ways_known(tmp_path, monkeypatch):
    asked = []

    def process(_name, job):
        asked.append([kind for kind in ("ours", "ways") if kind in job])
        return {kind: answer(1.0) if kind == "ours" else {} for kind in asked[-1]}

    monkeypatch.setattr(chests, "_in_process", process)
    program, phantoms = tmp_path / "program.py", tmp_path / "phantoms.py"
    program.write_text("1", encoding="utf-8")
    phantoms.write_text("1", encoding="utf-8")
    monkeypatch.setattr(chests, "CODE", {"ours": [program, phantoms], "ways": [phantoms]})
    cases = [ChestCase(BASE, SPEC)]
    for changed in (None, program, phantoms):
        if changed:
            changed.write_text("2", encoding="utf-8")
        chests.run_chests(cases, tmp_path / "out", resume=True)
    chests.run_chests(cases, tmp_path / "out", resume=True)
    assert asked == [["ours", "ways"], ["ours"], ["ours", "ways"]]
    chests.run_chests(cases, tmp_path / "out", ways=False)
    assert asked[3:] == [["ours"]]
    chests.run_chests(cases, tmp_path / "out", resume=True)
    assert len(asked) == 4


def test_tables_tell_mean_and_worst():
    results = [
        chests.from_answers(ChestCase(BASE, replace(SPEC, seed=seed)), answer(points), None)
        for seed, points in enumerate((1.0, -3.0))
    ]
    text = chest_report(results)
    row = next(line for line in text.splitlines() if line.startswith(f"| {OURS} | 2 |"))
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[3:6] == ["−1.00", "2.00", "−3.0"]
    assert json.dumps(cells[6:9]) == json.dumps(["+0.0", "0.0", "+0.0"])
    assert cells[9:11] == ["99.0", "99.0"]
    assert "Base on 2 anatomies" in text
    asked = {row[0]: row[2:] for row in target_rows(results)}
    assert asked["BV5 %, worst error, points"] == ["3.00", results[1].case.name, "no"]
    assert asked["TPBV, worst error, %"][0::2] == ["0.00", "yes"]
    assert asked["centerline ≥ 1.25 mm² found, least, %"][0::2] == ["99.0", "yes"]


def test_pruning_is_held_against_the_base_of_the_same_anatomy():
    base = chests.from_answers(ChestCase(BASE, SPEC), answer(2.0), None)
    pruned = chests.from_answers(ChestCase(PRUNED, SPEC), answer(0.5), None)
    other = chests.from_answers(ChestCase(BASE, replace(SPEC, seed=4)), answer(9.0), None)
    ((case, true, found),) = pruning_moves([other, base, pruned])
    assert case is pruned.case
    assert (true, found) == pytest.approx((0.0, -1.5))


@pytest.mark.slow
def test_a_small_chest_measures_as_it_did(phantom, truth):
    """Measured: BV5 -0.9 points, TPBV -1.8 %."""
    result = analyze(phantom.volume.to_sitk(), lungs=phantom.lungs)
    found = score(
        truth,
        classes_ml(phantom.measurements[0]),
        pieces_of(result.centerlines),
        classes_ml(result.measurements_hilum_included[0]),
        result.parameters,
    )
    assert abs(found.bv5_points) < 2.5
    assert abs(found.tpbv_error_pct) < 4
    assert found.detection_pct > 95
    assert found.false_length_pct < 1.2
    assert found.false_volume_pct(Place.AIRWAY) < 1.2
    again = Score.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.bv5_points == found.bv5_points


# Missed: BV5 is off by 0.2 to 4.7 points. Areas are right, but lines begin 4 mm from the edge of
# the lung, and the trunks there are half of BV10 in so small a chest. The bounds were met while
# false lines at the hilum made up for them.
@pytest.mark.xfail(raises=AssertionError, strict=True, reason="4.7 points off for 3.8")
@pytest.mark.slow
def test_other_anatomies_are_no_worse_and_pruning_shows():
    """Measured on seeds 1 to 3: BV5 +2.8, +2.1, +2.8 points, pruned +3.1, +3.1, +2.3.

    So small a chest has its forks closer together than the blur lets areas be read; of adults the
    benchmark tells.
    """
    moved, errors = [], []
    for seed in (1, 2, 3):
        points = []
        for pruning in (0.0, 0.5):
            phantom = chest_phantom(replace(SPEC, seed=seed, pruning=pruning))
            result = analyze(phantom.volume.to_sitk(), lungs=phantom.lungs)
            found = result.measurements_hilum_included[0]
            true = phantom.measurements[0]
            assert found.tpbv_ml == pytest.approx(true.tpbv_ml, rel=0.045)
            points.append((true.bv5_pct, found.bv5_pct))
            errors.append(found.bv5_pct - true.bv5_pct)
        (true, found), (true_pruned, found_pruned) = points
        moved.append((found_pruned - found) - (true_pruned - true))
    assert np.abs(errors).max() < 3.8
    assert abs(np.mean(errors)) < 3.2
    # Pruning lowers BV5 by 10 points; what is measured follows.
    assert np.abs(moved).max() < 1.5
    assert abs(np.mean(moved)) < 1.0


def test_options_choose_cases(monkeypatch):
    seen = {}

    def run(cases, folder, **options):
        seen["cases"] = [(case.condition, case.spec.scale) for case in cases]
        seen.update(options)
        return []

    monkeypatch.setattr(chests, "run_chests", run)
    options = SimpleNamespace(
        first_seed=0,
        scale=1.0,
        only="contrast",
        resume=True,
        true_lungs=False,
        no_ways=True,
        quick=False,
        jobs=3,
    )
    text = chests.report(options)
    assert "No chest phantom" in text
    assert text.count("contrast") == 2
    assert len(seen["cases"]) == 2
    assert seen["ways"] is False
    assert seen["resume"] is True
    assert 1 <= seen["processes"] <= 3
    options.quick, options.only = True, ""
    chests.report(options)
    assert seen["cases"] == [(BASE, chests.QUICK_SCALE), (PRUNED, chests.QUICK_SCALE)]
