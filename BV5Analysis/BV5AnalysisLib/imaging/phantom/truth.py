"""Blood volumes by region and class, from the geometry of the tubes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.centerlines import Centerlines
from ..model.measurements import Measurement
from ..model.size_classes import LungLabel, SizeClass
from ..model.volume import Volume
from ..parameters import Parameters
from .plumbing import Material, Plumbing

REGIONS = {
    "both": (LungLabel.RIGHT, LungLabel.LEFT),
    "right": (LungLabel.RIGHT,),
    "left": (LungLabel.LEFT,),
}


@dataclass(frozen=True, eq=False)
class Ledger:
    """What the quadrature points of each cross section add up to; m cross sections.

    Attributes
    ----------
    seen_mm3, hidden_mm3 : numpy.ndarray
        (m, 2) volume in the right and the left lung that the tube owns: outside consolidation,
        and inside it.
    faulty_mm3 : numpy.ndarray
        (m,) volume inside a tube that it should not touch.
    label : numpy.ndarray
        (m,) `LungLabel` of the center, 0 outside the lungs.
    on_line : numpy.ndarray
        (m,) bool, center is in its own tube's lumen only, and in no consolidation.
    """

    seen_mm3: np.ndarray
    hidden_mm3: np.ndarray
    faulty_mm3: np.ndarray
    label: np.ndarray
    on_line: np.ndarray


@dataclass(frozen=True, eq=False)
class Truth:
    """What is true of the tubes of a phantom, by the names that phantoms have for it.

    Attributes
    ----------
    centerlines, airway_centerlines : Centerlines
        Of vessels and bronchi inside the lungs.
    measurements, hidden_measurements : tuple of Measurement
        Blood that is seen, and blood that consolidation or a mass hides.
    parameters : Parameters
        Class bounds.
    overlap_fraction : float
        Share of the trees' volume that lies in tubes that it should not touch.
    """

    centerlines: Centerlines
    airway_centerlines: Centerlines
    measurements: tuple[Measurement, ...]
    hidden_measurements: tuple[Measurement, ...]
    parameters: Parameters
    overlap_fraction: float


def find_truth(plumbing: Plumbing, ledger: Ledger, lungs: Volume, parameters: Parameters) -> Truth:
    """Sum up the tubes of a phantom.

    Parameters
    ----------
    plumbing, ledger : Plumbing, Ledger
        The tubes and what they add up to.
    lungs : Volume
        `LungLabel` values.
    parameters : Parameters
        Class bounds.

    Returns
    -------
    Truth
        Of the very points that were drawn.
    """
    voxel_ml = lungs.grid.voxel_volume_ml
    lung_volume_ml = {
        label: float(np.count_nonzero(lungs.array == label) * voxel_ml) for label in LungLabel
    }
    in_trees = plumbing.branch < plumbing.trees.branch_count
    whole = plumbing.tubes.area_mm2 * plumbing.tubes.step_mm
    return Truth(
        centerlines=centerlines(plumbing, ledger, Material.BLOOD, parameters),
        airway_centerlines=centerlines(plumbing, ledger, Material.LUMEN, parameters),
        measurements=measure(plumbing, ledger, lung_volume_ml, parameters),
        hidden_measurements=measure(plumbing, ledger, lung_volume_ml, parameters, hidden=True),
        parameters=parameters,
        overlap_fraction=float(ledger.faulty_mm3[in_trees].sum() / whole[in_trees].sum()),
    )


def measure(
    plumbing: Plumbing,
    ledger: Ledger,
    lung_volume_ml: dict[LungLabel, float],
    parameters: Parameters,
    *,
    hidden: bool = False,
) -> tuple[Measurement, ...]:
    """Rows ``both``, ``right`` and ``left``.

    Each bit of blood counts once, to the largest vessel that holds it: a child begins at its
    parent's surface. Blood outside the lungs does not count.

    Parameters
    ----------
    plumbing, ledger : Plumbing, Ledger
        The tubes and what they add up to.
    lung_volume_ml : dict
        By lung.
    parameters : Parameters
        Class bounds.
    hidden : bool
        Measure what lies in consolidation, in place of what lies outside it.

    Returns
    -------
    tuple of Measurement
        The truth.
    """
    volume = (ledger.hidden_mm3 if hidden else ledger.seen_mm3) / 1000
    blood = plumbing.material == Material.BLOOD
    classes = parameters.size_class(plumbing.csa_mm2)
    long = blood & ledger.on_line & (classes != SizeClass.BELOW_FLOOR) & (not hidden)
    rows = []
    for region, labels in REGIONS.items():
        columns = [int(label) - 1 for label in labels]
        by_class = {
            kind: float(volume[blood & (classes == kind)][:, columns].sum()) for kind in SizeClass
        }
        rows.append(
            Measurement(
                region=region,
                lung_volume_ml=sum(lung_volume_ml[label] for label in labels),
                bv5_ml=by_class[SizeClass.BV5],
                bv5_10_ml=by_class[SizeClass.BV5_10],
                bv10_ml=by_class[SizeClass.BV10],
                below_floor_ml=by_class[SizeClass.BELOW_FLOOR],
                vessel_length_mm=float(
                    plumbing.tubes.step_mm[long & np.isin(ledger.label, labels)].sum()
                ),
            )
        )
    return tuple(rows)


def centerlines(
    plumbing: Plumbing, ledger: Ledger, material: Material, parameters: Parameters
) -> Centerlines:
    """Centerlines inside the lungs, from each branch's start at its parent's surface.

    Parameters
    ----------
    plumbing, ledger : Plumbing, Ledger
        The tubes and what they add up to.
    material : Material
        ``BLOOD`` or ``LUMEN``.
    parameters : Parameters
        Class bounds.

    Returns
    -------
    Centerlines
        One branch for each uninterrupted stretch. Volumes are what the ledger holds, with the
        rounded ends and what juts out of the parent, so that they add up to the measurement.
    """
    chosen = np.flatnonzero(
        (plumbing.material == material) & ledger.on_line & (ledger.label > 0) & ~plumbing.is_cap
    )
    # A stretch ends where the branch does, or where the line leaves the lungs in between.
    jump = np.diff(chosen, prepend=-2) != 1
    jump |= np.diff(plumbing.branch[chosen], prepend=-1) != 0
    # One point alone is no line.
    number = np.cumsum(jump) - 1
    enough = np.bincount(number)[number] > 1 if len(chosen) else np.zeros(0, bool)
    chosen, number = chosen[enough], np.unique(number[enough], return_inverse=True)[1]
    count = int(number.max(initial=-1)) + 1
    start = np.searchsorted(number, np.arange(count + 1))
    csa = plumbing.csa_mm2[chosen]
    volume = _gather(plumbing, ledger, material, chosen)
    return Centerlines.measured(
        points_mm=plumbing.tubes.center_mm[chosen],
        branch_start=start,
        csa_mm2=csa,
        size_class=parameters.size_class(csa),
        point_volume_ml=volume,
        point_length_mm=plumbing.tubes.step_mm[chosen],
    )


def _gather(
    plumbing: Plumbing, ledger: Ledger, material: Material, chosen: np.ndarray
) -> np.ndarray:
    """Volume (k,) in mL of chosen cross sections, with that of the others on their branches.

    What is not on the line itself goes to the nearest chosen cross section of its branch.
    """
    total = ledger.seen_mm3.sum(axis=1) / 1000
    source = np.flatnonzero((plumbing.material == material) & (total > 0))
    volume = np.zeros(len(chosen))
    if len(chosen) == 0:
        return volume
    after = np.clip(np.searchsorted(chosen, source), 0, len(chosen) - 1)
    before = np.maximum(after - 1, 0)
    same_after = plumbing.branch[chosen[after]] == plumbing.branch[source]
    same_before = plumbing.branch[chosen[before]] == plumbing.branch[source]
    nearer = abs(chosen[after] - source) <= abs(source - chosen[before])
    target = np.where(same_after & (nearer | ~same_before), after, before)
    found = same_after | same_before
    np.add.at(volume, target[found], total[source[found]])
    return volume
