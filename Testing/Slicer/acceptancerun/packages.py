"""Python packages that Slicer does not bring."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from .run import Run
from .steps import Skipped


def with_packages(run: Run, modules: tuple[str, ...], does: Callable[[], Any]) -> Any:
    """Do what asks to install packages; Skipped where they cannot be had.

    Parameters
    ----------
    run : Run
        The run.
    modules : tuple of str
        What has to be importable.
    does : callable
        Does it, and asks for missing ones itself.
    """
    if not (missing := _missing(modules)):
        return does()
    if not run.options.install:
        raise Skipped(f"{', '.join(missing)} is not installed, and nothing is to be installed.")
    run.told.answer("confirmOkCancelDisplay", True)
    run.told.answer("confirmYesNoDisplay", False)  # No restart.
    run.told.dialogs_may_open = True
    try:
        result = does()
    except Exception as error:
        if still := _missing(modules):
            raise Skipped(f"{', '.join(still)} could not be installed: {error}") from error
        raise
    finally:
        run.told.dialogs_may_open = False
    if still := _missing(modules):
        told = "; ".join(run.told.take("errorDisplay"))
        raise Skipped(f"{', '.join(still)} could not be installed: {told}")
    run.note(f"Installed for it: {', '.join(missing)}")
    return result


def _missing(modules: tuple[str, ...]) -> list[str]:
    importlib.invalidate_caches()
    return [name for name in modules if importlib.util.find_spec(name) is None]
