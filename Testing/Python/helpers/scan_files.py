"""Small scans on disk, whole and broken, for tests of reading."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.config import disable_value_validation
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"
SERIES = "1.2.826.0.1.3680043.8.498.1"
OTHER_SERIES = "1.2.826.0.1.3680043.8.498.2"
STUDY = "1.2.826.0.1.3680043.8.498.3"
SLICES = 12


def chest(slices: int = SLICES, rows: int = 20, columns: int = 24) -> np.ndarray:
    """A block of tissue with air in it, HU, every voxel different from its neighbors."""
    z, y, x = np.indices((slices, rows, columns))
    hu = 10 * z + 3 * y + x
    hu[:, 5:-5, 5:-5] -= 900
    return hu.astype(np.int16)


def chest_image(spacing=(0.7, 0.8, 1.25), **options) -> sitk.Image:
    """The chest in memory, with geometry."""
    image = sitk.GetImageFromArray(chest(**options))
    image.SetSpacing(spacing)
    image.SetOrigin((-100.5, -80.25, 300.0))
    return image


def write_slice(path: Path, hu: np.ndarray, position, slope=1.0, intercept=-1024.0, **tags) -> None:
    """Write one DICOM slice; tags replace what a usual CT slice has, None leaves them out."""
    with disable_value_validation():
        dataset = pydicom.Dataset()
        dataset.SOPClassUID = CT_CLASS
        dataset.SOPInstanceUID = generate_uid()
        dataset.Modality = "CT"
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.Manufacturer = "SIEMENS"
        dataset.StudyInstanceUID = STUDY
        dataset.SeriesInstanceUID = SERIES
        dataset.SeriesNumber = 4
        dataset.SeriesDescription = "Thorax"
        dataset.SliceThickness = 1.25
        dataset.ConvolutionKernel = "B30f"
        dataset.ImagePositionPatient = [float(v) for v in position]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing = [0.8, 0.7]
        dataset.Rows, dataset.Columns = hu.shape[:2]
        dataset.SamplesPerPixel = 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
        dataset.PixelRepresentation = 1
        dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept
        stored = np.rint((hu.astype(float) - intercept) / slope).astype("<i2")
        dataset.PixelData = stored.tobytes()
        for name, value in tags.items():
            if value is None:
                del dataset[name]
            else:
                setattr(dataset, name, value)
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path, enforce_file_format=True)


def write_series(folder: Path, heights=None, shift_y=0.0, **tags) -> Path:
    """Write a series, one slice at each height, named so that their order is no help."""
    heights = 1.25 * np.arange(SLICES) + 300.0 if heights is None else heights
    hu = chest(len(heights))
    for index, height in enumerate(heights):
        path = folder / f"{(index * 37) % 101:03}.dcm"
        position = (-100.5, -80.25 + shift_y * index, height)
        write_slice(path, hu[index], position, **tags)
    return folder


def cut(path: Path, share: float = 0.6) -> Path:
    """Cut a file short."""
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    return path


def written(image: sitk.Image, path: Path) -> Path:
    """Write an image, compressed where the name says so."""
    sitk.WriteImage(image, str(path), useCompression=path.suffix not in {".mhd", ".nhdr"})
    return path


def image_of(array: np.ndarray, **options) -> sitk.Image:
    """The image of an array, spacing 1 mm."""
    return sitk.GetImageFromArray(array, **options)


def cut_image(folder: Path, name: str) -> Path:
    """Write a noisy image, so that compression cannot keep it whole, and cut its voxels short."""
    noise = np.random.default_rng(0).integers(-1000, 500, (20, 30, 30)).astype(np.int16)
    path = written(image_of(noise), folder / name)
    voxels = {".mhd": ".raw", ".nhdr": ".raw"}.get(path.suffix)
    cut(path.with_suffix(voxels) if voxels else path)
    return path


def changed_values(folder: Path, change: Callable[[np.ndarray], object]) -> Path:
    """Write the chest after a change of its values."""
    hu = chest().astype(np.float32)
    change(hu)
    return written(image_of(hu), folder / "ct.nrrd")


def sheared_file(folder: Path) -> Path:
    """A volume whose slices are shifted against each other, as its header says."""
    path = written(chest_image(), folder / "ct.nhdr")
    header = path.read_text()
    start = header.index("space directions:")
    end = header.index("\n", start)
    shear = "space directions: (0.7,0,0) (0,0.8,0) (0,0.3,1.25)"
    path.write_text(header[:start] + shear + header[end:])
    return path


def sheared_nifti(folder: Path) -> Path:
    """A sheared volume as NIfTI says it: in the rows of its sform."""
    path = written(chest_image(), folder / "ct.nii")
    content = bytearray(path.read_bytes())
    struct.pack_into("<hh", content, 252, 0, 1)
    rows = (0.7, 0, 0, 0, 0, 0.8, 0.3, 0, 0, 0, 1.25, 0)
    struct.pack_into("<12f", content, 280, *rows)
    path.write_bytes(content)
    return path


def not_image(folder: Path, name: str, content: bytes) -> Path:
    """Write a file with content that is no image."""
    (folder / name).write_bytes(content)
    return folder / name


def empty(folder: Path) -> Path:
    """Make an empty folder."""
    (folder / "ct").mkdir()
    return folder / "ct"


def only_text(folder: Path) -> Path:
    """Make a folder without any image."""
    not_image(empty(folder), "README.txt", b"nothing here")
    return folder / "ct"


def two_series(folder: Path) -> Path:
    """Write two series of like length."""
    write_series(folder / "ct" / "a")
    write_series(
        folder / "ct" / "b",
        SeriesInstanceUID=OTHER_SERIES,
        SeriesNumber=5,
        SeriesDescription="Lung",
    )
    return folder / "ct"


def missing_slices(folder: Path) -> Path:
    """Write a series with two gaps, three slices in all."""
    heights = np.delete(1.25 * np.arange(20), [7, 8, 15])
    return write_series(folder / "ct", heights)


def repeated_slices(folder: Path) -> Path:
    """Write a series with two slices at one place, twice."""
    heights = np.sort(np.append(1.25 * np.arange(12), [2.5, 5.0]))
    return write_series(folder / "ct", heights)


def irregular_slices(folder: Path) -> Path:
    """Write a series whose spacing changes half way."""
    return write_series(folder / "ct", np.cumsum([1.0] * 8 + [1.4] * 6))


def color_slices(folder: Path) -> Path:
    """Write a series of color pictures."""
    pixels = np.zeros((20, 24, 3), np.uint8).tobytes()
    return write_series(
        folder / "ct",
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
        PixelData=pixels,
    )


def byte_slices(folder: Path) -> Path:
    """Write a series of 8-bit pictures."""
    return write_series(
        folder / "ct",
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
        PixelData=bytes(20 * 24),
    )


def multi_frame(folder: Path) -> Path:
    """Write one file with several frames."""
    write_slice(
        folder / "ct" / "a.dcm",
        chest()[0],
        (0, 0, 0),
        SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1",
        NumberOfFrames=2,
        PixelData=bytes(2 * 2 * 20 * 24),
    )
    return folder / "ct"


def mixed_sizes(folder: Path) -> Path:
    """Write a series with one slice of another size."""
    write_series(folder / "ct")
    write_slice(folder / "ct" / "x.dcm", chest()[0, :-2], (-100.5, -80.25, 298.75))
    return folder / "ct"


def mixed_directions(folder: Path) -> Path:
    """Write a series with one slice in another direction."""
    write_series(folder / "ct")
    tags = {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}
    write_slice(folder / "ct" / "x.dcm", chest()[0], (-100.5, -80.25, 298.75), **tags)
    return folder / "ct"


def cut_slice(folder: Path) -> Path:
    """Write a series with one slice cut within its pixels."""
    write_series(folder / "ct")
    cut(folder / "ct" / "010.dcm", 0.8)
    return folder / "ct"


def slice_cut_in_header(folder: Path) -> Path:
    """Write a series with one slice cut before its pixels."""
    write_series(folder / "ct")
    cut(folder / "ct" / "010.dcm", 0.3)
    return folder / "ct"


def slice_of_no_bytes(folder: Path) -> Path:
    """Write a series with one empty file."""
    write_series(folder / "ct")
    (folder / "ct" / "010.dcm").write_bytes(b"")
    return folder / "ct"


def one_slice_file(folder: Path) -> Path:
    """Write a single slice without a telling name."""
    write_slice(folder / "IM0001", chest()[0], (0, 0, 0))
    return folder / "IM0001"


Maker = Callable[[Path], Path]

BAD_SCANS: dict[str, tuple[Maker, str]] = {
    "no such path": (lambda folder: folder / "nowhere.nrrd", "There is no file or folder"),
    "empty folder": (empty, "is empty"),
    "no image in folder": (only_text, "no DICOM image"),
    "several series": (two_series, "holds 2 series; choose one by --series"),
    "missing slices": (missing_slices, "misses 3 slices, after position 7.5, 17.5 mm"),
    "duplicate slices": (repeated_slices, "duplicate slices: 2 of 14"),
    "irregular spacing": (irregular_slices, "irregular slice spacing, 1.00 to 1.40 mm"),
    "gantry tilt": (
        lambda folder: write_series(folder / "ct", shift_y=0.25),
        "tilted gantry (11.3°)",
    ),
    "sheared file": (sheared_file, "gantry tilt"),
    "sheared NIfTI": (sheared_nifti, "gantry tilt"),
    "localizer": (
        lambda folder: write_series(folder / "ct", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]),
        "is a localizer",
    ),
    "MR": (lambda folder: write_series(folder / "ct", Modality="MR"), "is MR, not CT"),
    "no modality": (lambda folder: write_series(folder / "ct", Modality=None), "not CT"),
    "color slices": (color_slices, "color pictures"),
    "8-bit slices": (byte_slices, "8-bit"),
    "multi-frame": (multi_frame, "multi-frame CT, which is not read"),
    "no position": (
        lambda folder: write_series(folder / "ct", ImagePositionPatient=None),
        "without position",
    ),
    "single slice": (lambda folder: write_series(folder / "ct", [0.0]), "a single slice"),
    "one slice file": (one_slice_file, "one DICOM slice; give the folder"),
    "few slices": (lambda folder: write_series(folder / "ct", range(9)), "24 × 20 × 9 voxels"),
    "mixed sizes": (mixed_sizes, "different sizes"),
    "mixed directions": (mixed_directions, "different directions"),
    "RGB": (
        lambda f: written(
            image_of(np.zeros((12, 12, 12, 3), np.uint8), isVector=True), f / "a.nrrd"
        ),
        "3 values a voxel",
    ),
    "color NIfTI": (
        lambda f: written(
            image_of(np.zeros((12, 12, 12, 3), np.uint8), isVector=True), f / "a.nii"
        ),
        "3 values a voxel",
    ),
    "4D": (
        lambda f: written(sitk.JoinSeries([chest_image(), chest_image()]), f / "a.nii.gz"),
        "is 4D",
    ),
    "2D": (lambda f: written(image_of(chest()[0]), f / "a.mha"), "is 2D"),
    "one slice as volume": (
        lambda f: written(image_of(chest(1)), f / "a.nrrd"),
        "a picture or slab",
    ),
    "8-bit mask": (
        lambda f: written(image_of((chest() < -500).astype(np.uint8)), f / "a.nrrd"),
        "8-bit values",
    ),
    "label volume": (
        lambda f: written(image_of((chest() < -500).astype(np.int16)), f / "a.nrrd"),
        "values from 0 to 1, no Hounsfield units",
    ),
    "no air": (
        lambda f: written(image_of(np.maximum(chest(), -200)), f / "a.nrrd"),
        "values from -200 to",
    ),
    "no air but padding": (
        lambda f: changed_values(
            f, lambda hu: (np.maximum(hu, -100, out=hu), hu.__setitem__((0, 0), -3024))
        ),
        "values from -100 to",
    ),
    "stored values, not HU": (
        lambda f: written(image_of((chest() + 1024).astype(np.uint16)), f / "a.nrrd"),
        "no Hounsfield units",
    ),
    "too high": (
        lambda f: changed_values(f, lambda hu: hu.__setitem__((0, 0, 0), 1e6)),
        "to 1e+06",
    ),
    "NaN": (lambda f: changed_values(f, lambda hu: hu.__setitem__((3, 3, 3), np.nan)), "NaN"),
    "infinite": (
        lambda f: changed_values(f, lambda hu: hu.__setitem__((3, 3, 3), -np.inf)),
        "infinite",
    ),
    "slices apart": (
        lambda f: written(chest_image((0.7, 0.7, 5.5)), f / "a.nrrd"),
        "slices 5.5 mm apart",
    ),
    "thick slices": (
        lambda f: write_series(f / "ct", SliceThickness=7.5),
        "slices 7.5 mm thick",
    ),
    "thick DICOM": (lambda f: write_series(f / "ct", 6.0 * np.arange(12)), "slices 6 mm apart"),
    "cut slice": (cut_slice, "010.dcm is cut short"),
    "slice cut in header": (slice_cut_in_header, "010.dcm is cut short"),
    "slice of no bytes": (slice_of_no_bytes, "010.dcm is cut short"),
    "cut nrrd": (lambda f: cut_image(f, "ct.nrrd"), "ct.nrrd is cut short"),
    "cut nhdr": (lambda f: cut_image(f, "ct.nhdr"), "ct.nhdr is cut short"),
    "cut nii.gz": (lambda f: cut_image(f, "ct.nii.gz"), "ct.nii.gz is cut short"),
    "cut nii": (lambda f: cut_image(f, "ct.nii"), "ct.nii is cut short"),
    "cut mha": (lambda f: cut_image(f, "ct.mha"), "ct.mha is cut short"),
    "cut mhd": (lambda f: cut_image(f, "ct.mhd"), "ct.mhd is cut short"),
    "no bytes": (lambda f: not_image(f, "ct.nii.gz", b""), "ct.nii.gz is cut short"),
    "text named nrrd": (lambda f: not_image(f, "ct.nrrd", b"hello"), "ct.nrrd is cut short"),
    "unknown type": (lambda f: not_image(f, "ct.pdf", b"%PDF-1.7"), "no known type"),
    "text named dcm": (lambda f: not_image(f, "ct.dcm", b"hello"), "ct.dcm is cut short"),
}
"""By what is wrong: how to make it, and what the message has to say."""
