"""No file over 400 lines, no function over 50, no module named after nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
GENERATED = {"schema.d.ts"}


def python_files() -> list[Path]:
    return [
        file
        for place in ("src", "tests", "bench", "scripts")
        for file in (ROOT / place).rglob("*.py")
    ]


def web_files() -> list[Path]:
    return [
        file
        for ending in ("*.ts", "*.tsx")
        for file in (ROOT / "web" / "src").rglob(ending)
        if file.name not in GENERATED
    ]


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_too_long() -> None:
    files = python_files() + web_files()
    assert len(files) > 50, "the files were not found"
    lengths = {file.relative_to(ROOT): len(file.read_text().splitlines()) for file in files}

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    found = {
        f"{file.relative_to(ROOT)}:{name}": lines
        for file in python_files()
        for name, lines in functions(file)
        if lines > LONGEST_FUNCTION
    }

    assert found == {}


def test_no_module_is_named_after_nothing() -> None:
    assert [file for file in python_files() + web_files() if file.stem in EMPTY_NAMES] == []


@pytest.mark.parametrize("lines", [50, 51])
def test_the_length_of_a_function_is_counted_right(tmp_path: Path, lines: int) -> None:
    file = tmp_path / "sample.py"
    file.write_text("def f():\n" + "    pass\n" * (lines - 1))

    assert list(functions(file)) == [("f", lines)]
