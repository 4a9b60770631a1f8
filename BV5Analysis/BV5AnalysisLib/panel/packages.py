"""Python packages that Slicer does not bring: installed when first needed, after a question."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from slicer.i18n import tr as _

from ..imaging.errors import AnalysisError

REPORT = {"matplotlib": "matplotlib>=3.9", "jinja2": "Jinja2>=3.1"}
STATISTICS = {"statsmodels": "statsmodels>=0.14.5"}
SPREADSHEET = {"openpyxl": "openpyxl>=3.1"}
CLUSTER = {"distributed": "distributed>=2025.1"}


def ensurePackages(packages: Mapping[str, str], purpose: str, instead: str, ask: bool) -> None:
    """Install what is missing.

    Parameters
    ----------
    packages : mapping of str to str
        Requirement as pip takes it, by the name that is imported.
    purpose : str
        What needs them, as the beginning of a sentence: ``The report``.
    instead : str
        What to do without them, as the end of a sentence; may be empty.
    ask : bool
        Whether to ask first; a script without a user cannot.

    Raises
    ------
    AnalysisError
        One is not installed now; the message says what it is for.
    """
    if not _missing(packages):
        return
    reason = ""
    try:
        import slicer.packaging

        slicer.packaging.pip_ensure(
            _missing(packages), requester="BV5 Analysis", prompt_install=ask, prompt_restart=ask
        )
    except Exception as error:  # noqa: BLE001  declined, no network, a pip that fails, ...
        reason = f" ({error})"
    importlib.invalidate_caches()
    if missing := _missing(packages):
        wayOut = _("Allow their installation") + (f", {instead}" if instead else "")
        raise AnalysisError(
            _(
                "{purpose} needs the Python packages {packages}, which were not"
                " installed{reason}. {wayOut}."
            ).format(purpose=purpose, packages=", ".join(missing), reason=reason, wayOut=wayOut)
        )


def _missing(packages: Mapping[str, str]) -> list[str]:
    return [
        requirement
        for name, requirement in packages.items()
        if importlib.util.find_spec(name) is None
    ]
