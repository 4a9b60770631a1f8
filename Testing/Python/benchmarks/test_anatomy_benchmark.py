"""Scores of the anatomy benchmark on a chest of boxes, whose figures are known."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from anatomy import broken_row, report, scan_table, seeds
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.intervals import BloodIntervals, Interval
from BV5AnalysisLib.imaging.model.measurements import Measurement
from BV5AnalysisLib.imaging.model.size_classes import LungLabel, SizeClass
from BV5AnalysisLib.imaging.model.tissue import Tissue
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.phantom.anychest import TissueKind, any_chest_spec
from BV5AnalysisLib.imaging.phantom.anychest.tubes import AirwayKind
from random_chests import checks, tables, true_hilum
from random_chests.airway_scores import airway_score
from random_chests.blood_scores import AIRWAY, PLAIN, blood_score
from random_chests.lung_scores import dice, lung_score, surface_errors_mm
from random_chests.measuring import cut_mm2
from random_chests.truth import ChestTruth

SHAPE = (40, 40, 60)
GRID = Grid(SHAPE[::-1], (1.0, 1.0, 1.0))
VESSEL_Y, HIDDEN_Y, AIRWAY_Y = 20, 30, 10
CSA_MM2, POINT_ML = 4.0, 0.1


def line_at(y: int, z: int = 20) -> np.ndarray:
    """Points of a line along x through the right lung."""
    return np.array([(x, y, z) for x in range(6, 24)], float)


@pytest.fixture
def truth() -> ChestTruth:
    """Two lungs; in the right one a vessel, a bronchus, and a vessel in consolidation."""
    lungs = np.zeros(SHAPE, np.uint8)
    lungs[5:35, 5:35, 5:25], lungs[5:35, 5:35, 35:55] = LungLabel.RIGHT, LungLabel.LEFT
    kinds = np.where(lungs > 0, TissueKind.LUNG, TissueKind.SOFT_TISSUE).astype(np.uint8)
    kinds[5:35, 28:33, 5:25] = TissueKind.CONSOLIDATION
    airways = np.zeros(SHAPE, np.uint8)
    airways[20, AIRWAY_Y, 5:25] = AirwayKind.SEGMENTAL
    airways[30, AIRWAY_Y, 15:35] = AirwayKind.LOBAR
    blood = np.zeros(SHAPE, np.uint8)
    blood[20, VESSEL_Y, 5:25] = blood[20, HIDDEN_Y, 5:25] = 255
    points = line_at(VESSEL_Y)
    count = len(points)
    return ChestTruth(
        grid=GRID,
        hu=np.full(SHAPE, -800, np.int16),
        lungs=lungs,
        kinds=kinds,
        airways=airways,
        blood=blood,
        points_mm=points,
        csa_mm2=np.full(count, CSA_MM2),
        point_ml=np.full(count, POINT_ML),
        about={
            "spec": any_chest_spec(1000).to_dict(),
            "visible": {"below_floor": 9.0, "bv5": POINT_ML * count, "bv5_10": 0.0, "bv10": 0.0},
            "hidden": {"below_floor": 0.0, "bv5": 1.0, "bv5_10": 0.0, "bv10": 0.0},
            "lung_ml": {"right": 18.0, "left": 18.0},
        },
    )


@dataclass
class Found:
    """What the scores read of a result."""

    lines: list[np.ndarray]
    lungs: Volume
    tissue: Volume | None = None
    opacities: tuple = ()
    measurements_hilum_included: list[Measurement] = field(init=False)
    centerlines: Centerlines = field(init=False)

    def __post_init__(self) -> None:
        points = np.concatenate([np.empty((0, 3)), *self.lines])
        count = len(points)
        self.centerlines = Centerlines.measured(
            points_mm=points,
            branch_start=np.cumsum([0, *map(len, self.lines)]),
            csa_mm2=np.full(count, CSA_MM2),
            size_class=np.full(count, SizeClass.BV5, np.uint8),
            point_volume_ml=np.full(count, POINT_ML),
            point_length_mm=np.ones(count),
            csa_error_mm2=np.zeros(len(self.lines)),
        )
        volume_ml = POINT_ML * count
        # A vessel missed or too much is not allowed for.
        volume, share = Interval(0.9 * volume_ml, 1.1 * volume_ml), Interval(95.0, 100.0)
        intervals = BloodIntervals(*[volume] * 5, *[share] * 3)
        both = Measurement("both", 36.0, volume_ml, 0.0, 0.0, 0.0, count, intervals=intervals)
        self.measurements_hilum_included = self.measurements = [both]


def scored(truth: ChestTruth, found: Found):
    """Score where no blood is hilar."""
    return blood_score(truth, found, truth.about["visible"])


def found_in(truth: ChestTruth, *lines: np.ndarray, **options) -> Found:
    return Found(list(lines), Volume(truth.lungs, GRID), **options)


def test_the_true_result_is_without_fault(truth):
    airways = truth.airways > 0
    lungs = np.where(airways, 0, truth.lungs)
    score = lung_score(truth, lungs, airways)
    assert (score.dice, score.dice_right, score.dice_left) == (1, 1, 1)
    assert score.surface_worst_mm == score.lost_ml == score.extra_ml == 0
    branches = airway_score(truth, airways)
    assert (branches.branches, branches.found, branches.leak_ml) == (2, 2, 0)
    assert branches.by_kind["SEGMENTAL"] == [1, 1]
    assert branches.wide == [0, 0], "both are a millimeter wide"
    blood = scored(truth, found_in(truth, line_at(VESSEL_Y)))
    assert blood.bv5_error == pytest.approx(0)
    assert blood.tpbv_error_pct == pytest.approx(0)
    assert blood.apart_bv5_error == pytest.approx(0)
    assert blood.apart_tpbv_error_pct == pytest.approx(0)
    assert blood.held == {"bv5_pct": True, "tpbv_ml": True}
    assert blood.half_width["bv5_pct"] == pytest.approx(2.5)
    assert blood.missed_ml == blood.lost_outside_ml == blood.lost_to_opacity_ml == 0
    assert sum(blood.false_ml.values()) == 0


def test_lost_lung_shows_in_overlap_volume_and_surface(truth):
    lungs = truth.lungs.copy()
    lungs[25:] = 0
    score = lung_score(truth, lungs, np.zeros(SHAPE, bool))
    assert score.dice_right == pytest.approx(2 * 20 / 50, abs=0.001)
    assert score.lost_ml == pytest.approx(12.0, abs=0.01)
    assert score.surface_worst_mm == pytest.approx(10, abs=1)


def test_bronchi_as_wide_as_the_blur_are_counted_apart(truth):
    truth.airways[6:14, 6:14, 5:25] = AirwayKind.MAIN
    narrow = truth.airways == AirwayKind.SEGMENTAL
    assert airway_score(truth, truth.airways > 0).wide == [1, 1]
    assert airway_score(truth, narrow).wide == [0, 1]
    assert airway_score(truth, narrow).found == 1


def test_air_of_the_lung_taken_for_airway_is_lung_lost_and_a_leak(truth):
    airways = np.zeros(SHAPE, bool)
    airways[8:18, 15:25, 38:48] = True
    score = lung_score(truth, np.where(airways, 0, truth.lungs), airways)
    assert score.lost_ml == pytest.approx(1.0)
    assert airway_score(truth, airways).leak_ml == pytest.approx(1.0)
    assert airway_score(truth, airways).found == 0


def test_beside_a_true_lumen_there_is_no_leak(truth):
    airways = np.zeros(SHAPE, bool)
    airways[19:22, AIRWAY_Y - 1 : AIRWAY_Y + 2, 5:25] = True
    assert airway_score(truth, airways).leak_ml == 0


def test_surfaces_that_are_not_there_are_far():
    one, none = np.ones((9, 9, 9), bool), np.zeros((9, 9, 9), bool)
    assert surface_errors_mm(none, none, np.ones(3)).tolist() == [0]
    assert surface_errors_mm(one, none, np.ones(3)).min() > 100
    assert dice(none, none) == 1


@pytest.mark.parametrize(
    ("y", "z", "source"),
    [
        (25, 20, PLAIN),
        (26, 20, "CONSOLIDATION"),
        (29, 12, "CONSOLIDATION"),
        (AIRWAY_Y + 2, 20, AIRWAY),
        (6, 30, "SOFT_TISSUE"),
        (20, 28, PLAIN),
    ],
)
def test_false_vessels_are_told_by_what_they_lie_on(truth, y, z, source):
    line = np.array([(x, y, z) for x in range(10, 20)], float)
    false_ml = scored(truth, found_in(truth, line)).false_ml
    assert false_ml[source] == pytest.approx(sum(false_ml.values()))
    assert false_ml[source] == pytest.approx(len(line) * POINT_ML)


def test_a_vessel_hidden_in_consolidation_is_none_the_less_a_vessel(truth):
    assert sum(scored(truth, found_in(truth, line_at(HIDDEN_Y))).false_ml.values()) == 0


def test_lost_blood_is_told_by_what_was_found_in_its_place(truth):
    whole = POINT_ML * len(line_at(VESSEL_Y))
    assert scored(truth, found_in(truth)).missed_ml == pytest.approx(whole)
    tissue = np.zeros(SHAPE, np.uint8)
    tissue[15:25, 15:25] = Tissue.CONSOLIDATION
    lost = scored(truth, found_in(truth, tissue=Volume(tissue, GRID)))
    assert lost.lost_to_opacity_ml == pytest.approx(whole)
    nothing = Found([], Volume(np.zeros(SHAPE, np.uint8), GRID))
    assert scored(truth, nothing).lost_outside_ml == pytest.approx(whole)


def test_a_chest_is_kept_on_disk_whole(truth, tmp_path):
    truth.save(tmp_path / "seed7")
    again = ChestTruth.load(tmp_path / "seed7")
    assert again.grid == truth.grid
    assert again.about == truth.about
    for name in ("hu", "lungs", "kinds", "airways", "blood", "points_mm", "csa_mm2", "point_ml"):
        assert np.array_equal(getattr(again, name), getattr(truth, name)), name


def test_lung_in_the_outermost_plane_is_cut(truth):
    assert cut_mm2(truth) == 0
    truth.lungs[0, 5:35, 5:25] = LungLabel.RIGHT
    assert cut_mm2(truth) == 600


def row_of(seed: int = 1000, **changed) -> dict:
    """A chest that went well, but for what is changed."""
    share = {kind.name: 0.0 for kind in TissueKind} | {"LUNG": 1.0}
    row = {
        "seed": seed,
        "spec": any_chest_spec(seed).to_dict() | {"slice_mm": 1.0, "noise_hu": 20.0},
        "truth": {
            "lung_ml": {"right": 2000.0, "left": 1800.0},
            "tpbv_ml": 100.0,
            "bv5_pct": 40.0,
            "hidden_ml": 0.0,
            "share_of_lung": share,
            "cut_mm2": 0.0,
        },
        "findings": [],
        "seconds": {"made": 10.0, "analyzed": 20.0},
        "lungs": {
            "dice": 0.99,
            "dice_right": 0.99,
            "dice_left": 0.99,
            "surface_95_mm": 1.0,
            "surface_worst_mm": 5.0,
            "lost_ml": 10.0,
            "extra_ml": 10.0,
        },
        "airways": {
            "branches": 24,
            "found": 24,
            "leak_ml": 0.0,
            "by_kind": {"TRACHEA": [1, 1], "SEGMENTAL": [18, 18]},
            "wide": [20, 20],
        },
        "blood": {
            "tpbv_ml": 101.0,
            "bv5_pct": 40.5,
            "tpbv_error_pct": 1.0,
            "bv5_error": 0.5,
            "apart_tpbv_error_pct": 1.0,
            "apart_bv5_error": 0.5,
            "lost_to_opacity_ml": 0.0,
            "lost_outside_ml": 0.0,
            "missed_ml": 0.0,
            "false_ml": dict.fromkeys(
                [*(kind.name for kind in tables.SOURCES), AIRWAY, PLAIN], 0.0
            ),
            "held": {"bv5_pct": True, "tpbv_ml": True},
            "half_width": {"bv5_pct": 2.0, "tpbv_ml": 5.0},
        },
        "opacity_pct": {},
    }
    for name, value in changed.items():
        row[name] = row[name] | value if isinstance(value, dict) else value
    return row


def finding(code: str, severity: str = "warning") -> dict:
    return {"code": code, "severity": severity, "value": None}


def test_findings_are_right_false_missed_or_rightly_none():
    check = next(check for check in checks.CHECKS if check.code == "ground_glass")
    share = row_of()["truth"]["share_of_lung"]
    much = {"share_of_lung": share | {"GROUND_GLASS": 0.1}}
    some = {"share_of_lung": share | {"GROUND_GLASS": 0.04}}
    told = [finding("ground_glass")]
    assert checks.verdict(check, row_of(truth=much, findings=told)) == checks.RIGHT
    assert checks.verdict(check, row_of(findings=told)) == checks.FALSE
    assert checks.verdict(check, row_of(truth=much)) == checks.MISSED
    assert checks.verdict(check, row_of()) == checks.NONE
    assert checks.verdict(check, row_of(truth=some)) == checks.EITHER


def test_opacities_are_told_beside_the_true_ones():
    share = row_of()["truth"]["share_of_lung"] | {"GROUND_GLASS": 0.1}
    found = {"GROUND_GLASS": 8.0, "RETICULATION": 0.5, "CONSOLIDATION": 0.0}
    row = row_of(truth={"share_of_lung": share}, opacity_pct=found)
    text = tables.opacities([row])
    assert "| ground glass | 1 | 10.0 | 8.0 | 2.0 | 0 |  |  |  |" in text
    assert "| reticulation | 0 |  |  |  | 1 | 0.50 | 0.50 | 0.50 |" in text


def test_silent_failures_and_false_errors():
    lost = row_of(lungs={"dice": 0.9})
    assert checks.is_silent_failure(lost)
    error = [finding("lung_lost", "error")]
    assert not checks.is_silent_failure(lost | {"findings": error})
    assert checks.false_errors(lost | {"findings": error}) == []
    assert checks.false_errors(row_of(findings=error)) == ["lung_lost"]
    refused = {"seed": 1, "refused": "no lungs", "findings": []}
    assert not checks.is_silent_failure(refused)


def test_targets_are_reached_by_good_chests_alone():
    # Of ten intervals one does not hold: 90 % do.
    good = [row_of() for _ in range(9)]
    good.append(row_of(blood={"held": {"bv5_pct": False, "tpbv_ml": False}}))
    assert "**no**" not in tables.must_reach(good)
    bad = row_of(
        lungs={"dice": 0.9},
        airways={"found": 3, "leak_ml": 5.0},
        blood={"bv5_error": 9.0, "apart_bv5_error": 9.0, "lost_to_opacity_ml": 8.0},
    )
    missed = tables.must_reach([bad, broken_row(1001, "exit status -9")])
    # Crash, silent failure, Dice, opacity, BV5 % twice, bronchi, leaks, and each
    # interval; there is no error finding.
    assert missed.count("**no**") == 10


def test_the_report_ranks_the_worst_first_and_tells_all():
    bad = row_of(seed=1003, lungs={"dice": 0.7}, findings=[finding("lung_lost", "error")])
    refused = {**broken_row(1004, ""), "refused": "There is no chest."}
    del refused["crashed"]
    rows = [row_of(), bad, refused, broken_row(1005, "exit status -9")]
    assert [row["seed"] for row in tables.worst(rows)] == [1005, 1003, 1004, 1000]
    text = report(range(1000, 1004), rows, [])
    for words in ("There is no chest.", "exit status -9", "`lung_lost`", "SEEDS=1000-1003"):
        assert words in text


def test_scans_that_were_refused_have_a_row_as_wide():
    text = scan_table([{"scan": "a", "refused": "too thick"}])
    assert {line.count("|") for line in text.splitlines()} == {8}


def test_true_blood_at_the_hilum_is_apart(truth, monkeypatch):
    count = len(truth.points_mm)
    areas = np.where(np.arange(count) < 6, 0.8, np.where(np.arange(count) < 12, 4.0, 30.0))
    monkeypatch.setattr(true_hilum, "lung_around", lambda _: np.where(areas > 10, 0.3, 1.0))
    held = true_hilum.intrapulmonary_ml(replace(truth, csa_mm2=areas), Parameters())
    assert held == pytest.approx({"below_floor": 0.6, "bv5": 0.6, "bv5_10": 0.0, "bv10": 0.0})


def test_seeds_are_a_range_or_one():
    assert seeds("5000-5199") == range(5000, 5200)
    assert seeds("7") == range(7, 8)
    with pytest.raises(Exception, match="no range"):
        seeds("some")
