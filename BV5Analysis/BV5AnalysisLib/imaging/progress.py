"""Progress of a long computation, and the steps of an analysis with their seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

Progress = Callable[[str, float], None]
"""Called with the step's name and the fraction done of the whole; may raise `Cancelled`."""


class Step(StrEnum):
    """Steps of analyzing a scan, by the names that progress and ``result.json`` give them."""

    READING = "reading the scan"
    LUNGS = "lungs and airways"
    RESAMPLING = "resampling"
    BRONCHI = "bronchi"
    CENTERS = "vessel centers"
    BRANCHES = "branches"
    KERNEL = "reconstruction kernel"
    AREAS = "cross-sectional areas"
    VOLUMES = "blood volumes"
    DRAWING = "drawing"
    WRITING = "writing files"
    DONE = "done"


class Steps:
    """Reports progress over steps of known share, and times them.

    Parameters
    ----------
    shares : dict of str to float
        Names of the steps in order and the part of the whole time that each usually takes.
    progress : callable or None
        Called with step and fraction.
    """

    def __init__(self, shares: dict[str, float], progress: Progress | None) -> None:
        self._shares = shares
        self._total = sum(shares.values())
        self._progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[float], None]]:
        """Time a step; yields a callable that reports the fraction done of this step."""
        # Members of `Step` become plain text for those who print or store it.
        name = str(name)
        before = sum(list(self._shares.values())[: list(self._shares).index(name)])

        def within(fraction: float) -> None:
            if self._progress is not None:
                self._progress(name, (before + fraction * self._shares[name]) / self._total)

        within(0.0)
        start = time.perf_counter()
        yield within
        self.seconds[name] = time.perf_counter() - start

    def done(self) -> None:
        """Report the whole as done."""
        if self._progress is not None:
            self._progress(Step.DONE.value, 1.0)
