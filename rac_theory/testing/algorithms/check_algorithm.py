"""check_algorithm: whether an algorithm iterates as ``Algorithm`` promises, and steps as the theorems assume."""

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, pairwise
from statistics import NormalDist
from typing import Any, cast

import numpy as np

from rac_theory.algorithms import Algorithm, Checked, GaLore, Implementation, MethodDescent, ProjectedDescent
from rac_theory.base import being, squared_norms
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.cause import with_cause
from rac_theory.testing.algorithms.claimed import Claim, name_of
from rac_theory.testing.algorithms.course import STEPS, spread
from rac_theory.testing.algorithms.implementations import check_method, check_subspaces
from rac_theory.testing.algorithms.law import LEVELS, check_law
from rac_theory.testing.algorithms.recomputed import rounding
from rac_theory.testing.failures import Refuted
from rac_theory.testing.probe import Probe

_RUNS, _STEPS = 4, 5
_SEEN = 20  # how many roundings a step has of which 5% can be seen
_LONG = 70  # steps that stand for ever: more than are drawn ahead
_KEPT = 4  # arrays, W and the first blocks, that are looked at to the end: buffers may be used in turns
_MOMENT_STEPS, _PLACES = 5, 3
_MEAN_ROUNDING = 1e-9  # relative
_NUMBERS = 1 << 22  # in a block of runs


def check_algorithm(case: Case, *, draws: int = 16_384, alpha: float = 1e-6, rng: int = 0) -> Case:
    """Raise ``Refuted``, an ``AssertionError`` of one sentence, if the algorithm breaks a promise on this problem.

    Every algorithm: ``iterates`` yields new arrays of the right shape endlessly, writes to none that it was given or
    has yielded, draws from ``rng`` alone, treats runs alone, and is as ``deterministic`` as it says.

    A projected descent also, that is what inherits from ``ProjectedDescent`` or has all its members: its low-rank steps
    are orthogonal projections of what they are given, of the rank of the sketch, fresh each time, with the extreme
    eigenvalues that ``projection`` gives. If its gradient source makes one step, the gradients have the mean
    ``grad f``, the noise that ``noise(problem)`` declares, and tell nothing of the sketch. And the iterates that run
    make the steps of the class of this library that the algorithm, and its gradient source, inherit from:

    * each of 72 steps computed again is ``W - gamma H g``, with the components that the problem was asked for, and H
      read off from what was moved; for several gradients under one sketch, or clients, all of them;
    * the first step from each of three W has the law of that of the reference, its mean ``-gamma E[H] grad f`` above
      all;
    * each of 72 steps has that law given all steps before, so that a run that starts anew at W goes on as before.

    An ``Implementation`` is compared with what it implements in the same way, as far as its moves show: where the
    gradients are exact, each step is computed again from the space it moved in, else it is compared in law alone. What
    implements ``GaLore`` is compared with it step by step, as nothing is drawn. What implements a ``Method`` is
    compared with it state by state: from what was moved it is read off what H left, which must be a projection of the
    argument of H that the states before give.

    What an algorithm says of itself, lambda_min and lambda_max in ``constants(problem)``, ``second_moments(problem)``,
    is compared with draws, by the normal law: there alpha is approximate.

    Parameters
    ----------
    case : Case
        The algorithm on a problem on which it can run; a small one is enough. Its start and steps are not used.
    draws : int
        How many stochastic gradients are compared with each claim; four times as many first steps with those of the
        reference, where draws differ. Fewer if W is large, or a step takes many gradients. A stochastic gradient whose
        mean is off by delta at a total variance v is caught once ``draws`` exceeds about ``80 v / delta^2``. A mean
        step that is too long or too short by 5% is caught at least nine times in ten, and always where its gradient
        can be seen and its step is a projection.
    alpha : float
        Probability with which a correct algorithm fails, for each claim that is compared with draws.
    rng : int
        Seed of the check, so that it does the same each time.

    Returns
    -------
    Case
        The same; an implementation in it says that it was checked, on this problem and at which level, and theorems
        judge it from then on.

    Raises
    ------
    Refuted
        With the numbers that contradict the promise; of an implementation also with the cause, where it is found.
    ValueError
        For what is no case, and where steps of an implementation are so short that rounding would hide a fault.

    Notes
    -----
    A run and one of the reference are exchanged, and their difference is symmetric if they have one law: this needs no
    variance and no range. The mean of stochastic gradients is compared with ``grad f`` by bets, which need their
    variance. It is the one that ``noise(problem)`` declares, or more if other draws say so. Where none is declared,
    twice the sample variance of other draws stands for it, and alpha is approximate.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA
    >>> from rac_theory.sketches import Gaussian
    >>> from rac_theory.testing import Refuted, check_algorithm
    >>> class Careless(RACLoRA):
    ...     deterministic = True
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 2.0]], W_star=[[1.0], [1.0]])
    >>> try:
    ...     check_algorithm(Case(Careless(Gaussian(2, 1), gamma=0.1), problem))
    ... except Refuted as error:
    ...     print(str(error).partition(", at")[0])
    Careless.deterministic must be False: another seed gives other iterates
    """
    being("case", case, Case, ", such as Case(algorithm, problem)")
    algorithm, problem, probe = case.algorithm, case.problem, Probe(case.problem, rng)
    if not hasattr(algorithm, "deterministic"):
        raise Refuted(f"{type(algorithm).__name__} must have the member 'deterministic'")
    with np.errstate(all="ignore"):  # a large step may diverge
        check_declared(algorithm, probe, draws, alpha)
        if isinstance(algorithm, Implementation):
            return _as_checked(case, algorithm, probe, draws, alpha)
        _check_blocks(algorithm, problem, rng)
        _check_alone(algorithm, problem, rng)
        if _is_projected_descent(algorithm):
            check_law(Claim(cast(ProjectedDescent, algorithm)), probe, draws, alpha)
    return case


def _as_checked(case: Case, algorithm: Implementation, probe: Probe, draws: int, alpha: float) -> Case:
    """Compare an implementation with what it implements; where a projected descent differs, its cause is named."""
    problem, seed, claim = probe.problem, probe.seed, Claim(algorithm)
    _check_blocks(algorithm, problem, seed)
    try:
        _check_alone(algorithm, problem, seed)
        _check_seen(algorithm, probe)
        if isinstance(algorithm.implements, GaLore):
            compared = check_subspaces(algorithm, probe)
        elif isinstance(algorithm.implements, MethodDescent):
            compared = check_method(algorithm, probe, draws, alpha)
        else:
            compared = check_law(claim, probe, draws, alpha)
    except Refuted as refuted:
        if isinstance(algorithm.implements, GaLore | MethodDescent):
            raise
        raise with_cause(refuted, claim, problem, seed) from None
    checked = replace(algorithm)
    vars(checked).update(checked=Checked(problem, LEVELS * alpha, compared.pairs, compared.each_step))
    return replace(case, algorithm=checked)


def _check_alone(algorithm: Algorithm, problem: Problem, seed: int) -> None:
    """Runs depend on nothing but their start and what they draw from ``rng``."""
    _check_randomness(algorithm, problem, seed)
    _check_runs(algorithm, problem, seed)


def _check_seen(algorithm: Implementation, probe: Probe) -> None:
    """Raise ``ValueError`` where any steps would pass, as the declared ones are lost in the rounding of iterates."""
    W = spread(probe.lowest, _RUNS, [probe.seed, 12])
    iterates = algorithm.implements.iterates(probe.problem, W.copy(), np.random.default_rng([probe.seed, 13]))
    path = pairwise([W, *map(np.array, islice(iterates, STEPS))])
    if not any((np.sqrt(squared_norms(V - after)) > _SEEN * rounding(V, after)).any() for V, after in path):
        raise ValueError(
            f"case: no step that {name_of(algorithm)} claims to make is longer than {_SEEN} times what rounding may "
            "change in it, so that nothing can be compared; check it with a larger gamma, or on another problem"
        )


def _is_projected_descent(algorithm: Any) -> bool:
    """Whether it claims to descend along projections: by what it inherits from, or by having all the members."""
    members = ("gradients", "projection", "one_projection", "low_rank_steps")
    return isinstance(algorithm, ProjectedDescent) or all(hasattr(algorithm, member) for member in members)


def _blocks(algorithm: Algorithm, problem: Problem, W: Array, seed: int, steps: int = _STEPS) -> Array:
    """The iterates of the first steps, copied as they come: (steps, runs, m, n)."""
    iterates: Any = algorithm.iterates(problem, W.copy(), np.random.default_rng(seed))
    return np.stack([np.array(block) for block in islice(iterates, steps)])


def _in_turns(algorithm: Algorithm, problem: Problem, W: Array, seed: int) -> tuple[Array, Array]:
    """The iterates of two seeds, one step of each in turn, so that a state that is kept outside of a run shows."""
    runs = [algorithm.iterates(problem, W.copy(), np.random.default_rng(seed + k)) for k in range(2)]
    blocks = [[np.array(block) for block in pair] for pair in islice(zip(*runs, strict=False), _STEPS)]
    first, second = (np.stack(run) for run in zip(*blocks, strict=True))
    return first, second


def _starts(problem: Problem, seed: int, runs: int = _RUNS) -> Array:
    return np.random.default_rng([seed, 1]).standard_normal((runs, *problem.shape))


def _check_blocks(algorithm: Algorithm, problem: Problem, seed: int) -> None:
    name = f"{name_of(algorithm)}.iterates"
    W = _starts(problem, seed)
    arrays = [(W, W.copy())]
    iterates: Any = algorithm.iterates(problem, W, np.random.default_rng(seed))
    if not isinstance(iterates, Iterator):
        raise Refuted(
            f"{name} must be a generator of iterates, it returned {type(iterates).__name__}: is a yield missing?"
        )
    for step in range(_LONG):
        block = next(iterates, None)
        if block is None:
            raise Refuted(f"{name} must not end, it yielded nothing at step {step + 1}")
        if not isinstance(block, np.ndarray) or block.shape != W.shape or block.dtype != W.dtype:
            got = f"{block.dtype} {block.shape}" if isinstance(block, np.ndarray) else type(block).__name__
            raise Refuted(f"{name} must yield arrays {W.dtype} {W.shape}, got {got}")
        if any(np.shares_memory(block, earlier) for earlier, _ in arrays):
            raise Refuted(f"{name} must yield a new array each step, got one that shares memory with an earlier one")
        for index, (earlier, copy) in enumerate(arrays):
            if not np.array_equal(earlier, copy, equal_nan=True):
                what = "what it has yielded" if index else "its argument W"
                raise Refuted(f"{name} must not write to {what}, and did at step {step + 1}")
        arrays = [*arrays[:_KEPT], (block, block.copy())]


def _check_randomness(algorithm: Algorithm, problem: Problem, seed: int) -> None:
    name, W = name_of(algorithm), np.repeat(_starts(problem, seed, 1), 8, axis=0)
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002 (to catch its use by others)
    generator = np.random.default_rng(seed)
    first = np.stack([np.array(block) for block in islice(algorithm.iterates(problem, W.copy(), generator), _STEPS)])
    same_state = all(np.array_equal(a, b) for a, b in zip(numpy_state, np.random.get_state(), strict=True))  # noqa: NPY002
    if not (same_state and python_state == random.getstate()):
        raise Refuted(f"{name}.iterates must draw from the rng that it is given, it drew from a global generator")
    repeated, reseeded = _in_turns(algorithm, problem, W, seed)
    if not np.array_equal(first, repeated, equal_nan=True):
        raise Refuted(
            f"{name}.iterates must be a function of the rng that it is given: the same seed gave other iterates; do "
            "not make your own generator, nor keep one or any state"
        )
    varies = not np.array_equal(first, reseeded, equal_nan=True)
    drew = generator.bit_generator.state != np.random.default_rng(seed).bit_generator.state
    if algorithm.deterministic and not np.allclose(first, reseeded, rtol=1e-9, atol=1e-12, equal_nan=True):
        raise Refuted(f"{name}.deterministic must be False: another seed gives other iterates", W=W[0])
    if not algorithm.deterministic and not (varies or drew):
        raise Refuted(
            f"{name}.deterministic must be True, it never draws from its rng; or else draws are cached, or come from a "
            "seed of its own"
        )
    if varies and not algorithm.deterministic and (first == first[:, :1]).all():
        raise Refuted(f"{name}.iterates must draw afresh for each run: all runs of a block are the same")


def _check_runs(algorithm: Algorithm, problem: Problem, seed: int) -> None:
    """A run does not change when the other runs of its block start elsewhere, near or far."""
    W = _starts(problem, seed)
    alone = _blocks(algorithm, problem, W, seed)[:, 0]
    for scale in (0.0, 1.0, 30.0):
        others = W.copy()
        others[1:] = scale * _starts(problem, seed + 1)[1:]
        accompanied = _blocks(algorithm, problem, others, seed)[:, 0]
        if not np.allclose(alone, accompanied, rtol=1e-9, atol=1e-9 * float(np.abs(W).max()), equal_nan=True):
            raise Refuted(
                f"{name_of(algorithm)}.iterates must treat runs alone: the first run changes when the others "
                "start elsewhere; does it mix runs, or draw more or less where W is different?",
                W=W[0],
            )


def check_declared(algorithm: Algorithm, probe: Probe, draws: int, alpha: float) -> None:
    """Raise ``Refuted`` if a mean over draws contradicts a declared one; what is not declared is not checked.

    Means are compared by the normal law, so that alpha, for all that is said together, is approximate.
    """
    problem, seed = probe.problem, probe.seed
    subject: Any = algorithm.stepper if isinstance(algorithm, Implementation) else algorithm
    bounds = dict(subject.constants(problem)) if hasattr(subject, "constants") else {}
    moments: Any = subject.second_moments(problem) if hasattr(subject, "second_moments") else None
    sides = [(name, sign) for name, sign in (("lambda_min", -1), ("lambda_max", 1)) if name in bounds]
    if not sides and moments is None:
        return
    near = probe.lowest
    runs = min(draws, max(_NUMBERS // near.size, 64))
    errors = NormalDist().inv_cdf(1 - alpha / (2 * _PLACES * (len(sides) + 2 * _MOMENT_STEPS)))
    for index in range(_PLACES):
        W = near + 10.0 ** (1 - index) * np.random.default_rng([seed, 30, index]).standard_normal(near.shape)
        rng = np.random.default_rng([seed, 31, index])
        steps = algorithm.iterates(problem, np.repeat(W[None], runs, axis=0), rng)
        blocks = [np.array(block) for block in islice(steps, _MOMENT_STEPS if moments else 1)]
        G = np.asarray(problem.gradient(W))
        share = ((W - blocks[0]) * G).sum(axis=(1, 2)) / max(algorithm.gamma * float(np.square(G).sum()), 1e-300)
        for name, sign in sides:
            sentence = f"{name_of(algorithm)}.constants", f"{name}, a bound of E<G, W - W+> / (gamma ||G||^2),"
            _compare(*sentence, share, float(bounds[name]), errors, (sign,))
        state = moments.start(W) if moments else None
        for t, block in enumerate(blocks[: _MOMENT_STEPS * bool(moments)], 1):
            state = moments.step(state)
            gap, square, _ = moments.readout(state)
            pairs = (problem.value(block) - problem.f_star, gap), (squared_norms(problem.gradient(block)), square)
            for what, (numbers, mean) in zip(("E f - f*", "E||grad f||^2"), pairs, strict=True):
                _compare(f"{name_of(algorithm)}.second_moments", f"{what} at t = {t}", numbers, mean, errors, (-1, 1))


def _compare(name: str, what: str, numbers: Array, claimed: float, errors: float, signs: tuple[int, ...]) -> None:
    """Raise ``Refuted`` if a mean is on the wrong side of a number by so many standard errors; nan never is."""
    mean, error = float(numbers.mean()), float(numbers.std()) / math.sqrt(len(numbers))
    small = _MEAN_ROUNDING * (abs(mean) + abs(claimed))
    if any(sign * (mean - claimed) > errors * error + small for sign in signs):
        raise Refuted(
            f"{name} must say what draws do: {what} is {claimed:.6g}, where {len(numbers)} draws come to {mean:.6g}"
        )
