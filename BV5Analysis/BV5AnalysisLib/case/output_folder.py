"""Output folders that appear complete or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..imaging.errors import AnalysisError, DiskFull

FULL_BELOW_BYTES = 16 * 2**20
"""Less than the files of one case need."""

LONGEST_NAME = 220
"""Bytes; file systems take 255, and the hidden folder of the same name has some more."""


@dataclass(frozen=True)
class FolderKind:
    """How a folder that this software wrote is known, so that no other is ever replaced.

    Attributes
    ----------
    marker : str
        JSON file in it that names its schema.
    schema : str
        The schema's name.
    names : frozenset of str
        Every file and folder that may be in it, those inside of folders as ``folder/file``.
    """

    marker: str
    schema: str
    names: frozenset[str]

    def holds(self, folder: Path) -> bool:
        """Whether a folder has the marker of this kind."""
        try:
            content = json.loads((folder / self.marker).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return False
        return isinstance(content, dict) and content.get("schema") == self.schema


RESULT = FolderKind(
    "result.json",
    "bv5-analysis/result",
    frozenset(
        {
            "measurements.csv",
            "opacities.csv",
            "result.json",
            "vessels.seg.nrrd",
            "lungs.seg.nrrd",
            "tissue.seg.nrrd",
            "centerlines.vtp",
            "vessels_3d.png",
            "vessels_3d_small.jpg",
            "overview.png",
            "overview_small.jpg",
            "report.html",
            "scene.mrb",
        }
    ),
)


def check_output(folder: Path, kind: FolderKind, overwrite: bool) -> None:
    """Refuse, before the long work, a folder that could not be written in the end.

    Parameters
    ----------
    folder : pathlib.Path
        The wanted output folder.
    kind : FolderKind
        What may be replaced.
    overwrite : bool
        Whether the user asked to replace what is there.

    Raises
    ------
    AnalysisError
        It exists and may not be replaced, its place cannot be written, or its path cannot be.
    """
    folder = _resolved(folder)
    if folder.parent == folder:
        raise AnalysisError("The output folder cannot be the root folder; give another one.")
    if folder.exists():
        _check_replaceable(folder, kind, overwrite)
    base = _existing_ancestor(folder)
    probe = _sibling(base, folder.name, "probe")
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        raise write_failure(folder, error) from error


@contextlib.contextmanager
def output_folder(folder: Path, kind: FolderKind, overwrite: bool = False) -> Iterator[Path]:
    """Give a folder to write into, which takes its name when all went well.

    Whatever ends the writing early leaves `folder` as it was: absent, or the old one whole.

    Parameters
    ----------
    folder : pathlib.Path
        The wanted output folder.
    kind : FolderKind
        What may be replaced.
    overwrite : bool
        Replace a folder of this kind that is there.

    Yields
    ------
    pathlib.Path
        Hidden folder on the same file system.

    Raises
    ------
    AnalysisError
        The folder may not be replaced, or writing fails, such as for a full disk.
    """
    folder = _resolved(folder)
    check_output(folder, kind, overwrite)
    partial = _sibling(_existing_ancestor(folder), folder.name, "partial")
    try:
        partial.mkdir()
        yield partial
        folder.parent.mkdir(parents=True, exist_ok=True)
        _put_in_place(partial, folder)
    except OSError as error:
        raise write_failure(folder, error, _is_full(partial)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _resolved(folder: Path) -> Path:
    """Absolute path; AnalysisError if no file system takes it."""
    try:
        folder = folder.resolve()
        folder.exists()
        length = len(folder.name.encode())
    except (OSError, ValueError, RuntimeError) as error:
        raise AnalysisError(
            f"The output folder's path cannot be used ({getattr(error, 'strerror', '') or error});"
            " give another one."
        ) from error
    if length > LONGEST_NAME:
        raise AnalysisError(
            f"The output folder's name has {length} bytes; give one of at most {LONGEST_NAME}."
        )
    return folder


def _check_replaceable(folder: Path, kind: FolderKind, overwrite: bool) -> None:
    if not folder.is_dir():
        raise AnalysisError(f"{folder.name} is a file; give another output folder.")
    if not overwrite:
        raise AnalysisError(
            f"Output folder {folder.name} exists; add --overwrite, or give another one."
        )
    if not any(folder.iterdir()):
        return
    if not kind.holds(folder):
        raise AnalysisError(
            f"Output folder {folder.name} holds no {kind.marker} of BV5 Analysis and is not"
            " replaced; give another one."
        )
    entries = {entry.relative_to(folder).as_posix() for entry in folder.rglob("*")}
    foreign = sorted(entries - kind.names)
    if foreign:
        raise AnalysisError(
            f"Output folder {folder.name} also holds {foreign[0]}, which BV5 Analysis did not"
            " write; move it away, or give another folder."
        )


def _put_in_place(partial: Path, folder: Path) -> None:
    """Rename, with the old folder kept until the new one has its name."""
    if not folder.exists():
        partial.rename(folder)
        return
    old = _sibling(folder.parent, folder.name, "old")
    try:
        folder.rename(old)
        partial.rename(folder)
    finally:
        if old.exists():
            if folder.exists():
                shutil.rmtree(old)
            else:
                old.rename(folder)


def _sibling(parent: Path, name: str, purpose: str) -> Path:
    return parent / f".{name}.bv5-{purpose}-{secrets.token_hex(4)}"


def _existing_ancestor(folder: Path) -> Path:
    """Nearest folder above that exists: a rename from there stays on one file system."""
    return next(parent for parent in folder.parents if parent.exists())


def _is_full(folder: Path) -> bool:
    """Whether hardly any space is left: not every writer says why it failed."""
    try:
        return shutil.disk_usage(folder).free < FULL_BELOW_BYTES
    except OSError:
        return False


def write_failure(folder: Path, error: OSError, full: bool = False) -> AnalysisError:
    """Error for an output folder that could not be written; `full` if the disk surely is."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT} or (error.errno is None and full):
        return DiskFull(
            f"The disk of output folder {folder.name} is full; free space, or give another folder."
        )
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return AnalysisError(
            f"No permission to write output folder {folder.name}; give another folder."
        )
    reason = error.strerror or str(error)
    return AnalysisError(
        f"Output folder {folder.name} cannot be written ({reason}); give another folder."
    )
