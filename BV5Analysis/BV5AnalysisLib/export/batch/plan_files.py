"""What a batch is to do, kept with it: ``batch.json`` and, until all is done, ``sources.json``.

Paths often hold names of patients, and series UIDs of real scanners need not be UIDs: both are kept
apart and only as long as they are needed.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ... import __version__
from ...case.whole_files import write_whole
from ...imaging.errors import AnalysisError
from ...imaging.reading.image_files import damaged
from ...study.batch.batch_case import BatchCase

SCHEMA = "bv5-analysis/batch"
SCHEMA_VERSION = "1.0"
SOURCES_SCHEMA = "bv5-analysis/batch-sources"
PLAN = "batch.json"
SOURCES = "sources.json"


def write_plan(folder: Path, request: Mapping[str, Any], cases: Iterable[BatchCase]) -> None:
    """Write ``batch.json`` whole, without paths; OSError if that fails."""
    content = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "software_version": __version__,
        "request": request,
        "cases": [
            {
                "name": case.name,
                "choice": case.choice,
                "voxels": case.voxels,
                "problem": case.problem,
                "input": case.input,
                "listing": case.listing,
            }
            for case in cases
        ],
    }
    write_whole(folder / PLAN, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read_plan(folder: Path, request: Mapping[str, Any]) -> tuple[BatchCase, ...]:
    """Cases of ``batch.json``, without paths.

    Raises
    ------
    AnalysisError
        It is missing or damaged, or of another request or version of this software.
    """
    content = _read_json(folder / PLAN, SCHEMA)
    # As JSON gives it back: with lists for tuples.
    _check_same(folder.name, content, json.loads(json.dumps(request)))
    try:
        return tuple(BatchCase(sources=(), **values) for values in content["cases"])
    except (KeyError, TypeError) as error:
        raise damaged(folder / PLAN) from error


def write_sources(folder: Path, cases: Iterable[BatchCase]) -> None:
    """Write ``sources.json`` whole: the paths of cases; OSError if that fails."""
    content = {
        "schema": SOURCES_SCHEMA,
        "cases": {
            case.name: {
                "sources": _by_folder(case.sources),
                "series_uid": case.series_uid,
                "lungs": _text(case.lungs),
                "regions": _text(case.regions),
            }
            for case in cases
        },
    }
    write_whole(folder / SOURCES, json.dumps(content, ensure_ascii=True) + "\n")


def with_sources(folder: Path, cases: Sequence[BatchCase]) -> tuple[BatchCase, ...]:
    """Cases with their paths as far as ``sources.json`` has them.

    Raises
    ------
    AnalysisError
        The file is damaged.
    """
    if not (folder / SOURCES).exists():
        return tuple(cases)
    content = _read_json(folder / SOURCES, SOURCES_SCHEMA)
    try:
        known = content["cases"]
        return tuple(
            replace(
                case,
                sources=_paths(known[case.name]["sources"]),
                series_uid=known[case.name]["series_uid"],
                lungs=_path(known[case.name]["lungs"]),
                regions=_path(known[case.name]["regions"]),
            )
            if case.name in known
            else case
            for case in cases
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(folder / SOURCES) from error


def _by_folder(paths: Iterable[Path]) -> list[list[Any]]:
    """Pairs of a folder and the names in it: a flat folder may hold a million files."""
    return [
        [str(parent), [path.name for path in group]]
        for parent, group in itertools.groupby(paths, key=lambda path: path.parent)
    ]


def _paths(groups: list[list[Any]]) -> tuple[Path, ...]:
    return tuple(Path(parent, name) for parent, names in groups for name in names)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _read_json(path: Path, schema: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AnalysisError(
            f"{path.parent.name} holds no {path.name}, so there is no batch to resume; leave out"
            " --resume to begin one."
        ) from error
    except OSError as error:
        raise AnalysisError(
            f"{path.name} cannot be read ({error.strerror}); check its permissions."
        ) from error
    except (ValueError, RecursionError) as error:
        raise damaged(path) from error
    if not isinstance(content, dict) or content.get("schema") != schema:
        raise AnalysisError(f"{path.name} is none of BV5 Analysis; give another output folder.")
    return content


def _check_same(name: str, content: Mapping[str, Any], request: dict[str, Any]) -> None:
    version = str(content.get("schema_version"))
    if version.split(".", maxsplit=1)[0] != SCHEMA_VERSION.split(".", maxsplit=1)[0]:
        raise AnalysisError(
            f"{PLAN} is of schema version {version[:20]}, and this version of BV5 Analysis reads"
            f" {SCHEMA_VERSION}; begin a new output folder."
        )
    if content.get("software_version") != __version__:
        raise AnalysisError(
            f"Batch {name} was begun by BV5 Analysis {content.get('software_version')}, and this is"
            f" {__version__}: go on with that version, or begin a new output folder."
        )
    differences = list(_differences(content.get("request"), request))
    if differences:
        raise AnalysisError(
            f"Batch {name} was begun with other options ({'; '.join(differences)}); give the same,"
            " or begin a new output folder."
        )


def _differences(old: Any, new: Any, name: str = "") -> Iterable[str]:
    """Name what differs between two requests."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _differences(old.get(key), new.get(key), f"{name}.{key}" if name else key)
    elif old != new:
        yield f"{name or 'all'}: {_shown(old)}, now {_shown(new)}"


def _shown(value: Any) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)
