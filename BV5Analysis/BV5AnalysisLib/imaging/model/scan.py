"""The CT scan: attenuation, geometry and identity."""

from __future__ import annotations

from dataclasses import dataclass, field

from .finding import Finding
from .volume import Volume

PADDING_BELOW_HU = -1500
"""Lower values mark voxels outside the scanner's field of view: no air is measured as low."""
OUTSIDE_HU = -2000
"""Value of these voxels in a `Scan`, so that lungs cut by the field of view are noticed."""


@dataclass(frozen=True)
class Acquisition:
    """How the scan was made, by its file, without anything that names the patient.

    Attributes
    ----------
    study_uid, series_uid : str or None
        DICOM UIDs, None where absent or not valid as UIDs.
    manufacturer, model, kernel, contrast_agent : str or None
        As in the DICOM header, without what names the patient.
    slice_thickness_mm : float or None
        Nominal slice thickness, which may differ from the spacing.
    """

    study_uid: str | None = None
    series_uid: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    kernel: str | None = None
    contrast_agent: str | None = None
    slice_thickness_mm: float | None = None


@dataclass(frozen=True)
class Person:
    """What a scan's header says about the person, as far as measurements depend on it.

    Nobody is known by it, and it is written into no output but as a group of a reference.

    Attributes
    ----------
    age_years : float or None
        At the scan; None where absent or not credible.
    sex : str or None
        ``female`` or ``male``; None where absent or neither.
    """

    age_years: float | None = None
    sex: str | None = None


@dataclass(frozen=True)
class Scan:
    """A chest CT.

    Attributes
    ----------
    volume : Volume
        Attenuation in HU, int16 or float32, (z, y, x), as the file orders it.
    sha256 : str
        SHA-256 of the voxel values (int16 or float32, little endian, in array order).
    source : str
        File or folder name, without its path.
    acquisition : Acquisition
        From the DICOM header, empty for other formats.
    findings : tuple of Finding
        Quality findings known from reading it, such as thick slices.
    person : Person
        From the DICOM header, empty for other formats.
    """

    volume: Volume
    sha256: str
    source: str = ""
    acquisition: Acquisition = field(default_factory=Acquisition)
    findings: tuple[Finding, ...] = ()
    person: Person = field(default_factory=Person)


@dataclass(frozen=True)
class Region:
    """A named part of the lungs to measure separately, such as a lobe.

    Attributes
    ----------
    name : str
        Row name in tables.
    mask : Volume
        Bool, on the scan's grid.
    """

    name: str
    mask: Volume
