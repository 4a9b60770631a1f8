"""A CT series from DICOM files: which files belong to it, their order, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import SimpleITK as sitk

from ..errors import AnalysisError
from ..model.constants import MethodConstants, constant
from ..model.volume import Triple, triple
from .dicom_headers import Header, read_header
from .image_files import check_readable, damaged, is_utf8
from .quiet import quiet_readers


@dataclass(frozen=True)
class SeriesConstants(MethodConstants):
    """Tolerances of a whole and regular series."""

    regular: float = constant(
        0.1,
        "1",
        "Largest distance of a slice from its evenly spaced position, by the spacing.",
        "Rounding of positions stays below; a missing slice is a whole spacing. Chosen by eye.",
    )
    repeated: float = constant(
        0.1,
        "1",
        "Gap up to which two slices are duplicates, by the median gap.",
        "Copies differ only by rounding. Chosen by eye.",
    )
    least_gap_mm: float = constant(
        0.01,
        "mm",
        "Gap above which slices are at different positions.",
        "Far below the spacing of any scanner, far above rounding.",
    )
    parallel: float = constant(
        1e-3,
        "1",
        "Largest difference of direction cosines, and of pixel spacing by its size.",
        "Headers round to 1e-4 or better; over 500 mm it is half a millimeter.",
    )
    tilt_shift: float = constant(
        0.5,
        "1",
        "Sideways shift over the whole series that is a tilted gantry, by the pixel size.",
        "Half a pixel is the error of a regular grid.",
    )
    fewest_slices: int = constant(
        10,
        "1",
        "Series of fewer slices are no candidates beside a longer one.",
        "Bolus tracking and localizers have fewer, chest CT has many more.",
    )


CONSTANTS = SeriesConstants()


@dataclass(frozen=True)
class _Slice:
    """One image of a series whose place is known; fields as those of `Header`."""

    header: Header
    pixel_spacing_mm: tuple[float, float]
    position_mm: Triple
    cosines: tuple[float, ...]


def read_dicom_folder(folder: Path, series: str | None = None) -> tuple[sitk.Image, Header]:
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
    header : Header
        Of the first slice.

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


def read_dicom_sources(sources: Sequence[Path], series_uid: str) -> tuple[sitk.Image, Header]:
    """Read one CT series from files and folders that are known.

    Parameters
    ----------
    sources : sequence of pathlib.Path
        Folders, which stand for the files directly in them, and single files.
    series_uid : str
        UID of the series; files of others are passed over. Empty: all files are of one that has
        none.

    Returns
    -------
    image, header
        As `read_dicom_folder` gives.

    Raises
    ------
    AnalysisError
        A source cannot be read, the series is not there, or it is incomplete or irregular.
    """
    files: list[Path] = []
    for source in sources:
        if is_utf8(source):  # If not, `_read_pixels` says so without showing the path.
            check_readable(source)
        files += files_directly_in(source) if source.is_dir() else [source]
    headers = [header for path in files if (header := read_header(path))]
    found = [header for header in headers if header.series_uid == series_uid]
    if not found:
        raise AnalysisError(
            "The series is not where it was found before; was it moved? Start the batch anew."
        )
    return _read_series(_without_localizers(found), "The series")


def files_directly_in(folder: Path) -> list[Path]:
    """Files of a folder in order of their names, without hidden ones."""
    return sorted(path for path in folder.iterdir() if path.name[0] != "." and path.is_file())


def refuse_dicom_file(path: Path) -> NoReturn:
    """Refuse a single file that is no image file, with the reason.

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
    _placed([header], path.name)
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
        return _without_localizers(group)
    if not found:
        raise AnalysisError(f"{name} has no series {series}; it holds {_listed(groups)}.")
    raise AnalysisError(
        f"{name} holds {len(found)} series; choose one by --series UID or number: {_listed(found)}."
    )


def _without_localizers(headers: list[Header]) -> list[Header]:
    """Series without the localizer, which some scanners put into it, unless it is one."""
    return [header for header in headers if not header.localizer] or headers


def _volumes(groups: dict[str, list[Header]]) -> dict[str, list[Header]]:
    """Series that may be a CT volume, without the localizers and bolus tracking of its study."""
    slices = {
        uid: sum(header.modality == "CT" and not header.localizer for header in group)
        for uid, group in groups.items()
    }
    fewest = min(CONSTANTS.fewest_slices, max(slices.values()))
    return {uid: group for uid, group in groups.items() if slices[uid] >= max(fewest, 1)}


def _listed(groups: dict[str, list[Header]]) -> str:
    ordered = sorted(groups.items(), key=lambda item: item[1][0].series_number.zfill(8))
    return "; ".join(
        f"number {group[0].series_number or '–'}, UID {uid or '–'}, "
        f"{group[0].series_description or 'no description'}, {len(group)} slices"
        for uid, group in ordered
    )


def _read_series(headers: Sequence[Header], name: str) -> tuple[sitk.Image, Header]:
    _check_kind(headers, name)
    slices = _placed(headers, name)
    _check_same(slices, name)
    slices = sorted(slices, key=_height)
    first = slices[0]
    normal = first.header.normal
    positions_mm = np.array([item.position_mm for item in slices])
    spacing = slice_spacing(positions_mm, normal, min(first.pixel_spacing_mm), name)
    image = _read_pixels([item.header for item in slices])
    row, column = first.cosines[:3], first.cosines[3:]
    image.SetOrigin(first.position_mm)
    image.SetSpacing((first.pixel_spacing_mm[1], first.pixel_spacing_mm[0], spacing))
    image.SetDirection(tuple(map(float, np.column_stack([row, column, normal]).ravel())))
    return image, first.header


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


def _height(of: _Slice) -> float:
    """Position along the normal, mm, by which slices are sorted."""
    return float(np.dot(of.position_mm, of.header.normal))


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
    else:
        return
    raise AnalysisError(f"{name} {what}.")


def _placed(headers: Sequence[Header], name: str) -> list[_Slice]:
    """Slices of headers that all state where their pixels lie; AnalysisError otherwise."""
    slices = []
    for header in headers:
        position, cosines, pixel = header.position_mm, header.cosines, header.pixel_spacing_mm
        if not (position and cosines and pixel):
            raise AnalysisError(
                f"{name} has slices without position, orientation or pixel spacing;"
                " give the original series."
            )
        slices.append(_Slice(header, (pixel[0], pixel[1]), triple(position), cosines))
    return slices


def _check_same(slices: Sequence[_Slice], name: str) -> None:
    """Refuse slices that do not make one volume."""
    if len(slices) < 2:
        raise AnalysisError(f"{name} has a single slice; give the whole series.")
    if len({item.header.rows_columns for item in slices}) > 1:
        raise AnalysisError(f"{name} has slices of different sizes; give one reconstruction.")
    spacings = np.array([item.pixel_spacing_mm for item in slices])
    if np.ptp(spacings, axis=0).max() > CONSTANTS.parallel * spacings.min():
        raise AnalysisError(
            f"{name} has slices of different pixel spacing; give one reconstruction."
        )
    cosines = np.array([item.cosines for item in slices])
    if np.ptp(cosines, axis=0).max() > CONSTANTS.parallel:
        raise AnalysisError(f"{name} has slices in different directions; give one reconstruction.")


def _check_not_tilted(
    positions_mm: np.ndarray, normal: np.ndarray, pixel_mm: float, name: str
) -> None:
    """Refuse slices that are shifted sideways against each other."""
    offset = positions_mm[-1] - positions_mm[0]
    along = float(offset @ normal)
    shift = float(np.linalg.norm(offset - along * normal))
    if shift > CONSTANTS.tilt_shift * pixel_mm and along > 0:
        angle = np.degrees(np.arctan2(shift, along))
        raise AnalysisError(
            f"{name} was scanned with a tilted gantry ({angle:.1f}°); give a series without tilt, "
            "or resample it to a straight grid first."
        )


def _even_spacing(heights: np.ndarray, name: str) -> float:
    """Distance between slices at these ascending heights, mm."""
    regular = CONSTANTS.regular
    gaps = np.diff(heights)
    apart = gaps[gaps > CONSTANTS.least_gap_mm]
    usual = float(np.median(apart)) if apart.size else 0.0
    repeated = int(np.count_nonzero(gaps <= CONSTANTS.repeated * usual))
    if repeated:
        raise AnalysisError(
            f"{name} has duplicate slices: {repeated} of {heights.size} lie where another does; "
            "remove copies, or give one phase or reconstruction."
        )
    steps = np.rint(gaps / usual)
    if steps.max() > 1 and np.abs(gaps - steps * usual).max() <= regular * usual:
        places = ", ".join(f"{height:.1f}" for height in heights[:-1][steps > 1][:3])
        raise AnalysisError(
            f"{name} misses {int((steps - 1).sum())} slices, after position {places} mm; "
            "copy or export the series again."
        )
    spacing = float(heights[-1] - heights[0]) / (heights.size - 1)
    even = heights[0] + spacing * np.arange(heights.size)
    if max(np.abs(gaps - usual).max(), np.abs(heights - even).max()) > regular * usual:
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
            image: sitk.Image = reader.Execute()
            return image
    except RuntimeError as error:
        raise damaged(_first_unreadable(headers)) from error


def _pixel_type(headers: Sequence[Header]) -> int:
    """Type that holds every slice: ITK would take that of the first one and clip the others."""
    pixel_type: int = sitk.sitkFloat32
    if all(header.whole_hu for header in headers):
        limits = np.array([header.hu_limits for header in headers])
        short = np.iinfo(np.int16)
        fits = limits.min() >= short.min and limits.max() <= short.max
        pixel_type = sitk.sitkInt16 if fits else sitk.sitkInt32
    return pixel_type


def _first_unreadable(headers: Sequence[Header]) -> Path:
    for header in headers:
        try:
            with quiet_readers():
                sitk.ReadImage(str(header.path))
        except RuntimeError:
            return header.path
    return headers[0].path.parent
