"""Who a case's patient is, and names for cases that must not tell it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from ...imaging.errors import AnalysisError
from ...imaging.reading.dicom_headers import read_dataset, tolerant
from ...imaging.reading.patient_identity import Identity, identity_of

_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_FULL_DATES = tuple(
    re.compile(rf"(?<!\d){date}(?!\d)")
    for date in (
        rf"{_YEAR}{_MONTH}{_DAY}",
        rf"{_DAY}{_MONTH}{_YEAR}",
        rf"{_MONTH}{_DAY}{_YEAR}",
        rf"{_YEAR}[-._ /]\d{{1,2}}[-._ /]\d{{1,2}}",
        rf"\d{{1,2}}[-._ /]\d{{1,2}}[-._ /]{_YEAR}",
    )
)


def identity_in(sources: tuple[Path, ...]) -> Identity:
    """Identity in the first DICOM file of a case's sources; an empty one if there is none.

    Parameters
    ----------
    sources : tuple of pathlib.Path
        Of a `BatchCase`.

    Returns
    -------
    Identity
        As `identity_of` gives.
    """
    for path in _files_of(sources):
        try:
            dataset = read_dataset(path)
        except AnalysisError:
            continue
        if dataset is not None:
            with tolerant():
                return identity_of(dataset)
    return Identity()


def looks_identifying(text: str) -> bool:
    """Whether a text that no header checks may tell who a patient is.

    Parameters
    ----------
    text : str
        Such as the name of a folder.

    Returns
    -------
    bool
        It holds a full date, which may be that of birth, or a caret, as names in DICOM do.
    """
    return "^" in text or any(pattern.search(text) for pattern in _FULL_DATES)


def pseudonym(key: str) -> str:
    """Name for a case that its folder's name must not be used for; the same for the same key."""
    return f"case-{short_hash(key)}"


def short_hash(key: str) -> str:
    """Eight hexadecimal digits that tell keys apart."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _files_of(sources: tuple[Path, ...]) -> Iterator[Path]:
    for source in sources:
        try:
            yield from sorted(source.iterdir()) if source.is_dir() else [source]
        except OSError:
            continue
