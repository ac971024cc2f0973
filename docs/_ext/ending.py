"""What every notebook and page must be: how it is stored, what it prints, and how it ends."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rac_theory import counterexamples, theorems

if TYPE_CHECKING:
    from nbformat import NotebookNode

_VERDICT = re.compile(r"T\w+ (HOLDS|CONSISTENT) for ")
_OPEN = re.compile(r"Exercise \d\d\.\d waits for ")
_STATEMENTS = [claim.statement for claim in (*theorems.ALL.values(), *counterexamples.ALL.values())]


def code(notebook: "NotebookNode") -> "list[NotebookNode]":
    """Return the cells that are executed."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell: "NotebookNode") -> str:
    """Return what a cell printed, and a value that it showed as text; no figure, and no space that only aligns."""
    # A bar that was shown meanwhile cuts what is printed in two, in the middle of a line.
    written = [output.get("text", "") for output in cell.outputs]
    values = [output.get("data", {}) for output in cell.outputs]
    shown = [f"\n{data['text/plain']}\n" if "text/plain" in data and "image/png" not in data else "" for data in values]
    return " ".join("".join(text + value for text, value in zip(written, shown, strict=True)).split())


def missing(asked: Sequence[str], text: str) -> list[str]:
    """Return what of that which is asked for is not in a text; spaces and ends of lines are one space."""
    held = " ".join(text.split())
    return [words for words in asked if " ".join(words.split()) not in held]


def faults(path: Path, stored: "NotebookNode", executed: "NotebookNode") -> Iterator[str]:
    """Yield what is wrong with a page or a notebook, as it is stored and as it was executed."""
    for number, (cell, done) in enumerate(zip(code(stored), code(executed), strict=True), 1):
        if cell.outputs or cell.execution_count:
            yield f"code cell {number} is stored with what it printed, which may be older than it: clear the outputs"
        for words in missing(_asked(cell), printed(done)):
            yield f"code cell {number} should print {words!r} and prints {printed(done)!r}"
        for output in done.outputs:
            if output.get("name") == "stderr":
                yield f"code cell {number} writes to stderr: {output.text}"
    if path.suffix == ".ipynb":
        yield from _faults_of_course(list(map(printed, code(executed))))
        if not any("image/png" in output.get("data", {}) for cell in code(executed) for output in cell.outputs):
            yield "it has no figure"
    elif any(map(printed, code(executed))) and not any(map(_asked, code(stored))):
        yield "no cell says what it prints: give one that does the option prints"


def _asked(cell: "NotebookNode") -> list[str]:
    """Return what a cell says it prints, one text or a list of them; numbers stand in quotes."""
    words = cell.metadata.get("prints", [])
    return list(map(str, words if isinstance(words, list) else [words]))


def _faults_of_course(texts: Sequence[str]) -> Iterator[str]:
    """Yield where a notebook does not open with what it is about, or does not end with its verdict."""
    if not any(" ".join(statement.split()) in " ".join(texts[:2]) for statement in _STATEMENTS):
        yield "it does not open with the statement of a theorem or of a counterexample"
    *texts, first, second = texts
    if not _VERDICT.match(texts[-1]):
        yield f"it does not end with a verdict that holds or is consistent, but with {texts[-1][:200]!r}"
    if not (_OPEN.match(first) and _OPEN.match(second)):
        yield f"after its verdict it does not leave two exercises open, but prints {first[:200]!r} and {second[:200]!r}"
