"""Steps of a batch that worker processes can load, and what they leave to be looked at."""

import errno
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.numerics.cores import cores
from BV5AnalysisLib.study.batch.batch_case import BatchCase


@dataclass(frozen=True)
class Recorded:
    """Does what the first word of a case's name says, and leaves a line for each attempt."""

    folder: Path
    seconds: float = 0.0

    def __call__(self, case: BatchCase) -> None:
        with (self.folder / case.name).open("a") as file:
            file.write(f"{os.getpid()} {cores()}\n")
        kind = case.name.partition(" ")[0]
        first = len(self.attempts(case.name)) == 1
        if kind == "bad":
            raise AnalysisError("The scan\n  is bad.")
        if kind == "odd":
            raise KeyError("nobody foresaw this")
        if kind == "deadly" or (kind == "unlucky" and first):
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "hungry" or (kind == "crowded" and first):
            raise MemoryError("no room")
        if kind == "full":
            raise OSError(errno.ENOSPC, "No space left on device")
        if kind == "itk":
            raise RuntimeError("Exception thrown in SimpleITK: std::bad_alloc")
        if kind == "loud":
            print("not for standard output", flush=True)
        if kind == "interrupted":
            os.kill(os.getpid(), signal.SIGINT)
        if kind == "slow":
            time.sleep(600)
        time.sleep(self.seconds)

    def attempts(self, name: str) -> list[str]:
        """Lines of the attempts at a case."""
        return (self.folder / name).read_text().splitlines()

    def cores(self, name: str) -> int:
        """Cores that the last attempt at a case was given."""
        return int(self.attempts(name)[-1].split()[1])

    def pids(self, name: str) -> list[int]:
        """Processes that attempted a case."""
        return [int(line.split()[0]) for line in self.attempts(name)]


def cases(*names: str) -> list[BatchCase]:
    """Cases of these names, which read nothing."""
    return [BatchCase(name, (Path("nowhere"),)) for name in names]


@dataclass(frozen=True)
class Threads:
    """How many threads a process starts for its work."""

    ours: int
    itk: int
    blas: str


def threads_for_many_balls() -> Threads:
    """Draw balls, as a process that has loaded nothing yet."""
    assert "numpy" not in sys.modules
    import numpy as np
    from BV5AnalysisLib.imaging.numerics.balls import map_balls

    def work(*_voxels: object) -> int:
        time.sleep(0.02)  # So that no thread can do all.
        return threading.get_ident()

    balls = 40
    center, radius = np.full((balls, 3), 50.0), np.full(balls, 30.0)
    seen = set(map_balls(work, (100, 100, 100), center, np.ones(3), radius))
    return Threads(len(seen), itk_threads(), os.environ["OPENBLAS_NUM_THREADS"])


def itk_threads() -> int:
    """Threads of a filter of ITK that is made now."""
    import SimpleITK as sitk

    return sitk.SignedMaurerDistanceMapImageFilter().GetNumberOfThreads()


def dies_of_deadly(function, folder):
    """Call a function of a folder, but end the process where a file of it is called deadly."""
    if any("deadly" in name for name in folder.names):
        os.kill(os.getpid(), signal.SIGKILL)
    return function(folder)


def die_of_zero(number: int) -> int:
    """Give a number back, but end the process at 0."""
    if not number:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def free_in_pieces() -> tuple[int, int]:
    """Use and free large arrays, and tell resident bytes before and after."""
    import numpy as np

    before = resident_bytes()
    arrays = [np.ones(40_000_000, np.uint8) for _ in range(10)]
    del arrays
    return before, resident_bytes()


def resident_bytes() -> int:
    """Memory of this process, on Linux."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def nothing_required() -> None:
    """Require nothing of a worker."""


def something_required() -> None:
    """Require what no worker has."""
    raise AnalysisError("The report needs Jinja2.")


def is_running(pid: int) -> bool:
    """Whether there is a process that is no zombie."""
    if sys.platform == "win32":
        import psutil

        return psutil.pid_exists(pid)  # There os.kill would end it.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition, seconds: float = 120.0) -> None:
    """Wait for something that happens soon, for long on a busy machine."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
