"""What the header of an image file says, and whether the file is a scan or a mask."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ...imaging.errors import AnalysisError
from ...imaging.reading.image_files import (
    SUFFIXES,
    damaged,
    is_safe,
    is_utf8,
    read_image,
    unpacked_twin,
)
from ...imaging.reading.quiet import quiet_readers

_MASK_WORDS_TEXT = (
    "mask masks seg segs segm segmentation segmentations label labels labelmap annotation gt"
    " lobe lobes airway airways airwaytree trachea vessel vessels vesselness nodule nodules roi"
    " groundtruth prediction lungmask totalsegmentator"
)
_MASK_WORDS = frozenset(_MASK_WORDS_TEXT.split())
_ITEM_BYTES = {"8-bit": 1, "16-bit": 2, "32-bit": 4, "64-bit": 8}
_LEAST_BYTES_A_VOXEL = 0.25
"""A compressed CT takes 0.5 to 1.5 bytes a voxel, a label map a few hundredths."""
_SAMPLE_BYTES = 1 << 18
_FEW_VALUES = 256
_TISSUE_HU = -200
"""As in `imaging.reading.scan_reader`: without anything below this an image shows no air, or is not
in HU."""
_DATA_FILE = re.compile(rb"^\s*(?:ElementDataFile\s*=|data ?file:)[ \t]*(\S[^\r\n]*)", re.I | re.M)


@dataclass(frozen=True)
class ImageFile:
    """One image file.

    Attributes
    ----------
    folder, name : str
        Where it is.
    voxels : int
        How many; 0 if unknown.
    geometry : tuple
        Size, spacing, origin, direction and pixel type.
    data : str
        Name of the file with the voxels, which may be another one beside it.
    size, sample : int, bytes
        Length of that file in bytes and a hash of pieces of it: copies have both alike.
    no_scan : str
        Why it is no scan; empty if it may be one.
    problem : AnalysisError or None
        Why it cannot be read; None if it may be.
    """

    folder: str
    name: str
    voxels: int = 0
    geometry: tuple[object, ...] = ()
    data: str = ""
    size: int = 0
    sample: bytes = b""
    no_scan: str = ""
    problem: AnalysisError | None = None

    @property
    def path(self) -> Path:
        """Path of the file."""
        return Path(self.folder, self.name)

    @property
    def data_path(self) -> Path:
        """Path of the file with the voxels."""
        return Path(self.folder, self.data)


def stem(name: str) -> str:
    """Name of an image file without what says its format."""
    suffix = max((each for each in SUFFIXES if name.lower().endswith(each)), key=len, default="")
    return name[: len(name) - len(suffix)]


def read_image_file(folder: str, name: str) -> ImageFile:
    """Read an image file's header, and as few voxels as distinguish masks from scans.

    Masks are known by 8-bit values, by what 3D Slicer writes into a segmentation's header, and, if
    the name or the size of the file raises doubt, by their values: few different ones and none
    of air.

    Parameters
    ----------
    folder, name : str
        Where it is.

    Returns
    -------
    ImageFile
        With `problem` or `no_scan` where that is so.
    """
    path = Path(folder, name)
    if not is_utf8(path):
        error = AnalysisError("Its path is not UTF-8; rename file or folder.")
        return ImageFile(folder, name, problem=error)
    twin = unpacked_twin(path)
    if twin:
        return ImageFile(folder, name, no_scan=f"{twin.name} beside it is read in its place")
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        if not is_safe(path):
            raise damaged(path)
        with quiet_readers():
            reader.ReadImageInformation()
        data = _data_file(path)
        size, sample = _sampled(path.with_name(data))
    except (AnalysisError, RuntimeError, OSError):
        return ImageFile(folder, name, problem=damaged(path))
    pixel_type = sitk.GetPixelIDValueAsString(reader.GetPixelIDValue())
    lengths = reader.GetSize()
    voxels = int(np.prod(lengths, dtype=np.int64))
    geometry = (lengths, reader.GetSpacing(), reader.GetOrigin(), reader.GetDirection(), pixel_type)
    no_scan = _no_scan(reader, pixel_type)
    if not no_scan and _is_doubtful(path.with_name(data), name, pixel_type, voxels, size):
        no_scan = _no_scan_by_values(path)
    return ImageFile(folder, name, voxels, geometry, data, size, sample, no_scan)


def content_hash(path: str) -> bytes:
    """Hash of all of a file; empty if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "blake2b").digest()
    except OSError:
        return b""


def _no_scan(reader: sitk.ImageFileReader, pixel_type: str) -> str:
    """Why an image is no scan by its header, empty if it may be one."""
    lengths = reader.GetSize()
    if any(key.startswith("Segment0_") for key in reader.GetMetaDataKeys()):
        return "a segmentation"
    if reader.GetNumberOfComponents() > 1:
        return f"{reader.GetNumberOfComponents()} values a voxel: a color picture or vector field"
    if "8-bit" in pixel_type:
        return "8-bit values: a mask or picture"
    if len(lengths) < 3 or min(lengths[:3]) == 1:
        return "a picture of one plane"
    return ""


def _is_doubtful(data: Path, name: str, pixel_type: str, voxels: int, size: int) -> bool:
    """Whether name, type or length of a file are those of masks rather than of CT."""
    if "unsigned" in pixel_type or _words(name) & _MASK_WORDS:
        return True
    item = next((each for key, each in _ITEM_BYTES.items() if key in pixel_type), 4)
    if size < voxels * item:
        return size < voxels * _LEAST_BYTES_A_VOXEL
    # Not compressed: as many values as CT has show in any piece of its middle.
    half = _SAMPLE_BYTES // 2 // item
    with data.open("rb") as file:
        # The voxels end the file.
        file.seek(size - voxels * item + max(0, voxels // 2 - half) * item)
        piece = file.read(2 * half * item)
    values = np.frombuffer(piece[: len(piece) // item * item], f"u{item}")
    return np.unique(values).size < _FEW_VALUES // 4


def _words(name: str) -> set[str]:
    return set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem(name)).lower()))


def _no_scan_by_values(path: Path) -> str:
    """Why an image is no scan by its values, empty if it may be one."""
    try:
        image = read_image(path)
    except AnalysisError:
        # Reported later, as a case that cannot be read.
        return ""
    values = sitk.GetArrayViewFromImage(image)
    low, high = float(values.min()), float(values.max())
    if not low < _TISSUE_HU:
        if low >= -1 and high <= 1:
            return f"values from {low:g} to {high:g}: a mask"
        some = np.unique(values[:: max(1, len(values) // 32)])
        if len(some) < _FEW_VALUES and not np.any(some % 1):
            return f"values from {low:g} to {high:g}, few different ones: a label map"
    return ""


def _data_file(path: Path) -> str:
    """Name of the file with the voxels, as a detached header gives it."""
    if not path.name.lower().endswith((".mhd", ".nhdr")):
        return path.name
    with path.open("rb") as file:
        match = _DATA_FILE.search(file.read(1 << 16))
    name = os.fsdecode(match[1].strip()) if match else ""
    # Headers may list several files, or give a pattern: then the header stands for them.
    return name if name and path.with_name(Path(name).name).is_file() else path.name


def _sampled(path: Path) -> tuple[int, bytes]:
    """Length of a file, and a hash of its start, middle and end."""
    digest = hashlib.blake2b(digest_size=16)
    piece = _SAMPLE_BYTES // 4
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        for start in (0, size // 2, max(0, size - piece)):
            file.seek(start)
            digest.update(file.read(piece))
    return size, digest.digest()
