"""Findings about opacities: how much of the lungs they fill, and what they hide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..model.constants import MethodConstants, constant
from ..model.finding import Finding, Severity
from ..model.tissue import OpacityVolumes


@dataclass(frozen=True)
class OpacityFindingConstants(MethodConstants):
    """Limits of the findings about opacities."""

    notable_percent: float = constant(
        5.0,
        "%",
        "Share of the lungs from which ground glass or reticulation is reported.",
        "Dependent density of healthy lungs reaches less.",
    )
    notable_consolidation_percent: float = constant(
        1.0,
        "%",
        "Share of the lungs from which consolidation is a warning rather than information.",
        "Less hides too little blood to matter. Chosen by eye.",
    )
    least_consolidation_ml: float = constant(
        1.0,
        "mL",
        "Volume from which consolidation is reported.",
        "Smaller pieces are within the error of the blocks it is measured in. Chosen by eye.",
    )
    least_part_ml: float = constant(
        0.5,
        "mL",
        "Opacity in one lung or region from which that part is named.",
        "Shown as 0 mL otherwise.",
    )
    most_reticulation_percent: float = constant(
        7.0,
        "%",
        "Share of reticulation from which it is an error.",
        "Of random chests with 8 to 10 % found, in a thin rim, BV5 % was off by -1 to 4 points in"
        " three; with more, by -9 to 2 in ten. Nothing is measured below 8 %.",
    )
    most_percent: float = constant(
        25.0,
        "%",
        "Share of reticulation and consolidation from which the numbers mean little.",
        "A lower lobe is a quarter of both lungs. Chosen by judgment.",
    )


CONSTANTS = OpacityFindingConstants()


def opacity_findings(opacities: Sequence[OpacityVolumes]) -> list[Finding]:
    """Judge the opacities of both lungs.

    Parameters
    ----------
    opacities : sequence of OpacityVolumes
        Rows ``both``, ``right``, ``left``, then given regions.

    Returns
    -------
    list of Finding
        ``ground_glass``, ``reticulation``, ``consolidation`` and ``much_opacity``, where they
        apply; values are % of the lungs.
    """
    both = opacities[0]
    found = []
    if both.ground_glass_pct >= CONSTANTS.notable_percent:
        where = _where(opacities, lambda row: row.ground_glass_ml)
        found.append(
            Finding(
                "ground_glass",
                Severity.WARNING,
                f"Ground glass fills about {both.ground_glass_pct:.0f} % of the lungs ({where}):"
                " vessels stand out less in it.",
                both.ground_glass_pct,
            )
        )
    if both.reticulation_pct >= CONSTANTS.notable_percent:
        where = _where(opacities, lambda row: row.reticulation_ml)
        is_error = both.reticulation_pct >= CONSTANTS.most_reticulation_percent
        advice = (
            " With so much of it BV5 % may be several points too low, or too high by lines at the"
            " edges of the mesh, which count as vessels: the numbers cannot be used."
        )
        found.append(
            Finding(
                "reticulation",
                Severity.ERROR if is_error else Severity.WARNING,
                f"Reticulation fills about {both.reticulation_pct:.0f} % of the lungs ({where}):"
                " thin lines in it are not counted, and the small vessels among them are missing."
                + (advice if is_error else ""),
                both.reticulation_pct,
            )
        )
    if both.consolidation_ml >= CONSTANTS.least_consolidation_ml:
        found.append(_consolidation(opacities))
    much = both.percent(both.reticulation_ml + both.consolidation_ml)
    if much >= CONSTANTS.most_percent:
        found.append(
            Finding(
                "much_opacity",
                Severity.ERROR,
                f"Reticulation and consolidation fill {much:.0f} % of the lungs: the vessels that"
                " were measured say little about the lungs. Do not compare these numbers with those"
                " of other patients.",
                much,
            )
        )
    return found


def _consolidation(opacities: Sequence[OpacityVolumes]) -> Finding:
    """How much lung could not be measured."""
    both = opacities[0]
    percent = both.consolidation_pct
    notable = percent >= CONSTANTS.notable_consolidation_percent
    where = _where(opacities, lambda row: row.consolidation_ml)
    return Finding(
        "consolidation",
        Severity.WARNING if notable else Severity.INFO,
        f"Consolidation fills about {percent:.{0 if notable else 1}f} % of the lungs"
        f" ({both.consolidation_ml:.0f} mL; {where}): these {both.consolidation_ml:.0f} mL of lung"
        " were not measured, and the vessels inside are missing from the volumes. What lies broadly"
        " on the chest wall is not in the lung mask and not counted here.",
        percent,
    )


def _where(
    opacities: Sequence[OpacityVolumes], volume_ml: Callable[[OpacityVolumes], float]
) -> str:
    """Parts with a volume, such as ``right 12 mL, left 3 mL``."""
    parts: dict[str, float] = {}
    for row in opacities[1:]:
        # A region may have a lung's name; the lung itself is reported then.
        parts.setdefault(row.region, volume_ml(row))
    named = [f"{name} {ml:.0f} mL" for name, ml in parts.items() if ml >= CONSTANTS.least_part_ml]
    return ", ".join(named) or "in small pieces"
