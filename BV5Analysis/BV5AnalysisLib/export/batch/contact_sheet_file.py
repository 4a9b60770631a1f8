"""The contact sheet's file while a batch grows."""

from __future__ import annotations

import importlib.util
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...case.whole_files import write_whole
from ...study.batch.batch_case import BatchCase
from .finished_case import FinishedCase

_PAUSE = 50
"""Times what writing took: it costs at most two percent, however many cases there are."""
_PAUSE_SECONDS = 5.0


class ContactSheet:
    """The file ``index.html``; none is written where Jinja2 is not installed.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cards: dict[str, str] = {}
        self._due = 0.0
        self._can_draw = importlib.util.find_spec("jinja2") is not None
        if not self._can_draw:
            logging.getLogger(__name__).warning(
                "Jinja2 is not installed, so there is no contact sheet %s; install it to get one.",
                path.name,
            )

    @property
    def is_due(self) -> bool:
        """Whether the last writing is long enough ago."""
        return time.monotonic() >= self._due

    def forget(self, name: str) -> None:
        """Draw a case anew next time."""
        self._cards.pop(name, None)

    def write(
        self,
        cases: Sequence[BatchCase],
        finished: Mapping[str, FinishedCase],
        problems: Mapping[str, str],
    ) -> None:
        """Replace the file as a whole.

        Parameters
        ----------
        cases : sequence of BatchCase
            The plan.
        finished : mapping of str to FinishedCase
            Measured cases by name.
        problems : mapping of str to str
            Why cases failed, by name.

        Raises
        ------
        OSError
            It cannot be written.
        """
        if not self._can_draw:
            return
        from .contact_sheet import failed_card, index_html, measured_card, sheet_of

        began = time.monotonic()
        done = [case for case in cases if case.name in finished or case.name in problems]
        # Those that need a look come first.
        done.sort(key=lambda case: case.name not in finished or finished[case.name].trusted)
        for case in done:
            if case.name not in self._cards:
                self._cards[case.name] = (
                    measured_card(finished[case.name], case.choice)
                    if case.name in finished
                    else failed_card(case.name, problems[case.name], case.choice)
                )
        sheet = sheet_of(finished.values(), len(problems), len(cases) - len(done))
        try:
            write_whole(self._path, index_html(sheet, [self._cards[case.name] for case in done]))
        finally:
            ended = time.monotonic()
            self._due = ended + max(_PAUSE * (ended - began), _PAUSE_SECONDS)
