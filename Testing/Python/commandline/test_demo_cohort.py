"""``bv5 demo-cohort``: phantoms and invented patients all the way to their tables."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from BV5AnalysisLib import cli
from BV5AnalysisLib.commandline import demo_cohort
from BV5AnalysisLib.export.cohort.demo_files import write_record
from BV5AnalysisLib.imaging.phantom import ChestPhantomSpec
from BV5AnalysisLib.study.cohort.synthetic import LITTLE_OXYGEN, MUCH_OXYGEN

SMALL = ChestPhantomSpec(
    seed=1, scale=0.55, spacing_mm=(1.1, 1.1, 1.2), terminal_volume_ml=6, terminal_csa_mm2=1.2
)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([row[name] for row in rows], float)


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """Folder of the example, on fewer and smaller phantoms, and without pictures."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_cohort, "SPEC", SMALL)
        patch.setattr(demo_cohort, "PRUNINGS", (0.0, 0.25, 0.5, 0.75))
        assert cli.main(["demo-cohort", "-o", str(folder), "--no-report"]) == 0
    return folder


@pytest.mark.slow
def test_its_batch_was_made_elsewhere_and_can_be_resumed(demo, capsys):
    source = demo / "phantoms" / demo_cohort.MANIFEST
    arguments = ["batch", str(source), "-o", str(demo / "batch"), "--no-report"]
    assert cli.main([*arguments, "--resume"]) == 0
    assert "Measured:      4 of 4 cases" in capsys.readouterr().out


@pytest.mark.slow
def test_every_promised_file_is_there(demo):
    assert {path.name for path in demo.iterdir()} == {
        *("phantoms", "batch", "pruning", "pruning.csv"),
        *("patients", "table1", "demo-cohort.json"),
    }
    assert list(demo.parent.iterdir()) == [demo]
    assert (demo / "batch" / "index.html").exists()
    for folder in ("pruning", "table1"):
        names = {path.name for path in (demo / folder).iterdir()}
        assert {"table1.csv", "table1.md", "table1.html", "cohort.html", "cohort.json"} <= names


@pytest.mark.slow
def test_bv5_falls_with_every_step_of_pruning_and_follows_the_truth(demo):
    rows = table(demo / "pruning.csv")
    assert column(rows, "pruning_pct").tolist() == pytest.approx([0, 25, 50, 75])
    measured, true = column(rows, "bv5_pct"), column(rows, "true_bv5_pct")
    assert (np.diff(true) < 0).all()
    assert (np.diff(measured) < 0).all()
    assert abs(measured - true).max() < 4
    assert {row["hilum"] for row in rows} == {"included"}


@pytest.mark.slow
def test_the_phantoms_were_measured_by_the_batch(demo):
    rows = [row for row in table(demo / "batch" / "measurements.csv") if row["region"] == "both"]
    pruning = table(demo / "pruning.csv")
    assert [row["case"] for row in rows] == [row["case"] for row in pruning]
    with_hilum_ml = column(rows, "tpbv_ml") + column(rows, "hilar_ml")
    assert column(pruning, "tpbv_ml") == pytest.approx(with_hilum_ml, abs=1e-3)
    assert (column(rows, "hilar_ml") > 0).all()
    assert table(demo / "batch" / "failures.csv") == []


@pytest.mark.slow
def test_the_cohort_of_phantoms_finds_the_fall(demo):
    correlations = table(demo / "pruning" / "correlations.csv")
    row = next(
        each
        for each in correlations
        if each["measure"] == "bv5_pct"
        and each["variable"] == "pruning"
        and each["method"] == "pearson"
    )
    assert float(row["coefficient"]) < -0.95
    assert float(row["p"]) < 0.05
    assert int(row["n"]) == 4


@pytest.mark.slow
def test_the_true_bv5_says_what_it_is_of(demo):
    record = json.loads((demo / "pruning" / "cohort.json").read_text(encoding="utf-8"))
    names = {each["variable"]["name"] for each in record["correlations"]}
    assert "True BV5, hilum included" in names


@pytest.mark.slow
def test_table_1_of_the_invented_patients_is_the_published_one(demo):
    record = json.loads((demo / "table1" / "cohort.json").read_text(encoding="utf-8"))
    bv5 = next(each for each in record["comparisons"] if each["measure"]["key"] == "bv5_pct")
    for summary, group in zip(bv5["summaries"], (LITTLE_OXYGEN, MUCH_OXYGEN), strict=True):
        assert summary["n"] == group.n
        assert (summary["mean"], summary["sd"]) == pytest.approx((group.mean, group.sd), abs=5e-4)
    assert bv5["tests"][0]["name"] == "welch"
    assert bv5["tests"][0]["p"] == pytest.approx(0.0228, abs=5e-5)
    text = (demo / "table1" / "table1.md").read_text(encoding="utf-8")
    for printed in ("46.89 (8.59)", "41.61 (6.95)", "0.023"):
        assert printed in text


@pytest.mark.slow
def test_no_trace_of_where_it_was_made(demo):
    for path in demo.rglob("*"):
        if path.is_file() and path.suffix != ".nrrd" and path.name != "demo-cohort.json":
            assert b".bv5-partial" not in path.read_bytes(), path


def test_a_phantom_that_is_not_measured_is_told_and_nothing_is_left(tmp_path, monkeypatch, capfd):
    def no_result(arguments, progress):
        folder = Path(arguments[arguments.index("-o") + 1])
        folder.mkdir()
        (folder / "measurements.csv").write_text("case,region,bv5_pct,tpbv_ml\n")
        (folder / "failures.csv").write_text("case,reason\npruned-00,No lungs were found\n")

    monkeypatch.setattr(demo_cohort, "SPEC", ChestPhantomSpec(scale=0.3, spacing_mm=(4, 4, 4)))
    monkeypatch.setattr(demo_cohort, "PRUNINGS", (0.0,))
    monkeypatch.setattr(demo_cohort, "run_subcommand", no_result)
    assert cli.main(["demo-cohort", "-o", str(tmp_path / "out"), "--no-report"]) == 1
    err = capfd.readouterr().err
    assert err.startswith("bv5: Not every phantom was measured")
    assert "No lungs were found" in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_the_statistics_need_is_told_before_the_phantoms(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(demo_cohort.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(demo_cohort, "make_study", None)
    monkeypatch.setattr(demo_cohort, "check_requirements", lambda *_args, **_options: None)
    assert cli.main(["demo-cohort", "-o", str(tmp_path / "out"), "--no-report"]) == 1
    assert "pip install statsmodels" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


def written_example(folder: Path) -> Path:
    (folder / "batch" / "case").mkdir(parents=True)
    (folder / "batch" / "case" / "result.json").write_text("{}")
    write_record(folder, {})
    return folder


def made_at_once(study, progress):
    (study.folder / "new.txt").write_text("new")
    return ()


def test_an_example_is_replaced_on_request(tmp_path, monkeypatch, capfd):
    folder = written_example(tmp_path / "out")
    monkeypatch.setattr(demo_cohort, "make_study", made_at_once)
    arguments = ["demo-cohort", "-o", str(folder), "--no-report", "--progress", "json"]
    assert cli.main(arguments) == 1
    assert "add --overwrite" in capfd.readouterr().err
    assert cli.main([*arguments, "--overwrite"]) == 0
    assert {path.name for path in folder.iterdir()} == {"new.txt", "demo-cohort.json"}


def test_a_file_of_the_user_among_the_results_is_never_lost(tmp_path, monkeypatch, capfd):
    folder = written_example(tmp_path / "out")
    (folder / "batch" / "case" / "notes.txt").write_text("mine")
    monkeypatch.setattr(demo_cohort, "make_study", made_at_once)
    assert cli.main(["demo-cohort", "-o", str(folder), "--no-report", "--overwrite"]) == 1
    assert "batch/case/notes.txt, which BV5 Analysis did not write" in capfd.readouterr().err
    assert (folder / "batch" / "case" / "notes.txt").read_text() == "mine"


def test_a_folder_of_something_else_is_not_replaced(tmp_path, capfd):
    (tmp_path / "letters.txt").write_text("mine")
    assert cli.main(["demo-cohort", "-o", str(tmp_path), "--overwrite", "--no-report"]) == 1
    assert "is not replaced" in capfd.readouterr().err
    assert (tmp_path / "letters.txt").read_text() == "mine"


@pytest.mark.slow
def test_the_record_has_the_commands_with_the_place_that_the_user_gave(demo):
    record = json.loads((demo / "demo-cohort.json").read_text(encoding="utf-8"))
    assert [command[:2] for command in record["commands"]] == [
        ["bv5", "batch"],
        ["bv5", "cohort"],
        ["bv5", "cohort"],
    ]
    for command in record["commands"]:
        output = Path(command[command.index("-o") + 1])
        assert output.parent == demo
        assert output.is_dir()
