"""Which buttons cannot work because nodes of the case were deleted, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from ..scene.nodes.outcome import Outcome

HAD_VOLUME = "BV5Analysis.hadInputVolume"
"""Attribute of a case node that was given a CT; as in `scene.case.cases`."""
_SEGMENTED = ("vesselsSegmentation", "lungsSegmentation", "centerlinesModel")
NEEDS = {
    "copyButton": ("measurementsTable",),
    "saveCsvButton": _SEGMENTED,
    "saveReportButton": (*_SEGMENTED, "inputVolume"),
    "recomputeButton": (*_SEGMENTED, "inputVolume"),
    "excludeVesselButton": ("vesselsSegmentation", "centerlinesModel"),
    "editVesselsButton": ("vesselsSegmentation",),
    "previousBranchButton": ("centerlinesModel",),
    "nextBranchButton": ("centerlinesModel",),
    "pickVesselButton": ("centerlinesModel",),
}
"""Nodes of the case that a button needs."""


class Availability:
    """Disables buttons that cannot work; their tool tips say why.

    Parameters
    ----------
    ui : object
        The form's widgets.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._toolTips = {name: getattr(ui, name).toolTip for name in NEEDS}

    def apply(self, outcome: Outcome | None, leaveOut: tuple[str, ...] = ()) -> None:
        """Update the buttons by which nodes exist.

        Parameters
        ----------
        outcome : Outcome or None
            The case that is shown. Without one its sections are disabled as a whole.
        leaveOut : tuple of str
            Buttons that are in another state at present, or cannot work for another reason.
        """
        if outcome is None:
            return
        for name in NEEDS:
            if name in leaveOut:
                continue
            button = getattr(self._ui, name)
            reason = self.reason(outcome, name)
            button.enabled = not reason
            button.toolTip = reason or self._toolTips[name]

    def reason(self, outcome: Outcome, name: str) -> str:
        """Why a button cannot work; empty if it can."""
        missing = [role for role in NEEDS[name] if getattr(outcome, role) is None]
        if "inputVolume" in missing and not outcome.caseNode.GetAttribute(HAD_VOLUME):
            if name == "saveReportButton":
                return _(
                    "The report shows slices of the CT, which is not in the scene; load the CT,"
                    " and then the case again."
                )
            missing.remove("inputVolume")
        if not missing:
            return ""
        names = {
            "vesselsSegmentation": _("vessels segmentation"),
            "lungsSegmentation": _("lungs segmentation"),
            "centerlinesModel": _("centerlines model"),
            "inputVolume": _("CT"),
            "measurementsTable": _("measurements table"),
        }
        remedy = (
            _("Recompute, in Review, makes it again.")
            if missing == ["measurementsTable"]
            else _("Load the case again, or analyze again.")
        )
        return " ".join(
            [*(_("The {0} was deleted.").format(names[name]) for name in missing), remedy]
        )
