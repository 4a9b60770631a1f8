"""Workers of a batch that belong to a Dask cluster."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from ... import __version__
from ...imaging.errors import AnalysisError
from ...imaging.numerics.cores import usable_cores, use_cores
from .batch_case import BatchCase
from .workers import WorkerDied

CONNECT_SECONDS = 10.0
"""How long to wait for the scheduler, and for its first worker."""
PATIENCE_SECONDS = 120.0
"""How long there may be no worker: a cluster restarts them, and may still be starting."""
_COUNT_EVERY_SECONDS = 5.0

Question = ParamSpec("Question")
Result = TypeVar("Result")

_one_at_a_time = threading.Lock()
"""Held by the case of this process: drawing is not made for several threads."""


class DaskWorkers:
    """Worker processes of a Dask cluster, each with one case at a time.

    A worker uses the cores of its machine divided by the workers there.
    A case whose worker ends is given to another one by the scheduler, up to its limit
    ``distributed.scheduler.allowed-failures``. Workers may come and go.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://host:8786``.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._on_host: Counter[str] = Counter()
        self._counted = self._seen_working = float("-inf")

    def __enter__(self) -> DaskWorkers:
        """Connect.

        Raises
        ------
        AnalysisError
            Dask is not installed, the scheduler cannot be reached, or it has no workers.
        """
        try:
            from distributed import Client, Security
        except ImportError as error:
            raise AnalysisError(
                "--scheduler needs Dask: pip install distributed (or leave --scheduler out)."
            ) from error
        encrypted = self.address.startswith(("tls:", "wss:"))
        # Else a client waits long, and leaves a traceback.
        if encrypted and not Security().get_connection_args("client").get("ssl_context"):
            raise AnalysisError(
                f"{self.address} needs certificates, and none are set up for Dask; set"
                " distributed.comm.tls in its configuration, or use tcp://."
            )
        # Their errors are raised by this class in plain words.
        for name in ("client", "core", "comm"):
            logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
        try:
            self._client = Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise AnalysisError(
                f"No Dask scheduler answers at {self.address} within {CONNECT_SECONDS:g} s;"
                " check the address, and that `dask scheduler` runs there."
            ) from error
        self._executor = self._client.get_executor(pure=False)
        try:
            self._wait_for_workers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        # What a worker has begun it ends; what none has begun is dropped.
        self._executor.shutdown(wait=False)
        self._client.close(timeout=CONNECT_SECONDS)

    @property
    def jobs(self) -> int:
        """Worker threads of the cluster, as counted a short while ago."""
        if time.monotonic() - self._counted > _COUNT_EVERY_SECONDS:
            threads = self._ask(self._client.nthreads)
            self._on_host = Counter()
            for worker, count in threads.items():
                self._on_host[_host(worker)] += count
            self._counted = time.monotonic()
            if self._on_host:
                self._seen_working = self._counted
        return self._on_host.total()

    def check_equipment(self, requirements: Callable[[], None]) -> None:
        """Check the current workers' installation, before anything is written.

        Parameters
        ----------
        requirements : callable
            Raises `AnalysisError`, where it is called, if something is missing there.

        Raises
        ------
        AnalysisError
            A worker has no or another version of this software, or lacks what it requires.
        """
        self._ask_workers([], requirements)

    def check_workers(
        self, folder: Path, files: Sequence[Path], requirements: Callable[[], None]
    ) -> None:
        """Check that the current workers are fit for the batch.

        Parameters
        ----------
        folder : pathlib.Path
            Where they are to write; it gets a file for a moment, which they have to see.
        files : sequence of pathlib.Path
            What they are to read.
        requirements : callable
            Raises `AnalysisError`, where it is called, if something is missing there.

        Raises
        ------
        AnalysisError
            A worker has no or another version of this software, lacks what it requires, sees
            other files than this process, or works on several cases in one process.
        """
        for worker, threads in sorted(self._ask(self._client.nthreads).items()):
            if threads > 1:
                raise AnalysisError(
                    f"Worker {worker} has {threads} threads, and a case needs a process of its"
                    " own; start workers with --nthreads 1, and --nworkers for several."
                )
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".bv5-probe-") as probe:
            paths = [Path(probe.name), *files]
            self._ask_workers(paths, requirements)

    def _ask_workers(self, paths: Sequence[Path], requirements: Callable[[], None]) -> None:
        answers = self._ask(self._client.run, _fitness, paths, requirements, on_error="return")
        for worker, answer in sorted(answers.items()):
            _check_answer(worker, answer)

    def has_room(self, _case: BatchCase, running: Collection[BatchCase]) -> bool:
        """Whether a case may be submitted beside those that are under way."""
        # One a worker: what only waits at a worker that ends is blamed for it as well.
        return len(running) < max(1, self.jobs)

    def submit(
        self,
        function: Callable[..., Result],
        *arguments: object,
        at_once: int | None = None,  # noqa: ARG002  each machine has cores of its own
    ) -> Future[Result]:
        """Have a worker call a function."""
        future: Future[Result] = self._executor.submit(
            _call_alone, dict(self._on_host), function, *arguments
        )
        return future

    def result(self, future: Future[Result]) -> Result:
        """Give what the function returned; raise `WorkerDied`, or what it raised.

        Raises
        ------
        WorkerDied
            Workers ended while they had it, as often as the scheduler gives a case out again.
        AnalysisError
            The scheduler is lost.
        """
        from distributed import KilledWorker

        try:
            return future.result()
        except KilledWorker as error:
            raise WorkerDied(f"Dask gave it out {error.allowed_failures + 1} ×") from None
        except CancelledError:
            raise self._lost() from None

    def check(self) -> None:
        """Check that workers are left.

        Raises
        ------
        AnalysisError
            The scheduler is lost, or has had no workers for long.
        """
        if not self.jobs and time.monotonic() - self._seen_working > PATIENCE_SECONDS:
            raise AnalysisError(
                f"The Dask scheduler at {self.address} has had no workers for"
                f" {PATIENCE_SECONDS:g} s; {self._how_to_start()}, then --resume."
            )

    def end_idle(self) -> None:
        """Leave it to the cluster, whose workers have memory of their own."""

    def _wait_for_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            raise AnalysisError(
                f"The Dask scheduler at {self.address} has no workers; {self._how_to_start()}."
            ) from None

    def _ask(
        self,
        question: Callable[Question, dict[str, Result]],
        *arguments: Question.args,
        **options: Question.kwargs,
    ) -> dict[str, Result]:
        """Ask the scheduler something about each worker; AnalysisError if it is lost."""
        try:
            return question(*arguments, **options)
        except (OSError, CancelledError) as error:
            raise self._lost() from error

    def _lost(self) -> AnalysisError:
        return AnalysisError(
            f"The Dask scheduler at {self.address} is gone; what was measured is kept. Start it"
            " again, then --resume."
        )

    def _how_to_start(self) -> str:
        return (
            f"start some with `dask worker {self.address} --nthreads 1`, where BV5 Analysis is"
            " installed"
        )


def _call_alone(
    workers_on: Mapping[str, int], function: Callable[..., Result], *arguments: object
) -> Result:
    """Call a function, on a worker, with its part of the cores of its host."""
    from distributed import get_worker

    # A host that joined just now has yet to be counted.
    workers = workers_on.get(_host(get_worker().address), usable_cores())
    with _one_at_a_time:
        use_cores(max(1, usable_cores() // workers))
        return function(*arguments)


def _host(address: str) -> str:
    """Host of an address such as ``tcp://10.0.0.1:40331``."""
    return address.rpartition(":")[0]


@dataclass(frozen=True)
class _Fitness:
    """What a worker has and sees."""

    version: str
    sight: tuple[bool, ...]
    missing: str


def _fitness(paths: Sequence[Path], requirements: Callable[[], None]) -> _Fitness:
    """Look, on a worker."""
    missing = ""
    try:
        requirements()
    except AnalysisError as error:
        missing = str(error)
    return _Fitness(__version__, tuple(path.exists() for path in paths), missing)


def _check_answer(worker: str, answer: _Fitness | Exception) -> None:
    if isinstance(answer, Exception):
        raise AnalysisError(
            f"Worker {worker} cannot load BV5 Analysis ({answer}); install version {__version__}"
            " where it runs."
        )
    if answer.version != __version__:
        raise AnalysisError(
            f"Worker {worker} has BV5 Analysis {answer.version}, and this is {__version__};"
            " install the same where it runs."
        )
    if not all(answer.sight):
        what = "input" if answer.sight[0] else "output folder"
        raise AnalysisError(
            f"Worker {worker} does not see the {what}; give paths on a disk that all machines"
            " share under the same name."
        )
    if answer.missing:
        raise AnalysisError(f"Worker {worker}: {answer.missing}")
