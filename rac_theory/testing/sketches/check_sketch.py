"""check_sketch: whether a sketch draws as ``Sketch`` promises, and has the law and the powers that it declares."""

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, cast

import cloudpickle
import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics import at_least, orthonormal_range
from rac_theory.sketches import (
    Sketch,
    check_size,
    claims_a_law,
    is_deterministic,
    is_orthonormal,
    is_rotation_invariant,
)
from rac_theory.testing.failures import Refuted
from rac_theory.testing.sketches import batches
from rac_theory.testing.sketches.claims import Claims, check_claims, check_same
from rac_theory.testing.sketches.moments import Frequencies, Mean, SecondMoment, ranks, rotation_tests, window

_NUMBERS = 1 << 20  # in a large call
_LARGE = 4096  # draws of one, at most
_MEDIUM = (64, 97)
_SIZES = (3, 1, 0)  # that are asked for first, and again at the end
_COLUMNS = 1e-12  # that products of orthonormal columns may be off by


class _Law(Protocol):
    """A claim about the law of the range, that sees blocks of draws and then decides."""

    def block(self, Q: Array) -> None: ...

    def check(self, alpha: float) -> None: ...


@dataclass(frozen=True, eq=False)
class Draws:
    """A sketch, and how sentences call it."""

    sketch: Sketch

    @property
    def name(self) -> str:
        """The name of its class."""
        return type(self.sketch).__name__

    def take(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank); anything but finite floats, with the columns that are claimed, is ``Refuted``."""
        sample: Array = self.calls(rng, 1, size)[0]
        return sample

    def calls(self, rng: np.random.Generator, calls: int, size: int) -> Array:
        """Call ``sample`` again and again with one generator: (calls, size, dim, rank)."""
        shape = (calls, size, self.sketch.dim, self.sketch.rank)
        samples = np.empty(shape)
        for sample in samples:
            sample[...] = self._returned(rng, size)
        entries = samples.ravel()
        if not np.isfinite(np.vdot(entries, entries)) and not np.isfinite(samples).all():  # squares may overflow
            wrong = ~np.isfinite(samples).all(axis=(2, 3))
            raise Refuted(
                f"{self.name}.sample must be finite, it holds nan or infinity in {np.count_nonzero(wrong)} of "
                f"{wrong.size} draws",
                S=samples[wrong][0],
            )
        self._check_columns(samples.reshape(-1, *shape[2:]))
        return samples

    def _returned(self, rng: np.random.Generator, size: int) -> Array:
        shape = (size, self.sketch.dim, self.sketch.rank)
        try:
            sample: Any = self.sketch.sample(rng, size)
        except Exception as error:
            raise Refuted(
                f"{self._call(size)} must return an array of shape {shape}, it raised {type(error).__name__}: {error}"
            ) from error
        if sample is None:
            raise Refuted(f"{self.name}.sample must return its draws: it returned None, is a return missing?")
        if not isinstance(sample, np.ndarray) or isinstance(sample, np.ma.MaskedArray):
            raise Refuted(f"{self.name}.sample must return an array, it returned {type(sample).__name__}")
        if sample.shape != shape:
            raise Refuted(
                f"{self._call(size)} must have shape (size, dim, rank) = {shape}, it has {sample.shape}: "
                "draws go along the first axis, columns along the last"
            )
        if sample.dtype.kind != "f":
            raise Refuted(f"{self.name}.sample must return floats, it returned {sample.dtype}")
        return sample

    def _call(self, size: int) -> str:
        return f"{self.name}.sample(rng, {size})"

    def _check_columns(self, S: Array) -> None:
        if not (is_orthonormal(self.sketch) and len(S)):
            return
        off = np.abs(np.swapaxes(S, 1, 2) @ S - np.eye(self.sketch.rank)).max(axis=(1, 2))
        if (worst := int(off.argmax())) >= 0 and off[worst] > _COLUMNS:
            raise Refuted(
                f"{self.name}.sample must draw orthonormal columns, as {self.name} says of itself: products of columns "
                f"are off by up to {off[worst]:.3g} in {np.count_nonzero(off > _COLUMNS)} of {len(S)} draws",
                S=S[worst],
            )


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What drawing must leave alone: the global generators, and the parameters of the sketch."""

    sketch: Sketch
    globals: Any
    parameters: dict[str, Any]

    @classmethod
    def of(cls, sketch: Sketch) -> "Surroundings":
        """Remember them."""
        return cls(sketch, _global_states(), copy.deepcopy(_parameters(sketch)))

    def check(self) -> None:
        """Raise ``Refuted`` if they have changed."""
        name = type(self.sketch).__name__
        if not _same(self.globals, _global_states()):
            raise Refuted(f"{name}.sample must draw from the rng that it is given, it drew from a global generator")
        before, now = self.parameters, _parameters(self.sketch)
        if changed := [key for key, value in now.items() if key in before and not _same(value, before[key])]:
            raise Refuted(f"{name} must not change its parameters when it is used: {', '.join(changed)} changed")


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
    sampler = Draws(sketch)
    remote = sent(sketch)
    surroundings = Surroundings.of(sketch)
    check_size(sketch)
    claims = Claims.of(sketch)
    check_again = check_first(sampler, seed)
    surroundings.check()
    check_again()
    check_sent(sketch, remote, seed)
    check_fresh(sampler, seed)
    check_claims(claims, seed)
    check_same(claims, Claims.of(sketch))
    _check_law(sampler, claims, draws, alpha, seed)
    check_again()
    surroundings.check()


def _check_law(sampler: Draws, claims: Claims, draws: int, alpha: float, seed: int) -> None:
    """All that is asked of many draws, in one pass over them: single ones, small batches, and large ones."""
    name, shape = claims.name, (claims.sketch.dim, claims.sketch.rank)
    laws = list(_laws(claims, seed))
    listed = None if claims.support is None else Frequencies(name, *claims.support, seed)
    ranges: dict[int, Array] = {}  # ranges, by the size of the calls
    lost = count = 0
    for block, (calls, size) in enumerate(_schedule(draws, shape[0] * shape[1])):
        S = sampler.calls(np.random.default_rng([seed, 1, block]), calls, size).reshape(-1, *shape)
        if listed is not None:
            listed.block(S)
        Q = orthonormal_range(S)
        for law in laws:
            law.block(Q)
        lost, count = lost + int(np.count_nonzero(ranks(Q) < shape[1])), count + len(Q)
        ranges[size] = Q
    repeated = sampler.take(np.random.default_rng([seed, 1, block]), size)
    if not np.array_equal(repeated, S):
        raise Refuted(f"{name}.sample must be a function of the rng that it is given: a large call gave other draws")
    _check_rank(claims, lost, count, alpha)
    _check_batches(claims, ranges, alpha, seed)
    for law in (*([] if listed is None else [listed]), *laws):
        law.check(alpha)


def _check_batches(claims: Claims, ranges: dict[int, Array], alpha: float, seed: int) -> None:
    """Whether draws are independent and of one law: those of every call, of all sizes."""
    name, d = claims.name, claims.sketch.dim
    by_call = {size: Q.reshape(-1, size, *Q.shape[1:]) for size, Q in ranges.items()}
    sketch_prints = batches.Prints.of(d, seed)
    prints = {size: sketch_prints(calls) for size, calls in by_call.items()}
    large = [size for size in sorted(ranges) if size > max(_MEDIUM)]
    if is_rotation_invariant(claims.sketch) and claims.full_rank and claims.sketch.rank < d:
        batches.check_different(name, [*ranges.values()], seed)
    batches.check_independence(name, by_call[batches.BATCH], prints[batches.BATCH], alpha)
    for size in _MEDIUM:
        batches.check_lags(name, list(zip(by_call[size], prints[size], strict=True)), alpha / len(_MEDIUM))
    batches.check_lags(name, [(by_call[size][0], prints[size][0]) for size in large], alpha)
    batches.check_copies(name, [prints[size][0] for size in large], alpha)
    batches.check_places(name, by_call[batches.BATCH], alpha, seed)
    single = {size: ranges[size] for size in (1, *_MEDIUM)} | {batches.BATCH: by_call[batches.BATCH][:, 0]}
    batches.check_sizes(name, single, by_call[large[-1]][0], alpha, seed)
    batches.check_single(name, prints[1].ravel(), prints[large[-1]][0], alpha)


def _schedule(draws: int, numbers: int) -> Iterator[tuple[int, int]]:
    """Yield how many calls of which size make a block, all with one generator.

    A thirty-second part of the draws is taken one by one, an eighth in batches of eight, a sixteenth in two other
    sizes, and the rest in large calls, each of another size.
    """
    yield max(draws // 32, 16), 1
    yield max(draws // 64, 16), batches.BATCH
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


def check_first(draws: Draws, seed: int) -> Callable[[], None]:
    """Look at small samples, and return what compares them with the same again once the sketch has been used."""
    first = {size: draws.take(np.random.default_rng(seed), size) for size in (*_SIZES, 8)}

    def compare() -> None:
        for size, sample in first.items():
            if not np.array_equal(draws.take(np.random.default_rng(seed), size), sample):
                raise Refuted(
                    f"{draws.name}.sample must be a function of the rng that it is given: the same seed gave other "
                    "draws; do not make your own generator, nor keep one, nor count calls"
                )

    return compare


def check_fresh(draws: Draws, seed: int) -> None:
    """Raise ``Refuted`` where calls repeat each other, or write to what an earlier call has returned."""
    sketch, name = draws.sketch, draws.name
    returned = sketch.sample(np.random.default_rng([seed, 3]), 8)
    copied = np.array(returned)
    sketch.sample(np.random.default_rng([seed, 4]), 8)
    if not np.array_equal(returned, copied):
        raise Refuted(f"{name}.sample must return a new array, a later call wrote to the array of an earlier one")
    if is_deterministic(sketch) or sketch.dim == 1:  # where all nonzero draws have the same range
        return
    calls = draws.calls(np.random.default_rng(seed), 8, 64)
    if (calls == calls[0, 0]).all():
        if not claims_a_law(sketch):
            raise Refuted(
                f"{name}.sample gave the same matrix 512 times: is a draw cached? A sketch that (nearly) always gives "
                "the same matrix must say so with support()"
            )
    elif (calls == calls[:1]).all():
        raise Refuted(f"{name}.sample must give fresh draws, it repeats itself: is a draw cached?")
    elif (calls == calls[:, :1]).all():
        raise Refuted(f"{name}.sample must draw afresh for each of the size matrices")


def sent(sketch: Sketch) -> Sketch:
    """Return a sketch as a worker process gets it, or raise ``Refuted`` if it cannot be sent to one."""
    try:
        return cast(Sketch, cloudpickle.loads(cloudpickle.dumps(sketch)))
    except Exception as error:  # of a user's code, or of what it holds
        raise Refuted(
            f"{type(sketch).__name__} must be such that it can be sent to worker processes, pickling it raised "
            f"{type(error).__name__}: {error}"
        ) from error


def check_sent(sketch: Sketch, remote: Sketch, seed: int) -> None:
    """Raise ``Refuted`` if a copy that was sent to a worker draws others than the sketch here."""
    local_draws, remote_draws = (s.sample(np.random.default_rng([seed, 5]), 8) for s in (sketch, remote))
    if not np.array_equal(local_draws, remote_draws):
        raise Refuted(f"{type(sketch).__name__} must draw the same in a worker process, its copy by pickle does not")


def _global_states() -> tuple[Any, Any]:
    return np.random.get_state(), random.getstate()  # noqa: NPY002 (to catch its use by others)


def _parameters(sketch: Sketch) -> dict[str, Any]:
    return dict(getattr(sketch, "__dict__", {}))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple | list) and type(a) is type(b):
        return len(a) == len(b) and all(map(_same, a, b))
    if hasattr(a, "__dict__") and type(a) is type(b):  # a sketch within a sketch, which may not compare by value
        return all(key in vars(a) and _same(vars(a)[key], value) for key, value in vars(b).items())
    same: Callable[[Any, Any], Any] = np.array_equal if isinstance(a, np.ndarray) else lambda x, y: x == y
    return bool(np.all(same(a, b)))
