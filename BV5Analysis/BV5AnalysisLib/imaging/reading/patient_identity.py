"""Who a patient is must not leave with the results: find it in texts, and replace it."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import pydicom

HIDDEN = "…"
"""Stands where a name was."""
_INSIDE_WORDS = 4
"""Names of at least so many letters are found inside words, such as in ``DOEJOHN``."""
_SHORTEST_ID = 4
"""Shorter numbers of patients stand in too many texts that are not about them."""
_OTHER_NAMES = ("OtherPatientNames", "PatientBirthName", "PatientMotherBirthName")
_NO_NAMES_TEXT = (
    "anon anonym anonymous anonymized anonymised patient unknown unnamed noname name none null"
    " test phantom case subject volunteer chest thorax lung lungs scan study series ct dicom"
    " data research removed deidentified pseudonym"
)
_NO_NAMES = frozenset(_NO_NAMES_TEXT.split())
"""Words in the place of a name that name nobody, and are common in paths."""
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae"})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
_CAMEL = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")
_MONTH = f"({'|'.join(_MONTHS)})[a-z]*"
_APART, _NEAR = r"[^0-9A-Za-z]{1,2}", r"[^0-9A-Za-z]{0,2}"
# Looked ahead, so that dates are found after other numbers, too.
_WRITTEN_DATES = tuple(
    re.compile(rf"(?<!\d)(?=({date})(?!\d))", re.IGNORECASE)
    for date in (
        rf"(\d{{1,4}}){_APART}(\d{{1,2}}){_APART}(\d{{1,4}})",
        rf"(\d{{1,4}}){_NEAR}{_MONTH}{_NEAR}(\d{{1,4}})",
        rf"{_MONTH}{_NEAR}(\d{{1,2}}){_APART}(\d{{2,4}})",
    )
)


@dataclass(frozen=True)
class Identity:
    """What a DICOM header says about who the patient is.

    Attributes
    ----------
    name, patient_id, birth_date : str
        As in the header, empty where absent.
    removed : bool
        The header says that identity was removed: what stands for a name is a code.
    other_names, other_ids : tuple of str
        Such as those of birth, of the mother, and of other hospitals.
    """

    name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    removed: bool = False
    other_names: tuple[str, ...] = ()
    other_ids: tuple[str, ...] = ()

    @cached_property
    def words(self) -> frozenset[str]:
        """Family, given and middle names, folded, in every script and way of writing.

        Without names that are codes: the header says so, or it is the patient ID, too, has no
        parts as names have, and stands beside no birth date.
        """
        if self.removed:
            return frozenset()
        names = (name for name in (self.name, *self.other_names) if not self._is_code(name))
        # Groups of scripts are parted by "="; prefix and suffix, such as "Dr", are no names.
        groups = [group.split("^")[:3] for name in names for group in name.split("=")]
        words = {word for parts in groups for part in parts for word in _LETTERS.findall(part)}
        words = {word for word in words if _folded(word) not in _NO_NAMES}
        # Short ones are looked for joined, too: LIXU.
        words |= {first + second for first, second in itertools.permutations(words, 2)}
        found = {way for word in words for way in _ways_of_writing(word)}
        return frozenset(word for word in found if len(word) > 1 or word > "z")

    @cached_property
    def born(self) -> tuple[int, int, int] | None:
        """Year, month and day of birth; None if unknown."""
        digits = "".join(_DIGITS.findall(self.birth_date))
        if len(digits) != 8 or not digits.strip("0"):
            return None
        return int(digits[:4]), int(digits[4:6]), int(digits[6:])

    @property
    def identifying_ids(self) -> tuple[str, ...]:
        """Patient IDs, folded, if they can be identifiers: beside a name or a birth date."""
        if not self.words and (self.born is None or self.removed):
            return ()
        ids = (self.patient_id, *self.other_ids)
        return tuple(_folded(text) for text in ids if len(text) >= _SHORTEST_ID)

    def _is_code(self, name: str) -> bool:
        is_id = _folded(name) == _folded(self.patient_id)
        return is_id and self.born is None and not any(mark in name for mark in "^ ")


def identity_of(dataset: pydicom.Dataset) -> Identity:
    """Identity in a DICOM header.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Header, read by `dicom_headers.read_dataset`.

    Returns
    -------
    Identity
        Empty texts where the header has nothing.
    """

    def texts(keyword: str) -> tuple[str, ...]:
        value = dataset.get(keyword)
        values = value if isinstance(value, pydicom.multival.MultiValue) else [value]
        return tuple(filter(None, (" ".join(str(value or "").split()) for value in values)))

    def text(keyword: str) -> str:
        return "\\".join(texts(keyword))

    others = dataset.get("OtherPatientIDsSequence") or ()
    return Identity(
        text("PatientName"),
        text("PatientID"),
        text("PatientBirthDate"),
        text("PatientIdentityRemoved").upper() == "YES",
        tuple(name for keyword in _OTHER_NAMES for name in texts(keyword)),
        (
            *texts("OtherPatientIDs"),
            *(str(other.get("PatientID") or "").strip() for other in others),
        ),
    )


def names_patient(text: str, identity: Identity, by_id: bool = True) -> bool:
    """Whether a text holds the patient's name, birth date or ID.

    Parameters
    ----------
    text : str
        Such as the name of a folder.
    identity : Identity
        The patient.
    by_id : bool
        Whether the patient's ID counts, too.

    Returns
    -------
    bool
        Names are found in any case, with or without accents and inside of words from four letters
        on; the birth date in any common order, with two or four digits of the year.
    """
    return next(_spans(unicodedata.normalize("NFC", text), identity, by_id), None) is not None


@lru_cache(maxsize=4096)
def without_identity(text: str, identity: Identity) -> str:
    """Text with the patient's name, birth date and ID replaced by `HIDDEN`.

    Parameters
    ----------
    text : str
        Such as the description of a series.
    identity : Identity
        The patient.

    Returns
    -------
    str
        Composed Unicode.
    """
    text = unicodedata.normalize("NFC", text)
    kept, end = [], 0
    for start, stop in sorted(_spans(text, identity, by_id=True)):
        if stop > end:
            kept += [text[end:start], HIDDEN]
            end = stop
    return "".join([*kept, text[end:]])


def _spans(text: str, identity: Identity, by_id: bool) -> Iterator[tuple[int, int]]:
    """Where a composed text names the patient."""
    if identity.words:
        for run in _LETTERS.finditer(text):
            if _holds_name(run[0], identity.words):
                yield run.span()
    if identity.born:
        yield from _dates(text, identity.born)
    for patient_id in identity.identifying_ids if by_id else ():
        pattern = rf"(?<![^\W_]){re.escape(patient_id)}(?![^\W_])"
        # Folding may change the length; then all of the text goes.
        folded = _folded(text)
        found = [match.span() for match in re.finditer(pattern, folded)]
        yield from found if len(folded) == len(text) else [(0, len(text))] * bool(found)


def _holds_name(run: str, words: frozenset[str]) -> bool:
    ways = _ways_of_writing(run)
    if any(word in way for word in words if _found_inside(word) for way in ways):
        return True
    return any(way in words for piece in _CAMEL.split(run) for way in _ways_of_writing(piece))


def _found_inside(word: str) -> bool:
    # Names in scripts without spaces, such as Chinese, are short and stand anywhere.
    return len(word) >= _INSIDE_WORDS or word > "\u2e80"


def _ways_of_writing(word: str) -> set[str]:
    """Folded without accents, and with what stands for them in plain letters."""
    spelled = word.casefold().translate(_SPELLED)
    return {_folded(word), _folded(spelled)}


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return (
        "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold().strip()
    )


def _dates(text: str, born: tuple[int, int, int]) -> Iterator[tuple[int, int]]:
    year, month, day = born
    orders = ((year, month, day), (day, month, year), (month, day, year), (year, day, month))
    full = {f"{y:02}{m:02}{d:02}" for y, m, d in orders}
    brief = {"".join(f"{number % 100:02}" for number in order) for order in orders}
    for run in _DIGITS.finditer(text):
        if any(date in run[0] for date in full) or run[0] in brief:
            yield run.span()
    short = {tuple(number % 100 if number == year else number for number in o) for o in orders}
    for match in itertools.chain.from_iterable(
        pattern.finditer(text) for pattern in _WRITTEN_DATES
    ):
        groups = match.groups()[1:]
        numbers = tuple(_number(group) for group in groups)
        # A year of two digits is no long number.
        is_short = all(len(group) < 3 for group in groups if group.isdigit())
        if numbers in orders or (numbers in short and is_short):
            yield match.span(1)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text.lower()[:3]) + 1
