"""Text with delimiters (CSV), as programs of all countries write it."""

from __future__ import annotations

import codecs
import csv
import io

from ...imaging.errors import AnalysisError

DELIMITERS = ",;\t|"
LOOKED_AT = 50
"""Rows by which the delimiter is recognized."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Rows = list[tuple[int, list[str]]]


def delimited_rows(
    name: str, content: bytes, wanted: str = "a CSV file or an .xlsx workbook"
) -> tuple[Rows, list[str]]:
    """Split text into cells.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    content : bytes
        UTF-8 or UTF-16, or Windows-1252; comma, semicolon, tab or bar between cells.
    wanted : str, optional
        What to give in place of what is no text.

    Returns
    -------
    rows : list of (int, list of str)
        Line number, from 1, and cells.
    notes : list of str
        What was not certain.

    Raises
    ------
    AnalysisError
        It is no text, or no table.
    """
    text, notes = decoded(name, content, wanted)
    lines = text.splitlines()
    if lines and lines[0].lower().startswith("sep=") and len(lines[0]) == len("sep=") + 1:
        delimiter = lines[0][-1]
        rows = _split(name, text, delimiter)[1:]
    else:
        delimiter = _delimiter(name, "\n".join(lines[:LOOKED_AT]), text)
        rows = _split(name, text, delimiter)
    return rows, notes


def decoded(name: str, content: bytes, wanted: str) -> tuple[str, list[str]]:
    """Text of bytes, and a note if its encoding is not certain; AnalysisError if it is none."""
    encoding = next((each for mark, each in _MARKS if content.startswith(mark)), "")
    notes: list[str] = []
    if not encoding and b"\0" in content:
        raise AnalysisError(f"{name} is no text file; give {wanted}.")
    try:
        return content.decode(encoding or "utf-8"), notes
    except UnicodeDecodeError as error:
        if encoding:
            raise _undecodable(name) from error
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise _undecodable(name) from error
    notes.append(f"{name} is not UTF-8 and was read as Windows-1252: check letters with accents.")
    return text, notes


def _undecodable(name: str) -> AnalysisError:
    return AnalysisError(
        f"The text of {name} cannot be decoded; save it again as CSV in UTF-8, or as .xlsx."
    )


def _delimiter(name: str, beginning: str, text: str) -> str:
    """Take what gives most rows the same number of cells, and then the most cells."""
    best, best_score = "", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in csv.reader(io.StringIO(beginning), delimiter=delimiter) if row]
        except csv.Error:
            continue
        widths = [len(row) for row in rows if any(map(str.strip, row))]
        usual = max(set(widths), key=lambda w: (widths.count(w), w)) if widths else 0
        if usual > 1:
            best_score, best = max(
                (best_score, best), ((widths.count(usual) / len(widths), usual), delimiter)
            )
    if not best and not any(delimiter in text for delimiter in DELIMITERS):
        raise AnalysisError(
            f"{name} has one column only; give a table whose columns are divided by commas,"
            " semicolons or tabs."
        )
    return best or ","


def _split(name: str, text: str, delimiter: str) -> Rows:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: Rows = []
    try:
        for row in reader:
            rows.append((reader.line_num, row))
    except csv.Error as error:
        if "field limit" in str(error):
            raise AnalysisError(
                f"{name} has a cell of more than {csv.field_size_limit()} letters at line"
                f" {reader.line_num}; shorten it, or close the quotation mark that it begins with."
            ) from error
        raise AnalysisError(
            f"{name} is no proper CSV at line {reader.line_num} ({error}); check quotation marks."
        ) from error
    return rows
