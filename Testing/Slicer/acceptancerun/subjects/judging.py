"""The reader's verdict."""

from __future__ import annotations

from ..run import Run
from ..steps import Where, step

REVIEWER, COMMENT = "Dr. Ä. Önder", 'fine, "no" motion & <b>'


@step(
    "verdict",
    "Accept, Undo and Reject are kept in the record and in the table",
    limit=60,
    where=Where.WINDOW,
)
def verdict(run: Run) -> None:
    run.show_case()
    ui = run.ui
    ui.reviewerLineEdit.text = ""
    run.click("acceptButton")
    run.equal(len(run.told.take("infoDisplay")), 1, "messages that a reviewer is missing")
    ui.reviewerLineEdit.text = REVIEWER
    ui.reviewCommentLineEdit.text = COMMENT
    run.click("rejectButton")
    _check(run, "rejected")
    run.click("undoReviewButton")
    run.equal(run.need_case().record["review"]["status"], "", "verdict after Undo")
    run.equal(ui.reviewStateLabel.text, "Not reviewed", "what the panel says")
    ui.reviewCommentLineEdit.text = COMMENT
    run.click("acceptButton")
    _check(run, "accepted")
    run.check(REVIEWER in ui.reviewStateLabel.text, "the panel does not say who accepted")


def _check(run: Run, status: str) -> None:
    outcome = run.need_case()
    review = outcome.record["review"]
    got = (review["status"], review["reviewer"], review["comment"])
    run.equal(got, (status, REVIEWER, COMMENT), "verdict in the record")
    cell = outcome.measurementsTable.GetTable().GetColumnByName("review").GetValue(0)
    run.equal(cell, status, "verdict in the table")


@step(
    "verdict",
    "logic.setReview keeps the verdict in the record, in place of the panel's buttons",
    limit=60,
    where=Where.NO_WINDOW,
)
def verdict_by_the_logic(run: Run) -> None:
    outcome = run.need_case()
    run.logic.setReview(outcome, "rejected", REVIEWER, COMMENT)
    _check(run, "rejected")
    run.logic.setReview(outcome, "accepted", REVIEWER, COMMENT)
    _check(run, "accepted")
