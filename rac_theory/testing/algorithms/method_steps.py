r"""Whether an implementation is the method that it claims to be: state by state along its steps, and in law.

The states before a step are known, and so are z and the argument v of H, where gradients are not random: the next ones
are :math:`z + b P` with P = Hv. What the step did shows P, and P is H v for some projection H exactly if
:math:`P^\top (v - P) = 0`; its rank is at most that of H. So the next states are known, those that nobody shows too. A
state that is not kept, kept too long, or multiplied by another number makes P no projection of v.
"""

import copy
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from rac_theory.algorithms import Implementation, LayeredRACLoRA, MethodDescent, Program, RACLoRA
from rac_theory.algorithms.gradients import Exact
from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.along_a_course import SCALES, takes_problem
from rac_theory.testing.algorithms.beside import Beside
from rac_theory.testing.algorithms.law import Compared
from rac_theory.testing.algorithms.pairs import check_pairs
from rac_theory.testing.algorithms.recomputed import rounding
from rac_theory.testing.algorithms.tape import slowed
from rac_theory.testing.probe import Probe
from rac_theory.testing.refuted import Refuted

_STEPS, _RUNS, _LAW = 72, 24, (1, 2, 3)
_SLOWER = 1 / 16
_TOLERANCE, _FAR = 1e-6, 1e100
_NUMBERS = 1 << 22  # in a block of runs
_PLACES = (10.0, 1.0, 1e-2)  # far from the minimum, at moderate distance, and near it
_RULE = "must be, at its first steps and in law, the method that it claims to be"


def check_method(algorithm: Implementation, problem: Problem, draws: int, alpha: float, seed: int) -> Compared:
    """Raise ``Refuted`` if the steps are not those of the method; a right one fails with probability alpha at most."""
    declared = algorithm.implements
    assert isinstance(declared, MethodDescent)
    near = Probe(problem, seed).lowest
    spread = np.resize(SCALES, _RUNS)[:, None, None]
    W = near + spread * np.random.default_rng([seed, 40]).standard_normal((_RUNS, *near.shape))
    takes = algorithm.takes_problem and takes_problem(algorithm, problem, W[:2], seed)
    problems = (problem, slowed(problem, _SLOWER)) if takes else (problem,)
    each_step = all(_check_steps(algorithm, declared, given, W, [seed, 41 + i]) for i, given in enumerate(problems))
    pairs = 0
    if not declared.deterministic:
        pairs = max(min(4 * draws, _NUMBERS // near.size), 512) // 8 * 8
        for i, scale in enumerate(_PLACES):
            start = near + scale * np.random.default_rng([seed, 45, i]).standard_normal(near.shape)
            _check_law(algorithm, declared, problem, np.repeat(start[None], pairs, axis=0), alpha, [seed, 46, i])
    return Compared(pairs, each_step)


def _check_law(
    algorithm: Implementation, declared: MethodDescent, problem: Problem, W: Array, alpha: float, seed: list[int]
) -> None:
    """What is reported after few steps, beside as many runs of the method."""
    own = algorithm.iterates(problem, W.copy(), np.random.default_rng(seed))
    other = declared.iterates(problem, W.copy(), np.random.default_rng([*seed, 1]))
    level, G = math.log(len(_LAW) * len(_PLACES) / alpha), np.asarray(problem.gradient(W[0]))
    for _ in _LAW:
        after, reference = np.array(next(own)), np.array(next(other))
        pair = Beside(W[None], (W - after)[None], (W - reference)[None], rounding(W, after)[None])
        check_pairs(algorithm.called, pair, G, level, _RULE)


class _Seen(NamedTuple):
    """What is reported after a step, and what the objects that step show of their states, by name."""

    reported: Array
    states: Mapping[str, Array]


def _walk(algorithm: Implementation, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[_Seen]:
    """Yield what is seen of an implementation."""
    if algorithm.takes_problem:
        yield from (_Seen(np.array(block), {}) for block in algorithm.iterates(problem, W.copy(), rng))
    owns = [copy.deepcopy(algorithm.own) for _ in W]
    rngs = [np.random.default_rng(int(each)) for each in rng.integers(2**63, size=len(W))]
    while True:
        stepped = zip(owns, W, rngs, strict=True)
        W = np.stack([np.asarray(getattr(own, "step", own)(V.copy(), stream)) for own, V, stream in stepped])
        shown: list[Any] = [getattr(own, "state", {}) for own in owns]
        yield _Seen(W, {name: np.stack([np.array(each[name]) for each in shown]) for name in shown[0]})


def _check_steps(
    algorithm: Implementation, declared: MethodDescent, problem: Problem, W: Array, seed: list[int]
) -> bool:
    """Follow the states from what is seen; return whether that is possible."""
    program, names = declared.program, declared.method.names
    kick = np.array(program.kick)
    watched, lag = _watched(program, kick)
    walk = _walk(algorithm, problem, W, np.random.default_rng(seed))
    seen = [next(walk) for _ in range(_STEPS + lag)]
    shown = next((i for i, name in enumerate(names) if name in seen[0].states and kick[i]), None)
    if type(declared.gradients) is not Exact or (shown is None and not watched @ kick):
        return False
    states = [begin * W for begin in program.start]
    for t in range(_STEPS):
        registers, before, of = program.before(states, problem.gradient)
        if shown is not None:
            left = (seen[t].states[names[shown]] - before[shown]) / kick[shown]
        else:
            left = (seen[t + lag].reported - sum(w * z for w, z in zip(watched, before, strict=True))) / (
                watched @ kick
            )
        size = sum(np.sqrt(squared_norms(each)) for each in (*registers, of))
        fine = np.isfinite(left).all(axis=(1, 2)) & np.isfinite(of).all(axis=(1, 2)) & (size < _FAR)
        small = 1e3 * rounding(seen[t].reported, W) + 1e-11 * size
        _check_left(algorithm, declared, left, of, small, fine, t, W)
        states = [z + b * left for z, b in zip(before, kick, strict=True)]
        claimed = {"what is reported": program.total(program.report, states), **dict(zip(names, states, strict=True))}
        for name, matrix in {"what is reported": seen[t].reported, **seen[t].states}.items():
            off = np.sqrt(squared_norms(matrix - claimed[name])) if name in claimed else np.zeros(len(W))
            if (off > small + _TOLERANCE * size)[fine].any():
                raise Refuted(
                    f"{algorithm.called} must be the method that it claims to be, state and all: {name} is another "
                    f"after step {t + 1}, by {float(off[fine].max()):.3g}"
                )
    return True


def _check_left(
    algorithm: Implementation, declared: MethodDescent, P: Array, of: Array, small: Array, fine: Any, t: int, W: Array
) -> None:
    """Raise ``Refuted`` unless P is what a projection of the declared rank leaves of the argument of H."""
    for own, left, whole in _parts(declared, P, of):
        size = np.sqrt(squared_norms(whole))
        if own.sketch is None:
            wrong = np.sqrt(squared_norms(left - whole)) > small + _TOLERANCE * size
        else:
            across = np.sqrt(squared_norms(np.swapaxes(left, 1, 2) @ (whole - left)))
            values = np.linalg.svd(np.where(fine[:, None, None], left, 0.0), compute_uv=False)
            beyond = values[:, own.sketch.rank :].max(axis=1, initial=0.0)
            wrong = (across > (small + _TOLERANCE * size) * size) | (beyond > small + _TOLERANCE * size)
        if (wrong & fine).any():
            run = int(np.argmax(wrong & fine))
            raise Refuted(
                f"{algorithm.called} must be the method that it claims to be, state and all: in step {t + 1} it moves "
                "by no projection of what H is applied to; is a state reset, kept, or multiplied by another number?",
                W=W[run],
            )


def _parts(declared: MethodDescent, P: Array, of: Array) -> Iterator[tuple[RACLoRA, Array, Array]]:
    """Each layer, with its parts as its sketch sees them, from the left."""
    projector = declared.projector
    if isinstance(projector, LayeredRACLoRA):
        every: Any = zip(projector.of_layers, projector.layers.views(P), projector.layers.views(of), strict=True)
    else:
        every = [(projector, P, of)]
    for own, left, whole in every:
        turned = own.side == "right"
        yield own, np.swapaxes(left, 1, 2) if turned else left, np.swapaxes(whole, 1, 2) if turned else whole


def _watched(program: Program, kick: Array) -> tuple[Array, int]:
    """Which combination of the next states is reported, now or some steps later, that H has moved; and when."""
    k, rows = len(program.lines), [dict(row) for row in program.lines]
    gradients = range(k, k + len(program.points))
    watched = np.array([dict(program.report).get(i, 0.0) for i in range(k)])
    for lag in range(k):
        if watched @ kick or any(j in gradients for i in range(k) if watched[i] for j in rows[i]):
            return watched, lag
        watched = np.array([sum(watched[i] * rows[i].get(j, 0.0) for i in range(k)) for j in range(k)])
    return watched, k
