"""Blood gases against published values and against what can be calculated by hand."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study import bloodgas
from BV5AnalysisLib.study.plausible import BOUNDS, check, implausible, other_unit


def test_gradient_of_a_healthy_person_in_room_air():
    # 0.21 · (760 − 47) − 40 / 0.8 − 95
    assert bloodgas.alveolar_arterial_gradient_mmhg(95.0, 40.0, 0.21) == pytest.approx(4.73)


def test_gradient_of_arrays_keeps_what_is_missing():
    gradient = bloodgas.alveolar_arterial_gradient_mmhg(
        np.array([95.0, 60.0, np.nan]), np.array([40.0, 32.0, 40.0]), np.array([0.21, 0.5, 0.21])
    )
    np.testing.assert_allclose(gradient, [4.73, 256.5, np.nan])


def test_gradient_follows_each_condition():
    # 0.3 · (600 − 50) − 36 / 0.9 − 70
    gradient = bloodgas.alveolar_arterial_gradient_mmhg(70.0, 36.0, 0.3, 600.0, 50.0, 0.9)
    assert gradient == pytest.approx(55.0)


@pytest.mark.parametrize(("fio2", "difference"), [(0.21, 2.1), (1.0, 10.0)])
def test_short_equation_is_lower_than_the_full_one_by_what_is_documented(fio2, difference):
    full = fio2 * 713 - 40 * (fio2 + (1 - fio2) / 0.8)
    assert full - bloodgas.alveolar_po2_mmhg(40.0, fio2) == pytest.approx(difference)


def test_ratio_of_pao2_and_fio2():
    np.testing.assert_allclose(
        bloodgas.pao2_fio2_mmhg(np.array([90.0, 60.0]), np.array([0.3, 0.6])), [300, 100]
    )


def test_fio2_from_flow():
    flows = np.array([0, 1, 2, 6, 15, 15.1, -1, np.nan])
    np.testing.assert_allclose(
        bloodgas.fio2_from_nasal_flow(flows),
        [0.21, 0.24, 0.28, 0.44, 0.80, np.nan, np.nan, np.nan],
    )
    assert bloodgas.fio2_from_nasal_flow(3) == pytest.approx(0.32)
    assert isinstance(bloodgas.fio2_from_nasal_flow(3), float)


def test_pressure_by_altitude_is_that_of_the_standard_atmosphere():
    # ISO 2533: 1013.25, 845.56, 701.09 and 540.20 hPa.
    hpa = bloodgas.kpa(bloodgas.barometric_pressure_mmhg(np.array([0, 1500, 3000, 5000]))) * 10
    np.testing.assert_allclose(hpa, [1013.25, 845.56, 701.09, 540.20], rtol=1e-4)


def test_water_vapor_is_that_of_tables():
    # CRC Handbook of Chemistry and Physics, saturated water vapor.
    pressure = bloodgas.water_vapor_pressure_mmhg(np.array([30.0, 37.0, 40.0]))
    np.testing.assert_allclose(pressure, [31.82, 47.07, 55.32], rtol=1e-3)


def test_units_of_pressure():
    assert bloodgas.mmhg(13.3322387) == pytest.approx(100.0)
    assert bloodgas.kpa(bloodgas.mmhg(8.1)) == pytest.approx(8.1)


def test_blood_gas_with_a_measured_fio2():
    gas = bloodgas.blood_gas(64.0, 36.0, fio2=0.4)
    assert not gas.fio2_is_estimated
    assert gas.alveolar_po2_mmhg == pytest.approx(240.2)
    assert gas.aado2_mmhg == pytest.approx(176.2)
    assert gas.pao2_fio2_mmhg == pytest.approx(160.0)


def test_blood_gas_with_a_flow_is_flagged():
    gas = bloodgas.blood_gas(64.0, 36.0, nasal_flow_l_min=5)
    assert gas.fio2_is_estimated
    assert gas.fio2 == pytest.approx(0.4)
    assert gas.aado2_mmhg == pytest.approx(176.2)


@pytest.mark.parametrize("oxygen", [{}, {"fio2": 0.3, "nasal_flow_l_min": 2.0}])
def test_fio2_and_flow_exclude_each_other(oxygen):
    with pytest.raises(AnalysisError, match="either FiO2 or the nasal oxygen flow"):
        bloodgas.blood_gas(64.0, 36.0, **oxygen)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pao2_mmhg": 9.8}, r"PaO2 9\.8 mmHg is implausibly low \(20 to 700 mmHg\); in kPa\? "),
        ({"paco2_mmhg": 5.3}, "Give --unit kPa"),
        ({"paco2_mmhg": 400.0}, "implausibly high"),
        ({"fio2": 40.0}, r"in percent\? Give 0\.4\."),
        ({"fio2": 0.0}, "implausibly low"),
        ({"fio2": None, "nasal_flow_l_min": 40.0}, "devices of higher flow set FiO2: give that"),
        ({"fio2": None, "nasal_flow_l_min": -1.0}, "implausibly low"),
        ({"pressure_mmhg": 1013.0}, r"in hPa\? Give 759\.8 mmHg"),
        ({"pressure_mmhg": 101.3}, r"in kPa\? Give 759\.8 mmHg"),
        ({"water_vapor_mmhg": 6.3}, r"in kPa\? Give 47\.25 mmHg"),
        ({"respiratory_quotient": 0.0}, "Respiratory quotient 0 is implausibly low"),
        ({"pao2_mmhg": float("nan")}, "is no number"),
        ({"pao2_mmhg": float("inf")}, "is no number"),
        ({"pao2_mmhg": 180.0, "fio2": 0.21}, r"AaDO2 would be -80 mmHg.*not possible"),
    ],
)
def test_what_cannot_be_is_refused(changed, message):
    given = {"pao2_mmhg": 70.0, "paco2_mmhg": 40.0, "fio2": 0.3} | changed
    with pytest.raises(AnalysisError, match=message):
        bloodgas.blood_gas(**given)


@pytest.mark.parametrize("quantity", BOUNDS)
def test_bounds_themselves_are_plausible_and_what_is_beyond_is_not(quantity):
    bounds = BOUNDS[quantity]
    step = (bounds.high - bounds.low) / 1000
    values = np.array([bounds.low - step, bounds.low, bounds.high, bounds.high + step, np.nan])
    assert implausible(quantity, values).tolist() == [True, False, False, True, False]


@pytest.mark.parametrize(
    ("quantity", "values", "unit"),
    [
        ("pao2_mmhg", [8.2, 9.9, 31.0, np.nan], "kPa"),
        ("pao2_mmhg", [8.2, 70.0, 90.0], ""),
        ("pao2_mmhg", [5000.0], ""),
        ("paco2_mmhg", [4.9, 5.2, 11.0], "kPa"),
        ("fio2", [21, 40, 60], "percent"),
        ("fio2", [0.21, 0.4, 60], ""),
        ("oxygen_l_min", [1500.0, 2000.0], "mL/min"),
        ("pao2_mmhg", [np.nan], ""),
        ("pao2_mmhg", [], ""),
    ],
)
def test_unit_of_a_column_is_told_by_its_median(quantity, values, unit):
    assert other_unit(quantity, np.array(values)) == unit


def test_values_in_another_unit_are_converted_and_told_in_it():
    assert check("pao2_mmhg", 10.0, "kPa") == pytest.approx(75.006, abs=1e-3)
    assert check("pao2_mmhg", 75.0) == 75.0
    with pytest.raises(AnalysisError, match=r"PaCO2 40 kPa is implausibly high \(1\.33 to 20 kPa"):
        check("paco2_mmhg", 40.0, "kPa")
    with pytest.raises(AnalysisError, match=r"in mmHg\? Leave --unit kPa out"):
        check("paco2_mmhg", 40.0, "kPa")


def test_a_gradient_in_kilopascals_is_converted():
    assert check("aado2_mmhg", 4.0, "kPa") == pytest.approx(30.0, abs=0.01)


def test_large_bounds_are_written_out():
    with pytest.raises(AnalysisError, match=r"\(-450 to 9000 m\)"):
        check("altitude_m", 12000.0)
