"""One image of the phantom, measured by this program and by objectness, in its own process."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.model.measurements import Measurement
from BV5AnalysisLib.imaging.model.size_classes import SizeClass
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.imaging.phantom import ChestPhantom, ChestPhantomSpec, chest_phantom
from BV5AnalysisLib.imaging.phantom.anatomy import build_anatomy
from BV5AnalysisLib.imaging.phantom.disease import CONSTANTS
from BV5AnalysisLib.imaging.phantom.placement import Placement
from BV5AnalysisLib.imaging.pipeline import analyze
from chest_phantoms.measuring import blood_in_lungs
from todays_ways.ways import WAYS

OBJECTNESS = "objectness + distance transform"


def answer(spec: ChestPhantomSpec) -> dict[str, Any]:
    """Measure one image.

    Parameters
    ----------
    spec : ChestPhantomSpec
        Body, how it lies, and scanner.

    Returns
    -------
    dict
        Figures (``bv5_pct``, ``tpbv_ml``, ``bv5_ml``): ``true``, hilar blood with it; ``ours``,
        hilar blood apart; ``ours_hilum_included``; ``objectness``, given the true lungs and
        attenuations. Or ``refused`` with the reason.
    """
    phantom = chest_phantom(spec)
    found = {"true": of_row(phantom.measurements[0]), "objectness": by_objectness(phantom)}
    try:
        result = analyze(phantom.volume.to_sitk())
    except AnalysisError as error:
        return {"refused": str(error)}
    found["ours"] = of_row(result.measurements[0])
    found["ours_hilum_included"] = of_row(result.measurements_hilum_included[0])
    return found


def of_row(row: Measurement) -> dict[str, float]:
    """Figures of a row of measurements."""
    return {"bv5_pct": row.bv5_pct, "tpbv_ml": row.tpbv_ml, "bv5_ml": row.bv5_ml}


def by_objectness(phantom: ChestPhantom) -> dict[str, float]:
    """Figures of six-scale objectness with the distance transform."""
    lungs = phantom.lungs.array > 0
    spec = phantom.spec
    sized = WAYS[OBJECTNESS](phantom.volume, lungs, parenchyma_hu(spec), spec.blood_hu)
    blood = blood_in_lungs(sized, phantom, lungs, Parameters())
    counted = (SizeClass.BV5, SizeClass.BV5_10, SizeClass.BV10)
    tpbv_ml = sum(blood[kind.name] for kind in counted)
    bv5_ml = blood[SizeClass.BV5.name]
    bv5_pct = 100 * bv5_ml / tpbv_ml if tpbv_ml else float(np.nan)
    return {"bv5_pct": bv5_pct, "tpbv_ml": tpbv_ml, "bv5_ml": bv5_ml}


def parenchyma_hu(spec: ChestPhantomSpec) -> float:
    """Attenuation of the lung that a phantom was drawn with, denser for the air it lost."""
    placement = Placement.of(spec, build_anatomy(spec.chest_scale, spec.expiration))
    return placement.denser_hu(spec.parenchyma_hu) + CONSTANTS.expiration_hu * spec.expiration


def main() -> None:
    """Write the answer to a job, given as JSON, into a file."""
    found = answer(ChestPhantomSpec(**json.loads(sys.argv[1])["spec"]))
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
