"""Printed formulas in plain names: what a name is written as, a sum, a product or a power, is spelled out."""

import re

from .reader import Reader, evaluated

_NAMES = [
    ("f(W^0) - f*", r"f(W^0) - f^\star", "P - Z"),
    ("max L tau ||B||^2", r"\max L \tau \Vert B \Vert^2", "M S"),
    ("L tau ||B||^2", r"L \tau \Vert B \Vert^2", "M S"),
    ("sigma^2", r"\sigma^2", "U^2"),
    ("zeta^2", r"\zeta^2", "V^2"),
    ("b^2", "b^2", "B^2"),
    ("||W^0 - W*||", r"\Vert W^0 - W^\star \Vert", "W"),
]
_TEXT = {text: name for text, _, name in _NAMES}
_LATEX = {latex: name for _, latex, name in _NAMES} | {r"D_{\mathrm{in}}": "D_in"}
_COMMANDS = {
    r"\cdot ": "",
    r"\text{ if }": " if ",
    r"\text{, else }": " else ",
    r"\dots": "...",
    r"\le ": "<= ",
    r"\ge ": ">= ",
}
_COMMANDS |= {r"\left\{": "{", r"\right\}": "}", r"\left(": "(", r"\right)": ")", r"\{": "{", r"\}": "}"}
_COMMANDS |= {r"\max{": "max{", r"\sum_": "sum_", r"\sqrt": "sqrt"}


def plain(text):
    """Return text with plain names for others."""
    return _replaced(text, _TEXT)


def plain_latex(latex):
    r"""Return LaTeX as text, with ``\frac`` alone left of it."""
    text = _replaced(latex, _LATEX | _COMMANDS)
    text = re.sub(r"\\mathrm\{([a-z]{2,})\}", r"\1", text)  # a word
    text = re.sub(r"_\{\\?(\w+)\}", r"_\1", text)  # what stands below a line
    return re.sub(r"\\(?!frac)([A-Za-z]+)", r"\1", text)


def plain_values(values):
    """Return values by plain names, from those by printed names."""
    left = dict(values)
    known = {name: left.pop(written) for written, name in _TEXT.items() if written in left}
    found = {"Z": 3, "M": 2}
    if "b" in left:  # momentum, whose square is written as that of the bias is; no theorem has both
        found["B"] = left["b"]
    for name, value in known.items():
        match name:
            case "P - Z":
                found["P"] = value + 3
            case "M S":
                found["S"] = value / 2
            case "U^2" | "V^2" | "B^2":
                found[name[0]] = _root(value)
            case _:
                found[name] = value
    return left | found


def read(written, values, definitions=()):
    """The exact number of a formula in plain names, given values, and definitions ``name = formula``."""
    defined = {}
    for definition in definitions:
        name, _, formula = definition.partition(" = ")
        assert name not in defined, "a name is defined once"
        defined[name] = Reader(formula).whole()
    return evaluated(Reader(written).whole(), values | defined)


def _replaced(written, names):
    for name, other in names.items():
        written = written.replace(name, other)
    return written


def _root(value):
    root = type(value)(round(float(value) ** 0.5 * 64), 64)
    assert root**2 == value
    return root
