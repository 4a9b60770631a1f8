"""The same chest by a soft and by a sharp kernel, analyzed whole."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.pipeline import analyze
from scipy import ndimage

SHARPNESS, WIDER_MM = 1.0, 1.1


def sharpened(volume):
    pixels = [WIDER_MM / step for step in volume.grid.spacing_zyx[1:]]
    hu = volume.array.astype(np.float32)
    wide = ndimage.gaussian_filter(hu, (0, *pixels))
    return volume.with_array(np.rint(hu + SHARPNESS * (hu - wide)).astype(np.int16))


def test_a_sharp_kernel_gives_the_numbers_of_a_soft_one(tiny_chest, tiny_analyzed):
    volume = sharpened(tiny_chest.volume)
    found = analyze(volume.to_sitk(), lungs=tiny_chest.lungs)
    assert found.calibration.kernel.sharpness == pytest.approx(SHARPNESS, rel=0.2)
    assert [each.code for each in found.findings if each.code == "sharp_kernel"]
    assert tiny_analyzed.calibration.kernel.sharpness == 0
    # Sharpening more than doubled it.
    noise_hu = tiny_analyzed.calibration.noise_hu
    assert found.calibration.noise_hu == pytest.approx(noise_hu, rel=0.25)
    assert found.calibration.blood_hu == pytest.approx(tiny_analyzed.calibration.blood_hu, abs=10)
    sharp, soft = found.measurements[0], tiny_analyzed.measurements[0]
    # Measured: 0.2 points and 4.4 %, of 0.5 L of lung with 4.3 mL of blood.
    assert sharp.bv5_pct == pytest.approx(soft.bv5_pct, abs=1.0)
    assert sharp.tpbv_ml == pytest.approx(soft.tpbv_ml, rel=0.06)
