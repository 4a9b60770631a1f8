"""The method's paragraph states the tuned numbers that the analysis uses."""

import dataclasses

import pytest
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.export.wording import method_paragraph
from BV5AnalysisLib.imaging import pipeline
from BV5AnalysisLib.imaging.sizing import branch_sizes, wide_vessels
from BV5AnalysisLib.imaging.vessels import work_grid


@pytest.mark.parametrize(
    ("module", "name", "sentence"),
    [
        (pipeline, "edge_mm", "in the outermost {} mm of the lungs"),
        (work_grid, "anisotropy_limit", "more than {} times as far apart as the pixels"),
        (branch_sizes, "window_mm", "by a running median over {} mm"),
        (branch_sizes, "thin_window_mm", ", {} mm below"),
        (branch_sizes, "thin_mm2", "mm below {} mm²"),
        (wide_vessels, "wide_mm2", "for vessels of {} mm² and more"),
    ],
)
def test_the_method_states_the_numbers_in_use(module, name, sentence, small_result, monkeypatch):
    case = case_of("case 1", small_result)
    usual = getattr(module.CONSTANTS, name)
    assert sentence.format(f"{usual:g}") in method_paragraph(case)
    changed = dataclasses.replace(module.CONSTANTS, **{name: 77.0})
    monkeypatch.setattr(module, "CONSTANTS", changed)
    text = method_paragraph(case)
    assert sentence.format("77") in text
    assert sentence.format(f"{usual:g}") not in text
