"""Marks against formulas can be undone."""

import itertools

import pytest
from BV5AnalysisLib.study.formulas import begins_formula, guard, unguard

LETTERS = "=-＝\u2212'; a"


@pytest.mark.parametrize("n", range(6))
def test_a_mark_is_undone_whatever_the_text(n):
    for letters in itertools.product(LETTERS, repeat=n):
        text = "".join(letters)
        assert unguard(guard(text)) == text


@pytest.mark.parametrize("sign", "=+-@\u2212＝＋－＠")
def test_nothing_begins_a_formula_once_it_is_marked(sign):
    for before in ("", "a;", "a; ", "; "):
        text = f"{before}{sign}1"
        assert begins_formula(text)
        assert guard(text) == f"{before}'{sign}1"


@pytest.mark.parametrize("text", ["", "a", "a-b", "a=b", "1;2", "'a", "it's"])
def test_other_texts_are_left_alone(text):
    assert guard(text) == unguard(text) == text
    assert not begins_formula(text)
