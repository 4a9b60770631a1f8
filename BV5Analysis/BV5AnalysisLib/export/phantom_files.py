"""A phantom and its truth as files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..case.centerlines import write_centerlines
from ..case.measurements_csv import MEASUREMENT_FIELDS
from ..case.output_folder import FolderKind, output_folder
from ..case.segmentation import write_segmentation
from ..case.versions import software_versions
from ..imaging.model.centerlines import Centerlines
from ..imaging.model.measurements import Measurement
from ..imaging.model.size_classes import LUNGS, VESSELS
from ..imaging.model.volume import Volume
from ..imaging.phantom import ChestPhantom
from ..imaging.phantom.anychest import AnyChestPhantom

SCHEMA_VERSION = "1.0"
PHANTOM = FolderKind(
    "truth.json",
    "bv5-analysis/phantom",
    frozenset(
        {
            "airways.nrrd",
            "blood.nrrd",
            "ct.nrrd",
            "lungs.seg.nrrd",
            "tissues.nrrd",
            "truth.json",
            "truth_centerlines.vtp",
            "truth_airways.vtp",
        }
    ),
)


def write_phantom(
    phantom: ChestPhantom | AnyChestPhantom, folder: Path, overwrite: bool = False
) -> None:
    """Write a phantom's folder, whole or not at all.

    It holds ``ct.nrrd``, ``lungs.seg.nrrd``, ``truth_centerlines.vtp`` and ``truth_airways.vtp``
    (arrays as in ``centerlines.vtp``; areas of airways are of the lumen), and ``truth.json`` as
    `truth_record` makes it. A chest of any build has label maps besides: ``tissues.nrrd``
    (`TissueKind`), ``airways.nrrd`` (`AirwayKind`) and ``blood.nrrd`` (share of blood, 255 for
    all).

    Parameters
    ----------
    phantom : ChestPhantom or AnyChestPhantom
        What to write.
    folder : pathlib.Path
        Its folder.
    overwrite : bool
        Replace a phantom's folder that is there.

    Raises
    ------
    AnalysisError
        The folder exists, or cannot be written.
    """
    with output_folder(folder, PHANTOM, overwrite) as partial:
        _write_volume(partial / "ct.nrrd", phantom.volume)
        if isinstance(phantom, AnyChestPhantom):
            _write_volume(partial / "tissues.nrrd", phantom.kinds)
            _write_volume(partial / "airways.nrrd", phantom.airways)
            _write_volume(partial / "blood.nrrd", phantom.blood)
        write_segmentation(partial / "lungs.seg.nrrd", phantom.lungs, LUNGS)
        write_centerlines(partial / "truth_centerlines.vtp", phantom.centerlines)
        write_centerlines(partial / "truth_airways.vtp", phantom.airway_centerlines)
        text = json.dumps(truth_record(phantom), indent=2, allow_nan=False)
        (partial / "truth.json").write_text(text + "\n", encoding="utf-8")


def truth_record(phantom: ChestPhantom | AnyChestPhantom) -> dict[str, Any]:
    """Say what is known of a phantom, as plain values fit for JSON.

    Parameters
    ----------
    phantom : ChestPhantom or AnyChestPhantom
        The phantom.

    Returns
    -------
    dict
        ``spec``; ``measurements``, which an analysis should find; ``hidden_measurements``, the
        blood inside consolidation; ``centerline_mm`` by size class; ``airway_centerline_mm``;
        ``overlap_fraction``; ``parameters``, the class bounds; versions and geometry.
    """
    grid = phantom.volume.grid
    return {
        "schema": PHANTOM.schema,
        "schema_version": SCHEMA_VERSION,
        "software": software_versions(),
        "spec": phantom.spec.to_dict(),
        "parameters": phantom.parameters.to_dict(),
        "geometry": {
            "space": "LPS",
            "size": list(grid.size),
            "spacing_mm": list(grid.spacing),
            "origin_mm": list(grid.origin),
            "direction": list(grid.direction),
        },
        "measurements": _rows(phantom.measurements),
        "hidden_measurements": _rows(phantom.hidden_measurements),
        "centerline_mm": _length_by_class(phantom.centerlines),
        "airway_centerline_mm": float(phantom.airway_centerlines.length_mm.sum()),
        "overlap_fraction": phantom.overlap_fraction,
    }


def _write_volume(path: Path, volume: Volume) -> None:
    try:
        sitk.WriteImage(volume.to_sitk(), str(path), useCompression=True, compressionLevel=1)
    except RuntimeError as error:
        raise OSError(f"{path.name} cannot be written.") from error


def _rows(measurements: Iterable[Measurement]) -> list[dict[str, Any]]:
    """Rows of plain values; None for a share of nothing."""
    rows = []
    for row in measurements:
        values = {name: getattr(row, name) for name in MEASUREMENT_FIELDS}
        plain = {name: value if math.isfinite(value) else None for name, value in values.items()}
        rows.append({"region": row.region} | plain)
    return rows


def _length_by_class(centerlines: Centerlines) -> dict[str, float]:
    size_class = centerlines.size_class[centerlines.branch_start[:-1]]
    return {
        appearance.key: float(np.sum(centerlines.length_mm[size_class == kind]))
        for kind, appearance in VESSELS.items()
    }
