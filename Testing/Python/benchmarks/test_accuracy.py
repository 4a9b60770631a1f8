"""Parts of the accuracy benchmark put together."""

import sys

import accuracy
import pytest


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Stand-ins for the parts, which tell when they are asked."""
    calls = []

    def part(name):
        def report(options):
            calls.append(name)
            return f"## {name}, quick {options.quick}"

        return report

    monkeypatch.setattr(accuracy, "PARTS", {name: part(name) for name in ("tubes", "chests")})
    monkeypatch.setattr(accuracy, "OUT", tmp_path / "out")
    monkeypatch.setattr(accuracy, "REPORT", tmp_path / "accuracy.md")
    return calls


def run(monkeypatch, *options):
    monkeypatch.setattr(sys, "argv", ["accuracy.py", *options])
    accuracy.main()


def test_a_whole_run_writes_its_report(asked, monkeypatch, tmp_path):
    run(monkeypatch)
    text = (tmp_path / "accuracy.md").read_text(encoding="utf-8")
    assert text.startswith("# Accuracy")
    assert text.index("## tubes") < text.index("## chests")


def test_a_cut_writes_none_unless_told(asked, monkeypatch, tmp_path, capsys):
    run(monkeypatch, "--quick")
    assert "`python benchmarks/accuracy.py --quick`" in capsys.readouterr().out
    run(monkeypatch, "--part", "tubes")
    assert not (tmp_path / "accuracy.md").exists()
    assert "## tubes, quick False" in capsys.readouterr().out
    run(monkeypatch, "--part", "chests", "--output", str(tmp_path / "chests.md"))
    assert "## tubes" not in (tmp_path / "chests.md").read_text(encoding="utf-8")


def test_parts_of_an_interrupted_run_are_taken_if_they_are_of_the_same_options(asked, monkeypatch):
    run(monkeypatch, "--part", "tubes")
    run(monkeypatch, "--resume")
    assert asked == ["tubes", "chests"]
    run(monkeypatch, "--resume", "--first-seed", "1")
    assert asked == ["tubes", "chests", "tubes", "chests"]
    run(monkeypatch)
    assert asked[4:] == ["tubes", "chests"]
