"""Names of cases are safe as folders, short, and no two alike."""

import pytest
from BV5AnalysisLib.study.scans.case_names import (
    LONGEST_BYTES,
    OWN_NAMES,
    made_unique,
    names_for,
    problem_of_name,
    safe_name,
)


@pytest.mark.parametrize(
    "name", ["P001", "Müller", "a b", "a.b_c-d", "症例1", "0", "con1", "x" * 100]
)
def test_good_names(name):
    assert problem_of_name(name) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is empty"),
        ("..", "starts with a dot"),
        ("../x", "holds one of"),
        ("a/b", "holds one of"),
        ("a\\b", "holds one of"),
        ("C:x", "holds one of"),
        ("a\tb", "holds one of"),
        ("a\0b", "holds one of"),
        (".hidden", "starts with a dot"),
        ("a.", "ends with a dot"),
        ("a ", "ends with a dot or space"),
        ("=1+2", "formula"),
        ("+1", "formula"),
        ("-1", "formula"),
        ("−1", "formula"),
        ("@x", "formula"),
        ("＝x", "formula"),
        ("a;=b", "formula"),
        ("CON", "device of Windows"),
        ("nul.txt", "device of Windows"),
        ("Com1", "device of Windows"),
        ("x" * 101, "more than 100"),
        ("症" * 99, "more than 100"),
        ("a\u202eb", "cannot be shown"),
        *((name, "file of the batch") for name in sorted(OWN_NAMES)),
        ("Index.HTML", "file of the batch"),
    ],
)
def test_bad_names(name, reason):
    assert reason in problem_of_name(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("P001", "P001"),
        ("Scan 1 (copy)", "Scan-1-copy"),
        ("../..", "case"),
        ("=1+2", "1-2"),
        ("CON", "case-CON"),
        ("index.html", "case-index.html"),
        (".a.", "a"),
        ("µ/ß", "µ-ß"),
        ("", "case"),
        ("\u202e", "case"),
    ],
)
def test_any_text_becomes_a_safe_name(text, name):
    assert safe_name(text) == name
    assert problem_of_name(safe_name(text)) == ""


@pytest.mark.parametrize("text", ["long " * 60, "症" * 300])
def test_long_texts_become_short_names_that_differ(text):
    name = safe_name(text)
    assert len(name) <= 60
    assert len(name.encode()) <= LONGEST_BYTES
    assert problem_of_name(name) == ""
    assert name != safe_name(f"{text}x")


@pytest.mark.parametrize(
    ("places", "parts"),
    [
        ([("P1", "DICOM", "SE1")], [("P1",)]),
        ([("P1", "a"), ("P2", "a")], [("P1",), ("P2",)]),
        ([("data", "P1", "a"), ("data", "P2", "a")], [("P1",), ("P2",)]),
        (
            [("P1", "ct1", "x"), ("P1", "ct2", "x"), ("P2", "x")],
            [("P1", "ct1"), ("P1", "ct2"), ("P2",)],
        ),
        ([("a", "ct"), ("a", "ct", "late")], [("ct", "c0"), ("late",)]),
        ([("flat",), ("flat",)], [("flat", "c0"), ("flat", "c1")]),
    ],
)
def test_as_few_parts_as_tell_a_case_from_the_others(places, parts, monkeypatch):
    monkeypatch.setattr("BV5AnalysisLib.study.scans.case_names.short_hash", lambda key: key)
    assert names_for(places, [f"c{index}" for index in range(len(places))]) == parts


def test_names_become_unique_as_folders_are():
    found = made_unique(["a", "A", "a", "a-2", "b"])
    assert len({name.casefold() for name in found}) == 5
    assert found[0] == "a"
    assert found[3:] == ["a-2", "b"]
    assert made_unique(["b", "a"]) == ["b", "a"]


def test_ten_thousand_equal_names_are_quickly_unique():
    found = made_unique(["a"] * 10_000)
    assert len(set(found)) == 10_000
    assert found[-1] == "a-10000"
