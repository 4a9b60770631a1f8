"""Limits that a container or job scheduler sets this process on Linux."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


def own_cgroups(controller: str) -> list[Path]:
    """Folders of this process's control groups and of those above, versions 1 and 2.

    Parameters
    ----------
    controller : str
        Such as ``cpu`` or ``memory``; in version 1 each has a tree of its own.

    Returns
    -------
    list of pathlib.Path
        They need not exist: a container sees its own group as the root.
    """
    folders = [_CGROUPS, _CGROUPS / controller]
    for line in text_of(PROC / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = _CGROUPS / controller if controllers else _CGROUPS
        own = root / path.lstrip("/")
        folders += [own, *(parent for parent in own.parents if parent.is_relative_to(root))]
    return list(dict.fromkeys(folders))


def text_of(path: Path) -> str:
    """Text of a file of the kernel, without white space around it; empty if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
