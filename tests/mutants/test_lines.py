"""Every mutant of ``lines.toml`` stands where it says, compiles, and names a test that exists; none was taken out."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from . import bank
from .lines import LINES, ROOT, Line, read

PAGE = ROOT / "docs" / "guide" / "mutants.md"

COUNT = 740
"""How many mutants there are. It may be raised, and never lowered: what a test has killed once stays dead."""

COUNT_OF_BANK = 334
"""The same for the bank."""


@cache
def _source(file: str) -> str:
    return (ROOT / file).read_text("utf-8")


@cache
def _functions(file: str) -> set[str]:
    """The names of tests, also of those that are made by a function from a table."""
    body = ast.parse(_source(file)).body
    made = {
        target.id
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return made | {node.name for node in body if isinstance(node, ast.FunctionDef)}


def test_every_mutant_is_another_program_and_names_a_test():
    """Catches a line that was written anew, a mutant without a change, and a test that was renamed."""
    for line in LINES:
        assert line.text != line.mutant, line
        compile(line.mutated(_source(line.file)), line.file, "exec")
        file, _, name = line.killed_by.partition("::")
        assert name.partition("[")[0] in _functions(file), line
        assert line.why, line
    assert len({(line.file, line.text, line.mutant) for line in LINES}) == len(LINES)


def test_the_lists_only_grow():
    """Catches an entry that was taken out; the page says the numbers to people."""
    assert len(LINES) == COUNT, "raise COUNT, and the number on the page, where entries were added; put back others"
    assert len(bank.BANK) >= COUNT_OF_BANK
    assert re.search(r"holds (\d+) mutants of source lines", PAGE.read_text("utf-8")).group(1) == str(COUNT)


@pytest.mark.parametrize(("text", "count"), [("b", 0), ("a", 2)])
def test_a_text_that_is_not_there_once_is_refused(text, count):
    """Nothing is mutated where nobody can say what."""
    with pytest.raises(ValueError, match=f"text must stand in one.py once, it does {count} times"):
        Line("one.py", "", text, "c").mutated("a = a\n")


def test_a_file_is_read(tmp_path: Path):
    """Each table is a source file, each entry a mutant."""
    file = tmp_path / "some.toml"
    file.write_text("[['one.py']]\nwhy = 'w'\ntext = 't'\nmutant = 'm'\n", "utf-8")
    assert read(file) == [Line("one.py", "w", "t", "m")]
