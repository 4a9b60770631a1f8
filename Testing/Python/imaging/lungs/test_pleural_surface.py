"""The surface inside the ribs of a round chest, and how surely its wall is known."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.lungs import pleural_surface as module
from BV5AnalysisLib.imaging.lungs.pleural_surface import CONSTANTS, HalfChest, pleural_surface

SHAPE = (40, 80, 80)
STEP_MM = 2.0


def round_half(lung_mm=50.0, ribs_mm=56.0, hidden=False):
    """A lung in a cage of ribs around one axis; `hidden` takes the air of its back third."""
    z, y, x = np.indices(SHAPE, sparse=True)
    radius = np.hypot(y - 39.5, x - 39.5) * STEP_MM
    lung = np.broadcast_to(radius < lung_mm, SHAPE) & (z >= 0)
    ribs = (radius > ribs_mm) & (radius < ribs_mm + 7) & (z % 12 < 6)
    if hidden:
        lung = lung & ((y - 39.5) * STEP_MM < 25)
    hu = np.where(lung, -850.0, np.where(ribs, 500.0, 40.0))
    return HalfChest(
        columns=slice(None),
        lung=lung,
        hu=hu,
        off=np.full(SHAPE[2], 0.5),
        behind=(np.arange(SHAPE[1]) - 39.5) / 50,
        spacing=np.full(3, STEP_MM),
        half_width_mm=130.0,
        top=SHAPE[0] - 1,
        open_air=np.zeros(SHAPE, bool),
    )


def test_where_a_lung_is_aerated_nothing_lies_between_it_and_the_ribs():
    surface = pleural_surface(round_half())
    assert np.median(surface.pleura_mm) == pytest.approx(50.0, abs=1.5)
    assert surface.gap_mm.max() < 2.5


def test_ribs_show_the_surface_where_the_back_is_airless():
    half = round_half(hidden=True)
    surface = pleural_surface(half)
    back = CONSTANTS.rays // 4
    # 25 mm behind the axis air ends, which is a little farther forward now; ribs stay.
    middle_mm = 39.5 * STEP_MM
    behind_mm = surface.axis[0] * STEP_MM - middle_mm + surface.pleura_mm[:, back]
    assert np.median(behind_mm) == pytest.approx(50.0, abs=2.5)
    assert np.median(surface.gap_mm[:, back]) == pytest.approx(25.0, abs=3.0)


@pytest.mark.parametrize("wall_mm", [0.0, 8.0])
def test_few_places_tell_the_wall_gradually(wall_mm):
    walls = np.array([module._wall_mm(np.full(count, wall_mm)) for count in range(80)])
    few, enough = (round(each) for each in CONSTANTS.told_places)
    assert (walls[: few + 1] == CONSTANTS.usual_wall_mm).all()
    assert (walls[enough:] == wall_mm).all()
    assert np.abs(np.diff(walls)).max() < 0.07 * abs(wall_mm - CONSTANTS.usual_wall_mm)
