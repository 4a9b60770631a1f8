"""Small pictures of a case for contact sheets, made beside the large ones."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

THUMBNAILS = {"vessels_3d.png": "vessels_3d_small.jpg", "overview.png": "overview_small.jpg"}
"""Small picture by large one."""
_SHRINKING = 3
_JPEG_QUALITY = 75


def write_thumbnails(folder: Path) -> None:
    """Write a small picture of each picture in a case's folder.

    Parameters
    ----------
    folder : pathlib.Path
        Of a case, as far as it is written; one without pictures is left as it is.

    Raises
    ------
    OSError
        A file cannot be read or written.
    """
    for large, small in THUMBNAILS.items():
        if (folder / large).exists():
            _write_thumbnail(folder / large, folder / small)


def _write_thumbnail(large: Path, small: Path) -> None:
    writer = sitk.ImageFileWriter()
    writer.SetFileName(str(small))
    writer.UseCompressionOn()
    writer.SetCompressionLevel(_JPEG_QUALITY)
    try:
        image = sitk.ReadImage(str(large), imageIO="PNGImageIO")
        # Means of blocks; JPEG has no transparency.
        shrunk = sitk.BinShrink(image, [_SHRINKING] * 2)
        channels = [sitk.VectorIndexSelectionCast(shrunk, channel) for channel in range(3)]
        writer.Execute(sitk.Compose(channels))
    except RuntimeError as error:
        raise OSError(f"{small.name} cannot be made") from error
