"""Section Display: colors and shapes in the views."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _
from slicer.util import NodeModify

from .messages import problems_shown
from .protocols import Logic

if TYPE_CHECKING:
    from ..scene.nodes.outcome import Outcome
    from ..scene.views.display import DisplaySettings

CLASS_FIELDS = {
    "bv5": "BV5",
    "bv510": "BV5_10",
    "bv10": "BV10",
    "belowFloor": "BELOW_FLOOR",
    "hilar": "HILAR",
}
"""Prefix of a class's fields in the parameter node, and its name in `SizeClass`."""
FIELDS = (
    *(f"{prefix}{what}" for prefix in CLASS_FIELDS for what in ("Visible", "Color", "Opacity")),
    "vesselGeometry",
    "sliceStyle",
    "lungsVisible",
    "lungsOpacity",
    "legendVisible",
    "tissueVisible",
)


class DisplaySection:
    """Brings what the parameter node says about display into the views.

    Parameters
    ----------
    ui : object
        The form's widgets.
    logic : Logic
        Applies the settings.
    """

    def __init__(self, ui: Any, logic: Logic) -> None:
        self._ui = ui
        self._logic = logic
        self._parameterNode: Any = None
        self._applied: tuple[Outcome, DisplaySettings] | None = None

    def setup(self) -> None:
        """Connect the widgets."""
        self._ui.displayDefaultsButton.connect("clicked(bool)", self.onDefaults)

    def setParameterNode(self, parameterNode: Any) -> None:
        """Use this parameter node from now on."""
        self._parameterNode = parameterNode

    def taken(self, outcome: Outcome | None) -> None:
        """Assume that a case of a loaded scene is displayed as the settings say."""
        if outcome is None:
            self._applied = None
        elif self._applied is None or self._applied[0] != outcome:
            self._applied = (outcome, display_settings(self._parameterNode))

    def entered(self, outcome: Outcome | None) -> None:
        """Restore the surfaces that were removed while Segment Editor was open."""
        settings = display_settings(self._parameterNode)
        if outcome is not None and settings.geometry == "surfaces":
            with problems_shown(_("The display could not be changed.")):
                self._logic.applyDisplay(outcome, settings)

    def update(self, outcome: Outcome | None) -> None:
        """Apply the settings if they, or the case, have changed since the last call."""
        if outcome is None or self._parameterNode is None:
            self._applied = None
            return
        settings = display_settings(self._parameterNode)
        if self._applied is not None and self._applied == (outcome, settings):
            return
        another = self._applied is None or self._applied[0] != outcome
        # Surfaces are made when they are first shown. No event is served meanwhile, which could
        # change the scene under them.
        slow = settings.geometry == "surfaces" and (
            another or self._applied[1].geometry != settings.geometry
        )
        self._applied = (outcome, settings)
        with problems_shown(_("The display could not be changed."), busy=slow):
            self._logic.applyDisplay(outcome, settings)
            if another:
                self._hideOthers(outcome, settings)

    def _hideOthers(self, outcome: Outcome, settings: DisplaySettings) -> None:
        """Show one case at a time: vessels of two cases in one view could not be distinguished."""
        classes = {
            size_class: dataclasses.replace(look, visible=False)
            for size_class, look in settings.classes.items()
        }
        hidden = dataclasses.replace(
            settings, classes=classes, slices="hidden", lungs_visible=False, legend_visible=False
        )
        for other in self._logic.outcomes():
            if other != outcome:
                self._logic.applyDisplay(other, hidden)

    def onDefaults(self, _checked: bool = False) -> None:
        """Restore the default display."""
        to_defaults(self._parameterNode, FIELDS)


def to_defaults(parameterNode: Any, fields: tuple[str, ...]) -> None:
    """Set fields of a parameter node to their defaults, as one change."""
    with NodeModify(parameterNode):
        for field in fields:
            parameterNode.setValue(field, parameterNode.default(field).value)


def display_settings(parameterNode: Any) -> DisplaySettings:
    """Give the settings as the parameter node has them."""
    from ..imaging.model.size_classes import SizeClass
    from ..scene.views.display import ClassDisplay, DisplaySettings

    value = parameterNode.getValue

    def shown(prefix: str) -> ClassDisplay:
        color = value(f"{prefix}Color")
        return ClassDisplay(
            value(f"{prefix}Visible"),
            (color.red() / 255, color.green() / 255, color.blue() / 255),
            value(f"{prefix}Opacity"),
        )

    return DisplaySettings(
        {SizeClass[name]: shown(prefix) for prefix, name in CLASS_FIELDS.items()},
        parameterNode.vesselGeometry.value,
        parameterNode.sliceStyle.value,
        parameterNode.lungsVisible,
        parameterNode.lungsOpacity,
        parameterNode.legendVisible,
        parameterNode.tissueVisible,
    )
