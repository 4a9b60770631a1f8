"""What Slicer's classes have, kept small: `slicer_api.json` from the listing of a running Slicer.

A listing (``api.json``) is made inside a running Slicer: for each widget class the names that an
instance shows in Python, its Qt properties, its signals; the names in Slicer's Python modules. From
it the file keeps every Qt, ctk and qMRML class whole, since a stand-in is strict only where the
list of its class is complete, and any of them may be wrapped by the next line of the panel. MRML
classes are left out: tests have the real ones, from slicer-core. A class is written as what it adds
to another (``like``), and lacks of it, one class a line.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("slicer_api.json")
KINDS = ("attributes", "properties", "signals")
_LACKS = "-"
"""Before a name that the class does not have, though the one it is like does."""


def normalized(signature: str) -> str:
    """Return a signal's signature without const, references and spaces.

    >>> normalized("currentPathChanged(const QString &)")
    'currentPathChanged(QString)'
    """
    name, _, arguments = signature.partition("(")
    arguments = re.sub(r"\bconst\b|[\s&]", "", arguments.rstrip().removesuffix(")"))
    return f"{name.strip()}({arguments})"


@dataclass(frozen=True)
class Names:
    """Names that an instance of one class has; None for what the listing does not tell."""

    attributes: frozenset[str]
    properties: frozenset[str] | None
    signals: frozenset[str] | None

    def of(self, kind: str) -> frozenset[str]:
        """Names of one of `KINDS`; none where they are not told."""
        return getattr(self, kind) or frozenset()


@dataclass(frozen=True)
class Api:
    """What a Slicer has, as far as stand-ins need it.

    `classes` are also under expressions, as ``slicer.app``; `python` holds names by module or
    class, among them those of the package `slicer`.
    """

    about: dict[str, str]
    classes: dict[str, Names]
    python: dict[str, frozenset[str]]


def from_listing(listing: dict) -> Api:
    """Take what is needed from a listing of a running Slicer."""
    about = {key: listing[key] for key in ("slicer_version", "qt_version", "about")}
    classes = {
        name: Names(
            frozenset(entry["attributes"]),
            frozenset(entry["properties"]) if "properties" in entry else None,
            frozenset(map(normalized, entry["signals"])) if "signals" in entry else None,
        )
        for name, entry in listing["widgets"].items()
        if entry.get("attributes")
    }
    python = {name: frozenset(names) for name, names in listing["python"].items()}
    return Api(about, classes, python | {"slicer": frozenset(listing["slicer"])})


def written(api: Api) -> str:
    """Return the text of the file."""
    lines = [f"{_text(key)}: {_text(value)}" for key, value in api.about.items()]
    lines.append(f'"classes": {_block(_shortened(api.classes))}')
    python = {name: " ".join(sorted(names)) for name, names in sorted(api.python.items())}
    lines.append(f'"python": {_block(python)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read(text: str) -> Api:
    """Return what a file says."""
    content = json.loads(text)
    classes: dict[str, Names] = {}
    for name, entry in content.pop("classes").items():
        base = classes.get(entry.get("like"), _NOTHING)
        classes[name] = Names(*(_whole(entry.get(kind), base.of(kind)) for kind in KINDS))
    python = {name: frozenset(names.split()) for name, names in content.pop("python").items()}
    return Api(content, classes, python)


def differences(old: Api, new: Api) -> tuple[list[str], list[str]]:
    """Return what of `old` is gone in `new`, and what is new there, one line each class."""
    gone, added = [], []
    for what, before, after in _compared(old, new):
        if before - after:
            gone.append(f"{what}: {' '.join(sorted(before - after))}")
        if after - before:
            added.append(f"{what}: {' '.join(sorted(after - before))}")
    return gone, added


_NOTHING = Names(frozenset(), None, None)


def _compared(old: Api, new: Api):
    yield "classes", frozenset(old.classes), frozenset(new.classes)
    for name in sorted(set(old.classes) & set(new.classes)):
        for kind in KINDS:
            yield f"{name} {kind}", old.classes[name].of(kind), new.classes[name].of(kind)
    yield "Python modules", frozenset(old.python), frozenset(new.python)
    for name in sorted(set(old.python) & set(new.python)):
        yield name, old.python[name], new.python[name]


def _shortened(classes: dict[str, Names]) -> dict[str, dict[str, str]]:
    """Write each class as its difference from that one before it which it is most like."""
    found: dict[str, dict[str, str]] = {}
    for name in sorted(classes, key=lambda name: (len(classes[name].attributes), name)):
        entries = [_entry(classes[name], other, classes[other]) for other in found]
        entries.append(_entry(classes[name], "", _NOTHING))
        found[name] = min(entries, key=lambda entry: len(_text(entry)))
    return found


def _entry(names: Names, base_name: str, base: Names) -> dict[str, str]:
    entry = {"like": base_name} if base_name else {}
    for kind in KINDS:
        if getattr(names, kind) is None:
            continue
        have, inherited = names.of(kind), base.of(kind)
        lacking = [_LACKS + name for name in sorted(inherited - have)]
        # Neither names nor normalized signatures hold a space.
        entry[kind] = " ".join([*sorted(have - inherited), *lacking])
    return entry


def _whole(words: str | None, inherited: frozenset[str]) -> frozenset[str] | None:
    if words is None:
        return None
    own = frozenset(words.split())
    lacking = {word for word in own if word.startswith(_LACKS)}
    return (inherited | (own - lacking)) - {word.removeprefix(_LACKS) for word in lacking}


def _block(entries: dict) -> str:
    lines = [f"  {_text(name)}: {_text(entry)}" for name, entry in entries.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _text(value) -> str:
    return json.dumps(value, ensure_ascii=False)
