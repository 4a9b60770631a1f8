"""The scans that the rows of a manifest mean."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...imaging.errors import AnalysisError
from ...imaging.progress import Progress
from ...imaging.reading.image_files import is_image_file
from ...imaging.reading.patient_identity import Identity, names_patient
from ..batch.workers import Mapper
from ..texts import LONGEST_REASON, counted, listed
from .folder_content import FolderContent, read_contents
from .found_scans import FoundScan, found_scans, image_digest
from .manifest import Manifest, ManifestRow
from .scan_tree import Folder, ScanTree

MOST_IN_A_ROW = 50_000
"""Files and folders: more than any one study has, and looked through in a second."""


@dataclass(frozen=True)
class RowScan:
    """A row with the scan that it means, and the patients of its folder."""

    row: ManifestRow
    scan: FoundScan
    patients: tuple[Identity, ...] = ()


def scans_of(manifest: Manifest, mapper: Mapper, progress: Progress) -> list[RowScan]:
    """Find the scan of each row.

    A row's path is an image file; or a folder, with what is below it, that holds one scan: among
    its series one is chosen, and DICOM is preferred to image files beside it.

    Parameters
    ----------
    manifest : Manifest
        As read.
    mapper, progress : callable
        See `plan.plan_batch`.

    Returns
    -------
    list of RowScan
        One a row; scans that are not there, or more than one, have a `problem`.
    """
    searched = [_searched(row) for row in manifest.rows]
    folders = [folder for each in searched if isinstance(each, list) for folder in each]
    contents = iter(read_contents(folders, mapper, progress))
    found = []
    for row, each in zip(manifest.rows, searched, strict=True):
        if isinstance(each, str):
            found.append(RowScan(row, _failed(row, each)))
        else:
            found.append(_row_scan(row, list(itertools.islice(contents, len(each))), mapper))
    return found


def check_names(manifest: Manifest, found: Sequence[RowScan]) -> None:
    """Refuse case names that identify the patient: all outputs would repeat them.

    Raises
    ------
    AnalysisError
        Some do; the message names their rows.
    """
    lines = [
        str(each.row.line)
        for each in found
        if any(names_patient(each.row.case, patient, by_id=False) for patient in each.patients)
    ]
    if lines:
        raise AnalysisError(
            f"Manifest {manifest.name}: the case names of row {listed(lines)} hold the"
            " name or birth date of the patient, which all outputs would show; choose others,"
            " or add --keep-identifiers."
        )


def _searched(row: ManifestRow) -> list[Folder] | str:
    """Files to look at for a row, or why there are none."""
    for what, path in (("", row.path), ("lungs ", row.lungs), ("regions ", row.regions)):
        if path is not None and not _exists(path):
            return f"There is no file or folder at the {what}path of row {row.line}; correct it."
    path = row.path.parent if row.path.name.upper() == "DICOMDIR" else row.path
    if not path.is_dir():
        return [Folder(str(path.parent), (path.name,))]
    try:
        tree = ScanTree.searched(path, most=MOST_IN_A_ROW)
    except AnalysisError:
        return f"The folder of row {row.line} cannot be read; check its permissions."
    if tree.is_too_large:
        return (
            f"The folder of row {row.line} holds more than {MOST_IN_A_ROW} files and folders, and"
            " so no single scan; give the path of one."
        )
    return tree.parts()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _row_scan(row: ManifestRow, contents: Sequence[FolderContent], mapper: Mapper) -> RowScan:
    patients = tuple({group.kind.identity: None for c in contents for group in c.slices})
    if not row.path.is_dir() and is_image_file(row.path):
        (image,) = contents[0].images
        # The user says that it is a scan; whether it is a mask shows when it is read.
        sources = () if image.problem else (row.path,)
        name = f"The image of row {row.line}"
        problem = image.problem.worded(file=name) if image.problem else ""
        scan = FoundScan(
            str(row.path),
            (),
            "",
            sources,
            voxels=image.voxels,
            problem=problem,
            input=image_digest(image),
        )
        return RowScan(row, scan)
    if not row.path.is_dir() and row.path.name.upper() != "DICOMDIR":
        what = "one DICOM file" if patients else "of no known type"
        problem = (
            f"The file of row {row.line} is {what}; give a folder with DICOM files, or a .nrrd,"
            " .nii, .nii.gz, .mha or .mhd file."
        )
        return RowScan(row, _failed(row, problem), patients)
    return RowScan(row, _only(row, contents, mapper), patients)


def _only(row: ManifestRow, contents: Sequence[FolderContent], mapper: Mapper) -> FoundScan:
    """Find the one scan of a row's folder."""
    folder = row.path if row.path.is_dir() else row.path.parent
    found = found_scans(folder, contents, mapper)
    scans = found.scans
    able = [scan for scan in scans if not scan.problem] or list(scans)
    dicom = [scan for scan in able if not _is_image(scan)] or able
    if len(dicom) == 1:
        (scan,) = dicom
        left_out = len(able) - 1
        files = f"DICOM, not the {counted(left_out, 'image file')} beside it"
        choice = "; ".join(text for text in (files if left_out else "", scan.choice) if text)
        return replace(scan, choice=choice)
    if not dicom:
        reasons = listed(
            dict.fromkeys(line.reason for line in found.passed_over), 2, LONGEST_REASON
        )
        what = f" ({reasons})" if reasons else ""
        return _failed(row, f"The folder of row {row.line} holds no scan{what}; correct its path.")
    return _failed(
        row,
        f"The folder of row {row.line} holds {len(dicom)} scans; give the path of one, in a row"
        " each.",
    )


def _is_image(scan: FoundScan) -> bool:
    return is_image_file(Path(scan.path)) and not scan.series_uid


def _failed(row: ManifestRow, problem: str) -> FoundScan:
    return FoundScan(str(row.path), (), "", problem=problem)
