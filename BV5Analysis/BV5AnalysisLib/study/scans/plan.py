"""What a batch is going to measure: cases from a manifest or from a folder of anything."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...imaging.errors import AnalysisError
from ...imaging.progress import Progress
from ...imaging.reading.patient_identity import HIDDEN, Identity, names_patient
from ..batch.batch_case import BatchCase
from ..batch.workers import Mapper
from ..texts import listed, printable
from .case_names import made_unique, names_for, safe_name
from .folder_content import read_contents
from .found_scans import Findings, FoundScan, found_scans
from .identifiers import looks_identifying, pseudonym
from .inputs import case_digest, listing_digest
from .known_patients import KnownPatients, without_all
from .manifest import Manifest, ManifestRow, read_manifest
from .manifest_scans import check_names, scans_of
from .scan_tree import PassedOver, ScanTree


@dataclass(frozen=True)
class CaseIdentity:
    """Identity of a case's patient; only gathered on request.

    Attributes
    ----------
    case : str
        Name of the case.
    patient_name, patient_id, birth_date : str
        As in the DICOM header, empty where it has none.
    source : str
        Path of the scan.
    """

    case: str
    patient_name: str
    patient_id: str
    birth_date: str
    source: str


@dataclass(frozen=True)
class Plan:
    """Cases to measure.

    Attributes
    ----------
    cases : tuple of BatchCase
        In the order of tables; names are unique, also ignoring case.
    passed_over : tuple of PassedOver
        What was found besides and is not measured.
    identifiers : tuple of CaseIdentity
        One a case if they were asked for, else empty.
    notes : tuple of str
        What the user should know of the plan, one line each.
    """

    cases: tuple[BatchCase, ...]
    passed_over: tuple[PassedOver, ...] = ()
    identifiers: tuple[CaseIdentity, ...] = ()
    notes: tuple[str, ...] = ()


def plan_batch(
    source: Path,
    output: Path,
    *,
    keep_identifiers: bool = False,
    mapper: Mapper = map,
    progress: Progress | None = None,
) -> Plan:
    """Find the scans of a manifest or of a folder tree.

    Of a tree a case is one study of CT, with the series that `series_choice.chosen` selects, or one
    NRRD, NIfTI or MetaImage file that is no mask. It is named by its folders, as few as
    distinguish it from the others, unless these name the patient.

    Parameters
    ----------
    source : pathlib.Path
        Manifest (see `manifest.read_manifest`), or folder.
    output : pathlib.Path
        Folder that is going to be written; nothing in it is a scan.
    keep_identifiers : bool, optional
        Names, birth dates and IDs of patients may be in the plan's texts.
    mapper : callable, optional
        As the built-in `map`, results in order; the `map` of an executor of processes shares the
        reading out. Threads will not do: header reading sets what all of a process share.
    progress : callable, optional
        Called with step and fraction.

    Returns
    -------
    Plan
        The same for the same files, in whatever order the file system lists them.

    Raises
    ------
    AnalysisError
        There is nothing to measure, or the manifest is wrong; the message names the rows.
    """
    progress = progress or (lambda _step, _fraction: None)
    # Workers may be started in another folder; links stay as they are.
    source = Path(os.path.abspath(source))  # noqa: PTH100
    if source.is_dir():
        return _plan_of_folder(source, output, keep_identifiers, mapper, progress)
    progress("reading the manifest", 0.0)
    return plan_of_rows(read_manifest(source), keep_identifiers, mapper, progress)


def _plan_of_folder(
    root: Path, output: Path, keep: bool, mapper: Mapper, progress: Progress
) -> Plan:
    if root.resolve() == output.resolve():
        raise AnalysisError("Scans and output are one folder; give another output folder.")
    progress("looking for scans", 0.0)
    tree = ScanTree.searched(root, output)
    found = found_scans(root, read_contents(tree.parts(), mapper, progress), mapper)
    passed = [*tree.passed_over, *found.passed_over]
    if tree.hidden:
        passed.append(PassedOver(f"{tree.hidden} files or folders", "hidden"))
    if not keep:
        passed = _hidden(root, passed, found.patients)
    if not found.scans:
        raise AnalysisError(_nothing(root, passed))
    passed = [PassedOver(*map(printable, line)) for line in passed]
    names, renamed = _names(found, keep)
    cases = tuple(
        _case(name, scan, () if keep else (scan.identity, *found.patients.near(scan.path)))
        for name, scan in zip(names, found.scans, strict=True)
    )
    twins = _twins(names, found.scans)
    cases = tuple(
        replace(case, choice="perhaps the same scan as the DICOM series beside it")
        if case.name in twins
        else case
        for case in cases
    )
    progress("done", 1.0)
    return Plan(
        cases,
        tuple(passed),
        _identities(names, found.scans) if keep else (),
        (*_note_on_names(renamed, len(names)), *_note_on_twins(twins)),
    )


def _names(found: Findings, keep: bool) -> tuple[list[str], int]:
    """Name of each scan, and how many are pseudonyms."""
    places = [*(scan.place for scan in found.scans), *found.neighbors]
    parts = names_for(places, [*(scan.key for scan in found.scans), *("" for _ in found.neighbors)])
    names, renamed = [], 0
    for scan, used in zip(found.scans, parts[: len(found.scans)], strict=True):
        text = "/".join(used)
        if not keep and _identifies_patient(text, scan, found.patients):
            names.append(pseudonym(scan.key))
            renamed += 1
        else:
            names.append("-".join(safe_name(part) for part in used))
    return made_unique([safe_name(name) for name in names]), renamed


def _identifies_patient(text: str, scan: FoundScan, patients: KnownPatients) -> bool:
    unchecked = not scan.series_uid and scan.sources  # An image file has no header with a name.
    return (
        bool(unchecked and looks_identifying(text))
        or names_patient(text, scan.identity)
        or patients.names_any(text, scan.path)
    )


def _case(name: str, scan: FoundScan, hidden: Sequence[Identity]) -> BatchCase:
    """Case without the names of some patients in its texts."""
    return BatchCase(
        name,
        scan.sources,
        scan.series_uid,
        choice=printable(without_all(scan.choice, hidden)),
        voxels=scan.voxels,
        problem=printable(without_all(scan.problem, hidden)),
        input=scan.input,
    )


def _hidden(root: Path, passed: Sequence[PassedOver], patients: KnownPatients) -> list[PassedOver]:
    """Lines without the names of patients who have scans near."""
    return [
        PassedOver(*(_unnamed(patients.hidden(text, str(root / line.what))) for text in line))
        for line in passed
    ]


def _unnamed(text: str) -> str:
    """Text of a path without the parts that may identify a patient."""
    parts = text.split("/")
    return "/".join(HIDDEN if looks_identifying(part) else part for part in parts)


def _identities(names: Sequence[str], scans: Sequence[FoundScan]) -> tuple[CaseIdentity, ...]:
    return tuple(
        CaseIdentity(
            name,
            scan.identity.name,
            scan.identity.patient_id,
            scan.identity.birth_date,
            str(Path(scan.path).resolve()),
        )
        for name, scan in zip(names, scans, strict=True)
    )


def _note_on_names(renamed: int, count: int) -> tuple[str, ...]:
    if not renamed:
        return ()
    return (
        f"Pseudonyms name {renamed} of {count} cases, since their folders name the patients or hold"
        " dates;"
        " to choose names, give a manifest, or use --keep-identifiers.",
    )


def _twins(names: Sequence[str], scans: Sequence[FoundScan]) -> list[str]:
    """Names of image files that may be DICOM series beside them, converted."""
    beside = {(each.place[0], each.voxels) for each in scans if each.series_uid and each.voxels}
    return [
        name
        for name, scan in zip(names, scans, strict=True)
        if not scan.series_uid and (scan.place[0], scan.voxels) in beside
    ]


def _note_on_twins(twins: Sequence[str]) -> tuple[str, ...]:
    if not twins:
        return ()
    return (
        "Perhaps one scan twice, as image file and as DICOM beside it with as many voxels:"
        f" {listed(twins)}; if so, leave one out by a manifest.",
    )


def _nothing(root: Path, passed: Sequence[PassedOver]) -> str:
    reasons = "; ".join(f"{line.what}: {line.reason}" for line in passed[:3])
    return (
        f"The folder {root.resolve().name} holds no scan{f' ({reasons})' * bool(reasons)}; give one"
        " with DICOM, NRRD, NIfTI or MetaImage files, or a manifest."
    )


def plan_of_rows(manifest: Manifest, keep: bool, mapper: Mapper, progress: Progress) -> Plan:
    """Find the scans of a manifest's rows; `keep` identifiers, the rest as in `plan_batch`."""
    found = scans_of(manifest, mapper, progress)
    if not keep:
        check_names(manifest, found)
    names = [each.row.case for each in found]
    scans = [each.scan for each in found]
    cases = tuple(
        replace(
            _case(row.case, scan, () if keep else (scan.identity,)),
            lungs=row.lungs,
            regions=row.regions,
            input=case_digest(scan.input, (row.lungs, row.regions)),
            listing=row_listing(row, manifest),
        )
        for row, scan in zip(manifest.rows, scans, strict=True)
    )
    progress("done", 1.0)
    return Plan(
        cases,
        identifiers=_identities(names, scans) if keep else (),
        notes=manifest.notes,
    )


def row_listing(row: ManifestRow, manifest: Manifest) -> str:
    """`BatchCase.listing` of a row."""
    return listing_digest((row.path, row.lungs, row.regions), manifest.folder)
