"""Random expressions over every kind of node, with exact values of their symbols, for Hypothesis."""

import zlib
from fractions import Fraction

from hypothesis import strategies as st

from rac_theory.algebra import Let, Relation, Symbol, choice, maximum, powers, text, total
from rac_theory.algebra.expression import lifted

x, y, lam, T, K = (Symbol(name) for name in ("x", "y", "lambda_min", "T", "K"))
GAP = Symbol("f(W^0) - f*", r"f(W^0) - f^\star", is_sum=True)
DISTANCE = Symbol("||W^0 - W*||", r"\Vert W^0 - W^\star \Vert")
SIGMA = Symbol("sigma^2", r"\sigma^2")
LONGEST = Symbol("L tau ||B||^2", r"L \tau \Vert B \Vert^2")
NAMED = (x, y, lam, GAP, DISTANCE, SIGMA, LONGEST)
COUNTS = (T, K)

_fractions = st.builds(Fraction, st.integers(-12, 12), st.sampled_from([1, 2, 4, 8]))
_squares = st.builds(lambda a: a * a, _fractions)
_whole = st.integers(0, 4)


def values():
    """Exact values, each a float as well; a square for the symbol that is written as one."""
    return st.fixed_dictionaries(
        {one.name: _whole for one in COUNTS} | {one.name: _squares if one == SIGMA else _fractions for one in NAMED}
    )


def definition(value):
    """A definition whose name is that of no other."""
    return Let(f"d_{zlib.crc32(text(value).encode())}", value)


@st.composite
def trees(draw, depth=4, leaves=NAMED):
    """An expression of that depth or less; indices of sums are among its leaves where they are bound."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(st.one_of(st.sampled_from(leaves), _fractions.map(lifted)))
    some = trees(depth=depth - 1, leaves=leaves)
    kind = draw(st.sampled_from([*_BINARY, "Power", "Powers", "Total", "Choice", "Let", "Negative", "Maximum"]))
    if kind in _BINARY:
        return _BINARY[kind](draw(some), draw(some))
    match kind:
        case "Power":
            return draw(some) ** draw(st.one_of(st.integers(0, 4), st.sampled_from([T, K, T - 1, 2 * T])))
        case "Powers":
            first = draw(st.integers(0, 2))
            return powers(draw(some), first, draw(st.sampled_from([T + first - 1, T + first, T + K + 1])))
        case "Total":
            k = Symbol(f"k{depth}")
            return total(k, draw(st.sampled_from([K, T, K + 1])), draw(trees(depth=depth - 1, leaves=(*leaves, k))))
        case "Choice":
            sign = draw(st.sampled_from(["<", "<=", ">", ">="]))
            return choice(Relation((draw(some), draw(some)), (sign,)), draw(some), draw(some))
        case "Let":
            return definition(draw(trees(depth=depth - 1)))
        case "Negative":
            return -draw(some)
    return maximum(*draw(st.lists(some, min_size=2, max_size=3)))


_BINARY = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b}
