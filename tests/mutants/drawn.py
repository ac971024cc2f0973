"""Mutants that nobody chose: a number, a comparison, an operation or a function, drawn from the source."""

import ast
import operator
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from .lines import ROOT, Line, read, source_of

EQUIVALENT = read(Path(__file__).with_name("equivalent.toml"))
SWAPPED = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "is": "is not", "is not": "is",
    "in": "not in", "not in": "in", "and": "or", "or": "and", "+": "-", "-": "+", "*": "/", "/": "*", "//": "*",
    "%": "*", "**": "*", "@": "*", "not": "", "min": "max", "max": "min", "any": "all", "all": "any",
    "minimum": "maximum", "maximum": "minimum", "floor": "ceil", "ceil": "floor", "inf": "-inf",
    "True": "False", "False": "True", "<<": ">>", ">>": "<<",
}  # fmt: skip
"""What becomes of a token; a number becomes the next one, or twice itself where it is no integer."""

_TOKEN = re.compile(
    r"\s*(#.*\n\s*|[()\\,]\s*)*(<=|>=|==|<<|>>|!=|is\s+not\b|not\s+in\b|is\b|in\b|not\b|and\b|or\b|\*\*|//|[-<>+*/%@])"
)


def _between(source: bytes, begin: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield where the operator between two operands stands, and what becomes of it."""
    match = _TOKEN.match(source[begin:end].decode())
    if match and (word := " ".join(match[2].split())) in SWAPPED:
        first = begin + len(match.string[: match.start(2)].encode())
        yield first, first + len(match[2].encode()), SWAPPED[word]


def _places(source: bytes, tree: ast.AST) -> Iterator[tuple[int, int, str]]:
    """Yield ``(begin, end, text)`` for each change of a token, in the order of the tree."""
    lines = np.cumsum([0, *map(len, source.splitlines(keepends=True))])

    def begin(node: ast.expr) -> int:
        return int(lines[node.lineno - 1]) + node.col_offset

    def end(node: ast.expr) -> int:
        return int(lines[node.end_lineno - 1]) + node.end_col_offset

    def visit(node: ast.AST) -> Iterator[tuple[int, int, str]]:
        match node:
            case ast.JoinedStr():  # what stands in it has no place of its own before Python 3.12
                return
            case ast.keyword(arg="strict"):  # of zip: lengths that could differ have checks of their own
                return
            case ast.Constant(value=bool() | int() | float() as value):
                word = source[begin(node) : end(node)].decode()
                is_whole = value == int(value) != value + 1  # 1e100 + 1 is 1e100
                text = SWAPPED.get(word) or (str(value + 1) if is_whole else f"{word} * 2")
                yield begin(node), end(node), text
            case ast.Compare():
                for left, right in zip([node.left, *node.comparators], node.comparators, strict=False):
                    yield from _between(source, end(left), begin(right))
            case ast.BoolOp():
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield from _between(source, end(left), begin(right))
            case ast.BinOp():
                yield from _between(source, end(node.left), begin(node.right))
            case ast.UnaryOp(op=ast.USub()):
                yield begin(node), begin(node) + 1, "+"
            case ast.UnaryOp(op=ast.Not()):
                yield begin(node), begin(node) + 3, ""
            case ast.Name(id=word) | ast.Attribute(attr=word) if word in SWAPPED:
                before = "-" if SWAPPED[word][0] == "-" else ""
                if before:
                    yield begin(node), begin(node), before
                else:
                    yield end(node) - len(word), end(node), SWAPPED[word]
        for field, child in ast.iter_fields(node):
            if field in ("annotation", "returns", "type_params"):
                continue
            for part in child if isinstance(child, list) else [child]:
                if isinstance(part, ast.AST):
                    yield from visit(part)

    yield from visit(tree)


@cache
def mutants(file: str) -> tuple[Line, ...]:
    """Return every mutant of a source file, by its path from the root; ``text`` is whole lines, there once."""
    source = (ROOT / file).read_bytes()
    lines = source.decode().splitlines(keepends=True)
    starts = np.cumsum([0, *(len(line.encode()) for line in lines)])
    some = []
    for begin, end, text in _places(source, ast.parse(source)):
        first, last = (int(np.searchsorted(starts, place, "right")) - 1 for place in (begin, max(begin, end - 1)))
        while source.count(source[starts[first] : starts[last + 1]]) > 1:
            first -= 1
        before, this, after = source[starts[first] : begin], source[begin:end], source[end : starts[last + 1]]
        quoted = f"{before.decode()}«{this.decode()}→{text}»{after.decode()}"
        some.append(Line(file, f"drawn, line {last + 1}", quoted))
    return tuple(some)


@cache
def _equivalent(file: str) -> dict[str, str]:
    """The mutants of a file that are known to give the same results, and why."""
    return {some.mutated(source_of(file)): some.why for some in EQUIVALENT if some.file == file}


def is_equivalent(line: Line) -> str:
    """Return why a mutant is known to give the same results; an empty string where it is not."""
    return _equivalent(line.file).get(line.mutated(source_of(line.file)), "")


def draw(count: int, seed: int, places: Sequence[str]) -> list[Line]:
    """Draw mutants without replacement from files or folders, by default the package; each as likely as any other."""
    folders = [ROOT / place for place in places or ("rac_theory",)]
    files = [file for place in folders for file in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]
    every = [line for file in files for line in mutants(file.relative_to(ROOT).as_posix())]
    drawn = np.random.default_rng(seed).permutation(len(every))[:count]
    return [every[number] for number in drawn]


def fits(others: Sequence[Line], line: Line) -> bool:
    """Whether a mutant can be made where others have been, as its text still stands there once."""
    source = source_of(line.file)
    try:
        for some in (*(some for some in others if some.file == line.file), line):
            source = some.mutated(source)
    except ValueError:
        return False
    return True


def matrix(killers: Sequence[tuple[str, ...]]) -> list[str]:
    """Return one line for each test that failed with a mutant: with how many, and with how many it alone did."""
    tests = sorted({test for some in killers for test in some})
    counts = [(sum(test in some for some in killers), sum(some == (test,) for some in killers), test) for test in tests]
    rows = sorted(counts, key=operator.itemgetter(1, 0), reverse=True)
    return ["kills  alone  test", *(f"{kills:5}  {alone:5}  {test}" for kills, alone, test in rows)]
