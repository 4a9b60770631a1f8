"""Slices of one series that make one volume, from however many folders, without copies."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...imaging.errors import AnalysisError
from ...imaging.reading import dicom_series
from ...imaging.reading.dicom_series import slice_spacing
from .dicom_index import SliceGroup, SliceKind


@dataclass(frozen=True)
class Stack:
    """Slices of one size and direction, of one series.

    Attributes
    ----------
    kind : SliceKind
        Of most slices.
    groups : tuple of SliceGroup
        Where they are; no slice twice.
    slices : int
        How many.
    spacing_mm : float
        Between slices; 0 if they are no volume.
    coverage_mm : float
        From the first to the last, one spacing included.
    problem : str
        Why they are no volume, as the reader would report; else empty.
    copies : int
        How many further files hold one of these slices.
    """

    kind: SliceKind
    groups: tuple[SliceGroup, ...]
    slices: int
    spacing_mm: float
    coverage_mm: float
    problem: str
    copies: int = 0

    @property
    def voxels(self) -> int:
        """Of the volume."""
        return self.slices * self.kind.header.rows_columns[0] * self.kind.header.rows_columns[1]

    @property
    def field_mm(self) -> float:
        """Shorter side of a slice; 0 where unknown."""
        header = self.kind.header
        if header.pixel_spacing_mm is None:
            return 0.0
        sides = zip(header.rows_columns, header.pixel_spacing_mm, strict=True)
        return min(pixels * step for pixels, step in sides)

    @property
    def thickness_mm(self) -> float:
        """What a slice stands for: its thickness, or the spacing if that is more."""
        return max(self.spacing_mm, self.kind.header.acquisition.slice_thickness_mm or 0.0)

    @property
    def files(self) -> list[Path]:
        """All files, in order of folders and names."""
        return [Path(group.folder, name) for group in self.groups for name in group.names]


def stacks_of(groups: Iterable[SliceGroup]) -> list[Stack]:
    """Put the slices of one study into stacks.

    Slices belong together if they are of one series (without a UID: of one folder) and of one
    size, spacing and direction. Copies of a slice count once. Where slices still lie in one place,
    as those of several time points do, they are separated by acquisition, kind of image, kernel
    or thickness, if that helps.

    Parameters
    ----------
    groups : iterable of SliceGroup
        Of one study.

    Returns
    -------
    list of Stack
        In order of the first files.
    """
    found = []
    ordered = sorted(groups, key=lambda group: (group.folder, group.names[0]))
    for series in _parted(ordered, _series_key):
        for alike in _alike(series):
            kept, copies = _without_copies(alike)
            whole = _stack(kept, copies)
            found += _separated(whole) or [whole]
    return found


def _series_key(group: SliceGroup) -> Hashable:
    header = group.kind.header
    return header.series_uid or group.folder, header.modality, header.localizer


def _alike(groups: Sequence[SliceGroup]) -> list[list[SliceGroup]]:
    """Split groups by the geometry of their slices, but for rounding in headers."""
    parts: list[list[SliceGroup]] = []
    for group in groups:
        for part in parts:
            if _same_geometry(part[0].kind, group.kind):
                part.append(group)
                break
        else:
            parts.append([group])
    return parts


def _same_geometry(first: SliceKind, second: SliceKind) -> bool:
    one, other = first.header, second.header
    if one.rows_columns != other.rows_columns:
        return False
    parallel = dicom_series.CONSTANTS.parallel
    for a, b in ((one.pixel_spacing_mm, other.pixel_spacing_mm), (one.cosines, other.cosines)):
        if a is None or b is None:
            if a is not b:
                return False
        elif np.abs(np.subtract(a, b)).max() > parallel * min(1.0, max(a)):
            return False
    return True


def _without_copies(groups: Sequence[SliceGroup]) -> tuple[list[SliceGroup], int]:
    """Keep of every slice the first copy, and count the others."""
    identities = np.concatenate([group.identities for group in groups])
    keep = np.zeros(len(identities), bool)
    keep[np.unique(identities, return_index=True)[1]] = True
    if keep.all():
        return list(groups), 0
    ends = np.cumsum([len(group) for group in groups])
    parts = np.split(keep, ends[:-1])
    kept = [_some(group, part) for group, part in zip(groups, parts, strict=True) if part.any()]
    return kept, int(np.count_nonzero(~keep))


def _some(group: SliceGroup, keep: np.ndarray) -> SliceGroup:
    names = "/".join(itertools.compress(group.names, keep))
    return SliceGroup(
        group.kind, group.folder, names, group.positions_mm[keep], group.identities[keep]
    )


def _stack(groups: Sequence[SliceGroup], copies: int = 0) -> Stack:
    main = max(groups, key=len).kind
    count = sum(len(group) for group in groups)
    spacing, coverage, problem = 0.0, 0.0, ""
    header = main.header
    if header.cosines and header.position_mm and header.pixel_spacing_mm and count > 1:
        positions = np.concatenate([group.positions_mm for group in groups])
        heights = positions @ header.normal
        positions = positions[np.argsort(heights, kind="stable")]
        coverage = float(np.ptp(heights)) * count / (count - 1)
        try:
            pixel = min(header.pixel_spacing_mm)
            spacing = slice_spacing(positions, header.normal, pixel, "The series")
        except AnalysisError as error:
            problem = str(error)
    return Stack(main, tuple(groups), count, spacing, coverage, problem, copies)


def _separated(stack: Stack) -> list[Stack]:
    """Stacks with one slice per position; empty if there are none, or nothing separates them."""
    if not stack.problem or not _has_repeated_places(stack):
        return []
    keys: tuple[Callable[[SliceGroup], Hashable], ...] = (
        lambda group: group.kind.acquisition,
        lambda group: group.kind.image_type,
        lambda group: group.kind.header.acquisition.kernel,
        lambda group: group.kind.header.acquisition.slice_thickness_mm,
        lambda group: group.folder,
    )
    for key in keys:
        parts = [_stack(part) for part in _parted(stack.groups, key)]
        # Not slabs that follow each other: each has to be about the whole by itself.
        if any(not part.problem and part.coverage_mm > 0.9 * stack.coverage_mm for part in parts):
            return parts
    return []


def _has_repeated_places(stack: Stack) -> bool:
    positions = np.concatenate([group.positions_mm for group in stack.groups])
    gaps = np.diff(np.sort(positions @ stack.kind.header.normal))
    apart = gaps[gaps > 0.01]
    return bool(apart.size) and bool((gaps <= 0.1 * np.median(apart)).any())


def _parted(
    groups: Iterable[SliceGroup], key: Callable[[SliceGroup], Hashable]
) -> list[list[SliceGroup]]:
    parts: dict[Hashable, list[SliceGroup]] = {}
    for group in groups:
        parts.setdefault(key(group), []).append(group)
    return list(parts.values())
