"""``bv5 batch``: many scans in, one folder with all results out."""

from __future__ import annotations

import argparse
import contextlib
import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from ..case.output_folder import check_output
from ..case.reference_file import reference_id
from ..export.batch.batch_folder import BatchFolder
from ..export.batch.folder_checks import BATCH, check_new_batch, is_batch, remove_leftovers
from ..imaging.errors import AnalysisError, DiskFull
from ..imaging.numerics.cores import usable_cores
from ..imaging.parameters import Parameters
from ..study.batch.batch_case import BatchCase
from ..study.batch.dask_workers import DaskWorkers
from ..study.batch.memory import SHARE, available_bytes, worker_count
from ..study.batch.options import BatchJob
from ..study.batch.run import run_cases
from ..study.batch.workers import LocalWorkers
from ..study.reference import Reference
from ..study.scans.plan import plan_batch
from ..study.scans.replan import plan_again
from ..study.texts import counted, listed, printable
from .analyze import read_parameters, usable_reference
from .arguments.declared import chosen
from .batch_progress import ShowBatch, Tally, planning, shown_batch_progress
from .batch_step import MeasureCase
from .requirements import check_in_worker, check_requirements
from .stopping import Stopped, end_with_stdin, stop_in_order

_SEEN_BY_WORKERS = 20
"""Number of scan paths that each cluster worker must be able to read."""
_SHOWN_FAILURES = 10


def run(options: argparse.Namespace) -> None:
    """Carry out the command.

    Parameters
    ----------
    options : argparse.Namespace
        As parsed by `BV5AnalysisLib.cli`.
    """
    job = chosen(BatchJob, options, source=options.source, output=options.output)
    if options.end_with_stdin:
        end_with_stdin()
    with stop_in_order(), shown_batch_progress(options.progress) as show:
        batch = run_batch(job, show)
    _print_summary(batch, job, quiet=options.progress == "json")


def run_batch(job: BatchJob, show: ShowBatch) -> BatchFolder:
    """Measure every case that is not finished.

    Parameters
    ----------
    job : BatchJob
        What to do.
    show : callable
        Gets a `BatchProgress` at the start and whenever a case ends.

    Returns
    -------
    BatchFolder
        The closed folder.

    Raises
    ------
    AnalysisError
        It cannot begin, the disk is full, or a cluster is lost; what was measured is kept.
    """
    parameters = read_parameters(job.parameters)
    reference = usable_reference(job.reference, parameters)
    if not job.scheduler:  # Else those of the workers count.
        check_in_worker(job.report)
    step = MeasureCase(job.output.resolve(), parameters, job.report, reference)
    # A cluster is connected before the search for scans, which may take long.
    with DaskWorkers(job.scheduler) if job.scheduler else contextlib.nullcontext() as cluster:
        if cluster:
            cluster.check_equipment(functools.partial(check_requirements, job.report, scene=False))
        batch = _opened(job, _request(job, parameters, reference), show)
        try:
            with batch:
                try:
                    tally = _measure(batch, step, _workers(job, batch, cluster), show)
                finally:
                    if not cluster:  # Its workers end what they have begun.
                        with contextlib.suppress(OSError):  # Then --resume does it.
                            remove_leftovers(job.output)
        except Stopped:
            done = len(batch.cases) - len(batch.unfinished)
            print(
                f"bv5: Stopped with {done} of {len(batch.cases)} cases done; the same command with"
                " --resume goes on.",
                file=sys.stderr,
            )
            raise
        except DiskFull as error:
            raise AnalysisError(
                f"The disk of output folder {job.output.name} is full; what was measured is kept."
                " Free space, then --resume."
            ) from error
    tally.end()
    return batch


def _request(job: BatchJob, parameters: Parameters, reference: Reference | None) -> dict[str, Any]:
    """Say what changes results: a batch is resumed with the same only."""
    request = {
        "parameters": parameters.to_dict(),
        "report": job.report,
        "keep_identifiers": job.keep_identifiers,
    }
    if reference:
        request["reference"] = f"{reference.name} ({reference_id(reference)})"
    return request


def _opened(job: BatchJob, request: dict[str, Any], show: ShowBatch) -> BatchFolder:
    """Folder of a batch, new or resumed."""
    if job.resume and is_batch(job.output):
        batch = BatchFolder.resume(
            job.output,
            request,
            retry_failed=job.retry_failed,
            replan=lambda known, needed: plan_again(
                job.source.resolve(),
                job.output.resolve(),
                known,
                needed,
                keep_identifiers=job.keep_identifiers,
                mapper=_map,
                progress=planning(show),
            ),
        )
        _print_notes(batch.notes)
        return batch
    check_new_batch(job.output)
    check_output(job.output, BATCH, overwrite=job.output.exists())
    plan = plan_batch(
        job.source.resolve(),
        job.output.resolve(),
        keep_identifiers=job.keep_identifiers,
        mapper=_map,
        progress=planning(show),
    )
    _print_notes((*plan.notes, *_note_on_unchecked(job, plan.cases)))
    return BatchFolder.create(
        job.output,
        plan.cases,
        request,
        passed_over=[(each.what, each.reason) for each in plan.passed_over],
        identities={each.case: asdict(each) for each in plan.identifiers},
    )


def _note_on_unchecked(job: BatchJob, cases: Iterable[BatchCase]) -> tuple[str, ...]:
    """Note that names of image files get into the output as they are."""
    unchecked = sum(bool(case.sources) and not case.series_uid for case in cases)
    if not unchecked or job.keep_identifiers or not job.source.is_dir():
        return ()
    return (
        f"Case names are names of folders and files; those of {counted(unchecked, 'image file')}"
        " cannot be checked for who the patient is.",
    )


def _print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        print(f"bv5: {printable(note)}", file=sys.stderr)


def _map(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Map as the built-in one does, but in processes: what ends one does not end the batch.

    In place of the result of an item that ended its process there is a `WorkerDied`.
    """
    with LocalWorkers(usable_cores()) as workers:
        yield from workers.map(function, items)


def _measure(
    batch: BatchFolder,
    step: MeasureCase,
    workers: AbstractContextManager[LocalWorkers | DaskWorkers],
    show: ShowBatch,
) -> Tally:
    unfinished = batch.unfinished
    done = len(batch.cases) - len(unfinished)
    tally = Tally(len(batch.cases), done, len(batch.failures), show)
    with workers as entered:
        for status in run_cases(unfinished, step, entered):
            batch.add(status)
            tally.add(bool(status.problem), status.seconds, entered.jobs)
    return tally


def _workers(
    job: BatchJob, batch: BatchFolder, cluster: DaskWorkers | None
) -> AbstractContextManager[LocalWorkers | DaskWorkers]:
    """Choose the processes that measure the cases."""
    cases = [case for case in batch.unfinished if not case.problem]
    if cluster:
        if cases:
            scans = [case.sources[0] for case in cases[:_SEEN_BY_WORKERS]]
            requirements = functools.partial(check_requirements, job.report, scene=False)
            cluster.check_workers(job.output.resolve(), scans, requirements)
        return contextlib.nullcontext(cluster)
    if job.jobs:
        return LocalWorkers(job.jobs)
    memory, cores = available_bytes(), usable_cores()
    jobs = worker_count([case.voxels for case in cases], cores, memory)
    if jobs < min(cores, len(cases)):
        print(
            f"bv5: Memory for {jobs} of {cores} scans that could be measured at once; free memory,"
            " or give --jobs.",
            file=sys.stderr,
        )
    return LocalWorkers(jobs, None if memory is None else int(SHARE * memory))


def _print_summary(batch: BatchFolder, job: BatchJob, quiet: bool) -> None:
    """Print how many cases were measured; AnalysisError if none was."""
    failures, total = batch.failures, len(batch.cases)
    if not batch.measured:
        name, problem = failures[0]
        none = "The only case could not" if total == 1 else f"None of {total} cases could"
        raise AnalysisError(f"{none} be measured; failures.csv says why. {name}: {problem}")
    if failures:
        print(
            f"bv5: {len(failures)} of {counted(total, 'case')} could not be measured;"
            " see failures.csv.",
            file=sys.stderr,
        )
        for name, problem in failures[:_SHOWN_FAILURES]:
            print(f"  {name}: {printable(problem)}", file=sys.stderr)
    if not quiet:
        print(f"Measured:      {len(batch.measured)} of {counted(total, 'case')}")
        if batch.untrusted:
            print(
                f"Need a look:   {len(batch.untrusted)} of them, whose numbers cannot be trusted;"
                f" they come first in the table: {listed(batch.untrusted)}"
            )
        if (job.output / "index.html").exists():  # Not without Jinja2.
            print(f"Contact sheet: {job.output / 'index.html'}")
        print(f"Table:         {job.output / 'measurements.csv'}")
