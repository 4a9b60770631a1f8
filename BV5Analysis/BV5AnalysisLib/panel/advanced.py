"""Section Advanced: parameters of the analysis."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ..imaging.errors import AnalysisError
from .display import to_defaults

if TYPE_CHECKING:
    from ..imaging.parameters import Parameters

FIELDS = (
    "minimumCsaMm2",
    "bv5UpperCsaMm2",
    "bv10LowerCsaMm2",
    "bloodIsMeasured",
    "bloodHu",
    "minimumComponentLengthMm",
    "hilum",
    "hilumShare",
)


class AdvancedSection:
    """Shows what is wrong with the parameters, and what they would change.

    Parameters
    ----------
    ui : object
        The form's widgets.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._parameterNode: Any = None

    def setup(self) -> None:
        """Connect the widgets."""
        ui = self._ui
        ui.parametersDefaultsButton.connect("clicked(bool)", self.onDefaults)
        icon = slicer.app.style().standardIcon(qt.QStyle.SP_MessageBoxWarning)
        ui.parametersErrorIcon.setPixmap(icon.pixmap(qt.QSize(16, 16)))

    def setParameterNode(self, parameterNode: Any) -> None:
        """Use this parameter node from now on."""
        self._parameterNode = parameterNode

    def update(self, ofCase: dict[str, Any] | None) -> None:
        """Check the parameters.

        Parameters
        ----------
        ofCase : dict or None
            Parameters of the shown case, as in its record.
        """
        ui = self._ui
        problem = parameters_problem(self._parameterNode)
        difference = "" if problem or ofCase is None else self._difference(ofCase)
        ui.bloodHuSpinBox.enabled = not self._parameterNode.bloodIsMeasured
        for widget in (ui.parametersErrorIcon, ui.parametersErrorLabel):
            widget.visible = bool(problem)
        ui.parametersErrorLabel.text = problem
        ui.parametersDifferLabel.text = difference
        ui.parametersDifferLabel.visible = bool(difference)

    def onDefaults(self, _checked: bool = False) -> None:
        """Restore the default parameters."""
        to_defaults(self._parameterNode, FIELDS)

    def _difference(self, ofCase: dict[str, Any]) -> str:
        parameters = chosen_parameters(self._parameterNode)
        recomputed = recompute_parameters(self._parameterNode, ofCase)
        texts = []
        if recomputed.to_dict() != ofCase:
            texts.append(
                _(
                    "The shown case has another floor, bounds or hilum: Recompute, in Review,"
                    " applies them."
                )
            )
        if parameters != recomputed:
            texts.append(
                _("The shown case has another blood or shortest tree: Analyze applies them.")
            )
        return " ".join(texts)


def chosen_parameters(parameterNode: Any) -> Parameters:
    """Parameters as chosen.

    Raises
    ------
    AnalysisError
        They do not fit each other.
    """
    from ..imaging.parameters import Parameters

    return Parameters(
        minimum_csa_mm2=parameterNode.minimumCsaMm2,
        class_bounds_mm2=(parameterNode.bv5UpperCsaMm2, parameterNode.bv10LowerCsaMm2),
        blood_hu=None if parameterNode.bloodIsMeasured else parameterNode.bloodHu,
        minimum_component_length_mm=parameterNode.minimumComponentLengthMm,
        hilum=parameterNode.hilum.value,
        hilum_share=parameterNode.hilumShare,
    )


def recompute_parameters(parameterNode: Any, ofCase: dict[str, Any]) -> Parameters:
    """Give a case's parameters with the floor and bounds that are chosen.

    Parameters
    ----------
    parameterNode : BV5AnalysisParameterNode
        What is chosen.
    ofCase : dict
        Parameters of the case, as in its record.

    Returns
    -------
    imaging.parameters.Parameters
        For `Logic.recompute`: what needs a new segmentation stays as it was.

    Raises
    ------
    AnalysisError
        Floor and bounds do not fit each other.
    """
    from ..imaging.parameters import Parameters

    chosen = chosen_parameters(parameterNode)
    return dataclasses.replace(
        Parameters.from_dict(ofCase),
        minimum_csa_mm2=chosen.minimum_csa_mm2,
        class_bounds_mm2=chosen.class_bounds_mm2,
        hilum=chosen.hilum,
        hilum_share=chosen.hilum_share,
    )


def parameters_problem(parameterNode: Any) -> str:
    """Say what is wrong with the parameters; empty if nothing."""
    floor, low = parameterNode.minimumCsaMm2, parameterNode.bv5UpperCsaMm2
    if not floor < low < parameterNode.bv10LowerCsaMm2:
        return _("Areas must rise from Floor over BV5 below to BV10 from.")
    try:
        chosen_parameters(parameterNode)
    except AnalysisError as error:
        return str(error)
    return ""
