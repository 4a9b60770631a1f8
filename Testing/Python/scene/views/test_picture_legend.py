"""The legend of a picture at all its widths: nothing overlaps, nothing is cut off."""

import numpy as np
import pytest
from BV5AnalysisLib.imaging.model.size_classes import VESSELS
from BV5AnalysisLib.imaging.parameters import Parameters
from BV5AnalysisLib.scene.nodes.colors import LEGEND_TITLE, size_class_label
from BV5AnalysisLib.scene.views import picture_legend
from BV5AnalysisLib.scene.views.picture_legend import LegendEntry, with_legend

ENTRIES = [
    LegendEntry(size_class_label(each, Parameters()), look.color) for each, look in VESSELS.items()
]


@pytest.fixture
def laid(monkeypatch):
    """Boxes (left, bottom, right, top) of all that is laid over a picture."""
    boxes = []
    real = picture_legend._lay

    def lay(pixels, coverage, color, left, bottom):
        x, y = round(left), round(bottom)
        boxes.append((x, y, x + coverage.shape[1], y + coverage.shape[0]))
        real(pixels, coverage, color, left, bottom)

    monkeypatch.setattr(picture_legend, "_lay", lay)
    return boxes


def overlap(one, other) -> bool:
    return all(one[axis] < other[axis + 2] and other[axis] < one[axis + 2] for axis in (0, 1))


@pytest.mark.parametrize(
    ("width", "height"),
    [(3840, 2160), (1600, 1200), (1000, 2000), (800, 600), (480, 360), (300, 300), (160, 120)],
)
def test_nothing_overlaps_or_is_cut_off_at_any_width(laid, width, height):
    empty = np.zeros((height, width, 3), np.uint8)
    drawn = with_legend(empty, LEGEND_TITLE, ENTRIES)
    assert not empty.any()
    assert drawn.shape == empty.shape
    assert len(laid) == 11  # The title, and a patch and a label of each class.
    for index, box in enumerate(laid):
        left, bottom, right, top = box
        assert left >= 0
        assert bottom >= 0
        assert right <= width
        assert top <= height
        assert not any(overlap(box, other) for other in laid[:index])


@pytest.mark.parametrize("size", [(1600, 1200), (480, 360)])
def test_usual_pictures_have_one_row_in_the_lowest_part(laid, size):
    width, height = size
    drawn = with_legend(np.zeros((height, width, 3), np.uint8), LEGEND_TITLE, ENTRIES)
    patches = laid[1::2]
    assert len({bottom for _, bottom, _, _ in patches}) == 1
    assert [left for left, *_ in patches] == sorted(left for left, *_ in patches)
    assert not drawn[int(0.11 * height) :].any()
    # The title is above the row, labels stand at the height of their patches.
    assert laid[0][1] >= max(top for *_, top in laid[2::2])
    for patch, label in zip(patches, laid[2::2], strict=True):
        assert abs((patch[1] + patch[3]) - (label[1] + label[3])) <= 2
        assert 0 < label[0] - patch[2] < 0.02 * width


def test_patches_have_the_colors_of_the_classes(laid):
    drawn = with_legend(np.zeros((600, 800, 3), np.uint8), LEGEND_TITLE, ENTRIES)
    for entry, (left, bottom, right, top) in zip(ENTRIES, laid[1::2], strict=True):
        expected = np.rint(255 * np.array(entry.color))
        assert (drawn[bottom:top, left:right] == expected).all()


def test_text_is_readable_in_small_pictures(laid):
    with_legend(np.zeros((180, 240, 3), np.uint8), LEGEND_TITLE, ENTRIES)
    assert (
        min(top - bottom for _, bottom, _, top in laid[2::2]) >= picture_legend.READABLE_PIXELS - 1
    )
