"""Who the patient of a case is, from its files."""

from BV5AnalysisLib.imaging.reading.patient_identity import Identity
from BV5AnalysisLib.study.batch.case_identity import identity_in
from helpers.scan_files import write_series


def test_identity_of_a_case_is_that_of_its_first_dicom_file(tmp_path):
    folder = write_series(tmp_path / "a", PatientName="Doe^Jane", PatientID="1")
    (folder / "000.txt").write_text("first by name")
    assert identity_in((folder,)) == Identity("Doe^Jane", "1", "")
    assert identity_in((tmp_path / "nowhere", folder / "047.dcm")).name == "Doe^Jane"
    assert identity_in((tmp_path / "nowhere",)) == Identity()
