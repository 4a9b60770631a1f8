"""Python packages that Slicer does not bundle: installed on first use, after a question."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from slicer.i18n import tr as _

from ...imaging.errors import AnalysisError

REPORT = {"matplotlib": "matplotlib>=3.9", "jinja2": "Jinja2>=3.1"}
STATISTICS = {"statsmodels": "statsmodels>=0.14.5"}
SPREADSHEET = {"openpyxl": "openpyxl>=3.1"}
CLUSTER = {"distributed": "distributed>=2025.1"}
LONGEST_REASON = 300
"""Characters shown of pip's error; all of it is in Slicer's log."""


def ensurePackages(packages: Mapping[str, str], purpose: str, instead: str, ask: bool) -> None:
    """Install what is missing.

    Parameters
    ----------
    packages : mapping of str to str
        Requirement in pip's syntax, by the name that is imported.
    purpose : str
        What needs them, as the beginning of a sentence: ``The report``.
    instead : str
        What to do without them: ``save the measurements as CSV``; may be empty.
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
    except Exception as error:  # noqa: BLE001  declined, no pip, no network, a pip that fails, ...
        reason = " ".join(str(error).split())[:LONGEST_REASON] or type(error).__name__
    importlib.invalidate_caches()
    if missing := _missing(packages):
        raise AnalysisError(_message(missing, purpose, reason, instead))


def _message(missing: list[str], purpose: str, reason: str, instead: str) -> str:
    """Say what is missing, what for, and every way to get it."""
    told = [
        _(
            "{purpose} needs the Python packages {packages}, which are not installed{reason}."
        ).format(
            purpose=purpose,
            packages=", ".join(missing),
            reason=f" ({reason})" if reason else "",
        ),
        _("Try again and allow their installation, or type in Slicer's Python console:"),
        "\n".join(f'slicer.util.pip_install("{requirement}")' for requirement in missing),
        _(
            "Without a network, download their wheels (.whl) and those that they need on another"
            " computer, with"
        ),
        f"pip download {' '.join(_quoted(requirement) for requirement in missing)}",
        _("and install each by its file here:"),
        'slicer.util.pip_install("/path/of/the/file.whl")',
    ]
    if instead:
        told.append(_("Or do without: {instead}.").format(instead=instead))
    told.append(_("Everything else works without them."))
    return "\n".join(told)


def _quoted(requirement: str) -> str:
    # A shell would take > for a redirection.
    return f'"{requirement}"'


def _missing(packages: Mapping[str, str]) -> list[str]:
    return [
        requirement
        for name, requirement in packages.items()
        if importlib.util.find_spec(name) is None
    ]
