"""The mutants of source lines: what stands in ``lines.toml``, each with the test that fails with it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _shared(a: str, b: str) -> int:
    """How many letters two texts begin with alike."""
    return next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


@dataclass(frozen=True)
class Line:
    """One mutant: ``text`` in ``file``, which is relative to the root of the clone, becomes ``mutant``."""

    file: str
    why: str
    text: str
    mutant: str
    killed_by: str = ""

    @property
    def begin(self) -> int:
        """Where in the text the change begins."""
        return _shared(self.text, self.mutant)

    @property
    def changed(self) -> str:
        """The change on one line, with some words before it and after it."""
        before, after = self.begin, _shared(self.text[::-1], self.mutant[::-1])
        after = min(after, len(self.text) - before, len(self.mutant) - before)
        begin, rest = max(0, before - 40), max(0, after - 20)
        return " -> ".join(" ".join(some[begin : len(some) - rest].split())[:160] for some in (self.text, self.mutant))

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


def read(file: Path) -> list[Line]:
    """Return the mutants of a TOML file: a table of each source file, an entry each."""
    entries = tomllib.loads(file.read_text("utf-8"))
    return [Line(source, **entry) for source, some in entries.items() for entry in some]


LINES = read(Path(__file__).with_name("lines.toml"))
