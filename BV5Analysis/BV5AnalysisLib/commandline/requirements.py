"""Optional packages, asked for before the long work and not after it."""

from __future__ import annotations

import importlib.util

from ..imaging.errors import AnalysisError
from ..study.batch.workers import LocalWorkers, WorkerDied

_REPORT = {"matplotlib": "matplotlib", "jinja2": "Jinja2", "slicer": "slicer-core"}
_SCENE = {"slicer": "slicer-core"}
WITHOUT_REPORT = "--no-report leaves the report out"


def check_requirements(report: bool, scene: bool, instead: str = WITHOUT_REPORT) -> None:
    """Check that what the wanted files need is installed and works.

    Parameters
    ----------
    report : bool
        Report and pictures are wanted.
    scene : bool
        The 3D Slicer scene is wanted.
    instead : str
        What to do without the report, for messages; empty where it is required.

    Raises
    ------
    AnalysisError
        A package or system library is missing; the message has the command that installs it.
    """
    check_installed(_REPORT if report else {}, "The report", instead)
    check_installed(_SCENE if scene else {}, "The scene", "leave --scene out")
    if report:
        _try_report(instead)


def check_in_worker(report: bool) -> None:
    """Check in a worker process, of the kind that draws in a batch, that it can draw reports.

    Parameters
    ----------
    report : bool
        Reports are wanted; else there is nothing to check.

    Raises
    ------
    AnalysisError
        Something is missing there, or drawing ends the process; the message says what to do.
    """
    if not report:
        return
    check_installed(_REPORT, "The report", WITHOUT_REPORT)
    with LocalWorkers(1) as workers:
        try:
            workers.result(workers.submit(check_requirements, report, False))
        except WorkerDied as error:
            raise AnalysisError(
                f"Drawing a report's pictures ends its process here ({error}); update the graphics"
                f" driver ({WITHOUT_REPORT})."
            ) from error


def _try_report(instead: str) -> None:
    try:
        from ..scene.views.pictures import check_rendering
        from .trial import try_report

        check_rendering()
        try_report()
    except AnalysisError as error:
        alternative = f" (or {instead})" if instead else ""
        raise AnalysisError(f"{str(error).removesuffix('.')}{alternative}.") from error
    except Exception as error:  # Such as a package that is there and cannot be loaded.
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        alternative = f" ({instead})" if instead else ""
        raise AnalysisError(
            f"What draws the report cannot be loaded ({reason}); install it again{alternative}."
        ) from error


def check_installed(packages: dict[str, str], purpose: str, instead: str = "") -> None:
    """Check that packages are installed.

    Parameters
    ----------
    packages : dict of str to str
        Names of modules, and of what installs them.
    purpose : str
        What needs them.
    instead : str
        What to do without them, for the message; empty where they are required.

    Raises
    ------
    AnalysisError
        One is missing; the message has the command that installs it.
    """
    missing = [name for module, name in packages.items() if not importlib.util.find_spec(module)]
    if missing:
        names = " ".join(missing)
        alternative = f" (or {instead})" if instead else ""
        raise AnalysisError(f"{purpose} needs {names}: pip install {names}{alternative}.")
