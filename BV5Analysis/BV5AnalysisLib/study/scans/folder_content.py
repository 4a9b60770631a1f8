"""What the files of a folder are: the work on a batch's input that is shared out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...imaging.progress import Progress
from ...imaging.reading.dicom_headers import DICOM_SUFFIXES
from ...imaging.reading.image_files import damaged, is_image_file
from ..batch.workers import Mapper, WorkerDied
from .dicom_index import IndexedSlice, SliceGroup, grouped, read_slice
from .image_index import ImageFile, read_image_file
from .scan_tree import Folder

_SEARCHED, _READ = 0.02, 0.98
_ARCHIVES = {".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz"}


@dataclass(frozen=True)
class FolderContent:
    """What some files of one folder are.

    Attributes
    ----------
    path : str
        Path of the folder.
    slices : tuple of SliceGroup
        DICOM images.
    images : tuple of ImageFile
        NRRD, NIfTI and MetaImage files.
    damaged : tuple of str
        Names of files that should be DICOM images and cannot be read.
    without_image, empty, archives : tuple of str
        Names of DICOM files without an image, such as reports and DICOMDIR; of files without a
        byte; and of packed files.
    others : dict of str to int
        How many files of any other kind, by the end of their names.
    """

    path: str
    slices: tuple[SliceGroup, ...] = ()
    images: tuple[ImageFile, ...] = ()
    damaged: tuple[str, ...] = ()
    without_image: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    others: tuple[tuple[str, int], ...] = ()


def read_content(folder: Folder) -> FolderContent:
    """Read the headers of files of a folder; nothing in them stops it.

    Parameters
    ----------
    folder : Folder
        Files to look at.

    Returns
    -------
    FolderContent
        What they are.
    """
    slices: dict[str, IndexedSlice] = {}
    named = [name for name in folder.names if is_image_file(Path(name))]
    images = [_image(folder.path, name) for name in named]
    known = {*named, *(image.data for image in images)}
    lists: dict[str, list[str]] = {"damaged": [], "without_image": [], "empty": [], "archives": []}
    others: Counter[str] = Counter()
    for name in folder.names:
        if name in known:
            continue
        kind = _kind_of(Path(folder.path, name))
        if isinstance(kind, IndexedSlice):
            slices[name] = kind
        elif kind in lists:
            lists[kind].append(name)
        else:
            others[kind] += 1
    return FolderContent(
        folder.path,
        tuple(grouped(folder.path, slices)),
        tuple(images),
        damaged=tuple(lists["damaged"]),
        without_image=tuple(lists["without_image"]),
        empty=tuple(lists["empty"]),
        archives=tuple(lists["archives"]),
        others=tuple(sorted(others.items())),
    )


def read_contents(
    parts: Sequence[Folder], mapper: Mapper, progress: Progress
) -> list[FolderContent]:
    """Read the headers of all files, shared out by `mapper`, with progress.

    Where `mapper` gives a `WorkerDied` in place of a result, the files of that part are read one by
    one, and those that end their process again are damaged.
    """
    contents = []
    for part, content in zip(parts, mapper(read_content, parts), strict=True):
        contents.append(_file_by_file(part, mapper) if isinstance(content, WorkerDied) else content)
        progress("reading headers", _SEARCHED + (_READ - _SEARCHED) * len(contents) / len(parts))
    return contents


def _file_by_file(part: Folder, mapper: Mapper) -> FolderContent:
    """Content of a folder among whose files some end the process that reads them."""
    # What belongs to a header, such as .raw beside .mhd, goes with it.
    headers = [name for name in part.names if is_image_file(Path(name))]
    stems: dict[str, list[str]] = {
        name.rpartition(".")[0]: [] for name in headers if name.endswith((".mhd", ".nhdr"))
    }
    for name in part.names:
        stems.get(name.rpartition(".")[0], []).append(name)
    together = {name for names in stems.values() for name in names}
    groups = [*stems.values(), *([name] for name in part.names if name not in together)]
    singly = [Folder(part.path, tuple(group)) for group in groups]
    found = []
    for each in singly:
        # One at a time: nothing else goes down with it.
        (content,) = mapper(read_content, [each])
        found.append(_fatal(each) if isinstance(content, WorkerDied) else content)
    return _joined(part.path, found)


def _fatal(part: Folder) -> FolderContent:
    """Content of a part that ends the process that reads it."""
    images = [name for name in part.names if is_image_file(Path(name))]
    if images:
        return FolderContent(
            part.path,
            images=tuple(
                ImageFile(part.path, name, problem=damaged(Path(part.path, name)))
                for name in images
            ),
        )
    return FolderContent(part.path, damaged=part.names)


def _joined(path: str, contents: Sequence[FolderContent]) -> FolderContent:
    """Contents of parts of one folder as one."""
    fields = ("slices", "images", "damaged", "without_image", "empty", "archives")
    others: Counter[str] = Counter()
    for content in contents:
        others.update(dict(content.others))
    return FolderContent(
        path,
        **{
            field: tuple(each for content in contents for each in getattr(content, field))
            for field in fields
        },
        others=tuple(sorted(others.items())),
    )


def _image(folder: str, name: str) -> ImageFile:
    try:
        return read_image_file(folder, name)
    except Exception:  # noqa: BLE001  an unforeseen error in one file must not stop the others
        return ImageFile(folder, name, problem=damaged(Path(folder, name)))


def _kind_of(path: Path) -> IndexedSlice | str:
    """Read a slice, or find the word for what a file is."""
    suffix = path.suffix.lower()
    try:
        if path.stat().st_size == 0:
            return "empty"
        if not os.access(path, os.R_OK) and not _may_be_dicom(suffix):
            return f"{suffix} that may not be read"
        found = read_slice(path)
    except Exception:  # noqa: BLE001  an unforeseen error in one file must not stop the others
        return "damaged"
    if isinstance(found, IndexedSlice):
        return found
    if found is None:
        return "archives" if suffix in _ARCHIVES else suffix or "without extension"
    return "without_image"


def _may_be_dicom(suffix: str) -> bool:
    # Files that are called by their UID seem to end in .1234.
    return not suffix or suffix in DICOM_SUFFIXES or suffix[1:].isdecimal()
