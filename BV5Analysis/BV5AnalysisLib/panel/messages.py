"""Message boxes about what could not be done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import slicer

from ..imaging.errors import AnalysisError


@contextmanager
def problems_shown(
    what: str, to_caller: type[Exception] | tuple[()] = (), busy: bool = True
) -> Iterator[None]:
    """Run a block for a button; problems are shown in a message box.

    Parameters
    ----------
    what : str
        What could not be done, one sentence, translated.
    to_caller : type of Exception, optional
        Raised again, after the block, for the caller to report.
    busy : bool
        Whether to show the wait cursor meanwhile.

    Raises
    ------
    Exception
        Anything unexpected; it is shown with its traceback as well.
    """
    problem, passed_on = "", None
    with slicer.util.tryWithErrorDisplay(what, waitCursor=busy):
        try:
            yield
        except to_caller as error:
            passed_on = error
        except (AnalysisError, OSError) as error:
            problem = str(error)
    if passed_on is not None:
        raise passed_on
    if problem:
        slicer.util.errorDisplay(f"{what}\n\n{problem}")
