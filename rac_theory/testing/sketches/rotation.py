"""Whether ``rotation_invariant`` is true: given its rank, the range of a draw is then a uniform one."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import betainc

from rac_theory.base.checks import Array
from rac_theory.numerics import far_by_chance
from rac_theory.testing.refuted import Refuted
from rac_theory.testing.sketches.moments import Mean, SecondMoment, ranks, uniform_tensor, window

_HINT = "turning the range by a rotation must leave its law alone"


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
    draws, whose empirical distribution is not ``far_by_chance`` from the uniform one.
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
        kept = np.square(np.swapaxes(Q[inner], 1, 2) @ (u / np.linalg.norm(u, axis=0))).sum(axis=1)
        levels = betainc(k[inner] / 2, (self.d - k[inner]) / 2, np.clip(kept, 0.0, 1.0))
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
