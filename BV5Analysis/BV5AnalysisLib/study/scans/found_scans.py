"""Scans among the files of a folder tree, and what is passed over and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...imaging.reading.dicom_headers import Header
from ...imaging.reading.patient_identity import Identity
from ..batch.workers import Mapper, WorkerDied
from ..texts import counted, listed
from .dicom_index import SliceGroup
from .folder_content import FolderContent
from .image_index import ImageFile, content_hash, stem
from .inputs import files_digest
from .known_patients import KnownPatients
from .scan_tree import NaturalKey, PassedOver, natural
from .series_choice import chosen
from .series_stacks import Stack, stacks_of

_SHOWN_NAMES = 3


@dataclass(frozen=True)
class FoundScan:
    """A scan, before it has a name.

    Attributes
    ----------
    path : str
        Its file or folder.
    place : tuple of str
        Parts of the path within the tree, an image file's without what says its format.
    key : str
        What identifies it: the study's UID, or the path within the tree.
    sources, series_uid, choice, voxels, problem, input
        As in `BatchCase`.
    identity : Identity
        Of the patient, empty for image files.
    """

    path: str
    place: tuple[str, ...]
    key: str
    sources: tuple[Path, ...] = ()
    series_uid: str = ""
    choice: str = ""
    voxels: int = 0
    problem: str = ""
    identity: Identity = field(default_factory=Identity)
    input: str = ""


@dataclass(frozen=True)
class Findings:
    """What a tree holds.

    Attributes
    ----------
    scans : tuple of FoundScan
        In natural order of their places.
    passed_over : tuple of PassedOver
        All else, with reasons.
    patients : KnownPatients
        Which patients' scans are in which folders.
    neighbors : tuple of tuple of str
        Places of what is passed over and must not be mistaken for a scan that bears the name of
        their folder.
    """

    scans: tuple[FoundScan, ...]
    passed_over: tuple[PassedOver, ...]
    patients: KnownPatients
    neighbors: tuple[tuple[str, ...], ...] = ()


def found_scans(root: Path, contents: Sequence[FolderContent], mapper: Mapper = map) -> Findings:
    """Find the scans among files that were looked at.

    A scan is one study of CT, of which one series is chosen (`series_choice.chosen`), or one image
    file. Slices without a study's UID are a study with those in their folder.

    Parameters
    ----------
    root : pathlib.Path
        Folder that was searched.
    contents : sequence of FolderContent
        All that was found in it.
    mapper : callable, optional
        As the built-in `map`; may share the work out.

    Returns
    -------
    Findings
        Every file is part of a scan or listed as passed over.
    """
    patients = KnownPatients.of(root, contents)
    scans, passed = _studies(root, contents)
    images, more, neighbors = _images(root, [i for each in contents for i in each.images], mapper)
    broken, beside = _damaged(root, contents)
    ordered = sorted([*scans, *images, *broken], key=lambda scan: _order(scan.place))
    passed = [*passed, *more, *beside]
    passed.sort(key=lambda each: natural(each.what))
    passed += _not_read(contents)
    return Findings(tuple(ordered), tuple(passed), patients, neighbors)


def _order(place: tuple[str, ...]) -> tuple[NaturalKey, ...]:
    return tuple(natural(part) for part in place)


def _studies(
    root: Path, contents: Sequence[FolderContent]
) -> tuple[list[FoundScan], list[PassedOver]]:
    images_in: Counter[str] = Counter()
    spoiled = set()
    studies: dict[tuple[str, str], list[SliceGroup]] = {}
    for content in contents:
        if content.damaged or content.empty:
            spoiled.add(content.path)
        for group in content.slices:
            images_in[content.path] += len(group)
            # Some anonymizers give one UID to all patients.
            patient = group.kind.identity.patient_id
            key = (group.kind.study_uid, patient) if group.kind.study_uid else ("", group.folder)
            studies.setdefault(key, []).append(group)
    whole = {path: count for path, count in images_in.items() if path not in spoiled}
    scans, passed = [], []
    for key, groups in studies.items():
        modalities = sorted({group.kind.header.modality or "no modality" for group in groups})
        if "CT" in modalities:
            scans.append(_study(root, key, groups, whole))
        else:
            count = sum(len(group) for group in groups)
            reason = f"{count} DICOM images of {', '.join(modalities)}, not CT"
            passed.append(PassedOver(_relative(root, _common_folder(groups)), reason))
    return scans, passed


def _study(
    root: Path, key: tuple[str, str], groups: Sequence[SliceGroup], whole: dict[str, int]
) -> FoundScan:
    choice = chosen(stacks_of(groups))
    folder = _common_folder(choice.stack.groups if choice.stack else groups)
    uid, patient = key
    scan = FoundScan(
        folder,
        _parts(root, folder),
        f"{uid} {patient}" if uid else _relative(root, patient),
        problem=choice.problem,
        identity=groups[0].kind.identity,
    )
    if choice.stack is None:
        return scan
    header: Header = choice.stack.kind.header
    copies = choice.stack.copies
    note = f"{copies} copies of its slices are passed over" if copies else ""
    return replace(
        scan,
        sources=_sources(choice.stack, whole),
        series_uid=header.series_uid,
        choice="; ".join(text for text in (choice.text, note) if text),
        voxels=choice.stack.voxels,
        input=files_digest(f"{uid} {header.series_uid}", choice.stack.files, Path(folder)),
    )


def _sources(stack: Stack, whole: dict[str, int]) -> tuple[Path, ...]:
    """Folders where the stack is all that they hold of DICOM images, else files."""
    by_folder: dict[str, list[str]] = {}
    for group in stack.groups:
        by_folder.setdefault(group.folder, []).extend(group.names)
    sources: list[Path] = []
    for folder, names in by_folder.items():
        if whole.get(folder) == len(names):
            sources.append(Path(folder))
        else:
            sources += [Path(folder, name) for name in sorted(names)]
    return tuple(sources)


def _images(
    root: Path, images: Sequence[ImageFile], mapper: Mapper
) -> tuple[list[FoundScan], list[PassedOver], tuple[tuple[str, ...], ...]]:
    scans, passed, neighbors = [], [], []
    broken = {image.folder for image in images if image.problem}
    same = _copies([image for image in images if not image.no_scan and not image.problem], mapper)
    for image in images:
        relative = _relative(root, str(image.path))
        place = (*_parts(root, image.folder, at_root=()), stem(image.name) or image.name)
        if image in same:
            first = _relative(root, str(same[image].path))
            passed.append(PassedOver(relative, f"the same as {first}"))
            if image.folder in broken:
                neighbors.append(place)
        elif image.no_scan:
            passed.append(PassedOver(relative, image.no_scan))
        else:
            sources = () if image.problem else (image.path,)
            scans.append(
                FoundScan(
                    str(image.path),
                    place,
                    relative,
                    sources,
                    voxels=image.voxels,
                    problem=str(image.problem or ""),
                    input=image_digest(image),
                )
            )
    return scans, passed, tuple(neighbors)


def image_digest(image: ImageFile) -> str:
    """`FoundScan.input` of an image file; empty if it cannot be read."""
    if image.problem:
        return ""
    content = f"{image.geometry} {image.sample.hex()}"
    return files_digest(content, (image.path, image.data_path), image.path.parent)


def _copies(images: Sequence[ImageFile], mapper: Mapper) -> dict[ImageFile, ImageFile]:
    """Images whose geometry and voxels are those of an earlier one, with that one."""
    alike: dict[tuple[object, ...], list[ImageFile]] = {}
    # Copies tend to have longer names, such as "ct (1).nrrd".
    for image in sorted(images, key=lambda each: (len(str(each.path)), natural(str(each.path)))):
        alike.setdefault((image.geometry, image.size, image.sample), []).append(image)
    doubtful = [group for group in alike.values() if len(group) > 1]
    paths = [str(image.data_path) for group in doubtful for image in group]
    hashes = iter(list(mapper(content_hash, paths)) if paths else [])
    found = {}
    for group in doubtful:
        firsts: dict[bytes, ImageFile] = {}
        for image in group:
            content = next(hashes)
            if isinstance(content, WorkerDied) or not content:
                continue
            if content in firsts:
                found[image] = firsts[content]
            else:
                firsts[content] = image
    return found


def _damaged(
    root: Path, contents: Sequence[FolderContent]
) -> tuple[list[FoundScan], list[PassedOver]]:
    """Damaged DICOM files: a scan that failed where nothing beside them can be read."""
    readable = {content.path for content in contents if content.slices}
    names: dict[str, list[str]] = {}
    for content in contents:
        if content.damaged:
            names.setdefault(content.path, []).extend(content.damaged)
    scans, passed = [], []
    for path, found in names.items():
        relative = _relative(root, path)
        if path in readable:
            reason = f"{listed(found, _SHOWN_NAMES)} cut short, damaged, or may not be read"
            passed.append(PassedOver(relative, reason))
        else:
            problem = (
                f"All DICOM files, {len(found)}, are cut short or damaged, or may not be read;"
                " copy or export them again."
            )
            scans.append(FoundScan(path, _parts(root, path), relative, problem=problem))
    return scans, passed


def _not_read(contents: Sequence[FolderContent]) -> list[PassedOver]:
    """Files of other kinds, one line a kind, however many."""
    others: Counter[str] = Counter()
    for content in contents:
        others.update(dict(content.others))
    counts = (
        (sum(len(each.empty) for each in contents), "without a byte"),
        (sum(len(each.archives) for each in contents), "packed: unpack archives to have them read"),
        (sum(len(each.without_image) for each in contents), "DICOM without an image"),
    )
    lines = [PassedOver(counted(count, "file"), reason) for count, reason in counts if count]
    if others:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
        lines.append(PassedOver(counted(others.total(), "file"), f"of no known type: {kinds}"))
    return lines


def _common_folder(groups: Sequence[SliceGroup]) -> str:
    return os.path.commonpath({group.folder for group in groups})


def _relative(root: Path, path: str) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _parts(root: Path, path: str, at_root: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Parts of a folder's path within the tree; of the tree's root its name."""
    relative = _relative(root, path)
    if relative == ".":
        return (root.resolve().name,) if at_root is None else at_root
    return tuple(relative.split("/"))
