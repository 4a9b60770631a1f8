"""Nodes as files for `bv5 analyze`, which runs as a process beside Slicer."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import slicer

from ...case.nrrd import write_nrrd
from ...imaging.errors import AnalysisError
from ...imaging.model.scan import Region
from ...imaging.model.volume import Grid
from ...imaging.parameters import Parameters
from ..nodes.acquisition import acquisition_of
from ..nodes.masks import lungs_from, regions_from
from ..nodes.volumes import ct_volume, reason_not_measurable

CT, LUNGS, REGIONS = "ct.nrrd", "lungs.nrrd", "regions.seg.nrrd"


def write_inputs(
    folder: Path,
    volume: slicer.vtkMRMLScalarVolumeNode,
    lungs: slicer.vtkMRMLSegmentationNode | None,
    regions: slicer.vtkMRMLSegmentationNode | None,
    parameters: Parameters,
) -> list[str]:
    """Write the inputs of an analysis.

    Parameters
    ----------
    folder : pathlib.Path
        Existing folder.
    volume : vtkMRMLScalarVolumeNode
        The CT.
    lungs, regions : vtkMRMLSegmentationNode or None
        Lungs to measure in, and regions to measure apart.
    parameters : Parameters
        As the user set them.

    Returns
    -------
    list of str
        Arguments of ``bv5 analyze`` that name the files.

    Raises
    ------
    AnalysisError
        A node is unfit; the message says why and what to do.
    OSError
        A file cannot be written.
    """
    if reason := reason_not_measurable(volume):
        raise AnalysisError(reason)
    ct = ct_volume(volume)
    write_nrrd(folder / CT, ct.array, ct.grid)
    arguments = [str(folder / CT)]
    if lungs is not None:
        mask = lungs_from(lungs, ct.grid, volume)
        write_nrrd(folder / LUNGS, mask.array, ct.grid)
        arguments += ["--lungs", str(folder / LUNGS)]
    if regions is not None:
        _write_regions(folder / REGIONS, regions_from(regions, ct.grid, volume), ct.grid)
        arguments += ["--regions", str(folder / REGIONS)]
    for name, value in (
        ("parameters", parameters.to_dict()),
        ("acquisition", dataclasses.asdict(acquisition_of(volume))),
    ):
        file = folder / f"{name}.json"
        file.write_text(json.dumps(value), encoding="utf-8")
        arguments += [f"--{name}", str(file)]
    return arguments


def names_of_files(
    volume: slicer.vtkMRMLNode,
    lungs: slicer.vtkMRMLNode | None,
    regions: slicer.vtkMRMLNode | None,
) -> dict[str, str]:
    """Names of nodes, by the names of their files."""
    nodes = {CT: volume, LUNGS: lungs, REGIONS: regions}
    return {file: node.GetName() for file, node in nodes.items() if node is not None}


def _write_regions(path: Path, regions: tuple[Region, ...], grid: Grid) -> None:
    """Write regions as a segmentation with as few layers as their overlaps need."""
    layers: list[np.ndarray] = []
    kind = np.min_scalar_type(len(regions))
    fields = {}
    for index, region in enumerate(regions):
        inside = region.mask.array
        layer = next((i for i, each in enumerate(layers) if not each[inside].any()), len(layers))
        if layer == len(layers):
            layers.append(np.zeros(grid.shape, kind))
        layers[layer][inside] = index + 1
        fields |= {
            f"Segment{index}_ID": f"region_{index + 1}",
            f"Segment{index}_Name": region.name,
            f"Segment{index}_Layer": str(layer),
            f"Segment{index}_LabelValue": str(index + 1),
        }
    labels = layers[0] if len(layers) == 1 else np.stack(layers, axis=-1)
    write_nrrd(path, labels, grid, fields)
