"""What a worker does with a case, with stand-ins for reading and measuring."""

import dataclasses
import json
import pickle

import pytest
from BV5AnalysisLib.case.output_folder import RESULT
from BV5AnalysisLib.commandline import batch_step
from BV5AnalysisLib.commandline.batch_step import MeasureCase
from BV5AnalysisLib.export.batch.finished_case import finished_case
from BV5AnalysisLib.export.batch.thumbnails import THUMBNAILS
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.study.batch.batch_case import BatchCase
from helpers.opaque import with_opacities
from helpers.references import reference


@pytest.fixture
def given(monkeypatch, small_result) -> dict:
    """Stand-ins for reading and measuring; keeps what they were given."""
    given = {"seconds": 0.0, "calls": 0}

    def read_sources(sources, series_uid):
        given.update(sources=sources, series_uid=series_uid)
        return small_result.scan

    def read_mask(path, grid):
        assert grid == small_result.scan.volume.grid
        return path

    def analyze(scan, lungs=None, regions=None, parameters=None):
        given["calls"] += 1
        given["seconds"] += 1.0
        given.update(lungs=lungs, regions=regions, parameters=parameters)
        seconds = {"lungs": given["seconds"]}
        return dataclasses.replace(with_opacities(small_result), seconds=seconds)

    monkeypatch.setattr(batch_step.scan_reader, "read_sources", read_sources)
    monkeypatch.setattr(batch_step.masks, "read_lungs", read_mask)
    monkeypatch.setattr(batch_step.masks, "read_regions", read_mask)
    monkeypatch.setattr(batch_step.pipeline, "analyze", analyze)
    return given


def content(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_case_is_read_measured_and_written_into_its_folder(given, tmp_path):
    parameters = Parameters(minimum_csa_mm2=0.0)
    step = pickle.loads(pickle.dumps(MeasureCase(tmp_path / "out", parameters, report=False)))
    case = BatchCase(
        "P1", (tmp_path / "a", tmp_path / "b"), "1.2.3", tmp_path / "l", tmp_path / "r"
    )
    step(case)
    assert (given["sources"], given["series_uid"]) == (case.sources, "1.2.3")
    assert (given["lungs"], given["regions"]) == (case.lungs, case.regions)
    assert given["parameters"] == parameters
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["P1"]
    assert finished_case(tmp_path / "out" / "P1").name == "P1"


def test_a_case_is_compared_with_the_reference(given, tmp_path):
    step = MeasureCase(tmp_path, Parameters(), report=False, reference=reference())
    pickle.loads(pickle.dumps(step))(BatchCase("P1", (tmp_path / "scan.nrrd",)))
    record = json.loads((tmp_path / "P1" / "result.json").read_text("utf-8"))
    assert record["reference"]["name"] == "site"
    assert record["reference"]["group"]["text"] == "all people"


@pytest.mark.parametrize("report", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_same_scan_gives_the_same_bytes(given, tmp_path, report):
    case = BatchCase("P1", (tmp_path / "scan.nrrd",))
    for turn in ("first", "second"):
        MeasureCase(tmp_path / turn, Parameters(), report)(case)
    first, second = (content(tmp_path / turn / "P1") for turn in ("first", "second"))
    assert first == second
    pictures = {"report.html", *THUMBNAILS, *THUMBNAILS.values()}
    assert set(first) == RESULT.names - {"scene.mrb"} - (set() if report else pictures)
    record = json.loads(first["result.json"])
    assert (record["created"], record["seconds"]) == ("", {})


def test_a_folder_of_the_users_is_told_before_the_work(given, tmp_path):
    (tmp_path / "P1").mkdir()
    (tmp_path / "P1" / "notes.txt").write_text("mine")
    with pytest.raises(AnalysisError, match="move it away, then --resume --retry-failed") as told:
        MeasureCase(tmp_path, Parameters(), report=False)(BatchCase("P1", (tmp_path / "a.nrrd",)))
    assert "--overwrite" not in str(told.value)
    assert given["calls"] == 0


def test_a_case_that_is_done_is_not_done_again(given, tmp_path):
    step = MeasureCase(tmp_path, Parameters(), report=False)
    step(BatchCase("P1", (tmp_path / "scan.nrrd",)))
    step(BatchCase("P1", (tmp_path / "scan.nrrd",)))
    assert given["calls"] == 1


def test_a_worker_that_was_slower_than_another_with_the_same_case_is_no_error(
    given, tmp_path, monkeypatch
):
    step = MeasureCase(tmp_path, Parameters(), report=False)
    case = BatchCase("P1", (tmp_path / "scan.nrrd",))
    slow = batch_step.pipeline.analyze

    def overtaken(*arguments, **options):
        monkeypatch.setattr(batch_step.pipeline, "analyze", slow)
        step(case)
        return slow(*arguments, **options)

    monkeypatch.setattr(batch_step.pipeline, "analyze", overtaken)
    step(case)
    assert given["calls"] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["P1"]


def test_what_cannot_be_measured_leaves_nothing(given, tmp_path, monkeypatch):
    def analyze(*_arguments, **_options):
        raise AnalysisError("There are no lungs in it.")

    monkeypatch.setattr(batch_step.pipeline, "analyze", analyze)
    with pytest.raises(AnalysisError, match="no lungs"):
        MeasureCase(tmp_path, Parameters())(BatchCase("P1", (tmp_path / "scan.nrrd",)))
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_folder_in_its_place_is_not_touched(given, tmp_path):
    (tmp_path / "P1").mkdir()
    (tmp_path / "P1" / "notes.txt").write_text("mine")
    with pytest.raises(AnalysisError, match="P1"):
        MeasureCase(tmp_path, Parameters(), report=False)(BatchCase("P1", (tmp_path / "s.nrrd",)))
    assert (tmp_path / "P1" / "notes.txt").read_text() == "mine"
