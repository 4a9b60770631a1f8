"""Cases of a batch in worker processes: each ends once, whatever becomes of its worker."""

import errno
import os
import platform
import re
import subprocess
import sys
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError, DiskFull
from BV5AnalysisLib.study.batch import workers as module
from BV5AnalysisLib.study.batch.batch_case import BatchCase, CaseStatus
from BV5AnalysisLib.study.batch.memory import bytes_for
from BV5AnalysisLib.study.batch.run import attempt, run_cases
from BV5AnalysisLib.study.batch.workers import LocalWorkers, WorkerDied
from helpers.batch_steps import (
    Recorded,
    Threads,
    cases,
    die_of_zero,
    free_in_pieces,
    is_running,
    itk_threads,
    threads_for_many_balls,
    wait_until,
)
from helpers.scan_files import write_series

pytestmark = pytest.mark.slow

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")


@pytest.fixture
def step(tmp_path) -> Recorded:
    return Recorded(tmp_path)


def outcomes(step, names, jobs=2) -> dict[str, CaseStatus]:
    with LocalWorkers(jobs) as workers:
        ended = list(run_cases(cases(*names), step, workers))
    assert sorted(outcome.name for outcome in ended) == sorted(names)
    return {outcome.name: outcome for outcome in ended}


class InlineWorkers:
    """Workers of this process, with room for a few; a case ends when it is asked for."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.submitted: list[str] = []

    def has_room(self, case, running):
        return len(running) < self.room

    def submit(self, function, step, case, at_once):
        self.submitted.append(case.name)
        future = Future()
        future.set_result(function(step, case))
        return future

    def result(self, future):
        return future.result()

    def check(self):
        pass

    def end_idle(self):
        pass


def test_a_full_disk_ends_the_batch_and_condemns_no_case(step):
    ended = []
    with LocalWorkers(1) as workers, pytest.raises(DiskFull):
        ended += run_cases(cases("good 1", "full", "good 2"), step, workers)
    assert not (step.folder / "good 2").exists()
    assert not [each for each in ended if each.problem]


def test_a_failing_case_gets_its_reason_in_one_line_and_the_others_go_on(step):
    ended = outcomes(step, ["good 1", "bad", "good 2", "odd", "good 3"])
    assert ended["bad"].problem == "The scan is bad."
    expected = r"Unexpected KeyError: 'nobody foresaw this' \(run\.py, line \d+\)"
    assert re.fullmatch(expected, ended["odd"].problem)
    assert sorted(name for name in ended if not ended[name].problem) == [
        "good 1",
        "good 2",
        "good 3",
    ]
    assert all(len(step.attempts(name)) == 1 for name in ended)


@POSIX_ONLY
def test_a_killed_worker_takes_only_its_own_case_along_which_is_done_again_alone(step):
    names = ["good 1", "deadly", "unlucky", *(f"good {number}" for number in range(2, 12))]
    ended = outcomes(step, names)
    assert [name for name in names if ended[name].problem] == ["deadly"]
    assert "SIGKILL" in ended["deadly"].problem
    assert "--retry-failed" in ended["deadly"].problem
    assert {name: len(step.attempts(name)) for name in names} == {
        name: 2 if name in ("deadly", "unlucky") else 1 for name in names
    }


def test_a_case_without_memory_is_done_again_when_no_other_is_beside_it(step):
    ended = outcomes(step, ["hungry", "crowded", "itk", "good"])
    assert ended["crowded"].problem == ended["good"].problem == ""
    for name in ("hungry", "itk"):
        assert ended[name].problem.startswith("Memory does not suffice")
        assert len(step.attempts(name)) == 2


def test_the_second_attempt_has_the_machine_for_itself(step):
    """No process that had a case before is left: its memory is given back."""
    with LocalWorkers(2) as workers:
        running = run_cases(cases("good 1", "good 2", "crowded"), step, workers)
        for outcome in running:
            if outcome.name == "crowded":
                break
        before = {pid for name in ("good 1", "good 2") for pid in step.pids(name)}
        first, second = step.pids("crowded")
        assert second not in before | {first}
        assert not any(is_running(pid) for pid in before | {first})
        running.close()


def test_cases_with_a_problem_need_no_worker(step):
    known = [BatchCase("gone", (), problem="There is no such file."), *cases("good")]
    workers = InlineWorkers(1)
    ended = {each.name: each.problem for each in run_cases(known, step, workers)}
    assert ended == {"gone": "There is no such file.", "good": ""}
    assert workers.submitted == ["good"]


def test_only_as_many_cases_are_submitted_as_there_is_room_for(step):
    workers = InlineWorkers(3)
    names = [f"good {number}" for number in range(20)]
    for count, _outcome in enumerate(run_cases(cases(*names), step, workers), 1):
        assert len(workers.submitted) <= count + 2 * workers.room
    assert workers.submitted == names


def test_a_worker_is_replaced_before_what_it_leaks_adds_up(step, monkeypatch):
    monkeypatch.setattr(module, "CASES_A_PROCESS", 2)
    names = [f"good {number}" for number in range(5)]
    outcomes(step, names, jobs=1)
    pids = [step.pids(name)[0] for name in names]
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


@pytest.mark.parametrize(("at_once", "share"), [(None, 3), (3, 3), (2, 4), (1, 9)])
def test_a_worker_starts_as_many_threads_as_its_share_of_the_cores(monkeypatch, at_once, share):
    monkeypatch.setattr(module, "usable_cores", lambda: 9)
    with LocalWorkers(3) as workers:
        threads = workers.submit(threads_for_many_balls, at_once=at_once).result()
    assert threads == Threads(ours=share, itk=share, blas=str(share))


def test_a_worker_that_has_loaded_all_changes_its_share(monkeypatch):
    monkeypatch.setattr(module, "usable_cores", lambda: 6)
    with LocalWorkers(3) as workers:
        workers.submit(threads_for_many_balls, at_once=3).result()
        assert workers.submit(itk_threads, at_once=1).result() == 6
        assert workers.submit(itk_threads, at_once=2).result() == 3


def test_the_last_cases_get_the_cores_of_those_that_are_done(step, monkeypatch):
    monkeypatch.setattr(module, "usable_cores", lambda: 8)
    outcomes(step, ["good 1"], jobs=3)
    assert step.cores("good 1") == 8
    names = [f"good {number}" for number in range(2, 5)]
    gone = BatchCase("gone", (), problem="There is no such file.")
    with LocalWorkers(4) as workers:
        list(run_cases([*cases(*names), gone], step, workers))
    assert [step.cores(name) for name in names] == [2, 2, 2]


def test_a_case_for_which_memory_has_no_other_beside_it_gets_all_cores(step, monkeypatch):
    monkeypatch.setattr(module, "usable_cores", lambda: 8)
    large = [replace(case, voxels=10**9) for case in cases("good 1", "good 2")]
    with LocalWorkers(4, bytes_for(10**9)) as workers:
        list(run_cases(large, step, workers))
    assert [step.cores(case.name) for case in large] == [8, 8]


def test_more_workers_than_cores_get_one_each(step, monkeypatch):
    monkeypatch.setattr(module, "usable_cores", lambda: 1)
    outcomes(step, ["good 1", "good 2", "good 3"], jobs=3)
    assert [step.cores(f"good {number}") for number in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of the GNU C library")
def test_a_worker_keeps_freed_memory_until_it_is_idle():
    with LocalWorkers(1) as workers:
        before, after = workers.submit(free_in_pieces).result()
        assert after - before > 350_000_000
        statm = Path(f"/proc/{workers.submit(os.getpid).result()}/statm")
        page = os.sysconf("SC_PAGE_SIZE")
        wait_until(lambda: int(statm.read_text().split()[1]) * page < before + 50_000_000)


@POSIX_ONLY
def test_standard_output_and_ctrl_c_are_the_parents(step, capfd):
    ended = outcomes(step, ["loud", "interrupted"])
    assert not any(outcome.problem for outcome in ended.values())
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "not for standard output" in captured.err


@POSIX_ONLY
def test_workers_end_at_once_when_the_batch_is_stopped(step):
    def stopped() -> None:
        with LocalWorkers(2) as workers:
            running = run_cases(cases("good", "slow 1", "slow 2"), step, workers)
            assert next(running).name == "good"
            wait_until(lambda: all((step.folder / f"slow {each}").exists() for each in (1, 2)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert not any(is_running(pid) for each in (1, 2) for pid in step.pids(f"slow {each}"))


@POSIX_ONLY
def test_workers_end_when_this_process_is_killed(step, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from helpers.batch_steps import Recorded, cases\n"
        "from BV5AnalysisLib.study.batch.run import run_cases\n"
        "from BV5AnalysisLib.study.batch.workers import LocalWorkers\n"
        "if __name__ == '__main__':\n"
        f"    step = Recorded(Path({str(tmp_path)!r}))\n"
        "    with LocalWorkers(2) as workers:\n"
        "        list(run_cases(cases('slow 1', 'slow 2'), step, workers))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen([sys.executable, str(script)], env=environment)
    wait_until(lambda: all((tmp_path / f"slow {each}").exists() for each in (1, 2)))
    wait_until(lambda: step.attempts("slow 1") and step.attempts("slow 2"))
    parent.kill()
    parent.wait()
    for each in (1, 2):
        (pid,) = step.pids(f"slow {each}")
        wait_until(lambda pid=pid: not is_running(pid))


def test_an_idle_worker_that_ended_is_replaced(step):
    with LocalWorkers(1) as workers:
        list(run_cases(cases("good 1"), step, workers))
        (pid,) = step.pids("good 1")
        os.kill(pid, 9)
        wait_until(lambda: not is_running(pid))
        (outcome,) = run_cases(cases("good 2"), step, workers)
    assert outcome.problem == ""
    assert step.pids("good 2") != [pid]


def test_a_process_that_cannot_start_costs_an_attempt_and_then_its_case(step, monkeypatch):
    refusals = iter([True, False, True, True])

    class Refused(module._Process):
        def __init__(self):
            if next(refusals, False):
                raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
            super().__init__()

    monkeypatch.setattr(module, "_Process", Refused)
    ended = outcomes(step, ["good 1"], jobs=1)
    assert ended["good 1"].problem == ""
    ended = outcomes(step, ["good 2"], jobs=1)
    assert "it could not start: Resource temporarily unavailable" in ended["good 2"].problem


def test_workers_that_can_never_start_end_the_batch_with_what_to_do(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from helpers.batch_steps import Recorded, cases\n"
        "from BV5AnalysisLib.study.batch.run import run_cases\n"
        "from BV5AnalysisLib.study.batch.workers import LocalWorkers\n"
        f"step = Recorded(Path({str(tmp_path)!r}))\n"
        "with LocalWorkers(1) as workers:\n"
        "    print('outcomes', list(run_cases(cases('good 1', 'good 2'), step, workers)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ended = subprocess.run(
        [sys.executable, str(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 1
    assert "outcomes" not in ended.stdout
    last = ended.stderr.splitlines()[-1]
    assert "Worker processes end before they are ready (exit status 1)" in last
    assert "if __name__ == '__main__':" in last


@POSIX_ONLY
def test_map_tells_which_item_ended_its_process():
    with LocalWorkers(1) as workers:
        first, second, third = workers.map(die_of_zero, [2, 0, 3])
    assert (first, third) == (2, 3)
    assert isinstance(second, WorkerDied)
    assert str(second) == "SIGKILL"


@dataclass(frozen=True)
class Refuses:
    """Fails with a reason that names the file."""

    unexpected: bool

    def __call__(self, case):
        reason = f"{case.sources[0]}/john_doe_19500102.dcm is cut short; copy it again."
        raise KeyError(reason) if self.unexpected else AnalysisError(reason)


@pytest.mark.parametrize("unexpected", [False, True])
def test_who_the_patient_is_and_where_the_scan_lies_goes_from_a_reason(tmp_path, unexpected):
    scan = write_series(tmp_path / "scan", PatientName="DOE^JOHN", PatientBirthDate="19500102")
    problem = attempt(Refuses(unexpected), BatchCase("a", (scan,))).problem
    assert not re.search("john|doe|1950", problem, re.IGNORECASE)
    assert str(tmp_path) not in problem
    assert "is cut short; copy it again." in problem


def test_nothing_starts_after_the_end(step):
    with LocalWorkers(1) as workers:
        pass
    with pytest.raises(RuntimeError, match="after shutdown"):
        workers.submit(len, ()).result()


def test_a_case_waits_until_memory_holds_it():
    large = BatchCase("large", (), voxels=10**9)
    small = BatchCase("small", (), voxels=10**6)
    both = bytes_for(large.voxels) + bytes_for(small.voxels)
    assert LocalWorkers(2, both).has_room(large, [small])
    assert not LocalWorkers(2, both - 1).has_room(large, [small])
    assert LocalWorkers(2, 1).has_room(large, [])  # Alone it has its chance.
    assert LocalWorkers(2).has_room(large, [small])
    assert not LocalWorkers(2).has_room(small, [small, small])


def test_map_keeps_the_order_and_takes_few_ahead():
    taken = []

    def items():
        for number in range(50):
            taken.append(number)
            yield -number

    with LocalWorkers(2) as workers:
        results = workers.map(abs, items())
        assert next(results) == 0
        assert len(taken) < 20
        assert list(results) == list(range(1, 50))
