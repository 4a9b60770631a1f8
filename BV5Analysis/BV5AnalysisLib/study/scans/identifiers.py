"""Names of cases that must not identify the patient."""

from __future__ import annotations

import hashlib
import re

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


def looks_identifying(text: str) -> bool:
    """Whether a text that no header can be compared with may identify a patient.

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
    """Eight hexadecimal digits of a key's hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:8]
