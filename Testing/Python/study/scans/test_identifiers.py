"""Names, birth dates and IDs of patients are found in texts, and nothing else is."""

import pydicom
import pytest
from BV5AnalysisLib.imaging.reading.patient_identity import (
    HIDDEN,
    Identity,
    identity_of,
    names_patient,
    without_identity,
)
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan
from BV5AnalysisLib.study.scans.identifiers import pseudonym
from helpers.scan_files import write_series

HANS = Identity("Müller^Hans Peter^^Dr", "1234567", "19500203")
XU = Identity("Li^Xu", "ab12", "")
YAMADA = Identity("Yamada^Tarou=山田^太郎=やまだ^たろう", "77", "19880101")


@pytest.mark.parametrize(
    "text",
    [
        "Müller",
        "Mu\u0308ller_CT",
        "MUELLER",
        "muller-2",
        "xHANSy",
        "HansPeter",
        "peter.nii.gz",
        "19500203",
        "scan_03021950_a",
        "02031950",
        "1950-02-03",
        "3.2.1950",
        "03 02 50",
        "500203",
        "030250",
        "3 Feb 1950",
        "3Feb1950",
        "Feb 3, 1950",
        "feb 3, 50",
        "1950February03",
        "1-2-1950-02-03",
        "19500203T101500",
        "id_1234567_x",
    ],
)
def test_what_tells_who_it_is(text):
    assert names_patient(text, HANS)
    assert HIDDEN in without_identity(text, HANS)
    assert not names_patient(without_identity(text, HANS), HANS)


@pytest.mark.parametrize(
    "text",
    [
        "P001",
        "Dr",
        "1950",
        "20200203",
        "19500204",
        "1950-03-04",
        "500204",
        "5023",
        "scan 50 2",
        "12345678",
        "thorax 1.0 B30f",
        "mull",
        "",
    ],
)
def test_what_does_not(text):
    assert not names_patient(text, HANS)
    assert without_identity(text, HANS) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("LiXu", True),
        ("li-xu", True),
        ("LIXU", True),
        ("Xu_01", True),
        ("slice", False),
        ("alice", False),
        ("luxury", False),
    ],
)
def test_short_names_are_words_of_their_own(text, found):
    assert names_patient(text, XU) == found


@pytest.mark.parametrize(
    ("text", "found"), [("山田太郎_ct", True), ("YAMADA", True), ("ct", False)]
)
def test_names_in_other_scripts(text, found):
    assert names_patient(text, YAMADA) == found


def test_the_id_counts_only_where_asked_for():
    assert names_patient("1234567", HANS)
    assert not names_patient("1234567", HANS, by_id=False)


@pytest.mark.parametrize(
    "identity",
    [
        Identity("LIDC-IDRI-0001", "LIDC-IDRI-0001", ""),
        Identity("Idri^Lidc", "LIDC-IDRI-0001", "", removed=True),
        Identity("", "LIDC-IDRI-0001", ""),
        Identity("ANONYMOUS^Patient", "LIDC-IDRI-0001", "00000000"),
        Identity("", "", ""),
    ],
)
def test_codes_of_anonymized_scans_name_nobody(identity):
    assert not names_patient("LIDC-IDRI-0001 anonymous patient", identity)


@pytest.mark.parametrize(
    "identity",
    [
        Identity("Schmidt^Erika", "Schmidt^Erika"),
        Identity("Erika Schmidt", "ERIKA SCHMIDT"),
        Identity("Schmidt", "Schmidt", "19610812"),
        Identity("P1", "P1", "", other_names=("Schmidt^Erika",)),
    ],
)
def test_a_name_in_the_place_of_the_id_is_a_name(identity):
    assert names_patient("CT of schmidt", identity)
    assert without_identity("CT of schmidt", identity) == f"CT of {HIDDEN}"


def test_other_names_and_ids_of_a_header():
    dataset = pydicom.Dataset()
    dataset.PatientName = "Meier^Erika"
    dataset.PatientID = "1"
    dataset.PatientBirthName = "Schmidt^Erika"
    dataset.PatientMotherBirthName = "Lehmann"
    dataset.OtherPatientNames = ["Krause^Rika", "Vogel"]
    other = pydicom.Dataset()
    other.PatientID = "778899"
    dataset.OtherPatientIDsSequence = [other]
    dataset.add_new(0x00101000, "LO", ["AB-1234", "5"])
    identity = identity_of(dataset)
    for text in ("schmidt", "Lehmann", "KRAUSE", "vogel-ct", "778899", "ab-1234", "meier"):
        assert names_patient(text, identity), text
    assert not names_patient("5 of 7", identity)


def test_names_in_texts_on_the_scanner_are_hidden(tmp_path):
    folder = write_series(
        tmp_path / "a",
        PatientName="Schmidt^Erika",
        PatientID="1",
        ConvolutionKernel="B30f Schmidt",
        ManufacturerModelName="Force erika",
        Manufacturer="SIEMENS",
    )
    acquisition = read_scan(folder).acquisition
    assert acquisition.kernel == f"B30f {HIDDEN}"
    assert acquisition.model == f"Force {HIDDEN}"
    assert acquisition.manufacturer == "SIEMENS"


def test_only_what_names_the_patient_is_hidden():
    text = "Thorax Müller 1.0, born 3.2.1950 (1234567)"
    assert without_identity(text, HANS) == f"Thorax {HIDDEN} 1.0, born {HIDDEN} ({HIDDEN})"


def test_identity_of_a_header():
    dataset = pydicom.Dataset()
    dataset.PatientName = "Doe^Jane"
    dataset.PatientID = " 12 "
    dataset.PatientBirthDate = "19990131"
    dataset.PatientIdentityRemoved = "YES"
    assert identity_of(dataset) == Identity("Doe^Jane", "12", "19990131", True)
    assert identity_of(pydicom.Dataset()) == Identity()


def test_pseudonyms_are_the_same_for_the_same_key():
    assert pseudonym("1.2.3") == pseudonym("1.2.3") != pseudonym("1.2.4")
    assert len(pseudonym("1.2.3")) == len("case-3f9a1c22")
