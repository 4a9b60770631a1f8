"""File names made from names that users gave."""

from __future__ import annotations

import re

LONGEST_NAME = 120
"""Longest file name, bytes: file systems allow 255, some programs no more in a whole path."""


def file_name(name: str) -> str:
    """Case name as a file name: what file systems do not allow is replaced, or cut off."""
    name = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "_", name).encode("utf-8")
    return name[:LONGEST_NAME].decode("utf-8", "ignore").strip(" .") or "case"
