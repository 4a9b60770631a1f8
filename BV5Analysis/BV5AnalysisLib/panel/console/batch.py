"""Many scans for a script: the command ``bv5 batch``, called like a function."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from ...imaging.errors import AnalysisError
from ...imaging.progress import Progress
from ..process.output import PREFIX
from ..process.packages import CLUSTER, REPORT, ensurePackages
from .batch_process import runBatch, scriptName

if TYPE_CHECKING:
    from ...imaging.parameters import Parameters
    from ...scene.cohort.batch_table import BatchResult
    from ...study.batch.options import BatchJob


def batchJob(
    source: Path | str, folder: Path | str, options: Mapping[str, Any]
) -> tuple[BatchJob, Parameters | None]:
    """Check what a script asks for; AnalysisError if an option is unknown or has no such value.

    Parameters
    ----------
    source, folder : path-like
        Manifest or folder of scans, and folder to write.
    options : mapping of str to object
        Fields of `BatchJob` in camelCase; ``parameters`` are `Parameters` or a mapping,
        ``reference`` is a path.

    Returns
    -------
    job : BatchJob
        Without a file of parameters.
    parameters : Parameters or None
        The defaults if None.
    """
    from ...study.batch.options import BatchJob
    from ...study.options import check_values, declared

    names = {scriptName(name): name for name in declared(BatchJob)}
    for name in options:
        if name not in names:
            raise AnalysisError(f"A batch has no option {name}; there are {', '.join(names)}.")
    given = {names[name]: value for name, value in options.items()}
    parameters = given.pop("parameters", None)
    # An empty address stands for none.
    given["scheduler"] = given.get("scheduler") or None
    if isinstance(given.get("reference"), Path | str):
        given["reference"] = _absolute(given["reference"])
    check_values(BatchJob, given, scriptName)
    if isinstance(parameters, Mapping):
        from ...imaging.parameters import Parameters

        parameters = Parameters.from_dict(parameters)
    return BatchJob(_absolute(source), _absolute(folder), **given), parameters


def analyzeBatch(
    job: BatchJob, parameters: Parameters | None, progress: Progress | None
) -> BatchResult:
    """Measure all scans, and wait for it; Slicer's window stays usable.

    Parameters
    ----------
    job : BatchJob
        What to measure.
    parameters : Parameters or None
        The defaults if None.
    progress : callable or None
        Gets step and fraction, may raise `Cancelled`; by default the status bar shows them.

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
    from ...study.options import command_line

    ask = slicer.util.mainWindow() is not None
    if job.report:
        ensurePackages(REPORT, _("The report"), _("give report=False"), ask)
    if job.scheduler:
        ensurePackages(CLUSTER, _("A cluster"), _("give no scheduler"), ask)
    with _parametersFile(parameters) as file:
        arguments = command_line(replace(job, parameters=file))
        runBatch([str(job.source), "-o", str(job.output), *arguments], progress or _showInStatusBar)
    return batch_result(job.output)


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


def _showInStatusBar(step: str, fraction: float) -> None:
    slicer.util.showStatusMessage(f"{step} ({100 * fraction:.0f} %)", 5000)
