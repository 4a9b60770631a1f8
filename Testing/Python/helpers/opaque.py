"""Opacities for results made by hand, as every analysis looks for them."""

import dataclasses

import numpy as np
from BV5AnalysisLib.imaging.model.result import AnalysisResult
from BV5AnalysisLib.imaging.model.tissue import OpacityVolumes, Tissue


def with_opacities(result: AnalysisResult) -> AnalysisResult:
    """Add a box of ground glass and one of air that no lung was found for."""
    labels = np.zeros(result.lungs.array.shape, np.uint8)
    labels[30:32, 20:24, 20:40] = Tissue.GROUND_GLASS
    labels[40:42, 20:24, 20:40] = Tissue.UNCLAIMED_AIR
    opacities = tuple(
        OpacityVolumes(row.region, row.lung_volume_ml, 40.0, 2.0, 8.0)
        for row in result.measurements
    )
    return dataclasses.replace(result, opacities=opacities, tissue=result.lungs.with_array(labels))
