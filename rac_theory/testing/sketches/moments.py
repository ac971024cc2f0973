"""What a sketch declares of its law against draws: E[H], E[H M H], second moments, a uniform range, frequencies."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from rac_theory.base.checks import Array
from rac_theory.numerics import Bets, at_least, far_by_chance
from rac_theory.sketches.laws import uniform_range
from rac_theory.testing.failures import Refuted

_HINT = "turning the range by a rotation must leave its law alone"
_AXES = 16  # coordinates that are looked at from the first draw on
_WINDOW = 8  # directions between which all second moments are looked at
_SAME = 1e-9  # relative: fingerprints of one value


def ranks(Q: Array) -> Array:
    """The rank of each draw: ranges have zero columns where it is lost; (k, d, r) to (k,)."""
    return np.asarray(np.count_nonzero(Q.any(axis=1), axis=1), dtype=np.float64)


@dataclass(eq=False)
class Mean:
    """The claim E[H M H] = C for a positive semidefinite M of norm at most one; without M it is E[H] = C.

    Variables are u'HMHu, in [0, 1], for coordinates u and for the two directions in which the mean so far is farthest
    from C; its trace over d; and ``<D, HMH>`` for the whole mismatch D so far. ``by_rank`` claims
    ``E[H | rank H = k] = k/d I`` instead.
    """

    what: str
    claimed: Array
    M: Array | None = None
    by_rank: bool = False
    hint: str = "does every draw have the rank and the law that the formula assumes?"
    _total: Array | float = 0.0
    _draws: int = 0

    def __post_init__(self) -> None:
        self._bets = Bets(fixed=0 if self.by_rank else min(len(self.claimed), _AXES) + 1)

    def block(self, Q: Array) -> None:
        """Bet on some ranges, (k, d, r), then learn from them."""
        k, d, r = Q.shape
        rows = np.ascontiguousarray(np.swapaxes(Q, 1, 2))  # with P of the same shape, <S, HMH> is <rows S, P>
        P = rows if self.M is None else (rows.reshape(-1, d) @ self.M).reshape(rows.shape) @ Q @ rows
        axes = np.linspace(0, d - 1, min(d, _AXES)).astype(int)
        x = [np.sum(rows[..., axes] * P[..., axes], axis=1), np.sum(rows * P, axis=(1, 2))[:, None] / d]
        means = [np.diag(self.claimed)[axes], np.array([np.trace(self.claimed) / d])]
        low, high = [np.zeros(len(axes) + 1)], [np.ones(len(axes) + 1)]
        if self._draws:
            D = self._total / self._draws - self.claimed
            D = (D + D.T) / 2 / max(float(np.abs(D).max()), 1e-300)
            values, vectors = np.linalg.eigh(D)
            u = vectors[:, [0, -1]]
            x += [np.sum((rows @ u) * (P @ u), axis=1)]
            x += [np.sum((rows.reshape(-1, d) @ D) * P.reshape(-1, d), axis=1).reshape(k, r).sum(axis=1)[:, None]]
            means += [np.einsum("di,de,ei->i", u, self.claimed, u), np.array([np.sum(D * self.claimed)])]
            low += [np.array([0.0, 0.0, np.minimum(values[:r], 0).sum()])]
            high += [np.array([1.0, 1.0, np.maximum(values[-r:], 0).sum()])]
        else:
            x, means = [*x, np.zeros((k, 3))], [*means, np.zeros(3)]
            low, high = [*low, np.zeros(3)], [*high, np.zeros(3)]
        ends = np.concatenate(low), np.concatenate(high)
        scale = ranks(Q)[:, None] / d if self.by_rank else np.ones((k, 1))
        self._bets.add(np.clip(np.hstack(x), *ends), scale * np.concatenate(means), *ends)
        self._total = self._total + rows.reshape(-1, d).T @ P.reshape(-1, d)
        self._draws += k

    def check(self, alpha: float) -> None:
        """Raise ``Refuted`` if the bets came off."""
        if (contradiction := self._bets.refuted(alpha)) is None:
            return
        column, claimed, mean = contradiction
        axes = min(len(self.claimed), _AXES)
        learned = ("in its trace over dim", "along one direction", "along one direction", "in a sum of its entries")
        where = "along one coordinate" if column < axes else learned[column - axes]
        raise Refuted(
            f"{self.what}: {where} it says {claimed:.6g}, but {self._draws} draws have mean {mean:.6g}; {self.hint}"
        )


def window(d: int, seed: int) -> Array:
    """Orthonormal directions, (d, w): all coordinates where there are few, else some, the diagonal and random ones."""
    if d <= _WINDOW:
        return np.eye(d)
    half = np.eye(d)[:, np.linspace(0, d - 1, _WINDOW // 2).astype(int)]
    others = np.random.default_rng([seed, 5]).standard_normal((d, _WINDOW // 2))
    return np.asarray(np.linalg.qr(np.hstack([half, np.ones((d, 1)), others[:, 1:]]))[0])


def coordinates(A: Array) -> Array:
    """Symmetric matrices in an orthonormal basis of all of them: (..., w, w) to (..., w (w + 1) / 2)."""
    i, j = np.triu_indices(A.shape[-1])
    return np.asarray(A[..., i, j] * np.where(i == j, 1.0, np.sqrt(2)))


def uniform_tensor(d: int, rank: int, w: int) -> Array:
    """E[vec(A) vec(A)'] for the part A of the projection on a uniform range that lies in a window."""
    a, b = map(float, uniform_range(d, rank)) if rank else (0.0, 0.0)
    trace = coordinates(np.eye(w))
    return np.asarray(a * np.outer(trace, trace) + 2 * b * np.eye(len(trace)))


@dataclass(eq=False)
class SecondMoment:
    """The claim ``E[<S, H>^2] = S' T S`` for all symmetric S between the directions of a window.

    Variables are the squares for S = v v' with the directions v, and for the two S in which the mean so far is farthest
    from T. The tensor T may depend on the rank of the draw: (1 or rank + 1, q, q).
    """

    what: str
    V: Array
    T: Array
    _total: Array | float = 0.0
    _said: Array | float = 0.0
    _draws: int = 0

    def __post_init__(self) -> None:
        self._bets = Bets(fixed=self.V.shape[1] if len(self.T) == 1 else 0)

    def block(self, Q: Array) -> None:
        """Bet on some ranges, (k, d, r), then learn from them."""
        part = self.V.T @ Q
        vectors = coordinates(part @ np.swapaxes(part, 1, 2))
        law = ranks(Q).astype(int) if len(self.T) > 1 else np.zeros(len(Q), dtype=int)
        i, j = np.triu_indices(self.V.shape[1])
        S = np.eye(self.T.shape[1])[:, i == j]
        learned = np.zeros((len(S), 2))
        if self._draws:
            learned = np.linalg.eigh((self._total - self._said) / self._draws)[1][:, [0, -1]]
        S = np.hstack([S, learned])
        high = np.square(self._longest(S, Q.shape[2]))
        means = np.einsum("qc,tqp,pc->tc", S, self.T, S)[law]
        self._bets.add(np.minimum(np.square(vectors @ S), high), means, np.zeros(S.shape[1]), high)
        self._total = self._total + vectors.T @ vectors
        self._said = self._said + np.tensordot(np.bincount(law, minlength=len(self.T)), self.T, axes=1)
        self._draws += len(Q)

    def _longest(self, S: Array, r: int) -> Array:
        """The largest |<S, A>| over 0 <= A <= I of rank at most r, for each column of S."""
        w = self.V.shape[1]
        i, j = np.triu_indices(w)
        full = np.zeros((S.shape[1], w, w))
        full[:, i, j] = full[:, j, i] = (S / np.where(i == j, 1.0, np.sqrt(2))[:, None]).T
        values = np.linalg.eigvalsh(full)
        above, below = np.maximum(values, 0)[:, -r:].sum(axis=1), np.minimum(values, 0)[:, :r].sum(axis=1)
        return np.asarray(np.maximum(above, -below) + 1e-12)

    def check(self, alpha: float) -> None:
        """Raise ``Refuted`` if the bets came off."""
        if (contradiction := self._bets.refuted(alpha)) is not None:
            _, claimed, mean = contradiction
            raise Refuted(
                f"{self.what}: for some symmetric S, E[<S, H>^2] would be {claimed:.6g}, but in {self._draws} draws it "
                f"is {mean:.6g}"
            )


def rotation_tests(name: str, d: int, r: int, seed: int) -> list["Mean | SecondMoment | Marginals"]:
    """The law along four directions, and first and second moments of the range, against those of a uniform one."""
    V, what = window(d, seed), f"{name}.rotation_invariant must be False"
    T = np.stack([uniform_tensor(d, rank, V.shape[1]) for rank in range(r + 1)])
    mean = Mean(f"{what}, or E[H] a multiple of I", np.eye(d), by_rank=True, hint=_HINT)
    return [Marginals(what, d, seed), mean, SecondMoment(f"{what}, or second moments those of a uniform range", V, T)]


@dataclass(eq=False)
class Marginals:
    """The law of u'Hu along a coordinate, the diagonal and two random directions.

    For a uniform range of dimension k it is Beta(k/2, (d-k)/2), whose distribution function makes uniform numbers of
    draws, and their empirical distribution is not ``far_by_chance`` from the uniform one.
    """

    what: str
    d: int
    seed: int
    _levels: list[Array] = field(default_factory=list)

    def block(self, Q: Array) -> None:
        """Take note of some ranges, (k, d, r)."""
        u = np.random.default_rng([self.seed, 6]).standard_normal((self.d, 4))
        u[:, 0], u[:, 1] = np.eye(self.d)[0], 1.0
        k = ranks(Q)[:, None]
        inner = (k[:, 0] > 0) & (k[:, 0] < self.d)  # else H is zero or the identity
        squares = np.square(np.swapaxes(Q[inner], 1, 2) @ (u / np.linalg.norm(u, axis=0))).sum(axis=1)
        levels = betainc(k[inner] / 2, (self.d - k[inner]) / 2, np.clip(squares, 0.0, 1.0))
        self._levels.append(np.asarray(levels, dtype=np.float64))

    def check(self, alpha: float) -> None:
        """Raise ``Refuted`` if a distribution is too far from the uniform one."""
        levels = np.sort(np.concatenate(self._levels), axis=0)
        n = len(levels)
        if n == 0:
            return
        after = np.arange(1, n + 1)[:, None] / n
        far = np.maximum(after - levels, levels - after + 1 / n).max(axis=0)
        allowed = far_by_chance(n, alpha / len(far))
        if far.max() > allowed:
            where = ("the first coordinate", "the diagonal", "a random direction", "a random direction")
            raise Refuted(
                f"{self.what}: along {where[int(far.argmax())]} u'Hu does not have the law that a uniform range has: "
                f"distribution functions are {far.max():.3g} apart in {n} draws, chance makes {allowed:.3g}; {_HINT}"
            )


@dataclass(eq=False)
class Frequencies:
    """Every draw is looked up in the list, and each value counted.

    Values are told apart by ``||S'z||^2`` for one random z, which is the same for S and S U with an orthogonal U: both
    have the same S S', and the library asks for no more. Counts are compared with binomial laws, exactly; and bets are
    made that values which were too frequent so far will stay so, which sees many small errors together.
    """

    name: str
    values: Array
    probabilities: Array
    seed: int
    _bets: Bets = field(default_factory=Bets)

    def __post_init__(self) -> None:
        self._z = np.random.default_rng([self.seed, 7]).standard_normal(self.values.shape[1])
        prints = self._prints(self.values)
        order = np.argsort(prints)
        gaps = np.diff(prints[order], prepend=-np.inf) > _SAME * (1e-300 + np.abs(prints[order]))
        self._known = prints[order][gaps]
        self._p = np.bincount(np.cumsum(gaps) - 1, weights=self.probabilities[order])
        self._counts = np.zeros(len(self._p))

    def _prints(self, S: Array) -> Array:
        return np.asarray(np.square(self._z @ S).sum(axis=-1))

    def block(self, S: Array) -> None:
        """Look up some draws, (k, d, r)."""
        prints = self._prints(S)
        after = np.clip(np.searchsorted(self._known, prints), 1, max(len(self._known) - 1, 1))
        near = np.stack([after - 1, np.minimum(after, len(self._known) - 1)])
        off = np.abs(self._known[near] - prints)
        indices = np.where(off[0] <= off[1], near[0], near[1])
        stray = np.flatnonzero(off.min(axis=0) > 2 * _SAME * (1e-300 + np.abs(prints)))
        if stray.size:
            raise Refuted(
                f"{self.name}.support() must list every value of the sketch, up to a turn of its columns: {stray.size} "
                f"of {len(S)} draws are not in the list",
                S=S[stray[0]],
            )
        self._bet(indices)
        self._counts += np.bincount(indices, minlength=len(self._p))

    def _bet(self, indices: NDArray[np.intp]) -> None:
        draws = self._counts.sum()
        excess = (self._counts + self._p) / (draws + 1) - self._p if draws else np.zeros(len(self._p))
        with np.errstate(divide="ignore", invalid="ignore"):
            weights = np.nan_to_num(excess / self._p, nan=0.0, posinf=1.0)
        weights = np.clip(weights / max(float(np.abs(weights).max()), 1e-300), -1, 1) if draws else weights
        low, high = np.array([weights.min()]), np.array([weights.max()])
        self._bets.add(weights[indices][:, None], np.array([weights @ self._p]), low, high)

    def check(self, alpha: float) -> None:
        """Raise ``Refuted`` if the counts cannot have the probabilities that are listed."""
        n, p = float(self._counts.sum()), np.asarray(np.clip(self._p, 0.0, 1.0))
        level = np.minimum(at_least(self._counts, n, p), at_least(n - self._counts, n, 1 - p))
        worst = int(level.argmin())
        if 4 * len(p) * level[worst] < alpha or self._bets.refuted(alpha / 2) is not None:
            frequencies = self._counts / n
            if 4 * len(p) * level[worst] >= alpha:
                worst = int(np.abs(frequencies - p).argmax())
            raise Refuted(
                f"{self.name}.support() must give the probabilities with which values are drawn: in {n:.0f} draws a "
                f"value with probability {p[worst]:.6g} has frequency {frequencies[worst]:.6g}"
            )
