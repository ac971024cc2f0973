"""The mutants of source lines: what stands in ``lines.toml``, each with the test that fails with it."""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Line:
    """One mutant: where ``before«this→that»after`` is quoted, ``before this after`` stands in the file once.

    The file is relative to the root of the clone.
    """

    file: str
    why: str
    quoted: str
    killed_by: str = ""

    @cached_property
    def parts(self) -> tuple[str, str, str, str]:
        """What stands before the change, what is changed, to what, and what stands after it."""
        if not (match := re.fullmatch("([^«]*)«([^→]*)→([^»]*)»([^»]*)", self.quoted)):
            raise ValueError(f"«this→that» must stand once in what is quoted, got {self.quoted!r}")
        before, this, that, after = match.groups()
        return before, this, that, after

    @property
    def text(self) -> str:
        """What stands in the file once."""
        before, this, _, after = self.parts
        return before + this + after

    @property
    def mutant(self) -> str:
        """What stands there in its place."""
        before, _, that, after = self.parts
        return before + that + after

    def __str__(self) -> str:
        return f"{self.file}: {self.why} [{' '.join(self.quoted.split())}]"

    def mutated(self, source: str) -> str:
        """Return the source of the file with the mutant in it.

        Raises
        ------
        ValueError
            If its text does not stand there exactly once.
        """
        if (count := source.count(self.text)) != 1:
            raise ValueError(f"text must stand in {self.file} once, it does {count} times: {self.text!r}")
        return source.replace(self.text, self.mutant)


@cache
def source_of(file: str) -> str:
    """Return the text of a source file."""
    return (ROOT / file).read_text("utf-8")


@cache
def _statements(file: str) -> list[int]:
    """At which letters of a file the statements of the module begin, and where it ends."""
    starts = [0, *accumulate(map(len, source_of(file).splitlines(keepends=True)))]
    body = ast.parse(source_of(file)).body
    first = [min(part.lineno for part in (node, *getattr(node, "decorator_list", ()))) for node in body]
    return [*(starts[number - 1] for number in first), starts[-1]]


def check(line: Line) -> None:
    """Raise an error if a mutant does not stand in its file, or is no other program: its statement is compiled."""
    source = source_of(line.file)
    assert line.mutated(source) != source, line
    begin = source.index(line.text)
    end = begin + len(line.text)
    first = max((place for place in _statements(line.file) if place <= begin), default=0)
    last = min(place for place in _statements(line.file) if place >= end)
    compile(source[first:begin] + line.mutant + source[end:last], line.file, "exec")


def _lines(file: str, entries: Mapping[str, Any], killed_by: str = "") -> Iterator[Line]:
    """Yield the mutants of a table: of a reason one or some, or a table of a test that kills them."""
    for name, some in entries.items():
        if isinstance(some, dict):
            yield from _lines(file, some, name)
        else:
            yield from (Line(file, name, one, killed_by) for one in ([some] if isinstance(some, str) else some))


def read(file: Path) -> list[Line]:
    """Return the mutants of a TOML file: a table of each source file."""
    return [line for source, some in tomllib.loads(file.read_text("utf-8")).items() for line in _lines(source, some)]


LINES = read(Path(__file__).with_name("lines.toml"))
