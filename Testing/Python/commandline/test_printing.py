"""Tables on the terminal: nothing is cut off, however narrow it is."""

import pytest
from BV5AnalysisLib.commandline import printing

HEADER = ["median (quartiles)", "Oxygen ≤ 2 L/min", "Oxygen > 2 L/min", "p", "p (Holm)"]
ROWS = [
    ["BV5-10 (mL)", "43.03 (34.51 to 58.79)", "37.38 (30.63 to 43.17)", "0.645", "> 0.999"],
    ["TPBV (mL)", "187.22 (144.79 to 248.31)", "167.81 (149.84 to 203.10)", "< 0.001", "0.748"],
]
CELLS = [cell for row in (HEADER, *ROWS) for cell in row]


@pytest.mark.parametrize("rich", [True, False])
def test_a_file_gets_every_row_on_one_line(rich, monkeypatch, capsys):
    if not rich:
        monkeypatch.setattr(printing.importlib.util, "find_spec", lambda _name: None)
    printing.print_table(HEADER, ROWS)
    lines = [line for line in capsys.readouterr().out.splitlines() if any(map(str.isalnum, line))]
    assert len(lines) == 3
    for line, row in zip(lines, (HEADER, *ROWS), strict=True):
        assert all(cell in line for cell in row)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_narrow_terminal_gets_all_of_it(columns, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    printing.print_table(HEADER, ROWS)
    out = capsys.readouterr().out
    assert "…" not in out
    for word in {word for cell in CELLS for word in cell.split()}:
        assert word in out


def test_markup_in_cells_is_text(capsys):
    printing.print_table(["[bold]case[/bold]", "n"], [["[red]a[/red]", "1"]])
    assert "[red]a[/red]" in capsys.readouterr().out
