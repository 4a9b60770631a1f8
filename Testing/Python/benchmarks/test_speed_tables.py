"""Tables of the speed benchmark, from costs that are made up."""

import pytest
from speed import CHEST_MM, Measured, slices_table, step_table, target_table, whole_table
from timing.watching import Cost, Run


def run(wall_s, cpu_s, peak_gb):
    half = Cost(wall_s / 2, cpu_s / 2, peak_gb)
    return Run(Cost(wall_s, cpu_s, peak_gb), {"start": half, "end": half})


@pytest.fixture
def measured():
    runs = (run(9.0, 12.0, 1.5), run(30.0, 14.0, 1.7), run(10.0, 13.0, 1.6))
    return Measured("a scan", runs, (Cost(40.0, 80.0, 2.5), Cost(44.0, 78.0, 2.4)))


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_whole_command_is_the_median_and_the_highest_peak(measured):
    row = cells(list(whole_table([measured]))[-1])
    assert row[:5] == ["a scan", "10.0", "9.0, 30.0, 10.0", "13.0", "1.70"]
    assert row[5:] == ["42.0", "79.0", "2.50", "0.24", "0.16"]


def test_targets_are_met_or_not(measured):
    rows = [cells(line) for line in list(target_table(measured))[3:]]
    assert [row[2:] for row in rows] == [["10.00", "yes"], ["1.70", "yes"], ["0.24", "yes"]]
    slow = Measured("slow", (run(21.0, 30.0, 2.1),), (Cost(42.0, 80.0, 2.5),))
    rows = [cells(line) for line in list(target_table(slow))[3:]]
    assert [row[2:] for row in rows] == [["21.00", "no"], ["2.10", "no"], ["0.50", "no"]]


def test_every_row_of_steps_has_as_many_cells_as_its_header(measured):
    lines = [line for line in step_table([measured, measured]) if line]
    assert {len(cells(line)) for line in lines} == {7}
    assert [cells(line)[0] for line in lines[2:]] == ["start", "end", "whole"]


def test_the_line_through_slices_is_found():
    by_slices = {n: Measured(str(n), (run(2 + 0.02 * n, 0.05 * n, 0.5),)) for n in (100, 400, 1000)}
    lines = list(slices_table(by_slices))
    assert f"{CHEST_MM / 400:.2f}" in lines[4]
    assert "2 s + 0.02 s a slice, R² 1.000" in lines[-3]
    assert "0.05 s a slice" in lines[-2]


def test_memory_that_does_not_grow_has_no_correlation_to_tell():
    by_slices = {n: Measured(str(n), (run(1.0 * n, 1.0 * n, 0.5),)) for n in (100, 400)}
    assert "500 MB + 0 MB a slice" in list(slices_table(by_slices))[-1]
