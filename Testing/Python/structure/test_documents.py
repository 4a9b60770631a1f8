"""Documents lead to what is there: links, headings, and paths of the code that they name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LIBRARY = ROOT / "BV5Analysis" / "BV5AnalysisLib"
BASES = (ROOT, ROOT / "BV5Analysis", LIBRARY, LIBRARY / "imaging")
"""Where paths in documents may begin."""
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md"))
)
RECORDS = ("CHANGELOG.md", "benchmarks/")
"""They say what was, by the names of then."""

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|json|ui|txt|toml))`")


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """Anchors of headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        for heading in headings
    }


def constants_anchors() -> set[str]:
    """Headings that the page of constants has once a module has constants."""
    imaging = LIBRARY / "imaging"
    paths = (path.relative_to(imaging).as_posix() for path in imaging.rglob("*.py"))
    return {re.sub(r"[^\w]", "", path) for path in paths}


def broken_links(document: str) -> list[str]:
    """Links of a document that lead to no file, or to no heading of it."""
    broken = []
    for groups in LINK.findall(text_of(document)):
        link = groups[0] or groups[1]
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = ((ROOT / document).parent / name).resolve() if name else ROOT / document
        if not target.exists():
            broken.append(link)
        elif anchor and target.name == "constants.md":
            broken += [link] * (anchor not in constants_anchors())
        elif anchor and anchor not in anchors(text_of(target.relative_to(ROOT).as_posix())):
            broken.append(link)
    return broken


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files_and_headings(document):
    assert broken_links(document) == []


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if not name.startswith(RECORDS)])
def test_paths_of_the_code_are_there(document):
    named = set(PATH.findall(text_of(document)))
    assert sorted(p for p in named if not any((base / p).exists() for base in BASES)) == []


def test_a_link_or_path_that_leads_nowhere_is_found(monkeypatch):
    text = "# One two\n[a](#one-two) [b](#three) [c](nowhere.md) `imaging/nowhere.py` ![d](x.png)"
    monkeypatch.setattr(f"{__name__}.text_of", lambda _document: text)
    assert PATH.findall(text) == ["imaging/nowhere.py"]
    assert broken_links("README.md") == ["#three", "nowhere.md", "x.png"]
