"""The same chest by a soft and by a sharp kernel, analyzed whole."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging import pipeline
from BV5AnalysisLib.imaging.pipeline import analyze
from scipy import ndimage

WIDER_MM = 1.1


def sharpened(volume, sharpness):
    pixels = [WIDER_MM / step for step in volume.grid.spacing_zyx[1:]]
    hu = volume.array.astype(np.float32)
    wide = ndimage.gaussian_filter(hu, (0, *pixels))
    return volume.with_array(np.rint(hu + sharpness * (hu - wide)).astype(np.int16))


@pytest.mark.parametrize("sharpness", [0.25, 1.0])
def test_a_sharp_kernel_gives_the_numbers_of_a_soft_one(
    tiny_chest, tiny_analyzed, sharpness, monkeypatch
):
    volume = sharpened(tiny_chest.volume, sharpness)
    find_opacities, noises_hu = pipeline.find_opacities, []

    def listened(volume, anatomy, vessels, noise_hu, *others):
        noises_hu.append(noise_hu)
        return find_opacities(volume, anatomy, vessels, noise_hu, *others)

    monkeypatch.setattr(pipeline, "find_opacities", listened)
    found = analyze(volume.to_sitk(), lungs=tiny_chest.lungs)
    assert found.calibration.kernel.sharpness == pytest.approx(sharpness, rel=0.2)
    assert [each.code for each in found.findings if each.code == "kernel_undone"]
    assert tiny_analyzed.calibration.kernel.sharpness == 0
    # A sharpness of 1 more than doubled it.
    noise_hu = tiny_analyzed.calibration.noise_hu
    assert found.calibration.noise_hu == pytest.approx(noise_hu, rel=0.25)
    assert found.calibration.blood_hu == pytest.approx(tiny_analyzed.calibration.blood_hu, abs=10)
    # Opacities are looked for in the scan as it is: a sharp one is rougher, which is no disease.
    assert noises_hu[0] == pytest.approx(noise_hu * (1 + sharpness), rel=0.25)
    sharp, soft = found.measurements[0], tiny_analyzed.measurements[0]
    # Measured: 0.2 and 0.8 points, 2.0 and 4.6 %, of 0.5 L of lung with 4.3 mL of blood.
    assert sharp.bv5_pct == pytest.approx(soft.bv5_pct, abs=1.0)
    assert sharp.tpbv_ml == pytest.approx(soft.tpbv_ml, rel=0.06)
