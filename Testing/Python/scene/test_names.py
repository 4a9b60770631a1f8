"""The names that the scene layer gives to Slicer's module."""

import pytest
from BV5AnalysisLib import scene


@pytest.mark.parametrize("name", sorted(scene._HOMES))
def test_each_name_is_in_its_module(name):
    assert getattr(scene, name).__class__.__name__ in {"function", "type", "int", "str"}


def test_other_names_are_none_of_the_package():
    with pytest.raises(AttributeError, match="no attribute 'add_nothing'"):
        scene.add_nothing  # noqa: B018
