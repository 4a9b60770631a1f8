"""The machine-readable record of an analysis, ``result.json``; see docs/result.schema.json."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import math
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..imaging.measurements import AnalysisResult
from .tables import MEASUREMENT_FIELDS

SCHEMA = "bv5-analysis/result"
SCHEMA_VERSION = "1.0"
_PACKAGES = ("numpy", "scipy", "SimpleITK", "pydicom", "matplotlib", "vtk", "slicer-core")


def write_record(path: Path, case: str, result: AnalysisResult) -> None:
    """Write ``result.json``.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    case : str
        Name of the case.
    result : AnalysisResult
        What to write.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    text = json.dumps(case_record(case, result), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def case_record(case: str, result: AnalysisResult) -> dict[str, Any]:
    """Plain values of an analysis, fit for JSON.

    Holds no name of the patient, and no name or path of the input, which often hold one: the
    SHA-256 of the voxels and the DICOM UIDs identify it. What is not a number is None.

    Parameters
    ----------
    case : str
        Name of the case.
    result : AnalysisResult
        What to tell.

    Returns
    -------
    dict
        As docs/result.schema.json says.
    """
    grid = result.scan.volume.grid
    record = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "case": case,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": software_versions(),
        "parameters": result.parameters.to_dict(),
        "input": {
            "sha256": result.scan.sha256,
            "space": "LPS",
            "size": grid.size,
            "spacing_mm": grid.spacing,
            "origin_mm": grid.origin,
            "direction": grid.direction,
            "lungs": "given" if result.lungs_given else "segmented",
            **dataclasses.asdict(result.scan.acquisition),
        },
        "calibration": dataclasses.asdict(result.calibration),
        "measurements": [
            {"region": row.region} | {name: getattr(row, name) for name in MEASUREMENT_FIELDS}
            for row in result.measurements
        ],
        "csa_histogram": {
            "edges_mm2": result.csa_histogram.edges_mm2,
            "volume_ml": result.csa_histogram.volume_ml,
        },
        "findings": [dataclasses.asdict(finding) for finding in result.findings],
        "seconds": result.seconds,
    }
    return _plain(record)


def software_versions() -> dict[str, str]:
    """Versions of this software, Python and the installed packages that the numbers rest on."""
    versions = {"bv5-analysis": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _plain(value: Any) -> Any:
    """Values that JSON has: lists for tuples and arrays, None for what is not finite."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
