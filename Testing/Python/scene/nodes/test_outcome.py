"""A case node whose text was edited by hand is refused in plain words."""

import json

import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.scene.case.cases import case_from_scene


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "[" * 100_000, '{"case": "x"'])
def test_a_text_that_is_no_record_is_refused(outcome, text):
    outcome.caseNode.SetText(text)
    for read in (lambda: outcome.record, lambda: outcome.name, lambda: case_from_scene(outcome)):
        with pytest.raises(AnalysisError, match="no record any more; delete the case"):
            read()


def test_a_field_that_does_not_fit_is_named(outcome):
    record = outcome.record
    record["measurements"] = []
    outcome.caseNode.SetText(json.dumps(record))
    with pytest.raises(AnalysisError, match="measurements is a list"):
        case_from_scene(outcome)
