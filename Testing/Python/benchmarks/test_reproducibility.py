"""Statistics and tables of the benchmark of reproducibility."""

import argparse
import sys

import numpy as np
import pytest
import reproducibility
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec
from repeated_scans import scan_conditions
from repeated_scans.conditions import (
    AIR,
    BASE,
    CHOSEN,
    NOISE,
    REPEATS,
    SLICES,
    Condition,
    base_spec,
    conditions,
    quick,
)
from repeated_scans.images import (
    BV5_ML,
    BV5_PCT,
    OBJECTNESS,
    OURS,
    TPBV_ML,
    TPBV_PCT,
    Image,
    effect,
    images_of,
    pairs,
    spread,
)
from repeated_scans.one_phantom import parenchyma_hu
from repeated_scans.phantom_tables import phantom_report
from repeated_scans.scan_conditions import OTHER_FORMAT, OWN_FILES, SCAN_CHANGES
from repeated_scans.scan_tables import cut_off, difference, scan_report, trouble
from repeated_scans.spread import Spread, within_subject
from repeated_scans.verdicts import CORRECTION, NOTHING, WIDER, verdict
from scan_changes.changes import PLAIN, TOP_SLICES

THICK = Condition(SLICES, "3 mm", {"spacing_mm": (0.7, 0.7, 3.0)})
AIRLESS = Condition(AIR, "500 mL less", {"air_lost_ml": 500.0})
CUT = next(each for each in SCAN_CHANGES if each.change.is_cut)


def image(condition, bv5_pct, tpbv_ml=100.0, *, seed=0, true_pct=40.0):
    def figures(percent):
        return {"bv5_pct": percent, "tpbv_ml": tpbv_ml, "bv5_ml": percent * tpbv_ml / 100}

    true = {"bv5_pct": true_pct, "tpbv_ml": 100.0, "bv5_ml": true_pct}
    ways = {
        "ours": figures(bv5_pct),
        "ours_hilum_included": figures(bv5_pct - 2),
        "objectness": figures(bv5_pct + 6),
    }
    return Image(seed, condition, {"true": true, **ways})


def noisy(number):
    return Condition(NOISE, f"seed {number}", {"noise_seed": number})


# Statistics.


def test_spread_is_about_each_subjects_own_mean():
    found = within_subject([[1.0, 3.0], [101.0, 102.0, 103.0]])
    # Squares: 1 + 1 and 1 + 0 + 1, of 1 + 2 degrees of freedom.
    assert found.sd == pytest.approx(np.sqrt(4 / 3))
    assert found.degrees == 3


def test_of_two_measurements_it_is_dahlbergs():
    differences = np.array([0.3, -1.2, 0.8, 2.0])
    found = within_subject([(0.0, each) for each in differences])
    assert found.sd == pytest.approx(np.sqrt(np.sum(differences**2) / (2 * len(differences))))


@pytest.mark.parametrize("subjects", [[], [[1.0], [2.0]], [[]]])
def test_without_repeats_there_is_no_spread(subjects):
    assert within_subject(subjects) is None


def test_95_percent_of_pairs_differ_by_less_than_the_coefficient():
    rng = np.random.default_rng(5)
    repeats = rng.normal(rng.normal(50, 10, (2000, 1)), 0.7, (2000, 2))
    found = within_subject(repeats.tolist())
    apart = abs(repeats[:, 0] - repeats[:, 1])
    assert np.mean(apart < found.repeatability) == pytest.approx(0.95, abs=0.015)
    assert found.sd == pytest.approx(0.7, rel=0.05)


def test_the_interval_of_the_standard_deviation_holds_the_true_one():
    rng = np.random.default_rng(6)
    held = 0
    for values in rng.normal(0, 2.0, (2000, 6)):
        low, high = within_subject([values.tolist()]).interval
        held += low < 2.0 < high
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


# Rules.


@pytest.mark.parametrize(
    ("effects", "need", "amount"),
    [
        ([0.4, -0.5, 0.1], NOTHING, 0.0),
        ([1.0, 1.2, 0.9], CORRECTION, -31 / 30),
        ([-1.0, -1.2, -0.9], CORRECTION, 31 / 30),
        # To both sides; alike but scattered; too few to know.
        ([1.0, -1.2, 0.9], WIDER, 1.2),
        ([0.1, 0.2, 3.0], WIDER, 3.0),
        ([1.0, 1.1], WIDER, 1.1),
    ],
)
def test_what_an_effect_needs(effects, need, amount):
    found = verdict(effects, 0.5)
    assert found.need == need
    assert found.amount == pytest.approx(amount)


# Images.


def test_each_condition_changes_one_factor_and_none_the_body():
    base = base_spec(3, 0.45)
    assert base.spacing_mm == (0.7, 0.7, 1.25)
    assert (base.noise_hu, base.noise_kernel) == (25.0, "white")
    listed = conditions(0.45)
    assert listed[0] == BASE
    assert {each.factor for each in listed[1:]} == {*REPEATS, *CHOSEN}
    scanner = {"spacing_mm", "psf_sigma_mm", "noise_hu", "noise_kernel", "noise_seed"}
    for each in listed:
        spec = each.spec(base)
        assert (spec != base) == (each != BASE)
        assert set(each.change) <= scanner | {"shift_mm", "turn_deg", "air_lost_ml"}
    assert len({each.name for each in listed}) == len(listed)
    steps = {each.spec(base).spacing_mm[2] for each in listed}
    assert steps == {0.6, 1.0, 1.25, 2.0, 3.0}
    assert {each.spec(base).noise_hu for each in listed} >= {10.0, 25.0, 40.0}
    assert sum(each.factor == NOISE for each in listed) >= 5


def test_thicker_slices_are_of_the_same_dose():
    base = base_spec(0, 1.0)
    for each in (each.spec(base) for each in conditions(1.0) if each.factor == SLICES):
        assert each.noise_hu**2 * each.spacing_mm[2] == pytest.approx(25.0**2 * 1.25, rel=0.01)


def test_a_quick_run_has_one_of_each_factor():
    factors = [each.factor for each in quick(conditions(1.0))]
    assert sorted(factors) == sorted({"", *REPEATS, *CHOSEN})


def test_lung_that_lost_air_is_as_dense_as_it_is_drawn():
    spec = ChestPhantomSpec(scale=0.45)
    assert parenchyma_hu(spec) == spec.parenchyma_hu
    # 0.49 L of lung, of which a tenth is lost.
    less = ChestPhantomSpec(scale=0.45, air_lost_ml=49.0)
    assert parenchyma_hu(less) == pytest.approx(-1000 + 130 / 0.9, abs=1.0)


def test_what_the_truth_moves_is_no_effect():
    base = image(BASE, 41.0, 90.0)
    moved = image(AIRLESS, 38.5, 99.0, true_pct=38.0)
    assert effect(moved, base, OURS, BV5_PCT) == pytest.approx(-0.5)
    assert effect(moved, base, OURS, TPBV_ML) == pytest.approx(9.0)
    assert effect(moved, base, OURS, TPBV_PCT) == pytest.approx(10.0)
    assert effect(moved, base, OBJECTNESS, BV5_PCT) == pytest.approx(-0.5)
    assert effect(moved, base, OURS, BV5_ML) == pytest.approx(38.115 - 36.9 + 2.0)


def test_spread_takes_the_base_and_its_factors_only():
    images = [image(BASE, 40.0), image(noisy(1), 41.0), image(noisy(2), 42.0), image(THICK, 60.0)]
    assert spread(images, REPEATS, OURS, BV5_PCT) == Spread(1.0, 2)
    assert spread(images, (*REPEATS, *CHOSEN), OURS, BV5_PCT).sd > 8
    other = [image(BASE, 20.0, seed=1), image(noisy(1), 21.0, seed=1)]
    assert spread(images + other, REPEATS, OURS, BV5_PCT).degrees == 3


def test_what_broke_is_in_no_figure_and_is_told():
    asked = [(0, BASE), (0, noisy(1)), (1, noisy(1))]
    found = images_of(
        asked,
        [image(BASE, 40.0).figures, {"broken": "not done after 9 s"}, image(BASE, 50.0).figures],
    )
    # The second anatomy has no base to compare with.
    assert [each.seed for each, _ in pairs(found)] == [0]
    text = phantom_report(found)
    assert "- not done after 9 s: anatomy 0, noise seed 1" in text
    assert "measured: 2." in text


def test_the_report_has_effects_limits_and_what_is_needed():
    images = [
        each
        for seed in range(3)
        for each in (
            image(BASE, 40.0, seed=seed),
            image(noisy(1), 40.2, seed=seed),
            image(THICK, 43.0 + 0.1 * seed, seed=seed),
        )
    ]
    text = phantom_report(images)
    sd, limit = 0.2 / np.sqrt(2), 1.96 * 0.2
    line = next(line for line in text.splitlines() if "| all repeats" in line)
    assert line.startswith("| BV5 Analysis | all repeats: noise, shift, turn | 3 |")
    assert f"{sd:.2f} (" in line
    assert f"/ {limit:.2f} |" in line
    assert "| noise seed 1 | +0.00 | +0.20 (+0.20 to +0.20) |" in text
    assert "| slices 3 mm | +0.00 | **+3.10** (+3.00 to +3.20) |" in text
    needs = next(line for line in text.splitlines() if "| slices 3 mm | BV5 %, points" in line)
    assert needs.endswith("| 3 | +3.10 | +3.00 to +3.20 | ± 0.39 | **correction** by −3.10 |")
    tpbv = next(line for line in text.splitlines() if "| slices 3 mm | TPBV, %" in line)
    assert tpbv.endswith("| nothing |")
    assert "seed 1 | BV5" not in text
    # Errors: 38.0 where the truth is 40 at the base, 41.2 at most beyond it.
    assert "−2.00 (base)" in text


def test_one_anatomy_is_too_few_for_a_correction():
    text = phantom_report([image(BASE, 40.0), image(noisy(1), 40.2), image(THICK, 43.0)])
    assert "**wider interval** by ± 3.00" in text
    alone = phantom_report([image(BASE, 40.0), image(THICK, 43.0)])
    assert "not known: nothing was repeated" in alone


# Scans.


def numbers(bv5_pct, tpbv_ml, below=None):
    found = {"bv5_pct": bv5_pct, "tpbv_ml": tpbv_ml, "bv5_ml": bv5_pct * tpbv_ml / 100}
    rest = numbers(*below) if below else found
    return found | {f"{key}_below": value for key, value in rest.items() if "below" not in key}


@pytest.fixture
def answers():
    same = numbers(30.0, 200.0, (32.0, 150.0))
    return {each.name: same for each in SCAN_CHANGES} | {
        PLAIN.name: same,
        OWN_FILES: numbers(31.0, 200.0),
        OTHER_FORMAT: numbers(31.0, 200.0),
        CUT.name: numbers(32.2, 150.0),
        "mirrored": numbers(30.5, 202.0),
        "slices averaged to 2 mm": {"none": "its slices are as thick already"},
        "turned by axes": {"broken": "not measured in this run"},
    }


def test_a_cut_is_held_against_the_blood_that_is_left(answers):
    assert difference(answers, CUT, BV5_PCT) == pytest.approx(0.2)
    assert difference(answers, CUT, TPBV_PCT) == pytest.approx(0.0)
    assert cut_off(answers, CUT) == "; 50.0 of 200.0 mL cut off"
    # Sums in another order differ in their last digits.
    answers[PLAIN.name] = numbers(30.0, 200.0, (30.0, 200.0 + 1e-9))
    assert cut_off(answers, CUT) == "; 0.0 of 200.0 mL cut off"


def test_the_table_of_scans_tells_what_missed_its_target(answers):
    text = scan_report({"P7": answers}, "")
    assert (
        "| P7 | mirrored | 30.00 → 30.50 | **+0.50** | +2.00 | +1.00 | +1.61 | no (≤ 0.2) |" in text
    )
    assert f"| P7 | {CUT.name} | 32.00 → 32.20 | +0.20 |" in text
    assert "yes (≤ 0.3); 50.0 of 200.0 mL cut off |" in text
    assert f"| P7 | {OTHER_FORMAT} | 31.00 → 31.00 | +0.00 |" in text
    assert "its slices are as thick already" in text
    assert "- not measured in this run: P7, turned by axes" in text
    # Over scans: half of the square of the difference is its variance.
    mirrored = next(line for line in text.splitlines() if line.startswith("| mirrored | 1 |"))
    assert f"+0.50; {0.5 / np.sqrt(2):.2f} / {1.96 * 0.5:.2f}" in mirrored


def test_a_refused_scan_is_told_and_not_counted(answers):
    refused = {name: {"refused": "no lungs"} for name in answers}
    assert trouble(refused, CUT) == "refused: no lungs"
    text = scan_report({"P7": refused}, "")
    assert "refused: no lungs" in text
    assert "| mirrored | 1 |" not in text


def test_without_scans_the_reason_is_told():
    assert "no scans (`BV5_SCANS` names" in scan_report({}, "`BV5_SCANS` names a folder with them")


@pytest.fixture
def scan_file(tmp_path, monkeypatch):
    """Stand-in for reading: what `read_scan` gives of any path, with axes of a DICOM series."""
    rng = np.random.default_rng(2)
    grid = Grid((24, 20, 40), (0.8, 0.8, 1.0), (5.0, -7.0, 11.0))
    volume = Volume(rng.integers(-1000, 100, grid.shape).astype(np.int16), grid)
    read = scan_conditions.read_scan
    first = scan_conditions.scan_from_image(volume.to_sitk())
    path = tmp_path / "scan.nrrd"
    monkeypatch.setattr(
        scan_conditions, "read_scan", lambda asked: first if asked == path else read(asked)
    )
    return path, volume


def test_scans_are_changed_as_asked(scan_file):
    path, volume = scan_file
    made = {name: scan_conditions.scan_of(path, name) for name in scan_conditions.asked_of_a_scan()}
    arrays = {name: scan.volume.array.astype(int) for name, scan in made.items()}
    hu = volume.array.astype(int)
    assert np.array_equal(arrays[PLAIN.name], hu)
    assert np.array_equal(arrays[OTHER_FORMAT], hu)
    assert np.array_equal(arrays["mirrored"], hu[:, :, ::-1])
    assert np.array_equal(arrays[CUT.name], hu[:-TOP_SLICES])
    assert np.array_equal(arrays["HU + 10"], hu + 10)
    assert sorted(arrays["turned by axes"].ravel()) == sorted(hu.ravel())
    assert arrays["turned by axes"].shape != hu.shape
    assert made["slices averaged to 2 mm"].volume.grid.spacing[2] == pytest.approx(2.0)
    noise = (arrays["noise of 15 HU added"] - hu)[hu > -900]
    assert noise.std() == pytest.approx(15, rel=0.05)


def test_thick_slices_are_not_averaged(scan_file):
    _, volume = scan_file
    grid = Grid(volume.grid.size, (0.8, 0.8, 2.0), volume.grid.origin)
    assert scan_conditions.averaged(Volume(volume.array, grid)) is None


# The command.


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Run the command, its jobs answered by a stand-in that counts what it is asked."""
    asked = []

    def answered(module, jobs, notes, *, processes, limit_seconds):
        asked.append((module, len(jobs)))
        found = [
            image(BASE, 40.0).figures if "phantom" in module else {"broken": "stand-in"}
            for _ in jobs
        ]
        for (question, _), answer in zip(jobs, found, strict=True):
            notes.keep(question, answer)
        return found

    monkeypatch.setattr(reproducibility, "answered", answered)
    monkeypatch.setattr(reproducibility, "OUT", tmp_path / "out")
    monkeypatch.setattr(reproducibility, "REPORT", tmp_path / "reproducibility.md")
    monkeypatch.setattr(reproducibility, "scans", lambda: [tmp_path / "P1", tmp_path / "P2.nrrd"])

    def run(*options):
        monkeypatch.setattr(sys, "argv", ["reproducibility.py", *options])
        reproducibility.main()
        return asked

    return run


def test_a_whole_run_asks_for_all_and_writes_its_report(command, tmp_path, capsys):
    asked = command("--seeds", "4-5")
    count = len(conditions(1.0))
    assert asked[0] == ("repeated_scans.one_phantom", 2 * count)
    assert asked[1] == ("repeated_scans.one_scan", 2 * (2 + len(SCAN_CHANGES)))
    text = (tmp_path / "reproducibility.md").read_text(encoding="utf-8")
    assert text.startswith("# Reproducibility\n")
    assert f"Anatomies: 2; images asked for: {2 * count}, measured: {2 * count}." in text
    listed = next(
        line for line in text.splitlines() if line.startswith("- stand-in: P1, as it is;")
    )
    assert "; P2.nrrd, mirrored" in listed
    assert "### Over all scans" not in text
    assert text.strip() == capsys.readouterr().out.strip()


def test_a_quick_run_leaves_scans_and_the_file_out(command, tmp_path, capsys):
    asked = command("--quick")
    assert asked == [
        ("repeated_scans.one_phantom", len(quick(conditions(1.0)))),
        ("repeated_scans.one_scan", 0),
    ]
    assert "no scans (left out by `--quick`)" in capsys.readouterr().out
    assert not (tmp_path / "reproducibility.md").exists()


def test_tables_of_what_is_known_measure_nothing(command, tmp_path, capsys):
    command("--quick")
    asked = list(command("--quick", "--resume", "--known-only"))
    assert len(asked) == 2
    count = len(quick(conditions(1.0)))
    assert f"images asked for: {count}, measured: {count}." in capsys.readouterr().out
    command("--resume", "--known-only", "--seeds", "7")
    assert "not measured in this run" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        command("--known-only")
    assert "--known-only needs --resume" in capsys.readouterr().err


def test_paths_of_this_machine_are_not_told(command, tmp_path):
    command("--scan", str(tmp_path / "P9"), "--output", str(tmp_path / "other.md"))
    text = (tmp_path / "other.md").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert "--scan P9" in text


def test_an_output_in_no_folder_is_refused(command, tmp_path, capsys):
    with pytest.raises(SystemExit):
        command("--output", str(tmp_path / "none" / "x.md"))
    assert "is no folder" in capsys.readouterr().err


def test_small_chests_are_told(command, tmp_path):
    command("--scale", "0.5", "--output", str(tmp_path / "small.md"))
    text = (tmp_path / "small.md").read_text(encoding="utf-8")
    assert "scale 0.5, 12% of an adult's volume" in text
    assert "some 2.8 times" in text
    command("--output", str(tmp_path / "adult.md"))
    assert "of an adult's volume" not in (tmp_path / "adult.md").read_text(encoding="utf-8")


def test_options_of_seeds_are_ranges():
    assert reproducibility.seeds("0-2") == range(3)
    with pytest.raises(argparse.ArgumentTypeError, match="no range"):
        reproducibility.seeds("a few")
