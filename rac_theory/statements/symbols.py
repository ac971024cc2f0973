"""The symbols that theorems are written in: what each stands for, in which unit, and to which side it is rounded."""

import re
from collections import defaultdict
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

from rac_theory.algebra import Expression, Relation, Symbol, number, symbols_of
from rac_theory.base.checks import one_of
from rac_theory.cases import Constants

_Side: TypeAlias = Literal["up", "down", "exact"]
_CURVATURE, _STEP, _GRADIENT = "[f]/[W]^2", "[W]^2/[f]", "[f]^2/[W]^2"


def _constant(
    side: _Side, constant: str, meaning: str, unit: str, *, name: str = "", latex: str = "", is_sum: bool = False
) -> Symbol:
    """The symbol of a constant, written by its own name unless it has another one in formulas."""
    return Symbol(name or constant, latex, constant, meaning, unit, side, is_sum)


_upper, _lower, _exact = (partial(_constant, side) for side in get_args(_Side))
"""Of upper bounds, which are rounded up, of lower bounds, which are rounded down, and of numbers that are chosen."""

T = Symbol("T", meaning="number of outer steps", unit="count")
t = Symbol("t", meaning="an outer step", unit="count")
j = Symbol("j", meaning="any number of outer steps", unit="count")

gamma = _exact("gamma", "size of one gradient step", _STEP)
eta = _exact("gamma", "size of one gradient step of several under one sketch", _STEP, name="eta")
N = _exact("inner_steps", "components of f, and steps of an epoch", "count", name="N")
K = _exact("inner_steps", "local steps of a client in a round", "count", name="K")

t_0 = _exact(
    "offset", "offset of steps that decrease: gamma_t = gamma (t_0/(t + t_0))^p", "steps", name="t_0", latex="t_0"
)

L = _upper("L", "Lipschitz constant of the gradient of f", _CURVATURE)
L_max = _upper("L_max", "Lipschitz constant of the gradient of every component or client", _CURVATURE, name="L")
L_H = _upper("L_H", "smoothness of f along the sketch: E[H Q H] <= L_H E[H]", _CURVATURE)
ell = _upper(
    "ell",
    "what it costs that k blocks take turns: the smaller of sqrt(k - 1) and log2(k), the latter rounded up",
    "1",
    latex=r"\ell",
)
mu = _lower("mu", "Polyak-Lojasiewicz constant of f", _CURVATURE)
s = _lower("strong_convexity", "modulus of strong convexity of f", _CURVATURE, name="s")

lambda_min = _lower("lambda_min", "smallest eigenvalue of E[H], 0 if some direction is never updated", "in [0, 1]")
lambda_max = _upper("lambda_max", "largest eigenvalue of E[H]", "in [0, 1]")

delta = _lower(
    "leading_share",
    "share of a squared gradient that is left in its leading subspace at least, r / min(m, n)",
    "in [0, 1]",
    name="delta",
    latex=r"\delta",
)

momentum = _exact(
    "letters.b", "momentum: by what it is multiplied before the next gradient is added", "in [0, 1)", name="b"
)

alpha = _exact("letters.alpha", "weight of the point ahead, in an accelerated step", "1", name="alpha", latex=r"\alpha")
s_0 = _exact("letters.s", "modulus of strong convexity that an accelerated step is told", _CURVATURE, name="s_0")
lambda_0 = _exact(
    "letters.lambda_min",
    "lower bound of E[H] that an accelerated step is told",
    "in (0, 1]",
    name="lambda_0",
    latex=r"\lambda_0",
)

young = _exact("letters.y", "parameter of Young's inequality: each number gives a bound of its own", "1", name="y")
share_of_memory = _exact(
    "letters.z", "share of what is kept in a potential: each number gives a bound of its own", "1", name="z"
)
young_of_memory = _exact(
    "letters.v", "parameter of Young's inequality for what is kept: each number gives a bound of its own", "1", name="v"
)
second_young = _exact(
    "letters.u", "second parameter of such inequalities: each number gives a bound of its own", "1", name="u"
)

least_weight = _exact("letters.a", "least of the weights by which directions of a step are multiplied", "1", name="a")
largest_weight = _exact("letters.A", "largest of these weights", "1", name="A")

gap0 = _upper(
    "gap0",
    "gap at the start, from a certified infimum",
    "[f]",
    name="f(W^0) - f*",
    latex=r"f(W^0) - f^\star",
    is_sum=True,
)
gap0_upper = _upper(
    "gap0_upper",
    "most that f can fall, from any proved lower bound",
    "[f]",
    name="f(W^0) - f*",
    latex=r"f(W^0) - f^\star",
    is_sum=True,
)
distance0 = _upper(
    "distance0",
    "distance of the start from a minimiser",
    "[W]",
    name="||W^0 - W*||",
    latex=r"\Vert W^0 - W^\star \Vert",
)

A = _upper("A", "how fast noise grows with the gap", _CURVATURE)
beta = _upper("beta", "how fast noise grows with the gradient", "1")
C = _upper("C", "noise at a minimiser", _GRADIENT)
D = _upper("D", "how far gradients of components or clients differ", _GRADIENT)
D_in = _upper(
    "D_in",
    "how far gradients of the components of each client differ, 0 for full gradient steps",
    _GRADIENT,
    latex=r"D_{\mathrm{in}}",
)
omega = _upper(
    "omega",
    "what sampling clients adds to a squared mean, over the mean square; 0 if all take part",
    "1",
    latex=r"\omega",
)
sigma_squared = _upper(
    "sigma_squared",
    "bound on the mean variance of component gradients along the iterates, given or measured",
    _GRADIENT,
    name="sigma^2",
    latex=r"\sigma^2",
)
zeta_squared = _upper(
    "zeta_squared",
    "bound on the mean variance of client gradients along the iterates, given or measured",
    _GRADIENT,
    name="zeta^2",
    latex=r"\zeta^2",
)

bias_squared = _upper(
    "bias_squared",
    "most that the squared errors of the directional derivatives of a step sum to",
    _GRADIENT,
    name="b^2",
    latex=r"b^2",
)

norm_share = _lower(
    "norm_share", "share of a norm of the gradient that a steepest step sees on average, at least", "1", name="c"
)
span = _upper("span", "squared length of a steepest step of size 1, at most", "1", name="R")

nu = _lower("nu", "gain of a step W - M G: smallest eigenvalue of E[2M - MQM]", _STEP)
longest_step = _upper(
    "longest_step",
    "largest eigenvalue of M Q over all draws of a step W - M G: below 2 none goes uphill",
    "1",
    name="max lambda(M Q)",
    latex=r"\max \lambda(M Q)",
)


_CALLED = defaultdict[str, set[str]](set)
for _symbol in [*globals().values()]:
    if isinstance(_symbol, Symbol) and _symbol.constant:
        _CALLED[_symbol.constant].add(_symbol.name)
_LETTERS = "letters."  # of a method
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*'*")
_PRINTED = frozenset({"max", "sqrt", "sum", "if", "else"})
"""What is printed between names, and so is the name of nothing."""


def is_word(name: str) -> bool:
    """Return whether a name is read as one: ``rho`` or ``q_1``, not ``1/2``, ``0`` or ``max``."""
    return _WORD.fullmatch(name) is not None and name not in _PRINTED


def read(expression: Expression, c: Constants, **more: Any) -> Any:
    """Return the number of an expression for the constants of a case; ``more`` has what is no constant, such as T.

    Examples
    --------
    >>> from rac_theory import Constants
    >>> from rac_theory.statements.symbols import gamma, mu, read
    >>> float(read(1 - gamma * mu, Constants(gamma=0.5, mu=0.25)))
    0.875
    """
    values = {symbol.name: getattr(c, symbol.constant) for symbol in constants_in(expression)}
    return number(expression, values | more)


def constants_in(*expressions: Expression | Relation) -> tuple[Symbol, ...]:
    """Return the symbols of constants in expressions.

    Raises
    ------
    ValueError
        If two share a name, as ``L`` and ``L_max``, or one is written in another way than here: as ``0``, or as
        another constant.
    """
    constants = tuple(symbol for symbol in symbols_of(*expressions) if symbol.constant)
    for i, symbol in enumerate(constants):
        names = _CALLED.get(symbol.constant, set())
        if is_letter := symbol.constant.startswith(_LETTERS):
            names = names | {symbol.constant.removeprefix(_LETTERS)}
        else:
            one_of("constant", symbol.constant, _CALLED)
        if symbol.name not in names:
            called = " or ".join(sorted(names))
            raise ValueError(f"{symbol.name} stands for {symbol.constant}: it must be called {called}")
        if is_letter and not is_word(symbol.name):
            raise ValueError(f"the name of a letter must be a word, such as rho or q_1, got {symbol.name}")
        for earlier in constants[:i]:
            if symbol.name == earlier.name and symbol.constant != earlier.constant:
                meanings = f"{earlier.constant} and for {symbol.constant}"
                raise ValueError(f"{symbol.name} stands for {meanings}: they need two names")
    return constants
