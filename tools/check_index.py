"""Check what the Slicer Extensions Index asks of an extension's repository.

    python tools/check_index.py               faults fail; placeholders are told
    python tools/check_index.py --release     placeholders fail, too
    python tools/check_index.py --set-address URL    write the repository's address into all files

The rules are those of Slicer/ExtensionsIndex: scripts/check_description_files.py and the checklist
of its pull requests.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import repository

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = (
    "https://raw.githubusercontent.com/Slicer/Slicer/main/Schemas/"
    "slicer-extension-catalog-entry-schema-v1.0.2.json#"
)
ENTRY_TYPES = {
    "$schema": str, "build_dependencies": list, "build_subdirectory": str, "category": str,
    "dicom_support_rule": str, "enabled": bool, "scm_revision": str, "scm_type": str,
    "scm_url": str, "tier": int,
}  # fmt: skip
REQUIRED = {"$schema", "category", "scm_url"}
CATEGORY = "Quantification"
"""One of those that the Index knows."""
TIER = 1
"""New extensions begin there; maintainers of the Index raise it."""
HEADINGS = (
    "Modules", "Install", "Tutorial", "Troubleshooting", "How to cite", "Publications", "Patents",
    "Where to ask", "License",
)  # fmt: skip
MOST_OF_A_PICTURE = 300_000
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def text_of(root: Path, name: str) -> str:
    """Return a file's text."""
    return (root / name).read_text(encoding="utf-8")


def cmake_values(root: Path) -> dict[str, str]:
    """Return the extension's variables, as the Index finds them: quoted, on one line."""
    found = re.findall(r'^set\(EXTENSION_(\w+) "([^"]+)"\)', text_of(root, "CMakeLists.txt"), re.M)
    return dict(found)


def check_entry(root: Path) -> list[str]:
    """Check the catalog entry by its schema, and the repository's name in it."""
    name = f"{repository.NAME}.json"
    if b"\r" in (root / name).read_bytes():
        return [f"{name} has other line ends than LF"]
    entry = json.loads(text_of(root, name))
    faults = [f"{name} lacks {key}" for key in sorted(REQUIRED - entry.keys())]
    for key, value in entry.items():
        if key not in ENTRY_TYPES:
            faults.append(f"{name}: the schema does not know {key}")
        elif type(value) is not ENTRY_TYPES[key]:
            faults.append(f"{name}: {key} has to be of type {ENTRY_TYPES[key].__name__}")
    if faults:
        return faults
    if entry["$schema"] != SCHEMA:
        faults.append(f"{name}: $schema is not {SCHEMA}")
    if entry["category"] != CATEGORY:
        faults.append(f"{name}: category is not {CATEGORY}")
    if entry.get("tier") != TIER:
        faults.append(f"{name}: a new extension is of tier {TIER}")
    url = urlsplit(entry["scm_url"])
    if url.scheme not in {"https", "git"}:
        faults.append(f"{name}: scm_url begins neither with https:// nor git://")
    if Path(url.path).stem != f"Slicer{repository.NAME}":
        faults.append(f"{name}: the repository is not called Slicer{repository.NAME}")
    return faults


def check_cmake(root: Path) -> list[str]:
    """Check the extension's variables, and that they agree with the catalog entry."""
    values, entry = cmake_values(root), json.loads(text_of(root, f"{repository.NAME}.json"))
    names = ("HOMEPAGE", "CATEGORY", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS")
    faults = [f"CMakeLists.txt lacks EXTENSION_{name}" for name in names if name not in values]
    found = re.findall(r"project\s*\(\s*([^\s\)\n\r]+)", text_of(root, "CMakeLists.txt"))
    if found[:1] != [repository.NAME]:
        faults.append(f"CMakeLists.txt does not call the project {repository.NAME}")
    if faults:
        return faults
    if values["CATEGORY"] != entry.get("category"):
        faults.append("CMakeLists.txt and the catalog entry differ in the category")
    needs = [] if values.get("DEPENDS", "NA") == "NA" else values["DEPENDS"].split()
    if needs != entry.get("build_dependencies", []):
        faults.append("CMakeLists.txt and the catalog entry differ in dependencies")
    raw = repository.raw_address(repository.address_of(root)) + "/"
    for address in [values["ICONURL"], *values["SCREENSHOTURLS"].split()]:
        path = root / address.removeprefix(raw)
        if not address.startswith(raw) or not path.is_file():
            faults.append(f"CMakeLists.txt: {address} is no picture of the repository")
    return faults


def check_description(root: Path) -> list[str]:
    """Check that the description is the same wherever users read it."""
    description = repository.project(root)["description"]
    faults = []
    if not cmake_values(root).get("DESCRIPTION", "").startswith(description):
        faults.append("EXTENSION_DESCRIPTION in CMakeLists.txt does not begin with it")
    if description not in text_of(root, "README.md"):
        faults.append("README.md does not hold it")
    if not help_text(root).startswith(description):
        faults.append("The help text of BV5Analysis.py does not begin with it")
    if len(re.findall(r"[.!?](?:\s|$)", description)) > 2:
        faults.append("it has more than two sentences")
    return [f"Description of pyproject.toml: {fault}" for fault in faults]


def help_text(root: Path) -> str:
    """Return the module's help text."""
    tree = ast.parse(text_of(root, "BV5Analysis/BV5Analysis.py"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "parent.helpText":
            texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            return "".join(texts)
    return ""


def check_readme(root: Path) -> list[str]:
    """Check README's headings, pictures and links within the repository."""
    readme = text_of(root, "README.md")
    headings = set(re.findall(r"^#+ (.+?)\s*$", readme, re.MULTILINE))
    faults = [f"README.md has no heading {each!r}" for each in HEADINGS if each not in headings]
    pictures = PICTURE.findall(readme)
    if not pictures:
        faults.append("README.md shows no picture")
    for text, target in pictures:
        path = root / unquote(target)
        if not path.is_file():
            faults.append(f"README.md shows {target}, which is not there")
        elif path.name[0].isdigit() and path.stat().st_size > MOST_OF_A_PICTURE:
            faults.append(f"{target}, of the tutorial, has over {MOST_OF_A_PICTURE // 1000} kB")
        if not text:
            faults.append(f"README.md does not say what {target} shows")
    for target in LINK.findall(readme):
        path = unquote(target.partition("#")[0])
        if path and "://" not in path and not (root / path).exists():
            faults.append(f"README.md links to {path}, which is not there")
    return faults


def check_license(root: Path) -> list[str]:
    """Check that there is a license, and that README names it."""
    if not (root / "LICENSE").is_file():
        return ["There is no file LICENSE"]
    name = repository.project(root)["license"]
    return [] if name in text_of(root, "README.md") else [f"README.md does not name {name}"]


CHECKS: tuple[Callable[[Path], list[str]], ...] = (
    check_entry,
    check_cmake,
    repository.disagreements,
    check_description,
    check_readme,
    check_license,
)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Check a repository; 1 if something is wrong."""
    parser = argparse.ArgumentParser(description="Check what the Extensions Index asks for.")
    parser.add_argument("--release", action="store_true", help="placeholders are faults, too")
    parser.add_argument("--set-address", metavar="URL", help="write the repository's address")
    given = parser.parse_args(arguments)
    if given.set_address:
        if problem := repository.problem_of(given.set_address):
            parser.error(problem)
        repository.set_address(root, given.set_address)
    try:
        faults = [fault for check in CHECKS for fault in check(root)]
        left = repository.placeholders(root)
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        # A file that is missing, no UTF-8, no JSON or TOML, or of another shape than it must be.
        reason = f"{type(error).__name__}: {error}"
        print(f"A file of the extension cannot be read: {reason}", file=sys.stderr)
        return 1
    for fault in faults:
        print(fault, file=sys.stderr)
    for place in left:
        print(f"placeholder left: {place}", file=sys.stderr if given.release else sys.stdout)
    if not faults and not left:
        print("What the Extensions Index asks for is there.")
    elif not faults:
        print(f"What the Extensions Index asks for is there, but for {len(left)} placeholders.")
    return int(bool(faults or (given.release and left)))


if __name__ == "__main__":
    sys.exit(main())
