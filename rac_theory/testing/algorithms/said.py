"""Whether draws bear out what an algorithm says of itself: ``constants(problem)`` and ``second_moments(problem)``."""

import math
from itertools import islice
from statistics import NormalDist
from typing import Any

import numpy as np

from rac_theory.algorithms import Algorithm, Implementation
from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.claimed import called
from rac_theory.testing.probe import Probe
from rac_theory.testing.refuted import Refuted

_STEPS, _PLACES = 5, 3
_ROUNDING = 1e-9  # relative
_NUMBERS = 1 << 22  # in a block of runs


def check_said(algorithm: Algorithm, problem: Problem, draws: int, alpha: float, seed: int) -> None:
    """Raise ``Refuted`` if a mean over draws contradicts what is said; nothing is asked of what says nothing.

    Means are compared by the normal law, so that alpha, for all that is said together, is approximate.
    """
    own: Any = algorithm.own if isinstance(algorithm, Implementation) else algorithm
    bounds = dict(own.constants(problem)) if hasattr(own, "constants") else {}
    moments: Any = own.second_moments(problem) if hasattr(own, "second_moments") else None
    sides = [(name, sign) for name, sign in (("lambda_min", -1), ("lambda_max", 1)) if name in bounds]
    if not sides and moments is None:
        return
    near = Probe(problem, seed).lowest
    runs = min(draws, max(_NUMBERS // near.size, 64))
    errors = NormalDist().inv_cdf(1 - alpha / (2 * _PLACES * (len(sides) + 2 * _STEPS)))
    for place in range(_PLACES):
        W = near + 10.0 ** (1 - place) * np.random.default_rng([seed, 30, place]).standard_normal(near.shape)
        rng = np.random.default_rng([seed, 31, place])
        steps = algorithm.iterates(problem, np.repeat(W[None], runs, axis=0), rng)
        blocks = [np.array(block) for block in islice(steps, _STEPS if moments else 1)]
        G = np.asarray(problem.gradient(W))
        share = ((W - blocks[0]) * G).sum(axis=(1, 2)) / max(algorithm.gamma * float(np.square(G).sum()), 1e-300)
        for name, sign in sides:
            told = f"{called(algorithm)}.constants", f"{name}, a bound of E<G, W - W+> / (gamma ||G||^2),"
            _compare(*told, share, float(bounds[name]), errors, (sign,))
        state = moments.start(W) if moments else None
        for t, block in enumerate(blocks[: _STEPS * bool(moments)], 1):
            state = moments.step(state)
            gap, square, _ = moments.readout(state)
            pairs = (problem.value(block) - problem.f_star, gap), (squared_norms(problem.gradient(block)), square)
            for what, (seen, mean) in zip(("E f - f*", "E||grad f||^2"), pairs, strict=True):
                _compare(f"{called(algorithm)}.second_moments", f"{what} at t = {t}", seen, mean, errors, (-1, 1))


def _compare(name: str, what: str, seen: Array, said: float, errors: float, signs: tuple[int, ...]) -> None:
    """Raise ``Refuted`` if a mean is on the wrong side of a number by so many standard errors; nan never is."""
    mean, error = float(seen.mean()), float(seen.std()) / math.sqrt(len(seen))
    small = _ROUNDING * (abs(mean) + abs(said))
    if any(sign * (mean - said) > errors * error + small for sign in signs):
        raise Refuted(
            f"{name} must say what draws do: {what} is {said:.6g}, where {len(seen)} draws come to {mean:.6g}"
        )
