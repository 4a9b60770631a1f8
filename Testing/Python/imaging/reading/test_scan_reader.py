"""Reading whole scans: values, geometry, identity and findings."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from BV5AnalysisLib.imaging import reading
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.scan import Acquisition, Scan
from BV5AnalysisLib.imaging.model.volume import Grid
from BV5AnalysisLib.imaging.reading import dicom_headers, dicom_series, image_files
from BV5AnalysisLib.imaging.reading.image_files import SUFFIXES
from BV5AnalysisLib.imaging.reading.scan_findings import is_sharp_kernel
from BV5AnalysisLib.imaging.reading.scan_reader import read_scan, scan_from_image
from helpers.golden import SCANS
from helpers.scan_files import (
    OTHER_SERIES,
    SERIES,
    STUDY,
    chest,
    chest_image,
    image_of,
    two_series,
    write_series,
    write_slice,
    written,
)
from pydicom.uid import JPEGLosslessSV1


def turned_image() -> sitk.Image:
    """The chest turned by 20 degrees about z."""
    image = chest_image()
    cosine, sine = np.cos(np.radians(20)), np.sin(np.radians(20))
    image.SetDirection((cosine, -sine, 0, sine, cosine, 0, 0, 0, 1))
    return image


# Image files


@pytest.mark.parametrize(
    "name", ["a.nrrd", "a.nhdr", "a.nii", "a.nii.gz", "a.mha", "a.mhd", "A.NRRD"]
)
def test_each_format_gives_values_and_geometry(name, tmp_path):
    image = turned_image()
    scan = read_scan(written(image, tmp_path / name))
    assert scan.source == name
    assert scan.volume.array.dtype == np.int16
    np.testing.assert_array_equal(scan.volume.array, chest())
    assert scan.volume.grid.matches(Grid.of(image))
    assert scan.acquisition == Acquisition()
    assert scan.findings == ()


def test_the_room_offers_its_readers_by_name():
    assert reading.read_scan is read_scan
    assert reading.scan_from_image is scan_from_image


def test_a_path_may_be_text(tmp_path):
    path = written(chest_image(), tmp_path / "a.nrrd")
    assert read_scan(str(path)).sha256 == read_scan(path).sha256


def test_the_hash_is_that_of_the_values_in_order():
    scan = scan_from_image(chest_image())
    assert scan.sha256 == hashlib.sha256(chest().astype("<i2").tobytes()).hexdigest()


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int64, np.float32, np.float64])
def test_whole_numbers_become_int16_and_the_same_hash(dtype):
    scan = scan_from_image(image_of(chest().astype(dtype)))
    assert scan.volume.array.dtype == np.int16
    assert scan.sha256 == scan_from_image(image_of(chest())).sha256


def test_whole_numbers_scaled_in_floating_point_are_whole():
    hu = chest().astype(np.float32) + np.float32(2e-4)
    scan = scan_from_image(image_of(hu))
    assert scan.volume.array.dtype == np.int16
    np.testing.assert_array_equal(scan.volume.array, chest())


@pytest.mark.parametrize("step", [1, 0.5, 0.25])
def test_a_hundredth_of_one_hu_is_rounded_off(step):
    hu = (chest() * step).astype(np.float32)
    stated, moved = scan_from_image(image_of(hu)), scan_from_image(image_of(hu + np.float32(0.01)))
    np.testing.assert_array_equal(stated.volume.array, hu)
    assert moved.sha256 == stated.sha256


def test_fractions_stay():
    hu = chest().astype(np.float64)
    hu[5, 5, 5] += 0.25
    scan = scan_from_image(image_of(hu))
    assert scan.volume.array.dtype == np.float32
    np.testing.assert_array_equal(scan.volume.array, hu)
    assert scan.sha256 == hashlib.sha256(hu.astype("<f4").tobytes()).hexdigest()


@pytest.mark.parametrize("padding", [-2000, -3024, -32768])
def test_padding_becomes_air(padding):
    hu = chest()
    hu[:, 0] = padding
    scan = scan_from_image(image_of(hu))
    assert (scan.volume.array[:, 0] == -2000).all()
    np.testing.assert_array_equal(scan.volume.array[:, 1:], chest()[:, 1:])


def test_noise_in_air_stays():
    hu = chest()
    hu[0, 0, 0] = -1150
    assert scan_from_image(image_of(hu)).volume.array.min() == -1150


def test_an_image_in_memory_is_left_as_it_is():
    hu = chest()
    hu[:, 0] = -2000
    image = image_of(hu)
    scan = scan_from_image(image, "mine")
    assert scan.source == "mine"
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), hu)


def test_a_fourth_axis_of_length_1_is_dropped(tmp_path):
    path = written(sitk.JoinSeries([turned_image()]), tmp_path / "a.nrrd")
    scan = read_scan(path)
    np.testing.assert_array_equal(scan.volume.array, chest())
    assert scan.volume.grid.matches(Grid.of(turned_image()))


def test_nifti_of_several_gzip_members_is_whole(tmp_path):
    plain = written(chest_image(), tmp_path / "a.nii").read_bytes()
    path = tmp_path / "b.nii.gz"
    path.write_bytes(gzip.compress(plain[:5000]) + gzip.compress(plain[5000:]))
    np.testing.assert_array_equal(read_scan(path).volume.array, chest())


# DICOM


def expected_grid(spacing_z: float = 1.25) -> Grid:
    return Grid((24, 20, 12), (0.7, 0.8, spacing_z), (-100.5, -80.25, 300.0))


def test_dicom_is_ordered_by_position(tmp_path, capfd, silenced_readers):
    scan = read_scan(write_series(tmp_path / "ct"))
    np.testing.assert_array_equal(scan.volume.array, chest())
    assert scan.volume.array.dtype == np.int16
    assert scan.volume.grid.matches(expected_grid(), 1e-6)
    assert scan.source == "ct"
    assert scan.acquisition == Acquisition(
        STUDY, SERIES, "SIEMENS", None, "B30f", None, slice_thickness_mm=1.25
    )
    assert scan.findings == ()
    assert capfd.readouterr() == ("", "")


def test_spacing_is_that_between_positions_not_the_thickness(tmp_path):
    heights = 300.0 + 0.9 * np.arange(12)
    scan = read_scan(write_series(tmp_path / "ct", heights, SliceThickness=1.5))
    assert scan.volume.grid.spacing == pytest.approx((0.7, 0.8, 0.9))
    assert scan.acquisition.slice_thickness_mm == 1.5


def test_positions_rounded_to_tenths_are_regular(tmp_path):
    heights = np.round(300.0 + 1.25 * np.arange(12), 1)
    scan = read_scan(write_series(tmp_path / "ct", heights))
    assert scan.volume.grid.spacing[2] == pytest.approx(1.25, abs=0.01)


def test_slices_along_x_lie_where_their_headers_say(tmp_path):
    hu = chest()
    for index in range(12):
        position = (50.0 - 1.25 * index, -80.25, 300.0)
        tags = {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}
        write_slice(tmp_path / f"{index:02}.dcm", hu[index], position, **tags)
    volume = read_scan(tmp_path).volume
    for z, y, x in [(0, 0, 0), (11, 3, 5), (4, 19, 23)]:
        world = (50.0 - 1.25 * z, -80.25 + 0.7 * x, 300.0 - 0.8 * y)
        found = np.rint(volume.grid.world_to_index(np.array([world]))[0]).astype(int)
        np.testing.assert_allclose(volume.grid.index_to_world(found[None])[0], world, atol=1e-6)
        assert volume.array[tuple(found)] == hu[z, y, x]


def test_each_slice_has_its_own_rescaling(tmp_path):
    hu = chest()
    for index in range(12):
        slope, intercept = (1, -1024) if index % 2 else (2, -1000 + index % 4)
        even = hu[index] // 2 * 2 + index % 4 if index % 2 == 0 else hu[index]
        hu[index] = even
        position = (-100.5, -80.25, 300 + 1.25 * index)
        write_slice(tmp_path / f"{index:02}.dcm", even, position, slope, intercept)
    np.testing.assert_array_equal(read_scan(tmp_path).volume.array, hu)


def test_fractional_rescaling_of_one_slice_is_kept(tmp_path):
    write_series(tmp_path)
    hu = chest(13)[12]
    write_slice(tmp_path / "x.dcm", hu, (-100.5, -80.25, 315), slope=0.5, intercept=-1000.25)
    scan = read_scan(tmp_path)
    assert scan.volume.array.dtype == np.float32
    np.testing.assert_array_equal(scan.volume.array[:12], chest())
    fractions = scan.volume.array[12] - hu
    assert np.abs(fractions).max() == 0.25


@pytest.mark.parametrize(
    "tags",
    [
        {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0},
        {"BitsStored": 16, "HighBit": 15, "PixelRepresentation": 0},
        {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 1, "RescaleIntercept": -1000},
    ],
)
def test_values_are_stored_in_several_ways(tags, tmp_path):
    hu = chest()
    intercept = tags.pop("RescaleIntercept", -1024.0)
    for index in range(12):
        position = (0, 0, 1.25 * index)
        write_slice(tmp_path / f"{index:02}.dcm", hu[index], position, 1.0, intercept, **tags)
    np.testing.assert_array_equal(read_scan(tmp_path).volume.array, hu)


def test_what_is_no_image_is_passed_over(tmp_path):
    folder = write_series(tmp_path / "ct" / "study" / "series")
    (tmp_path / "ct" / "README.md").write_text("a scan")
    (tmp_path / "ct" / "LICENSE").write_bytes(b"")
    (tmp_path / "ct" / "._007.dcm").write_bytes(b"\0\5\x16\7 left by macOS")
    for index, path in enumerate(sorted(folder.iterdir())):
        path.rename(folder / f"IM{index:04}")
    directory = {"SOPClassUID": "1.2.840.10008.1.3.10", "Rows": None, "Columns": None}
    report = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.67", "Modality": "SR"}
    for name, tags in (("DICOMDIR", directory), ("report.dcm", report | directory)):
        write_slice(tmp_path / "ct" / name, chest()[0], (0, 0, 0), PixelData=None, **tags)
    np.testing.assert_array_equal(read_scan(tmp_path / "ct").volume.array, chest())


def test_localizers_and_short_series_are_no_choice(tmp_path):
    write_series(tmp_path / "ct")
    scout = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}
    write_series(tmp_path / "scout", [0.0], SeriesInstanceUID="1.2.3", **scout)
    write_slice(tmp_path / "ct" / "scout.dcm", chest()[0], (9, 9, 9), **scout)
    write_series(tmp_path / "bolus", [0.0, 0.0, 0.0], SeriesInstanceUID="1.2.4")
    write_series(tmp_path / "mr", SeriesInstanceUID="1.2.5", Modality="MR")
    scan = read_scan(tmp_path)
    assert scan.acquisition.series_uid == SERIES
    np.testing.assert_array_equal(scan.volume.array, chest())


@pytest.mark.parametrize("series", [OTHER_SERIES, "5", " 5 "])
def test_a_series_is_chosen_by_uid_or_number(series, tmp_path):
    scan = read_scan(two_series(tmp_path), series=series)
    assert scan.acquisition.series_uid == OTHER_SERIES


def test_what_is_no_uid_is_survived_and_not_repeated(tmp_path, capfd, silenced_readers):
    bad = "1355759b-7653-424e-b0b5-1d131628d0e4"
    tags = {"StudyInstanceUID": bad, "SeriesInstanceUID": bad, "SOPInstanceUID": ""}
    scan = read_scan(write_series(tmp_path, SeriesNumber=None, **tags))
    assert scan.acquisition.study_uid is None
    assert scan.acquisition.series_uid is None
    np.testing.assert_array_equal(scan.volume.array, chest())
    assert capfd.readouterr() == ("", "")


def compress(path: Path) -> None:
    """Turn a slice's pixels to JPEG-lossless ones, as scanners and archives do."""
    plain = pydicom.dcmread(path)
    stored = plain.pixel_array.astype(np.uint16)
    sitk.WriteImage(image_of(stored), str(path), useCompression=True, compressor="JPEG")
    compressed = pydicom.dcmread(path)
    plain.file_meta.TransferSyntaxUID = compressed.file_meta.TransferSyntaxUID
    plain.PixelRepresentation = 0
    plain.PixelData = compressed.PixelData
    plain["PixelData"].is_undefined_length = True
    plain.save_as(path)


def test_jpeg_lossless(tmp_path):
    for path in write_series(tmp_path).iterdir():
        compress(path)
        assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == JPEGLosslessSV1
    np.testing.assert_array_equal(read_scan(tmp_path).volume.array, chest())


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_a_jpeg_slice_cut_short_is_named(share, tmp_path, capfd, silenced_readers):
    for path in write_series(tmp_path).iterdir():
        compress(path)
    path = tmp_path / "047.dcm"
    end = pydicom.dcmread(path)["PixelData"].value
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: size - int((1 - share) * len(end))])
    capfd.readouterr()
    with pytest.raises(AnalysisError, match=r"047\.dcm is cut short"):
        read_scan(tmp_path)
    assert capfd.readouterr() == ("", "")


# Findings


@pytest.mark.parametrize(("spacing", "found"), [(1.25, []), (1.5, []), (1.6, [1.6]), (5.0, [5.0])])
def test_slices_above_1_5_mm_are_a_finding(spacing, found):
    scan = scan_from_image(chest_image((0.7, 0.7, spacing)))
    assert [each.value for each in scan.findings] == found
    assert all(each.code == "thick_slices" for each in scan.findings)
    assert all(f"{spacing:.2g} mm apart" in each.text for each in scan.findings)


def test_thick_slices_close_together_are_a_finding(tmp_path):
    (finding,) = read_scan(write_series(tmp_path, SliceThickness=3)).findings
    assert finding.code == "thick_slices"
    assert finding.value == 3
    assert "3 mm thick" in finding.text


def test_a_sharp_kernel_is_a_finding(tmp_path):
    (finding,) = read_scan(write_series(tmp_path, ConvolutionKernel=["Br64d", "3"])).findings
    assert finding.code == "sharp_kernel"
    assert "Br64d" in finding.text
    # Edges are measured and undone; noise is not.
    assert "noise stays higher" in finding.text
    assert "undone as far as the scan shows it" in finding.text


@pytest.mark.parametrize(
    ("manufacturer", "sharp", "soft"),
    [
        ("SIEMENS", "B60f B70f B80s Br64d Bl57f Bl64 I70f H70h", "B30f B50f Br40d Bf37 B41s D40s"),
        ("Siemens Healthineers", "Br64", "Br40 Qr40"),
        ("GE MEDICAL SYSTEMS", "LUNG BONE BONEPLUS EDGE", "STANDARD SOFT CHST DETAIL"),
        ("Philips", "YC YD L", "A B C YA LA"),
        ("TOSHIBA", "FC50 FC52 FC55", "FC08 FC13 FC13-H FC18"),
        ("Canon Medical Systems", "FC51 LUNG", "FC18 BODY"),
        (None, "", "B70f LUNG"),
    ],
)
def test_kernels(manufacturer, sharp, soft):
    for kernels, expected in ((sharp, True), (soft, False)):
        for kernel in kernels.split():
            acquisition = Acquisition(manufacturer=manufacturer, kernel=kernel)
            assert is_sharp_kernel(acquisition) == expected, kernel


# Patients


def counted_reads(path: Path, monkeypatch) -> tuple[Scan, dict[str, int]]:
    """Read a scan; with how often an image file, a series' pixels and a header were read."""
    reads = {"image": 0, "series": 0, "headers": 0}
    places = {
        "image": (image_files.sitk, "ReadImage"),
        "series": (dicom_series, "_read_pixels"),
        "headers": (dicom_headers.pydicom, "dcmread"),
    }

    def counting(what, read):
        def counted(*args, **options):
            reads[what] += 1
            return read(*args, **options)

        return counted

    for what, (module, name) in places.items():
        monkeypatch.setattr(module, name, counting(what, getattr(module, name)))
    return read_scan(path), reads


@pytest.mark.parametrize(
    ("name", "shape", "spacing", "findings"),
    [
        ("covid_P001_dicom", (148, 512, 512), (0.748046875, 0.748046875, 2.0), ["thick_slices"]),
        ("normal_002_dicom", (167, 512, 512), (0.75, 0.75, 2.0), ["thick_slices"]),
        ("covid_1p25mm.nrrd", (248, 512, 512), (0.703125, 0.703125, 1.25), []),
    ],
)
def test_real_scan(name, shape, spacing, findings, capfd, silenced_readers, monkeypatch):
    path = SCANS / name
    if not path.exists():
        pytest.skip(f"{path} is not here; set BV5_SCANS to the folder of the scans")
    scan, reads = counted_reads(path, monkeypatch)
    # Of a series the pixels are read once, and each file's header once before.
    files = len(list(path.rglob("*.dcm"))) if path.is_dir() else 0
    assert reads == {"image": 0 if files else 1, "series": 1 if files else 0, "headers": files}
    assert scan.volume.array.shape == shape
    assert scan.volume.array.dtype == np.int16
    assert scan.volume.grid.spacing == pytest.approx(spacing)
    assert [each.code for each in scan.findings] == findings
    # Air around the patient, lung, and soft tissue are where they are in any chest CT.
    share = np.histogram(scan.volume.array, [-1100, -950, -700, -200, -150, 150, 4000])[0]
    share = share / scan.volume.array.size
    assert share[0] > 0.2
    assert share[1] > 0.1
    assert share[4] > 0.25
    assert share[3] < 0.05
    assert capfd.readouterr() == ("", "")
    if name == "normal_002_dicom":
        assert scan.acquisition.study_uid is None
        assert scan.acquisition.series_uid is None


def test_formats_are_told_in_the_docstring():
    for suffix in SUFFIXES:
        assert suffix in read_scan.__doc__


@pytest.mark.parametrize("spacing", [(0.05, 0.05, 0.05), (1e-6, 1e-6, 1e-6), (4.9, 4.9, 4.9)])
def test_voxels_that_no_chest_ct_has_are_refused(spacing):
    image = chest_image()
    image.SetSpacing(spacing)
    with pytest.raises(AnalysisError, match="which no chest CT has"):
        scan_from_image(image)
