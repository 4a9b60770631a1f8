"""What the DICOM database knows of a volume that was loaded from it."""

from __future__ import annotations

import logging
from pathlib import Path

import slicer

from ..imaging.dicomheaders import read_header
from ..imaging.scan import Acquisition

INSTANCES = "DICOM.instanceUIDs"
"""Attribute that Slicer gives to volumes from DICOM."""


def acquisition_of(volume: slicer.vtkMRMLScalarVolumeNode) -> Acquisition:
    """How a volume was acquired, as the header of its first slice tells.

    Parameters
    ----------
    volume : vtkMRMLScalarVolumeNode
        Any volume.

    Returns
    -------
    Acquisition
        Empty if the volume does not come from DICOM, or the header cannot be read; the
        application's log then says why. An analysis needs none of it.
    """
    uids = (volume.GetAttribute(INSTANCES) or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    if not uids or database is None:
        return Acquisition()
    try:
        path = database.fileForInstance(uids[0])
        header = read_header(Path(path)) if path else None
    except Exception as error:  # noqa: BLE001  a database that is closed, moved, damaged, ...
        return _unknown(volume, str(error))
    if header is None:
        return _unknown(volume, "its file is not in the DICOM database")
    return header.acquisition


def _unknown(volume: slicer.vtkMRMLScalarVolumeNode, reason: str) -> Acquisition:
    logging.warning("The DICOM header of %s cannot be read: %s", volume.GetName(), reason)
    return Acquisition()
