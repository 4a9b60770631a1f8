"""Golden numbers of a small phantom; test_real_scans.py has those of scans."""

import pytest
from helpers import golden


@pytest.fixture(scope="module")
def measured() -> golden.Numbers:
    return golden.small_phantom()


def test_a_small_phantom_measures_as_before(measured):
    golden.assert_golden(golden.SMALL, measured)


@pytest.mark.parametrize("factor", [0.998, 1.002])
def test_a_change_by_two_per_mille_is_seen(measured, factor):
    tpbv_ml = measured["both"]["tpbv_ml"]
    other = measured["both"] | {"tpbv_ml": factor * tpbv_ml}
    with pytest.raises(AssertionError, match=r"both tpbv_ml: .*golden \d"):
        golden.assert_golden(golden.SMALL, measured | {"both": other})


def test_a_missing_region_is_seen(measured):
    with pytest.raises(AssertionError):
        golden.assert_golden(golden.SMALL, {"both": measured["both"]})
