"""The list of what Slicer has: kept whole, compared with a newer one."""

import json

import pytest

from standins import facts
from standins.api_file import FILE, from_listing, read, written
from standins.slicer_api import main

WIDGET = {"attributes": ["show", "text"], "properties": {"text": {}}, "signals": ["shown( int )"]}
LISTING = {
    "about": "Made up.",
    "slicer_version": "5.13.0",
    "qt_version": "5.15",
    "slicer": ["app", "mrmlScene"],
    "python": {"slicer.util": {"loadUI": "(path)"}},
    "widgets": {
        "QWidget": WIDGET,
        "QLabel": {
            "attributes": ["text", "buddy", "setBuddy", "margin"],
            "properties": {"text": {}, "margin": {}},
            "signals": ["linkActivated(const QString &)", "shown(int)"],
        },
        "QSize": {"attributes": ["width"]},
        "QMissing": {"attributes": [], "present": False},
    },
}


@pytest.fixture
def files(tmp_path):
    """A function that writes a listing and runs the command; the file it makes."""
    kept = tmp_path / "kept.json"

    def run(action: str, listing: dict) -> int:
        source = tmp_path / "api.json"
        source.write_text(json.dumps(listing))
        return main([action, str(source), "--file", str(kept)])

    return run, kept


def changed(name: str, **entries) -> dict:
    widgets = LISTING["widgets"]
    return LISTING | {"widgets": widgets | {name: widgets[name] | entries}}


def test_a_listing_is_kept_whole():
    api = read(written(from_listing(LISTING)))
    assert api == from_listing(LISTING)
    label = api.classes["QLabel"]
    assert label.attributes == {"text", "buddy", "setBuddy", "margin"}
    assert label.properties == {"text", "margin"}
    assert label.signals == {"linkActivated(QString)", "shown(int)"}
    assert (api.classes["QSize"].properties, api.classes["QSize"].signals) == (None, None)
    assert "QMissing" not in api.classes
    assert api.python == {"slicer.util": {"loadUI"}, "slicer": {"app", "mrmlScene"}}


def test_the_same_listing_is_no_change(files, capsys):
    run, kept = files
    assert run("make", LISTING) == 0
    assert read(kept.read_text()) == from_listing(LISTING)
    assert run("check", LISTING) == 0
    assert capsys.readouterr().out.endswith("Gone: nothing\nAdded: nothing\n")


def test_what_is_gone_is_named_and_a_failure(files, capsys):
    run, _ = files
    run("make", LISTING)
    assert run("check", changed("QLabel", signals=["shown(int)"])) == 1
    assert "QLabel signals: linkActivated(QString)" in capsys.readouterr().out


def test_what_is_new_is_named_and_no_failure(files, capsys):
    run, _ = files
    run("make", LISTING)
    assert run("check", changed("QSize", attributes=["width", "height"])) == 0
    assert "Gone: nothing\nAdded:\n  QSize attributes: height" in capsys.readouterr().out


def test_the_file_is_small_and_lists_what_the_stand_ins_wrap():
    assert FILE.stat().st_size < 300_000
    widget = facts.of_class("QPushButton")
    assert {"text", "setText", "clicked", "connect"} <= widget.attributes
    assert "text" in widget.properties
    assert {"clicked()", "clicked(bool)"} <= widget.signals
    assert "noneEnabled" in facts.of_class("qMRMLNodeComboBox").properties
    assert "layoutManager" in facts.of_class("qSlicerApplication").attributes
    assert "segmentations" in facts.names("slicer.modules")
    assert "RenderBlocker" in facts.python_names("slicer.util")
    assert "qMRMLNodeComboBox" in facts.slicer_names()
    assert facts.of_class("QNoSuchClass") is None
