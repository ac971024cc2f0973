"""Whether an implementation of GaLore or of a Method makes its steps, one by one, and has its law."""

import copy
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from rac_theory.algorithms import GaLore, Implementation, LayeredRACLoRA, MethodDescent, Program, RACLoRA
from rac_theory.algorithms.gradients import Exact, Local
from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.course import STEPS, also_slowed, follow, spread
from rac_theory.testing.algorithms.exchange import check_pairs
from rac_theory.testing.algorithms.law import PLACES, Compared
from rac_theory.testing.algorithms.paired_steps import PairedSteps
from rac_theory.testing.algorithms.recomputed import rounding
from rac_theory.testing.failures import Refuted
from rac_theory.testing.probe import Probe

_RUNS, _LAW = 24, (1, 2, 3)
_TOLERANCE, _FAR = 1e-6, 1e100  # of what is projected; of GaLore times by how much an error of the gradient turns it
_NUMBERS = 1 << 22  # in a block of runs
_RULE = "must be, at its first steps and in law, the method that it claims to be"
_TURNED = 1e4  # beyond that nothing is said: singular values are equal, and any of their vectors will do
_LASTING = 8  # moves that are looked at for one subspace
_SAME = 1e-4  # relative: what fits so well is no accident


def check_method(algorithm: Implementation, probe: Probe, draws: int, alpha: float) -> Compared:
    """Raise ``Refuted`` if the steps are not those of the method; a right one fails with probability alpha at most."""
    declared = algorithm.implements
    assert isinstance(declared, MethodDescent)
    problem, seed, near = probe.problem, probe.seed, probe.lowest
    W = spread(near, _RUNS, [seed, 40])
    runs = enumerate(also_slowed(algorithm, problem, W[:2], seed))
    each_step = all(_check_steps(algorithm, declared, run, W, [seed, 41 + index]) for index, run in runs)
    pairs = 0
    if not declared.deterministic:
        pairs = max(min(4 * draws, _NUMBERS // near.size), 512) // 8 * 8
        for i, scale in enumerate(PLACES):
            start = near + scale * np.random.default_rng([seed, 45, i]).standard_normal(near.shape)
            _check_law(algorithm, declared, problem, np.repeat(start[None], pairs, axis=0), alpha, [seed, 46, i])
    return Compared(pairs, each_step)


def _check_law(
    algorithm: Implementation, declared: MethodDescent, problem: Problem, W: Array, alpha: float, seed: list[int]
) -> None:
    """Compare what is reported after a few steps with as many runs of the method."""
    iterates = algorithm.iterates(problem, W.copy(), np.random.default_rng(seed))
    fresh = declared.iterates(problem, W.copy(), np.random.default_rng([*seed, 1]))
    level, G = math.log(len(_LAW) * len(PLACES) / alpha), np.asarray(problem.gradient(W[0]))
    for _ in _LAW:
        after, reference = np.array(next(iterates)), np.array(next(fresh))
        pair = PairedSteps(W[None], (W - after)[None], (W - reference)[None], rounding(W, after)[None])
        check_pairs(algorithm.called, pair, G, level, _RULE)


class _Report(NamedTuple):
    """What is reported after a step, and the states that are shown, by name."""

    reported: Array
    states: Mapping[str, Array]


def _walk(algorithm: Implementation, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[_Report]:
    """Yield what an implementation reports after each step, and the states that it shows."""
    if algorithm.takes_problem:
        yield from (_Report(np.array(block), {}) for block in algorithm.iterates(problem, W.copy(), rng))
    users = [copy.deepcopy(algorithm.stepper) for _ in W]
    rngs = [np.random.default_rng(int(seed)) for seed in rng.integers(2**63, size=len(W))]
    while True:
        stepped = zip(users, W, rngs, strict=True)
        W = np.stack([np.asarray(getattr(user, "step", user)(V.copy(), stream)) for user, V, stream in stepped])
        states: list[Any] = [getattr(user, "state", {}) for user in users]
        yield _Report(W, {name: np.stack([np.array(state[name]) for state in states]) for name in states[0]})


def _check_steps(
    algorithm: Implementation, declared: MethodDescent, problem: Problem, W: Array, seed: list[int]
) -> bool:
    """Compute the states of the method from what is reported, and compare; return whether that determines them."""
    program, names = declared.program, declared.method.names
    kick = np.array(program.kick)
    watched, lag = _watched(program, kick)
    walk = _walk(algorithm, problem, W, np.random.default_rng(seed))
    reports = [next(walk) for _ in range(STEPS + lag)]
    visible = next((i for i, name in enumerate(names) if name in reports[0].states and kick[i]), None)
    if type(declared.gradients) is not Exact or (visible is None and not watched @ kick):
        return False
    states = [begin * W for begin in program.start]
    shown = kick[visible] if visible is not None else watched @ kick
    for t in range(STEPS):
        registers, before, of = program.before(states, problem.gradient)
        if visible is not None:
            left = (reports[t].states[names[visible]] - before[visible]) / shown
        else:
            known_part = sum(w * z for w, z in zip(watched, before, strict=True))
            left = (reports[t + lag].reported - known_part) / shown
        size = sum(np.sqrt(squared_norms(register)) for register in (*registers, of))
        fine = size < _FAR
        if not np.isfinite(left[fine]).all():
            raise Refuted(f"{algorithm.called} must stay finite where the method does: after step {t + 1} it is not")
        error = rounding(reports[t].reported, W)
        small = 1e3 * error + 1e-11 * size
        _check_left(algorithm, declared, left, of, small + 0.1 * error / abs(shown), fine, t, W)
        states = [z + b * left for z, b in zip(before, kick, strict=True)]
        claimed = {"what is reported": program.total(program.report, states), **dict(zip(names, states, strict=True))}
        for name, matrix in {"what is reported": reports[t].reported, **reports[t].states}.items():
            off = np.sqrt(squared_norms(matrix - claimed[name])) if name in claimed else np.zeros(len(W))
            if not (off <= small + _TOLERANCE * size)[fine].all():
                raise Refuted(
                    f"{algorithm.called} must be the method that it claims to be, state and all: {name} is another "
                    f"after step {t + 1}, by {float(off[fine].max()):.3g}"
                )
    return True


def _check_left(
    algorithm: Implementation, declared: MethodDescent, P: Array, of: Array, small: Array, fine: Any, t: int, W: Array
) -> None:
    """Raise ``Refuted`` unless P is what a projection of the declared rank leaves of the argument of H."""
    for layer, left, argument in _parts(declared, P, of):
        size = np.sqrt(squared_norms(argument))
        if layer.sketch is None:
            wrong = np.sqrt(squared_norms(left - argument)) > small + _TOLERANCE * size
        else:
            across = np.sqrt(squared_norms(np.swapaxes(left, 1, 2) @ (argument - left)))
            values = np.linalg.svd(np.where(fine[:, None, None], left, 0.0), compute_uv=False)
            beyond = values[:, layer.sketch.rank :].max(axis=1, initial=0.0)
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
        layers: Any = zip(projector.of_layers, projector.layers.views(P), projector.layers.views(of), strict=True)
    else:
        layers = [(projector, P, of)]
    for layer, left, argument in layers:
        turned = layer.side == "right"
        yield layer, np.swapaxes(left, 1, 2) if turned else left, np.swapaxes(argument, 1, 2) if turned else argument


def _watched(program: Program, kick: Array) -> tuple[Array, int]:
    """The combination of the next states that is reported once H has moved it, and how many steps later that is."""
    k, rows = len(program.lines), [dict(row) for row in program.lines]
    gradients = range(k, k + len(program.points))
    watched = np.array([dict(program.report).get(i, 0.0) for i in range(k)])
    for lag in range(k):
        if watched @ kick or any(j in gradients for i in range(k) if watched[i] for j in rows[i]):
            return watched, lag
        watched = np.array([sum(watched[i] * rows[i].get(j, 0.0) for i in range(k)) for j in range(k)])
    return watched, k


def check_subspaces(algorithm: Implementation, probe: Probe) -> Compared:
    """Raise ``Refuted`` if a step is another one than that of the declared GaLore, with the cause if it is found.

    Nothing is drawn, so nothing is left to chance. Each of 72 steps is compared with the declared one from where it
    began, on the problem and, if it takes it, on a multiple on which it is slower.
    """
    W = spread(probe.lowest, _RUNS, [probe.seed, 7])
    for run in also_slowed(algorithm, probe.problem, W[:2], probe.seed):
        _check_subspaces(algorithm, run, W, probe.seed)
    return Compared(0, each_step=True)


def _check_subspaces(algorithm: Implementation, problem: Problem, W: Array, seed: int) -> None:
    declared = algorithm.implements
    assert isinstance(declared, GaLore)
    course = follow(algorithm, problem, W, STEPS, [seed, 9])
    before, after = course.W[:-1], course.W[1:]
    rng = np.random.default_rng(0)
    fresh = np.stack([next(declared.iterates(problem, V, rng)) for V in before])
    G = np.stack([np.asarray(problem.gradient(V)) for V in before])
    D, R = before - after, before - fresh
    turns = _turns(G, declared.rank)
    gradients = declared.gradients.steps if isinstance(declared.gradients, Local) else 1
    length = declared.gamma * gradients * np.sqrt(squared_norms(G))
    with np.errstate(invalid="ignore"):
        off = np.sqrt(squared_norms(D - R))
        allowed = turns * (
            _TOLERANCE * length + np.stack([rounding(*pair) for pair in zip(before, after, strict=True)])
        )
        wrong = (turns < _TURNED) & np.isfinite(fresh).all(axis=(2, 3)) & ~(off <= allowed)
    if wrong.any():
        t, run = (int(i) for i in np.argwhere(wrong)[0])
        raise Refuted(
            f"{algorithm.called} must be {declared!r}, {_cause(D, R, G, declared)}: step {t + 1} is off by "
            f"{off[t, run] / max(length[t, run], 1e-300):.3g} of gamma ||g||",
            W=before[t, run],
            W_next=after[t, run],
        )


def _turns(G: Array, rank: int) -> Array:
    """By how much an error of a gradient turns its leading subspace: the largest singular value over the gap."""
    with np.errstate(all="ignore"):
        sizes = np.linalg.svd(np.where(np.isfinite(G), G, 0.0), compute_uv=False)
        after = sizes[..., rank] if rank < sizes.shape[-1] else np.zeros(sizes.shape[:-1])
        return np.nan_to_num(sizes[..., 0] / (sizes[..., rank - 1] - after), nan=np.inf, posinf=np.inf)


def _cause(D: Array, R: Array, G: Array, declared: GaLore) -> str:
    """What moves do in place of the declared ones, in words."""
    fine = (np.isfinite(D) & np.isfinite(R)).all(axis=(0, 2, 3))
    D, R, G = D[:, fine], R[:, fine], G[:, fine]
    if not D.size or not D.any():
        return "but it does not move" if D.size else "but its iterates are not finite"
    rank, wide = declared.rank, D.shape[2] <= D.shape[3]
    across, fresh = (M if wide else np.swapaxes(M, 2, 3) for M in (D, R))
    U = np.linalg.svd(across[0], full_matrices=False)[0][..., :rank]
    lasting = 1
    while lasting < min(len(D), _LASTING):
        beyond = (squared_norms(M - U @ (np.swapaxes(U, 1, 2) @ M)) for M in (across[lasting], fresh[lasting]))
        rest, fresh_rest = (float(part.max()) for part in beyond)
        if not rest <= _SAME**2 * float(squared_norms(across[lasting]).max()) < fresh_rest:
            break
        lasting += 1
    if lasting > 1:
        return f"but its subspace is not found anew: its first {lasting} moves lie in that of the first gradient"
    share = float(np.sum(D[0] * R[0]) / np.sum(R[0] ** 2))
    if squared_norms(D[0] - share * R[0]).max() <= _SAME**2 * squared_norms(D[0]).max():
        return (
            f"but its steps are {share:.4g} of those that are declared"
            if abs(share - 1) > _SAME
            else ("but its later steps are others: is there momentum, a schedule, or a subspace of an earlier step?")
        )
    values = np.linalg.svd(across[0], compute_uv=False)
    ranks = (values > _SAME * values[:, :1]).sum(axis=1)
    if (ranks != rank).any():
        return f"but its moves have rank {int(ranks[ranks != rank][0])}"
    return "but it moves elsewhere: are its singular vectors the leading ones, and of this gradient?"
