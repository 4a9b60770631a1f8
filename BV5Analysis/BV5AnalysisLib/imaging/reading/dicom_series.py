"""A CT series from DICOM files: which files belong to it, in which order, and is it whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
import SimpleITK as sitk

from ..errors import AnalysisError
from ..model.scan import Acquisition
from .dicom_headers import Header, read_header
from .image_files import check_readable, damaged, is_utf8
from .quiet import quiet_readers

REGULAR = 0.1
"""How far slices may be from evenly spaced places, as a fraction of the spacing."""
PARALLEL = 1e-3
"""How much direction cosines may differ between slices."""
FEWEST_SLICES = 10
"""Shorter series, such as bolus tracking, are no choice beside a longer one."""


def read_dicom_folder(folder: Path, series: str | None = None) -> tuple[sitk.Image, Acquisition]:
    """Read the CT series of a folder, and of the folders in it.

    Parameters
    ----------
    folder : pathlib.Path
        Folder; files that hold no image are passed over.
    series : str, optional
        UID or number of the series; needed if there are several.

    Returns
    -------
    image : SimpleITK.Image
        HU, slices in order of position, spacing measured between positions.
    acquisition : Acquisition
        Header of the first slice.

    Raises
    ------
    AnalysisError
        There is no CT series, several without a choice, or one that is incomplete or irregular.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    name = folder.resolve().name
    if not files:
        raise AnalysisError(f"The folder {name} is empty; give the folder with the DICOM files.")
    headers = [header for path in files if (header := read_header(path))]
    if not headers:
        raise AnalysisError(
            f"The folder {name} has {len(files)} files but no DICOM image; "
            "give the folder with the CT series, or an image file itself."
        )
    return _read_series(_chosen(headers, series, name), name)


def read_dicom_sources(sources: Sequence[Path], series_uid: str) -> tuple[sitk.Image, Acquisition]:
    """Read one CT series from places that are known.

    Parameters
    ----------
    sources : sequence of pathlib.Path
        Folders, each for the files directly in it, and single files.
    series_uid : str
        UID of the series; files of others are passed over. Empty: all files are of one that has
        none.

    Returns
    -------
    image, acquisition
        As `read_dicom_folder` gives.

    Raises
    ------
    AnalysisError
        A place cannot be read, the series is not there, or it is incomplete or irregular.
    """
    files: list[Path] = []
    for source in sources:
        if is_utf8(source):  # Else it is told in other words, that do not show the path.
            check_readable(source)
        files += files_directly_in(source) if source.is_dir() else [source]
    headers = [header for path in files if (header := read_header(path))]
    found = [header for header in headers if header.series_uid == series_uid]
    if not found:
        raise AnalysisError(
            "The series is not where it was found before; was it moved? Start the batch anew."
        )
    return _read_series([each for each in found if not each.localizer] or found, "The series")


def files_directly_in(folder: Path) -> list[Path]:
    """Files of a folder in order of their names, without hidden ones."""
    return sorted(path for path in folder.iterdir() if path.name[0] != "." and path.is_file())


def refuse_dicom_file(path: Path) -> NoReturn:
    """Say why a single file is not read: a scan is a folder of DICOM files, or an image file.

    Parameters
    ----------
    path : pathlib.Path
        File of no other known type.

    Raises
    ------
    AnalysisError
        Always; the message says what the file is and what to give instead.
    """
    header = read_header(path)
    if header is None:
        raise AnalysisError(
            f"{path.name} is of no known type; give a DICOM folder, or a "
            ".nrrd, .nii, .nii.gz, .mha or .mhd file."
        )
    _check_kind([header], path.name)
    raise AnalysisError(f"{path.name} is one DICOM slice; give the folder that holds the series.")


def _chosen(headers: Sequence[Header], series: str | None, name: str) -> list[Header]:
    """Headers of the wanted series, or of the only one that can be a CT volume."""
    groups: dict[str, list[Header]] = {}
    for header in headers:
        groups.setdefault(header.series_uid, []).append(header)
    if series is not None:
        wanted = series.strip()
        found = {uid: group for uid, group in groups.items() if uid == wanted} or {
            uid: group for uid, group in groups.items() if group[0].series_number == wanted
        }
    else:
        found = _volumes(groups) or groups
    if len(found) == 1:
        (group,) = found.values()
        # Some scanners put the localizer into the series.
        return [header for header in group if not header.localizer] or group
    if not found:
        raise AnalysisError(f"{name} has no series {series}; it holds {_listed(groups)}.")
    raise AnalysisError(
        f"{name} holds {len(found)} series; choose one by --series UID or number: {_listed(found)}."
    )


def _volumes(groups: dict[str, list[Header]]) -> dict[str, list[Header]]:
    """Series that may be a CT volume: hospitals export localizers and bolus tracking with it."""
    slices = {
        uid: sum(header.modality == "CT" and not header.localizer for header in group)
        for uid, group in groups.items()
    }
    fewest = min(FEWEST_SLICES, max(slices.values()))
    return {uid: group for uid, group in groups.items() if slices[uid] >= max(fewest, 1)}


def _listed(groups: dict[str, list[Header]]) -> str:
    ordered = sorted(groups.items(), key=lambda item: item[1][0].series_number.zfill(8))
    return "; ".join(
        f"number {group[0].series_number or '–'}, UID {uid or '–'}, "
        f"{group[0].series_description or 'no description'}, {len(group)} slices"
        for uid, group in ordered
    )


def _read_series(headers: Sequence[Header], name: str) -> tuple[sitk.Image, Acquisition]:
    _check_kind(headers, name)
    _check_same(headers, name)
    headers = sorted(headers, key=_height)
    first = headers[0]
    positions_mm = np.array([header.position_mm for header in headers])
    spacing = slice_spacing(positions_mm, first.normal, min(first.pixel_spacing_mm), name)
    image = _read_pixels(headers)
    row, column, normal = first.cosines[:3], first.cosines[3:], tuple(first.normal)
    image.SetOrigin(first.position_mm)
    image.SetSpacing((first.pixel_spacing_mm[1], first.pixel_spacing_mm[0], spacing))
    image.SetDirection(tuple(float(v) for v in np.column_stack([row, column, normal]).ravel()))
    return image, first.acquisition


def slice_spacing(
    positions_mm: np.ndarray, normal: np.ndarray, pixel_mm: float, name: str
) -> float:
    """Distance between the slices of a whole and regular series.

    Parameters
    ----------
    positions_mm : numpy.ndarray
        First pixels' centers, (slice, 3), LPS, in order along `normal`.
    normal : numpy.ndarray
        Unit vector across the slices.
    pixel_mm : float
        Spacing of pixels, the smaller one.
    name : str
        What to call the series.

    Returns
    -------
    float
        Spacing, mm.

    Raises
    ------
    AnalysisError
        Slices are missing, doubled, unevenly spaced or shifted sideways; the message says which.
    """
    _check_not_tilted(positions_mm, normal, pixel_mm, name)
    return _even_spacing(positions_mm @ normal, name)


def _height(header: Header) -> float:
    """Position along the normal, mm: what orders slices, whatever their files are called."""
    return float(np.dot(header.position_mm, header.normal))


def _check_kind(headers: Sequence[Header], name: str) -> None:
    """Refuse series of anything but plain CT slices."""
    first = headers[0]
    if first.modality != "CT":
        what = f"is {first.modality or 'of no stated modality'}, not CT; give a chest CT"
    elif all(header.localizer for header in headers):
        what = "is a localizer (planning view); give the axial series"
    elif max(header.channels for header in headers) > 1:
        what = "has color pictures, not attenuation; give the original CT series"
    elif max(header.bits for header in headers) == 8:
        what = "has 8-bit pictures, not attenuation; give the original CT series"
    elif max(header.frames for header in headers) > 1:
        what = (
            "is an enhanced multi-frame CT, which is not read; "
            "load it in 3D Slicer and save it as .nrrd"
        )
    elif not all(
        header.position_mm and header.cosines and header.pixel_spacing_mm for header in headers
    ):
        what = "has slices without position, orientation or pixel spacing; give the original series"
    else:
        return
    raise AnalysisError(f"{name} {what}.")


def _check_same(headers: Sequence[Header], name: str) -> None:
    """Refuse slices that do not make one volume."""
    if len(headers) < 2:
        raise AnalysisError(f"{name} has a single slice; give the whole series.")
    if len({header.rows_columns for header in headers}) > 1:
        raise AnalysisError(f"{name} has slices of different sizes; give one reconstruction.")
    spacings = np.array([header.pixel_spacing_mm for header in headers])
    if np.ptp(spacings, axis=0).max() > PARALLEL * spacings.min():
        raise AnalysisError(
            f"{name} has slices of different pixel spacing; give one reconstruction."
        )
    cosines = np.array([header.cosines for header in headers])
    if np.ptp(cosines, axis=0).max() > PARALLEL:
        raise AnalysisError(f"{name} has slices in different directions; give one reconstruction.")


def _check_not_tilted(
    positions_mm: np.ndarray, normal: np.ndarray, pixel_mm: float, name: str
) -> None:
    """Refuse slices that are shifted sideways against each other."""
    way = positions_mm[-1] - positions_mm[0]
    along = float(way @ normal)
    shift = float(np.linalg.norm(way - along * normal))
    if shift > 0.5 * pixel_mm and along > 0:
        angle = np.degrees(np.arctan2(shift, along))
        raise AnalysisError(
            f"{name} was scanned with a tilted gantry ({angle:.1f}°); give a series without tilt, "
            "or resample it to a straight grid first."
        )


def _even_spacing(heights: np.ndarray, name: str) -> float:
    """Distance between slices at these ascending heights, mm."""
    gaps = np.diff(heights)
    apart = gaps[gaps > 0.01]
    usual = float(np.median(apart)) if apart.size else 0.0
    repeated = int(np.count_nonzero(gaps <= 0.1 * usual))
    if repeated:
        raise AnalysisError(
            f"{name} has duplicate slices: {repeated} of {heights.size} lie where another does; "
            "remove copies, or give one phase or reconstruction."
        )
    steps = np.rint(gaps / usual)
    if steps.max() > 1 and np.abs(gaps - steps * usual).max() <= REGULAR * usual:
        places = ", ".join(f"{height:.1f}" for height in heights[:-1][steps > 1][:3])
        raise AnalysisError(
            f"{name} misses {int((steps - 1).sum())} slices, after position {places} mm; "
            "copy or export the series again."
        )
    spacing = float(heights[-1] - heights[0]) / (heights.size - 1)
    even = heights[0] + spacing * np.arange(heights.size)
    if max(np.abs(gaps - usual).max(), np.abs(heights - even).max()) > REGULAR * usual:
        raise AnalysisError(
            f"{name} has irregular slice spacing, {gaps.min():.2f} to {gaps.max():.2f} mm; "
            "give a series of evenly spaced slices."
        )
    return spacing


def _read_pixels(headers: Sequence[Header]) -> sitk.Image:
    """All slices in HU, each by its own rescale slope and intercept."""
    if not all(is_utf8(header.path) for header in headers):
        raise AnalysisError("Names of the files are not UTF-8; rename them and their folders.")
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(header.path) for header in headers])
    reader.SetOutputPixelType(_pixel_type(headers))
    try:
        with quiet_readers():
            return reader.Execute()
    except RuntimeError as error:
        raise damaged(_first_unreadable(headers)) from error


def _pixel_type(headers: Sequence[Header]) -> int:
    """Type that holds every slice: ITK would take the first one's, and spoil what does not fit."""
    if not all(header.whole_hu for header in headers):
        return sitk.sitkFloat32
    limits = np.array([header.hu_limits for header in headers])
    short = np.iinfo(np.int16)
    fits = limits.min() >= short.min and limits.max() <= short.max
    return sitk.sitkInt16 if fits else sitk.sitkInt32


def _first_unreadable(headers: Sequence[Header]) -> Path:
    for header in headers:
        try:
            with quiet_readers():
                sitk.ReadImage(str(header.path))
        except RuntimeError:
            return header.path
    return headers[0].path.parent
