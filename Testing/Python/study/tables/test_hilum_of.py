"""Tables that count hilar blood in different ways are not mixed."""

import re

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.tables.case_table import CaseTable, frame_of
from BV5AnalysisLib.study.tables.exclusions import exclude
from BV5AnalysisLib.study.tables.measurement_table import hilum_of
from BV5AnalysisLib.study.values import Variable


def table(ways=None, shares=None):
    count = len(ways or "123")
    columns, variables = {}, []
    if ways:
        columns["hilum"] = np.array(ways, dtype=object)
        variables.append(Variable("hilum", "Hilum"))
    if shares:
        columns["hilum_share"] = np.array(shares)
        variables.append(Variable("hilum_share", "Lung around of hilar vessels, below"))
    return CaseTable(frame_of([f"P{i}" for i in range(count)], columns), tuple(variables))


def test_one_way_is_told():
    assert hilum_of(table(["apart", "apart"], [0.8, 0.8]), "t") == "apart below 0.8"
    assert hilum_of(table(["included", ""], [0.8, np.nan]), "t") == "included"
    assert hilum_of(table(), "t") == "included"


MIXED = [
    (["apart"] * 3 + ["included"], [0.8] * 4, ["hilum!=apart"], 3),
    (["apart"] + ["included"] * 2, [0.8] * 3, ["hilum!=included"], 2),
    (["apart", "", "included"], [0.8, np.nan, 0.8], ["hilum!=included"], 2),
    # What is missing is left in by what is not equal.
    (["apart"] * 2 + [""], [0.8, 0.8, np.nan], ["hilum="], 2),
    # Leaving out all that is not apart would change nothing.
    (["apart"] * 3, [0.8, 0.7, 0.8], ["hilum_share!=0.8"], 2),
    (["apart"] * 3, [0.75, 0.75, 0.8], ["hilum_share!=0.75"], 2),
    (["apart"] * 3, [0.8, 0.8, np.nan], ["hilum_share="], 2),
    (["apart"] * 3, [np.nan, np.nan, 0.8], ["hilum_share!="], 2),
    (
        ["apart"] * 5 + ["included", ""],
        [0.8, 0.8, 0.8, 0.7, np.nan, 0.8, np.nan],
        ["hilum=", "hilum!=apart", "hilum_share=", "hilum_share!=0.8"],
        3,
    ),
]


@pytest.mark.parametrize(("ways", "shares", "rules", "count"), MIXED)
def test_two_ways_are_refused_and_the_rules_that_it_names_leave_one(ways, shares, rules, count):
    mixed = table(ways, shares)
    with pytest.raises(AnalysisError, match="mixes definitions of the hilum") as refused:
        hilum_of(mixed, "t")
    assert re.findall(r"--exclude '([^']*)'", str(refused.value)) == rules
    left, _, _ = exclude(mixed, rules)
    assert hilum_of(left, "t")
    assert len(left) == count
