"""A proof as lines of text, as a terminal shows it."""

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap

from rac_theory.algebra import Expression, Relation, Sum, lifted, text
from rac_theory.proofs.reading import Line, Reading
from rac_theory.statements import sentence

WIDTH = 100
_SIGN, _SPACE = re.compile(r" (?=(?:<=?|[+-]) )"), re.compile(" ")
_IN_BRACKETS = re.compile(r" (?=[+-] )")
_MARGIN, _INSIDE = 7, 11
_FEW = 3
_STAYS = "\N{NO-BREAK SPACE}"


def as_text(reading: Reading) -> str:
    """Return the proof."""
    parts = [
        _claim(reading),
        ["Assumed", *_assumptions(reading)],
        ["Taken for granted at every W", *_granted(reading.granted), *_letters(reading)],
        ["Follows", *(row for line in reading.derived for row in _derived(line, reading))],
        _end(reading),
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def _claim(reading: Reading) -> list[str]:
    theorem = reading.proof.theorem
    definitions = [row for let in reading.definitions for row in _folded(text(let), 4)]
    where = ["where", *definitions] if definitions else []
    return [f"{theorem.id}, proved for every T", "", *_folded(text(theorem.claim.relation), 4), *where]


def _assumptions(reading: Reading) -> Iterator[str]:
    for label, assumption, is_used in reading.assumed:
        yield from _wrapped(sentence(assumption) + ("" if is_used else " Not used."), f"  {label:4} ")


def _granted(lines: Sequence[Line]) -> Iterator[str]:
    """What is said, and beside it or below it why; beside it for as many as can be."""
    pairs = [(text(line.said), line.reason) for line in lines]

    def beside(column: int) -> int:
        return sum(len(statement) <= column and _MARGIN + column + 3 + len(why) <= WIDTH for statement, why in pairs)

    column = max((len(statement) for statement, _ in pairs), key=lambda width: (beside(width), -width))
    for line, (statement, why) in zip(lines, pairs, strict=True):
        if len(statement) <= column and _MARGIN + column + 3 + len(why) <= WIDTH:
            yield f"{_head(line.label)}{statement:{column}}   {why}"
        else:
            yield from _folded(statement, _MARGIN, _head(line.label))
            yield from _wrapped(why.replace(", A", f",{_STAYS}A"), " " * _INSIDE)


def _letters(reading: Reading) -> Iterator[str]:
    meanings = [_kept(f"{letter} is {meaning}") for letter, meaning in reading.legend]
    if meanings:
        yield from _wrapped(f"{', '.join(meanings)}.", "  ")
    signs = [_kept(f"{text(sign.said)} ({sign.why.strip('()')})") for sign in reading.signs]
    if signs:
        yield from _wrapped(f"Lines are multiplied by numbers that are not negative: {', '.join(signs)}.", "  ")


def _derived(line: Line, reading: Reading) -> Iterator[str]:
    cases = ", ".join(text(case) if isinstance(case, Relation) else sentence(case) for case in line.if_)
    name = f"{line.why}: " if line.sum and line.why else ""
    head = f"{_head(line.label)}{f'If {cases}: ' if cases else ''}{name}"
    yield from _folded(text(line.said), _MARGIN, head)
    if reading.is_claim(line) and reading.times != lifted(1):
        yield from _folded(f"times {_bracketed(reading.times)}, which is positive:", _INSIDE)
    yield from _sum(line) if line.is_computed else _wrapped(line.rule, " " * _INSIDE)


def _sum(line: Line) -> Iterator[str]:
    """In a line if it is short, else each on its own."""
    in_a_line = f"= {' + '.join(_times(times, label) for times, label in line.sum)}"
    if _INSIDE + len(in_a_line) <= WIDTH and len(line.sum) <= _FEW:
        yield " " * _INSIDE + in_a_line
        return
    written = ["" if times == lifted(1) and label else _bracketed(times) for times, label in line.sum]
    room = WIDTH - _INSIDE - len("+  * (zz)")
    width = max((len(number) for number in written if len(number) <= room), default=0)
    for i, (number, (_, label)) in enumerate(zip(written, line.sum, strict=True)):
        star = "*" if number and label else " "
        if len(number) > room:  # what is wider has lines of its own, and no column
            yield from _folded(f"{'+' if i else '='} {number} {star} {label}".rstrip(), _INSIDE)
        else:
            yield f"{' ' * _INSIDE}{'+' if i else '='} {number:{width}} {star} {label}".rstrip()


def _end(reading: Reading) -> list[str]:
    paper = [f"{line.label} on page {line.page}" for line in reading.granted if line.page]
    paragraphs = ["Each sum is exact, for every T and all values of its letters: it was computed, and is what is said."]
    if paper:
        paragraphs.append(f"Lemmas that are proved on paper, in docs/theory: {', '.join(paper)}.")
    return [row for paragraph in paragraphs for row in _wrapped(paragraph, "")]


def _kept(words: str) -> str:
    """Words that stay on a line."""
    return words.replace(" ", _STAYS)


def _times(times: Expression, label: str) -> str:
    if not label or times == lifted(1):
        return label or text(times)
    return f"{_bracketed(times)} * {label}"


def _bracketed(times: Expression) -> str:
    return f"({text(times)})" if isinstance(times, Sum) else text(times)


def _head(label: str) -> str:
    return f"  {label:{_MARGIN - 2}}"


def _wrapped(words: str, head: str) -> list[str]:
    lines = wrap(words, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False)
    return [line.replace(_STAYS, " ") for line in lines]


def _folded(formula: str, margin: int, head: str = "") -> list[str]:
    """A formula on lines that end before a sign outside of brackets, or where need be before a factor."""
    lines, line = [], head or " " * margin
    is_empty = True
    for piece in (part for signed in _pieces(formula, _SIGN) for part in _short_enough(signed)):
        if len(line) + 1 + len(piece) > WIDTH and not is_empty:
            lines.append(line)
            line, is_empty = " " * (margin + 4), True
        line += piece if is_empty else f" {piece}"
        is_empty = False
    return [*lines, line]


def _short_enough(piece: str) -> Iterator[str]:
    """Cut before factors, and where a bracket alone is too long before the signs in it."""
    room = WIDTH - _INSIDE - 4
    for factor in [piece] if len(piece) <= room else _pieces(piece, _SPACE):
        yield from [factor] if len(factor) <= room else _IN_BRACKETS.split(factor)


def _pieces(formula: str, ends: re.Pattern[str]) -> Iterator[str]:
    """Cut at spaces outside of brackets."""
    depth, start = 0, 0
    for i, character in enumerate(formula):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(character, 0)
        if depth == 0 and ends.match(formula, i):
            yield formula[start:i]
            start = i + 1
    yield formula[start:]
