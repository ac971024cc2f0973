"""Methods that tests share: those of the theory pages, and some that nobody proposed."""

from fractions import Fraction
from functools import partial

import numpy as np

from rac_theory.algorithms import H, Method, gradient, letter, state
from rac_theory.statements.symbols import gamma, lambda_min, s

W, M, Z = state("W", "M", "Z")
X, D = state("X", "D")
alpha, beta = letter("alpha"), letter("beta")

_m = beta * M + H(gradient(W))
HEAVY_BALL = Method({W: W - gamma * _m, M: _m}, start={M: 0})

_Y = (W + alpha * Z) / (1 + alpha)
_P = H(gradient(_Y))
ACCELERATED = Method(
    {W: _Y - gamma * _P, Z: (1 - alpha) * Z + alpha * _Y - alpha / (s * lambda_min) * _P}, start={Z: W}
)

_v = D + gamma * gradient(X)
FEEDBACK = Method({X: X - H(_v), D: _v - H(_v)}, start={D: 0}, report=X - D)

_full = H(beta * M + gradient(W))
FULL_MOMENTUM = Method({W: W - gamma * _full, M: beta * M + gradient(W)}, start={M: 0})

_kept = H(beta * M + gradient(W))
PROJECTED_MOMENTUM = Method({W: W - gamma * _kept, M: _kept}, start={M: 0})

_ahead = W + beta * (W - Z)  # Z is the iterate before
NESTEROV = Method({W: _ahead - gamma * H(gradient(_ahead)), Z: W}, start={Z: W})

EF21 = Method({W: W - gamma * M, M: M + H(gradient(W - gamma * M) - M)}, start={M: 0})

DECAY = Method({W: (1 - alpha) * W - gamma * H(gradient(W))})
DECAY_INSIDE = Method({W: W - gamma * H(gradient(W) + alpha * W)})

_next = W - gamma * H(gradient(W))
AVERAGED = Method({W: _next, Z: (1 - alpha) * Z + alpha * _next}, start={Z: W}, report=Z)

EXTRAGRADIENT = Method({W: W - gamma * H(gradient(W - alpha * gradient(W)))})

_change = gradient(W) - gradient(Z)  # both with one draw of data
RECURSIVE = Method({W: W - gamma * M, Z: W, M: (1 - beta) * gradient(W) + beta * (M + H(_change))}, start={Z: W, M: 0})

LONGER = Method({W: W - 2 * gamma * H(gradient(W))})

METHODS = {
    "heavy ball": HEAVY_BALL,
    "accelerated": ACCELERATED,
    "feedback": FEEDBACK,
    "full momentum": FULL_MOMENTUM,
    "projected momentum": PROJECTED_MOMENTUM,
    "nesterov": NESTEROV,
    "ef21": EF21,
    "decay": DECAY,
    "decay inside": DECAY_INSIDE,
    "averaged": AVERAGED,
    "extragradient": EXTRAGRADIENT,
    "recursive": RECURSIVE,
    "longer": LONGER,
}


STEPS = {
    "heavy ball": lambda s, grad, H, g, a, b: (s[0] - g * (m := b * s[1] + H(grad(s[0]))), m),
    "accelerated": lambda s, grad, H, g, a, b: (
        (y := (s[0] + a * s[1]) / (1 + a)) - g * (p := H(grad(y))),
        (1 - a) * s[1] + a * y - a * p * 2,
    ),
    "feedback": lambda s, grad, H, g, a, b: (s[0] - (p := H(v := s[1] + g * grad(s[0]))), v - p),
    "full momentum": lambda s, grad, H, g, a, b: (s[0] - g * H(m := b * s[1] + grad(s[0])), m),
    "projected momentum": lambda s, grad, H, g, a, b: (s[0] - g * (m := H(b * s[1] + grad(s[0]))), m),
    "nesterov": lambda s, grad, H, g, a, b: ((y := s[0] + b * (s[0] - s[1])) - g * H(grad(y)), s[0]),
    "ef21": lambda s, grad, H, g, a, b: (x := s[0] - g * s[1], s[1] + H(grad(x) - s[1])),
    "decay": lambda s, grad, H, g, a, b: ((1 - a) * s[0] - g * H(grad(s[0])),),
    "decay inside": lambda s, grad, H, g, a, b: (s[0] - g * H(grad(s[0]) + a * s[0]),),
    "averaged": lambda s, grad, H, g, a, b: (x := s[0] - g * H(grad(s[0])), (1 - a) * s[1] + a * x),
    "extragradient": lambda s, grad, H, g, a, b: (s[0] - g * H(grad(s[0] - a * grad(s[0]))),),
    "recursive": lambda s, grad, H, g, a, b: (
        s[0] - g * s[2],
        s[0],
        (1 - b) * grad(s[0]) + b * (s[2] + H(grad(s[0]) - grad(s[1]))),
    ),
    "longer": lambda s, grad, H, g, a, b: (s[0] - 2 * g * H(grad(s[0])),),
}
"""The same methods as functions of states, gradient and H, for gamma, alpha and beta; ``s lambda_min`` is 1/2."""

STARTS = {"accelerated": (1, 1), "nesterov": (1, 1), "averaged": (1, 1), "recursive": (1, 1, 0)}
REPORTS = {"feedback": lambda s: s[0] - s[1], "averaged": lambda s: s[1]}
LETTERS = {"gamma": 0.25, "alpha": 0.5, "beta": 0.75, "s": 1.0, "lambda_min": 0.5}


DRAWN = {}
"""Methods that nobody wrote: two states, gradients at two points, and all coefficients drawn, in sixteenths."""


def _drawn(seed):
    """A method and the same as a function; its start, and its report, which starts at W0."""
    stream = np.random.default_rng(seed)
    points, of, lines, shares = (
        np.vectorize(Fraction)(stream.integers(-7, 8, shape), 16) for shape in ((2, 2), 4, (2, 5), 2)
    )
    begins = (Fraction(1), shares[0])
    report = (1 - shares[1] * shares[0], shares[1])

    def total(values, parts):
        return sum((value * part for value, part in zip(values[1:], parts[1:], strict=True)), values[0] * parts[0])

    def step(states, grad, H, *letters):
        parts = [*states, *(grad(total(at, states)) for at in points)]
        return tuple(total(line, [*parts, H(total(of, parts))]) for line in lines)

    kept = state("A", "B")
    after = step(kept, gradient, H)
    start = {one: begin * kept[0] for one, begin in zip(kept[1:], begins[1:], strict=True)}
    DRAWN[name := f"drawn {seed}"] = Method(
        dict(zip(kept, after, strict=True)), start=start, report=total(report, kept)
    )
    STEPS[name], STARTS[name], REPORTS[name] = step, begins, partial(total, report)


for _seed in (51, 52, 53):
    _drawn(_seed)


def called(name, sketch, numbers=LETTERS, **others):
    """The algorithm with the letters above, or other numbers for them."""
    method = (METHODS | DRAWN)[name]
    return method(sketch, **{letter: numbers[letter] for letter in method.letters}, **others)
