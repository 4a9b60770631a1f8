"""Section Findings: what may make the numbers less reliable, worst first."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

ICON_SIZE = 16


class FindingsSection:
    """One row a finding: an icon of its severity, and its sentence.

    Parameters
    ----------
    ui : object
        The form's widgets.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        # Reused for each case; surplus ones stay hidden, outside of the layout.
        self._rows: list[tuple[qt.QLabel, qt.QLabel]] = []

    def show(self, findings: list[dict[str, Any]] | None) -> None:
        """Show findings.

        Parameters
        ----------
        findings : list of dict or None
            As in a case's record, with ``severity`` and ``text``; None without a case.
        """
        self._ui.findingsSummaryLabel.text = (
            _("No case yet") if findings is None else summary(findings)
        )
        rank = {severity: index for index, severity in enumerate(_SEVERITIES)}
        worstFirst = sorted(findings or [], key=lambda finding: rank[finding["severity"]])
        self._makeRows(len(worstFirst))
        for row, finding in enumerate(worstFirst):
            _fill(*self._rows[row], finding["severity"], finding["text"])
        self._showRows(len(worstFirst))

    def _makeRows(self, count: int) -> None:
        container = self._ui.findingsContainer
        while len(self._rows) < count:
            icon, label = qt.QLabel(container), qt.QLabel(container)
            icon.setAlignment(qt.Qt.AlignTop)
            label.setTextFormat(qt.Qt.PlainText)
            label.wordWrap = True
            label.setTextInteractionFlags(qt.Qt.TextSelectableByMouse)
            self._rows.append((icon, label))

    def _showRows(self, count: int) -> None:
        layout = self._ui.findingsContainer.layout()
        layout.setColumnStretch(1, 1)
        for row, widgets in enumerate(self._rows):
            for column, widget in enumerate(widgets):
                layout.removeWidget(widget)
                if row < count:
                    layout.addWidget(widget, row, column)
                widget.visible = row < count


def _fill(icon: qt.QLabel, label: qt.QLabel, severity: str, text: str) -> None:
    icon.setPixmap(_icon(severity).pixmap(qt.QSize(ICON_SIZE, ICON_SIZE)))
    label.text = text
    icon.toolTip = label.toolTip = _name(severity)


_SEVERITIES = ("error", "warning", "info")


def summary(findings: list[dict[str, Any]]) -> str:
    """Count findings by severity, such as ``2 warnings, 1 note``."""
    parts = []
    for severity in _SEVERITIES:
        count = sum(finding["severity"] == severity for finding in findings)
        if count:
            one, many = {
                "error": (_("1 error"), _("{count} errors")),
                "warning": (_("1 warning"), _("{count} warnings")),
                "info": (_("1 note"), _("{count} notes")),
            }[severity]
            parts.append(one if count == 1 else many.format(count=count))
    return ", ".join(parts) if parts else _("Nothing found that speaks against the numbers")


def _name(severity: str) -> str:
    return {"error": _("Error"), "warning": _("Warning"), "info": _("Note")}[severity]


def _icon(severity: str) -> qt.QIcon:
    pixmap = {
        "error": qt.QStyle.SP_MessageBoxCritical,
        "warning": qt.QStyle.SP_MessageBoxWarning,
        "info": qt.QStyle.SP_MessageBoxInformation,
    }[severity]
    return slicer.app.style().standardIcon(pixmap)
