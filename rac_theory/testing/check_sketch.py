"""check_sketch: whether a sketch keeps the promises of ``Sketch``, and of the optional powers that it claims."""

import copy
import math
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from problems.checks import Array
from rac_theory.evidence import log_wealth
from rac_theory.linalg import orthonormal_range, projection
from rac_theory.sketch import (
    HasExpectedProjection,
    HasInvariants,
    HasSecondMoment,
    HasSupport,
    Sketch,
    checked_support,
    has_claimed_columns,
    is_deterministic,
)
from rac_theory.sketches.rotation_invariance import from_invariants

_BATCHES = 512  # that are drawn to see whether neighbours in one depend on each other


def check_sketch(sketch: Sketch, *, draws: int = 32_768, alpha: float = 1e-6, rng: int = 0) -> None:
    """Raise an ``AssertionError`` with one sentence if the sketch breaks a promise.

    Parameters
    ----------
    sketch : Sketch
    draws : int
        How many draws closed forms are compared with. A claimed E[H] that is off by delta in some direction, in which
        draws have variance v, is caught once ``draws`` exceeds about ``70 v / delta^2``.
    alpha : float
        Probability with which a correct sketch fails, for each claim that is compared with draws.
    rng : int
        Seed of the check, so that it does the same each time.
    """
    name = type(sketch).__name__
    before = copy.deepcopy(_parameters(sketch))
    _check_numbers(sketch, name)
    try:
        checked_support(sketch)
    except ValueError as error:
        raise AssertionError(str(error)) from error
    for size in (3, 1, 0):
        _check_sample(sketch, name, size, rng)
    _check_randomness(sketch, name, rng)
    _check_independence(sketch, name, alpha, rng)
    _check_claims(sketch, name, draws, alpha, rng)
    changed = [key for key, value in _parameters(sketch).items() if key in before and not _same(value, before[key])]
    assert not changed, f"{name} must not change its parameters when it is used: {', '.join(changed)} changed"


def _check_numbers(sketch: Sketch, name: str) -> None:
    for attribute in ("dim", "rank"):
        value = getattr(sketch, attribute, None)
        assert isinstance(value, int | np.integer), f"{name}.{attribute} must be an integer, it is {value!r}"
    assert 1 <= sketch.rank <= sketch.dim, f"{name}.rank must be in 1..dim={sketch.dim}, it is {sketch.rank}"


def _check_sample(sketch: Sketch, name: str, size: int, seed: int) -> None:
    sample = sketch.sample(np.random.default_rng(seed), size)
    assert sample is not None, f"{name}.sample must return its draws: it returned None, is a return missing?"
    assert isinstance(sample, np.ndarray), f"{name}.sample must return an array, it returned {type(sample).__name__}"
    shape = (size, sketch.dim, sketch.rank)
    assert sample.shape == shape, (
        f"{name}.sample(rng, {size}) must have shape (size, dim, rank) = {shape}, it has {sample.shape}: "
        "draws go along the first axis, columns along the last"
    )
    assert np.issubdtype(sample.dtype, np.floating), f"{name}.sample must return floats, it returned {sample.dtype}"
    assert np.isfinite(sample).all(), f"{name}.sample must be finite, it holds nan or infinity"
    assert has_claimed_columns(sketch, sample), f"{name}.sample must draw orthonormal columns, as {name} says of itself"


def _check_randomness(sketch: Sketch, name: str, seed: int) -> None:
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002 (to catch its use by others)
    first, again = (np.array(sketch.sample(np.random.default_rng(seed), 8)) for _ in range(2))
    untouched = _same(numpy_state, np.random.get_state()) and python_state == random.getstate()  # noqa: NPY002
    assert untouched, f"{name}.sample must draw from the rng that it is given, it drew from a global generator"
    assert np.array_equal(first, again), (
        f"{name}.sample must be a function of the rng that it is given: the same seed gave other draws; "
        "do not make a generator of your own, nor keep one"
    )
    if is_deterministic(sketch) or sketch.dim == 1:  # where all nonzero draws have the same range
        return
    generator = np.random.default_rng(seed)
    calls = np.stack([np.array(sketch.sample(generator, 64)) for _ in range(8)])
    if (calls == calls[0, 0]).all():
        explained = isinstance(sketch, HasSupport | HasExpectedProjection)
        assert explained, (
            f"{name}.sample gave the same matrix 512 times: is a draw cached? A sketch that (nearly) always gives the "
            "same matrix must say so with support()"
        )
        return
    assert not (calls == calls[:1]).all(), f"{name}.sample must give fresh draws, it repeats itself: is a draw cached?"
    assert not (calls == calls[:, :1]).all(), f"{name}.sample must draw afresh for each of the size matrices"


def _check_independence(sketch: Sketch, name: str, alpha: float, seed: int) -> None:
    """Neighbours in a batch exchange partners with neighbours in another: if draws are independent, no mean changes.

    With c(H, K) = trace(H K) / r, the variable ``c(H, K) + c(H', K') - c(H, K') - c(H', K)`` of neighbours H, K in one
    batch and H', K' in another changes its sign when K and K' are exchanged. So it has mean zero, and is in [-2, 2].
    """
    rng = np.random.default_rng([seed, 2])
    Q = np.stack([orthonormal_range(np.array(sketch.sample(rng, 8), dtype=np.float64)) for _ in range(2 * _BATCHES)])
    Q = Q.reshape(2, _BATCHES * 4, 2, *Q.shape[2:])  # batch or partner, pair, first or second of a pair

    def overlap(i: int, j: int) -> Array:
        return np.asarray(np.square(np.swapaxes(Q[i, :, 0], 1, 2) @ Q[j, :, 1]).sum(axis=(1, 2)) / sketch.rank)

    Z = (overlap(0, 0) + overlap(1, 1) - overlap(0, 1) - overlap(1, 0)).reshape(_BATCHES, 4).mean(axis=1)  # 1 a batch
    against = max(float(log_wealth(sign * Z[:, None], worst=2.0).max()) for sign in (1, -1))
    assert against < math.log(2 / alpha), (
        f"{name}.sample must draw its size matrices independently: ranges of neighbours in a batch overlap by "
        f"{Z.mean() / 2:+.3g} more, on average, than those of different batches"
    )


def _check_claims(sketch: Sketch, name: str, draws: int, alpha: float, seed: int) -> None:
    identity = np.eye(sketch.dim)
    claims: list[tuple[str, str, Array, Array]] = []
    if isinstance(sketch, HasExpectedProjection) and (closed := sketch.expected_projection()) is not None:
        claims.append((f"{name}.expected_projection()", "E[H]", identity, np.asarray(closed)))
    if (support := checked_support(sketch)) is not None:
        matrices, probabilities = support
        weights = np.asarray(probabilities, dtype=np.float64)
        mean = np.tensordot(weights, projection(np.asarray(matrices, dtype=np.float64)), axes=1)
        claims.append((f"{name}.support()", "E[H]", identity, mean))
    M, K = _random_contractions(sketch.dim, seed)
    skew = []
    for what, second_moment in _second_moments(sketch, name):
        claims.append((what, "E[H M H]", M, np.asarray(second_moment(M))))
        skew.append((what, np.asarray(second_moment(K))))
    for what, of, contraction, claimed in claims:
        assert claimed.shape == M.shape, f"{what} must have shape {M.shape}, it has {claimed.shape}"
        _compare(sketch, what, of, contraction, claimed, draws, alpha, np.random.default_rng(seed + 1))
    for what, claimed in skew:
        _compare_skew(sketch, what, K, claimed, draws, alpha, np.random.default_rng(seed + 1))


def _second_moments(sketch: Sketch, name: str) -> Iterator[tuple[str, Callable[[Array], Array]]]:
    """Yield what claims to say E[H M H] for every M."""
    if isinstance(sketch, HasSecondMoment) and sketch.second_moment(np.eye(sketch.dim)) is not None:
        yield f"{name}.second_moment(M)", partial(_checked_second_moment, sketch)
    if isinstance(sketch, HasInvariants) and (invariants := sketch.invariants()) is not None:
        a, b = map(float, invariants)
        yield f"{name}.invariants()", partial(from_invariants, a, b)


def _checked_second_moment(sketch: HasSecondMoment, M: Array) -> Array:
    """E[H M H] as claimed, after a look at whether a batch gives the same as its members."""
    alone, batch = sketch.second_moment(M), sketch.second_moment(np.stack([M, M.T])[:, None])
    name = f"{type(sketch).__name__}.second_moment(M)"
    assert alone is not None, f"{name} must be None for every M or for none"
    assert batch is not None, f"{name} must be None for every M or for none"
    assert batch.shape == (2, 1, *M.shape), (
        f"{name} must keep the axes of a batch, {(2, 1, *M.shape)}, got {batch.shape}"
    )
    both = np.stack([alone, alone.T])[:, None]
    assert np.allclose(batch, both, rtol=0, atol=1e-9), (
        f"{name} must treat each matrix of a batch alone, and transpose with M, as H is symmetric"
    )
    return alone


def _compare(
    sketch: Sketch, what: str, of: str, M: Array, claimed: Array, draws: int, alpha: float, rng: np.random.Generator
) -> None:
    """Compare a claimed E[H M H], for a positive semidefinite M of norm one, with draws; M = I makes it E[H].

    Half of the draws point out the two directions in which the claim looks worst. In the other half the forms u'HMHu
    and the trace over d are variables in [0, 1], on which bets are made against the claim: no approximation anywhere.
    """
    half = draws // 2
    mean = sum(np.einsum("kdr,krs->ds", Q, K @ np.swapaxes(Q, 1, 2)) for Q, K in _ranges(sketch, M, half, rng)) / half
    u = np.linalg.eigh(mean - claimed)[1][:, [0, -1]]
    seen = np.concatenate(
        [
            np.column_stack([_forms(Q, K, u), np.trace(K, axis1=1, axis2=2) / sketch.dim])
            for Q, K in _ranges(sketch, M, half, rng)
        ]
    )
    said = np.array([*np.einsum("di,de,ei->i", u, claimed, u), np.trace(claimed) / sketch.dim])
    above = log_wealth(seen - said, worst=np.maximum(said, 1e-9)).max(axis=0)
    below = log_wealth(said - seen, worst=np.maximum(1 - said, 1e-9)).max(axis=0)
    wrong = np.flatnonzero(np.maximum(above, below) >= math.log(6 / alpha))
    where = ("along one direction", "along one direction", "in its trace over dim")
    assert not wrong.size, (
        f"{what} must be {of}: {where[wrong[0]]} it says {said[wrong[0]]:.6g}, but {half} draws have mean "
        f"{seen[:, wrong[0]].mean():.6g}; does every draw have the rank and the law that the formula assumes?"
    )


def _ranges(sketch: Sketch, M: Array, count: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """Yield blocks of orthonormal ranges Q, (k, d, r), with K = Q'MQ, so that HMH = Q K Q' is never formed."""
    block = max(1, (1 << 20) // (sketch.dim * sketch.rank))
    for done in range(0, count, block):
        Q = orthonormal_range(np.array(sketch.sample(rng, min(block, count - done)), dtype=np.float64))
        yield Q, np.swapaxes(Q, 1, 2) @ M @ Q


def _forms(Q: Array, K: Array, u: Array) -> Array:
    """u'HMHu for each draw and each column of u: (k, 2). Rounding may leave [0, 1] by a hair."""
    y = np.swapaxes(Q, 1, 2) @ u
    return np.asarray(np.clip(np.sum(y * (K @ y), axis=1), 0.0, 1.0))


def _compare_skew(
    sketch: Sketch, what: str, K: Array, claimed: Array, draws: int, alpha: float, rng: np.random.Generator
) -> None:
    """Compare a claimed E[H K H] for a skew K, on which M and M' differ, along the two directions that look worst."""
    half = draws // 2
    mean = sum(np.einsum("kdr,krs->ds", Q, C @ np.swapaxes(Q, 1, 2)) for Q, C in _ranges(sketch, K, half, rng)) / half
    U, _, Vt = np.linalg.svd(mean - claimed)
    x, y = U[:, 0], Vt[0]
    forms = [np.einsum("kr,krs,ks->k", x @ Q, C, y @ Q) for Q, C in _ranges(sketch, K, half, rng)]
    seen, said = (1 + np.concatenate(forms)[:, None]) / 2, np.array([(1 + x @ claimed @ y) / 2])
    above = float(log_wealth(seen - said, worst=np.maximum(said, 1e-9)).max())
    below = float(log_wealth(said - seen, worst=np.maximum(1 - said, 1e-9)).max())
    assert max(above, below) < math.log(2 / alpha), (
        f"{what} must be E[H M H] where M is not symmetric too: between two directions it says {2 * said[0] - 1:.6g}, "
        f"but {half} draws have mean {2 * seen.mean() - 1:.6g}; is M taken for its transpose?"
    )


def _random_contractions(d: int, seed: int) -> tuple[Array, Array]:
    """A positive semidefinite matrix of norm one, so that u'HMHu lies in [0, 1], and a skew one of norm at most one."""
    A = np.random.default_rng(seed).standard_normal((d, d))
    M, K = A @ A.T, A - A.T
    return np.asarray(M / np.linalg.norm(M, 2)), np.asarray(K / max(float(np.linalg.norm(K, 2)), 1e-300))


def _parameters(sketch: Sketch) -> dict[str, Any]:
    return dict(getattr(sketch, "__dict__", {}))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(_same, a, b))
    if hasattr(a, "__dict__") and type(a) is type(b):  # a sketch within a sketch, which may not compare by value
        return all(key in vars(a) and _same(vars(a)[key], value) for key, value in vars(b).items())
    same: Callable[[Any, Any], Any] = np.array_equal if isinstance(a, np.ndarray) else lambda x, y: x == y
    return bool(np.all(same(a, b)))
