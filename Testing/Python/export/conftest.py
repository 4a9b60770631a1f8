"""Fixtures for files that are written."""

import pytest
from BV5AnalysisLib.case.files import case_of, write_case


@pytest.fixture(scope="session")
def written_case(tmp_path_factory, small_result):
    """Folder of a case named ``template``, without report and pictures."""
    folder = tmp_path_factory.mktemp("written") / "template"
    folder.mkdir()
    write_case(folder, case_of("template", small_result))
    return folder
