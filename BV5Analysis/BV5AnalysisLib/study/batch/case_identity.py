"""Identity of the patient of a batch's case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...imaging.errors import AnalysisError
from ...imaging.reading.dicom_headers import read_dataset, tolerant
from ...imaging.reading.patient_identity import Identity, identity_of


def identity_in(sources: tuple[Path, ...]) -> Identity:
    """Identity in the first DICOM file of a case's sources; an empty one if there is none.

    Parameters
    ----------
    sources : tuple of pathlib.Path
        Of a `BatchCase`.

    Returns
    -------
    Identity
        As `identity_of` gives.
    """
    for path in _files_of(sources):
        try:
            dataset = read_dataset(path)
        except AnalysisError:
            continue
        if dataset is not None:
            with tolerant():
                return identity_of(dataset)
    return Identity()


def _files_of(sources: tuple[Path, ...]) -> Iterator[Path]:
    for source in sources:
        try:
            yield from sorted(source.iterdir()) if source.is_dir() else [source]
        except OSError:
            continue
