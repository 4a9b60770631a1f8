"""The machine-readable record of a cohort's analysis, ``cohort.json``."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping

import numpy as np

from ... import __version__
from ...study.cohort.options import CohortOptions
from ...study.cohort.result import CohortResult

SCHEMA = "bv5-analysis/cohort"
SCHEMA_VERSION = "1.0"


def cohort_json(result: CohortResult, options: CohortOptions | None = None) -> str:
    """Text of ``cohort.json``.

    Parameters
    ----------
    result : CohortResult
        All of it is written but the values of single patients, which ``cohort.csv`` holds.
    options : CohortOptions, optional
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
        "options": _options(options) if options is not None else None,
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


def _options(options: CohortOptions) -> dict[str, object]:
    """Options as JSON; of the reference without its folder, which may tell names."""
    values = {name: _plain(value) for name, value in vars(options).items()}
    return values | {"reference": options.reference.name if options.reference else None}


def _plain(value: object) -> object:
    """Values that JSON knows, from data classes of any depth; NaN and infinity become None."""
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {field.name: _plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
