"""Age and sex from DICOM headers, as real ones have them."""

import pydicom
import pytest
from BV5AnalysisLib.imaging.model.scan import Person
from BV5AnalysisLib.imaging.reading.dicom_headers import tolerant
from BV5AnalysisLib.imaging.reading.person import person_of
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan, read_sources, scan_from_image
from helpers.scan_files import SERIES, chest_image, write_series


def person(**tags: str) -> Person:
    dataset = pydicom.Dataset()
    with tolerant():
        for name, value in tags.items():
            setattr(dataset, name, value)
        return person_of(dataset)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("045Y", 45.0),
        ("45Y", 45.0),
        ("018M", 18 * 30.4375 / 365.25),
        ("006W", 42 / 365.25),
        ("010D", 10 / 365.25),
        ("", None),
        ("000Y", None),
        ("000D", None),
        ("045", None),
        ("old", None),
        ("111Y", None),
    ],
)
def test_the_stated_age(text, years):
    assert person(PatientAge=text).age_years == (years if years is None else pytest.approx(years))


@pytest.mark.parametrize(
    ("born", "scanned", "years"),
    [
        ("19600412", "20200412", 60.0),
        ("1960.04.12", "20200412", 60.0),
        ("19600412", "", None),
        ("", "20200412", None),
        ("19000101", "20200412", None),
        ("20300101", "20200412", None),
        ("00000000", "20200412", None),
        ("1960", "20200412", None),
    ],
)
def test_the_age_by_the_birth_date(born, scanned, years):
    found = person(PatientBirthDate=born, StudyDate=scanned).age_years
    assert found == (years if years is None else pytest.approx(years, abs=0.01))


def test_the_date_of_the_images_comes_before_that_of_the_study():
    dates = {"AcquisitionDate": "20200412", "StudyDate": "20250412"}
    assert person(PatientBirthDate="19600412", **dates).age_years == pytest.approx(60, abs=0.01)
    stated = person(PatientAge="033Y", PatientBirthDate="19600412", **dates)
    assert stated.age_years == 33


@pytest.mark.parametrize(
    ("text", "sex"), [("F", "female"), ("m", "male"), ("O", None), ("", None), ("W", None)]
)
def test_the_sex(text, sex):
    assert person(PatientSex=text).sex == sex


def test_an_empty_header_tells_nothing():
    assert person() == Person()


def test_a_scan_has_what_its_header_says(tmp_path):
    write_series(tmp_path, PatientAge="045Y", PatientSex="F")
    assert read_scan(tmp_path).person == Person(45.0, "female")
    assert read_sources([tmp_path], SERIES).person == Person(45.0, "female")


def test_an_image_file_tells_nothing():
    assert scan_from_image(chest_image()).person == Person()
