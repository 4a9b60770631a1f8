"""The folders and files under a folder that may be scans."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ...imaging.errors import AnalysisError

MARKERS = ("result.json", "batch.json", "cohort.json")
"""Files that name the schema of what this software wrote."""
FILES_A_PART = 500
"""Headers that are read in one piece of work: some tenths of a second."""
_SCHEMA = re.compile(rb'"schema"\s*:\s*"bv5-analysis/(result|batch|cohort)"')
_MARKER_BYTES = 4096


@dataclass(frozen=True)
class Folder:
    """Files directly in a folder.

    Attributes
    ----------
    path : str
        Path of the folder.
    names : tuple of str
        Names of its files, sorted; no hidden ones.
    """

    path: str
    names: tuple[str, ...]


class PassedOver(NamedTuple):
    """Something that was found and is not measured.

    Attributes
    ----------
    what : str
        Its path within the folder that was searched, or how many of what.
    reason : str
        Why not, one line.
    """

    what: str
    reason: str


@dataclass
class ScanTree:
    """All folders with files under `root`, sorted, and what was passed over on the way.

    Folders that this software wrote, hidden files and folders, and `output` are left out. Links to
    folders are followed, but every folder is visited once: loops end, and what is linked twice
    is found once, under its own path if that is in the tree.

    Parameters
    ----------
    root : pathlib.Path
        Folder to search.
    output : pathlib.Path or None
        Folder that is going to be written.
    most : int or None
        Files and folders after which the search ends, for a folder that should hold one scan.
    """

    root: Path
    output: Path | None = None
    most: int | None = None
    folders: list[Folder] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    hidden: int = 0
    seen: int = 0

    @classmethod
    def searched(cls, root: Path, output: Path | None = None, most: int | None = None) -> ScanTree:
        """Search a folder; AnalysisError if it cannot be read."""
        try:
            with os.scandir(root):
                pass
        except OSError as error:
            raise AnalysisError(
                f"The folder {root} cannot be read ({error.strerror}); check path and permissions."
            ) from error
        tree = cls(root, output, most)
        tree._search()
        tree.folders.sort(key=lambda folder: natural(folder.path))
        return tree

    def _search(self) -> None:
        skipped = str(self.output.resolve()) if self.output else None
        seen: set[tuple[int, int]] = set()
        links: list[str] = []
        waiting = [str(self.root)]
        while (waiting or links) and not self.is_too_large:
            # Links last, so that what they lead to is known by its own path.
            is_link = not waiting
            path = links.pop(0) if is_link else waiting.pop()
            if skipped and os.path.realpath(path) == skipped:
                continue
            identity = _identity(path)
            if identity is None or identity in seen:
                reason = "leads to nothing" if identity is None else "leads to a folder of the tree"
                self._pass(path, f"a link that {reason}")
                continue
            seen.add(identity)
            folders, linked = self._list(path)
            waiting += folders
            links += sorted(linked)

    @property
    def is_too_large(self) -> bool:
        """Whether the search ended early, so that what was found counts nothing."""
        return self.most is not None and self.seen > self.most

    def _list(self, path: str) -> tuple[list[str], list[str]]:
        """Folders and linked folders in a folder, whose files are noted."""
        names, folders, links = [], [], []
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    self.seen += 1
                    if self.is_too_large:
                        break
                    if entry.name.startswith("."):
                        self.hidden += 1
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif entry.is_symlink() and not os.path.isfile(entry.path):  # noqa: PTH113
                        links.append(entry.path)
                    elif entry.is_file():
                        names.append(entry.name)
        except OSError as error:
            self._pass(path, f"may not be read ({error.strerror})")
            return [], []
        if _is_written_by_us(path, names):
            self._pass(path, "results of BV5 Analysis")
            return [], []
        if names:
            self.folders.append(Folder(path, tuple(sorted(names))))
        return folders, links

    def _pass(self, path: str, reason: str) -> None:
        self.passed_over.append(PassedOver(self.relative(path), reason))

    def parts(self) -> list[Folder]:
        """Folders cut into parts, so that no piece of work on them is long."""
        return [
            Folder(folder.path, folder.names[start : start + FILES_A_PART])
            for folder in self.folders
            for start in range(0, len(folder.names), FILES_A_PART)
        ]

    def relative(self, path: str) -> str:
        """Path within the tree, with slashes."""
        return Path(os.path.relpath(path, self.root)).as_posix()


NaturalKey = tuple[tuple[tuple[int, int, str], ...], str]


def natural(text: str) -> NaturalKey:
    """Key that sorts P2 before P10, and texts that differ in case only always in one way."""
    pieces = re.split(r"(\d+)", text.casefold())
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in pieces if p), text


def _identity(path: str) -> tuple[int, int] | None:
    """Device and number of a folder; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_written_by_us(path: str, names: list[str]) -> bool:
    for marker in MARKERS:
        if marker in names:
            try:
                with Path(path, marker).open("rb") as file:
                    if _SCHEMA.search(file.read(_MARKER_BYTES)):
                        return True
            except OSError:
                continue
    return False
