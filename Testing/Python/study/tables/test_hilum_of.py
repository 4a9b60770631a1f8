"""Tables that count hilar blood in different ways are not mixed."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.tables.case_table import CaseTable, frame_of
from BV5AnalysisLib.study.tables.measurement_table import hilum_of


def table(ways=None, shares=None):
    count = len(ways or "123")
    columns = {}
    if ways:
        columns["hilum"] = np.array(ways, dtype=object)
    if shares:
        columns["hilum_share"] = np.array(shares)
    return CaseTable(frame_of([f"P{i}" for i in range(count)], columns), ())


def test_one_way_is_told():
    assert hilum_of(table(["apart", "apart"], [0.8, 0.8]), "t") == "apart below 0.8"
    assert hilum_of(table(["included", ""], [0.8, np.nan]), "t") == "included"
    assert hilum_of(table(), "t") == "included"


@pytest.mark.parametrize(
    ("ways", "shares"),
    [(["apart", "included"], [0.8, 0.8]), (["apart", ""], [0.8, 0.8]), (["apart"] * 2, [0.8, 0.7])],
)
def test_two_ways_are_refused(ways, shares):
    with pytest.raises(AnalysisError, match="mixes definitions of the hilum"):
        hilum_of(table(ways, shares), "t")
