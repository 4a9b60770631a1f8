"""Which patients' scans lie in which folder, so that no text names them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...imaging.reading.patient_identity import Identity, names_patient, without_identity
from .folder_content import FolderContent

_MOST = 50
"""A folder with scans of more patients is none of one of them."""


@dataclass(frozen=True)
class KnownPatients:
    """Patients of the DICOM files in and below each folder of a tree."""

    root: str
    below: dict[str, dict[Identity, None]] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path, contents: Sequence[FolderContent]) -> KnownPatients:
        """Patients of what was found below `root`."""
        below: dict[str, dict[Identity, None]] = {}
        for content in contents:
            for identity in dict.fromkeys(group.kind.identity for group in content.slices):
                for folder in _up(content.path, str(root)):
                    known = below.setdefault(folder, {})
                    if identity in known:
                        break
                    if len(known) <= _MOST:
                        known[identity] = None
        return cls(str(root), below)

    def near(self, path: str) -> tuple[Identity, ...]:
        """Patients of the nearest folder at or above a path that has any, none if it has many."""
        for folder in _up(path, self.root):
            if folder in self.below:
                known = self.below[folder]
                return tuple(known) if len(known) <= _MOST else ()
        return ()

    def names_any(self, text: str, path: str) -> bool:
        """Whether a text names a patient who has scans near a path."""
        return any(names_patient(text, identity) for identity in self.near(path))

    def hidden(self, text: str, path: str) -> str:
        """Text without the names of patients who have scans near a path."""
        return without_all(text, self.near(path))


def without_all(text: str, identities: Iterable[Identity]) -> str:
    """Text without what names any of some patients."""
    for identity in identities:
        text = without_identity(text, identity)
    return text


def _up(path: str, root: str) -> Iterable[str]:
    """Give the path and all folders above it, up to the tree's root."""
    while True:
        yield path
        above = os.path.dirname(path)  # noqa: PTH120
        if path in (root, above) or len(path) < len(root):
            return
        path = above
