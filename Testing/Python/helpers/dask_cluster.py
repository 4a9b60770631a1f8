"""A real Dask cluster of processes on this machine."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.batch_steps import wait_until

ROOT = Path(__file__).resolve().parents[3]
SEEN = (ROOT / "BV5Analysis", ROOT / "Testing" / "Python", ROOT / "benchmarks")
"""Folders of modules that workers load: this checkout's library, and the steps of tests."""


class DaskCluster:
    """A scheduler, and workers as they are added; a context manager that ends them all."""

    def __init__(self, allowed_failures: int = 3) -> None:
        self._allowed_failures = allowed_failures
        self._files = tempfile.TemporaryDirectory()
        self.workers: list[subprocess.Popen] = []

    def __enter__(self) -> "DaskCluster":
        file = Path(self._files.name) / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)
        )
        wait_until(lambda: file.exists() and file.read_text().endswith("}"))
        self.address = json.loads(file.read_text())["address"]
        return self

    def __exit__(self, *_error) -> None:
        # The scheduler last: workers that end say goodbye to it, and wait long where it is gone.
        for processes in (self.workers, [self.scheduler]):
            for process in processes:
                process.terminate()
            for process in processes:
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self._files.cleanup()

    def add_worker(self, *options: str) -> subprocess.Popen:
        """Start a worker process, with a nanny that starts it again when it ends."""
        worker = self._start(
            "worker", self.address, "--nthreads", "1", "--memory-limit", "0", *options
        )
        self.workers.append(worker)
        return worker

    def _start(self, command: str, *arguments: str) -> subprocess.Popen:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, SEEN)),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(self._allowed_failures),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "dask", command, "--no-dashboard", *arguments],
            cwd=self._files.name,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
