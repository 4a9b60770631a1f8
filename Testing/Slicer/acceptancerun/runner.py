"""Runs the steps one after the other, writes the report, and lets Slicer exit."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
import vtk

from . import slicerlog, subjects, window
from .guard import Guard
from .options import Options, options_from
from .page import write_page
from .records import FAILED, PASSED, SKIPPED, Report, StepRecord
from .run import Run
from .steps import STEPS, Skipped, Step, Where
from .told import Told

EXIT_SECONDS = 60.0
EXIT_NAME, EXIT_TITLE = "exit", "Slicer ends with nothing left behind"
SHOWN_LOG_LINES = 20


def main() -> None:
    """Run everything; Slicer then exits, whatever has happened."""
    status = 1
    try:
        options = options_from()
        status = _Runner(options).run()
    except Exception:  # noqa: BLE001  Slicer would stay open, waiting for nobody
        traceback.print_exc()
        print("0 passed, 1 failed", flush=True)
    slicer.util.exit(status)


class _Runner:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._folder = _fresh(options.output)
        self._report = Report(_facts(options))
        self._guard = Guard(self._folder, options.limit_factor)
        self._told = Told()
        self._run = Run(options, self._told, self._guard.process.pid)
        self._descriptors = _descriptors()

    def run(self) -> int:
        """Run all steps; the exit status."""
        self._told.start()
        try:
            for step in self._chosen():
                self._try(step)
        except Exception as error:  # noqa: BLE001  A fault of the run's own is one of the run.
            messages = [_said(error)]
            self._report.steps.append(StepRecord("run", "The steps run", FAILED, 0.0, messages))
        try:
            self._try(_exit_step(self._before_exit))
        finally:
            self._told.stop()
        self._report.write(self._folder)
        print(write_page(self._folder, self._report))
        print(self._report.closing, flush=True)
        # What was printed goes through Slicer's log, and that through the event loop.
        slicer.app.processEvents()
        self._guard.exiting(EXIT_SECONDS)
        return self._report.status

    def _chosen(self) -> list[Step]:
        subjects.load()
        if self._options.extra is not None:
            code = compile(self._options.extra.read_text("utf-8"), self._options.extra, "exec")
            exec(code, {"__name__": "acceptancerun_extra"})
        wanted, left_out = self._options.steps, self._options.left_out
        if unknown := (wanted | left_out) - {step.name for step in STEPS}:
            raise ValueError(f"There are no steps {', '.join(sorted(unknown))}")
        unfit = Where.NO_WINDOW if self._run.has_window else Where.WINDOW
        return [
            step
            for step in STEPS
            if step.where is not unfit
            and (not wanted or step.name in wanted)
            and step.name not in left_out
        ]

    def _try(self, step: Step) -> None:
        record = StepRecord(step.name, step.title)
        self._report.steps.append(record)
        self._report.write(self._folder)
        self._guard.begin(step.name, step.limit)
        before = _State(self._run)
        start = time.monotonic()
        try:
            step.does(self._run)
            record.result = PASSED
        except Skipped as reason:
            record.result, record.messages = SKIPPED, [str(reason)]
        except Exception as error:  # noqa: BLE001  The other steps go on.
            record.result, record.messages = FAILED, [_said(error)]
        record.seconds = time.monotonic() - start
        # On a skipped step, too: it may have told or left something before.
        if problems := before.problems():
            record.result = FAILED
            record.messages += problems
        record.messages += self._run.notes
        self._run.notes = []
        if record.result == FAILED:
            record.messages += before.log_lines()
        if self._run.has_window:
            self._picture(record, step.picture)
        self._guard.end()
        self._report.write(self._folder)
        mark = {PASSED: "passed ", FAILED: "FAILED ", SKIPPED: "skipped"}[record.result]
        said = f"  {record.messages[0].splitlines()[-1]}" if record.messages else ""
        print(f"{mark} {record.seconds:6.1f} s  {record.name}{said}", flush=True)

    def _picture(self, record: StepRecord, name: str) -> None:
        path = self._folder / f"{name}.png"
        try:
            # A step takes its own where what it shows is gone at its end.
            if not path.exists():
                window.picture(path)
            record.picture = path.name
        except Exception as error:  # noqa: BLE001
            record.result = FAILED
            record.messages.append(f"The window could not be pictured: {_said(error)}")

    def _before_exit(self, run: Run) -> None:
        """Close the scene, and look for what is left of the run."""
        slicer.mrmlScene.Clear(0)
        run.equal(run.wait_for_children(set()), [], "processes left")
        now = _descriptors()
        run.equal(now, self._descriptors, "what descriptors 1 and 2 lead to")
        # What a failed step worked on may tell why.
        if run.scratch.exists() and not self._report.count(FAILED):
            shutil.rmtree(run.scratch)


def _exit_step(does: Callable[[Run], None]) -> Step:
    return Step(EXIT_NAME, EXIT_TITLE, EXIT_SECONDS, Where.BOTH, does, EXIT_NAME)


class _State:
    """What every step has to leave as it was."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._descriptors = _descriptors()
        self._children = set(run.children())
        self._log = slicerlog.entry_count()
        run.told.dialogs_may_open = False

    def problems(self) -> list[str]:
        """Say what is not as it was."""
        problems = self._run.told.take_all()
        for number, (before, now) in enumerate(
            zip(self._descriptors, _descriptors(), strict=True), start=1
        ):
            if before != now:
                problems.append(f"Descriptor {number} leads elsewhere than before.")
        left = self._run.wait_for_children(self._children)
        problems += [f"A process was left: {command}" for command in left]
        if slicer.app.overrideCursor() is not None:
            problems.append("The cursor was left as a wait cursor.")
            while slicer.app.overrideCursor() is not None:
                slicer.app.restoreOverrideCursor()
        return problems

    def log_lines(self) -> list[str]:
        """Last lines of Slicer's log since then, for the report."""
        lines = slicerlog.entries_since(self._log)[-SHOWN_LOG_LINES:]
        return ["Slicer's log:\n" + "\n".join(lines)] if lines else []


def _descriptors() -> list[tuple[int, int, int]]:
    """What standard output and standard error lead to."""
    found = []
    for number in (1, 2):
        try:
            state = os.fstat(number)
        except OSError:
            found.append((-1, -1, -1))  # A program without a terminal on Windows has none.
        else:
            found.append((state.st_dev, state.st_ino, state.st_mode))
    return found


def _said(error: Exception) -> str:
    """One sentence for a check, the whole traceback for anything else."""
    if type(error) is AssertionError and error.args:
        return str(error)
    return "".join(traceback.format_exception(error)).strip()


OF_A_RUN = ("acceptance.json", "closing.txt", "traces.txt")
"""Files by which a folder is known as that of an earlier run."""


def _fresh(folder: Path) -> Path:
    """Make the output folder, without what an earlier run left there; other files stay safe."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        return folder
    if not any((folder / name).is_file() for name in OF_A_RUN):
        raise FileExistsError(
            f"{folder} holds other files than those of an acceptance run; name an empty folder by"
            " BV5_ACCEPTANCE_OUTPUT."
        )
    for path in folder.iterdir():
        if path.suffix in {".png", ".html", ".json", ".txt"}:
            path.unlink()
        elif path.name == "files ü":
            shutil.rmtree(path)
    return folder


def _facts(options: Options) -> dict[str, Any]:
    app = slicer.app
    size = "none" if slicer.util.mainWindow() is None else "{} × {}".format(*options.size)
    return {
        "Slicer": f"{app.applicationVersion} (revision {app.revision})",
        "Qt": _qt_version(),
        "VTK": vtk.vtkVersion.GetVTKVersion(),
        "Python": sys.version.split()[0],
        "System": platform.platform(),
        "Processors": str(os.cpu_count()),
        "Window": size,
        "Phantom": "scale {:g}, voxels of {:g} mm".format(*options.phantom),
        "Started": time.strftime("%Y-%m-%d %H:%M:%S"),
    }


def _qt_version() -> str:
    for owner in (qt, qt.Qt):
        if hasattr(owner, "qVersion"):
            return str(owner.qVersion())
    return "unknown"
