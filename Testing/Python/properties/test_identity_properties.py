"""A patient's name, birth date and ID leave with no text, however they are written in it."""

import unicodedata
from datetime import date

from BV5AnalysisLib.imaging.reading.patient_identity import (
    HIDDEN,
    Identity,
    names_patient,
    without_identity,
)
from hypothesis import given
from hypothesis import strategies as st

letters = st.text("abdgklmnorstuvéäøñ", min_size=4, max_size=9)
dates = st.dates(min_value=date(1900, 1, 1))
# No letter that a name has, so that what is around cannot complete a name.
around = st.text("XYZ 0_-./", max_size=6)


@st.composite
def patients(draw) -> Identity:
    family, given_name = draw(letters), draw(letters)
    return Identity(
        f"{family.capitalize()}^{given_name.capitalize()}",
        draw(st.text("0123456789", min_size=5, max_size=9)),
        draw(dates).strftime("%Y%m%d"),
    )


def plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(each for each in decomposed if not unicodedata.combining(each))


ways = st.sampled_from(
    [
        str,
        str.upper,
        str.lower,
        str.capitalize,
        plain,
        lambda text: unicodedata.normalize("NFD", text),
    ]
)


@given(patients(), st.integers(0, 1), ways, around, around)
def test_names_are_found_in_any_writing(patient, which, way, before, after):
    name = way(patient.name.split("^")[which])
    text = f"{before}{name}{after}"
    assert names_patient(text, patient)
    left = without_identity(text, patient)
    assert HIDDEN in left
    assert unicodedata.normalize("NFC", name).casefold() not in left.casefold()


@given(
    patients(),
    st.sampled_from(
        ["%Y%m%d", "%d.%m.%Y", "%Y-%m-%d", "%m/%d/%Y", "%d-%b-%Y", "%d%m%Y", "%y%m%d", "%d.%m.%y"]
    ),
    st.text("XYZ _", max_size=4),
)
def test_birth_dates_are_found_in_any_order(patient, form, around_it):
    year, month, day = patient.born
    born = date(year, month, day).strftime(form)
    text = f"{around_it}{born}{around_it}"
    assert names_patient(text, patient)
    assert born not in without_identity(text, patient)


@given(patients(), st.sampled_from(["", " ", "_", "-", "/"]))
def test_ids_are_found_as_words(patient, sign):
    text = f"CT{sign or ' '}{patient.patient_id}"
    assert names_patient(text, patient)
    assert not names_patient(text, Identity(patient.name, "", ""), by_id=False)
    assert patient.patient_id not in without_identity(text, patient)


@given(patients(), st.text(max_size=30))
def test_what_is_left_names_nobody(patient, text):
    left = without_identity(text, patient)
    assert not names_patient(left, patient)
    assert without_identity(left, patient) == left


@given(patients(), st.text("XYZ -_/.,", max_size=20))
def test_other_texts_stay(patient, text):
    assert not names_patient(text, patient)
    assert without_identity(text, patient) == text


@given(st.text(max_size=30))
def test_nobody_is_named_by_no_identity(text):
    assert not names_patient(text, Identity())
    assert without_identity(text, Identity()) == unicodedata.normalize("NFC", text)
