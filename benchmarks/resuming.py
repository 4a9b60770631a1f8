"""Results kept as they come, so that an interrupted benchmark goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from BV5AnalysisLib import imaging

HERE = Path(__file__).resolve().parent
IMAGING = Path(imaging.__file__).resolve().parent
OUT = HERE / "out"
"""Not under version control."""


class Notes:
    """A file of JSON lines: what was asked, and the answer.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    code : iterable of pathlib.Path
        Files and folders of code that the answers depend on. Answers of other code are not taken
        for this one's.
    resume : bool
        Take answers that are there; else all is asked anew. Nothing kept is ever thrown away: the
        newest answer to a question counts.
    """

    def __init__(self, path: Path, code: Iterable[Path], *, resume: bool) -> None:
        self._path = path
        self._code = code_fingerprint(code)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._known = _read(path) if resume else {}

    def answer(self, question: dict[str, Any]) -> Any | None:
        """Answer to a question, None where it is not known."""
        return self._known.get(self._key(question))

    def keep(self, question: dict[str, Any], answer: Any) -> None:
        """Add an answer to the file."""
        entry = {"code": self._code, "question": question, "answer": answer}
        with self._path.open("a", encoding="utf-8") as file:
            # A line break first, in case that the last line was cut off.
            file.write("\n" + json.dumps(entry))
        self._known[self._key(question)] = answer

    def _key(self, question: dict[str, Any]) -> str:
        return json.dumps([self._code, question], sort_keys=True)


def _read(path: Path) -> dict[str, Any]:
    known = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            entry = json.loads(line or "{}")
        except json.JSONDecodeError:
            # Cut off by an interruption; it is measured again.
            continue
        if entry:
            key = json.dumps([entry["code"], entry["question"]], sort_keys=True)
            known[key] = entry["answer"]
    return known


def code_fingerprint(code: Iterable[Path]) -> str:
    """SHA-256 over Python files, and those in folders."""
    digest = hashlib.sha256()
    for path in code:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()
