"""The method's paragraph states the tuned numbers that the analysis uses."""

import dataclasses

import pytest
from BV5AnalysisLib.case.files import case_of
from BV5AnalysisLib.export.wording import method_paragraph
from BV5AnalysisLib.imaging import pipeline
from BV5AnalysisLib.imaging.model.measurements import Kernel
from BV5AnalysisLib.imaging.sizing import branch_sizes, wide_vessels
from BV5AnalysisLib.imaging.vessels import work_grid


@pytest.mark.parametrize(
    ("module", "name", "sentence", "today"),
    [
        (pipeline, "edge_mm", "in their outermost {} mm", "1.2"),
        (work_grid, "anisotropy_limit", "more than {} times as far apart as the pixels", "1.3"),
        (branch_sizes, "window_mm", "by a running median over {} mm", "6"),
        (branch_sizes, "thin_window_mm", ", {} mm below", "20"),
        (branch_sizes, "thin_mm2", "mm below {} mm²", "3"),
        (wide_vessels, "wide_mm2", "for vessels of {} mm² and more", "20"),
    ],
)
def test_the_method_states_the_numbers_in_use(
    module, name, sentence, today, small_result, monkeypatch
):
    case = case_of("case 1", small_result)
    assert sentence.format(today) in method_paragraph(case)
    changed = dataclasses.replace(module.CONSTANTS, **{name: 77.0})
    monkeypatch.setattr(module, "CONSTANTS", changed)
    text = method_paragraph(case)
    assert sentence.format("77") in text
    assert sentence.format(today) not in text


def test_the_method_tells_of_a_kernel_that_was_undone_and_of_nothing_else(small_result):
    assert "sharpening" not in method_paragraph(case_of("case 1", small_result))
    calibration = dataclasses.replace(small_result.calibration, kernel=Kernel(0.734, 1.2))
    sharp = dataclasses.replace(small_result, calibration=calibration)
    told = (
        "The kernel's sharpening (0.73), read from the dark rings around thin vessels, was undone"
    )
    assert told in method_paragraph(case_of("case 1", sharp))
