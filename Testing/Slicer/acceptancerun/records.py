"""What became of each step, as acceptance.json keeps it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
FILE = "acceptance.json"
TRACES = "traces.txt"


@dataclass
class StepRecord:
    """One step.

    Attributes
    ----------
    name, title : str
        As the step says.
    result : str
        `PASSED`, `FAILED`, `SKIPPED`, or empty while it runs.
    seconds : float
        How long it took.
    messages : list of str
        Why it failed or was skipped, what Slicer told, what was measured.
    picture : str
        File in the output folder; empty if there is none.
    """

    name: str
    title: str
    result: str = ""
    seconds: float = 0.0
    messages: list[str] = field(default_factory=list)
    picture: str = ""


@dataclass
class Report:
    """The whole run.

    Attributes
    ----------
    facts : dict
        Versions and options, by name.
    steps : list of StepRecord
        In the order in which they ran.
    """

    facts: dict[str, str] = field(default_factory=dict)
    steps: list[StepRecord] = field(default_factory=list)

    def count(self, result: str) -> int:
        """How many steps had this result."""
        return sum(step.result == result for step in self.steps)

    @property
    def closing(self) -> str:
        """Closing line, such as ``31 passed, 0 failed, 2 skipped``."""
        line = f"{self.count(PASSED)} passed, {self.count(FAILED)} failed"
        skipped = self.count(SKIPPED)
        return f"{line}, {skipped} skipped" if skipped else line

    @property
    def status(self) -> int:
        """Exit status; a run without any step that passed has shown nothing."""
        return 0 if self.count(PASSED) and not self.count(FAILED) else 1

    def write(self, folder: Path) -> None:
        """Write the file; an old one stays whole until the new one is."""
        text = json.dumps(dataclasses.asdict(self) | {"closing": self.closing}, indent=1)
        partial = folder / f"{FILE}.part"
        partial.write_text(text, encoding="utf-8")
        partial.replace(folder / FILE)


def read_report(folder: Path) -> Report:
    """Read what `Report.write` wrote; an empty one if there is none."""
    path = folder / FILE
    if not path.is_file():
        return Report()
    values = json.loads(path.read_text(encoding="utf-8"))
    return Report(values["facts"], [StepRecord(**step) for step in values["steps"]])
