"""What the options of ``bv5 cohort`` are called in Python.

Messages speak of the command line's options; scripts translate them with `for_scripts`.
"""

from __future__ import annotations

import re

FLAGS = {
    "--group-by": "group_by",
    "--threshold": "threshold",
    "--at-threshold": "at_threshold",
    "--groups": "groups",
    "--test": "test",
    "--correlate": "correlate",
    "--outcome": "outcome",
    "--positive": "positive",
    "--adjust": "adjust",
    "--confidence": "confidence",
    "--resamples": "resamples",
    "--seed": "seed",
    "--exclude": "exclude",
    "--keep-rejected": "keep_rejected=True",
    "--region": "region",
    "--loose-names": "loose_names=True",
    "--case-column": "case_column",
    "--sheet": "sheet",
    "--unit": "units",
    "--keep-identifiers": "keep_identifiers=True",
    "--pressure": "barometric_pressure_mmhg",
    "--altitude": "altitude_m",
    "--temperature": "temperature_c",
    "--rq": "respiratory_quotient",
    "--no-fio2-estimate": "estimate_fio2=False",
    "--overwrite": "overwrite=True",
}
"""Options of the command line as arguments of a call; the last one is that of the output folder."""

_WITH_VALUES = (
    (re.compile(r"--unit (?P<quote>[\"'])(.+?)=([^=\"']+)(?P=quote)"), r'units={"\2": "\3"}'),
    (re.compile(r"--exclude '(.+?)'"), r'exclude=("\1",)'),
    (re.compile(r"--outcome \"(.+?)\""), r'outcome="\1"'),
)


def for_scripts(text: str) -> str:
    """Message with options as a script gives them: ``units={"PaO2": "kPa"}``."""
    for with_value, in_python in _WITH_VALUES:
        text = with_value.sub(in_python, text)
    return re.sub(r"--[a-z][a-z0-9-]*", lambda match: FLAGS.get(match[0], match[0]), text)
