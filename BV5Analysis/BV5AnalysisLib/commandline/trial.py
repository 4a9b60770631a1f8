"""Draws a minimal report before a batch, to find missing packages early."""

from __future__ import annotations

import numpy as np

from ..case.files import case_of
from ..imaging.model.centerlines import Centerlines
from ..imaging.model.measurements import Calibration, CsaHistogram, Measurement
from ..imaging.model.result import AnalysisResult
from ..imaging.model.scan import Scan
from ..imaging.model.size_classes import LungLabel
from ..imaging.model.volume import Grid, Volume
from ..imaging.parameters import Parameters
from .drawing import drawn

_GRID = Grid((24, 16, 16), (10.0, 10.0, 10.0), (-120.0, -80.0, -80.0))
_AREAS_MM2 = (0.8, 3.0, 7.0, 40.0)
"""One vessel a class."""
_SIZE = (160, 120)


def try_report() -> None:
    """Draw the pictures of a small made-up case, and its report; nothing is written.

    Raises whatever drawing a real one would.
    """
    result = _small_result()
    drawn(case_of("trial", result), result, report=True, scene=False, size=_SIZE)


def _small_result() -> AnalysisResult:
    z, y, x = np.indices(_GRID.shape, sparse=True)
    lungs = np.zeros(_GRID.shape, np.uint8)
    inside = (abs(z - 8) < 6) & (abs(y - 8) < 6)
    lungs[inside & (x > 1) & (x < 11)] = LungLabel.RIGHT
    lungs[inside & (x > 13) & (x < 23)] = LungLabel.LEFT
    parameters = Parameters()
    centerlines = _centerlines(parameters)
    vessels = np.zeros(_GRID.shape, np.uint8)
    index = np.rint(_GRID.world_to_index(centerlines.points_mm)).astype(int)
    vessels[tuple(index.T)] = centerlines.size_class
    measured = [
        Measurement(region, 1000.0, 1.0, 1.0, 1.0, 1.0, 100.0)
        for region in ("both", "right", "left")
    ]
    return AnalysisResult(
        scan=Scan(
            Volume(np.where(lungs > 0, -850, 30).astype(np.int16), _GRID),
            sha256="0" * 64,
            source="trial",
        ),
        lungs=Volume(lungs, _GRID),
        airways=Volume(np.zeros(_GRID.shape, bool), _GRID),
        vessels=Volume(vessels, _GRID),
        centerlines=centerlines,
        measurements=tuple(measured),
        csa_histogram=CsaHistogram(np.array([0.0, 1.25, 5.0, 10.0, 100.0]), np.ones(4)),
        findings=(),
        calibration=Calibration(blood_hu=40.0, parenchyma_hu=-850.0, noise_hu=20.0),
        parameters=parameters,
        seconds={},
    )


def _centerlines(parameters: Parameters) -> Centerlines:
    lines = []
    for row in range(len(_AREAS_MM2)):
        line = np.zeros((5, 3))
        line[:, 0] = np.linspace(40.0, 80.0, 5)
        line[:, 2] = 20.0 * row - 30.0
        lines.append(line)
    areas = np.repeat(_AREAS_MM2, 5)
    length = np.full(len(areas), 10.0)
    return Centerlines.measured(
        points_mm=np.concatenate(lines),
        branch_start=np.arange(0, len(areas) + 1, 5),
        csa_mm2=areas,
        size_class=parameters.size_class(areas),
        point_volume_ml=areas * length / 1000,
        point_length_mm=length,
    )
