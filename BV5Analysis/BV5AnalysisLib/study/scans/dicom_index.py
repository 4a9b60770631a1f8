"""What the headers of DICOM files say about the series that the files are of."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

from ...imaging.reading.dicom_headers import Header, header_of, read_dataset, tolerant
from ...imaging.reading.image_files import damaged
from ...imaging.reading.patient_identity import Identity, identity_of

_HASH_BYTES = 8
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
"""SOP class of DICOMDIR, the only object that may lack a SOPClassUID in its data set."""


@dataclass(frozen=True)
class SliceKind:
    """What slices of one series have in common.

    Attributes
    ----------
    header : Header
        Header of any of them; path and position, which differ, hold nothing.
    study_uid : str
        As in the file, valid or not; empty where absent.
    image_type : tuple of str
        Such as ``("ORIGINAL", "PRIMARY", "AXIAL")``.
    body_part, patient_position, acquisition : str
        As in the header, empty where absent; the acquisition's number and, where there is one,
        that of the time point.
    identity : Identity
        Of the patient.
    """

    header: Header
    study_uid: str
    image_type: tuple[str, ...]
    body_part: str
    patient_position: str
    acquisition: str
    identity: Identity


@dataclass(frozen=True)
class SliceGroup:
    """Slices of one kind in one folder; fields of equal order and length.

    Attributes
    ----------
    kind : SliceKind
        What they have in common.
    folder : str
        Path of the folder.
    joined_names : str
        Names of the files, with slashes between: a tuple takes five times as much memory.
    positions_mm : numpy.ndarray
        Centers of their first pixels, (slice, 3), LPS; 0 where unknown.
    identities : numpy.ndarray
        uint64, equal for copies of one slice.
    """

    kind: SliceKind
    folder: str
    joined_names: str
    positions_mm: np.ndarray
    identities: np.ndarray

    @property
    def names(self) -> list[str]:
        """Names of the files."""
        return self.joined_names.split("/")

    def __len__(self) -> int:
        return len(self.identities)


@dataclass(frozen=True)
class IndexedSlice:
    """One DICOM image."""

    kind: SliceKind
    position_mm: tuple[float, ...]
    identity: int


def read_slice(path: Path) -> IndexedSlice | pydicom.Dataset | None:
    """Read what the index needs of one file.

    Parameters
    ----------
    path : pathlib.Path
        Any file.

    Returns
    -------
    IndexedSlice, pydicom.Dataset or None
        A dataset for DICOM without an image, such as a report; None if it is no DICOM file.

    Raises
    ------
    AnalysisError
        It is a DICOM file, but damaged, or may not be read.
    """
    dataset = read_dataset(path)
    if dataset is None:
        return None
    header = header_of(path, dataset)
    with tolerant():
        if header is None:
            if not _text(dataset, "SOPClassUID") and _media_class(dataset) != _DIRECTORY_CLASS:
                raise damaged(path)
            return dataset
        return IndexedSlice(
            _kind(dataset, header),
            header.position_mm or (0.0, 0.0, 0.0),
            _identity(path, dataset, header),
        )


def grouped(folder: str, slices: dict[str, IndexedSlice]) -> list[SliceGroup]:
    """Put slices of one kind together.

    Parameters
    ----------
    folder : str
        Path of the folder that they lie in.
    slices : dict of str to IndexedSlice
        By the name of the file.

    Returns
    -------
    list of SliceGroup
        In order of the first names.
    """
    names: dict[SliceKind, list[str]] = {}
    for name, each in slices.items():
        names.setdefault(each.kind, []).append(name)
    return [
        SliceGroup(
            kind,
            folder,
            "/".join(group),
            np.array([slices[name].position_mm for name in group], float),
            np.array([slices[name].identity for name in group], np.uint64),
        )
        for kind, group in names.items()
    ]


def _kind(dataset: pydicom.Dataset, header: Header) -> SliceKind:
    common = dataclasses.replace(
        header,
        path=Path(),
        position_mm=(0.0, 0.0, 0.0) if header.position_mm else None,
        whole_hu=True,
        hu_limits=(0.0, 0.0),
    )
    time_point = _text(dataset, "TemporalPositionIdentifier")
    return SliceKind(
        common,
        _text(dataset, "StudyInstanceUID"),
        tuple(_text(dataset, "ImageType").upper().split("\\")),
        _text(dataset, "BodyPartExamined"),
        _text(dataset, "PatientPosition").upper(),
        "/".join(each for each in (_text(dataset, "AcquisitionNumber"), time_point) if each),
        identity_of(dataset),
    )


def _media_class(dataset: pydicom.Dataset) -> str:
    return str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))


def _identity(path: Path, dataset: pydicom.Dataset, header: Header) -> int:
    """Hash of a slice that its copies share, whatever they are called."""
    uid = _text(dataset, "SOPInstanceUID")
    # Some anonymizers leave one UID, or none, to all slices.
    content = f"{uid} {header.position_mm}".encode() if uid else path.read_bytes()
    return int.from_bytes(hashlib.blake2b(content, digest_size=_HASH_BYTES).digest(), "little")


def _text(dataset: pydicom.Dataset, keyword: str) -> str:
    """Value as one line of text, several parted by backslashes; empty where absent."""
    value = dataset.get(keyword)
    if value is None:
        return ""
    values = value if isinstance(value, pydicom.multival.MultiValue) else [value]
    return " ".join("\\".join(str(each) for each in values if each is not None).split())
