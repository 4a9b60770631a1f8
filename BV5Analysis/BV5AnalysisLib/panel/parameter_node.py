"""What the panel's user sets, kept in the scene: one field a widget, bound by the .ui file."""

from enum import Enum
from typing import Annotated

import qt
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, vtkMRMLTextNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper


class VesselGeometry(Enum):
    """Vessels in 3D; the values are those of `scene.views.display`."""

    TUBES = "tubes"
    SURFACES = "surfaces"

    def label(self) -> str:
        """Text in the combo box."""
        texts = {"tubes": _("Tubes along centerlines"), "surfaces": _("Surfaces of the segments")}
        return texts[self.value]


class SliceStyle(Enum):
    """Vessels on slices; the values are those of `scene.views.display`."""

    OUTLINES = "outlines"
    FILL = "fill"
    HIDDEN = "hidden"

    def label(self) -> str:
        """Text in the combo box."""
        return {"outlines": _("Outlines"), "fill": _("Filled"), "hidden": _("Hidden")}[self.value]


class PerpendicularView(Enum):
    """Slice view that is turned across the selected branch; the values are its layout name."""

    NONE = ""
    RED = "Red"
    YELLOW = "Yellow"
    GREEN = "Green"

    def label(self) -> str:
        """Text in the combo box."""
        texts = {"": _("None"), "Red": _("Red"), "Yellow": _("Yellow"), "Green": _("Green")}
        return texts[self.value]


class BranchClass(Enum):
    """Which branches are listed; the values are `SizeClass` values, 0 for all."""

    ALL = 0
    BV5 = 1
    BV5_10 = 2
    BV10 = 3
    BELOW_FLOOR = 4
    HILAR = 5

    def label(self) -> str:
        """Text in the combo box."""
        texts = [_("All classes"), "BV5", "BV5-10", "BV10", _("Below floor"), _("Hilar")]
        return texts[self.value]


class Hilum(Enum):
    """How vessels at the hilum count; the values are those of `imaging.parameters`."""

    APART = "apart"
    INCLUDED = "included"

    def label(self) -> str:
        """Text in the combo box."""
        texts = {"apart": _("Apart, in no class"), "included": _("Included in the classes")}
        return texts[self.value]


@parameterNodeWrapper
class BV5AnalysisParameterNode:
    """The user's choices.

    Ranges are what the widgets allow; whether bounds fit each other is for
    `imaging.parameters.Parameters` to say. Parameters and colors start as there.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    lungsSegmentation: vtkMRMLSegmentationNode
    regionsSegmentation: vtkMRMLSegmentationNode
    caseNode: vtkMRMLTextNode

    minimumCsaMm2: Annotated[float, WithinRange(0, 100)] = 1.25
    bv5UpperCsaMm2: Annotated[float, WithinRange(0, 1000)] = 5.0
    bv10LowerCsaMm2: Annotated[float, WithinRange(0, 1000)] = 10.0
    bloodIsMeasured: bool = True
    bloodHu: Annotated[float, WithinRange(-99, 1499)] = 40.0
    minimumComponentLengthMm: Annotated[float, WithinRange(0, 1000)] = 6.0
    hilum: Hilum = Hilum.APART
    hilumShare: Annotated[float, WithinRange(0.6, 0.95)] = 0.8

    bv5Visible: bool = True
    bv5Color: qt.QColor = qt.QColor("#D55E00")
    bv5Opacity: Annotated[float, WithinRange(0, 1)] = 1.0
    bv510Visible: bool = True
    bv510Color: qt.QColor = qt.QColor("#F0E442")
    bv510Opacity: Annotated[float, WithinRange(0, 1)] = 1.0
    bv10Visible: bool = True
    bv10Color: qt.QColor = qt.QColor("#0072B2")
    bv10Opacity: Annotated[float, WithinRange(0, 1)] = 1.0
    belowFloorVisible: bool = True
    belowFloorColor: qt.QColor = qt.QColor("#999999")
    belowFloorOpacity: Annotated[float, WithinRange(0, 1)] = 1.0
    hilarVisible: bool = True
    hilarColor: qt.QColor = qt.QColor("#7F5A70")
    hilarOpacity: Annotated[float, WithinRange(0, 1)] = 1.0
    vesselGeometry: VesselGeometry = VesselGeometry.TUBES
    sliceStyle: SliceStyle = SliceStyle.OUTLINES
    lungsVisible: bool = True
    lungsOpacity: Annotated[float, WithinRange(0, 1)] = 0.12
    legendVisible: bool = True
    tissueVisible: bool = True

    branchClass: BranchClass = BranchClass.ALL
    doubtfulOnly: bool = False
    perpendicularView: PerpendicularView = PerpendicularView.GREEN
    reviewer: str = ""
    reviewComment: str = ""
