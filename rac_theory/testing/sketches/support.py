"""Whether the values that ``support()`` lists are those that are drawn, as often as it says."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array
from rac_theory.numerics import Bets, at_least
from rac_theory.testing.refuted import Refuted

_SAME = 1e-9  # relative: fingerprints of one value


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
        found = np.where(off[0] <= off[1], near[0], near[1])
        stray = np.flatnonzero(off.min(axis=0) > 2 * _SAME * (1e-300 + np.abs(prints)))
        if stray.size:
            raise Refuted(
                f"{self.name}.support() must list every value of the sketch, up to a turn of its columns: {stray.size} "
                f"of {len(S)} draws are not in the list",
                S=S[stray[0]],
            )
        self._bet(found)
        self._counts += np.bincount(found, minlength=len(self._p))

    def _bet(self, found: NDArray[np.intp]) -> None:
        seen = self._counts.sum()
        excess = (self._counts + self._p) / (seen + 1) - self._p if seen else np.zeros(len(self._p))
        with np.errstate(divide="ignore", invalid="ignore"):
            weights = np.nan_to_num(excess / self._p, nan=0.0, posinf=1.0)
        weights = np.clip(weights / max(float(np.abs(weights).max()), 1e-300), -1, 1) if seen else weights
        low, high = np.array([weights.min()]), np.array([weights.max()])
        self._bets.add(weights[found][:, None], np.array([weights @ self._p]), low, high)

    def check(self, alpha: float) -> None:
        """Raise ``Refuted`` if the counts cannot have the probabilities that are listed."""
        n, p = float(self._counts.sum()), np.asarray(np.clip(self._p, 0.0, 1.0))
        level = np.minimum(at_least(self._counts, n, p), at_least(n - self._counts, n, 1 - p))
        worst = int(level.argmin())
        if 4 * len(p) * level[worst] < alpha or self._bets.refuted(alpha / 2) is not None:
            seen = self._counts / n
            if 4 * len(p) * level[worst] >= alpha:
                worst = int(np.abs(seen - p).argmax())
            raise Refuted(
                f"{self.name}.support() must give the probabilities with which values are drawn: in {n:.0f} draws a "
                f"value with probability {p[worst]:.6g} has frequency {seen[worst]:.6g}"
            )
