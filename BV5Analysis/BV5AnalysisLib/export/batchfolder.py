"""Output folder of a batch: it grows case by case, and can be taken up again after any crash."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..imaging.errors import AnalysisError
from ..study.batchcase import BatchCase, CaseOutcome
from .batchcases import FinishedCase, finished_case
from .batchjournal import Entry, Journal
from .batchplan import (
    PLAN,
    SCHEMA,
    SOURCES,
    read_plan,
    with_sources,
    write_plan,
    write_sources,
    write_whole,
)
from .batchtables import (
    FAILURE_COLUMNS,
    GrowingTable,
    cases_csv,
    failure_row,
    measurement_rows,
)
from .folder import LONGEST_NAME, RESULT, FolderKind, output_folder, write_failure
from .tables import COLUMNS

JOURNAL = "log.jsonl"
INDEX = "index.html"
BATCH = FolderKind(
    PLAN,
    SCHEMA,
    frozenset({PLAN, SOURCES, JOURNAL, INDEX, "measurements.csv", "failures.csv", "cases.csv"}),
)
"""Without the folders of cases, so a batch that has any is never replaced."""
INDEX_PAUSE = 50
"""The contact sheet is written again after this many times what writing it took."""
INDEX_PAUSE_SECONDS = 5.0
_INCOMPLETE = "Its output folder is missing or incomplete; see that nothing else writes there."


class BatchFolder:
    """The output of a batch, open for writing by this process alone; a context manager.

    Whatever ends the process leaves whole files: a case's folder appears complete or not at all,
    other files are replaced at once, and what grows line by line is mended by `resume`. The
    folders of cases are the truth; all else is made from them.

    Attributes
    ----------
    cases : tuple of BatchCase
        The plan.
    """

    def __init__(self, folder: Path, cases: Sequence[BatchCase]) -> None:
        self._folder = folder
        self.cases = tuple(cases)
        self._by_name = {case.name: case for case in self.cases}
        self._finished: dict[str, FinishedCase] = {}
        self._problems: dict[str, str] = {}
        self._measurements = GrowingTable(folder / "measurements.csv", COLUMNS)
        self._failures = GrowingTable(folder / "failures.csv", FAILURE_COLUMNS)
        self._cards: dict[str, str] = {}
        self._index_due = 0.0
        self._journal = Journal(folder / JOURNAL)

    @classmethod
    def create(
        cls,
        folder: Path,
        cases: Sequence[BatchCase],
        request: Mapping[str, Any],
        *,
        passed_over: Iterable[tuple[str, str]] = (),
        identities: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Self:
        """Begin a batch.

        Parameters
        ----------
        folder : pathlib.Path
            New or empty folder.
        cases : sequence of BatchCase
            What to do, in the order of the tables.
        request : mapping
            What was asked for: everything that changes results. Values of JSON, and
            pathlib.Path, of which only the SHA-256 is kept: paths may hold names of patients.
        passed_over : iterable of (str, str)
            What else was found: where or what, and why it is no case.
        identities : mapping of str to mapping, optional
            By case, where identifiers are to be kept: patient_name, patient_id, birth_date,
            source.

        Returns
        -------
        BatchFolder
            With no case finished.

        Raises
        ------
        AnalysisError
            The folder is in use or cannot be written, or the name of a case does not do.
        """
        folder = Path(folder)
        check_new_batch(folder)
        _check_names(cases)
        with output_folder(folder, BATCH, overwrite=folder.exists()) as new:
            write_plan(new, request, cases)
            write_sources(new, cases)
            write_whole(new / "cases.csv", cases_csv(cases, passed_over, identities or None))
        batch = cls._opened(folder, cases)
        with batch._closed_on_error():
            batch._rewrite_tables()
        return batch

    @classmethod
    def resume(
        cls,
        folder: Path,
        request: Mapping[str, Any],
        *,
        retry_failed: bool = False,
        replan: Callable[[], Sequence[BatchCase]] | None = None,
    ) -> Self:
        """Go on with a batch that was begun, after any end of it.

        Parameters
        ----------
        folder : pathlib.Path
            Of the batch.
        request : mapping
            As it was begun with.
        retry_failed : bool
            Whether cases that failed are to be done again.
        replan : callable, optional
            Gives the plan as it is now, for cases whose paths are no longer known: those that
            failed, and those whose folder was deleted after the batch was complete.

        Returns
        -------
        BatchFolder
            Cases with a complete folder are finished, whether or not they got into the journal.

        Raises
        ------
        AnalysisError
            It is no batch, of another request or version, or another process is at it.
        """
        folder = Path(folder)
        cases = read_plan(folder, request)
        _check_names(cases)
        batch = cls._opened(folder, with_sources(folder, cases))
        with batch._closed_on_error():
            batch._take_up(retry_failed)
            batch._replan(replan)
        return batch

    @classmethod
    def _opened(cls, folder: Path, cases: Sequence[BatchCase]) -> Self:
        try:
            return cls(folder, cases)
        except OSError as error:
            raise write_failure(folder, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def unfinished(self) -> tuple[BatchCase, ...]:
        """Cases that are still to be done, in the order of the plan."""
        return tuple(case for case in self.cases if not self._is_done(case.name))

    @property
    def measured(self) -> tuple[str, ...]:
        """Names of the cases that have a result, in the order of the plan."""
        return tuple(case.name for case in self.cases if case.name in self._finished)

    @property
    def failures(self) -> tuple[tuple[str, str], ...]:
        """Name and reason of the cases that have none, in the order of the plan."""
        return tuple(
            (case.name, self._problems[case.name])
            for case in self.cases
            if case.name in self._problems
        )

    def add(self, outcome: CaseOutcome) -> None:
        """Take note of a case that ended; of a measured one the folder is read.

        A case that is told twice counts once, and a complete folder counts as measured.

        Parameters
        ----------
        outcome : CaseOutcome
            Of a case of the plan.

        Raises
        ------
        AnalysisError
            It cannot be written, such as for a full disk.
        """
        name = outcome.name
        if name in self._finished:
            return
        with self._explained():
            finished = finished_case(self._folder / name)
            if finished:
                self._finished[name] = finished
                self._problems.pop(name, None)
                self._measurements.add(measurement_rows(finished))
            else:
                problem = without_paths(outcome.problem or _INCOMPLETE, self._by_name[name])
                self._problems[name] = problem
                self._failures.add([failure_row(name, problem)])
            self._cards.pop(name, None)
            self._journal.append(Entry(name, self._problems.get(name, ""), outcome.seconds))
            if time.monotonic() >= self._index_due:
                self._write_index()

    def close(self) -> None:
        """Write tables and contact sheet in the order of the plan, and let others in.

        Raises
        ------
        AnalysisError
            A file cannot be written; what was measured is kept all the same.
        """
        try:
            self._rewrite_tables()
            with self._explained():
                self._write_index()
                if not self.unfinished:
                    (self._folder / SOURCES).unlink(missing_ok=True)
        finally:
            self._journal.close()

    def _is_done(self, name: str) -> bool:
        return name in self._finished or name in self._problems

    def _take_up(self, retry_failed: bool) -> None:
        """Find what is finished, and clear away what a crash left."""
        with self._explained():
            _remove_leftovers(self._folder)
            for case in self.cases:
                finished = finished_case(self._folder / case.name)
                entry = self._journal.entries.get(case.name)
                if finished:
                    self._finished[case.name] = finished
                    if not entry or entry.problem:
                        self._journal.append(Entry(case.name))
                elif entry and entry.problem and not retry_failed:
                    self._problems[case.name] = entry.problem
                else:
                    _remove_damaged(self._folder / case.name)
        self._rewrite_tables()

    def _replan(self, replan: Callable[[], Sequence[BatchCase]] | None) -> None:
        """Learn again where the scans are of unfinished cases that have lost their paths."""
        lost = {case.name for case in self.unfinished if not case.sources}
        if not lost or replan is None:
            return
        found = {case.name: case for case in replan() if case.name in lost}
        self.cases = tuple(found.get(case.name, case) for case in self.cases)
        self._by_name = {case.name: case for case in self.cases}
        with self._explained():
            write_sources(self._folder, self.unfinished)

    def _rewrite_tables(self) -> None:
        finished = (self._finished[name] for name in self.measured)
        with self._explained():
            self._measurements.rewrite(row for case in finished for row in measurement_rows(case))
            self._failures.rewrite(failure_row(*failure) for failure in self.failures)

    def _write_index(self) -> None:
        """Write the contact sheet, if the package it needs is there."""
        try:
            from . import batchindex  # noqa: PLC0415
        except ModuleNotFoundError as error:
            if error.name in {"jinja2", "markupsafe"}:
                return
            raise
        begin = time.monotonic()
        done = [case for case in self.cases if self._is_done(case.name)]
        for case in done:
            if case.name not in self._cards:
                finished = self._finished.get(case.name)
                self._cards[case.name] = (
                    batchindex.measured_card(finished, case.choice)
                    if finished
                    else batchindex.failed_card(case.name, self._problems[case.name], case.choice)
                )
        sheet = batchindex.sheet_of(
            self._finished.values(), len(self._problems), len(self.cases) - len(done)
        )
        cards = [self._cards[case.name] for case in done]
        write_whole(self._folder / INDEX, batchindex.index_html(sheet, cards))
        end = time.monotonic()
        self._index_due = end + max(INDEX_PAUSE * (end - begin), INDEX_PAUSE_SECONDS)

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._journal.close()
            raise

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise write_failure(self._folder, error) from error


def check_new_batch(folder: Path) -> None:
    """Refuse, before the long work, a folder that a new batch may not be written into.

    Raises
    ------
    AnalysisError
        It holds a batch or anything else.
    """
    folder = Path(folder)
    if BATCH.holds(folder):
        raise AnalysisError(
            f"{folder.name} holds a batch already; add --resume to go on with it, or give another"
            " output folder."
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise AnalysisError(
            f"Output folder {folder.name} is not empty and holds no batch; give another one."
        )


def is_batch(folder: Path) -> bool:
    """Whether a folder holds a batch that can be resumed."""
    return BATCH.holds(Path(folder))


def without_paths(text: str, case: BatchCase) -> str:
    """Text with the case's name in place of its paths, which may hold the name of the patient."""
    paths = [path for path in (*case.sources, case.lungs, case.regions) if path]
    for path in paths:
        text = text.replace(str(path), case.name)
    return text


def _check_names(cases: Iterable[BatchCase]) -> None:
    """Refuse names that would lead out of the folder or meet another file in it."""
    seen = {name.casefold() for name in BATCH.names}
    for case in cases:
        name = case.name
        safe = re.fullmatch(r"[^/\\:*?\"<>|\x00-\x1f]+", name) and not name.startswith(".")
        if not safe or name != name.strip(" .") or len(name.encode()) > LONGEST_NAME:
            raise AnalysisError(f"{ascii(name)[:80]} is no name for a folder; rename the case.")
        if name.casefold() in seen:
            raise AnalysisError(
                f"Case {name} has the name of another case or of a file of the batch; rename it."
            )
        seen.add(name.casefold())


def _remove_leftovers(folder: Path) -> None:
    """Remove hidden folders and files that an interrupted writer left."""
    for path in [*folder.glob(".*.bv5-partial-*"), *folder.glob(".*.bv5-probe-*")]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
    for name in BATCH.names:
        (folder / f".{name}.partial").unlink(missing_ok=True)


def _remove_damaged(folder: Path) -> None:
    """Remove the folder of a case that lost content, as after a loss of power, if all is ours."""
    if folder.is_dir() and not folder.is_symlink():
        entries = {entry.name for entry in folder.iterdir()}
        if entries <= RESULT.names:
            shutil.rmtree(folder)
