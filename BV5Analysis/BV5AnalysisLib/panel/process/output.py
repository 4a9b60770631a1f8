"""What a process prints: lines, progress, and the log that outlives a failure."""

from __future__ import annotations

import codecs
import json
import logging
import math
import os
import tempfile
from pathlib import Path

PREFIX = "BV5Analysis-"
"""Beginning of the names of temporary files and folders."""
LONGEST_LINE = 65536
"""Characters of a line that are parsed; the rest is only in the log."""


class Lines:
    """Cuts output, which arrives in chunks, into lines."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def added(self, data: bytes) -> list[str]:
        """Lines that are complete with these bytes."""
        *lines, rest = (self._rest + self._decoder.decode(data)).split("\n")
        self._rest = rest[:LONGEST_LINE]
        return [line[:LONGEST_LINE].rstrip("\r") for line in lines]


class Log:
    """What the process printed, as a file that outlives a failure."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        handle, path = tempfile.mkstemp(prefix=PREFIX, suffix=".log", dir=folder)
        self.path = Path(path)
        self._file = os.fdopen(handle, "wb")
        self.write(f"{command}\n".encode())

    def write(self, data: bytes) -> None:
        """Add to the file; a full disk must not end the analysis."""
        try:
            self._file.write(data)
        except OSError as error:
            logging.warning("%s cannot be written: %s", self.path, error)

    def close(self, keep: bool) -> None:
        """Close the file, if it is open, and remove it if it is not kept."""
        try:
            self._file.close()
        except OSError as error:
            logging.warning("%s cannot be written: %s", self.path, error)
        if not keep:
            self.path.unlink(missing_ok=True)


def progressIn(line: str) -> tuple[str, float] | None:
    """Step and fraction of a line, None if it is something else that was printed."""
    try:
        values = json.loads(line)
        step, fraction = str(values["step"]), float(values["fraction"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return (step, min(max(fraction, 0.0), 1.0)) if math.isfinite(fraction) else None
