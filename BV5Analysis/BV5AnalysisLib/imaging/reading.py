"""A chest CT from a file, a folder or memory, checked before anything is measured in it."""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pydicom.misc
import SimpleITK as sitk

from .dicomseries import choose_series, find_series
from .dicomvolume import acquisition_of, read_series
from .errors import AnalysisError
from .quiet import quiet_readers
from .scan import Acquisition, Scan
from .scanquality import COARSEST_MM, acquisition_findings
from .volume import Volume

SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd")
AIR_BELOW_HU = -200
"""Every chest CT has voxels below it."""


def read_scan(path: Path | str, series: str | None = None) -> Scan:
    """Read a chest CT.

    Parameters
    ----------
    path : Path or str
        DICOM folder, or a .nrrd, .nii, .nii.gz, .mha or .mhd file.
    series : str, optional
        SeriesInstanceUID, or number in the list of series, where a folder holds several.

    Returns
    -------
    Scan
        Attenuation in HU with geometry and identity.

    Raises
    ------
    AnalysisError
        It cannot be read, or is no chest CT that can be measured.
    """
    path = Path(path)
    if not path.exists():
        raise AnalysisError(f"There is no file or folder {path}; check the path.")
    source = path.resolve().name
    if path.is_dir():
        chosen = choose_series(find_series(path), series, source)
        return scan_from_image(read_series(chosen), source, acquisition_of(chosen))
    if series is not None:
        raise AnalysisError(f"{source} is one file; --series is for DICOM folders.")
    return scan_from_image(read_image(path), source)


def scan_from_image(
    image: sitk.Image, source: str = "", acquisition: Acquisition | None = None
) -> Scan:
    """Check an image in memory and make a scan of it.

    Parameters
    ----------
    image : SimpleITK.Image
        3D, scalar, HU.
    source : str
        Name of where it comes from.
    acquisition : Acquisition, optional
        What is known about how it was made.

    Returns
    -------
    Scan
        int16, or float32 where values are no whole numbers.

    Raises
    ------
    AnalysisError
        It is no chest CT that can be measured.
    """
    name = source or "The image"
    acquisition = acquisition or Acquisition()
    image = check_kind(image, name)
    _check_geometry(image, acquisition, name)
    volume = Volume.of(image)
    volume = volume.with_array(_hounsfield(volume.array, name))
    little_endian = np.ascontiguousarray(volume.array, volume.array.dtype.newbyteorder("<"))
    findings = acquisition_findings(volume.grid, acquisition)
    sha256 = hashlib.sha256(little_endian).hexdigest()
    return Scan(volume, sha256, source, acquisition, findings)


def read_image(path: Path) -> sitk.Image:
    """Read an image file of one of the known formats.

    Raises
    ------
    AnalysisError
        The format is not known, or the file is damaged.
    """
    if not path.name.lower().endswith(SUFFIXES):
        if pydicom.misc.is_dicom(path):
            raise AnalysisError(f"{path.name} is one DICOM file; give the folder of its series.")
        raise AnalysisError(
            f"{path.name} is of no known format; give a DICOM folder or one of"
            f" {', '.join(SUFFIXES)}."
        )
    try:
        with quiet_readers():
            image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        if "orthonormal" in str(error):
            raise AnalysisError(
                f"{path.name} has axes that are not at right angles (gantry tilt);"
                " resample it in Slicer first."
            ) from error
        raise _damaged(path) from error
    if path.name.lower().endswith((".nii", ".nii.gz")) and not _nifti_is_whole(path):
        raise _damaged(path)
    return image


def check_kind(image: sitk.Image, name: str) -> sitk.Image:
    """Return the image as 3D; refuse pictures, series over time and single slices.

    Raises
    ------
    AnalysisError
        It is no scalar volume.
    """
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise AnalysisError(
            f"{name} has several values a voxel (a color picture or a time series), not CT;"
            " give one CT volume."
        )
    size = image.GetSize()
    if image.GetDimension() > 3:
        if max(size[3:]) > 1:
            raise AnalysisError(
                f"{name} is 4D ({' x '.join(map(str, size))}); give one of its volumes."
            )
        image = image[(slice(None),) * 3 + (0,) * (image.GetDimension() - 3)]
    if image.GetDimension() < 3 or min(image.GetSize()) < 3:
        raise AnalysisError(f"{name} is 2D; give the whole CT volume.")
    return image


def _check_geometry(image: sitk.Image, acquisition: Acquisition, name: str) -> None:
    axes = np.reshape(image.GetDirection(), (3, 3))
    if not np.allclose(axes.T @ axes, np.eye(3), atol=5e-3):
        raise AnalysisError(
            f"{name} has axes that are not at right angles (gantry tilt); resample it in Slicer."
        )
    coarsest = max(image.GetSpacing())
    if not (np.isfinite(coarsest) and coarsest <= COARSEST_MM):
        raise AnalysisError(
            f"{name} has slices {coarsest:.2g} mm apart; vessels need {COARSEST_MM:g} mm or less,"
            " best 1.5 mm or less."
        )
    if (acquisition.slice_thickness_mm or 0) > COARSEST_MM:
        raise AnalysisError(
            f"{name} has slices {acquisition.slice_thickness_mm:.2g} mm thick; vessels need"
            f" {COARSEST_MM:g} mm or less, best 1.5 mm or less."
        )


def _hounsfield(array: np.ndarray, name: str) -> np.ndarray:
    """Return the values as int16, or as float32 where they are no whole numbers."""
    if array.dtype.itemsize == 1:
        raise AnalysisError(
            f"{name} has 8-bit values (a mask or a picture), not HU; give the original CT."
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise AnalysisError(f"{name} holds NaN or infinite values; give the original CT.")
    lowest, highest = float(array.min()), float(array.max())
    if lowest >= AIR_BELOW_HU:
        raise AnalysisError(
            f"{name} has no air (lowest value {lowest:g}): it is no CT in Hounsfield units;"
            " give a chest CT, rescaled to HU."
        )
    limits = np.iinfo(np.int16)
    if lowest < limits.min or highest > limits.max:
        raise AnalysisError(
            f"{name} has values from {lowest:g} to {highest:g}, which are no Hounsfield units;"
            " give the original CT."
        )
    if array.dtype.kind != "f":
        return array.astype(np.int16, copy=False)
    rounded = np.rint(array)
    if np.abs(array - rounded).max() < 1e-3:
        return rounded.astype(np.int16)
    return array.astype(np.float32, copy=False)


def _damaged(path: Path) -> AnalysisError:
    return AnalysisError(f"{path.name} is damaged or not complete; copy it again.")


def _nifti_is_whole(path: Path) -> bool:
    """Whether a NIfTI file is as long as its header says; ITK fills what is missing silently."""
    opened = gzip.open if path.name.lower().endswith(".gz") else Path.open
    try:
        with opened(path, "rb") as stream:
            header = stream.read(348)
            order = "<" if header[:4] == struct.pack("<i", 348) else ">"
            if header[344:347] not in (b"n+1", b"ni1") or len(header) < 348:
                return False
            dimensions = struct.unpack(order + "8h", header[40:56])
            bits = struct.unpack(order + "h", header[72:74])[0]
            offset = struct.unpack(order + "f", header[108:112])[0]
            voxels = int(np.prod(np.array(dimensions[1 : 1 + dimensions[0]], np.int64)))
            wanted = int(offset) + voxels * bits // 8
            length = len(header)
            while length < wanted:
                block = stream.read(min(1 << 24, wanted - length))
                if not block:
                    return False
                length += len(block)
    except (EOFError, OSError, gzip.BadGzipFile):
        return False
    return True
