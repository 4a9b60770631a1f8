"""A small cut of the tube benchmark: straight tubes through all steps from resampling to sizes."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.phantom import StraightTube, tube_phantom
from BV5AnalysisLib.imaging.pipeline import SHARES, measure_lines
from BV5AnalysisLib.imaging.progress import Steps

CSAS_MM2 = (1.25, 2.0, 3.5, 7.5, 20.0)
DIRECTIONS = [(-0.19, -0.88, 0.43), (0.82, 0.23, 0.52), (0.27, -0.28, 0.92), (-0.86, 0.2, -0.46)]
LENGTH_MM = 26.0
END_MM = 4.0
BLOOD_HU = 40.0


def cage(spacing, rng):
    """One tube of each size and direction, side by side in a square of cells, and the voxels."""
    cell = LENGTH_MM + 8.0
    tubes = []
    for row, direction in enumerate(DIRECTIONS):
        across = int(np.abs(direction).argmin())
        for column, csa in enumerate(CSAS_MM2):
            center = np.zeros(3)
            # Rows are along z; within a row tubes stand beside one another, along x or y.
            center[2] = (row - 1.5) * cell
            center[across] = (column - 2) * 17.0
            center += rng.uniform(-0.5, 0.5, 3) * spacing
            tubes.append(StraightTube(csa, direction, tuple(center), LENGTH_MM))
    reach = np.abs([tube.center_mm for tube in tubes]).max(axis=0) + cell / 2
    return tubes, tuple(int(n) for n in np.ceil(2 * reach / spacing))


def errors_and_shares(spacing, noise_hu, seed):
    """Relative error of the mean area and share of the length found, by size."""
    tubes, size = cage(np.array(spacing), np.random.default_rng(seed))
    volume = tube_phantom(
        tubes,
        size=size,
        spacing_mm=spacing,
        psf_sigma_mm=(0.55,) * 3,
        parenchyma_hu=-870.0,
        blood_hu=BLOOD_HU,
        noise_hu=noise_hu,
        seed=seed,
    ).volume
    none = np.zeros(volume.array.shape, bool)
    lungs = np.ones(volume.array.shape, np.uint8)
    blood = Parameters(blood_hu=BLOOD_HU)
    found = measure_lines(volume, lungs, none, blood, Steps(SHARES, None))
    points = found.work.to_world(found.branches.position_mm)
    errors, shares = {}, {}
    for tube in tubes:
        axis = np.array(tube.direction) / np.linalg.norm(tube.direction)
        offset = points - tube.center_mm
        along = offset @ axis
        off = np.linalg.norm(offset - along[:, None] * axis, axis=1)
        on = (off < max(1.0, tube.radius_mm / 2)) & (abs(along) < LENGTH_MM / 2 - END_MM)
        length = found.branches.step_mm[on].sum()
        error = found.sized.csa_mm2[on] / tube.csa_mm2 - 1
        errors.setdefault(tube.csa_mm2, []).append(error)
        shares.setdefault(tube.csa_mm2, []).append(length / (LENGTH_MM - 2 * END_MM))
    return {csa: np.concatenate(e) for csa, e in errors.items()}, shares


# Measured with three seeds at 15 and 30 HU: mean area within 1.3 % up to 2 mm² and 0.8 % above,
# median error 2.5 and 1.8 %; with 2 mm slices 5 to 11 % too small up to 3.5 mm².
@pytest.mark.parametrize(
    ("spacing", "thin_bias", "bias", "thin_error", "error"),
    [
        ((0.7, 0.7, 0.7), 0.02, 0.012, 0.035, 0.02),
        ((0.7, 0.7, 1.25), 0.02, 0.015, 0.035, 0.025),
        ((0.75, 0.75, 2.0), 0.10, 0.025, 0.10, 0.025),
    ],
    ids=["isotropic", "1.25 mm", "2 mm"],
)
def test_tubes_are_found_whole_and_sized_right(spacing, thin_bias, bias, thin_error, error):
    errors, shares = errors_and_shares(spacing, 30.0, seed=0)
    for csa, off in errors.items():
        # In thick slices the blur still shows at 3.5 mm².
        thin = csa <= (4.0 if spacing[2] > 1.5 else 2.0)
        assert abs(off.mean()) < (thin_bias if thin else bias), csa
        assert np.median(abs(off)) < (thin_error if thin else error), csa
        # Above 1, too: neither holes nor a second line beside the first.
        assert min(shares[csa]) > 0.95
        assert max(shares[csa]) < 1.05
