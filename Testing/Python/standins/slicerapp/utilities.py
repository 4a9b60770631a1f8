"""Parts of `slicer.util` that would wait for a user, recorded instead."""

import slicer

from standins.messages import messages


def utilities(qt) -> dict:
    """Return replacements for functions of slicer.util; all others are Slicer's own."""

    def messageBox(text, parent=None, **named):
        buttons = named.get("standardButtons", qt.QMessageBox.Ok)
        kind, yes, no = _kind(qt, named.get("icon"), buttons)
        details = named.get("detailedText") or named.get("informativeText") or ""
        answer = messages.show(kind, text, details, cancelled=yes == no)
        return yes if answer else no

    def delayDisplay(message, autoCloseMsec=1000, parent=None, **named):
        messages.show("delay", message)
        slicer.app.processEvents()

    return {"messageBox": messageBox, "delayDisplay": delayDisplay}


def _kind(qt, icon, buttons) -> tuple:
    """Return the kind of a box, and the buttons for yes and no."""
    box = qt.QMessageBox
    if buttons == box.Ok | box.Cancel:
        return "confirmOkCancel", box.Ok, box.Cancel
    if buttons == box.Yes | box.No:
        return "confirmYesNo", box.Yes, box.No
    if buttons == box.Retry | box.Close:
        return "confirmRetryClose", box.Retry, box.Close
    kinds = {box.Information: "info", box.Warning: "warning", box.Critical: "error"}
    return kinds.get(icon, "message"), box.Ok, box.Ok
