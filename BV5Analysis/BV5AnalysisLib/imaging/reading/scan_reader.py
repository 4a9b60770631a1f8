"""A chest CT from a file, a folder or memory, checked before anything is measured in it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import AnalysisError
from ..model.constants import MethodConstants, constant
from ..model.scan import OUTSIDE_HU, PADDING_BELOW_HU, Acquisition, Scan
from ..model.volume import Grid, Triple, Volume
from . import scan_findings
from .dicom_headers import Header
from .dicom_series import read_dicom_folder, read_dicom_sources, refuse_dicom_file
from .image_files import check_readable, is_image_file, not_perpendicular, read_image
from .scan_findings import acquisition_findings


@dataclass(frozen=True)
class ScanConstants(MethodConstants):
    """Limits of what is accepted as a chest CT."""

    least_voxels: int = constant(
        10,
        "voxels",
        "Smallest number along any axis.",
        "Fewer are a picture or a slab, not a chest.",
    )
    some_below_hu: float = constant(
        -200,
        "HU",
        "A chest CT has values below this.",
        "Air in the lungs is far below; images not in HU, or without air, are not.",
    )
    step_hu: float = constant(
        0.125,
        "HU",
        "Values are rounded to multiples of this.",
        "Scanners state whole numbers, halves or quarters; rescaling in single precision and"
        " resampling leave fractions that mean nothing beside a noise of 5 HU and more.",
    )
    finest_mm: float = constant(
        0.1,
        "mm",
        "Smallest voxel size.",
        "Clinical CT resolves 0.25 mm at best; spacing in meters or centimeters is below.",
    )
    coarsest_pixel_mm: float = constant(
        2.5,
        "mm",
        "Largest pixel size.",
        "Pixels of chest CT are 0.5 to 1 mm wide.",
    )
    perpendicular: float = constant(
        1e-3,
        "1",
        "Largest cosine between axes that are taken as perpendicular.",
        "Rounding of direction cosines stays below; a gantry tilt of 0.1° is above.",
    )


CONSTANTS = ScanConstants()


def read_scan(path: Path | str, series: str | None = None) -> Scan:
    """Read and check a chest CT.

    Parameters
    ----------
    path : path-like
        Folder with a DICOM series, or a .nrrd, .nhdr, .nii, .nii.gz, .mha or .mhd file.
    series : str, optional
        UID or number of the series, for a folder that holds several.

    Returns
    -------
    Scan
        HU to `ScanConstants.step_hu`, int16 where these are whole numbers, else float32, slices in
        order of position.

    Raises
    ------
    AnalysisError
        It cannot be read, is no chest CT, or is unfit to be measured; the message says why.
    """
    path = Path(path)
    check_readable(path)
    if not path.is_dir() and is_image_file(path):
        if series is not None:
            raise AnalysisError(f"--series chooses within a folder, and {path.name} is a file.")
        return scan_from_image(read_image(path), path.name)
    if not path.is_dir():
        refuse_dicom_file(path)
    image, header = read_dicom_folder(path, series)
    return _of_series(image, path.resolve().name, header)


def read_sources(sources: Sequence[Path], series_uid: str = "") -> Scan:
    """Read and check a chest CT whose files are known, as in a batch.

    Parameters
    ----------
    sources : sequence of pathlib.Path
        One image file; or DICOM: folders, which stand for the files directly in them, and single
        files.
    series_uid : str, optional
        UID of the series among DICOM files; empty if they are of one that has none.

    Returns
    -------
    Scan
        As `read_scan` gives.

    Raises
    ------
    AnalysisError
        It cannot be read, is no chest CT, or is unfit to be measured; the message says why, and
        names no folder and no image file: those often are names of patients.
    """
    path = sources[0]
    is_image = len(sources) == 1 and is_image_file(path) and not path.is_dir()
    try:
        if is_image:
            return scan_from_image(read_image(path))
        image, header = read_dicom_sources(sources, series_uid)
        return dataclasses.replace(_of_series(image, "The series", header), source="")
    except AnalysisError as error:
        file = "The image" if is_image else None
        raise AnalysisError(error.worded(file=file, path="of the scan")) from error


def scan_from_image(image: sitk.Image, source: str = "") -> Scan:
    """Check a chest CT that is in memory.

    Parameters
    ----------
    image : SimpleITK.Image
        Attenuation in HU, 3D.
    source : str, optional
        Name to show for it.

    Returns
    -------
    Scan
        As `read_scan` gives, without the acquisition of a DICOM header.

    Raises
    ------
    AnalysisError
        It is no chest CT, or unfit to be measured; the message says why.
    """
    return _checked(image, source, Acquisition())


def with_acquisition(scan: Scan, acquisition: Acquisition) -> Scan:
    """Add what the DICOM header of the same scan said to a scan of an image file.

    Parameters
    ----------
    scan : Scan
        As read.
    acquisition : Acquisition
        How it was made.

    Returns
    -------
    Scan
        The same voxels, with the findings that follow from the header.

    Raises
    ------
    AnalysisError
        By its header the scan is unfit to be measured.
    """
    _check_slices(scan.volume.grid.spacing, acquisition, scan.source or "The image")
    findings = acquisition_findings(scan.volume.grid, acquisition)
    return dataclasses.replace(scan, acquisition=acquisition, findings=findings)


def _of_series(image: sitk.Image, source: str, header: Header) -> Scan:
    """Scan of a DICOM series, with what its header says."""
    return dataclasses.replace(_checked(image, source, header.acquisition), person=header.person)


def _checked(image: sitk.Image, source: str, acquisition: Acquisition) -> Scan:
    name = source or "The image"
    image = _without_single_times(image)
    _check_kind(image, name)
    _check_geometry(image, acquisition, name)
    volume = Volume(_hounsfield_units(image, name), Grid.of(image).rounded())
    findings = acquisition_findings(volume.grid, acquisition)
    return Scan(volume, _sha256(volume.array), source, acquisition, findings)


def _without_single_times(image: sitk.Image) -> sitk.Image:
    """Drop further axes of length 1, which NIfTI files often have."""
    if image.GetDimension() > 3 and max(image.GetSize()[3:]) == 1:
        volume: sitk.Image = image[(slice(None),) * 3 + (0,) * (image.GetDimension() - 3)]
        return volume
    return image


def _check_kind(image: sitk.Image, name: str) -> None:
    """Refuse images that are no 3D volume of attenuation."""
    channels = image.GetNumberOfComponentsPerPixel()
    pixel_type = image.GetPixelIDTypeAsString()
    if image.GetDimension() != 3:
        what = f"is {image.GetDimension()}D; give one 3D CT volume"
    elif channels > 1:
        what = (
            f"has {channels} values a voxel, as color pictures and vector fields; give a CT in HU"
        )
    elif "8-bit" in pixel_type:
        what = "has 8-bit values, as masks and pictures; give a CT in HU"
    elif "complex" in pixel_type:
        what = "has complex values; give a CT in HU"
    elif min(image.GetSize()) < CONSTANTS.least_voxels:
        size = " × ".join(map(str, image.GetSize()))
        what = f"has {size} voxels, a picture or slab; give a CT of the whole chest"
    else:
        return
    raise AnalysisError(f"{name} {what}.")


def _check_geometry(image: sitk.Image, acquisition: Acquisition, name: str) -> None:
    """Refuse sheared volumes, as a tilted gantry makes, and slices too coarse for vessels."""
    cosines = np.reshape(image.GetDirection(), (3, 3))
    if np.abs(cosines.T @ cosines - np.eye(3)).max() > CONSTANTS.perpendicular:
        raise not_perpendicular(name)
    finest, second, _ = sorted(image.GetSpacing())
    if finest < CONSTANTS.finest_mm or second > CONSTANTS.coarsest_pixel_mm:
        raise AnalysisError(
            f"{name} has voxels of {' × '.join(f'{step:.3g}' for step in image.GetSpacing())} mm,"
            " which no chest CT has; check that its spacing is in mm, or take the full resolution."
        )
    _check_slices(image.GetSpacing(), acquisition, name)


def _check_slices(spacing_mm: Triple, acquisition: Acquisition, name: str) -> None:
    coarsest_mm = scan_findings.CONSTANTS.coarsest_slice_mm
    for value, what in (
        (max(spacing_mm), "apart"),
        (acquisition.slice_thickness_mm or 0.0, "thick"),
    ):
        if value > coarsest_mm:
            raise AnalysisError(
                f"{name} has slices {value:.3g} mm {what}; small vessels need "
                f"{coarsest_mm:g} mm or less, best 1.5 mm: use a thinner reconstruction."
            )


def _hounsfield_units(image: sitk.Image, name: str) -> np.ndarray:
    """Array in HU, int16 where whole numbers, else float32; AnalysisError if it is no CT."""
    values = sitk.GetArrayViewFromImage(image)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise AnalysisError(
            f"{name} has NaN or infinite values; replace them by -1024 HU (air) first."
        )
    low, high = float(values.min()), float(values.max())
    if low < PADDING_BELOW_HU:
        padding = values < PADDING_BELOW_HU
        low = float(values.min(where=~padding, initial=high))
        values = np.where(padding, values.dtype.type(OUTSIDE_HU), values)
    if low >= CONSTANTS.some_below_hu or high > np.iinfo(np.int16).max:
        raise AnalysisError(
            f"{name} has values from {low:g} to {high:g}, no Hounsfield units of a chest with its "
            "air; give the original chest CT."
        )
    if values.dtype.kind != "f":
        return values.astype(np.int16)
    return _as_stated(values)


def _as_stated(values: np.ndarray) -> np.ndarray:
    """Values rounded to `step_hu`: int16 where that makes them whole numbers, else float32."""
    rounded = np.empty(values.shape, np.float32)
    is_whole = True
    # Slice by slice, so that memory stays small.
    for number, plane in enumerate(values):
        rounded[number] = np.rint(plane / CONSTANTS.step_hu) * CONSTANTS.step_hu
        is_whole = is_whole and bool((rounded[number] % 1 == 0).all())
    return rounded.astype(np.int16) if is_whole else rounded


def _sha256(hu: np.ndarray) -> str:
    little_endian = hu.astype(hu.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(np.ascontiguousarray(little_endian)).hexdigest()
