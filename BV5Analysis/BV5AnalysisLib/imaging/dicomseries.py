"""A DICOM folder: its series, and the slices of one in order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pydicom.config
from pydicom.errors import InvalidDicomError

from .errors import AnalysisError

FEWEST_SLICES = 10
"""Shorter series, such as bolus tracking, are no candidates beside a longer one."""

CT_STORAGE = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.2.2",
)
TAGS = (
    "SOPClassUID",
    "ImageType",
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "SeriesDescription",
    "SeriesNumber",
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "SliceThickness",
    "ConvolutionKernel",
    "ContrastBolusAgent",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsAllocated",
    "NumberOfFrames",
    "RescaleSlope",
    "RescaleIntercept",
)


@dataclass(frozen=True)
class Slice:
    """One file of a series: where it is and what its header says."""

    path: Path
    header: pydicom.Dataset


@dataclass(frozen=True)
class Series:
    """The image files that share a SeriesInstanceUID."""

    uid: str
    slices: tuple[Slice, ...]

    def first(self, tag: str) -> Any:
        """Value of a tag in the first slice that has one, else None."""
        values = (piece.header.get(tag) for piece in self.slices)
        return next((value for value in values if value not in (None, "")), None)

    @property
    def number(self) -> int:
        """SeriesNumber; 0 where the file has none."""
        return int(self.first("SeriesNumber") or 0)

    @property
    def modality(self) -> str:
        """Modality, such as CT."""
        return str(self.first("Modality") or "unknown")

    @property
    def is_localizer(self) -> bool:
        """Whether it is a scout view."""
        return "LOCALIZER" in (self.first("ImageType") or ())

    @property
    def title(self) -> str:
        """UID, description and slice count, for a list."""
        description = self.first("SeriesDescription") or "no description"
        kind = "localizer" if self.is_localizer else self.modality
        return f"{self.uid or 'no UID'} ({description}, {kind}, {len(self.slices)} slices)"


def find_series(folder: Path) -> list[Series]:
    """Find the image series of a folder and the folders below it.

    Parameters
    ----------
    folder : Path
        Files that are no DICOM images are passed over.

    Returns
    -------
    list of Series
        By series number, then UID.

    Raises
    ------
    AnalysisError
        There are none, or a file is damaged.
    """
    groups: dict[str, list[Slice]] = defaultdict(list)
    with pydicom.config.disable_value_validation():
        for path in sorted(folder.rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
            header = None if hidden or not path.is_file() else _header(path)
            if header is not None:
                groups[str(header.get("SeriesInstanceUID", ""))].append(Slice(path, header))
        series = [Series(uid, tuple(slices)) for uid, slices in groups.items()]
        series.sort(key=lambda each: (each.number, each.uid))
    if not series:
        raise AnalysisError(
            f"Folder {folder.name} holds no DICOM images; give the folder that holds the series."
        )
    return series


def choose_series(series: list[Series], wanted: str | None, folder: str) -> Series:
    """Choose the one series that can be a chest CT, or the one asked for.

    Parameters
    ----------
    series : list of Series
        As found.
    wanted : str or None
        SeriesInstanceUID, or its number in the list, counted from 1.
    folder : str
        Name for messages.

    Returns
    -------
    Series
        A CT series, no localizer.

    Raises
    ------
    AnalysisError
        None fits, several do, or the one asked for is not there or no CT.
    """
    if wanted is not None:
        return _checked(_asked_for(series, wanted.strip(), folder))
    volumes = [each for each in series if each.modality == "CT" and not each.is_localizer]
    if any(len(each.slices) >= FEWEST_SLICES for each in volumes):
        volumes = [each for each in volumes if len(each.slices) >= FEWEST_SLICES]
    if len(volumes) > 1:
        raise AnalysisError(
            f"Folder {folder} holds several series; choose one with --series,"
            f" by its number or UID: {_listed(series)}."
        )
    return _checked(volumes[0] if volumes else series[0])


def _asked_for(series: list[Series], wanted: str, folder: str) -> Series:
    for each in series:
        if each.uid == wanted:
            return each
    if wanted.isdecimal() and 1 <= int(wanted) <= len(series):
        return series[int(wanted) - 1]
    raise AnalysisError(
        f"Folder {folder} holds no series {wanted}; choose one of: {_listed(series)}."
    )


def _listed(series: list[Series]) -> str:
    return "; ".join(f"[{n}] {each.title}" for n, each in enumerate(series, start=1))


def _checked(series: Series) -> Series:
    if series.is_localizer:
        raise AnalysisError(
            f"Series {series.title} is a localizer; give the axial series of the same study."
        )
    if series.modality != "CT":
        raise AnalysisError(
            f"Series {series.title} is {series.modality}, not CT; give a chest CT series."
        )
    return series


def _header(path: Path) -> pydicom.Dataset | None:
    """Header of an image file; None for all other files."""
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(TAGS))
        # Decoding is lazy: do it here, where flawed values are let pass without a warning.
        for _ in header:
            pass
    except InvalidDicomError:
        return None
    except (EOFError, ValueError, OSError) as error:
        raise AnalysisError(
            f"File {path.name} is damaged or not complete; copy the series again."
        ) from error
    if "Rows" in header:
        return header
    if header.file_meta.get("MediaStorageSOPClassUID") in CT_STORAGE:
        raise AnalysisError(f"File {path.name} is damaged or not complete; copy the series again.")
    return None
