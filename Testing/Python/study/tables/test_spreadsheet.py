"""Tables are read whatever program wrote them, or refused in one line."""

import datetime
import tracemalloc
import zipfile

import openpyxl
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.tables.spreadsheet import read_sheet
from helpers.cohort_tables import workbook

TEXT = "case;Größe\nP1;9,8\nP2;10\n"


def written(folder, content, name="table.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def message(folder, content, **options):
    with pytest.raises(AnalysisError) as caught:
        read_sheet(written(folder, content), **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    sheet = read_sheet(written(tmp_path, TEXT.encode(encoding)))
    assert sheet.header == ("case", "Größe")
    assert sheet.rows == (("P1", "9,8"), ("P2", "10"))
    assert any("Windows-1252" in note for note in sheet.notes) == (encoding == "cp1252")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path, delimiter):
    text = 'case,"a, b; c",x\nP1,"1;5",2\nP2,,3\n'.replace(",", delimiter)
    sheet = read_sheet(written(tmp_path, text))
    assert len(sheet.header) == 3
    assert sheet.column(2) == ["2", "3"]


def test_semicolons_with_decimal_commas_in_every_cell(tmp_path):
    sheet = read_sheet(written(tmp_path, "case;a;b\nP1;1,5;2,5\nP2;3,5;4,5\nP3;1,5;2,5\n"))
    assert sheet.header == ("case", "a", "b")
    assert sheet.column(1) == ["1,5", "3,5", "1,5"]


def test_the_line_of_excel_that_names_the_delimiter(tmp_path):
    sheet = read_sheet(written(tmp_path, "sep=;\ncase;a,b\nP1;1\n"))
    assert sheet.header == ("case", "a,b")


def test_titles_and_blank_rows_before_the_header_and_row_numbers(tmp_path):
    text = "Our study,,\n\ncase,age,sex\nP1,50,m\n,,\nP2,60,f\n"
    sheet = read_sheet(written(tmp_path, text))
    assert sheet.header == ("case", "age", "sex")
    assert sheet.numbers == (4, 6)
    assert any("row 3" in note for note in sheet.notes)


def test_short_rows_are_filled_and_cells_have_no_spaces_around(tmp_path):
    sheet = read_sheet(written(tmp_path, "case , a,b\n P1 ,\t1\n"))
    assert sheet.header == ("case", "a", "b")
    assert sheet.rows == (("P1", "1", ""),)


def test_a_line_break_within_quotes(tmp_path):
    sheet = read_sheet(written(tmp_path, 'case,"PaO2\n(kPa)"\nP1,9\nP2,10\n'))
    assert sheet.header == ("case", "PaO2 (kPa)")
    assert sheet.numbers == (3, 4)


def test_a_column_without_title_is_told(tmp_path):
    sheet = read_sheet(written(tmp_path, "case,,b\nP1,1,2\n"))
    assert any("column 2 has no title" in note for note in sheet.notes)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n\n ", "is empty"),
        (b"case,age\n", "no row below its header"),
        (b"case,age\nP1,9,8\nP2,9,9\nP3,10\nP4,11\nP5,12\n", "row 2"),
        (b"just some words\nand more\n", "one column only"),
        (b"case,age\nP1,\x81\x8d\n", "cannot be decoded"),
        (b"\xff\xfec\x00\xd8", "cannot be decoded"),
        (b"case,age\nP1,\x00\x01\n", "is no text file"),
        (b'case,age\nP1,"50\nP2,60\n', "quotation marks"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "old or password-protected"),
        (b"PK\x03\x04 no archive", "is damaged"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, told):
    assert told in message(tmp_path, content)


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(AnalysisError, match="No such file"):
        read_sheet(tmp_path / "none.csv")
    with pytest.raises(AnalysisError, match="is a folder"):
        read_sheet(tmp_path)


def test_a_sheet_of_what_is_no_workbook(tmp_path):
    assert "no workbook" in message(tmp_path, TEXT, sheet="2")


def test_a_workbook(tmp_path):
    rows = [["case", "age", "seen", "ok"], ["P1", 50.5, datetime.date(2024, 5, 1), True], ["P2", 3]]
    sheet = read_sheet(workbook(tmp_path, rows))
    assert sheet.header == ("case", "age", "seen", "ok")
    assert sheet.rows == (("P1", "50.5", "2024-05-01", "yes"), ("P2", "3", "", ""))


def test_numbers_of_a_workbook_are_those_that_excel_shows(tmp_path):
    sheet = read_sheet(workbook(tmp_path, [["case", "x"], ["P1", 0.1 + 0.2], ["P2", 7.0]]))
    assert sheet.column(1) == ["0.3", "7"]


def test_identifiers_that_are_numbers_with_leading_zeros(tmp_path):
    path = workbook(tmp_path, [["case", "x"], [7, 1]])
    book = openpyxl.load_workbook(path)
    book.active["A2"].number_format = "000"
    book.save(path)
    assert read_sheet(path).column(0) == ["007"]


def test_merged_cells_count_for_every_row_that_they_span(tmp_path):
    path = workbook(
        tmp_path, [["Study", None], ["case", "group"], ["P1", "a"], ["P2", None], ["P3", "b"]]
    )
    book = openpyxl.load_workbook(path)
    book.active.merge_cells("A1:B1")
    book.active.merge_cells("B3:B4")
    book.save(path)
    sheet = read_sheet(path)
    assert sheet.header == ("case", "group")
    assert sheet.column(1) == ["a", "a", "b"]
    assert any("B3:B4" in note for note in sheet.notes)


@pytest.mark.parametrize("kind", ["absolute", "relative", "moved"])
def test_merged_cells_of_a_sheet_are_found_wherever_the_archive_has_it(tmp_path, kind):
    path = workbook(tmp_path, [["case", "group"], ["P1", "a"], ["P2", None]])
    book = openpyxl.load_workbook(path)
    other = book.create_sheet("Other", 0)
    for row in (["case", "x"], ["P1", 1], ["P2", 2]):
        other.append(row)
    book.worksheets[1].title = "Groups & gases"
    book.worksheets[1].merge_cells("B2:B3")
    book.save(path)
    parts = parts_of(path)
    relations = "xl/_rels/workbook.xml.rels"
    assert b'Target="/xl/worksheets/sheet2.xml"' in parts[relations]
    if kind != "absolute":  # As Excel writes them.
        parts[relations] = parts[relations].replace(b'Target="/xl/', b'Target="')
    if kind == "moved":  # As SharePoint may name it.
        parts["xl/workbook22.xml"] = parts.pop("xl/workbook.xml")
        parts["xl/_rels/workbook22.xml.rels"] = parts.pop(relations)
        for name in ("_rels/.rels", "[Content_Types].xml"):
            assert b"xl/workbook.xml" in parts[name]
            parts[name] = parts[name].replace(b"xl/workbook.xml", b"xl/workbook22.xml")
    write_parts(path, parts)
    assert read_sheet(path, "groups & gases").column(1) == ["a", "a"]
    assert read_sheet(path, "other").column(1) == ["1", "2"]


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_parts(path, parts):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def cached(path, value):
    """Store what Excel would: the value of the formula in B2."""
    parts = parts_of(path)
    sheet = "xl/worksheets/sheet1.xml"
    assert b"<f>1+1</f><v />" in parts[sheet] or b"<f>1+1</f><v></v>" in parts[sheet]
    for empty in (b"<f>1+1</f><v />", b"<f>1+1</f><v></v>"):
        parts[sheet] = parts[sheet].replace(empty, b"<f>1+1</f><v>%d</v>" % value)
    write_parts(path, parts)


def test_formulas_give_their_stored_values(tmp_path):
    path = workbook(tmp_path, [["case", "x"], ["P1", "=1+1"]])
    cached(path, 2)
    assert read_sheet(path).column(1) == ["2"]


def test_formulas_that_were_never_calculated_are_no_empty_cells(tmp_path):
    path = workbook(tmp_path, [["case", "x"], ["P1", "=1+1"]])
    with pytest.raises(AnalysisError, match=r"formulas without stored values \(B2\)"):
        read_sheet(path)


def test_a_formula_whose_value_would_be_inline_text_has_none(tmp_path):
    path = workbook(tmp_path, [["case", "x"], ["P1", "=1+1"]])
    cached(path, 2)
    parts = parts_of(path)
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b'<c r="B2"', b'<c r="B2" t="inlineStr"', 1)
    assert b'<c r="B2" t="inlineStr"' in parts[sheet]
    write_parts(path, parts)
    with pytest.raises(AnalysisError, match=r"formulas without stored values \(B2\)"):
        read_sheet(path)


def test_the_sheet_is_chosen_by_its_title_and_others_are_told(tmp_path):
    path = workbook(tmp_path, [["case", "x"], ["P1", 1]])
    book = openpyxl.load_workbook(path)
    book.active.title = "First"
    other = book.create_sheet("Gases")
    for row in (["case", "y"], ["P1", 2]):
        other.append(row)
    book.save(path)
    assert any("Gases" in note for note in read_sheet(path).notes)
    assert read_sheet(path, sheet="gases ").header == ("case", "y")
    with pytest.raises(AnalysisError, match="no sheet 'more'; it has First, Gases"):
        read_sheet(path, sheet="more")


def test_another_archive_is_no_workbook(tmp_path):
    path = tmp_path / "letter.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(AnalysisError, match="no Excel workbook"):
        read_sheet(path)


def test_a_damaged_workbook(tmp_path):
    path = tmp_path / "table.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<broken")
    with pytest.raises(AnalysisError, match="cannot be read as a workbook"):
        read_sheet(path)


def edited(path, change):
    """A workbook after a change to it."""
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


CELLS = [["case", "x", "y"], ["P1", 1, 2], ["P2", 3, 4]]


def test_a_stray_format_far_below_the_table_costs_nothing(tmp_path):
    def change(book):
        book.active["XFD1048576"].number_format = "0.0"

    tracemalloc.start()
    sheet = read_sheet(edited(workbook(tmp_path, CELLS), change))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sheet.header == ("case", "x", "y")
    assert sheet.numbers == (2, 3)
    assert peak < 50e6


def test_a_merge_down_a_whole_column_fills_only_the_rows_that_there_are(tmp_path):
    def change(book):
        book.active["C3"] = None
        book.active.merged_cells.add("C2:C1048576")
        book.active.merged_cells.add("D1:XFD1048576")

    sheet = read_sheet(edited(workbook(tmp_path, CELLS), change))
    assert sheet.rows == (("P1", "1", "2"), ("P2", "3", "2"))
    assert any("C2:C1048576" in note for note in sheet.notes)


@pytest.mark.parametrize(
    ("limit", "told"), [("MOST_CELLS", "filled"), ("MOST_WITH_EMPTY", "empty")]
)
def test_more_cells_than_a_table_has_are_refused(tmp_path, monkeypatch, limit, told):
    monkeypatch.setattr(f"BV5AnalysisLib.study.tables.workbook.{limit}", 8)
    with pytest.raises(AnalysisError, match=f"more than 8 .*{told}"):
        read_sheet(workbook(tmp_path, CELLS))


def test_percent_formats_count_as_excel_shows_them(tmp_path):
    def change(book):
        for cell, value, shape in (
            ("B2", 0.21, "0%"),
            ("B3", 0.285, "0.0 %"),
            ("C2", 21, '0 "%"'),
            ("C3", 1, "0%"),
        ):
            book.active[cell] = value
            book.active[cell].number_format = shape

    sheet = read_sheet(edited(workbook(tmp_path, CELLS), change))
    assert sheet.column(1) == ["21%", "28.5%"]
    assert sheet.column(2) == ["21", "100%"]


def test_a_hidden_sheet_is_not_read_unless_named(tmp_path):
    def change(book):
        book.active.title = "Old"
        book.active.sheet_state = "hidden"
        seen = book.create_sheet("Seen")
        seen.append(["case", "z"])
        seen.append(["P1", 9])

    path = edited(workbook(tmp_path, CELLS), change)
    sheet = read_sheet(path)
    assert sheet.header == ("case", "z")
    assert any("sheet Seen was read, and not Old (hidden)" in note for note in sheet.notes)
    assert read_sheet(path, "old").header == ("case", "x", "y")


@pytest.mark.parametrize("merged", ["A1:B1", "B1:C1"])
def test_columns_under_a_merged_title_are_told(tmp_path, merged):
    path = edited(workbook(tmp_path, CELLS), lambda book: book.active.merge_cells(merged))
    column = 2 if merged[0] == "A" else 3
    assert any(
        f"column {column} has no title and was not used; a merged title" in note
        for note in read_sheet(path).notes
    )


def test_a_cell_of_endless_text_is_named_by_its_line(tmp_path):
    told = message(tmp_path, 'case,x\nP1,1\nP2,"' + "a" * 140_000 + '"\n')
    assert "a cell of more than 131072 letters at line 3" in told
