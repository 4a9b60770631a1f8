"""Short tables on the terminal."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

_SHORT = 12
"""Letters of a cell that has to stay on one line."""


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: first column to the left, the others to the right.

    Parameters
    ----------
    header : sequence of str
        Column titles.
    rows : sequence of sequence of str
        Cells, as many a row as there are titles.
    """
    if importlib.util.find_spec("rich"):
        _print_rich(header, rows)
    else:
        _print_plain(header, rows)


def _print_rich(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(zip(header, *rows, strict=True)):
        # On a narrow terminal long cells take two lines, and no number is cut.
        short = max(map(len, column)) <= _SHORT
        table.add_column(column[0], justify="right" if index else "left", no_wrap=short)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console()
    if not console.is_terminal:  # A file or pipe has no width: nothing may be cut off there.
        console = Console(width=200)
    console.print(table)


def _print_plain(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        first, *others = (
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *others]))
