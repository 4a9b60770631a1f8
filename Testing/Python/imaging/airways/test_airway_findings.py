"""A lung that the bronchi do not reach into is told."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.airways.airway_findings import airway_findings
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.volume import Grid

GRID = Grid((80, 40, 40), (2.0, 2.0, 2.0))


def lungs_and_bronchi(reached):
    lungs, airways = np.zeros((2, *GRID.shape), np.uint8)
    airways[20:, 19:22, 39:42] = 1
    lungs[:, :, 4:36] = LungLabel.RIGHT
    lungs[:, :, 44:76] = LungLabel.LEFT
    for side, bronchus in (("right", slice(20, 40)), ("left", slice(41, 60))):
        if side in reached:
            airways[20:24, 18:22, bronchus] = 1
    lungs[airways > 0] = 0
    return lungs, airways > 0


@pytest.mark.parametrize(
    ("reached", "missing"),
    [
        (("right", "left"), None),
        (("right",), "the left lung"),
        (("left",), "the right lung"),
        ((), "the right and left lung"),
    ],
)
def test_the_lung_without_bronchi_is_named(reached, missing):
    findings = airway_findings(GRID, *lungs_and_bronchi(reached))
    if missing is None:
        assert findings == ()
    else:
        assert [finding.code for finding in findings] == ["airways_incomplete"]
        assert missing in findings[0].text
        assert findings[0].value == 0
