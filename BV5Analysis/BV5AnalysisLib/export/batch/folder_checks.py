"""Where the output of a batch lies: what may be there before, and what a crash leaves."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...case.output_folder import RESULT, FolderKind, write_failure
from ...imaging.errors import AnalysisError
from ...study.batch.batch_case import BatchCase
from ...study.scans.case_names import folded, problem_of_name
from .finished_case import leads_elsewhere
from .plan_files import PLAN, SCHEMA, SOURCES

JOURNAL = "log.jsonl"
INDEX = "index.html"
MEASUREMENTS = "measurements.csv"
FAILURES = "failures.csv"
CASES = "cases.csv"
BATCH = FolderKind(
    PLAN, SCHEMA, frozenset({PLAN, SOURCES, JOURNAL, INDEX, MEASUREMENTS, FAILURES, CASES})
)
"""Without the folders of cases, so that a batch that has any is never replaced."""


def check_new_batch(folder: Path) -> None:
    """Refuse, before the long work, a folder that a new batch may not be written into.

    Raises
    ------
    AnalysisError
        It holds a batch or anything else.
    """
    folder = Path(folder)
    if is_batch(folder):
        raise AnalysisError(
            f"{folder.name} holds a batch already; add --resume to go on with it, or give another"
            " output folder."
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise AnalysisError(
            f"Output folder {folder.name} is not empty and holds no batch; give another one."
        )


def is_batch(folder: Path) -> bool:
    """Whether a folder holds a batch, which can be resumed."""
    return BATCH.holds(Path(folder))


def check_names(cases: Iterable[BatchCase]) -> None:
    """Raise AnalysisError for a name that leads out of the folder or meets another in it."""
    seen = set()
    for case in cases:
        problem = problem_of_name(case.name)
        if problem:
            raise AnalysisError(f"The name of case {ascii(case.name)[:80]} {problem}; rename it.")
        if folded(case.name) in seen:
            raise AnalysisError(f"Two cases are called {case.name}; rename one.")
        seen.add(folded(case.name))


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn an OSError while a batch is written into an AnalysisError that says what to do."""
    try:
        yield
    except PermissionError as error:
        if not error.filename2:
            raise write_failure(folder, error) from error
        raise AnalysisError(
            f"{Path(error.filename2).name} cannot be replaced; if another program shows it, close"
            " it there, and go on with --resume."
        ) from error
    except OSError as error:
        raise write_failure(folder, error) from error


def remove_leftovers(folder: Path) -> None:
    """Remove what an interrupted writer left; OSError if that fails."""
    for path in [*folder.glob(".*.bv5-partial-*"), *folder.glob(".*.bv5-probe-*")]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
    for name in BATCH.names:
        (folder / f".{name}.partial").unlink(missing_ok=True)


def remove_damaged(folder: Path) -> None:
    """Remove the folder of a case that lost content, as after a loss of power, if all is ours."""
    if folder.is_dir() and not leads_elsewhere(folder):
        entries = {entry.name for entry in folder.iterdir()}
        if entries <= RESULT.names:
            shutil.rmtree(folder)
