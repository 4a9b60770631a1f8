"""Warnings and errors in Slicer's own log."""

from __future__ import annotations

import slicer


def entry_count() -> int:
    """How many entries the log has."""
    return slicer.app.errorLogModel().logEntryCount()


def entries_since(count: int) -> list[str]:
    """Texts of entries from one on."""
    model = slicer.app.errorLogModel()
    return [model.logEntryDescription(row) for row in range(count, model.logEntryCount())]


def of_subject_hierarchy(count: int) -> list[str]:
    """Entries since then that tell of the subject hierarchy, as its warnings at loading do."""
    lines = entries_since(count)
    return [line for line in lines if "subjecthierarchy" in line.lower().replace(" ", "")]
