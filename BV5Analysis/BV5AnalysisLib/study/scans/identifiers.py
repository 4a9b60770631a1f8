"""Who a case's patient is, and names for cases that must not tell it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from ...imaging.dicomheaders import read_dataset, tolerant
from ...imaging.errors import AnalysisError
from ...imaging.identity import Identity, identity_of


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
