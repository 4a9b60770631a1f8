"""``bv5 batch`` with a stub in place of the search and of the measuring, for tests and benchmarks.

``python batch_stub.py batch COUNT_FILE -o OUT …``: the source is a file that holds how many cases
there are. The variable BV5_STUB_TEMPLATE names the folder of an analyzed case called TEMPLATE,
which stands in for every result, BV5_STUB_SECONDS how long measuring takes, BV5_STUB_CURED=1
makes no case fail, and BV5_STUB_FULL names a case that finds the disk full.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from BV5AnalysisLib.case.output_folder import RESULT, output_folder, write_failure
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.study.batch import workers
from BV5AnalysisLib.study.batch.batch_case import BatchCase

if TYPE_CHECKING:
    from BV5AnalysisLib.study.reference import Reference
    from BV5AnalysisLib.study.scans.plan import Plan

TEMPLATE = "TEMPLATE"
REASON = "This case always fails."
STUBS_A_PROCESS = 1000
_EVERY, _FAILING = 20, 7
"""One case in twenty fails."""


@dataclass(frozen=True)
class StubStep:
    """As `MeasureCase`, but copies a case instead of measuring one."""

    output: Path
    parameters: Parameters
    report: bool = True
    reference: Reference | None = None

    def __call__(self, case: BatchCase) -> None:
        """Write the case's folder, or fail."""
        time.sleep(float(os.environ.get("BV5_STUB_SECONDS", "0")))
        if case.name == os.environ.get("BV5_STUB_FULL"):
            raise write_failure(self.output / case.name, OSError(errno.ENOSPC, "full"))
        if fails(case.name) and not os.environ.get("BV5_STUB_CURED"):
            raise AnalysisError(REASON)
        folder = self.output / case.name
        if RESULT.holds(folder):
            return
        template = Path(os.environ["BV5_STUB_TEMPLATE"])
        with output_folder(folder, RESULT) as partial:
            for path in template.iterdir():
                content = path.read_bytes().replace(TEMPLATE.encode(), case.name.encode())
                (partial / path.name).write_bytes(content)


def case_name(number: int) -> str:
    """Name of a case by its number."""
    return f"case-{number:05}"


def fails(name: str) -> bool:
    """Whether a case is one of those that fail."""
    return int(name.rpartition("-")[2]) % _EVERY == _FAILING


def stub_case(number: int) -> BatchCase:
    """Case of which only the name matters."""
    return BatchCase(case_name(number), (Path(__file__),))


def stub_plan(source: Path, _output: Path, **_options: Any) -> Plan:
    """Plan of as many cases as the source says."""
    from BV5AnalysisLib.study.scans.plan import Plan  # noqa: PLC0415

    count = int(source.read_text(encoding="utf-8"))
    return Plan(tuple(map(stub_case, range(count))))


def stub_plan_again(source: Path, output: Path, *_known: Any, **options: Any) -> Plan:
    """Plan as it is now."""
    return stub_plan(source, output, **options)


def main() -> int:
    """Run the command line with the stubs in place."""
    # Not for the workers, which load this file too and are to start quickly.
    from BV5AnalysisLib import cli  # noqa: PLC0415
    from BV5AnalysisLib.commandline import batch  # noqa: PLC0415

    # Beside a stub, starting processes would take longest.
    workers.CASES_A_PROCESS = STUBS_A_PROCESS
    batch.MeasureCase = StubStep
    batch.plan_batch = stub_plan
    batch.plan_again = stub_plan_again
    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
