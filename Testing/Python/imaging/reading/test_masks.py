"""Reading lungs and regions that users give."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.volume import Grid, Volume
from BV5AnalysisLib.imaging.reading.masks import read_lungs, read_regions
from helpers.scan_files import chest_image, cut, image_of, written

IMAGE = chest_image()
GRID = Grid.of(IMAGE)


def labels() -> np.ndarray:
    array = np.zeros(GRID.shape, np.uint8)
    array[2:9, 4:12, 3:9] = 1
    array[3:8, 5:15, 14:21] = 2
    return array


def on_scan(array: np.ndarray, vector: bool = False) -> sitk.Image:
    image = sitk.GetImageFromArray(array, isVector=vector)
    image.CopyInformation(IMAGE)
    return image


def segmentation(array: np.ndarray, segments: list[dict], vector: bool = False) -> sitk.Image:
    """Image with the header fields that 3D Slicer writes."""
    image = on_scan(array, vector)
    for index, fields in enumerate(segments):
        for key, value in ({"ID": f"Segment_{index}"} | fields).items():
            image.SetMetaData(f"Segment{index}_{key}", str(value))
    return image


# Lungs


@pytest.mark.parametrize("name", ["m.nrrd", "m.nii.gz", "m.mha"])
def test_lungs_keep_their_labels(name, tmp_path):
    lungs = read_lungs(written(on_scan(labels()), tmp_path / name), GRID)
    assert lungs.array.dtype == np.uint8
    assert lungs.grid == GRID
    np.testing.assert_array_equal(lungs.array, labels())


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_lungs_of_other_types(dtype, tmp_path):
    path = written(on_scan(labels().astype(dtype)), tmp_path / "m.nrrd")
    np.testing.assert_array_equal(read_lungs(path, GRID).array, labels())


@pytest.mark.parametrize("factor", [300, -1])
def test_labels_beyond_a_byte_become_one(factor, tmp_path):
    path = written(on_scan(labels().astype(np.int16) * factor), tmp_path / "m.nrrd")
    np.testing.assert_array_equal(read_lungs(path, GRID).array, labels() > 0)


def test_lungs_of_overlapping_segments_are_all_of_them(tmp_path):
    layers = np.stack([labels() == 1, labels() > 0], axis=-1).astype(np.uint8)
    image = segmentation(layers, [{"Name": "a"}, {"Name": "b", "Layer": 1}], vector=True)
    lungs = read_lungs(written(image, tmp_path / "m.seg.nrrd"), GRID)
    np.testing.assert_array_equal(lungs.array, labels() > 0)


# Regions


def test_regions_have_the_names_of_segments(tmp_path):
    segments = [
        {"Name": "Left upper lobe", "LabelValue": 2, "Layer": 0},
        {"Name": "Right", "LabelValue": 1, "Layer": 0},
        {"Name": "Nothing", "LabelValue": 3, "Layer": 0},
    ]
    path = written(segmentation(labels(), segments), tmp_path / "r.seg.nrrd")
    left, right, nothing = read_regions(path, GRID)
    assert (left.name, right.name, nothing.name) == ("Left upper lobe", "Right", "Nothing")
    assert left.mask.array.dtype == bool
    assert left.mask.grid == GRID
    np.testing.assert_array_equal(left.mask.array, labels() == 2)
    np.testing.assert_array_equal(right.mask.array, labels() == 1)
    assert not nothing.mask.array.any()


def test_overlapping_regions_come_from_several_layers(tmp_path):
    both = (labels() > 0).astype(np.uint8)
    segments = [
        {"Name": "one", "LabelValue": 1, "Layer": 0},
        {"Name": "two", "LabelValue": 2, "Layer": 0},
        {"Name": "all", "LabelValue": 1, "Layer": 1},
    ]
    image = segmentation(np.stack([labels(), both], axis=-1), segments, vector=True)
    regions = read_regions(written(image, tmp_path / "r.seg.nrrd"), GRID)
    assert [region.name for region in regions] == ["one", "two", "all"]
    for region, expected in zip(regions, (labels() == 1, labels() == 2, both > 0), strict=True):
        np.testing.assert_array_equal(region.mask.array, expected)


def test_old_segmentations_have_a_layer_for_each_segment(tmp_path):
    layers = np.stack([labels() == 1, labels() == 2], axis=-1).astype(np.uint8)
    image = segmentation(layers, [{"Name": "one"}, {"Name": "two"}], vector=True)
    one, two = read_regions(written(image, tmp_path / "r.seg.nrrd"), GRID)
    np.testing.assert_array_equal(one.mask.array, labels() == 1)
    np.testing.assert_array_equal(two.mask.array, labels() == 2)


def test_a_segmentation_cropped_to_its_segments_is_put_in_place(tmp_path):
    segments = [{"Name": "one", "LabelValue": 1}, {"Name": "two", "LabelValue": 2}]
    whole = segmentation(labels(), segments)
    crop = whole[3:21, 4:15, 2:9]
    for key in whole.GetMetaDataKeys():
        crop.SetMetaData(key, whole.GetMetaData(key))
    path = written(crop, tmp_path / "r.seg.nrrd")
    one, two = read_regions(path, GRID)
    np.testing.assert_array_equal(one.mask.array, labels() == 1)
    np.testing.assert_array_equal(two.mask.array, labels() == 2)
    np.testing.assert_array_equal(read_lungs(path, GRID).array, labels())


def test_our_own_segmentations_are_read(tmp_path):
    from BV5AnalysisLib.case.segmentation import write_segmentation
    from BV5AnalysisLib.imaging.model.size_classes import LUNGS

    write_segmentation(tmp_path / "lungs.seg.nrrd", Volume(labels(), GRID), LUNGS)
    regions = read_regions(tmp_path / "lungs.seg.nrrd", GRID)
    assert [region.name for region in regions] == ["Right lung", "Left lung"]
    np.testing.assert_array_equal(regions[1].mask.array, labels() == 2)


def test_labels_without_names_are_numbered(tmp_path):
    array = labels().astype(np.int16)
    array[array == 2] = 7
    regions = read_regions(written(on_scan(array), tmp_path / "r.nrrd"), GRID)
    assert [region.name for region in regions] == ["region 1", "region 7"]
    np.testing.assert_array_equal(regions[1].mask.array, labels() == 2)


# Bad masks


def shifted(offset: tuple) -> sitk.Image:
    image = on_scan(labels())
    image.SetOrigin(tuple(np.add(image.GetOrigin(), offset)))
    return image


def half_a_voxel_off() -> sitk.Image:
    image = segmentation(labels(), [{"Name": "one"}])[1:, 1:, 1:]
    image.SetOrigin(tuple(np.add(image.GetOrigin(), (0.35, 0, 0))))
    image.SetMetaData("Segment0_ID", "one")
    return image


def one_voxel() -> sitk.Image:
    image = image_of(np.zeros((1, 1, 1), np.uint8))
    image.SetMetaData("Segment0_ID", "one")
    return image


BAD_MASKS = {
    "shifted": (lambda: shifted((0.1, 0, 0)), "does not lie on the voxels of the scan"),
    "other spacing": (
        lambda: chest_image((0.7, 0.8, 1.0)) < -500,
        "24×20×12 voxels of 0.7×0.8×1 mm from -100.5, -80.2, 300.0) does not lie",
    ),
    "other size": (lambda: on_scan(labels())[:, :, :-1], "24×20×11 voxels"),
    "other direction": (lambda: sitk.Flip(on_scan(labels()), (True, False, False)), "does not lie"),
    "half a voxel off": (half_a_voxel_off, "does not lie"),
    "empty": (lambda: on_scan(0 * labels()), "is empty"),
    "one voxel": (one_voxel, "is empty"),
    "fractions": (lambda: on_scan(0.5 * labels()), "no labels"),
    "NaN": (lambda: on_scan(np.where(labels() > 0, np.nan, 0.0)), "no labels"),
    "2D": (lambda: image_of(labels()[5]), "is 2D"),
    "color": (lambda: on_scan(np.stack([labels()] * 3, -1), vector=True), "3 values a voxel"),
}


@pytest.mark.parametrize("read", [read_lungs, read_regions])
@pytest.mark.parametrize("name", BAD_MASKS)
def test_bad_mask_is_refused(name, read, tmp_path):
    make, message = BAD_MASKS[name]
    path = written(make(), tmp_path / "mask.nrrd")
    with pytest.raises(AnalysisError) as refused:
        read(path, GRID)
    assert message in str(refused.value)
    assert str(refused.value).startswith("mask.nrrd ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("read", [read_lungs, read_regions])
def test_bad_mask_file_is_refused(read, tmp_path):
    with pytest.raises(AnalysisError, match="There is no file"):
        read(tmp_path / "nowhere.nrrd", GRID)
    with pytest.raises(AnalysisError, match="cut short"):
        read(cut(written(on_scan(labels()), tmp_path / "m.nrrd")), GRID)
    (tmp_path / "m.stl").write_bytes(b"solid")
    with pytest.raises(AnalysisError, match="no known type"):
        read(tmp_path / "m.stl", GRID)


def test_an_image_is_no_set_of_regions(tmp_path):
    hu = np.arange(np.prod(GRID.shape), dtype=np.int16).reshape(GRID.shape)
    with pytest.raises(AnalysisError, match="different values; give a mask"):
        read_regions(written(on_scan(hu), tmp_path / "ct.nrrd"), GRID)


@pytest.mark.parametrize("names", [("lobe", "lobe"), ("lobe", "right")])
def test_a_name_that_another_row_has_is_refused(names, tmp_path):
    segments = [{"Name": name, "LabelValue": value + 1} for value, name in enumerate(names)]
    for fields in segments:
        fields["Layer"] = 0
    path = written(segmentation(labels(), segments), tmp_path / "r.seg.nrrd")
    with pytest.raises(AnalysisError, match=f"a region named {names[1]}, as another row is"):
        read_regions(path, GRID)


# As 3D Slicer writes


def write_by_slicer(path: Path, segments: dict[str, np.ndarray], crop: bool) -> None:
    """Write a segmentation by 3D Slicer's own code."""
    slicer = pytest.importorskip("slicer")
    from BV5AnalysisLib.scene.nodes.images import add_volume, labelmap
    from BV5AnalysisLib.scene.views.offscreen import OffscreenApplication

    scene = OffscreenApplication().scene
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "given")
    ct = add_volume(scene, "ct", Volume(sitk.GetArrayFromImage(IMAGE), GRID))
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct)
    binary = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    for name, mask in segments.items():
        segment = slicer.vtkSegment()
        segment.SetName(name)
        segment.AddRepresentation(binary, labelmap(Volume(mask.astype(np.uint8), GRID)))
        node.GetSegmentation().AddSegment(segment)
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(path))
    storage.SetCropToMinimumExtent(crop)
    assert storage.WriteData(node)


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize("overlap", [False, True])
def test_segmentations_of_slicer(overlap, crop, tmp_path):
    segments = {"upper lobe": labels() == 1, "lower lobe": labels() == 2}
    if overlap:
        segments["both lobes"] = labels() > 0
    path = tmp_path / "r.seg.nrrd"
    write_by_slicer(path, segments, crop)
    size = sitk.ReadImage(str(path)).GetSize()
    assert (size == GRID.size) != crop
    regions = read_regions(path, GRID)
    assert [region.name for region in regions] == list(segments)
    for region in regions:
        np.testing.assert_array_equal(region.mask.array, segments[region.name])
    np.testing.assert_array_equal(read_lungs(path, GRID).array > 0, labels() > 0)


def test_an_image_is_no_lung_mask(tmp_path):
    values = np.arange(20 * 20 * 20, dtype=np.int16).reshape(20, 20, 20) - 4000
    sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / "ct.nrrd"))
    grid = Grid((20, 20, 20), (1.0, 1.0, 1.0))
    with pytest.raises(AnalysisError, match=r"8000 different values; give a lung mask"):
        read_lungs(tmp_path / "ct.nrrd", grid)
