"""Options: of which kind they are, and what the command line and scripts call them."""

import argparse
import re
from dataclasses import fields
from pathlib import Path

import BV5AnalysisLib
import numpy as np
import pytest
from BV5AnalysisLib.commandline.arguments.cohort import add_cohort
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.study.cohort.analysis import analyze_cohort
from BV5AnalysisLib.study.cohort.options import CohortOptions, for_scripts
from BV5AnalysisLib.study.options import declared
from helpers.cohort_tables import BV5_PCT, case_names, clinical, measured, measurements

LIBRARY = Path(BV5AnalysisLib.__file__).parent
FLAGS = {each.flag for each in declared(CohortOptions).values() if each.flag}


def test_every_option_of_the_analysis_is_one_of_the_command():
    commands = argparse.ArgumentParser().add_subparsers()
    add_cohort(commands, argparse.ArgumentParser(add_help=False))
    flags = {flag for each in commands.choices["cohort"]._actions for flag in each.option_strings}
    assert flags - {"-h", "--help", "-o", "--output"} == FLAGS
    assert declared(CohortOptions).keys() == {each.name for each in fields(CohortOptions)}
    # Of water vapor the command line knows the temperature only.
    assert [n for n, o in declared(CohortOptions).items() if not o.flag] == ["water_vapor_mmhg"]


def test_messages_name_only_options_that_a_script_can_give():
    sources = [
        path.read_text("utf-8")
        for folder in ("cohort", "tables", "statistics")
        for path in (LIBRARY / "study" / folder).glob("*.py")
    ]
    named = {flag for source in sources for flag in re.findall(r"--[a-z][a-z0-9-]*", source)}
    assert named - {"--resume", "--overwrite"} <= FLAGS


@pytest.mark.parametrize(
    ("told", "for_a_script"),
    [
        ('or give --unit "PaO2 (kPa)=mmHg".', 'or give units={"PaO2 (kPa)": "mmHg"}.'),
        ("with --unit 'COLUMN=UNIT'.", 'with units={"COLUMN": "UNIT"}.'),
        ("leave them out with --exclude 'age='.", 'leave them out with exclude=("age=",).'),
        ('as in --outcome "oxygen_l_min>…".', 'as in outcome="oxygen_l_min>…".'),
        ("to group by (--group-by)", "to group by (group_by)"),
        ("Add --loose-names if", "Add loose_names=True if"),
        ("exists; add --overwrite, or", "exists; add overwrite=True, or"),
        ("or leave out --no-fio2-estimate.", "or leave out estimate_fio2=False."),
        ("run bv5 batch again with --resume", "run bv5 batch again with --resume"),
    ],
)
def test_a_message_for_scripts(told, for_a_script):
    assert for_scripts(told) == for_a_script


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"groups": (1, 2)}, "groups is a tuple of texts"),
        ({"exclude": None}, "exclude is a tuple of texts"),
        ({"threshold": "2"}, "threshold is a number, not '2'"),
        ({"threshold": True}, "threshold is a number"),
        ({"resamples": 100.5}, "resamples is a whole number, not 100.5"),
        ({"units": "pao2=kPa"}, "units is a mapping of column to unit, such as {'pao2': 'kPa'}"),
        ({"units": {"pao2": 1}}, "units is a mapping"),
        ({"keep_rejected": "no"}, "keep_rejected is True or False"),
        ({"group_by": None}, "group_by is a text"),
        ({"altitude_m": "high"}, "altitude_m is a number"),
    ],
)
def test_values_of_another_kind_are_refused(options, told):
    with pytest.raises(AnalysisError, match=re.escape(told)):
        CohortOptions(**options)


def test_options_may_be_of_numpy():
    options = CohortOptions(threshold=np.float64(2), resamples=np.int64(200), groups=())
    assert options.threshold == 2
    assert CohortOptions(exclude=["age<18"]).exclude == ["age<18"]


def chosen_by(folder, rows, **options):
    """Methods section of a cohort."""
    result = analyze_cohort(
        measurements(folder, rows), clinical(folder), CohortOptions(resamples=100, **options)
    )
    return " ".join(result.methods)


def test_the_methods_tell_how_patients_were_chosen(tmp_path):
    rows = [
        measured(case, pct, software_version="")
        for case, pct in zip(case_names(), BV5_PCT, strict=True)
    ]
    usual = chosen_by(tmp_path, rows)
    assert "with BV5 Analysis, whose version the table of measurements does not tell." in usual
    assert "left out by these rules" not in usual
    told = chosen_by(
        tmp_path, None, exclude=("age<52", "sex="), keep_rejected=True, loose_names=True
    )
    assert "Patients were left out by these rules: age<52; sex=." in told
    assert "rejected in review were not left out" in told
    assert "differ only in capitals, separators, leading zeros" in told
