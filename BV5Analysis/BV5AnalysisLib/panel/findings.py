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
        self._rows: list[qt.QWidget] = []

    def show(self, findings: list[dict[str, Any]] | None) -> None:
        """Show findings.

        Parameters
        ----------
        findings : list of dict or None
            As in a case's record, with ``severity`` and ``text``; None without a case.
        """
        layout = self._ui.findingsContainer.layout()
        for widget in self._rows:
            layout.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._rows = []
        self._ui.findingsSummaryLabel.text = (
            _("No case yet") if findings is None else summary(findings)
        )
        rank = {severity: index for index, severity in enumerate(_SEVERITIES)}
        for row, finding in enumerate(sorted(findings or [], key=lambda f: rank[f["severity"]])):
            self._add(layout, row, finding["severity"], finding["text"])

    def _add(self, layout: qt.QGridLayout, row: int, severity: str, text: str) -> None:
        icon = qt.QLabel()
        icon.setPixmap(_icon(severity).pixmap(qt.QSize(ICON_SIZE, ICON_SIZE)))
        icon.toolTip = _name(severity)
        icon.setAlignment(qt.Qt.AlignTop)
        label = qt.QLabel(text)
        label.setTextFormat(qt.Qt.PlainText)
        label.wordWrap = True
        label.toolTip = _name(severity)
        label.setTextInteractionFlags(qt.Qt.TextSelectableByMouse)
        layout.addWidget(icon, row, 0)
        layout.addWidget(label, row, 1)
        layout.setColumnStretch(1, 1)
        self._rows += [icon, label]


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
