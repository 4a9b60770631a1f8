"""What is other when a real scan is read again: changes whose outcome is known."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from BV5AnalysisLib.imaging.model.orientation import Orientation
from BV5AnalysisLib.imaging.model.scan import Scan
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan, scan_from_image
from invariance import NOISE_HU, THICK_MM, noisier, permuted, thicker
from scan_changes.changes import (
    OFFSET_HU,
    PLAIN,
    TOP_SLICES,
    Change,
    brighter,
    mirrored,
    without_edge,
)
from SimpleITK import WriteImage

OWN_FILES = "as read from its own files"
OTHER_FORMAT = "another file format"


def averaged(volume: Volume) -> Volume | None:
    """Slices averaged to thicker ones; None where they are about as thick already."""
    return thicker(volume) if volume.grid.spacing[2] < THICK_MM - 0.1 else None


@dataclass(frozen=True)
class ScanChange:
    """A change and what it is compared with.

    Attributes
    ----------
    change : Change
        What is done, and what BV5 % may move by.
    base : str
        Name of what it is compared with.
    """

    change: Change
    base: str = PLAIN.name

    @property
    def name(self) -> str:
        """For the table."""
        return self.change.name


def _unchanged(volume: Volume) -> Volume:
    return volume


SCAN_CHANGES = (
    ScanChange(Change("mirrored", mirrored, 0.2)),
    ScanChange(Change("turned by axes", permuted, 0.2)),
    ScanChange(
        Change(
            f"{TOP_SLICES} slices off the top",
            lambda volume: without_edge(volume, 0, TOP_SLICES, at_start=False),
            0.3,
            is_cut=True,
        )
    ),
    ScanChange(Change(f"HU + {OFFSET_HU}", lambda volume: brighter(volume, OFFSET_HU), 0.5)),
    ScanChange(Change(f"noise of {NOISE_HU:g} HU added", noisier, 1.0)),
    ScanChange(Change(f"slices averaged to {THICK_MM:g} mm", averaged, 1.5)),
    ScanChange(Change(OTHER_FORMAT, _unchanged, 0.02), OWN_FILES),
)
"""What is asked of real scans; limits of BV5 % in points."""

BY_NAME = {PLAIN.name: PLAIN} | {each.name: each.change for each in SCAN_CHANGES}


def asked_of_a_scan() -> list[str]:
    """Names of all that is analyzed of one scan: what is compared with first."""
    return [PLAIN.name, OWN_FILES, *(each.name for each in SCAN_CHANGES)]


def scan_of(path: Path, name: str) -> Scan | None:
    """Scan of a path, changed.

    Parameters
    ----------
    path : pathlib.Path
        File or DICOM folder.
    name : str
        One of `asked_of_a_scan`.

    Returns
    -------
    Scan or None
        None where the scan does not allow the change.
    """
    scan = read_scan(path)
    if name == OWN_FILES:
        return scan
    if name == OTHER_FORMAT:
        with tempfile.TemporaryDirectory() as folder:
            other = Path(folder) / (
                "scan.mha" if path.name.endswith((".nii", ".gz")) else "scan.nii"
            )
            WriteImage(scan.volume.to_sitk(), str(other))
            return read_scan(other)
    # Axes of LPS, so that the top is the top and left is left.
    volume = Orientation.of(scan.volume.grid).turned(scan.volume)
    changed = BY_NAME[name].apply(volume)
    return None if changed is None else scan_from_image(changed.to_sitk())
