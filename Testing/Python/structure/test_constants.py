"""The page of the method's constants: it has every number, and notices when it is out of date."""

from dataclasses import dataclass
from types import ModuleType

import constants as tool
import pytest
from BV5AnalysisLib.imaging.model.constants import MethodConstants, constant


@dataclass(frozen=True)
class Made(MethodConstants):
    """Limits of a made step.

    Further text.
    """

    longest_mm: float = constant(3.0, "mm", "Longest gap.", "Chosen by eye.")
    share: float = constant(0.00025, "1", "Share | of something.", "Measured.")
    scales_mm: tuple[float, ...] = constant((0.7, 1.0), "mm", "Scales.", "Source.")


@pytest.fixture
def made():
    module = ModuleType(Made.__module__)
    module.CONSTANTS = Made()
    return module


def test_a_table_has_name_value_unit_meaning_and_reason(made):
    text = tool.page(tool.instances([made]))
    assert "Limits of a made step.\n" in text
    assert "| `longest_mm` | 3 | mm | Longest gap. | Chosen by eye. |" in text
    assert r"| `share` | 0.00025 | 1 | Share \| of something. | Measured. |" in text
    assert "| `scales_mm` | 0.7, 1 | mm | Scales. | Source. |" in text


def test_constants_that_another_module_imports_are_shown_once(made):
    other = ModuleType("other")
    other.CONSTANTS = made.CONSTANTS
    assert list(tool.instances([other, made])) == [Made.__module__]


def test_what_is_no_step_is_passed_over():
    module = ModuleType("other")
    module.CONSTANTS = 3.0
    assert tool.instances([module, ModuleType("none")]) == {}


def test_steps_come_in_the_order_of_the_method(made):
    names = ["imaging.sizing.b", "imaging.lungs.a", "imaging.pipeline", "imaging.vessels.c"]
    modules = []
    for name in names:
        step = type("Step", (Made,), {"__module__": f"BV5AnalysisLib.{name}", "__doc__": "Step."})
        module = ModuleType(step.__module__)
        module.CONSTANTS = step()
        modules.append(module)
    order = [name.removeprefix("BV5AnalysisLib.imaging.") for name in tool.instances(modules)]
    assert order == ["pipeline", "lungs.a", "vessels.c", "sizing.b"]


def test_a_page_that_differs_from_the_code_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "PAGE", tmp_path / "constants.md")
    assert tool.main(["--check"]) == 1
    assert "make constants" in capsys.readouterr().err
    assert tool.main([]) == 0
    assert tool.main(["--check"]) == 0
    tool.PAGE.write_text(tool.PAGE.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert tool.main(["--check"]) == 1


def test_the_page_says_that_it_is_written_by_a_command():
    assert "make constants" in tool.page({})
