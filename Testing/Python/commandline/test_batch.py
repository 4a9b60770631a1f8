"""``bv5 batch`` with a stub in place of measuring: what it promises around it."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import batch_stub
import pytest
from batch_stub import REASON, TEMPLATE, case_name, fails, stub_case
from BV5AnalysisLib import cli
from BV5AnalysisLib.case.files import case_of, write_case
from BV5AnalysisLib.commandline import batch as command
from BV5AnalysisLib.export.batch import sheet
from BV5AnalysisLib.export.batch.cases import finished_case
from BV5AnalysisLib.study.batch import workers
from BV5AnalysisLib.study.batch.memory import bytes_for
from BV5AnalysisLib.study.scans.plan import Plan
from helpers.batch_steps import wait_until
from helpers.dask_cluster import DaskCluster

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
STUB = Path(batch_stub.__file__)


@pytest.fixture
def template(tmp_path, small_result, monkeypatch) -> Path:
    """Folder of an analyzed case, which the stub copies."""
    folder = tmp_path / "template"
    folder.mkdir()
    write_case(folder, case_of(TEMPLATE, small_result))
    monkeypatch.setenv("BV5_STUB_TEMPLATE", str(folder))
    return folder


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "results" / "study"


@pytest.fixture
def study(template, tmp_path, monkeypatch):
    """Make the command measure so many cases by the stub; gives the source."""
    monkeypatch.setattr(workers, "CASES_A_PROCESS", batch_stub.STUBS_A_PROCESS)
    monkeypatch.setattr(command, "MeasureCase", batch_stub.StubStep)
    monkeypatch.setattr(command, "plan_batch", batch_stub.stub_plan)
    monkeypatch.setattr(command, "plan_again", batch_stub.stub_plan_again)

    def of(count: int) -> str:
        source = tmp_path / "source"
        source.write_text(str(count))
        return str(source)

    return of


def bv5_batch(source: str, out: Path, *options: str) -> int:
    return cli.main(["batch", source, "-o", str(out), "--no-report", "--jobs", "2", *options])


def run_stub(source: str, out: Path, *options: str, **extra) -> subprocess.Popen:
    """Start the command in a process of its own."""
    arguments = ["batch", source, "-o", str(out), "--no-report", "--jobs", "2", *options]
    return subprocess.Popen([sys.executable, str(STUB), *arguments], **extra)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_complete(out: Path, count: int) -> None:
    """Every case is there once, in order, whole, and nothing else is."""
    names = [case_name(number) for number in range(count)]
    good = [name for name in names if not fails(name)]
    measured = [row["case"] for row in rows(out / "measurements.csv") if row["region"] == "both"]
    assert measured == good
    failures = [(row["case"], row["reason"]) for row in rows(out / "failures.csv")]
    assert failures == [(name, REASON) for name in names if fails(name)]
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == good
    assert all(finished_case(out / name) for name in good)
    journal = [json.loads(line)["case"] for line in (out / "log.jsonl").read_text().splitlines()]
    assert sorted(journal) == names
    assert not [path for path in (*out.iterdir(), *out.parent.iterdir()) if path.name[0] == "."]


def content(out: Path) -> dict[str, bytes]:
    """Bytes by name, but for the journal, which has times."""
    files = [path for path in out.rglob("*") if path.is_file() and path.name != "log.jsonl"]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


# A whole batch


def test_every_case_gets_a_folder_or_a_reason(study, out, capsys):
    assert bv5_batch(study(45), out) == 0
    check_complete(out, 45)
    printed = capsys.readouterr()
    assert "Measured:      43 of 45 cases" in printed.out
    assert str(out / "measurements.csv") in printed.out
    assert "bv5: 2 of 45 cases could not be measured; see failures.csv." in printed.err
    assert f"  {case_name(7)}: {REASON}" in printed.err


def test_the_same_input_gives_the_same_bytes(study, out, tmp_path, monkeypatch):
    assert bv5_batch(study(12), out) == 0
    again = tmp_path / "again"
    assert cli.main(["batch", study(12), "-o", str(again), "--no-report", "--jobs", "1"]) == 0
    assert content(again) == content(out)


def test_what_killed_workers_left_goes_with_the_stop(study, out, monkeypatch):
    def stopped(*_arguments):
        (out / ".a.bv5-partial-0123").mkdir()
        raise command.Stopped(signal.SIGTERM)

    monkeypatch.setattr(command, "run_cases", stopped)
    with pytest.raises(command.Stopped):
        command.run_batch(command.BatchJob(Path(study(2)), out, 1, report=False), lambda _: None)
    assert not [path for path in out.iterdir() if path.name[0] == "."]


def test_names_that_no_header_checks_are_told(study, out, tmp_path, capsys):
    source = tmp_path / "scans"
    source.mkdir()
    job = command.BatchJob(source, out)
    (note,) = command._note_on_unchecked(job, [stub_case(0), stub_case(1)])
    assert "those of 2 image files cannot be checked" in note
    kept = command.BatchJob(source, out, keep_identifiers=True)
    assert command._note_on_unchecked(kept, [stub_case(0)]) == ()


def test_no_contact_sheet_is_told_of_where_none_was_written(study, out, monkeypatch, capsys):
    monkeypatch.setattr(sheet.importlib.util, "find_spec", lambda _name: None)
    assert bv5_batch(study(3), out) == 0
    told = capsys.readouterr().out
    assert "Contact sheet" not in told
    assert not (out / "index.html").exists()


def test_progress_for_programs(study, out, capsys):
    assert bv5_batch(study(20), out, "--progress", "json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    keys = {"step", "fraction", "done", "failed", "total", "remaining_seconds"}
    assert all(set(line) == keys for line in lines)
    fractions = [line["fraction"] for line in lines]
    assert fractions == sorted(fractions)
    measuring = [line for line in lines if line["step"] == "measuring"]
    assert [line["done"] for line in measuring] == list(range(21))
    assert {line["total"] for line in measuring} == {20}
    assert measuring[-1]["failed"] == 1
    assert measuring[0]["remaining_seconds"] is None
    assert measuring[10]["remaining_seconds"] >= 0
    assert measuring[-1]["remaining_seconds"] == 0
    assert (lines[-1]["step"], lines[-1]["fraction"]) == ("done", 1.0)


def test_nothing_measured_is_status_1_with_a_reason(study, out, monkeypatch, capsys):
    failing = tuple(case for case in map(stub_case, range(40)) if fails(case.name))
    monkeypatch.setattr(command, "plan_batch", lambda *_arguments, **_options: Plan(failing))
    assert bv5_batch(study(2), out) == 1
    assert capsys.readouterr().err == (
        f"bv5: None of 2 cases could be measured; failures.csv says why. {case_name(7)}: {REASON}\n"
    )
    assert [row["reason"] for row in rows(out / "failures.csv")] == [REASON, REASON]


# Going on


def test_a_finished_batch_is_not_begun_again(study, out, capsys):
    assert bv5_batch(study(3), out) == 0
    before = content(out)
    assert bv5_batch(study(3), out) == 1
    assert "--resume" in capsys.readouterr().err
    assert bv5_batch(study(3), out, "--resume") == 0
    assert content(out) == before


def test_a_resumed_batch_does_only_what_is_left(study, out):
    assert bv5_batch(study(10), out) == 0
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir() if path.is_dir()}
    (removed,) = [path for path in out.iterdir() if path.name == case_name(3)]
    for path in removed.iterdir():
        path.unlink()
    removed.rmdir()
    assert bv5_batch(study(10), out, "--resume") == 0
    after = {path.name: path.stat().st_mtime_ns for path in out.iterdir() if path.is_dir()}
    assert {name for name in before if before[name] != after[name]} == {case_name(3)}


def test_failed_cases_are_tried_again_when_asked_for(study, out, monkeypatch):
    assert bv5_batch(study(10), out) == 0
    monkeypatch.setenv("BV5_STUB_CURED", "1")
    assert bv5_batch(study(10), out, "--resume") == 0
    assert not (out / case_name(7)).exists()
    assert bv5_batch(study(10), out, "--resume", "--retry-failed") == 0
    assert finished_case(out / case_name(7))
    assert rows(out / "failures.csv") == []
    assert len(rows(out / "measurements.csv")) == 30


def test_a_full_disk_ends_the_batch_and_no_case_fails_by_it(study, out, monkeypatch, capsys):
    monkeypatch.setenv("BV5_STUB_FULL", case_name(5))
    assert bv5_batch(study(30), out) == 1
    assert capsys.readouterr().err == (
        "bv5: The disk of output folder study is full; what was measured is kept. Free space, then"
        " --resume.\n"
    )
    assert rows(out / "failures.csv") == []
    monkeypatch.delenv("BV5_STUB_FULL")
    assert bv5_batch(study(30), out, "--resume") == 0
    check_complete(out, 30)


def test_other_parameters_do_not_go_on_with_a_batch(study, out, tmp_path, capsys):
    assert bv5_batch(study(3), out) == 0
    parameters = tmp_path / "parameters.json"
    parameters.write_text('{"minimum_csa_mm2": 0}')
    assert bv5_batch(study(3), out, "--resume", "--parameters", str(parameters)) == 1
    assert "parameters" in capsys.readouterr().err


def test_resume_begins_what_never_began(study, out):
    assert bv5_batch(study(3), out, "--resume") == 0
    check_complete(out, 3)


# Stopped and killed


@POSIX_ONLY
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_what_is_done_and_says_how_to_go_on(study, out, monkeypatch, number):
    monkeypatch.setenv("BV5_STUB_SECONDS", "0.05")
    # A group of its own, which gets the signal as a terminal gives it: all of it at once.
    process = run_stub(study(120), out, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_until(lambda: (out / "log.jsonl").exists() and (out / "log.jsonl").stat().st_size > 500)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -number
    done = int(re.fullmatch(r"bv5: Stopped with (\d+) of 120 cases done; .*--resume.*\n", said)[1])
    assert 0 < done < 120
    journal = (out / "log.jsonl").read_text().splitlines()
    assert len(journal) == done
    assert not [path for path in out.iterdir() if path.name[0] == "."]
    monkeypatch.setenv("BV5_STUB_SECONDS", "0")
    assert bv5_batch(study(120), out, "--resume") == 0
    check_complete(out, 120)


@POSIX_ONLY
def test_killed_three_times_and_resumed_every_case_is_there_once(study, out, monkeypatch):
    monkeypatch.setenv("BV5_STUB_SECONDS", "0.005")
    source = study(100)
    for lines in (3, 30, 60):
        process = run_stub(source, out, "--resume")
        wait_until(
            lambda lines=lines: (
                (out / "log.jsonl").exists()
                and (out / "log.jsonl").read_bytes().count(b"\n") >= lines
            )
        )
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert (out / "log.jsonl").read_bytes().count(b"\n") < 100
    assert bv5_batch(source, out, "--resume") == 0
    check_complete(out, 100)


@POSIX_ONLY
def test_it_ends_with_the_program_that_started_it(study, out, monkeypatch):
    monkeypatch.setenv("BV5_STUB_SECONDS", "0.05")
    process = run_stub(study(120), out, "--end-with-stdin", stdin=subprocess.PIPE)
    wait_until(lambda: (out / "log.jsonl").exists() and (out / "log.jsonl").stat().st_size > 500)
    process.stdin.close()
    assert process.wait(timeout=60) == 3


@POSIX_ONLY
@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(study, out, tmp_path, monkeypatch):
    monkeypatch.setenv("BV5_STUB_SECONDS", "0.05")
    here = tmp_path / "here"
    assert bv5_batch(study(60), here) == 0
    with DaskCluster() as cluster:
        for _ in range(2):
            cluster.add_worker("--no-nanny")
        arguments = ["batch", study(60), "-o", str(out), "--no-report"]
        process = subprocess.Popen(
            [sys.executable, str(STUB), *arguments, "--scheduler", cluster.address]
        )
        wait_until(lambda: (out / "log.jsonl").exists() and (out / "log.jsonl").stat().st_size)
        cluster.workers[0].kill()
        assert process.wait(timeout=120) == 0
    check_complete(out, 60)
    assert content(out) == content(here)


# What is refused, and what is told


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--jobs", "0"], "no number of scans"),
        (["--jobs", "two"], "no number of scans"),
        (["--jobs", "2", "--scheduler", "tcp://127.0.0.1:1"], "not allowed with"),
        (["--scheduler", ""], "is empty"),
        (["--scheduler", "nonsense"], "'nonsense' is no address of a scheduler; give one such as"),
        (["--scheduler", "tcp://"], "no address"),
        (["--scheduler", "tcp://:8786"], "no address"),
        (["--scheduler", "tcp://host"], "no address"),
        (["--scheduler", "foo://x:99999999"], "no address"),
        (["--scheduler", "tcp://x:99999999"], "no address"),
        (["--scheduler", "foo://x:8786"], "no address"),
        (["--retry-failed"], "--retry-failed needs --resume"),
        (["--overwrite"], "unrecognized"),
    ],
)
def test_wrong_usage_is_status_2(out, options, reason, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["batch", "source", "-o", str(out), *options])
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_a_folder_with_other_things_is_left_alone(study, out, capsys):
    out.mkdir(parents=True)
    (out / "thesis.doc").write_text("years of work")
    assert bv5_batch(study(3), out, "--resume") == 1
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["thesis.doc"]


def test_an_output_folder_that_cannot_be_is_told_before_the_search(study, out, capsys, monkeypatch):
    monkeypatch.setattr(command, "plan_batch", None)
    out.parent.write_text("a file where a folder should be")
    assert bv5_batch(study(3), out) == 1
    assert "Output folder study cannot be written" in capsys.readouterr().err


def test_the_search_gets_all_cores_and_keeps_the_order(monkeypatch):
    monkeypatch.setattr(command, "usable_cores", lambda: 2)
    assert list(command._map(abs, range(-5, 5))) == [5, 4, 3, 2, 1, 0, 1, 2, 3, 4]
    assert list(command._map(abs, [])) == []


def test_little_memory_is_told_and_makes_fewer_workers(study, out, monkeypatch, capsys):
    monkeypatch.setattr(command, "available_bytes", lambda: int(2.5 * bytes_for(0)))
    monkeypatch.setattr(command, "usable_cores", lambda: 4)
    jobs = []

    class Watched(command.LocalWorkers):
        def __init__(self, count, memory=None):
            jobs.append((count, memory))
            super().__init__(count, memory)

    monkeypatch.setattr(command, "LocalWorkers", Watched)
    assert cli.main(["batch", study(8), "-o", str(out), "--no-report"]) == 0
    assert jobs == [(2, int(0.9 * int(2.5 * bytes_for(0))))]
    assert "Memory for 2 of 4 scans" in capsys.readouterr().err


def test_a_scheduler_that_does_not_answer(study, out, monkeypatch, capsys):
    monkeypatch.setattr("BV5AnalysisLib.study.batch.dask_workers.CONNECT_SECONDS", 0.5)
    arguments = ["batch", study(3), "-o", str(out), "--no-report"]
    assert cli.main([*arguments, "--scheduler", "tcp://127.0.0.1:1"]) == 1
    assert "No Dask scheduler answers at tcp://127.0.0.1:1" in capsys.readouterr().err
    assert not out.exists()


def test_encryption_without_certificates_is_told_at_once(study, out, capsys):
    arguments = ["batch", study(3), "-o", str(out), "--no-report"]
    assert cli.main([*arguments, "--scheduler", "tls://127.0.0.1:1"]) == 1
    assert "tls://127.0.0.1:1 needs certificates" in capsys.readouterr().err
