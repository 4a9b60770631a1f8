"""The module's own test, as "Reload and Test" runs it."""

from __future__ import annotations

import slicer

from ..run import MODULE, Run
from ..steps import step

TURNS = 20
"""Of the event loop afterwards: what was freed twice ends Slicer there, not in the test."""


@step("self-test", "The module's own test passes, and leaves an empty scene", limit=600)
def self_test(run: Run) -> None:
    run.check(MODULE in slicer.selfTests, "Slicer does not know the module's test")
    slicer.selfTests[MODULE]()
    for _ in range(TURNS):
        slicer.app.processEvents()
    run.equal(run.outcomes(), [], "cases in the scene")
    run.volume = None
    run.set_case(None)
