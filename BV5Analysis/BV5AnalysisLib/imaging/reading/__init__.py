"""Scans and masks from files, folders and memory, checked before anything is measured.

The functions named here are loaded on first use, so that importing the room costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .scan_reader import read_scan, read_sources, scan_from_image

__all__ = ["read_scan", "read_sources", "scan_from_image"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from . import scan_reader  # noqa: PLC0415

        return getattr(scan_reader, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
