"""Errors that know what they are about."""

import pickle
from pathlib import Path

import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError, DiskFull, UnreadableCase
from BV5AnalysisLib.imaging.reading.image_files import damaged, read_image

SCAN = Path("Doe_Jane") / "scan {0}.nrrd"


def test_plain_text_stays_as_it_is():
    error = AnalysisError("A table has {braces} and %s.")
    assert str(error) == error.worded(file="The image") == "A table has {braces} and %s."


def test_a_message_names_the_file_or_its_path():
    error = AnalysisError("{file} is not at {path}; see {other}.", file=SCAN, other="{x}")
    assert str(error) == f"scan {{0}}.nrrd is not at {SCAN}; see {{x}}."
    assert error.worded(file="The image", path="its place") == (
        "The image is not at its place; see {x}."
    )


@pytest.mark.parametrize("kind", [AnalysisError, DiskFull, UnreadableCase])
def test_an_error_comes_back_from_another_process(kind):
    error = kind("{file} has {count} slices.", file=SCAN, count=3)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error) == "scan {0}.nrrd has 3 slices."
    assert again.worded(file="The image") == "The image has 3 slices."
    assert str(pickle.loads(pickle.dumps(kind("plain {text}")))) == "plain {text}"


def test_reading_says_which_file_and_keeps_the_cause(tmp_path):
    path = tmp_path / "Doe.nrrd"
    path.write_bytes(b"x")
    with pytest.raises(AnalysisError, match=r"^Doe\.nrrd is cut short") as raised:
        read_image(path)
    assert raised.value.file == path
    assert isinstance(raised.value.__cause__, RuntimeError)
    assert damaged(path).worded(file="It").startswith("It is cut short")
