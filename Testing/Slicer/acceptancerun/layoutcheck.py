"""Whether the views of a layout can be used: large enough, and with what must be seen in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import qt
import slicer

SIZES = ((1366, 768), (1600, 1000), (1920, 1080))
"""Windows that people have."""
PERCENTAGES = ("BV5 (%)", "BV5-10 (%)", "BV10 (%)")
"""Columns of the measurements that are read first."""
ALIKE = 0.1
"""How much widths may differ that are meant to be equal, relative to the largest."""


def are_laid_out() -> bool:
    """Whether the views are in the main window."""
    window = slicer.util.mainWindow()
    return window.isAncestorOf(slicer.app.layoutManager().viewport())


def plots() -> list:
    """Plot views that are seen, from left to right."""
    manager = slicer.app.layoutManager()
    found = [manager.plotWidget(number) for number in range(manager.plotViewCount)]
    return sorted((each for each in found if each.visible), key=_left)


def tables() -> list:
    """Table views that are seen, from left to right."""
    manager = slicer.app.layoutManager()
    found = [manager.tableWidget(number) for number in range(manager.tableViewCount)]
    return sorted((each for each in found if each.visible), key=_left)


def _left(widget: Any) -> int:
    return widget.mapTo(slicer.util.mainWindow(), qt.QPoint(0, 0)).x()


def views() -> dict[str, tuple[Any, tuple[int, int]]]:
    """Views that are seen, and the least size that each can be used at."""
    manager = slicer.app.layoutManager()
    found: dict[str, tuple[Any, tuple[int, int]]] = {}
    for name in manager.sliceViewNames():
        found[name] = (manager.sliceWidget(name).sliceView(), (150, 80))
    for number in range(manager.threeDViewCount):
        found[f"3D {number + 1}"] = (manager.threeDWidget(number).threeDView(), (300, 250))
    for number, widget in enumerate(tables(), start=1):
        found[f"table {number}"] = (widget.tableView(), (250, 60))
    for number, widget in enumerate(plots(), start=1):
        found[f"plot {number}"] = (widget, (200, 100))
    return {name: (view, least) for name, (view, least) in found.items() if view.visible}


def too_small(found: dict[str, tuple[Any, tuple[int, int]]]) -> list[str]:
    """Say which views are smaller than they can be used at."""
    return [
        f"{name} has {view.width} × {view.height} pixels, not {least[0]} × {least[1]}"
        for name, (view, least) in found.items()
        if view.width < least[0] or view.height < least[1]
    ]


def not_seen(table_view: Any, titles: Iterable[str]) -> list[str]:
    """Say which columns of a table view cannot be seen without scrolling."""
    model, header = table_view.model(), table_view.horizontalHeader()
    width = table_view.viewport().width
    texts = [
        str(model.headerData(section, qt.Qt.Horizontal)) for section in range(model.columnCount())
    ]
    problems = []
    for title in titles:
        sections = [number for number, text in enumerate(texts) if text.startswith(title)]
        if len(sections) != 1:
            problems.append(f"{title} is {len(sections)} times among the columns {texts}")
            continue
        left = header.sectionViewportPosition(sections[0])
        right = left + header.sectionSize(sections[0])
        if left < 0 or right > width:
            problems.append(f"{title} is from {left} to {right} of {width} pixels")
    return problems


def unlike(widths: list[int]) -> str:
    """Say that widths which are meant to be equal are not."""
    if widths and min(widths) >= (1 - ALIKE) * max(widths):
        return ""
    return f"the plots are {', '.join(map(str, widths))} pixels wide"
