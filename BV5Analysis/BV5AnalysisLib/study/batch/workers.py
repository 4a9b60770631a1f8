"""Workers of a batch that are processes on this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Protocol, TypeVar

from ...imaging.errors import AnalysisError
from ...imaging.numerics.cores import usable_cores, use_cores
from ...imaging.reading.quiet import own_error_stream, unredirected
from .allocation import give_back_freed_memory, keep_freed_memory
from .batch_case import BatchCase
from .memory import bytes_for

CASES_A_PROCESS = 20
"""After so many cases a process is replaced, so that what libraries leak does not add up."""
_ITEMS_AHEAD = 4
_END_WITHIN_SECONDS = 5.0
_READY = "ready"
_NEVER_READY = (
    "Worker processes end before they are ready ({end}). If a script runs the batch, put its lines"
    " under `if __name__ == '__main__':`; else install BV5 Analysis again."
)
_IDLE_SECONDS = 0.5
"""A worker that gets nothing to do for so long gives back memory."""


Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerDied(Exception):
    """A worker ended while it had a case; the message says how."""


class Mapper(Protocol):
    """What calls a function for every item, as the built-in `map`; perhaps in workers."""

    def __call__(
        self, function: Callable[[Item], Result], items: Iterable[Item], /
    ) -> Iterable[Result | WorkerDied]:
        """Give the results in the order of the items.

        In place of the result of an item that ended its worker there is a `WorkerDied`.
        """


class Workers(Protocol):
    """What `study.batch.run.run_cases` asks of workers."""

    def has_room(self, case: BatchCase, running: Collection[BatchCase]) -> bool:
        """Whether a case may be submitted beside those that are under way."""

    def submit(
        self, function: Callable[..., Result], *arguments: object, at_once: int
    ) -> Future[Result]:
        """Have a worker call a function, as one of so many calls under way together."""

    def result(self, future: Future[Result]) -> Result:
        """Give what the function returned; raise `WorkerDied`, or what it raised."""

    def check(self) -> None:
        """Raise `AnalysisError` if no worker is left."""

    def end_idle(self) -> None:
        """Give back the memory of workers that do nothing."""


class LocalWorkers:
    """Processes on this machine, each with one case at a time.

    Processes share the cores: each call gets as many as it can have while others are under way.
    A process that ends takes its case along and no other. All of them end with the block, and
    with this process, whatever this process ends by.

    Parameters
    ----------
    jobs : int
        How many.
    memory_bytes : int or None
        What they may use together: a case waits while it would not fit beside the others. None
        for no limit.
    """

    def __init__(self, jobs: int, memory_bytes: int | None = None) -> None:
        self.jobs = jobs
        self._memory_bytes = memory_bytes
        self._cores = usable_cores()
        self._lock = threading.Lock()
        self._idle: list[_Process] = []
        self._busy: set[_Process] = set()
        self._closed = self._any_ready = False
        # A thread waits for each process: futures come for free, and nothing polls.
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="worker")

    def __enter__(self) -> LocalWorkers:
        return self

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._closed = True
            for process in self._busy:
                process.kill()
        self._threads.shutdown(cancel_futures=True)
        self.end_idle()

    def has_room(self, case: BatchCase, running: Collection[BatchCase]) -> bool:
        """Whether a process is free and, beside the cases under way, memory for the case."""
        if not running or self._memory_bytes is None:
            return len(running) < self.jobs
        needed = sum(bytes_for(each.voxels) for each in (case, *running))
        return len(running) < self.jobs and needed <= self._memory_bytes

    def submit(
        self, function: Callable[..., Result], *arguments: object, at_once: int | None = None
    ) -> Future[Result]:
        """Have a process call a function.

        Parameters
        ----------
        function : callable
            Picklable.
        *arguments
            For it.
        at_once : int, optional
            Calls that will be under way together, this one among them: the cores are divided by
            it. By default one in every process.

        Returns
        -------
        concurrent.futures.Future
            For `result`.
        """
        cores = max(1, self._cores // min(self.jobs, at_once or self.jobs))
        return self._threads.submit(self._call, cores, function, arguments)

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Result | WorkerDied]:
        """Call a function for every item, as `Mapper` says.

        Only some items are taken ahead of the results that were asked for.
        """
        ahead: deque[Future[Result | WorkerDied]] = deque()
        for item in items:
            ahead.append(self.submit(function, item))
            if len(ahead) > _ITEMS_AHEAD * self.jobs:
                yield _result_or_death(ahead.popleft())
        while ahead:
            yield _result_or_death(ahead.popleft())

    def result(self, future: Future[Result]) -> Result:
        """Give what the function returned; raise `WorkerDied`, or what it raised."""
        return future.result()

    def check(self) -> None:
        """Nothing to check: a process that ended is replaced by the next case."""

    def end_idle(self) -> None:
        """End the processes that do nothing."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.close()
        for process in idle:
            process.join()

    def _call(
        self, cores: int, function: Callable[..., Result], arguments: tuple[object, ...]
    ) -> Result:
        try:
            process = self._take()
        except OSError as error:  # Such as for lack of memory.
            raise WorkerDied(f"it could not start: {error.strerror or error}") from None
        try:
            reply = process.call(cores, function, arguments)
        except (EOFError, OSError):
            with self._lock:
                self._busy.discard(process)
            end = process.end_of()
            if not (process.is_ready or self._any_ready or self._closed) and process.has_failed:
                raise AnalysisError(_NEVER_READY.format(end=end)) from None
            raise WorkerDied(end) from None
        self._any_ready = True
        self._put_back(process)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _take(self) -> _Process:
        with self._lock:
            if self._closed:
                raise WorkerDied("the batch was stopped")
            while self._idle:
                process = self._idle.pop()
                if process.is_alive():
                    break
            else:
                process = _Process()
            self._busy.add(process)
            return process

    def _put_back(self, process: _Process) -> None:
        worn = process.calls >= CASES_A_PROCESS
        with self._lock:
            self._busy.discard(process)
            if not worn:
                self._idle.append(process)
        if worn:
            process.close()
            process.join()


def _result_or_death(future: Future[Result]) -> Result | WorkerDied:
    try:
        return future.result()
    except WorkerDied as error:
        return error


class _Process:
    """One worker process, as this process sees it."""

    def __init__(self) -> None:
        # The same on every platform, and safe beside threads.
        context = multiprocessing.get_context("spawn")
        self._tasks, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with unredirected():
            self._process.start()
        theirs.close()
        self.calls = 0
        self.is_ready = False

    def call(
        self, cores: int, function: Callable[..., Result], arguments: tuple[object, ...]
    ) -> Result | Exception:
        """Have it call a function on so many cores; EOFError or OSError if it ends meanwhile."""
        self.calls += 1
        if not self.is_ready:
            self._tasks.recv()
            self.is_ready = True
        self._tasks.send(cores)
        self._tasks.send((function, arguments))
        reply: Result | Exception = self._tasks.recv()
        return reply

    def is_alive(self) -> bool:
        return self._process.is_alive()

    @property
    def has_failed(self) -> bool:
        """Whether it ended by an error of its own, not by a signal."""
        return (self._process.exitcode or 0) > 0

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """Let it end by itself."""
        self._tasks.close()

    def join(self) -> None:
        """Wait until it has ended; not for long."""
        self._process.join(_END_WITHIN_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def end_of(self) -> str:
        """How it ended, in words."""
        self.close()
        self.join()
        code = self._process.exitcode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):  # A number that has no name here.
                return signal.Signals(-code).name
        return f"exit status {code}"


def _serve(tasks: Connection) -> None:
    """Worker loop: run received calls until the pipe closes."""
    _end_with_parent()
    # Ctrl-C on a terminal reaches every process of it; the parent ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # A windowed program has neither.
        # Standard output is for the parent's own lines.
        os.dup2(2, 1)
    keep_freed_memory()
    with own_error_stream():
        _work(tasks)


def _work(tasks: Connection) -> None:
    tasks.send(_READY)
    while True:
        try:
            if not tasks.poll(_IDLE_SECONDS):
                # Others may need it meanwhile.
                give_back_freed_memory()
            cores = tasks.recv()
            task = tasks.recv_bytes()
        except (EOFError, BrokenPipeError):  # The second on Windows.
            return
        # Before the first task loads numpy.
        use_cores(cores)
        try:
            function, arguments = pickle.loads(task)
            reply = function(*arguments)
        except Exception as error:  # noqa: BLE001  goes on in the parent
            reply = error
        tasks.send(reply)


def _end_with_parent() -> None:
    """From now on, end at once when the parent ends, whatever it ends by."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()
