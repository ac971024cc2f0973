"""check_sketch: whether a sketch keeps the promises of ``Sketch``, and of the optional powers that it claims."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics import at_least, orthonormal_range
from rac_theory.sketches import Sketch, check_size, is_rotation_invariant
from rac_theory.testing.refuted import Refuted
from rac_theory.testing.sketches.batches import (
    BATCH,
    Prints,
    check_copies,
    check_different,
    check_independence,
    check_lags,
    check_places,
    check_single,
    check_sizes,
)
from rac_theory.testing.sketches.claims import Claims, check_claims, check_same
from rac_theory.testing.sketches.draws import Draws, Surroundings, check_first, check_fresh, check_sent, sent
from rac_theory.testing.sketches.moments import Mean, SecondMoment, ranks, rotation_tests, window
from rac_theory.testing.sketches.support import Frequencies

_NUMBERS = 1 << 20  # in a large call
_LARGE = 4096  # draws of one, at most
_MEDIUM = (64, 97)


class _Law(Protocol):
    """A claim about the law of the range, that sees blocks of draws and then decides."""

    def block(self, Q: Array) -> None: ...

    def check(self, alpha: float) -> None: ...


def check_sketch(sketch: Sketch, *, draws: int = 65_536, alpha: float = 1e-6, rng: int = 0) -> None:
    """Raise ``Refuted``, an ``AssertionError`` of one sentence, if the sketch breaks a promise.

    Every draw is checked: shape, type, finite numbers, the columns that ``orthonormal`` claims, a rank
    that E[H] excludes, a value that ``support()`` does not list. Closed forms are compared with each other, which
    needs no draws, and with draws. Draws are compared with each other: within a batch, between calls, between sizes.

    Parameters
    ----------
    sketch : Sketch
    draws : int
        How many draws claims are compared with; some come from calls of one and of eight. An entry of E[H] that is off
        by delta, where draws have variance v, is seen with probability 0.9 from about ``55 v / delta^2`` draws on. By
        default that is five per cent of p = 1/4 where a coordinate is kept or not; smaller p need more draws.
    alpha : float
        Probability with which a correct sketch fails, for each claim that is compared with draws.
    rng : int
        Seed of the check, so that it does the same each time.

    Raises
    ------
    Refuted
        With the draw that shows it, where one does.

    Examples
    --------
    >>> from rac_theory.sketches import Haar
    >>> from rac_theory.testing import Refuted, check_sketch
    >>> class Careless(Haar):
    ...     def expected_projection(self):
    ...         return 2 * super().expected_projection()
    >>> try:
    ...     check_sketch(Careless(4, 2))
    ... except Refuted as error:
    ...     print(error)
    Careless.expected_projection() must be E[H], with trace E[rank] <= 2: it is 4
    """
    name = type(sketch).__name__
    try:
        _check(sketch, draws, alpha, rng)
    except ValueError as error:  # a member that fails, or returns nonsense
        raise Refuted(str(error) if name in str(error) else f"{name}: {error}") from error


def _check(sketch: Sketch, draws: int, alpha: float, seed: int) -> None:
    taken = Draws(sketch)
    there = sent(sketch)
    surroundings = Surroundings.of(sketch)
    check_size(sketch)
    claims = Claims.of(sketch)
    check_again = check_first(taken, seed)
    surroundings.check()
    check_again()
    check_sent(sketch, there, seed)
    check_fresh(taken, seed)
    check_claims(claims, seed)
    check_same(claims, Claims.of(sketch))
    _check_law(taken, claims, draws, alpha, seed)
    check_again()
    surroundings.check()


def _check_law(taken: Draws, claims: Claims, draws: int, alpha: float, seed: int) -> None:
    """All that is asked of many draws, in one pass over them: single ones, small batches, and large ones."""
    name, shape = claims.name, (claims.sketch.dim, claims.sketch.rank)
    laws = list(_laws(claims, seed))
    listed = None if claims.support is None else Frequencies(name, *claims.support, seed)
    kept: dict[int, Array] = {}  # ranges, by the size of the calls
    lost = count = 0
    for block, (calls, size) in enumerate(_schedule(draws, shape[0] * shape[1])):
        S = taken.many(np.random.default_rng([seed, 1, block]), calls, size).reshape(-1, *shape)
        if listed is not None:
            listed.block(S)
        Q = orthonormal_range(S)
        for law in laws:
            law.block(Q)
        lost, count = lost + int(np.count_nonzero(ranks(Q) < shape[1])), count + len(Q)
        kept[size] = Q
    again = taken.take(np.random.default_rng([seed, 1, block]), size)
    if not np.array_equal(again, S):
        raise Refuted(f"{name}.sample must be a function of the rng that it is given: a large call gave other draws")
    _check_rank(claims, lost, count, alpha)
    _check_batches(claims, kept, alpha, seed)
    for law in (*([] if listed is None else [listed]), *laws):
        law.check(alpha)


def _check_batches(claims: Claims, kept: dict[int, Array], alpha: float, seed: int) -> None:
    """Whether draws are independent and of one law: those of every call, of all sizes."""
    name, d = claims.name, claims.sketch.dim
    by_call = {size: Q.reshape(-1, size, *Q.shape[1:]) for size, Q in kept.items()}
    sketch_prints = Prints.of(d, seed)
    prints = {size: sketch_prints(calls) for size, calls in by_call.items()}
    large = [size for size in sorted(kept) if size > max(_MEDIUM)]
    if is_rotation_invariant(claims.sketch) and claims.full_rank and claims.sketch.rank < d:
        check_different(name, [*kept.values()], seed)
    check_independence(name, by_call[BATCH], prints[BATCH], alpha)
    for size in _MEDIUM:
        check_lags(name, list(zip(by_call[size], prints[size], strict=True)), alpha / len(_MEDIUM))
    check_lags(name, [(by_call[size][0], prints[size][0]) for size in large], alpha)
    check_copies(name, [prints[size][0] for size in large], alpha)
    check_places(name, by_call[BATCH], alpha, seed)
    single = {size: kept[size] for size in (1, *_MEDIUM)} | {BATCH: by_call[BATCH][:, 0]}
    check_sizes(name, single, by_call[large[-1]][0], alpha, seed)
    check_single(name, prints[1].ravel(), prints[large[-1]][0], alpha)


def _schedule(draws: int, numbers: int) -> Iterator[tuple[int, int]]:
    """Yield how many calls of which size make a block, all with one generator.

    A thirty-second part of the draws is taken one by one, an eighth in batches of eight, a sixteenth in two other
    sizes, and the rest in large calls, each of another size.
    """
    yield max(draws // 32, 16), 1
    yield max(draws // 64, 16), BATCH
    for size in _MEDIUM:
        yield max(draws // 32 // size, 2), size
    left = draws * 25 // 32
    count = max(4, -(-left // min(_LARGE, max(_NUMBERS // numbers, 2))))
    for i in range(count):
        yield 1, max(left // count, _MEDIUM[-1] + 1) + i


def _laws(claims: Claims, seed: int) -> Iterator[_Law]:
    """Yield what is claimed of the law of the range; where several members claim the same, the first of them."""
    sketch, d = claims.sketch, claims.sketch.dim
    A = np.random.default_rng(seed).standard_normal((d, d))
    M, V = A @ A.T / np.linalg.norm(A, 2) ** 2, window(d, seed)
    uniform = rotation_tests(claims.name, d, sketch.rank, seed) if is_rotation_invariant(sketch) else []
    if claims.maps and claims.full_rank:  # moments that are claimed are then those of a uniform range: no need for both
        uniform = uniform[:1]
    yield from uniform
    for what, mean in list(claims.means.items())[:1]:
        yield Mean(f"{what} must be E[H]", mean)
    for what, second_moment in list(claims.maps.items())[:1]:
        yield Mean(f"{what} must be E[H M H]", second_moment(M), M)
        yield SecondMoment(f"{what} must be E[H M H]", V, claims.tensor(what, V))


def _check_rank(claims: Claims, lost: int, count: int, alpha: float) -> None:
    """``P(rank < r) <= E[r - rank] = r - trace E[H]``, so that few draws may lose rank; none, if the trace is r."""
    r = claims.sketch.rank
    most = max(r - claims.expected_rank, 0.0) + 1e-12
    if lost and most < 1 and at_least(lost, count, most) < alpha:
        what = next(iter(claims.means))
        raise Refuted(
            f"{what} must be E[H]: {lost} of {count} draws have a rank below {r}, which its trace "
            f"{claims.expected_rank:.9g} = E[rank] allows with probability {most:.3g}; does the formula assume that no "
            "rank is lost?"
        )
