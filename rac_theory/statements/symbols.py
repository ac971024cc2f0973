"""The symbols that theorems are written in: what each stands for, in which unit, and to which side it is rounded."""

from dataclasses import fields
from typing import Any

from rac_theory.algebra import Expression, Relation, Symbol, number, symbols_of
from rac_theory.base.checks import one_of
from rac_theory.cases import Constants

_NUMBERS = [constant.name for constant in fields(Constants) if constant.type in (float, int)]
_CURVATURE, _STEP, _GRADIENT = "[f]/[W]^2", "[W]^2/[f]", "[f]^2/[W]^2"

T = Symbol("T", meaning="number of outer steps", unit="count")
t = Symbol("t", meaning="an outer step", unit="count")
j = Symbol("j", meaning="any number of outer steps", unit="count")

gamma = Symbol("gamma", constant="gamma", meaning="size of one gradient step", unit=_STEP)
eta = Symbol("eta", constant="gamma", meaning="size of one gradient step of several under one sketch", unit=_STEP)
N = Symbol("N", constant="inner_steps", meaning="components of f, and steps of an epoch", unit="count")
K = Symbol("K", constant="inner_steps", meaning="local steps of a client in a round", unit="count")

t_0 = Symbol(
    "t_0",
    "t_0",
    constant="offset",
    meaning="offset of steps that decrease: gamma_t = gamma (t_0/(t + t_0))^p",
    unit="steps",
)

L = Symbol("L", constant="L", meaning="Lipschitz constant of the gradient of f", unit=_CURVATURE, side="up")
L_max = Symbol(
    "L",
    constant="L_max",
    meaning="Lipschitz constant of the gradient of every component or client",
    unit=_CURVATURE,
    side="up",
)
L_H = Symbol(
    "L_H",
    constant="L_H",
    meaning="smoothness of f along the sketch: E[H Q H] <= L_H E[H]",
    unit=_CURVATURE,
    side="up",
)
ell = Symbol(
    "ell",
    r"\ell",
    constant="ell",
    meaning="what it costs that k blocks take turns: the smaller of sqrt(k - 1) and log2(k), the latter rounded up",
    unit="1",
    side="up",
)
mu = Symbol("mu", constant="mu", meaning="Polyak-Lojasiewicz constant of f", unit=_CURVATURE, side="down")
s = Symbol("s", constant="strong_convexity", meaning="modulus of strong convexity of f", unit=_CURVATURE, side="down")

lambda_min = Symbol(
    "lambda_min",
    constant="lambda_min",
    meaning="smallest eigenvalue of E[H], 0 if some direction is never updated",
    unit="in [0, 1]",
    side="down",
)
lambda_max = Symbol(
    "lambda_max", constant="lambda_max", meaning="largest eigenvalue of E[H]", unit="in [0, 1]", side="up"
)

delta = Symbol(
    "delta",
    r"\delta",
    constant="kept",
    meaning="share of a squared gradient that is left in its leading subspace at least, r / min(m, n)",
    unit="in [0, 1]",
    side="down",
)

momentum = Symbol(
    "b",
    constant="letters.b",
    meaning="momentum: by what it is multiplied before the next gradient is added",
    unit="in [0, 1)",
)

alpha = Symbol(
    "alpha", r"\alpha", constant="letters.alpha", meaning="weight of the point ahead, in an accelerated step", unit="1"
)
s_0 = Symbol(
    "s_0", constant="letters.s", meaning="modulus of strong convexity that an accelerated step is told", unit=_CURVATURE
)
lambda_0 = Symbol(
    "lambda_0",
    r"\lambda_0",
    constant="letters.lambda_min",
    meaning="lower bound of E[H] that an accelerated step is told",
    unit="in (0, 1]",
)

young = Symbol(
    "y", constant="letters.y", meaning="parameter of Young's inequality: each number gives a bound of its own", unit="1"
)
share_of_memory = Symbol(
    "z",
    constant="letters.z",
    meaning="share of what is kept in a potential: each number gives a bound of its own",
    unit="1",
)

least_weight = Symbol(
    "a",
    constant="letters.a",
    meaning="least of the weights by which directions of a step are multiplied",
    unit="1",
)
largest_weight = Symbol("A", constant="letters.A", meaning="largest of these weights", unit="1")

gap0 = Symbol(
    "f(W^0) - f*",
    r"f(W^0) - f^\star",
    constant="gap0",
    meaning="gap at the start, from a certified infimum",
    unit="[f]",
    side="up",
    is_sum=True,
)
gap0_upper = Symbol(
    "f(W^0) - f*",
    r"f(W^0) - f^\star",
    constant="gap0_upper",
    meaning="most that f can fall, from any proved lower bound",
    unit="[f]",
    side="up",
    is_sum=True,
)
distance0 = Symbol(
    "||W^0 - W*||",
    r"\Vert W^0 - W^\star \Vert",
    constant="distance0",
    meaning="distance of the start from a minimiser",
    unit="[W]",
    side="up",
)

A = Symbol("A", constant="A", meaning="how fast noise grows with the gap", unit=_CURVATURE, side="up")
beta = Symbol("beta", constant="beta", meaning="how fast noise grows with the gradient", unit="1", side="up")
C = Symbol("C", constant="C", meaning="noise at a minimiser", unit=_GRADIENT, side="up")
D = Symbol("D", constant="D", meaning="how far gradients of components or clients differ", unit=_GRADIENT, side="up")
D_in = Symbol(
    "D_in",
    r"D_{\mathrm{in}}",
    constant="D_in",
    meaning="how far gradients of the components of each client differ, 0 for full gradient steps",
    unit=_GRADIENT,
    side="up",
)
omega = Symbol(
    "omega",
    r"\omega",
    constant="omega",
    meaning="what sampling clients adds to a squared mean, over the mean square; 0 if all take part",
    unit="1",
    side="up",
)
sigma_squared = Symbol(
    "sigma^2",
    r"\sigma^2",
    constant="sigma_squared",
    meaning="bound on the mean variance of component gradients along the iterates, given or measured",
    unit=_GRADIENT,
    side="up",
)
zeta_squared = Symbol(
    "zeta^2",
    r"\zeta^2",
    constant="zeta_squared",
    meaning="bound on the mean variance of client gradients along the iterates, given or measured",
    unit=_GRADIENT,
    side="up",
)

bias_squared = Symbol(
    "b^2",
    r"b^2",
    constant="bias_squared",
    meaning="most that the squared errors of the directional derivatives of a step sum to",
    unit=_GRADIENT,
    side="up",
)

seen = Symbol(
    "c",
    constant="seen",
    meaning="share of a norm of the gradient that a steepest step sees on average, at least",
    unit="1",
    side="down",
)
span = Symbol("R", constant="span", meaning="squared length of a steepest step of size 1, at most", unit="1", side="up")

nu = Symbol(
    "nu",
    constant="nu",
    meaning="gain of a step W - M G: smallest eigenvalue of E[2M - MQM]",
    unit=_STEP,
    side="down",
)
longest_step = Symbol(
    "max lambda(M Q)",
    r"\max \lambda(M Q)",
    constant="longest_step",
    meaning="largest eigenvalue of M Q over all draws of a step W - M G: below 2 none goes uphill",
    unit="1",
    side="up",
)


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
        If two share a name, as ``L`` and ``L_max``, or one stands for what is no number of ``Constants``.
    """
    constants = tuple(symbol for symbol in symbols_of(*expressions) if symbol.constant)
    for i, symbol in enumerate(constants):
        if not symbol.constant.startswith("letters."):  # those of a method have no other names
            one_of("constant", symbol.constant, _NUMBERS)
        for earlier in constants[:i]:
            if symbol.name == earlier.name and symbol.constant != earlier.constant:
                meanings = f"{earlier.constant} and for {symbol.constant}"
                raise ValueError(f"{symbol.name} stands for {meanings}: they need two names")
    return constants
