"""The repository's address and the extension's description: pyproject.toml says both.

Other files have to repeat them word by word, as the Extensions Index reads those. What each repeats
stands here once, so that it can be checked and a new address written into all:

    python tools/check_index.py --set-address https://github.com/OWNER/SlicerBV5Analysis
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

NAME = "BV5Analysis"
BRANCH = "main"
PLACEHOLDER_HOSTS = ("example.org", "example.com", "example.net")
PLACEHOLDER_AUTHORS = "BV5 Analysis developers"
WITH_AUTHORS = ("CMakeLists.txt", "CITATION.cff", "BV5Analysis/BV5Analysis.py")


def project(root: Path) -> dict:
    """Return the table [project] of pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def address_of(root: Path) -> str:
    """Return the repository's address, without a slash at its end."""
    return project(root)["urls"]["Repository"].rstrip("/")


def raw_address(address: str) -> str:
    """Return where files of the repository are to be had as they are, such as pictures."""
    parts = urlsplit(address)
    if parts.netloc.lower() == "github.com":
        return f"https://raw.githubusercontent.com{parts.path}/{BRANCH}"
    return f"{address}/raw/{BRANCH}"


def repeated(address: str) -> dict[str, tuple[str, ...]]:
    """Return what each file has to hold of an address."""
    raw = raw_address(address)
    return {
        "pyproject.toml": (f'Repository = "{address}"',),
        "CMakeLists.txt": (
            f'set(EXTENSION_HOMEPAGE "{address}")',
            f'set(EXTENSION_ICONURL "{raw}/BV5Analysis/Resources/Icons/BV5Analysis.png")',
            f'set(EXTENSION_SCREENSHOTURLS "{raw}/Resources/Screenshots/',
        ),
        f"{NAME}.json": (f'"scm_url": "{address}.git"', f'"scm_revision": "{BRANCH}"'),
        "README.md": (f"({address}/issues)", f"{address}, version"),
        "CITATION.cff": (f"repository-code: {address}\n",),
    }


def disagreements(root: Path) -> list[str]:
    """Say which files do not repeat the address that pyproject.toml has."""
    return [
        f"{name} does not hold {text.strip()!r}, as the address in pyproject.toml asks"
        for name, texts in repeated(address_of(root)).items()
        for text in texts
        if text not in (root / name).read_text(encoding="utf-8")
    ]


def problem_of(address: str) -> str:
    """Say why a text cannot be the repository's address; empty if it can."""
    if re.fullmatch(r"https://[\w.-]+(/[\w.-]+)*/SlicerBV5Analysis/?", address):
        return ""
    return f"{address!r} is no address like https://github.com/OWNER/SlicerBV5Analysis"


def set_address(root: Path, new: str) -> None:
    """Write another address into every file that has it."""
    old, new = address_of(root), new.rstrip("/")
    for name in repeated(old):
        path = root / name
        text = path.read_text(encoding="utf-8")
        text = text.replace(raw_address(old), raw_address(new)).replace(old, new)
        path.write_text(text, encoding="utf-8", newline="\n")


def placeholders(root: Path) -> list[str]:
    """Say where something stands that only whoever publishes the extension knows."""
    found = []
    for name in repeated(address_of(root)):
        for number, line in enumerate(_lines(root / name), 1):
            if any(host in line for host in PLACEHOLDER_HOSTS):
                found.append(f"{name}:{number}: the repository's address: {line.strip()[:90]}")
    for name in WITH_AUTHORS:
        for number, line in enumerate(_lines(root / name), 1):
            if PLACEHOLDER_AUTHORS in line:
                found.append(f"{name}:{number}: the authors' names: {line.strip()[:90]}")
    return found


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
