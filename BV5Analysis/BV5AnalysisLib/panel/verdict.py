"""Accept or reject a case, in section Review."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import slicer
from slicer.i18n import tr as _

from .messages import problems_shown
from .protocols import Logic
from .shown import ShownCase


class VerdictPart:
    """Accept, Reject, Undo, and the present verdict.

    Parameters
    ----------
    ui : object
        The form's widgets.
    logic : Logic
        Keeps the verdict.
    onReviewed : callable
        Called after the verdict changed.
    """

    def __init__(self, ui: Any, logic: Logic, onReviewed: Callable[[], None]) -> None:
        self._ui = ui
        self._logic = logic
        self._onReviewed = onReviewed
        self._parameterNode: Any = None
        self._case: ShownCase | None = None
        self._commented: Any = None

    def setup(self) -> None:
        """Connect the widgets."""
        self._ui.acceptButton.connect("clicked(bool)", self.onAccept)
        self._ui.rejectButton.connect("clicked(bool)", self.onReject)
        self._ui.undoReviewButton.connect("clicked(bool)", self.onUndo)

    def setParameterNode(self, parameterNode: Any) -> None:
        """Use this parameter node from now on."""
        self._parameterNode = parameterNode
        if parameterNode is None:
            self._commented = None

    def chooseDefault(self) -> None:
        """Take the name that Slicer's user gave in the settings, where no reviewer is set."""
        user = slicer.app.applicationLogic().GetUserInformation()
        if user is not None and user.GetName() and not self._parameterNode.reviewer:
            self._parameterNode.reviewer = user.GetName()

    def show(self, case: ShownCase | None) -> None:
        """Show a case's verdict, or none."""
        self._case = case
        if case is not None:
            self._showComment(case)
        elif self._commented is not None and self._commented.caseNode.GetScene() is None:
            self._commented = None
            if self._parameterNode is not None:
                self._parameterNode.reviewComment = ""
        self._ui.reviewStateLabel.text = review_text(case.review) if case else ""
        self._ui.undoReviewButton.enabled = case is not None and bool(case.review.get("status"))

    def _showComment(self, case: ShownCase) -> None:
        """Show a case's own comment: one on another case must not be saved with it."""
        another = self._commented is not None and self._commented != case.outcome
        # A scene may come with a comment that was not kept yet.
        if another or (self._commented is None and not self._parameterNode.reviewComment):
            self._parameterNode.reviewComment = case.review.get("comment", "")
        self._commented = case.outcome

    def onAccept(self, _checked: bool = False) -> None:
        """Accept the case."""
        self._decide("accepted")

    def onReject(self, _checked: bool = False) -> None:
        """Reject the case."""
        self._decide("rejected")

    def onUndo(self, _checked: bool = False) -> None:
        """Withdraw the verdict."""
        self._keep("", "", "")

    def _decide(self, status: str) -> None:
        reviewer = self._parameterNode.reviewer.strip()
        if not reviewer:
            slicer.util.infoDisplay(_("Enter who reviews, under Reviewer, first."))
            self._ui.reviewerLineEdit.setFocus()
            return
        self._keep(status, reviewer, self._parameterNode.reviewComment.strip())

    def _keep(self, status: str, reviewer: str, comment: str) -> None:
        if self._case is not None:
            with problems_shown(_("The review could not be kept."), busy=False):
                self._logic.setReview(self._case.outcome, status, reviewer, comment)
                self._onReviewed()


def review_text(review: dict[str, str]) -> str:
    """Describe who accepted or rejected the case, when and why; or that it was not reviewed."""
    status = review.get("status")
    if not status:
        return _("Not reviewed")
    texts = {"accepted": _("Accepted by {reviewer}"), "rejected": _("Rejected by {reviewer}")}
    text = texts[status].format(reviewer=review["reviewer"])
    if review.get("time"):
        when = datetime.fromisoformat(review["time"]).astimezone()
        text += f", {when:%Y-%m-%d %H:%M}"
    if review.get("comment"):
        text += f": {review['comment']}"
    return text
