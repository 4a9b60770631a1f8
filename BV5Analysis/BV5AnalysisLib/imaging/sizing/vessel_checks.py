"""Whether the vessels that were found can be those of a pair of lungs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..lungs.hila import SIDES, Hila, Places
from ..model.constants import MethodConstants, constant
from ..model.finding import Finding, Severity
from ..model.measurements import Measurement
from ..model.tissue import OpacityVolumes
from .branch_sizes import SizedBranches
from .tree_order import TreeOrder


@dataclass(frozen=True)
class VesselCheckConstants(MethodConstants):
    """What every pair of lungs has, with room for disease."""

    least_trunk: float = constant(
        0.001,
        "1",
        "Area of the widest vessel that leaves a lung, over the square of the lung's size, below"
        " which its hilum was not found.",
        "The artery to one lung has 0.01, a lobar one 0.003. A tenth of the first is no hilum.",
    )
    doubtful_percent: float = constant(
        10.0,
        "%",
        "Blood that is neither surely vessel nor surely opacity, as a share of TPBV, from which the"
        " numbers are not to be trusted.",
        "Ten times what lungs without opacities have.",
    )
    one_sided: float = constant(
        1 / 3,
        "1",
        "Vessels per liter of one lung over those of the other below which most are missing.",
        "Perfusion of healthy lungs differs by a tenth; two thirds are missing only where a vessel"
        " is occluded, a lung was not blown up, or vessels were not found.",
    )
    least_lung_ml: float = constant(
        200.0,
        "mL",
        "Volume of a lung below which its vessels per liter are not compared.",
        "A few vessels make the number. A newborn's lung holds less.",
    )


CONSTANTS = VesselCheckConstants()


def vessel_order_findings(
    sized: SizedBranches, order: TreeOrder, places: Places, hila: Hila, slab: bool = False
) -> list[Finding]:
    """Judge whether vessels hang on the hila, and how sure it is what is vessel.

    Parameters
    ----------
    sized : SizedBranches
        Areas, and blood times the share that is vessel; n points.
    order : TreeOrder
        Of the same points.
    places : Places
        Of the same points.
    hila : Hila
        Where vessels leave the lungs.
    slab : bool, optional
        The scan shows a part of the chest; the hila may lie beyond it.

    Returns
    -------
    list of Finding
        ``no_hilar_vessels`` (value in mm²) and ``vessels_wider_than_parents`` (% of TPBV), where
        they apply.
    """
    found = []
    trunk_mm2 = np.array(
        [
            np.max(
                order.caliber_mm2 * order.share * order.leaving,
                where=places.side == side,
                initial=0.0,
            )
            for side in SIDES
        ]
    )
    missing = trunk_mm2 < CONSTANTS.least_trunk * hila.size_mm**2
    if missing.any() and not slab:
        which = " and ".join(
            side.name.lower() for side, no in zip(SIDES, missing, strict=True) if no
        )
        found.append(
            Finding(
                "no_hilar_vessels",
                Severity.ERROR,
                f"No vessel as wide as those of a hilum leaves the {which} lung: its vessels start"
                " nowhere, and volumes are of parts of the tree. Check the lung mask at the hilum.",
                float(trunk_mm2.min()),
            )
        )
    blood_ml = float(sized.volume_ml.sum())
    percent = 100 * float(sized.volume_ml @ (1 - order.share)) / blood_ml if blood_ml > 0 else 0.0
    if percent >= CONSTANTS.doubtful_percent:
        found.append(
            Finding(
                "vessels_wider_than_parents",
                Severity.ERROR,
                f"{percent:.0f} % of the blood is in structures that are wider than the vessels"
                " they hang on, or feed too few branches: what is opacity and what is vessel could"
                " not be told.",
                percent,
            )
        )
    return found


def side_findings(
    measurements: Sequence[Measurement], opacities: Sequence[OpacityVolumes]
) -> list[Finding]:
    """Compare the vessels of both lungs.

    Parameters
    ----------
    measurements : sequence of Measurement
        Rows ``both``, ``right``, ``left``, …
    opacities : sequence of OpacityVolumes
        The same rows; lung that is consolidated has no vessels to be found.

    Returns
    -------
    list of Finding
        ``one_sided_vessels`` (value: ratio), if it applies.
    """
    liters = [
        (lung.lung_volume_ml - opacity.consolidation_ml) / 1000
        for lung, opacity in zip(measurements[1:3], opacities[1:3], strict=True)
    ]
    if min(liters) * 1000 < CONSTANTS.least_lung_ml:
        return []
    density = [
        lung.tpbv_ml / volume for lung, volume in zip(measurements[1:3], liters, strict=True)
    ]
    if max(density) <= 0 or min(density) >= CONSTANTS.one_sided * max(density):
        return []
    fewer, more = (measurements[1:3], measurements[2:0:-1])[int(density[1] < density[0])]
    ratio = min(density) / max(density)
    return [
        Finding(
            "one_sided_vessels",
            Severity.ERROR,
            f"The {fewer.region} lung has {100 * ratio:.0f} % of the vessels per liter that the"
            f" {more.region} one has: they are occluded, or were not found. Look at the pictures"
            " before you use the numbers.",
            ratio,
        )
    ]
