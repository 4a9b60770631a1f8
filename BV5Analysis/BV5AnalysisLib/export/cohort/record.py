"""The machine-readable record of a cohort's analysis, ``cohort.json``."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ... import __version__
from ...study.cohort.result import CohortResult

SCHEMA = "bv5-analysis/cohort"
SCHEMA_VERSION = "1.0"


def cohort_json(result: CohortResult, options: Any = None) -> str:
    """Text of ``cohort.json``.

    Parameters
    ----------
    result : CohortResult
        What to tell: all of it but the values of single patients, which ``cohort.csv`` holds.
    options : data class, optional
        What the analysis was asked for.

    Returns
    -------
    str
        JSON; what is not a number is null.
    """
    record = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "version": __version__,
        "software": dict(result.software),
        "options": _plain(options) if options is not None else None,
        "n": len(result.cohort.cases),
        "variables": _plain(result.cohort.variables),
        "flow": _plain(result.cohort.flow),
        "grouping": result.grouping,
        "groups": [{"label": group.label, "n": group.n} for group in result.groups],
        "confidence": result.confidence,
        **{
            name: _plain(getattr(result, name))
            for name in (
                "comparisons",
                "pairs",
                "characteristics",
                "categories",
                "correlations",
                "adjusted",
                "rocs",
                "definitions",
                "methods",
            )
        },
        "notes": list(result.cohort.notes),
        "unusable": _plain(result.cohort.unusable),
        "without_scan": _plain(result.cohort.without_scan),
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """Values that JSON knows, from data classes of any depth; NaN and infinity become None."""
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {field.name: _plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
