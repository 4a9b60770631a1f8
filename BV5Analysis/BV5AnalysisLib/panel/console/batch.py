"""Many scans for a script: the command ``bv5 batch``, called like a function."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from ...imaging.errors import AnalysisError
from ...imaging.progress import Progress
from ..process.output import PREFIX
from ..process.packages import CLUSTER, REPORT, ensurePackages
from .batch_process import runBatch

if TYPE_CHECKING:
    from ...imaging.parameters import Parameters
    from ...scene.cohort.batch_table import BatchResult


@dataclass(frozen=True)
class BatchRequest:
    """What to measure, and how.

    Attributes
    ----------
    source : pathlib.Path
        Manifest or folder of scans.
    folder : pathlib.Path
        Output folder.
    parameters : Parameters or None
        The defaults if None.
    report : bool
        Whether each case gets its pictures and report.
    resume : bool
        Go on with a batch that was interrupted.
    retryFailed : bool
        With `resume`: failed cases, too, once more.
    keepIdentifiers : bool
        Let names of patients and of files be in the output.
    jobs : int or None
        Scans at a time; as many as fit if None.
    scheduler : str
        Address of a Dask cluster to work on; this computer if empty.
    """

    source: Path
    folder: Path
    parameters: Parameters | None = None
    report: bool = True
    resume: bool = False
    retryFailed: bool = False
    keepIdentifiers: bool = False
    jobs: int | None = None
    scheduler: str = ""


def batchRequest(
    source: Path | str, folder: Path | str, options: Mapping[str, Any]
) -> BatchRequest:
    """Request of a script; AnalysisError if there is no such option, or a value does not fit."""
    known = [each.name for each in fields(BatchRequest)][2:]
    for name in options:
        if name not in known:
            raise AnalysisError(f"A batch has no option {name}; there are {', '.join(known)}.")
    jobs = options.get("jobs")
    if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1):
        raise AnalysisError(f"jobs must be a whole number from 1, not {jobs!r}.")
    if jobs is not None and options.get("scheduler"):
        raise AnalysisError("Give jobs, for this computer, or a scheduler, not both.")
    if isinstance(options.get("parameters"), Mapping):
        from ...imaging.parameters import Parameters

        options = {**options, "parameters": Parameters.from_dict(options["parameters"])}
    return BatchRequest(_absolute(source), _absolute(folder), **options)


def analyzeBatch(request: BatchRequest, progress: Progress | None) -> BatchResult:
    """Measure all scans, and wait for it; Slicer's window stays usable.

    Parameters
    ----------
    request : BatchRequest
        What to measure.
    progress : callable or None
        Gets step and fraction, may raise `Cancelled`; by default the status bar tells them.

    Returns
    -------
    BatchResult
        What became of it.

    Raises
    ------
    AnalysisError
        Nothing could be measured, or the batch could not be done.
    Cancelled
        By `progress`, or as Slicer's window was closed. Cases that were done are kept.
    """
    from ...scene.cohort.batch_table import batch_result

    ask = slicer.util.mainWindow() is not None
    if request.report:
        ensurePackages(REPORT, _("The report"), _("give report=False"), ask)
    if request.scheduler:
        ensurePackages(CLUSTER, _("A cluster"), _("give no scheduler"), ask)
    with _parametersFile(request.parameters) as file:
        runBatch(_arguments(request, file), progress or _tell)
    return batch_result(request.folder)


def _arguments(request: BatchRequest, parametersFile: Path | None) -> list[str]:
    arguments = [str(request.source), "-o", str(request.folder)]
    if parametersFile is not None:
        arguments += ["--parameters", str(parametersFile)]
    if request.jobs is not None:
        arguments += ["--jobs", str(request.jobs)]
    if request.scheduler:
        arguments += ["--scheduler", request.scheduler]
    flags = {
        "--no-report": not request.report,
        "--resume": request.resume,
        "--retry-failed": request.retryFailed,
        "--keep-identifiers": request.keepIdentifiers,
    }
    return arguments + [flag for flag, wanted in flags.items() if wanted]


def _absolute(path: Path | str) -> Path:
    """Absolute path, as the process works in another folder; AnalysisError if it is none."""
    try:
        return Path(path).expanduser().absolute()
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise AnalysisError(f"{path} cannot be used ({error}); give another path.") from error


@contextlib.contextmanager
def _parametersFile(parameters: Parameters | None) -> Iterator[Path | None]:
    """File with the parameters while the block runs; None for the defaults."""
    if parameters is None:
        yield None
        return
    temporary = Path(slicer.app.temporaryPath)
    temporary.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=temporary))
    try:
        path = folder / "parameters.json"
        path.write_text(json.dumps(parameters.to_dict()), encoding="utf-8")
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tell(step: str, fraction: float) -> None:
    slicer.util.showStatusMessage(f"{step} ({100 * fraction:.0f} %)", 5000)
