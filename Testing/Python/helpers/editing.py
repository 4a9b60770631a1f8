"""A small scan with known vessels, measured as if by an analysis, for tests of edits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from BV5AnalysisLib.imaging.editing.recompute import Recomputed, recompute
from BV5AnalysisLib.imaging.model.centerlines import Centerlines
from BV5AnalysisLib.imaging.model.cutting import keep_points, values_at
from BV5AnalysisLib.imaging.model.measurements import Calibration
from BV5AnalysisLib.imaging.model.size_classes import LungLabel
from BV5AnalysisLib.imaging.model.volume import Volume
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.phantom import StraightTube, tube_phantom
from BV5AnalysisLib.imaging.sizing.voxel_labels import as_drawn, label_vessels

from helpers.tubes import straight

CALIBRATION = Calibration(blood_hu=40.0, parenchyma_hu=-850.0, noise_hu=20.0)
PARAMETERS = Parameters()
RIGHT_X, LEFT_X = -18.0, 18.0


@dataclass(frozen=True, eq=False)
class Scene:
    """What `recompute` is given; `tubes` are all there are, found or missed."""

    ct: Volume
    lungs: Volume
    vessels: Volume
    centerlines: Centerlines
    tubes: tuple[StraightTube, ...]

    def recompute(self, vessels=None, lungs=None, parameters=PARAMETERS, **changes) -> Recomputed:
        """Edited labels and lungs are arrays."""
        given = {
            "ct": self.ct,
            "lungs": self.lungs if lungs is None else self.lungs.with_array(lungs),
            "vessels": self.vessels if vessels is None else self.vessels.with_array(vessels),
            "centerlines": self.centerlines,
            "calibration": CALIBRATION,
            "parameters": parameters,
        }
        return recompute(**(given | changes))

    def near(self, tube: StraightTube, radius_mm: float, beyond_mm: float = 0.0) -> np.ndarray:
        """Voxels (bool) within a radius of a tube's axis, along its length and beyond its ends."""
        grid = self.lungs.grid
        world = grid.index_to_world(np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3))
        axis = np.array(tube.direction) / np.linalg.norm(tube.direction)
        off = world - np.array(tube.center_mm)
        along = off @ axis
        away = np.linalg.norm(off - along[:, None] * axis, axis=1)
        beside = np.abs(along) <= tube.length_mm / 2 + beyond_mm
        return ((away <= radius_mm) & beside).reshape(grid.shape)


def scene_of(found: list[StraightTube], missed: list[StraightTube] = (), noise_hu=20.0) -> Scene:
    """Tubes in two box lungs; `found` ones have centerlines and labels, `missed` ones have none."""
    phantom = tube_phantom(
        [*found, *missed], size=(112, 72, 72), noise_hu=noise_hu, noise_kernel="white"
    )
    grid = phantom.volume.grid
    lungs = np.zeros(grid.shape, np.uint8)
    lungs[3:-3, 3:-3, 3:55] = LungLabel.RIGHT
    lungs[3:-3, 3:-3, 57:-3] = LungLabel.LEFT
    lungs = Volume(lungs, grid)
    lines = []
    for tube in found:
        axis = np.array(tube.direction) / np.linalg.norm(tube.direction)
        lines.append(
            straight(np.array(tube.center_mm) - axis * tube.length_mm / 2, axis, tube.length_mm)
        )
    count = [len(line) for line in lines]
    step = np.repeat([each.length_mm / n for each, n in zip(found, count, strict=True)], count)
    csa = np.repeat([each.csa_mm2 for each in found], count).astype(float)
    centerlines = Centerlines.measured(
        points_mm=np.concatenate([np.zeros((0, 3)), *lines]),
        branch_start=np.cumsum([0, *count]),
        csa_mm2=csa,
        size_class=PARAMETERS.size_class(csa),
        point_volume_ml=csa * step / 1000,
        point_length_mm=step,
        csa_error_mm2=np.array([0.05 * each.csa_mm2 for each in found]),
    )
    centerlines, _ = keep_points(centerlines, values_at(lungs, centerlines.points_mm) > 0)
    vessels = label_vessels(phantom.volume, lungs, centerlines, CALIBRATION)
    return Scene(phantom.volume, lungs, vessels, as_drawn(centerlines, vessels), (*found, *missed))


def tube(csa_mm2: float, x: float, y: float = 0.0, length_mm: float = 30.0, **more) -> StraightTube:
    """Vessel along z."""
    return StraightTube(csa_mm2, center_mm=(x, y, 0.0), length_mm=length_mm, **more)


def blood_ml(*tubes: StraightTube) -> float:
    return sum(each.csa_mm2 * each.length_mm for each in tubes) / 1000


def same_numbers(one: Recomputed, other: Recomputed) -> bool:
    return one.measurements == other.measurements and np.array_equal(
        one.csa_histogram.volume_ml, other.csa_histogram.volume_ml
    )


def in_float32(lines: Centerlines) -> Centerlines:
    """As they come back from a place that keeps no more digits."""
    return replace(lines, points_mm=lines.points_mm.astype(np.float32).astype(float))
