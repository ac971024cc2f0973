"""What a sketch says of its law in closed form, and whether it contradicts itself: no draws, and no chance."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics import projection
from rac_theory.sketches import (
    Sketch,
    checked_support,
    claimed_invariants,
    claimed_projection,
    claimed_second_moment,
    is_rotation_invariant,
)
from rac_theory.sketches.laws import from_invariants, uniform_range
from rac_theory.testing.failures import Refuted
from rac_theory.testing.sketches.moments import coordinates

_ROUNDING = 1e-9  # by which closed forms of one number may differ
_LARGEST = 64  # dim up to which sums over a basis are formed

Map = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Claims:
    """Everything a sketch claims of E[H] and of M -> E[H M H], by the member that claims it."""

    sketch: Sketch
    name: str
    means: dict[str, Array]
    maps: dict[str, Map]
    support: tuple[Array, Array] | None

    @classmethod
    def of(cls, sketch: Sketch) -> "Claims":
        """Ask each member; one that fails, or returns nonsense, is a ``ValueError``."""
        name, d = type(sketch).__name__, sketch.dim
        means: dict[str, Array] = {}
        maps: dict[str, Map] = {}
        if (closed := claimed_projection(sketch)) is not None:
            means[f"{name}.expected_projection()"] = np.array(closed, dtype=np.float64)
        if claimed_second_moment(sketch, np.eye(d)) is not None:
            maps[f"{name}.second_moment(M)"] = partial(_second_moment, sketch, name)
        if (invariants := claimed_invariants(sketch)) is not None:
            maps[f"{name}.invariants()"] = partial(from_invariants, float(invariants[0]), float(invariants[1]))
        means |= {what.replace("(M)", "(I)"): second_moment(np.eye(d)) for what, second_moment in maps.items()}
        support = None
        if (listed := checked_support(sketch)) is not None:
            values, weights = listed[0], listed[1].astype(np.float64)
            H = projection(values)
            means[f"{name}.support()"] = np.tensordot(weights, H, axes=1)
            maps[f"{name}.support()"] = lambda M: np.einsum("k,kij->ij", weights, H @ M @ H)
            support = (values, weights)
        return cls(sketch, name, means, maps, support)

    @property
    def expected_rank(self) -> float:
        """The trace of E[H]; nan if nothing is claimed."""
        return float(np.trace(next(iter(self.means.values())))) if self.means else math.nan

    @property
    def full_rank(self) -> bool:
        """Whether E[H] leaves no draw of a lower rank than the sketch has columns."""
        return self.expected_rank >= self.sketch.rank - _ROUNDING

    def tensor(self, what: str, V: Array) -> Array:
        """E[vec(A) vec(A)'] for the part A = V'HV, as a member claims it: (1, q, q)."""
        w = V.shape[1]
        if self.support is not None and what.endswith("support()"):
            vectors = coordinates(V.T @ projection(self.support[0]) @ V)
            return np.asarray((vectors.T * self.support[1]) @ vectors)[None]
        second_moment = self.maps[what]
        T = np.array([[V.T @ second_moment(np.outer(V[:, b], V[:, c])) @ V for c in range(w)] for b in range(w)])
        return coordinates(coordinates(T.transpose(2, 0, 1, 3)).transpose(2, 0, 1))[None]  # (a b, c e)


def _second_moment(sketch: Sketch, name: str, M: Array) -> Array:
    claimed = claimed_second_moment(sketch, M)
    if claimed is None:
        raise Refuted(f"{name}.second_moment(M) must be None for every M or for none")
    if not np.isfinite(claimed).all():
        raise Refuted(f"{name}.second_moment(M) must be finite, it holds nan or infinity", M=M)
    return np.asarray(claimed, dtype=np.float64)


def check_claims(claims: Claims, seed: int) -> None:
    """Raise ``Refuted`` where claims contradict each other, or what every projection is."""
    for what, mean in claims.means.items():
        if not np.isfinite(mean).all():
            raise Refuted(f"{what} must be finite, it holds nan or infinity")
        values = np.linalg.eigvalsh(mean)
        if not _near(mean, mean.T) or values[0] < -_ROUNDING or values[-1] > 1 + _ROUNDING:
            raise Refuted(f"{what} must be E[H], symmetric with eigenvalues in [0, 1]: they are {values}")
        trace, rank = float(np.trace(mean)), claims.sketch.rank
        if trace > rank + _ROUNDING:
            raise Refuted(f"{what} must be E[H], with trace E[rank] <= {rank}: it is {trace:.6g}")
    M = np.random.default_rng(seed).standard_normal((claims.sketch.dim,) * 2)
    _check_agreement("E[H]", claims.means)
    for what, second_moment in claims.maps.items():
        _check_map(claims, what, second_moment, seed)
    _check_agreement("E[H M H]", {what: second_moment(M) for what, second_moment in claims.maps.items()})
    if is_rotation_invariant(claims.sketch):
        _check_invariance(claims, M, seed)


def check_same(before: Claims, now: Claims) -> None:
    """Raise ``Refuted`` where a member says something else when it is asked again, as an estimate would."""
    for what, mean in before.means.items():
        if what not in now.means or not np.array_equal(now.means[what], mean):
            raise Refuted(f"{what} must be the same whenever it is asked for, it is another one; is it an estimate?")


def _near(a: Array, b: Array) -> bool:
    return bool(np.abs(a - b).max(initial=0.0) <= _ROUNDING * (1 + np.abs(b).max(initial=0.0)))


def _check_agreement(of: str, claimed: dict[str, Array]) -> None:
    for what, matrix in claimed.items():
        first = next(iter(claimed))
        if not _near(matrix, claimed[first]):
            i, j = np.unravel_index(int(np.abs(matrix - claimed[first]).argmax()), matrix.shape)
            contradiction = f"{first} says {claimed[first][i, j]:.6g}"
            raise Refuted(f"{what} must be {of}: it says {matrix[i, j]:.6g} at ({i}, {j}), {contradiction}")


def _check_map(claims: Claims, what: str, second_moment: Map, seed: int) -> None:
    """E[H M H] is linear in M, treats batches alone, transposes with M, and comes from numbers E[H_ij H_kl]."""
    sketch, name = claims.sketch, f"{what} must be E[H M H]"
    x, y, z, t = np.random.default_rng([seed, 9]).standard_normal((4, sketch.dim))
    M, K = np.outer(y, z), np.outer(x, t)
    HMH = second_moment(M)
    if what.endswith("second_moment(M)"):
        batch: Any = claimed_second_moment(sketch, np.stack([M, K])[:, None])
        if batch is None or not _near(batch[:, 0], np.stack([HMH, second_moment(K)])):
            raise Refuted(f"{what} must treat each matrix of a batch alone, it differs from what it is alone")
    if not _near(second_moment(2 * M - 3 * K), 2 * HMH - 3 * second_moment(K)):
        raise Refuted(f"{name}, which is linear in M: it is not")
    if not _near(second_moment(M.T), HMH.T):
        raise Refuted(f"{name}, and transpose with M, as H is symmetric: it does not")
    # E[(x'Hy)(z'Ht)] is the same with x and y exchanged.
    exchanged = float(y @ second_moment(np.outer(x, z)) @ t)
    if abs(float(x @ HMH @ t) - exchanged) > _ROUNDING * (1 + abs(exchanged)):
        raise Refuted(
            f"{name} where M is not symmetric too: E[(x'Hy)(z'Ht)] is {float(x @ HMH @ t):.6g}, and {exchanged:.6g} "
            "with x and y exchanged; is M taken for its transpose?"
        )
    if claims.full_rank and sketch.dim <= _LARGEST:
        # Then the rank is that of the sketch in every draw, and trace(H) H is rank times H.
        basis = np.eye(sketch.dim)
        traced = sum(float(e @ second_moment(np.outer(e, z)) @ t) for e in basis)
        expected = sketch.rank * float(z @ second_moment(basis) @ t)
        if abs(traced - expected) > _ROUNDING * sketch.dim * (1 + abs(expected)):
            raise Refuted(
                f"{name}: where every draw has rank {sketch.rank}, E[trace(H) z'Ht] is rank times E[z'Ht] = "
                f"{expected:.6g}, it says {traced:.6g}"
            )


def _check_invariance(claims: Claims, M: Array, seed: int) -> None:
    """What is claimed must not change with a rotation; and of full rank there is only one such law."""
    d, r = claims.sketch.dim, claims.sketch.rank
    U = np.linalg.qr(np.random.default_rng([seed, 10]).standard_normal((d, d)))[0]
    turned = f"{claims.name}.rotation_invariant must be False, or"
    for what, mean in claims.means.items():
        if not _near(U @ mean @ U.T, mean):
            raise Refuted(f"{turned} {what} a multiple of I: its eigenvalues are {np.linalg.eigvalsh(mean)}")
    for what, second_moment in claims.maps.items():
        HMH = second_moment(M)
        if not _near(U @ second_moment(U.T @ M @ U) @ U.T, HMH):
            raise Refuted(f"{turned} {what} turn with M when the range does: it does not")
        if claims.full_rank:
            a, b = uniform_range(d, r)
            if not _near(HMH, from_invariants(float(a), float(b), M)):
                raise Refuted(f"{turned} {what} that of a uniform range, a M + b (M' + trace(M) I), a = {a}, b = {b}")
