"""One case of a batch: what to measure, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class BatchCase:
    """One scan to measure.

    Attributes
    ----------
    name : str
        Name of the case, and of its folder in the batch's output; no two are the same.
    sources : tuple of pathlib.Path
        One image file; or DICOM: folders, each for every file directly in it, and single files.
        Empty where `problem` says that there is nothing to read.
    series_uid : str
        The series among `sources`; empty for an image file.
    lungs, regions : pathlib.Path or None
        Masks to use, as for ``bv5 analyze``.
    choice : str
        Why this series was chosen, one line; empty if there was only one.
    voxels : int
        Of the scan, 0 if not known before it is read.
    problem : str
        Why it cannot be measured, if that is known before the work; else empty.
    input, listing : str
        Digests that change with the scan or its masks, and, of a row of a manifest, with anything
        at its paths; empty where there is none. See `study.scans.inputs`.
    """

    name: str
    sources: tuple[Path, ...]
    series_uid: str = ""
    lungs: Path | None = None
    regions: Path | None = None
    choice: str = ""
    voxels: int = 0
    problem: str = ""
    input: str = ""
    listing: str = ""


@dataclass(frozen=True)
class CaseStatus:
    """How a case ended.

    Attributes
    ----------
    name : str
        Name of the case.
    problem : str
        Why there is no result, one line; empty if there is one.
    seconds : float
        Wall seconds of the last attempt.
    """

    name: str
    problem: str = ""
    seconds: float = 0.0
