"""Options that are declared once: their parser, their checks, and their names in scripts."""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from BV5AnalysisLib.commandline.arguments.declared import add_options, chosen
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.option_kinds import (
    NAMES,
    NAMES_OR_NONE,
    NUMBER,
    PATH,
    RULES,
    SWITCH,
    TEXT,
    UNITS,
)
from BV5AnalysisLib.study.options import check_values, command_line, declared, for_scripts, option


@dataclass(frozen=True)
class Choices:
    """An option of each kind."""

    source: str
    level: float = option(0.5, NUMBER, "--level", "default: {default}", metavar="L")
    where: Path | None = option(None, PATH, "--where", alternatives="place")
    address: str | None = option(None, TEXT, "--address", alternatives="place")
    rules: tuple[str, ...] = option((), RULES, "--rule")
    units: dict[str, str] = option({}, UNITS, "--unit")
    report: bool = option(True, SWITCH, "--no-report", section="files")
    fast: bool = option(False, SWITCH, "--fast", section="files")
    kind: str = option("a", TEXT, "--kind", choices=("a", "b"))
    names: tuple[str, ...] = option((), NAMES, "--names")
    adjust: tuple[str, ...] = option(("age",), NAMES_OR_NONE, "--adjust")
    hidden: float | None = option(None, NUMBER)


def parsed(*arguments: str) -> Choices:
    parser = argparse.ArgumentParser()
    add_options(parser, Choices)
    return chosen(Choices, parser.parse_args(arguments), source="here")


def test_what_is_not_given_is_the_default():
    assert parsed() == Choices("here")
    assert parsed().units is not parsed().units


def test_what_is_given_is_of_the_kind():
    found = parsed(
        *("--level", "0,25", "--where", "a b", "--no-report", "--fast", "--kind", "b"),
        *("--rule", "age<18", "--rule", "sex=", "--unit", "a=b=kPa", "--unit", "c=mmHg"),
    )
    assert found == Choices(
        "here",
        level=0.25,
        where=Path("a b"),
        rules=("age<18", "sex="),
        units={"a=b": "kPa", "c": "mmHg"},
        report=False,
        fast=True,
        kind="b",
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--level", "much"), "argument --level: 'much' is no number"),
        (("--level", "nan"), "argument --level: 'nan' is no number"),
        (("--address", " "), "argument --address: is empty"),
        (("--where", "a", "--address", "b"), "--address: not allowed with argument --where"),
        (("--kind", "c"), "argument --kind: invalid choice: 'c'"),
        (("--unit", "kPa"), "argument --unit: 'kPa' is not COLUMN=UNIT"),
        (("--hidden", "1"), "unrecognized arguments: --hidden 1"),
    ],
)
def test_wrong_usage(arguments, reason, capsys):
    with pytest.raises(SystemExit) as raised:
        parsed(*arguments)
    assert raised.value.code == 2
    assert reason in capsys.readouterr().err


def test_help_has_defaults_and_sections():
    parser = argparse.ArgumentParser()
    add_options(parser, Choices)
    text = parser.format_help()
    assert re.search(r"--level L +default: 0.5", text)
    assert "[--where WHERE | --address ADDRESS]" in text
    assert text.index("\nfiles:") < text.index("  --no-report")


@pytest.mark.parametrize(
    "options",
    [
        Choices(""),
        Choices("", level=2.0, where=Path("/a b"), report=False, kind="b"),
        Choices("", address="host:1", fast=True),
        Choices("", rules=("age<18", "sex="), units={"a=b": "kPa", "c": "mmHg"}),
        Choices("", names=("a b", "c"), adjust=("sex", "age")),
        Choices("", adjust=()),
    ],
)
def test_the_command_line_gives_the_same_options_again(options):
    parser = argparse.ArgumentParser()
    add_options(parser, Choices)
    again = parser.parse_args(command_line(options))
    assert chosen(Choices, again, source="") == options


def test_what_no_command_line_can_give_is_an_error():
    with pytest.raises(ValueError, match="hidden has no flag"):
        command_line(Choices("", hidden=1.0))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"level": "2"}, "LEVEL is a number, not '2'."),
        ({"level": None}, "LEVEL is a number, not None."),
        ({"where": "text"}, "WHERE is a path, not 'text'."),
        ({"rules": "age<18"}, "RULES is a tuple of texts"),
        ({"kind": "c"}, "KIND is one of a, b, not 'c'."),
        ({"where": Path(), "address": "b"}, "Give WHERE or ADDRESS, not both."),
    ],
)
def test_values_of_scripts_are_checked(values, reason):
    with pytest.raises(AnalysisError, match=re.escape(reason)):
        check_values(Choices, values, str.upper)


def test_defaults_and_good_values_pass():
    check_values(Choices, {name: each.default for name, each in declared(Choices).items()})
    check_values(Choices, {"level": 1, "where": Path("a"), "address": None, "rules": ["a"]})


@pytest.mark.parametrize(
    ("message", "in_a_script"),
    [
        ("give --level.", "give LEVEL."),
        ("add --fast or --no-report", "add FAST=True or REPORT=False"),
        ("with --rule 'a=\"b\"'.", 'with RULES=("a=\\"b\\"",).'),
        ('with --unit "a (b)=kPa".', 'with UNITS={"a (b)": "kPa"}.'),
        ("add --other 'a' to go on", "add other=True 'a' to go on"),
        ("bv5 batch --unknown, --levels", "bv5 batch --unknown, --levels"),
    ],
)
def test_messages_name_options_as_scripts_do(message, in_a_script):
    assert for_scripts(message, Choices, {"--other": "other=True"}, str.upper) == in_a_script
