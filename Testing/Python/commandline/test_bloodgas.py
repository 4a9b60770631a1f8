"""``bv5 bloodgas``: what it prints and what it refuses."""

import json

import pytest
from BV5AnalysisLib import cli

GAS = ["bloodgas", "--pao2", "64", "--paco2", "36"]


def printed(arguments: list[str], capsys) -> str:
    assert cli.main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_table_has_the_results_in_both_units(capsys):
    out = printed([*GAS, "--fio2", "0.4"], capsys)
    rows = {line.split("  ")[0].strip(): line.split()[-2:] for line in out.splitlines()}
    assert rows["AaDO2"] == ["176.2", "23.5"]
    assert rows["PaO2/FiO2"] == ["160.0", "21.3"]
    assert "FiO2 0.4; air 760 mmHg, water vapor 47.0 mmHg, RQ 0.8." in out
    assert "estimated" not in out


def test_an_estimated_fio2_is_flagged(capsys):
    out = printed([*GAS, "--flow", "5"], capsys)
    assert "FiO2 0.4, estimated from 5 L/min" in out
    assert json.loads(printed([*GAS, "--flow", "5", "--json"], capsys))["fio2_is_estimated"] is True


def test_json_is_one_object_with_units_in_names(capsys):
    out = printed([*GAS, "--fio2", "0.4", "--json"], capsys)
    assert out.count("\n") == 1
    record = json.loads(out)
    assert record["aado2_mmhg"] == pytest.approx(176.2)
    assert record["aado2_kpa"] == pytest.approx(23.49, abs=0.01)
    assert record["fio2_is_estimated"] is False


def test_kilopascals_give_what_millimeters_of_mercury_give(capsys):
    kpa = ["bloodgas", "--pao2", "8.53263", "--paco2", "4.79961", "--unit", "kPa", "--fio2", "0.4"]
    in_kpa = json.loads(printed([*kpa, "--pressure", "101.325", "--json"], capsys))
    in_mmhg = json.loads(printed([*GAS, "--fio2", "0.4", "--json"], capsys))
    assert in_kpa == pytest.approx(in_mmhg, abs=1e-3)


def test_altitude_temperature_and_quotient_count(capsys):
    options = ["--fio2", "0.4", "--altitude", "1500", "--temperature", "40", "--rq", "0.9"]
    record = json.loads(printed([*GAS, *options, "--json"], capsys))
    # 0.4 · (634.22 − 55.3) − 36 / 0.9 − 64
    assert record["aado2_mmhg"] == pytest.approx(127.6, abs=0.1)


def test_decimal_commas_are_understood(capsys):
    assert printed([*GAS, "--fio2", "0,4"], capsys) == printed([*GAS, "--fio2", "0.4"], capsys)


def test_below_the_sea(capsys):
    record = json.loads(printed([*GAS, "--fio2", "0.4", "--altitude", "-400", "--json"], capsys))
    assert record["barometric_pressure_mmhg"] > 790


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pao2", "8.5", "--paco2", "4.8", "--fio2", "0.4"], "in kPa? Give --unit kPa."),
        (["--pao2", "64", "--paco2", "36", "--fio2", "40"], "in percent? Give 0.4."),
        (["--pao2", "64", "--paco2", "36", "--unit", "kPa", "--fio2", "1"], "leave --unit kPa out"),
        (
            ["--pao2", "12", "--paco2", "5", "--unit", "kPa", "--fio2", "1", "--pressure", "760"],
            "in mmHg? Give 101.3 kPa.",
        ),
        (
            ["--pao2", "90", "--paco2", "5.3", "--fio2", "0.3"],
            "PaCO2 5.3 is plausible in kPa and not in mmHg, in which the other pressure is: if both"
            " are in kPa, give --unit kPa; else give both in one unit, PaCO2 as 39.75 mmHg.",
        ),
        (
            ["--pao2", "12", "--paco2", "40", "--unit", "kPa", "--fio2", "0.3"],
            "if both are in mmHg, leave --unit kPa out; else give both in one unit, PaCO2 as 5.333",
        ),
        (["--pao2", "64", "--paco2", "36", "--fio2", "1", "--altitude", "1e5"], "Altitude 100000"),
        (
            ["--pao2", "64", "--paco2", "36", "--fio2", "1", "--altitude", "1e308"],
            "Altitude 1e+308",
        ),
        (["--pao2", "64", "--paco2", "36", "--fio2", "1", "--temperature", "99"], "temperature 99"),
        (["--pao2", "nan", "--paco2", "36", "--fio2", "1"], "PaO2 nan mmHg is no number"),
    ],
)
def test_implausible_values_end_in_one_line(arguments, message, capsys):
    assert cli.main(["bloodgas", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("bv5: ")
    assert err.count("\n") == 1
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*GAS], "one of the arguments --fio2 --flow is required"),
        ([*GAS, "--fio2", "0.4", "--flow", "3"], "not allowed with"),
        ([*GAS, "--fio2", "1.000,4"], "is no number"),
        ([*GAS, "--fio2", "room air"], "is no number"),
        ([*GAS, "--fio2", "0.4", "--altitude", "500", "--pressure", "700"], "not allowed with"),
    ],
)
def test_wrong_usage(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
