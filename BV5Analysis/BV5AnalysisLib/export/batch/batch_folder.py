"""Output folder of a batch: it grows case by case, and can be taken up again after any crash."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ...case.measurements_csv import table_columns
from ...case.output_folder import output_folder
from ...case.whole_files import write_whole
from ...study.batch.batch_case import BatchCase, CaseStatus
from ...study.scans.plan import Plan
from ...study.texts import printable
from .contact_sheet_file import ContactSheet
from .csv_tables import FAILURE_COLUMNS, GrowingTable, cases_csv, failure_row, renew_cases_csv
from .finished_case import FinishedCase, finished_case
from .folder_checks import (
    BATCH,
    CASES,
    FAILURES,
    INDEX,
    JOURNAL,
    MEASUREMENTS,
    check_names,
    check_new_batch,
    explained,
    is_batch,
    remove_damaged,
    remove_leftovers,
)
from .journal import Entry, Journal
from .plan_files import (
    SOURCES,
    read_plan,
    with_sources,
    write_plan,
    write_sources,
)
from .renewal import renewed

__all__ = ["BatchFolder", "check_new_batch", "is_batch"]

Replan = Callable[[Sequence[BatchCase], frozenset[str]], Plan]
_INCOMPLETE = (
    "Its output folder is missing or incomplete; see that nothing else writes there, move away what"
    " there is, then --resume --retry-failed."
)


class BatchFolder:
    """The output of a batch, open for writing by this process alone; a context manager.

    Whatever ends the process leaves whole files: a case's folder appears complete or not at all,
    other files are replaced at once, and what grows line by line is mended by `resume`. The
    folders of cases are the truth; all else is made from them.

    Attributes
    ----------
    cases : tuple of BatchCase
        The plan.
    notes : tuple of str
        What changed since it was begun, one line each.
    """

    def __init__(
        self, folder: Path, cases: Sequence[BatchCase], request: Mapping[str, Any]
    ) -> None:
        self._folder = folder
        self._columns = table_columns(has_reference=bool(request.get("reference")))
        self.notes: tuple[str, ...] = ()
        self.cases = tuple(cases)
        self._finished: dict[str, FinishedCase] = {}
        self._problems: dict[str, str] = {}
        self._measurements = GrowingTable(folder / MEASUREMENTS, self._columns)
        self._failures = GrowingTable(folder / FAILURES, FAILURE_COLUMNS)
        self._sheet = ContactSheet(folder / INDEX)
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
            What was asked for: everything that changes results, as values of JSON. No paths,
            which may hold names of patients.
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
            The folder is in use or cannot be written, or the name of a case cannot be used.
        """
        folder = Path(folder)
        check_new_batch(folder)
        check_names(cases)
        with output_folder(folder, BATCH, overwrite=folder.exists()) as new:
            write_plan(new, request, cases)
            write_sources(new, cases)
            write_whole(new / CASES, cases_csv(cases, passed_over, identities or None))
        with explained(folder):
            batch = cls(folder, cases, request)
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
        replan: Replan | None = None,
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
            Gives the plan as it is now, of the plan as it was and the names of cases that are to
            be looked for in any case: see `study.scans.replan.plan_again`.

        Returns
        -------
        BatchFolder
            Cases with a complete folder are finished, whether or not they got into the journal.

        Raises
        ------
        AnalysisError
            It is no batch, of another request or version, another process is at it, or the input
            of a finished case changed.
        """
        folder = Path(folder)
        cases = read_plan(folder, request)
        check_names(cases)
        cases = with_sources(folder, cases)
        with explained(folder):
            batch = cls(folder, cases, request)
        with batch._closed_on_error():
            batch._take_up(retry_failed)
            if replan:
                batch._renew(replan(batch.cases, batch._needed(retry_failed)), request)
            batch._rewrite_tables()
        return batch

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
    def untrusted(self) -> tuple[str, ...]:
        """Names of the measured cases with an error among their findings, in that order."""
        return tuple(name for name in self.measured if not self._finished[name].trusted)

    @property
    def failures(self) -> tuple[tuple[str, str], ...]:
        """Name and reason of the cases that have none, in the order of the plan."""
        return tuple(
            (case.name, self._problems[case.name])
            for case in self.cases
            if case.name in self._problems
        )

    def add(self, status: CaseStatus) -> None:
        """Take note of a case that ended; of a measured one the folder is read.

        A case that is added twice counts once, and a complete folder counts as measured.

        Parameters
        ----------
        status : CaseStatus
            Of a case of the plan.

        Raises
        ------
        AnalysisError
            It cannot be written, such as for a full disk.
        """
        name = status.name
        if name in self._finished:
            return
        with explained(self._folder):
            finished = self._read(name, wait=not status.problem)
            if finished:
                self._finished[name] = finished
                self._problems.pop(name, None)
                self._measurements.add(finished.table)
            else:
                problem = printable(" ".join((status.problem or _INCOMPLETE).split()))
                self._problems[name] = problem
                self._failures.add(failure_row(name, problem))
            self._sheet.forget(name)
            self._journal.append(Entry(name, self._problems.get(name, ""), status.seconds))
            if self._sheet.is_due:
                # On Windows what another program shows may not be replaced; `close` raises.
                with contextlib.suppress(PermissionError):
                    self._sheet.write(self.cases, self._finished, self._problems)

    def close(self) -> None:
        """Write tables and contact sheet, errors first, then by the plan, and release the lock.

        Raises
        ------
        AnalysisError
            A file cannot be written; what was measured is kept all the same.
        """
        try:
            self._rewrite_tables()
            with explained(self._folder):
                self._complete_journal()
                self._sheet.write(self.cases, self._finished, self._problems)
                if not self.unfinished:
                    (self._folder / SOURCES).unlink(missing_ok=True)
        finally:
            self._journal.close()

    def _is_done(self, name: str) -> bool:
        return name in self._finished or name in self._problems

    def _take_up(self, retry_failed: bool) -> None:
        """Find what is finished, and clear away what a crash left."""
        with explained(self._folder):
            remove_leftovers(self._folder)
            for case in self.cases:
                finished = self._read(case.name)
                entry = self._journal.entries.get(case.name)
                if finished:
                    self._finished[case.name] = finished
                elif entry and entry.problem and not retry_failed:
                    self._problems[case.name] = entry.problem
                else:
                    remove_damaged(self._folder / case.name)
            self._complete_journal()

    def _read(self, name: str, wait: bool = False) -> FinishedCase | None:
        return finished_case(self._folder / name, wait, self._columns)

    def _needed(self, retry_failed: bool) -> frozenset[str]:
        """Names of cases whose scans are no longer known, or where they were."""
        return frozenset(
            case.name
            for case in self.unfinished
            if (retry_failed or not case.problem)
            and not (case.sources and case.sources[0].exists())
        )

    def _renew(self, plan: Plan, request: Mapping[str, Any]) -> None:
        """Take up what is new in the source; AnalysisError if a finished case changed."""
        renewal = renewed(self.cases, plan.cases, self._finished, self._problems)
        self.notes = (*plan.notes, *renewal.notes)
        if renewal.cases == self.cases:
            return
        check_names(renewal.cases)
        # A finished case keeps its row, whatever else lies beside its scan now.
        anew = {case.name for case in renewal.cases if case.name not in self._finished}
        self.cases = renewal.cases
        identities = {identity.case: asdict(identity) for identity in plan.identifiers}
        with explained(self._folder):
            write_plan(self._folder, request, self.cases)
            write_sources(self._folder, self.unfinished)
            renew_cases_csv(
                self._folder / CASES, self.cases, anew, plan.passed_over, identities or None
            )

    def _complete_journal(self) -> None:
        """Add entries that a crash or a signal kept from being written."""
        for case in self.cases:
            entry = self._journal.entries.get(case.name)
            problem = self._problems.get(case.name, "")
            if self._is_done(case.name) and (entry is None or entry.problem != problem):
                self._journal.append(Entry(case.name, problem))

    def _rewrite_tables(self) -> None:
        with explained(self._folder):
            # Those that need a look come first.
            names = sorted(self.measured, key=lambda name: self._finished[name].trusted)
            self._measurements.rewrite(self._finished[name].table for name in names)
            self._failures.rewrite(failure_row(*failure) for failure in self.failures)

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._journal.close()
            raise
