"""``bv5 cohort``: two tables in, one folder out."""

import csv
import json
import os
import subprocess
import sys

import pytest
from BV5AnalysisLib.cli import _parser, main
from BV5AnalysisLib.commandline.arguments.declared import chosen
from BV5AnalysisLib.study.cohort.options import CohortOptions
from helpers.cohort_tables import (
    PAO2,
    case_names,
    clinical,
    clinical_rows,
    measured,
    measurements,
    with_column,
    workbook,
)

FILES = {
    *("table1.csv", "table1.md", "table1.html", "cohort.html", "cohort.json", "cohort.csv"),
    *("correlations.csv", "exclusions.csv", "figures"),
}


def cohort(folder, *options, clinical_table=None, rows=None):
    """Run the command with its output in ``out``."""
    tables = [measurements(folder, rows), clinical_table or clinical(folder)]
    output = folder / "out"
    arguments = ["cohort", *tables, "-o", output, "--resamples", "100", *options]
    return main([str(each) for each in arguments]), output


def failed(capsys, folder, *options, **tables):
    """Message of a command that cannot do it, which leaves nothing behind."""
    status, output = cohort(folder, *options, **tables)
    told = capsys.readouterr()
    assert status == 1
    assert not output.exists()
    assert not list(folder.glob(".*"))
    assert told.err.startswith("bv5: ")
    assert told.err.count("\n") == 1
    return told.err


def test_all_files_and_what_is_shown(tmp_path, capsys):
    status, output = cohort(tmp_path)
    told = capsys.readouterr()
    assert status == 0
    assert {each.name for each in output.iterdir()} >= FILES
    assert not (output / "pairs.csv").exists()
    assert any(each.suffix == ".svg" for each in (output / "figures").iterdir())
    assert "10 scans → 10 with clinical data → 10 grouped by Oxygen" in told.out
    assert "Oxygen ≤ 2 L/min (n = 6), Oxygen > 2 L/min (n = 4)" in told.out
    assert "BV5 (%)" in told.out
    assert "Pearson's R" in told.out
    assert "note: clinical.csv: understood" in told.err
    assert max(map(len, told.out.splitlines()[:-3])) <= 200


def test_the_same_bytes_again(tmp_path):
    _, output = cohort(tmp_path)
    first = {each: each.read_bytes() for each in output.rglob("*") if each.is_file()}
    status, _ = cohort(tmp_path, "--overwrite")
    assert status == 0
    assert {each: each.read_bytes() for each in output.rglob("*") if each.is_file()} == first


def test_options_reach_the_analysis(tmp_path):
    rows = with_column(clinical_rows(), "PaO2", [p / 7.50062 for p in PAO2], "pao2_mmhg")
    rows = with_column(rows, "stage", [2, 2, 2, 1, 1, 1, 3, 3, 3, 3])
    status, output = cohort(
        *(tmp_path, "--group-by", "stage", "--groups", "2,1", "--test", "mann-whitney"),
        *("--unit", "PaO2=kPa", "--exclude", "age>70", "--adjust", "age", "--altitude", "1500"),
        *("--correlate", "PaO2", "--outcome", "oxygen_l_min>1", "--confidence", "0.9"),
        clinical_table=workbook(tmp_path, rows),
    )
    assert status == 0
    record = json.loads((output / "cohort.json").read_text(encoding="utf-8"))
    text = json.dumps(record)
    assert "stage: 2" in text
    assert "mann-whitney" in text
    assert "barometric pressure 634 mmHg" in text
    assert "90 % interval" in text
    with (output / "cohort.csv").open(encoding="utf-8", newline="") as file:
        analyzed = {row["case"]: row for row in csv.DictReader(file)}
    assert list(analyzed) == case_names()[:6]
    assert float(analyzed["P01"]["pao2_mmhg"]) == pytest.approx(PAO2[0])
    with (output / "exclusions.csv").open(encoding="utf-8", newline="") as file:
        assert {row["case"] for row in csv.DictReader(file)} >= {"P07", "P08", "P09", "P10"}


def test_three_groups_are_compared_in_pairs(tmp_path):
    rows = with_column(clinical_rows(), "stage", [1, 1, 1, 2, 2, 2, 3, 3, 3, 3])
    status, output = cohort(
        *(tmp_path, "--group-by", "stage", "--test", "mann-whitney"),
        clinical_table=clinical(tmp_path, rows),
    )
    assert status == 0
    with (output / "pairs.csv").open(encoding="utf-8", newline="") as file:
        pairs = [row for row in csv.DictReader(file) if row["variable"] == "bv5_pct"]
    assert [(row["first_group"], row["second_group"]) for row in pairs] == [
        ("stage: 1", "stage: 2"), ("stage: 1", "stage: 3"), ("stage: 2", "stage: 3"),
    ]  # fmt: skip
    assert {row["difference_of"] for row in pairs} == {"medians"}
    assert all(row["difference"] and row["p_holm"] for row in pairs)
    record = json.loads((output / "cohort.json").read_text(encoding="utf-8"))
    assert "rank-biserial" in " ".join(record["methods"])
    assert "all pairs of all measures" in " ".join(record["methods"])


def test_what_is_not_asked_for_is_as_in_a_script():
    parsed = _parser().parse_args(["cohort", "m.csv", "c.csv", "-o", "out"])
    assert chosen(CohortOptions, parsed) == CohortOptions()


def test_progress_for_programs(tmp_path, capsys):
    assert cohort(tmp_path, "--progress", "json")[0] == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    fractions = [event["fraction"] for event in events]
    assert fractions == sorted(fractions)
    assert events[-1] == {"step": "done", "fraction": 1.0}


def test_formulas_and_tags_of_tables_are_harmless(tmp_path):
    evil = '=HYPERLINK("http://x")<script>alert(1)</script>'
    rows = [[*row[:-1], row[-1]] for row in clinical_rows()]
    rows = with_column(rows, "<b>ward</b>", [evil, "a"] * 5)
    rows.append([evil, *rows[1][1:]])
    status, output = cohort(
        tmp_path, "--group-by", "<b>ward</b>", clinical_table=clinical(tmp_path, rows)
    )
    assert status == 0
    for page in ("cohort.html", "table1.html"):
        text = (output / page).read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert "<b>ward" not in text
    for table in output.glob("*.csv"):
        with table.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not any(cell.startswith(("=", "@", "\t")) for cell in cells), table.name
    assert "HYPERLINK" in (output / "cohort.csv").read_text(encoding="utf-8")


def test_names_and_birth_dates_are_in_no_file(tmp_path):
    rows = with_column(clinical_rows(), "Patient name", ["Nightingale, Florence"] * 10)
    rows = with_column(rows, "birth date", ["1820-05-12"] * 10)
    _, output = cohort(tmp_path, clinical_table=clinical(tmp_path, rows))
    for file in output.rglob("*"):
        if file.is_file():
            assert b"Nightingale" not in file.read_bytes(), file.name
            assert b"1820-05" not in file.read_bytes(), file.name
    kept = cohort(
        tmp_path, "--keep-identifiers", "--overwrite", clinical_table=clinical(tmp_path, rows)
    )[1]
    assert "Nightingale" in (kept / "cohort.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--group-by", "stage"], "no column 'stage' to group by"),
        (["--exclude", "young"], "'young' is no rule"),
        (["--unit", "pao2_mmhg=bar"], "is no unit of PaO2"),
        (["--region", "lobe"], "no region 'lobe'"),
        (["--sheet", "2"], "is no workbook"),
        (["--threshold", "2", "--group-by", "sex"], "holds no numbers"),
        (["--confidence", "95"], "below 1"),
        (["--altitude", "30000"], "Altitude"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path, capsys, options, told):
    assert told in failed(capsys, tmp_path, *options)


def test_bad_tables_are_one_line(tmp_path, capsys):
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "empty.csv is empty" in failed(capsys, tmp_path, clinical_table=empty)
    assert "No such file" in failed(capsys, tmp_path, clinical_table=tmp_path / "none.csv")
    undecodable = tmp_path / "odd.csv"
    undecodable.write_bytes(b"case,oxygen\nP01,\x81\x8d\n")
    assert "cannot be decoded" in failed(capsys, tmp_path, clinical_table=undecodable)
    few = [measured(case, 40) for case in case_names()[:2]]
    assert "Only 2 cases" in failed(capsys, tmp_path, rows=few)
    kpa = with_column(clinical_rows(), "PaO2", [p / 7.50062 for p in PAO2], "pao2_mmhg")
    assert "seems to be in kPa" in failed(capsys, tmp_path, clinical_table=clinical(tmp_path, kpa))
    percent = with_column(clinical_rows(), "FiO2", [21, *range(24, 33)], "fio2")
    told = failed(capsys, tmp_path, clinical_table=clinical(tmp_path, percent))
    assert "FiO2 (%)" in told


@pytest.mark.parametrize(
    "options",
    [
        ["--threshold", "two"],
        ["--threshold", "inf"],
        ["--groups", "a,,b"],
        ["--unit", "pao2"],
        ["--test", "anova"],
        ["--group-by", ""],
        ["--pressure", "760", "--altitude", "3"],
    ],
)
def test_wrong_usage(tmp_path, options):
    with pytest.raises(SystemExit) as caught:
        cohort(tmp_path, *options)
    assert caught.value.code == 2


@pytest.mark.parametrize("value", ["", "anova"])
def test_none_of_the_choices_is_told_with_the_choices(tmp_path, capsys, value):
    with pytest.raises(SystemExit):
        cohort(tmp_path, "--test", value)
    assert "invalid choice" in capsys.readouterr().err


def test_a_folder_that_is_there_is_kept(tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    assert cohort(tmp_path)[0] == 1
    assert "--overwrite" in capsys.readouterr().err
    assert cohort(tmp_path, "--overwrite")[0] == 1
    assert (tmp_path / "out" / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_all_in_one_group_is_still_written(tmp_path, capsys):
    status, output = cohort(tmp_path, "--threshold", "50")
    assert status == 0
    assert "note: Not compared, as all cases are in one group" in capsys.readouterr().err
    assert "nan" not in (output / "table1.md").read_text(encoding="utf-8").casefold()


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_that_lacks_letters(tmp_path, encoding):
    tables = [measurements(tmp_path), clinical(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "BV5AnalysisLib", "cohort", *tables, "-o", tmp_path / "out"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"10 scans ? 10 with clinical data" in done.stdout
    assert b"BV5 (%)" in done.stdout


def test_who_a_patient_is_stays_in_the_table_of_cases(tmp_path, capsys):
    names = [f"Anna{i} Schmidt{i}" for i in range(10)]
    rows = with_column(clinical_rows(), "Name", names)
    rows = with_column(rows, "Hospital no.", [f"{88000 + 31 * i}" for i in range(10)])
    rows[1][rows[0].index("pao2_mmhg")] = "Schmidt"
    rows.append(["schmidt7_old", *rows[1][1:-2], "Anna7 Schmidt7", "99123"])
    secrets = ("Schmidt", "schmidt", "88031", "99123")

    def written(*options):
        status, output = cohort(
            tmp_path, *options, "--overwrite", clinical_table=clinical(tmp_path, rows)
        )
        assert status == 0
        told = capsys.readouterr()
        files = {path.name: path.read_bytes() for path in output.rglob("*") if path.is_file()}
        texts = {name: content.decode("utf-8", "replace") for name, content in files.items()}
        texts |= {"stdout": told.out, "stderr": told.err}
        return {name for name, text in texts.items() if any(each in text for each in secrets)}

    assert written() == set()
    assert written("--keep-identifiers") == {"cohort.csv"}
