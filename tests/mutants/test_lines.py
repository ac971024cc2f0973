"""Every mutant of ``lines.toml`` stands where it says, compiles, and names a test that exists; none was taken out."""

import re
from pathlib import Path

import pytest

from . import bank
from .lines import LINES, ROOT, Line, check, read, source_of

PAGE = ROOT / "docs" / "guide" / "mutants.md"

COUNT = 749
"""How many mutants there are. It may be raised, and never lowered: what a test has killed once stays dead."""

COUNT_OF_BANK = 334
"""The same for the bank."""


def test_every_mutant_is_another_program_and_names_a_test():
    """Catches a line that was written anew, a mutant without a change, and a test that was renamed."""
    for line in LINES:
        check(line)
        file, _, name = line.killed_by.partition("[")[0].partition("::")
        assert re.search(rf"^(def {name}\(|{name} = )", source_of(file), re.MULTILINE), line  # or it is made of a table
        assert line.why, line
    assert len({(line.file, line.mutated(source_of(line.file))) for line in LINES}) == len(LINES)


def test_the_lists_only_grow():
    """Catches an entry that was taken out; the page says the numbers to people."""
    assert len(LINES) == COUNT, "raise COUNT, and the number on the page, where entries were added; put back others"
    assert len(bank.BANK) >= COUNT_OF_BANK
    assert re.search(r"holds (\d+) mutants of source lines", PAGE.read_text("utf-8")).group(1) == str(COUNT)


@pytest.mark.parametrize(("text", "count"), [("b", 0), ("a", 2)])
def test_a_text_that_is_not_there_once_is_refused(text, count):
    """Nothing is mutated where nobody can say what."""
    with pytest.raises(ValueError, match=f"text must stand in one.py once, it does {count} times"):
        Line("one.py", "", f"«{text}→c»").mutated("a = a\n")


def test_a_file_is_read(tmp_path: Path):
    """A table of each source file has one mutant of a reason or some, and a table in it names the test that kills."""
    file = tmp_path / "some.toml"
    file.write_text("['one.py']\nw = 'x = «1→2»'\nv = ['«a»', 'a«→b»']\n['one.py'.'test_c']\nu = '«y→»'", "utf-8")
    read_of_it = [("w", "x = «1→2»"), ("v", "«a»"), ("v", "a«→b»"), ("u", "«y→»", "test_c")]
    lines = read(file)
    assert lines == [Line("one.py", *each) for each in read_of_it]
    assert [lines[i].mutated("x = 1; ay") for i in (0, 2, 3)] == ["x = 2; ay", "x = 1; aby", "x = 1; a"]
    with pytest.raises(ValueError, match="«this→that» must stand once in what is quoted, got '«a»'"):
        lines[1].mutated("a")
