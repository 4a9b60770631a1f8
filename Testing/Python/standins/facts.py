"""What real Slicer's classes have, from api.json beside the repository, where it is present."""

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

API_FILE = Path(__file__).resolve().parents[3].parent / "shared" / "api.json"

# What Qt 6 has and Qt 5 lacks, of what a panel might reach for where there is no api.json.
QT6_ONLY = frozenset(
    {
        "accessibleIdentifier",
        "beginFilterChange",
        "checkStateChanged",
        "endFilterChange",
        "invalidateColumnsFilter",
        "invalidateRowsFilter",
        "isValidColorName",
        "labelDrawingMode",
        "multiData",
        "setAccessibleIdentifier",
        "setLabelDrawingMode",
    }
)


class MissingInStandIn(Exception):
    """Real Slicer has this, the stand-in does not: what needs it must not pass here untested."""


@dataclass(frozen=True)
class ClassFacts:
    """Names that an object of one class has in real Slicer."""

    attributes: frozenset[str]
    properties: dict[str, dict]
    signals: tuple[str, ...]


@functools.cache
def _api() -> dict:
    return json.loads(API_FILE.read_text()) if API_FILE.is_file() else {}


# What api.json lists under an expression.
_EXPRESSIONS = {
    "qSlicerApplication": "slicer.app",
    "qSlicerLayoutManager": "slicer.app.layoutManager()",
    "qSlicerMainWindow": "slicer.util.mainWindow()",
}


@functools.cache
def of_class(name: str) -> ClassFacts | None:
    """Facts on a Qt, ctk or qMRML class; None where they are not known."""
    entry = _api().get("widgets", {}).get(_EXPRESSIONS.get(name, name))
    if not entry or not entry.get("attributes"):
        return None
    return ClassFacts(
        frozenset(entry["attributes"]), entry.get("properties", {}), tuple(entry.get("signals", ()))
    )


def names(of: str) -> frozenset[str] | None:
    """Attribute names of `slicer.app`, `slicer.modules` and the like; None where not known."""
    entry = _api().get("widgets", {}).get(of)
    return frozenset(entry["attributes"]) if entry else None


def python_names(module: str) -> frozenset[str] | None:
    """Names in one of Slicer's Python modules or classes; None where not known."""
    entry = _api().get("python", {}).get(module)
    return frozenset(entry) if entry else None


def slicer_names() -> frozenset[str] | None:
    """Names of the package `slicer`; None where not known."""
    return frozenset(_api()["slicer"]) if _api() else None


def present() -> bool:
    """Whether api.json is there."""
    return API_FILE.is_file()


def normalized(signature: str) -> str:
    """Return a signal's signature without const, references and spaces.

    >>> normalized("currentPathChanged(const QString &)")
    'currentPathChanged(QString)'
    """
    name, _, arguments = signature.partition("(")
    arguments = re.sub(r"\bconst\b|[\s&]", "", arguments.rstrip().removesuffix(")"))
    return f"{name.strip()}({arguments})"
