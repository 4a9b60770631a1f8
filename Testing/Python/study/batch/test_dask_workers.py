"""A batch on a real Dask scheduler with real worker processes."""

import os
import signal
import sys

import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.batch import dask_workers
from BV5AnalysisLib.study.batch.dask_workers import DaskWorkers
from BV5AnalysisLib.study.batch.run import run_cases
from helpers.batch_steps import Recorded, cases, nothing_required, something_required, wait_until
from helpers.dask_cluster import DaskCluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX"),
]


@pytest.fixture
def step(tmp_path) -> Recorded:
    return Recorded(tmp_path, seconds=0.1)


def wait_for_workers(workers: DaskWorkers, count: int) -> None:
    wait_until(lambda: len(workers._client.nthreads()) == count)


def test_a_killed_worker_costs_nothing_but_the_time(step):
    names = [f"good {number}" for number in range(20)]
    with DaskCluster() as cluster:
        for _ in range(2):
            cluster.add_worker("--no-nanny")
        with DaskWorkers(cluster.address) as workers:
            wait_for_workers(workers, 2)
            running = run_cases(cases("bad", *names), step, workers)
            ended, pids = [], set()
            while len(pids) < 2:  # Until both have one: on a busy machine the second takes time.
                ended.append(next(running))
                if not ended[-1].problem:
                    pids.update(step.pids(ended[-1].name))
            cluster.workers[0].kill()
            ended += running
    assert sorted(each.name for each in ended) == sorted(["bad", *names])
    assert [each.name for each in ended if each.problem] == ["bad"]
    assert next(each for each in ended if each.problem).problem == "The scan is bad."
    attempts = [pid for name in names for pid in step.pids(name)]
    assert len(set(attempts)) == 2
    # What the killed worker had begun was begun again by the other one, and nothing else was.
    assert len(names) <= len(attempts) <= len(names) + 2


def test_a_case_that_ends_every_worker_gets_a_row_and_the_others_go_on(step):
    names = [f"good {number}" for number in range(6)]
    with DaskCluster(allowed_failures=0) as cluster:
        for _ in range(3):
            cluster.add_worker("--no-nanny")
        with DaskWorkers(cluster.address) as workers:
            wait_for_workers(workers, 3)
            running = run_cases(cases("deadly", *names), step, workers)
            ended = {each.name: each for each in running}
    assert "(Dask gave it out 1 ×)" in ended["deadly"].problem
    assert len(step.attempts("deadly")) == 2
    assert sorted(name for name in ended if not ended[name].problem) == names


def test_the_workers_of_a_machine_share_its_cores(step, tmp_path):
    preload = tmp_path / "preload.py"
    preload.write_text(
        "from BV5AnalysisLib.study.batch import dask_workers as own\nown.usable_cores = lambda: 8\n"
    )
    names = [f"good {number}" for number in range(6)]
    with DaskCluster() as cluster:
        for _ in range(3):
            cluster.add_worker("--no-nanny", "--preload", str(preload))
        with DaskWorkers(cluster.address) as workers:
            wait_for_workers(workers, 3)
            list(run_cases(cases(*names), step, workers))
    assert [step.cores(name) for name in names] == [2] * 6


def test_workers_may_come_later_and_are_looked_at_first(step, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_workers, "CONNECT_SECONDS", 1.0)
    with DaskCluster() as cluster:
        with pytest.raises(AnalysisError, match="has no workers; start some with `dask worker"):
            DaskWorkers(cluster.address).__enter__()
        monkeypatch.setattr(dask_workers, "CONNECT_SECONDS", 60.0)
        cluster.add_worker("--no-nanny")
        with DaskWorkers(cluster.address) as workers:
            workers.check_workers(tmp_path, [tmp_path], nothing_required)
            assert list(tmp_path.iterdir()) == []
            with pytest.raises(AnalysisError, match=r"Worker tcp\S+ does not see the input"):
                workers.check_workers(tmp_path, [tmp_path / "gone"], nothing_required)
            with pytest.raises(AnalysisError, match=r"Worker tcp\S+: The report needs Jinja2\."):
                workers.check_workers(tmp_path, [], something_required)
            workers.check_equipment(nothing_required)
            with pytest.raises(AnalysisError, match=r"Worker tcp\S+: The report needs Jinja2\."):
                workers.check_equipment(something_required)

            preload = tmp_path / "preload.py"
            for text, problem in (
                ("import BV5AnalysisLib\nBV5AnalysisLib.__version__ = '9.9'", r"has .* 9\.9, and"),
                ("import sys\nsys.modules['BV5AnalysisLib'] = None", "cannot load BV5 Analysis"),
                (
                    "import pathlib\npathlib.Path.exists = lambda path: False",
                    "does not see the output folder",
                ),
            ):
                preload.write_text(text)
                worker = cluster.add_worker("--no-nanny", "--preload", str(preload))
                wait_for_workers(workers, 2)
                with pytest.raises(AnalysisError, match=problem):
                    workers.check_workers(tmp_path, [], nothing_required)
                worker.send_signal(signal.SIGTERM)
                wait_for_workers(workers, 1)

            cluster.add_worker("--no-nanny", "--nthreads", "2")
            wait_for_workers(workers, 2)
            with pytest.raises(AnalysisError, match="has 2 threads"):
                workers.check_workers(tmp_path, [], nothing_required)


def test_a_lost_scheduler_is_told(step):
    with DaskCluster() as cluster:
        cluster.add_worker("--no-nanny")
        with DaskWorkers(cluster.address) as workers:
            running = run_cases(cases(*(f"good {each}" for each in range(50))), step, workers)
            assert next(running).problem == ""
            os.kill(cluster.scheduler.pid, signal.SIGKILL)
            with pytest.raises(AnalysisError, match=r"is gone; .* then --resume"):
                list(running)


def test_workers_that_do_not_come_back_are_told(step, monkeypatch):
    monkeypatch.setattr(dask_workers, "PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr(dask_workers, "_COUNT_EVERY_SECONDS", 0.1)
    with DaskCluster() as cluster:
        worker = cluster.add_worker("--no-nanny")
        with DaskWorkers(cluster.address) as workers:
            running = run_cases(cases(*(f"good {each}" for each in range(50))), step, workers)
            assert next(running).problem == ""
            worker.kill()
            with pytest.raises(AnalysisError, match=r"has had no workers for 0\.5 s; start some"):
                list(running)


def test_a_scheduler_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(dask_workers, "CONNECT_SECONDS", 0.5)
    with pytest.raises(AnalysisError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1 "):
        DaskWorkers("tcp://127.0.0.1:1").__enter__()
    with pytest.raises(AnalysisError, match="No Dask scheduler answers at nonsense://x"):
        DaskWorkers("nonsense://x").__enter__()


def test_dask_is_only_needed_with_a_scheduler(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(AnalysisError, match="pip install distributed"):
        DaskWorkers("tcp://127.0.0.1:1").__enter__()
