"""A case of the scene as the files that `bv5 analyze` writes."""

from __future__ import annotations

import secrets
from pathlib import Path

from ...case.files import Case, write_case
from ...case.folder import RESULT, check_output, output_folder
from ...case.tables import measurements_csv, safe_cell
from ...imaging.errors import AnalysisError
from ...imaging.model.volume import Volume
from ..nodes.outcome import Outcome
from ..nodes.places import scan_of
from .cases import case_from_scene
from .documents import case_documents
from .edited import was_edited


def write_outcome(
    outcome: Outcome, folder: Path, overwrite: bool = False, report: bool = True
) -> None:
    """Write a case's folder: tables, record, segmentations, centerlines, pictures and report.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case; with its CT for the report.
    folder : pathlib.Path
        Its folder, which appears complete or not at all.
    overwrite : bool
        Replace a folder of a case that is there.
    report : bool
        Whether to draw the pictures and the report, which takes matplotlib and Jinja2.

    Raises
    ------
    AnalysisError
        Nodes were deleted that it takes, the folder may not be replaced, or cannot be written.
    """
    folder = Path(folder)
    if folder.is_dir() and not overwrite:
        raise AnalysisError(
            f"The folder {folder.name} exists; pass overwrite=True to replace it, or give another"
            " one."
        )
    case = up_to_date_case(outcome, need_volume=report)
    check_output(folder, RESULT, overwrite)
    documents = case_documents(case, scan_for_report(outcome, case.name)) if report else {}
    with output_folder(folder, RESULT, overwrite) as partial:
        write_case(partial, case)
        for name, content in documents.items():
            (partial / name).write_bytes(content)


def up_to_date_case(outcome: Outcome, need_volume: bool = False) -> Case:
    """Case of the nodes; AnalysisError unless its numbers are those of its segmentations."""
    case = case_from_scene(outcome, need_volume)
    if was_edited(outcome, case):
        raise AnalysisError(
            f"The segmentations of {case.name} were edited since its numbers were computed;"
            " recompute, and export then."
        )
    return case


def scan_for_report(outcome: Outcome, name: str) -> Volume:
    """CT of a case, whose slices its report shows; AnalysisError if it is not in the scene."""
    scan = scan_of(outcome)
    if scan is None:
        raise AnalysisError(
            f"The report of {name} shows slices of its CT, which is not in the scene; load the CT,"
            " and then the case again."
        )
    return scan


def write_table(outcome: Outcome, path: Path) -> None:
    """Write the measurements of a case as CSV; an old file stays whole until the new one is.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.
    path : pathlib.Path
        File to write.

    Raises
    ------
    AnalysisError
        Nodes were deleted that it takes, or the file cannot be written.
    """
    path = Path(path)
    text = measurements_csv(up_to_date_case(outcome))
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        partial.write_text(text, encoding="utf-8", newline="")
        partial.replace(path)
    except OSError as error:
        raise AnalysisError(
            f"{path.name} cannot be written ({error.strerror}); choose another folder."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def table_text(outcome: Outcome) -> str:
    """Measurements of a case, tab separated, a header and a line a region.

    Parameters
    ----------
    outcome : Outcome
        Nodes of the case.

    Returns
    -------
    str
        To be pasted into a spreadsheet.

    Raises
    ------
    AnalysisError
        The table was deleted.
    """
    node = outcome.measurementsTable
    if node is None:
        raise AnalysisError(
            "The measurements table was deleted; recompute the case to make it again."
        )
    table = node.GetTable()
    columns = [table.GetColumn(index) for index in range(table.GetNumberOfColumns())]
    header = [node.GetColumnTitle(column.GetName()) or column.GetName() for column in columns]
    rows = (
        [_cell(table.GetValue(row, index)) for index in range(len(columns))]
        for row in range(table.GetNumberOfRows())
    )
    lines = [header, *rows]
    return "".join("\t".join(cells) + "\n" for cells in lines)


def _cell(value: object) -> str:
    """Value of a `vtkVariant` as text that is no formula; nothing where there is no number."""
    if value.IsNumeric():
        number = value.ToDouble()
        return "" if number != number else f"{number:.6g}"  # noqa: PLR0124  NaN is unlike itself
    return safe_cell(value.ToString())
