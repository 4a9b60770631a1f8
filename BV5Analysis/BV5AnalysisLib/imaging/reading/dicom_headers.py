"""What an analysis needs of the headers of DICOM files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.config import disable_value_validation
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from ..model.scan import Acquisition, Person
from .image_files import damaged
from .patient_identity import identity_of, without_identity
from .person import person_of

DICOM_SUFFIXES = (".dcm", ".ima", ".dicom")
_SLICE_CLASS = "1.2.840.10008.5.1.4.1.1.2"
"""CT Image Storage."""
_FIRST_ELEMENTS = (b"\x00\x00", b"\x01\x00", b"\x05\x00", b"\x08\x00", b"\x16\x00")
"""Of group 0008: length, length to end, character set, image type, SOP class; little endian."""


@dataclass(frozen=True)
class Header:
    """Header of one DICOM image.

    Attributes
    ----------
    path : pathlib.Path
        File.
    series_uid, series_number, series_description : str
        As in the file, valid or not; empty where absent.
    modality : str
        Such as CT.
    localizer : bool
        Whether it is a planning view.
    frames, channels, bits : int
        Number of frames, values in a pixel, bits allocated for a value.
    rows_columns : tuple of int
        Size.
    pixel_spacing_mm : tuple of float or None
        Between rows, between columns.
    position_mm : tuple of float or None
        Center of the first pixel, LPS.
    cosines : tuple of float or None
        Direction of rows and of columns, LPS.
    whole_hu : bool
        Whether whole numbers stay whole when rescaled to HU.
    hu_limits : tuple of float
        Lowest and highest value that the pixels can store, HU.
    acquisition : Acquisition
        How it was made.
    person : Person
        Age and sex.
    """

    path: Path
    series_uid: str
    series_number: str
    series_description: str
    modality: str
    localizer: bool
    frames: int
    channels: int
    bits: int
    rows_columns: tuple[int, int]
    pixel_spacing_mm: tuple[float, ...] | None
    position_mm: tuple[float, ...] | None
    cosines: tuple[float, ...] | None
    whole_hu: bool
    hu_limits: tuple[float, float]
    acquisition: Acquisition
    person: Person

    @property
    def normal(self) -> np.ndarray:
        """Unit vector across the slice, LPS; ValueError if there is no orientation."""
        if self.cosines is None:
            raise ValueError(f"{self.path.name} has no orientation.")
        return np.cross(self.cosines[:3], self.cosines[3:])


def read_header(path: Path) -> Header | None:
    """Read the header of one file.

    Parameters
    ----------
    path : pathlib.Path
        Any file.

    Returns
    -------
    Header or None
        None if it is no DICOM file, or one without an image.

    Raises
    ------
    AnalysisError
        It should be a DICOM image, but is damaged.
    """
    dataset = read_dataset(path)
    if dataset is None:
        return None
    return header_of(path, dataset)


def read_dataset(path: Path) -> pydicom.Dataset | None:
    """Read a DICOM file up to its pixels.

    Values are parsed when they are asked for, which must happen within `tolerant`.

    Parameters
    ----------
    path : pathlib.Path
        Any file.

    Returns
    -------
    pydicom.Dataset or None
        None if it is no DICOM file.

    Raises
    ------
    AnalysisError
        It should be a DICOM file, but is damaged, or may not be read.
    """
    with tolerant():
        try:
            try:
                return pydicom.dcmread(path, stop_before_pixels=True)
            except InvalidDicomError:
                if not _begins_with_elements(path):
                    raise
                return pydicom.dcmread(path, stop_before_pixels=True, force=True)
        except InvalidDicomError as error:
            if path.name.lower().endswith(DICOM_SUFFIXES):
                raise damaged(path) from error
            return None
        except (OSError, EOFError, ValueError, NotImplementedError) as error:
            raise damaged(path) from error


@contextmanager
def tolerant() -> Iterator[None]:
    """Accept headers that break the standard, as real ones do in what does not matter here."""
    with warnings.catch_warnings(), disable_value_validation():
        warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\.")
        yield


def _begins_with_elements(path: Path) -> bool:
    """Whether a file has DICOM's first elements but no preamble, as old archives wrote them."""
    with path.open("rb") as file:
        start = file.read(4)
    return start[:2] == b"\x08\x00" and start[2:] in _FIRST_ELEMENTS


def header_of(path: Path, dataset: pydicom.Dataset) -> Header | None:
    """Extract from a DICOM header what an analysis needs.

    Parameters
    ----------
    path : pathlib.Path
        File.
    dataset : pydicom.Dataset
        As `read_dataset` gives it.

    Returns
    -------
    Header or None
        None if there is no image.

    Raises
    ------
    AnalysisError
        A value is damaged.
    """
    with tolerant():
        try:
            return _header(path, dataset)
        except (ValueError, TypeError, AttributeError) as error:
            raise damaged(path) from error


def _header(path: Path, dataset: pydicom.Dataset) -> Header | None:
    if "Rows" not in dataset or "Columns" not in dataset:
        if dataset.get("SOPClassUID") == _SLICE_CLASS:
            raise damaged(path)
        return None
    slope = float(dataset.get("RescaleSlope") or 1)
    intercept = float(dataset.get("RescaleIntercept") or 0)
    return Header(
        path=path,
        series_uid=_text(dataset, "SeriesInstanceUID") or "",
        series_number=_text(dataset, "SeriesNumber") or "",
        series_description=_text(dataset, "SeriesDescription") or "",
        modality=_text(dataset, "Modality") or "",
        localizer="LOCALIZER" in (dataset.get("ImageType") or ()),
        frames=int(dataset.get("NumberOfFrames") or 1),
        channels=int(dataset.get("SamplesPerPixel") or 1),
        bits=int(dataset.get("BitsAllocated") or 0),
        rows_columns=(int(dataset.Rows), int(dataset.Columns)),
        pixel_spacing_mm=_numbers(dataset, "PixelSpacing", 2),
        position_mm=_numbers(dataset, "ImagePositionPatient", 3),
        cosines=_numbers(dataset, "ImageOrientationPatient", 6),
        whole_hu=slope.is_integer() and intercept.is_integer(),
        hu_limits=_hu_limits(dataset, slope, intercept),
        acquisition=_acquisition(dataset),
        person=person_of(dataset),
    )


def _hu_limits(dataset: pydicom.Dataset, slope: float, intercept: float) -> tuple[float, float]:
    bits = int(dataset.get("BitsStored") or dataset.get("BitsAllocated") or 16)
    low = -(2 ** (bits - 1)) if dataset.get("PixelRepresentation") else 0
    ends = slope * low + intercept, slope * (low + 2**bits - 1) + intercept
    return min(ends), max(ends)


def _acquisition(dataset: pydicom.Dataset) -> Acquisition:
    thickness = dataset.get("SliceThickness")
    patient = identity_of(dataset)

    def text(keyword: str) -> str | None:
        # People write names everywhere.
        value = _text(dataset, keyword)
        return value and without_identity(value, patient)

    return Acquisition(
        study_uid=_valid_uid(dataset, "StudyInstanceUID"),
        series_uid=_valid_uid(dataset, "SeriesInstanceUID"),
        manufacturer=text("Manufacturer"),
        model=text("ManufacturerModelName"),
        kernel=text("ConvolutionKernel"),
        contrast_agent=text("ContrastBolusAgent"),
        slice_thickness_mm=float(thickness) if thickness else None,
    )


def _text(dataset: pydicom.Dataset, keyword: str) -> str | None:
    """Value as one line of text, None where absent or empty."""
    value = dataset.get(keyword)
    values = value if isinstance(value, pydicom.multival.MultiValue) else [value]
    return " ".join(" ".join(str(v) for v in values if v is not None).split()) or None


def _valid_uid(dataset: pydicom.Dataset, keyword: str) -> str | None:
    text = _text(dataset, keyword)
    return text if text and UID(text).is_valid else None


def _numbers(dataset: pydicom.Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    value = dataset.get(keyword)
    if not isinstance(value, pydicom.multival.MultiValue) or len(value) != count:
        return None
    numbers = tuple(float(v) for v in value)
    return numbers if all(np.isfinite(numbers)) else None
