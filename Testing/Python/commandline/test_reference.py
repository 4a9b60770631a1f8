"""``--reference`` of ``bv5 cohort``, ``analyze`` and ``batch``; stand-ins measure."""

import csv
import dataclasses
import json
from pathlib import Path

import batch_stub
import jsonschema
import pytest
from batch_stub import TEMPLATE
from BV5AnalysisLib import cli
from BV5AnalysisLib.case.files import case_of, read_case, write_case
from BV5AnalysisLib.case.measurements_csv import COLUMNS
from BV5AnalysisLib.case.reference_file import read_reference, reference_schema
from BV5AnalysisLib.commandline import analyze as command
from BV5AnalysisLib.commandline import batch as batch_command
from BV5AnalysisLib.imaging.model.scan import Person
from BV5AnalysisLib.study.reference import People
from helpers.cohort_tables import clinical, measurements
from helpers.references import (
    DEFINITION,
    group,
    healthy_people,
    healthy_rows,
    healthy_tables,
    reference,
    reference_file,
)

BAD = {
    "missing": (lambda folder: folder / "site.json", "There is no reference file site.json"),
    "no JSON": (lambda folder: written(folder, "{"), "site.json is not JSON"),
    "another schema": (
        lambda folder: written(folder, '{"schema": "bv5-analysis/result"}'),
        "site.json is no reference of BV5 Analysis",
    ),
    "garbled": (
        lambda folder: written(folder, '{"schema": "bv5-analysis/reference", "schema_version": 1}'),
        "site.json lacks or garbles something",
    ),
    "another method": (
        lambda folder: reference_file(
            folder, reference(definition=dataclasses.replace(DEFINITION, method="particles"))
        ),
        "measured by particles, not BV5 Analysis",
    ),
    "another version": (
        lambda folder: reference_file(
            folder, reference(definition=dataclasses.replace(DEFINITION, software_version="9"))
        ),
        "with version 9",
    ),
    "another definition": (
        lambda folder: reference_file(
            folder, reference(definition=dataclasses.replace(DEFINITION, minimum_csa_mm2=0.0))
        ),
        "with minimum_csa_mm2 0, not 1.25",
    ),
}


def written(folder: Path, text: str) -> Path:
    path = folder / "site.json"
    path.write_text(text)
    return path


def told_in_one_line(capsys) -> str:
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("bv5: ")
    assert told.err.count("\n") == 1
    return told.err


def cohort(folder: Path, tables, *options: str) -> int:
    arguments = ["cohort", *tables, "-o", folder / "out", "--resamples", "100", *options]
    return cli.main(list(map(str, arguments)))


def test_a_cohort_of_healthy_people_gives_a_reference(tmp_path, capsys):
    tables, path = healthy_tables(tmp_path, 60), tmp_path / "site.json"
    assert cohort(tmp_path, tables, "--group-by", "sex", "--reference", path) == 0
    told = capsys.readouterr()
    assert "note: The reference is of 60 cases, taken as healthy." in told.err
    assert "people of 18 to 39 years (40)" in told.err
    assert f"Reference: {path}" in told.out
    jsonschema.validate(json.loads(path.read_text("utf-8")), reference_schema())
    made = read_reference(path)
    assert (made.name, made.groups[0].n) == ("site", 60)
    assert made.created.endswith("+00:00")
    assert made.definition == DEFINITION
    assert str(tmp_path) not in path.read_text("utf-8")
    assert (tmp_path / "out" / "cohort.json").exists()
    # It is there already.
    assert cohort(tmp_path, tables, "--group-by", "sex", "--reference", path, "--overwrite") == 0
    other = tmp_path / "other"
    other.mkdir()
    capsys.readouterr()
    assert cohort(other, tables, "--group-by", "sex", "--reference", path) == 1
    assert "site.json exists; add --overwrite" in told_in_one_line(capsys)


@pytest.mark.parametrize(
    ("rows", "options", "told"),
    [
        (healthy_rows(19), [], "needs 20 people"),
        (healthy_rows(24, trusted="no"), [], "0 can be used, 24 more have an error"),
        (
            healthy_rows(20) + healthy_rows(25, software_version="2")[60:],
            [],
            "mixes ways of measuring",
        ),
        (healthy_rows(25, hilum="foo"), [], "definition.hilum is 'foo', not 'apart' or 'included'"),
        (healthy_rows(25, hilum_share=8), [], "definition.hilum_share is 8.0"),
        (
            healthy_rows(25, bv5_upper_csa_mm2=10, bv10_lower_csa_mm2=5),
            [],
            "definition.class_bounds_mm2 does not rise from minimum_csa_mm2",
        ),
        (
            [*healthy_rows(24), *healthy_rows(25, hilar_ml=1e15)[72:]],
            [],
            "(hilar_ml of all people, region both); correct the table",
        ),
    ],
)
def test_a_cohort_that_cannot_be_one_leaves_nothing(tmp_path, capsys, rows, options, told):
    tables = measurements(tmp_path, rows), clinical(tmp_path, healthy_people(25))
    path = tmp_path / "site.json"
    assert cohort(tmp_path, tables, "--group-by", "sex", *options, "--reference", path) == 1
    assert told in told_in_one_line(capsys)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["clinical.csv", "measurements.csv"]


@pytest.mark.parametrize("place", ["out/site.json", "nowhere/site.json", "clinical.csv", "out"])
def test_a_place_that_will_not_do_is_refused_before_the_work(tmp_path, capsys, place, monkeypatch):
    tables = healthy_tables(tmp_path, 30)
    monkeypatch.setattr("BV5AnalysisLib.commandline.cohort.analyze_cohort", None)
    options = ["--reference", tmp_path / place, "--overwrite"]
    assert cohort(tmp_path, tables, "--group-by", "sex", *options) == 1
    told_in_one_line(capsys)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["clinical.csv", "measurements.csv"]
    assert tables[1].read_text().startswith("case,")


@pytest.fixture
def analyzed(monkeypatch, small_result) -> dict:
    """Stand-ins for reading a scan of a woman of 45, and for measuring it."""
    calls = {"read": 0}
    scan = dataclasses.replace(small_result.scan, person=Person(45.0, "female"))

    def read_scan(_path, series=None):
        calls["read"] += 1
        return scan

    def analyze(scan, **_options):
        return dataclasses.replace(small_result, scan=scan)

    monkeypatch.setattr(command.scan_reader, "read_scan", read_scan)
    monkeypatch.setattr(command.pipeline, "analyze", analyze)
    return calls


def analyze(folder: Path, *options: object) -> int:
    arguments = ["analyze", folder / "ct.nrrd", "-o", folder / "case", "--no-report", *options]
    return cli.main(list(map(str, arguments)))


def test_a_scan_is_compared(tmp_path, analyzed):
    women = People("female", 40, 60)
    path = reference_file(tmp_path, reference(group(), group(women)))
    assert analyze(tmp_path, "--reference", path) == 0
    case = read_case(tmp_path / "case")
    assert case.reference.group.people == women
    with (tmp_path / "case" / "measurements.csv").open(encoding="utf-8") as file:
        assert next(csv.DictReader(file))["bv5_pct_z"] == "-2.00"
    assert "45" not in json.dumps(
        json.loads((tmp_path / "case" / "result.json").read_text())["reference"]["group"]
    )


def test_without_a_reference_nothing_is_added(tmp_path, analyzed):
    assert analyze(tmp_path) == 0
    record = json.loads((tmp_path / "case" / "result.json").read_text("utf-8"))
    assert record["reference"] is None
    header = (tmp_path / "case" / "measurements.csv").read_text("utf-8").splitlines()[0]
    assert header == ",".join(COLUMNS)


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_reference_is_refused_before_the_scan_is_read(tmp_path, capsys, analyzed, bad):
    make, told = BAD[bad]
    assert analyze(tmp_path, "--reference", make(tmp_path)) == 1
    assert told in told_in_one_line(capsys)
    assert analyzed["read"] == 0
    assert not (tmp_path / "case").exists()


def test_parameters_count_for_the_comparison(tmp_path, capsys, analyzed):
    path = reference_file(tmp_path)
    parameters = tmp_path / "parameters.json"
    parameters.write_text('{"hilum": "included"}')
    assert analyze(tmp_path, "--reference", path, "--parameters", parameters) == 1
    assert "with hilum apart, not included" in told_in_one_line(capsys)


@pytest.fixture
def batch(tmp_path, small_result, monkeypatch):
    """``bv5 batch`` of three cases, whose results are copies of a case that was compared."""
    folder = tmp_path / "template"
    folder.mkdir()
    write_case(folder, case_of(TEMPLATE, small_result, reference()))
    monkeypatch.setenv("BV5_STUB_TEMPLATE", str(folder))
    monkeypatch.setattr(batch_command, "MeasureCase", batch_stub.StubStep)
    monkeypatch.setattr(batch_command, "plan_batch", batch_stub.stub_plan)
    monkeypatch.setattr(batch_command, "plan_again", batch_stub.stub_plan_again)
    source = tmp_path / "source"
    source.write_text("3")

    def run(*options: object) -> int:
        arguments = ["batch", source, "-o", tmp_path / "out", "--no-report", "--jobs", "1"]
        return cli.main([str(each) for each in (*arguments, *options)])

    return run


def header(folder: Path) -> list[str]:
    with (folder / "out" / "measurements.csv").open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def test_the_table_of_a_batch_has_the_scores(tmp_path, batch):
    path = reference_file(tmp_path)
    assert batch("--reference", path) == 0
    assert header(tmp_path)[: len(COLUMNS)] == list(COLUMNS)
    with (tmp_path / "out" / "measurements.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9
    assert {row["bv5_pct_z"] for row in rows} == {"-2.00"}
    assert {row["bv5_pct_percentile"] for row in rows} == {"<5"}
    assert {row["reference_group"] for row in rows} == {"all people"}
    # Gone on with the same one, which may lie elsewhere by now.
    moved = path.rename(tmp_path / "moved.json")
    assert batch("--reference", moved, "--resume") == 0
    assert header(tmp_path)[-1] == "lung_volume_ml_percentile"


def test_the_table_of_a_batch_without_one_is_as_ever(tmp_path, batch):
    assert batch() == 0
    assert header(tmp_path) == list(COLUMNS)


@pytest.mark.parametrize("bad", BAD)
def test_a_batch_refuses_a_bad_reference_before_any_work(tmp_path, capsys, batch, bad):
    make, told = BAD[bad]
    assert batch("--reference", make(tmp_path)) == 1
    assert told in told_in_one_line(capsys)
    assert not (tmp_path / "out").exists()


def test_a_batch_does_not_go_on_with_another_reference(tmp_path, capsys, batch):
    path = reference_file(tmp_path)
    assert batch("--reference", path) == 0
    before = (tmp_path / "out" / "measurements.csv").read_bytes()
    other = reference_file(tmp_path, reference(created="2026-12-01T00:00:00+00:00"), "other.json")
    for options in (["--reference", other], []):
        capsys.readouterr()
        assert batch(*options, "--resume") == 1
        message = told_in_one_line(capsys)
        assert 'was begun with other options (reference: "site (' in message
    assert (tmp_path / "out" / "measurements.csv").read_bytes() == before


def test_a_batch_that_was_begun_without_one_does_not_go_on_with_one(tmp_path, capsys, batch):
    assert batch() == 0
    capsys.readouterr()
    assert batch("--reference", reference_file(tmp_path), "--resume") == 1
    assert 'reference: not given, now "site (' in told_in_one_line(capsys)
    assert batch("--resume") == 0
