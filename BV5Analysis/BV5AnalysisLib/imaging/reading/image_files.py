"""Volumes in NRRD, NIfTI and MetaImage files."""

from __future__ import annotations

import gzip
import math
import os
import re
import zlib
from pathlib import Path

import SimpleITK as sitk

from ..errors import AnalysisError
from .quiet import quiet_readers

SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd")
"""Names of files that are read, by their ends."""
_GZIP_MAGIC = b"\x1f\x8b"
_META_AXES = re.compile(rb"^\s*NDims\s*=\s*(\d+)", re.MULTILINE)
_MOST_AXES = 9
"""More axes than this crash ITK's reader of MetaImage files."""
_HEADER_BYTES = 1 << 16
"""Start of a file that holds its header."""


def is_image_file(path: Path) -> bool:
    """Whether a file's name ends as those that are read."""
    return path.name.lower().endswith(SUFFIXES)


def read_image(path: Path) -> sitk.Image:
    """Read one image file.

    Parameters
    ----------
    path : pathlib.Path
        File; its name's end decides the format.

    Returns
    -------
    SimpleITK.Image
        Of any dimension and pixel type, as the file has it.

    Raises
    ------
    AnalysisError
        There is no such file, it may not be read, its type is not known, it is sheared, or
        damaged.
    """
    check_readable(path)
    if not is_image_file(path):
        raise AnalysisError(
            f"{{file}} is of no known type; give a DICOM folder, or a file ending in "
            f"{', '.join(SUFFIXES)}.",
            file=path,
        )
    if not is_safe(path):
        raise damaged(path)
    twin = unpacked_twin(path)
    if twin:
        raise AnalysisError(
            "{file} would not be read but {twin} beside it; move one of them away.",
            file=path,
            twin=twin.name,
        )
    try:
        with quiet_readers():
            image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        if "orthonormal" in str(error):  # ITK's word for what its NIfTI reader refuses.
            raise not_perpendicular("{file}", path) from error
        raise damaged(path) from error
    if path.name.lower().endswith((".nii", ".nii.gz")) and not _is_whole_nifti(path, image):
        raise damaged(path)
    return image


def check_readable(path: Path) -> None:
    """Raise AnalysisError unless a file or folder is there, may be read, and has a proper name."""
    if not is_utf8(path):
        raise AnalysisError(f"The name of {str(path)!a} is not UTF-8; rename it.")
    if not path.exists():
        raise AnalysisError("There is no file or folder {path}; check the path.", file=path)
    try:
        if path.is_dir():
            next(path.iterdir(), None)
        else:
            path.open("rb").close()
    except OSError as error:
        raise AnalysisError(
            "{path} cannot be read ({reason}); check its permissions.",
            file=path,
            reason=error.strerror,
        ) from error


def is_utf8(path: Path) -> bool:
    """Whether a path is text: SimpleITK and VTK end the whole program where it is not."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def is_safe(path: Path) -> bool:
    """Whether ITK survives a file: numbers of axes beyond what it has room for end the program."""
    if not path.name.lower().endswith((".mha", ".mhd")):
        return True
    with path.open("rb") as file:
        axes = _META_AXES.search(file.read(_HEADER_BYTES))
    return axes is None or int(axes[1]) <= _MOST_AXES


def unpacked_twin(path: Path) -> Path | None:
    """File that ITK reads in place of a .nii.gz file: the .nii file of the same name, if any."""
    twin = path.with_suffix("")
    is_packed = path.name.lower().endswith(".nii.gz")
    return twin if is_packed and twin.is_file() else None


def damaged(path: Path) -> AnalysisError:
    """Error for a file whose content cannot be read."""
    return AnalysisError(
        "{file} is cut short, damaged, or not what its name says; copy or export it again.",
        file=path,
    )


def not_perpendicular(name: str, file: Path | None = None) -> AnalysisError:
    """Error for a sheared volume, as a tilted gantry makes; the name may be that of a file."""
    return AnalysisError(
        f"{name} has axes that are not perpendicular (gantry tilt?); "
        "resample it to a straight grid first.",
        file=file,
    )


def _is_whole_nifti(path: Path, image: sitk.Image) -> bool:
    """Whether a NIfTI file holds all voxels: ITK fills missing ones without a word."""
    header = {key: float(image.GetMetaData(key)) for key in ("vox_offset", "bitpix", "dim[0]")}
    lengths = [int(image.GetMetaData(f"dim[{i + 1}]")) for i in range(int(header["dim[0]"]))]
    expected = int(header["vox_offset"]) + math.prod(lengths) * int(header["bitpix"]) // 8
    with path.open("rb") as file:
        if file.read(2) != _GZIP_MAGIC:
            return path.stat().st_size >= expected
        file.seek(-4, os.SEEK_END)
        size = int.from_bytes(file.read(4), "little")
    # A gzip file ends in the size of its content: mostly no need to unpack it once more.
    return size == expected % 2**32 or _unpacked_bytes(path) >= expected


def _unpacked_bytes(path: Path) -> int:
    """Length of a gzip file's content, 0 if it is cut short; for files of several members."""
    length = 0
    try:
        with gzip.open(path) as file:
            while chunk := file.read(1 << 22):
                length += len(chunk)
    except (EOFError, OSError, zlib.error):
        return 0
    return length
