"""A cohort's tables as table nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import slicer

from ...export.cohort.pairs_table import pairs_block
from ...export.cohort.patients_table import characteristics_block
from ...export.cohort.table_blocks import (
    Block,
    adjusted_block,
    correlation_block,
    roc_block,
    table_one,
)
from ...study.cohort.result import CohortResult
from ...study.measures import MEASURES
from ...study.values import Exclusion, FlowStep
from ..nodes.tables import TableColumn, fill_table, saveable

TITLES = {
    "table1": "Table 1",
    "table1Correlations": "Table 1, correlations",
    "pairs": "groups in pairs",
    "patients": "patients",
    "correlations": "all correlations",
    "adjusted": "adjusted model",
    "roc": "areas under ROC curves",
    "flow": "from scans to patients",
    "notes": "notes and methods",
    "cases": "cases",
}
"""What the tables are called in the scene, by their keys."""
MOST_NAMES = 20
"""Cases that a cell names; the number of further ones follows."""


def cohort_blocks(result: CohortResult) -> dict[str, Block]:
    """Make all tables of text of a cohort, by their keys, in order."""
    first, *others = table_one(result)
    blocks = {"table1": first, "table1Correlations": others[0] if others else None}
    blocks["pairs"] = pairs_block(result)
    blocks["patients"] = characteristics_block(result)
    everything = correlation_block(result, result.correlations)
    if not others or everything.rows != others[0].rows:
        blocks["correlations"] = everything
    blocks |= {
        "adjusted": adjusted_block(result),
        "roc": roc_block(result),
        "flow": flow_block(result),
    }
    blocks = {key: block for key, block in blocks.items() if block is not None and block.rows}
    return {**blocks, "notes": notes_block(result, tuple(blocks.values()))}


def flow_block(result: CohortResult) -> Block:
    """Make the flow from all scans to those analyzed: a row a step, and a row a reason."""
    rows: list[tuple[str, ...]] = []
    flow = result.cohort.flow
    if flow and flow[0].excluded:
        flow = (FlowStep("all scans", flow[0].remaining + len(flow[0].excluded)), *flow)
    for step in flow:
        rows += _excluded_rows(step.excluded)
        rows.append((step.text[:1].upper() + step.text[1:], str(step.remaining), ""))
    rows += [(group.label, str(group.n), "") for group in result.groups]
    return Block("From scans to patients analyzed", ("Step", "n", "Cases"), tuple(rows))


def notes_block(result: CohortResult, blocks: tuple[Block, ...]) -> Block:
    """List what a reader must know, a sentence or more a row.

    Parameters
    ----------
    result : CohortResult
        The cohort.
    blocks : tuple of Block
        The other tables, whose footnotes come first.

    Returns
    -------
    Block
        What each note is about, and the note.
    """
    cohort = result.cohort
    rows: dict[str, str] = {}
    for block in blocks:
        for note in block.footnotes:
            # Those that several tables share are listed once.
            rows.setdefault(note.replace("exclusions.csv", f"“{TITLES['flow']}”"), block.title)
    notes = [(title, note) for note, title in rows.items()]
    notes += [("Data", note) for note in cohort.notes]
    notes += [
        ("Treated as missing", f"{cell.column} of {cell.case}, {cell.text}: {cell.reason}")
        for cell in cohort.unusable
    ]
    notes += [
        ("Clinical data without a scan", f"{e.case}: {e.reason}") for e in cohort.without_scan
    ]
    notes += [("Methods", sentence) for sentence in result.methods]
    return Block("Notes and methods", ("About", "Note"), tuple(notes))


def fill_block(node: slicer.vtkMRMLTableNode, block: Block) -> None:
    """Fill a table node with a table of text; its description has the footnotes.

    Parameters
    ----------
    node : vtkMRMLTableNode
        Its former content goes.
    block : Block
        What to show.
    """
    width = len(block.header)
    rows = [(*row, *("",) * (width - len(row))) for row in block.rows]
    titles = map(saveable, block.header)
    columns = [TableColumn(f"column_{index}", title, "", "") for index, title in enumerate(titles)]
    values = {column.key: [row[index] for row in rows] for index, column in enumerate(columns)}
    fill_table(node, columns, values)
    node.SetUseFirstColumnAsRowHeader(width > 1)
    node.SetDescription(" ".join((f"{block.title}.", *block.footnotes)))


def fill_cases(node: slicer.vtkMRMLTableNode, result: CohortResult) -> None:
    """Fill a table node with the analyzed cases, a row each, for plots of one's own.

    Parameters
    ----------
    node : vtkMRMLTableNode
        Gets case, group, measures and clinical variables; missing numbers are NaN.
    result : CohortResult
        Whose cases they are.
    """
    cohort = result.cohort
    shown = [each for each in (*MEASURES, *cohort.variables) if each.key in cohort.columns]
    grouping = saveable(result.grouping)
    columns = [TableColumn("case", "Case", "", ""), TableColumn("group", "Group", "", grouping)]
    columns += [TableColumn(each.key, saveable(each.title), each.unit, "") for each in shown]
    groups = np.full(len(cohort.cases), "", object)
    for group in result.groups:
        groups[group.members] = group.label
    values = {each.key: cohort.columns[each.key] for each in shown}
    texts = {key: [str(cell) for cell in cells] for key, cells in values.items() if _is_text(cells)}
    fill_table(node, columns, {"case": cohort.cases, "group": groups, **values, **texts})
    node.SetUseFirstColumnAsRowHeader(True)


def _is_text(cells: np.ndarray) -> bool:
    return cells.dtype == object


def _excluded_rows(excluded: tuple[Exclusion, ...]) -> Iterator[tuple[str, ...]]:
    """Make a row a reason, the most frequent first."""
    for reason, count in Counter(each.reason for each in excluded).most_common():
        names = [each.case for each in excluded if each.reason == reason]
        more = f" and {count - MOST_NAMES} more" if count > MOST_NAMES else ""
        yield f"– excluded: {reason}", str(count), ", ".join(names[:MOST_NAMES]) + more
