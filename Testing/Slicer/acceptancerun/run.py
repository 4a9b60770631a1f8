"""What the steps share: the panel, the logic, the case, and how to wait and to check."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from . import window
from .options import Options
from .processes import command_of, descendants, own_line
from .steps import Skipped
from .told import Told

MODULE = "BV5Analysis"
STANDSTILL = 0.5
"""Seconds that the window may stand still while something long runs."""
_SLICERS_OWN = "QtWebEngineProcess"
"""Started by Slicer itself when it first shows a web page, and there until it exits."""


class Run:
    """State of the run.

    Parameters
    ----------
    options : Options
        As given.
    told : Told
        Recorder of messages.
    watchdog : int
        Process of the watchdog, which is no child left behind.

    Attributes
    ----------
    notes : list of str
        What the step that runs has to say though it passed.
    volume : vtkMRMLScalarVolumeNode or None
        The CT, once it is in the scene.
    ct_file : pathlib.Path
        The same CT as a file.
    scratch : pathlib.Path
        Folder for the steps' own files, with a name that is not ASCII.
    """

    def __init__(self, options: Options, told: Told, watchdog: int) -> None:
        self.options = options
        self.told = told
        self.notes: list[str] = []
        self.volume: Any = None
        self.scratch = options.output / "files ü"
        self.ct_file = self.scratch / "ct.nrrd"
        self._pid = os.getpid()
        self._watchdog = watchdog
        self._outcome: Any = None

    @property
    def has_window(self) -> bool:
        """Whether Slicer has its main window."""
        return slicer.util.mainWindow() is not None

    @property
    def logic(self) -> Any:
        """The module's logic: the panel's where there is a window."""
        if self.has_window:
            return self.widget.logic
        import BV5Analysis

        return BV5Analysis.BV5AnalysisLogic()

    @property
    def widget(self) -> Any:
        """The module's widget as it is now: another one after a reload."""
        return slicer.modules.bv5analysis.widgetRepresentation().self()

    @property
    def ui(self) -> Any:
        """The panel's widgets by their names in BV5Analysis.ui."""
        return self.widget.ui

    def open_panel(self) -> None:
        """Show the panel."""
        slicer.util.selectModule(MODULE)
        slicer.app.processEvents()

    def choose_ct(self) -> Any:
        """Show the panel with the CT chosen, as a user would who sees another one there."""
        volume = self.need_volume()
        self.open_panel()
        if self.ui.inputVolumeSelector.currentNode() is not volume:
            self.ui.inputVolumeSelector.setCurrentNode(volume)
            slicer.app.processEvents()
        return volume

    def show_case(self) -> Any:
        """Show the panel with the case chosen, as a user would who sees another one there."""
        outcome = self.need_case()
        self.open_panel()
        if self.chosen_case() is not outcome.caseNode:
            self.ui.caseSelector.setCurrentNode(outcome.caseNode)
            slicer.app.processEvents()
        return outcome

    def click(self, button: str) -> None:
        """Click a button of the panel, which must be enabled."""
        widget = getattr(self.ui, button)
        self.check(widget.enabled, f"{button} is disabled: {widget.toolTip}")
        widget.click()
        slicer.app.processEvents()

    def check(self, holds: Any, otherwise: str) -> None:
        """Fail the step with a sentence unless something holds."""
        if not holds:
            raise AssertionError(otherwise)

    def equal(self, got: Any, wanted: Any, what: str) -> None:
        """Fail the step unless two values are equal."""
        self.check(got == wanted, f"{what}: {got!r}, not {wanted!r}")

    def near(self, got: float, wanted: float, within: float, what: str) -> None:
        """Fail the step unless two numbers are near each other."""
        self.check(abs(got - wanted) <= within, f"{what}: {got:g}, not {wanted:g} ± {within:g}")

    def picture(self, name: str) -> None:
        """Take a picture of the window now, for what is gone at the step's end."""
        if self.has_window:
            window.picture(self.options.output / f"{name}.png")

    def standstill(self, seconds: float, what: str) -> None:
        """Note how long the window stood still; too long fails the step."""
        self.note(f"Longest standstill of the window {what}: {seconds:.2f} s")
        too_long = self.options.standstill and seconds > STANDSTILL
        self.check(not too_long, f"the window stood still for {seconds:.2f} s {what}")

    def note(self, text: str) -> None:
        """Keep something that was measured."""
        self.notes.append(text)

    def wait(
        self, until: Callable[[], Any], seconds: float, what: str, told: bool = False
    ) -> float:
        """Run the event loop until something holds; return its longest standstill, s.

        An error that is told ends the waiting, and the step, unless `told` says that one is due.
        """
        start = last = time.monotonic()
        longest = 0.0
        while not until():
            self.check(time.monotonic() < start + seconds, f"not within {seconds:g} s: {what}")
            self.check(told or not self._refused(), "the panel told an error")
            slicer.app.processEvents()
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
            time.sleep(0.01)
        return longest

    def _refused(self) -> bool:
        return any(kind in ("errorDisplay", "exception") for kind, _text in self.told.shown)

    def need_volume(self) -> Any:
        """The CT; Skipped if an earlier step did not bring it."""
        if self.volume is None or self.volume.GetScene() is None:
            raise Skipped("There is no CT: the step that loads it did not pass.")
        return self.volume

    def need_case(self) -> Any:
        """The case that the run goes on with; Skipped if no step brought one."""
        if self._outcome is None or self._outcome.scene is None:
            raise Skipped("There is no case: the step that makes it did not pass.")
        return self._outcome

    def set_case(self, outcome: Any) -> None:
        """Go on with this case."""
        self._outcome = outcome

    def outcomes(self) -> list:
        """Cases in the scene."""
        return self.logic.outcomes()

    def only_case(self) -> Any:
        """The one case in the scene."""
        found = self.outcomes()
        self.equal(len(found), 1, "cases in the scene")
        return found[0]

    def chosen_case(self) -> Any:
        """Case node that is chosen in the panel."""
        return self.ui.caseSelector.currentNode()

    def total_ml(self) -> float:
        """Blood of both lungs, mL, of the case."""
        return self.need_case().record["measurements"][0]["tpbv_ml"]

    def children(self) -> list[int]:
        """Processes that Slicer has started and that still run, without the watchdog's."""
        spared = own_line(self._pid) | {self._watchdog, *descendants(self._watchdog)}
        return [
            pid
            for pid in descendants(self._pid)
            if pid not in spared and _SLICERS_OWN not in command_of(pid)
        ]

    def wait_for_children(self, before: set[int], seconds: float = 5.0) -> list[str]:
        """Command lines of processes that were not there before and stay longer than that."""
        end = time.monotonic() + seconds
        while (left := set(self.children()) - before) and time.monotonic() < end:
            slicer.app.processEvents()
            time.sleep(0.02)
        return [command_of(pid) or str(pid) for pid in left]

    def parameters(self) -> Any:
        """The panel's choices as the scene keeps them."""
        return self.logic.getParameterNode()

    def saved_case(self) -> Path:
        """Folder of the case that the run goes on with; saved if it was not yet."""
        folder = self.scratch / "Fall Ü"
        if not folder.is_dir():
            self.logic.saveCase(self.need_case(), folder)
        return folder

    def folder(self, name: str) -> Path:
        """A new folder of the step's own."""
        path = self.scratch / name
        path.mkdir(parents=True)
        return path
