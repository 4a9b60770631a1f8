"""Digests that show whether scans changed, from names, lengths and times of their files.

Digests hold no path above the scan: a study that is moved, its files' times kept, stays the same.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

_MOST = 50_000


def files_digest(content: str, paths: Iterable[Path], base: Path) -> str:
    """Digest of some files.

    Parameters
    ----------
    content : str
        What is known of their content, since exports have equal names, lengths and times.
    paths : iterable of pathlib.Path
        The files; a copy of them with the same times has the same digest.
    base : pathlib.Path
        Folder that their names count from.

    Returns
    -------
    str
        Hexadecimal; a missing file is included as missing.
    """
    lines = sorted(_line(str(path), str(base)) for path in dict.fromkeys(paths))
    return _digest([content, *lines])


def case_digest(scan: str, masks: Iterable[Path | None]) -> str:
    """Digest of a scan and its masks; that of the scan where there are none."""
    given = [path for path in masks if path is not None]
    return _digest([scan, *(_line(str(path), str(path.parent)) for path in given)]) * bool(scan)


def listing_digest(paths: Iterable[Path | None], base: Path) -> str:
    """Digest of some paths and of all files and folders there or below, without their content.

    Links to folders are not followed.

    Parameters
    ----------
    paths : iterable of pathlib.Path or None
        Files and folders.
    base : pathlib.Path
        Folder that the paths count from.

    Returns
    -------
    str
        Hexadecimal.
    """
    lines: list[str] = []
    for path in paths:
        lines.append("" if path is None else _relative(str(path), str(base)))
        if path is None:
            continue
        if path.name.upper() == "DICOMDIR":
            lines += _tree(path.parent)
        elif path.is_dir():
            lines += _tree(path)
        else:
            # With what lies beside a header of the same name: its voxels.
            beside = path.with_suffix("").name if path.suffix.lower() in {".mhd", ".nhdr"} else ""
            found = path.parent.glob(f"{_literal(beside)}.*") if beside else [path]
            lines += sorted(_line(str(each), str(path.parent)) for each in found)
    return _digest(lines)


def _tree(folder: Path) -> list[str]:
    lines = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        lines += [_line(f"{place}{os.sep}{name}", str(folder)) for name in sorted(names)]
        # What has more than a study has is looked at no further.
        if len(lines) > _MOST:
            break
    return lines


def _line(path: str, base: str) -> str:
    name = _relative(path, base)
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return f"{name} not there"
    # Whole seconds, which all file systems and archives keep.
    return f"{name} {status.st_size} {int(status.st_mtime)}"


def _relative(path: str, base: str) -> str:
    try:
        return os.path.relpath(path, base)
    except ValueError:  # On another drive of Windows.
        return path


def _literal(name: str) -> str:
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for line in lines:
        digest.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return digest.hexdigest()
