"""Which centerlines are vessels: by the order of the tree that they are part of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lungs.hila import Hila, Places, ramp
from ..model.constants import MethodConstants, constant
from ..model.measurements import Calibration
from ..model.work_image import WorkImage
from ..vessels.branches import Branches
from .cross_sections import CrossSections
from .lasting import lasting
from .middles import middles_hu
from .vessel_network import VesselNetwork, vessel_network


@dataclass(frozen=True)
class TreeOrderConstants(MethodConstants):
    """What of a vessel's order is missing in other dense tissue; pairs are the ends of a ramp."""

    judged_mm2: tuple[float, float] = constant(
        (6.0, 12.0),
        "mm²",
        "Caliber from which tree order begins to count, and counts alone.",
        "Thinner vessels branch below what a scan shows. The lower bound of BV10 is between.",
    )
    way: tuple[float, float] = constant(
        (0.3, 0.65),
        "1",
        "Area at the narrowest place of the way out of the lung over the own area, of an opacity"
        " and of a vessel.",
        "Vessels get wider towards the hilum: in scans without opacities the ratio is above 0.65"
        " for 95 % of the blood; opacities hang on vessels a third as wide, or less.",
    )
    fed: tuple[float, float] = constant(
        (0.6, 1.8),
        "1",
        "Area of the branches that a dense structure feeds over its own, of an opacity and of a"
        " vessel.",
        "The area of all vessels together grows at each branching (Weibel 1963). Measured on normal"
        " and random chests, 95 % of the blood of wide vessels feeds 2.2 to 7 times its own area;"
        " consolidations that reach the hilum feed 1 to 1.6 times theirs.",
    )
    oversized: tuple[float, float] = constant(
        (3.0, 1.5),
        "1",
        "Caliber over the area that the lung beyond can need, of an opacity and of a vessel.",
        "In a scan without opacities 95 % of the wide vessels are below 1.3, masses and"
        " consolidations away from the hilum above 5.",
    )
    fed_reach: float = constant(
        1.5,
        "1",
        "How far around a point what passes by counts, in radii.",
        "Lines in one trunk are doubled, and end within it. Chosen on phantoms between 1.5 and"
        " 2.5.",
    )
    fed_more_mm: float = constant(1.0, "mm", "How much further than that.", "Chosen by eye.")
    fed_fade_mm: float = constant(
        2.0, "mm", "Layer around that in which it fades out.", "A few points of a line."
    )
    surrounded_hu: tuple[float, float] = constant(
        (-250.0, -400.0),
        "HU",
        "Surroundings of a thin vessel in which it is lost, and in which it is seen in full.",
        "Between ground glass (-300 at most) and half way from lung to soft tissue.",
    )
    source_hu: tuple[float, float] = constant(
        (-350.0, -600.0),
        "HU",
        "Surroundings of a thin vessel that is no branch to count, and of one that is.",
        "Within opacities ridges of their texture look like thin vessels.",
    )
    enclosed_hu: tuple[float, float] = constant(
        (-150.0, -300.0),
        "HU",
        "Surroundings of a wide line outside of the hila that lies in an opacity, and of a vessel.",
        "Between consolidation and ground glass.",
    )
    enhanced_hu: tuple[float, float] = constant(
        (150.0, 210.0),
        "HU",
        "Typical middle of wide vessels from which its lack begins to tell opacities, and does.",
        "Sharp kernels show blood of 50 HU as 100 in vessels of that width.",
    )
    middle_mm2: tuple[float, float] = constant(
        (20.0, 40.0),
        "mm²",
        "Caliber from which the middle of a line begins to be read, and is read in full.",
        "Radii of 2.5 and 3.6 mm: a millimeter off the middle still is free of partial volume.",
    )
    typical: float = constant(
        0.5, "1", "Share of wide lines whose middles are darker than typical blood.", "The median."
    )
    typical_mm2: tuple[float, float] = constant(
        (8.0, 16.0),
        "mm²",
        "Caliber from which lines begin to count for that, and count in full.",
        "Narrower middles are darker by partial volume; wider lines may all be opacities.",
    )
    unenhanced_hu: tuple[float, float] = constant(
        (60.0, 95.0),
        "HU",
        "Middle of a wide line in such a scan that is no blood, and that may be.",
        "Tissue that enhances little; veins of an early phase are brighter.",
    )


CONSTANTS = TreeOrderConstants()


@dataclass(frozen=True, eq=False)
class TreeOrder:
    """How much of each centerline point is vessel; n points.

    Attributes
    ----------
    share : numpy.ndarray
        (n,) 0 where a line runs through an opacity, 1 where it is a vessel.
    caliber_mm2 : numpy.ndarray
        (n,) area of the widest line that the point lies in.
    way : numpy.ndarray
        (n,) area at the narrowest place of the widest way out of the lung, over the caliber.
    fed : numpy.ndarray
        (n,) area of the thin vessels that are fed through here, over the caliber.
    leaving : numpy.ndarray
        (n,) how surely a vessel may leave the lung here.
    lasting : numpy.ndarray
        (n, 2) how surely something about as wide goes on for longer than a lump does, judged with
        reserve and strictly.
    """

    share: np.ndarray
    caliber_mm2: np.ndarray
    way: np.ndarray
    fed: np.ndarray
    leaving: np.ndarray
    lasting: np.ndarray


def judge_tree_order(
    branches: Branches,
    csa_mm2: np.ndarray,
    sections: CrossSections,
    image: WorkImage,
    calibration: Calibration,
    hila: Hila,
    places: Places,
) -> TreeOrder:
    """Judge how much of each centerline is vessel.

    A vessel gets wider on its way to the hilum, feeds branches whose areas come to no less than
    its own, and is no wider than the lung beyond it needs. A consolidation, a mass, a scar, a
    lymph node or a rim of effusion hangs on vessels much narrower than itself, swallows them, or
    is wider than that; a vein or an artery of the body that bulges into a lung feeds none. All are
    ratios, which hold for every size of chest. All evidence counts gradually: blood is the
    measured volume times the share that is vessel, so that no result jumps.

    Parameters
    ----------
    branches : Branches
        Centerlines; n points.
    csa_mm2 : numpy.ndarray
        (n,) areas.
    sections : CrossSections
        What lies around the points.
    image : WorkImage
        Where they were found.
    calibration : Calibration
        Attenuation of blood and of parenchyma.
    hila : Hila
        Where vessels leave the lungs.
    places : Places
        Where the points are in the scan.

    Returns
    -------
    TreeOrder
        One value a point.

    References
    ----------
    Murray CD. The physiological principle of minimum work. PNAS 1926;12:207-214. Weibel ER.
    Morphometry of the human lung. Springer 1963 (areas grow towards the periphery). How order is
    judged is the project's own.
    """
    if len(csa_mm2) == 0:
        nothing = np.empty(0)
        return TreeOrder(nothing, nothing, nothing, nothing, nothing, np.empty((0, 2)))
    network = vessel_network(branches, csa_mm2, image, calibration)
    node = network.node
    caliber = network.caliber_mm2()
    least = np.maximum(caliber, 0.1)
    leaving = hila.leaving(places[node], network.radius_mm)
    way = network.widest_way_mm2(leaving) / least
    background_hu = sections.background_hu
    fed = _fed(network, caliber, background_hu[node], hila.way_mm(places[node]))
    wide = ramp(way, CONSTANTS.way) * ramp(fed / least, CONSTANTS.fed)
    # In the hilum vessels lie beside one another and the mediastinum; elsewhere lung is around.
    dense = 1 - ramp(background_hu[node], CONSTANTS.enclosed_hu)
    wide *= 1 - dense * (1 - hila.near(places[node]))
    room = np.maximum(hila.largest_vessel_mm2(places[node]), 0.1)
    wide *= ramp(caliber / room, CONSTANTS.oversized)
    wide *= 1 - _unlike_blood(network, caliber, wide, image)
    judged = ramp(caliber, CONSTANTS.judged_mm2)
    lasts = [network.along_branches(values, branches) for values in lasting(network, caliber).T]
    at_points = [
        network.along_branches(values, branches)
        for values in (judged, wide, caliber, way, fed / least, leaving)
    ]
    judged, wide, caliber, way, fed, leaving = at_points
    thin = ramp(background_hu, CONSTANTS.surrounded_hu)
    share = judged * wide + (1 - judged) * thin
    return TreeOrder(share, caliber, way, fed, leaving, np.stack(lasts, axis=1))


def _fed(
    network: VesselNetwork, caliber_mm2: np.ndarray, background_hu: np.ndarray, way_mm: np.ndarray
) -> np.ndarray:
    """Area (m,) of the thin vessels that are fed through each node or close by, mm²."""
    is_thin = 1 - ramp(caliber_mm2, CONSTANTS.judged_mm2)
    own = network.csa_mm2 * is_thin * ramp(background_hu, CONSTANTS.source_hu)
    fed = network.fed_mm2(own, way_mm)
    return network.spread(
        fed,
        CONSTANTS.fed_reach,
        CONSTANTS.fed_more_mm,
        CONSTANTS.fed_fade_mm,
        np.flatnonzero(caliber_mm2 > CONSTANTS.judged_mm2[0]),
    )


def _unlike_blood(
    network: VesselNetwork, caliber_mm2: np.ndarray, wide: np.ndarray, image: WorkImage
) -> np.ndarray:
    """How surely (m,) the middle of a line is not the blood of a scan with contrast agent.

    Whether there is agent is read from the lines that are vessels by their order, `wide` (m,).
    """
    vessel = wide * ramp(caliber_mm2, CONSTANTS.typical_mm2)
    if not vessel.any():
        return np.zeros(len(network.node))
    middle = middles_hu(network.position_mm, image)
    rising = np.argsort(middle)
    weight = np.cumsum(vessel[rising])
    typical_hu = np.interp(CONSTANTS.typical * weight[-1], weight, middle[rising])
    enhanced = float(ramp(np.asarray(typical_hu), CONSTANTS.enhanced_hu))
    readable = ramp(caliber_mm2, CONSTANTS.middle_mm2)
    return np.asarray(enhanced * readable * (1 - ramp(middle, CONSTANTS.unenhanced_hu)))
