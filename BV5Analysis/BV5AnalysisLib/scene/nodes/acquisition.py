"""How a volume was acquired: kept with its node, or known to the DICOM database."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path

import slicer

from ...case.record_fields import acquisition_problem
from ...imaging.model.scan import Acquisition, Scan
from ...imaging.reading.dicom_headers import read_header
from .images import add_volume

INSTANCES = "DICOM.instanceUIDs"
"""Attribute that Slicer gives to volumes from DICOM."""
ACQUISITION = "BV5Analysis.acquisition"
"""Attribute of volumes that were read by this library: fields of `Acquisition`, as JSON."""


def add_scan(scene: slicer.vtkMRMLScene, scan: Scan, name: str) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a scan to a scene, with what its header said.

    Parameters
    ----------
    scene : vtkMRMLScene
        Scene to add to.
    scan : Scan
        As `imaging.reading.scan_reader.read_scan` gives it.
    name : str
        Name of the node; made unique.

    Returns
    -------
    vtkMRMLScalarVolumeNode
        The CT, shown in a lung window.
    """
    node = add_volume(scene, scene.GenerateUniqueName(name), scan.volume)
    node.SetAttribute(ACQUISITION, json.dumps(dataclasses.asdict(scan.acquisition)))
    return node


def acquisition_of(volume: slicer.vtkMRMLScalarVolumeNode) -> Acquisition:
    """How a volume was acquired, from the header of its first slice.

    Parameters
    ----------
    volume : vtkMRMLScalarVolumeNode
        Any volume.

    Returns
    -------
    Acquisition
        Empty if the volume does not come from DICOM, or the header cannot be read; the
        application's log then says why. An analysis does not need it.
    """
    kept = volume.GetAttribute(ACQUISITION)
    if kept:
        return _kept(volume, kept)
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


def _kept(volume: slicer.vtkMRMLScalarVolumeNode, text: str) -> Acquisition:
    """Acquisition of the node's attribute, which a user may have edited."""
    try:
        values = json.loads(text)
        problem = acquisition_problem(values)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        return _unknown(volume, str(error))
    return _unknown(volume, f"it has {problem}") if problem else Acquisition(**values)


def _unknown(volume: slicer.vtkMRMLScalarVolumeNode, reason: str) -> Acquisition:
    logging.warning("The DICOM header of %s cannot be read: %s", volume.GetName(), reason)
    return Acquisition()
