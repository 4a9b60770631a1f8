"""What is handed to `bv5 analyze` comes out of its readers as it was in the scene."""

import json

import numpy as np
import pytest
import slicer
from BV5AnalysisLib.commandline.analyze import read_acquisition, read_parameters
from BV5AnalysisLib.imaging.model.size_classes import LUNGS
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.reading.masks import read_lungs, read_regions
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan
from BV5AnalysisLib.scene.case.handover import names_of_files, write_inputs
from BV5AnalysisLib.scene.nodes.acquisition import ACQUISITION
from BV5AnalysisLib.scene.nodes.segmentations import add_segmentation


@pytest.fixture
def lungs_node(slicer_app, small_phantom_result, ct_node):
    return add_segmentation(slicer.mrmlScene, "Lungen", small_phantom_result.lungs, LUNGS, ct_node)


@pytest.fixture
def regions_node(slicer_app, small_phantom_result, ct_node):
    """Two segments that overlap, and one that does not."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Regionen")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct_node)
    for name, (low, high) in {"oben ü": (0, 60), "Mitte": (40, 80), "unten": (80, 200)}.items():
        part = np.zeros(small_phantom_result.lungs.array.shape, np.uint8)
        part[low:high] = small_phantom_result.lungs.array[low:high] > 0
        single = add_segmentation(
            slicer.mrmlScene,
            "part",
            small_phantom_result.lungs.with_array(part),
            {1: LUNGS[1]},
            ct_node,
        )
        segment = single.GetSegmentation().GetSegment("right")
        segment.SetName(name)
        node.GetSegmentation().AddSegment(segment, name)
        slicer.mrmlScene.RemoveNode(single)
    return node


def value_of(arguments: list[str], option: str) -> str:
    return arguments[arguments.index(option) + 1]


def test_all_inputs_come_back(tmp_path, small_phantom_result, ct_node, lungs_node, regions_node):
    from pathlib import Path

    ct_node.SetAttribute(ACQUISITION, json.dumps({"kernel": "B70f", "slice_thickness_mm": 1.0}))
    parameters = Parameters(minimum_csa_mm2=0.0, blood_hu=55.0)
    arguments = write_inputs(tmp_path, ct_node, lungs_node, regions_node, parameters)
    scan = read_scan(arguments[0])
    assert scan.sha256 == small_phantom_result.scan.sha256
    assert scan.volume.grid.matches(small_phantom_result.scan.volume.grid, tolerance_mm=1e-6)
    lungs = read_lungs(value_of(arguments, "--lungs"), scan.volume.grid)
    np.testing.assert_array_equal(lungs.array > 0, small_phantom_result.lungs.array > 0)
    regions = read_regions(value_of(arguments, "--regions"), scan.volume.grid)
    assert [region.name for region in regions] == ["oben ü", "Mitte", "unten"]
    inside = small_phantom_result.lungs.array > 0
    for region, (low, high) in zip(regions, ((0, 60), (40, 80), (80, 200)), strict=True):
        expected = np.zeros_like(inside)
        expected[low:high] = inside[low:high]
        np.testing.assert_array_equal(region.mask.array, expected)
    assert read_parameters(Path(value_of(arguments, "--parameters"))) == parameters
    assert read_acquisition(Path(value_of(arguments, "--acquisition"))).kernel == "B70f"


def test_without_masks_none_is_written(tmp_path, ct_node):
    arguments = write_inputs(tmp_path, ct_node, None, None, Parameters())
    assert "--lungs" not in arguments
    assert "--regions" not in arguments
    written = {entry.name for entry in tmp_path.iterdir() if entry.is_file()}
    assert written == {"ct.nrrd", "parameters.json", "acquisition.json"}


def test_files_are_told_by_the_names_of_their_nodes(ct_node, lungs_node):
    assert names_of_files(ct_node, lungs_node, None) == {
        "ct.nrrd": ct_node.GetName(),
        "lungs.nrrd": "Lungen",
    }
