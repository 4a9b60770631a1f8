"""What real Slicer's classes have: `slicer_api.json`, read from a running Slicer."""

import functools
from dataclasses import dataclass

from standins.api_file import FILE, Api, normalized, read

__all__ = [
    "QT6_ONLY",
    "ClassFacts",
    "MissingInStandIn",
    "names",
    "normalized",
    "of_class",
    "python_names",
    "slicer_names",
]

# What Qt 6 has and Qt 5 lacks, of what a panel might reach for in a class that is not listed.
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
    properties: frozenset[str]
    signals: frozenset[str]


@functools.cache
def _api() -> Api:
    return read(FILE.read_text(encoding="utf-8"))


# What is listed under an expression.
_EXPRESSIONS = {
    "qSlicerApplication": "slicer.app",
    "qSlicerLayoutManager": "slicer.app.layoutManager()",
    "qSlicerMainWindow": "slicer.util.mainWindow()",
}


@functools.cache
def of_class(name: str) -> ClassFacts | None:
    """Facts on a Qt, ctk or qMRML class; None where it is not listed."""
    listed = _api().classes.get(_EXPRESSIONS.get(name, name))
    if listed is None:
        return None
    return ClassFacts(listed.attributes, listed.of("properties"), listed.of("signals"))


def names(of: str) -> frozenset[str]:
    """Attribute names of `slicer.app`, `slicer.modules` and the like."""
    return _api().classes[of].attributes


def python_names(module: str) -> frozenset[str]:
    """Names in one of Slicer's Python modules or classes."""
    return _api().python[module]


def slicer_names() -> frozenset[str]:
    """Names of the package `slicer`."""
    return python_names("slicer")
