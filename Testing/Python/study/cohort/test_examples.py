"""The rules that help and documents give for an example do what they say."""

import argparse
import re
from pathlib import Path

import BV5AnalysisLib
import pytest
from BV5AnalysisLib.commandline.arguments.cohort import add_cohort
from BV5AnalysisLib.study.cohort.analysis import CohortOptions, analyze_cohort
from BV5AnalysisLib.study.tables.exclusions import parse_rule
from helpers.cohort_tables import (
    BV5_PCT,
    case_names,
    clinical,
    clinical_rows,
    measured,
    measurements,
)

LIBRARY = Path(BV5AnalysisLib.__file__).parent
DOCS = LIBRARY.parents[1] / "docs" / "batch-and-cohort.md"
OUT = {
    "age<18": ["P01"],
    "sex=unknown": ["P02"],
    "findings~thick_slices": ["P03"],
    "pao2=": ["P04"],
    "case=P07": ["P07"],
}


def help_of_exclude():
    commands = argparse.ArgumentParser().add_subparsers()
    add_cohort(commands, argparse.ArgumentParser(add_help=False))
    actions = commands.choices["cohort"]._actions
    return next(each for each in actions if "--exclude" in each.option_strings).help


def test_these_are_the_examples():
    line = next(line for line in DOCS.read_text("utf-8").splitlines() if "under a rule of" in line)
    rules = re.findall(r"`'(.*?)'`", line)
    assert set(rules) == set(OUT)
    assert set(re.findall("'(.*?)'", help_of_exclude())) <= set(OUT)


def test_the_finding_has_a_code_that_exists():
    sources = [path.read_text("utf-8") for path in (LIBRARY / "imaging").rglob("*.py")]
    assert any('"thick_slices"' in source for source in sources)


@pytest.mark.parametrize("rule", OUT)
def test_an_example_leaves_out_whom_it_means(tmp_path, rule):
    rows = [measured(case, pct) for case, pct in zip(case_names(), BV5_PCT, strict=True)]
    rows[2]["findings"] = "noise;thick_slices"
    table = clinical_rows()
    table[1][table[0].index("age")] = 17
    table[2][table[0].index("sex")] = "Unknown"
    table[4][table[0].index("pao2_mmhg")] = "n/a"
    result = analyze_cohort(
        measurements(tmp_path, rows),
        clinical(tmp_path, table),
        CohortOptions(resamples=100, exclude=(rule,)),
    )
    out = [each.case for step in result.cohort.flow for each in step.excluded]
    assert out == OUT[rule]


def test_a_word_for_missing_means_missing():
    assert parse_rule("sex!=unknown").value == parse_rule("pao2=n/a").value == ""
    assert parse_rule("sex=male").value == "male"
