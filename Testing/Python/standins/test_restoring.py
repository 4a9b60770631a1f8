"""A Slicer of one test leaves nothing behind for the others."""

import sys

import pytest
import slicer

from standins.installation import Installation, install_qt


def test_everything_is_put_back(tmp_path, monkeypatch):
    for name in ("qt", "ctk"):
        monkeypatch.setitem(sys.modules, name, None)
    names, functions = set(vars(slicer)), dict(vars(slicer.util))
    loaded, path = set(sys.modules), list(sys.path)
    install_qt()
    installation = Installation(tmp_path)
    assert slicer.app.applicationName == "Slicer"
    installation.remove()
    assert set(vars(slicer)) == names
    assert vars(slicer.util) == functions
    assert not {n for n in sys.modules if n.startswith("slicer.")} - loaded
    assert sys.path == path


@pytest.mark.parametrize("attribute", ["app", "mrmlScene", "modules", "i18n"])
def test_plain_slicer_core_is_plain(attribute):
    assert not hasattr(slicer, attribute)
