"""The report of a case with its pictures, for window, console and command line."""

from __future__ import annotations

from ...case.case import Case
from ...export.case_report import report_html
from ...export.hilum_picture import hilum_png
from ...export.overview import overview_png
from ...imaging.model.volume import Volume
from ..views.rendering import PICTURE_SIZE, rendered_png


def case_documents(
    case: Case, ct: Volume, size: tuple[int, int] = PICTURE_SIZE
) -> dict[str, bytes]:
    """Draw the pictures and the report of a case.

    Parameters
    ----------
    case : Case
        What to report.
    ct : Volume
        HU, on the case's grid.
    size : tuple of int
        Width and height of the 3D picture, pixels.

    Returns
    -------
    dict of str to bytes
        Content of the files by their names.

    Raises
    ------
    AnalysisError
        The system's drawing library is missing.
    """
    vessels_3d, overview = rendered_png(case, size), overview_png(case, ct)
    return {
        "vessels_3d.png": vessels_3d,
        "overview.png": overview,
        "report.html": report_html(case, overview, vessels_3d, hilum_png(case, ct)).encode("utf-8"),
    }
