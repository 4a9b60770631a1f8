"""Journal of a batch, ``log.jsonl``: one line a finished case, which survives any crash."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ...imaging.errors import AnalysisError

_LOCKED_BYTE = 2**30
"""Far behind the end: on Windows nobody else may read a locked byte."""
_HELD_BY_ANOTHER = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}


@dataclass(frozen=True)
class Entry:
    """One line of the journal.

    Attributes
    ----------
    case : str
        Name of the case.
    problem : str
        Why there is no result; empty if there is one.
    seconds : float or None
        Wall seconds, None if not known.
    """

    case: str
    problem: str = ""
    seconds: float | None = None


class Journal:
    """The journal, open and locked: no two processes write one batch.

    The operating system frees the lock when the process ends, however it ends.

    Parameters
    ----------
    path : pathlib.Path
        The file, made if there is none. A torn last line is cut off.

    Raises
    ------
    AnalysisError
        Another process has it.
    OSError
        It cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags, 0o666)
        try:
            _lock(self._file, path.parent.name)
            with path.open("rb") as file:
                content = file.read()
            self._length = content.rfind(b"\n") + 1
            if self._length < len(content):
                os.ftruncate(self._file, self._length)
        except BaseException:
            os.close(self._file)
            raise
        lines = content[: self._length].splitlines()
        self.entries = {entry.case: entry for entry in map(_entry, lines) if entry}
        """By name of the case, the last one of each."""

    def append(self, entry: Entry) -> None:
        """Add a line; it is on the disk when this returns, or OSError and not there at all."""
        line = {
            "case": entry.case,
            "status": "failed" if entry.problem else "measured",
            "problem": entry.problem,
            "seconds": None if entry.seconds is None else round(entry.seconds, 3),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        content = (json.dumps(line, ensure_ascii=False) + "\n").encode(errors="replace")
        length, before = self._length, self.entries.get(entry.case)
        try:
            try:
                os.write(self._file, content)
            finally:
                # Also after a signal whose exception is raised once the line is written.
                whole = os.fstat(self._file).st_size == length + len(content)
                if whole:
                    self._length += len(content)
                    self.entries[entry.case] = entry
                else:
                    os.ftruncate(self._file, length)
            if not whole:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, length)
            self._length = length
            self._forget(entry.case, before)
            raise

    def _forget(self, case: str, before: Entry | None) -> None:
        """Take back the last entry of a case."""
        if before:
            self.entries[case] = before
        else:
            self.entries.pop(case, None)

    def close(self) -> None:
        """Free the lock."""
        os.close(self._file)


def _entry(line: bytes) -> Entry | None:
    """Entry of a line; None if it is garbled, as after a loss of power: its case is done again."""
    try:
        values = json.loads(line)
        case, problem, seconds = values["case"], values["problem"], values["seconds"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(case, str) or not isinstance(problem, str):
        return None
    return Entry(case, problem, seconds if isinstance(seconds, int | float) else None)


def _lock(file: int, name: str) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _HELD_BY_ANOTHER:
            # Some network file systems have no locks.
            logging.getLogger(__name__).warning(
                "%s cannot be locked (%s); see that no other batch writes into it.",
                name,
                error.strerror,
            )
            return
        raise AnalysisError(
            f"Another process is writing batch {name}; wait for it or end it, or give another"
            " output folder."
        ) from error
