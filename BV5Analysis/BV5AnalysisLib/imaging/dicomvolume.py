"""The slices of a DICOM series put together to a volume."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from .dicomseries import Series, Slice
from .errors import AnalysisError
from .quiet import quiet_readers
from .scan import Acquisition

SAME_PLACE_MM = 0.01
UNEVEN = 0.1
"""Share of the slice spacing that one step may differ; headers round positions to 0.1 mm."""
TILT_SINE = 0.005
"""About 0.3 degrees between the stack and the slices' normal."""


def read_series(series: Series) -> sitk.Image:
    """Read the slices of a series, in the order of their position.

    Parameters
    ----------
    series : Series
        A CT series.

    Returns
    -------
    SimpleITK.Image
        HU, int16, or float32 where the rescaling is not by whole numbers.

    Raises
    ------
    AnalysisError
        Slices are missing, doubled, uneven, tilted, of different sizes, or cannot be read.
    """
    slices = series.slices
    _check_same_kind(slices)
    rows, columns = np.reshape(slices[0].header.ImageOrientationPatient, (2, 3)).astype(float)
    normal = np.cross(rows, columns)
    positions = np.array([piece.header.ImagePositionPatient for piece in slices], float)
    order = np.argsort(positions @ normal, kind="stable")
    slices, positions = [slices[i] for i in order], positions[order]
    _check_steps(slices, positions @ normal)
    _check_tilt(positions, normal)

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(piece.path) for piece in slices])
    if not all(_whole_rescale(piece) for piece in slices):
        reader.SetOutputPixelType(sitk.sitkFloat32)
    try:
        with quiet_readers():
            image = reader.Execute()
    except RuntimeError as error:
        raise AnalysisError(
            f"Series {series.title} cannot be read: a slice is damaged or not complete;"
            " copy the series again."
        ) from error
    spacing = [float(value) for value in slices[0].header.PixelSpacing]
    step = float((positions[-1] - positions[0]) @ normal) / (len(slices) - 1)
    image.SetSpacing((spacing[1], spacing[0], step))
    image.SetOrigin(positions[0].tolist())
    image.SetDirection(np.stack([rows, columns, normal], axis=1).ravel().tolist())
    return image


def acquisition_of(series: Series) -> Acquisition:
    """Return what the headers say about how the scan was made; UIDs only where valid."""
    thickness = series.first("SliceThickness")
    return Acquisition(
        study_uid=_valid_uid(series.first("StudyInstanceUID")),
        series_uid=_valid_uid(series.first("SeriesInstanceUID")),
        manufacturer=_text(series.first("Manufacturer")),
        model=_text(series.first("ManufacturerModelName")),
        kernel=_text(series.first("ConvolutionKernel")),
        contrast_agent=_text(series.first("ContrastBolusAgent")),
        slice_thickness_mm=None if thickness is None else float(thickness),
    )


def _valid_uid(uid: object) -> str | None:
    return str(uid) if uid is not None and uid.is_valid else None


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.strip() if isinstance(value, str) else "/".join(str(part) for part in value)


def _whole_rescale(piece: Slice) -> bool:
    values = (piece.header.get("RescaleSlope", 1), piece.header.get("RescaleIntercept", 0))
    return all(float(value).is_integer() for value in values)


def _check_same_kind(slices: tuple[Slice, ...]) -> None:
    first = slices[0].header
    if any(int(piece.header.get("NumberOfFrames") or 1) > 1 for piece in slices):
        raise AnalysisError(
            "The series is multi-frame (enhanced) DICOM, which is not read;"
            " export it as single slices or as NRRD."
        )
    if len(slices) < 3:
        raise AnalysisError(f"The series has only {len(slices)} slices; give the whole chest.")
    for piece in slices:
        header = piece.header
        for tag in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
            if not header.get(tag):
                raise AnalysisError(
                    f"File {piece.path.name} has no {tag}; give an original series of slices."
                )
        if (header.get("SamplesPerPixel") or 1) != 1:
            raise AnalysisError(
                f"File {piece.path.name} is a color picture, not CT; give the original series."
            )
        same = (header.Rows, header.Columns) == (first.Rows, first.Columns)
        same &= np.allclose(header.PixelSpacing, first.PixelSpacing, atol=1e-4)
        orientations = header.ImageOrientationPatient, first.ImageOrientationPatient
        if not same or not np.allclose(*orientations, atol=1e-3):
            raise AnalysisError(
                f"File {piece.path.name} differs from the others of its series in size,"
                " pixel spacing or direction; give a series of like slices."
            )


def _check_steps(slices: list[Slice], heights: np.ndarray) -> None:
    """Refuse slices that do not lie at even steps."""
    steps = np.diff(heights)
    doubled = np.flatnonzero(steps < SAME_PLACE_MM)
    if len(doubled):
        names = [slices[i].path.name for i in (doubled[0], doubled[0] + 1)]
        raise AnalysisError(
            f"{len(doubled)} slices lie where another one does ({names[0]} and {names[1]});"
            " remove the copies, or give one acquisition only."
        )
    step = float(np.median(steps))
    wide = np.flatnonzero(steps > 1.5 * step)
    whole = np.abs(steps[wide] / step - np.rint(steps[wide] / step)) < UNEVEN
    if len(wide) and whole.all():
        count = int(np.rint(steps[wide] / step).sum()) - len(wide)
        after = slices[wide[0]].path.name
        raise AnalysisError(
            f"{count} slices are missing, first after {after}; export the whole series again."
        )
    if np.abs(steps - step).max() > max(UNEVEN * step, 0.11):
        raise AnalysisError(
            f"Slice spacing is irregular ({steps.min():.2f} to {steps.max():.2f} mm);"
            " give a series with even spacing."
        )


def _check_tilt(positions: np.ndarray, normal: np.ndarray) -> None:
    """Refuse a stack that does not stand upright on its slices."""
    along = positions[-1] - positions[0]
    shift = along - (along @ normal) * normal
    sine = float(np.linalg.norm(shift) / np.linalg.norm(along))
    if sine > TILT_SINE:
        raise AnalysisError(
            f"The slices are tilted by {np.degrees(np.arcsin(sine)):.1f} degrees (gantry tilt);"
            " give a series without tilt, or resample it in Slicer first."
        )
