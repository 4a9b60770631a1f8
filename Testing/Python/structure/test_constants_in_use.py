"""The method's constants are written down, and read where they are used."""

import ast
import importlib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from BV5AnalysisLib import imaging
from BV5AnalysisLib.imaging.model.constants import MethodConstants, constant, described

LAYER = Path(imaging.__file__).parent
FILES = sorted(LAYER.rglob("*.py"))
NAMES = [str(path.relative_to(LAYER)) for path in FILES]
CACHES = {"cache", "lru_cache", "cached_property"}


def module_name(path: Path) -> str:
    parts = path.relative_to(LAYER).with_suffix("").parts
    return ".".join([imaging.__name__, *(part for part in parts if part != "__init__")])


def reads_constants(node: ast.AST) -> bool:
    """Whether an expression reads `CONSTANTS`, its own module's or another's."""
    return any(
        (isinstance(part, ast.Name) and part.id == "CONSTANTS" and isinstance(part.ctx, ast.Load))
        or (isinstance(part, ast.Attribute) and part.attr == "CONSTANTS")
        for part in ast.walk(node)
    )


def read_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Expressions that run when a module is imported: all but the bodies of functions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from (*node.decorator_list, *node.args.defaults)
        yield from (default for default in node.args.kw_defaults if default is not None)
    elif isinstance(node, ast.ClassDef):
        yield from (*node.decorator_list, *node.bases)
        for part in node.body:
            yield from read_at_import(part)
    elif isinstance(node, ast.If | ast.With | ast.Try | ast.For):
        yield node
    elif not isinstance(node, ast.Import | ast.ImportFrom):
        yield from ast.iter_child_nodes(node)


def copies_of_constants(tree: ast.Module) -> list[int]:
    """Lines where a constant is read once and for all."""
    found = [
        node.lineno
        for statement in tree.body
        for node in read_at_import(statement)
        if reads_constants(node)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = {
                part.id
                for each in node.decorator_list
                for part in ast.walk(each)
                if isinstance(part, ast.Name)
            }
            if names & CACHES and reads_constants(node):
                found.append(node.lineno)
            inner = [
                default
                for part in ast.walk(node)
                if isinstance(part, ast.FunctionDef)
                for default in (*part.args.defaults, *filter(None, part.args.kw_defaults))
            ]
            found += [default.lineno for default in inner if reads_constants(default)]
    return found


def is_numeric(node: ast.AST | None) -> bool:
    """Whether an expression is a number or holds some, and no text or call but numpy's."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, ast.UnaryOp):
        return is_numeric(node.operand)
    if isinstance(node, ast.BinOp):
        return is_numeric(node.left) or is_numeric(node.right)
    if isinstance(node, ast.Tuple | ast.List):
        return any(is_numeric(part) for part in node.elts)
    if isinstance(node, ast.Dict):
        return any(is_numeric(part) for part in node.values)
    if isinstance(node, ast.Call):
        is_numpy = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
        return is_numpy and node.func.value.id == "np" and any(map(is_numeric, node.args))
    return False


def numbers_without_a_word(tree: ast.Module) -> list[str]:
    """Names of numbers of a module that no docstring follows."""
    found = []
    for statement, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or not is_numeric(statement.value):
            continue
        documented = (
            isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        )
        if not documented:
            found.append(ast.unparse(statement))
    return found


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_constant_is_copied_at_import(path):
    """Else putting another one in its place, as `make benchmark-sensitivity` does, does nothing."""
    assert copies_of_constants(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "HALF = CONSTANTS.width_mm / 2",
        "from . import ridges\nWIDE = ridges.CONSTANTS.wide_scale_mm",
        "def find(width=CONSTANTS.width_mm): pass",
        "def find(*, width=ridges.CONSTANTS.width_mm): pass",
        "class Blur:\n    sigma: float = CONSTANTS.sigma_mm",
        "class Blur:\n    def at(self, sigma=CONSTANTS.sigma_mm): pass",
        "if True:\n    HALF = CONSTANTS.width_mm / 2",
        "@cache\ndef table():\n    return CONSTANTS.width_mm",
        "@functools.cache\ndef table():\n    return [CONSTANTS.width_mm]",
        "def find():\n    def inner(width=CONSTANTS.width_mm): pass",
    ],
)
def test_a_copy_is_seen(text):
    assert copies_of_constants(ast.parse(text.replace("@functools.cache", "@cache")))


def test_reading_a_constant_when_it_is_used_is_no_copy():
    text = "CONSTANTS = WidthConstants()\ndef find(width):\n    return width < CONSTANTS.width_mm"
    assert copies_of_constants(ast.parse(text)) == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_number_of_a_module_says_what_it_is(path):
    """Tuned ones are fields of `MethodConstants`; the others are technical, with a docstring."""
    assert numbers_without_a_word(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text", ["A = 3", "A: float = -1.5", "A = (1, 2)", "A = np.float32(1e12)", "A = {'x': 1.0}"]
)
def test_a_number_without_a_word_is_seen(text):
    assert numbers_without_a_word(ast.parse(text))
    assert numbers_without_a_word(ast.parse(f"{text}\nB = 'text'"))
    assert not numbers_without_a_word(ast.parse(f'{text}\n"""What it is."""'))


def all_constants() -> list[MethodConstants]:
    found = []
    for path in FILES:
        module = importlib.import_module(module_name(path))
        found += [
            value
            for value in vars(module).values()
            if isinstance(value, MethodConstants) and type(value).__module__ == module.__name__
        ]
    return found


ALL = all_constants()


@pytest.mark.parametrize("constants", ALL, ids=lambda each: type(each).__name__)
def test_each_constant_has_unit_meaning_and_reason(constants):
    assert type(constants).__doc__
    assert not type(constants).__doc__.startswith(f"{type(constants).__name__}(")
    for each in described(constants):
        assert each.unit
        assert each.meaning.endswith(".")
        assert each.reason.endswith(".")
    # As `dataclasses.replace` needs it.
    assert all(field.init for field in fields(constants))


def test_there_are_constants_in_the_rooms_of_the_method():
    rooms = {type(each).__module__.split(".")[2] for each in ALL}
    assert {"numerics", "vessels", "sizing", "phantom"} <= rooms


def test_a_constant_needs_its_texts():
    with pytest.raises(ValueError, match="unit, a meaning and a reason"):
        constant(1.0, "mm", "", "Chosen by eye.")
