"""Age and sex of the person, from a DICOM header."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pydicom

from ..model.scan import Person

_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}
"""In a day, week, month and year, the units of DICOM's ages."""
_AGE = re.compile(r"(\d{1,3})([DWMY])")
_DATE = re.compile(r"(\d{4})[.:/-]?(\d{2})[.:/-]?(\d{2})")
"""Also as before DICOM 3.0, with separators."""
_OLDEST_YEARS = 110
"""Higher ages come of dates that stand for unknown ones, such as 1 January 1900."""
_SEXES = {"F": "female", "M": "male"}
_SCAN_DATES = ("AcquisitionDate", "SeriesDate", "StudyDate")


def person_of(dataset: pydicom.Dataset) -> Person:
    """Age and sex in a DICOM header.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Header, read by `dicom_headers.read_dataset`.

    Returns
    -------
    Person
        The age as stated, else from the birth date; what is absent, damaged or not credible is
        None. An age of 0 years is not credible: those of babies are in months, and de-identified
        headers have zeros.
    """
    age = _stated_years(_text(dataset.get("PatientAge")))
    if age is None:
        age = _years_since_birth(dataset)
    credible = age is not None and 0 < age <= _OLDEST_YEARS
    return Person(age if credible else None, _SEXES.get(_text(dataset.get("PatientSex")).upper()))


def _stated_years(text: str) -> float | None:
    match = _AGE.fullmatch(text.upper())
    return int(match[1]) * _DAYS[match[2]] / _DAYS["Y"] if match and int(match[1]) else None


def _years_since_birth(dataset: pydicom.Dataset) -> float | None:
    born = _date(dataset.get("PatientBirthDate"))
    scanned = next(filter(None, (_date(dataset.get(name)) for name in _SCAN_DATES)), None)
    if born is None or scanned is None:
        return None
    return (scanned - born).days / _DAYS["Y"]


def _date(value: Any) -> date | None:
    match = _DATE.fullmatch(_text(value))
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:  # Such as 00000000.
        return None


def _text(value: Any) -> str:
    return str(value or "").strip()
