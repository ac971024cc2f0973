"""check_projector: whether what projects gradients is a projection of its rank, scaled as declared, drawn afresh."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.special import stdtrit

from rac_theory.base import having, repr_of
from rac_theory.base.checks import Array, finite, integer
from rac_theory.numerics import cosine, exchanged, far_by_chance, orthonormal_range, unfair
from rac_theory.sketches import MEMBERS, Sketch
from rac_theory.testing.failures import Refuted
from rac_theory.testing.projections import Mapped, beyond
from rac_theory.testing.trainers.arrays import FORMATS, read

_OURS = 16  # times as many draws of the sketch, as these are cheap
_SHAPES = ((12, 8), (8, 12), (10, 10))
_COINS = 40  # seeds that must repeat others, as the few values of coordinates may do by chance
_ROUNDINGS = 256.0  # of the size of what comes back: products, and a decomposition before them


class RankTooLarge(Exception):
    """A rank above the smaller side was refused by an error that names the rank."""


@dataclass(frozen=True, eq=False)
class Projector:
    """The function of a user that projects gradients; it gets copies, and what it returns is checked."""

    project: Callable[[Array, int, int], Any]

    def __call__(self, G: Array, rank: int, seed: int, X: Array | None = None) -> Array:
        """Project X, by default G, by what was made for G; anything but a matrix of its shape is ``Refuted``."""
        return self.with_rounding(G, rank, seed, X)[0]

    def with_rounding(self, G: Array, rank: int, seed: int, X: Array | None = None) -> tuple[Array, float]:
        """Project X, and return with it a bound on the rounding of its entries, in parts of the norm."""
        where = f"{called(G.shape)} at rank {rank}"
        try:
            given = self.project(G.copy(), rank, seed)
            if callable(given):
                given = given((G if X is None else X).copy())
            elif X is not None:
                given = self.project(X.copy(), rank, seed)
        except Exception as error:
            if rank > min(G.shape) and re.search(r"\brank\b", str(error)):
                raise RankTooLarge from error
            hint = "; a rank that is too large may be refused, by an error that names the rank" * (rank > min(G.shape))
            raise Refuted(f"project must handle {where}: it raised {type(error).__name__}: {error}{hint}") from error
        P, kind = read(f"project(G, {rank}, {seed})", given)
        if P.shape != G.shape:
            raise Refuted(f"project must return a gradient of the shape of {where}, it returned {P.shape}")
        return P, _ROUNDINGS * max(kind.unit, FORMATS["float32"].unit)

    def is_made_from(self, G: Array, rank: int) -> bool:
        """Whether the map depends on the gradient that it was made from."""
        K = -G[::-1, ::-1] + 1.0
        P, rounding = self.with_rounding(G, rank, 0, G)
        off = float(np.linalg.norm(P - self(K, rank, 0, G)))
        return callable(self.project(G.copy(), rank, 0)) and off > rounding * float(np.linalg.norm(G))


def check_projector(
    project: Callable[[Array, int, int], Any],
    *,
    scale: float = 1.0,
    unbiased: bool = False,
    rank: int = 3,
    shapes: Sequence[tuple[int, int]] = _SHAPES,
    draws: int = 1024,
    law: Callable[[int, int], Sketch] | None = None,
    alpha: float = 1e-6,
    rng: int = 0,
) -> None:
    """Raise ``Refuted``, an ``AssertionError`` of one sentence, if a projector of gradients is none.

    Tall, wide and square gradients are projected at ranks below, at and above their smaller side. What comes back has
    the shape of the gradient and at most the rank, is linear in it, symmetric, never uphill, and the same for the same
    seed.
    A projection is ``scale`` times itself when it is projected again, and all of the gradient at full rank. Where the
    map is not made from the gradient, its mean over seeds is the gradient times ``scale``, for a projection also times
    rank / side, and it is fresh and independent for each seed.

    Parameters
    ----------
    project : function of a gradient (m, n), a rank and a seed
        Returns the projected gradient, (m, n), or a function that projects gradients of this shape. GaLore's, which is
        made from the gradient, must return a function, as it is linear in what it is applied to, and not in what it was
        made from. Gradients come as float64 of NumPy; what comes back may be of any library.
    scale : float
        What the projection is multiplied by, > 0.
    unbiased : bool
        Whether its mean over seeds is ``scale`` times the gradient, as that of ``G A' A`` with entries of A of variance
        1/rank, as in Flora, which is no projection.
    rank : int
        The rank below the smaller side.
    shapes : sequence of shapes
    draws : int
        Seeds that claims about chance are tried on. With 1024, means that are 5% off were seen for 44 of 45
        seeds, 15 of each default shape, and 3% for 8.
    law : function of a dimension and a rank, or None
        The sketch on whose range the projection of one side should be, without a preferred direction: ``Haar``, or
        ``Coordinate``. Distribution functions of three numbers may be 0.11 apart, with 1024 seeds.
    alpha : float
        Probability with which a right projector fails, for each shape and each of three claims: exact for independence,
        a test of signs, and for the law; approximate for the mean, by Student's quantile of draws that need not be
        normal.
    rng : int
        Seed of the gradients, and the first of the seeds that are handed over.

    Raises
    ------
    Refuted
        With the numbers, the likely cause and the gradient. A rank above the smaller side may be refused by an error
        that names the rank; a crash, or what has the wrong shape, is a fault there too.

    Notes
    -----
    Where it went wrong: GaLore's ``reverse_std`` tells its side from the shape of what it has projected, which is
    square where a wide gradient has fewer rows than the rank, and crashes in the step (modelscope/ms-swift, pull
    request 10146, seen).

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.testing import Refuted, check_projector
    >>> def project(G, rank, seed):
    ...     S = np.random.default_rng(seed).normal(size=(len(G), rank)) / np.sqrt(rank)
    ...     return S @ (S.T @ G)
    >>> check_projector(project, unbiased=True)
    >>> try:
    ...     check_projector(project)
    ... except Refuted as error:
    ...     print(str(error).partition(": for")[0])
    ...     print(str(error).partition("; ")[2].partition(", at")[0])
    project must be a projection, times scale=1
    are the columns of the sketch orthonormal? One that is right in the mean alone is unbiased=True
    """
    finite("scale", scale, above=0)
    finite("alpha", alpha, above=0, below=1)
    integer("draws", draws, 8)
    if unbiased and law is not None:
        raise ValueError(f"law must be that of a projection, hence None where unbiased=True, got {law!r}")
    projector = Projector(project)
    for shape in shapes:
        m, n = (integer("shapes", side, 2) for side in shape)
        G = np.random.default_rng([rng, m, n]).standard_normal((m, n))
        G = G / np.linalg.norm(G)
        smaller = min(m, n)
        for r in dict.fromkeys((min(rank, smaller), smaller, smaller + 1, max(m, n) + 1)):
            try:
                _check_map(projector, G, r, scale, unbiased, rng)
            except RankTooLarge:
                continue
        if law is not None and projector.is_made_from(G, min(rank, smaller)):
            raise Refuted(f"project must not be made from the gradient to have a law, that of {called(shape)} is")
        if not projector.is_made_from(G, min(rank, smaller)):
            _check_law(projector, G, min(rank, smaller), scale, unbiased, law, (draws, alpha, rng))


def _check_map(projector: Projector, G: Array, r: int, scale: float, unbiased: bool, seed: int) -> None:
    """All that needs no chance: rank, linearity, direction and idempotence."""
    where = f"{called(G.shape)} at rank {r}"
    P, off = projector.with_rounding(G, r, seed)
    size = max(scale, float(np.linalg.norm(P)))
    if not np.array_equal(P, projector(G, r, seed)):
        raise Refuted(f"project must be a function of its seed: the same gives another projection of {where}")
    if beyond(P, r, off * size):
        rank = np.linalg.matrix_rank(P, off * size)
        raise Refuted(f"project must return at most the rank: of {where} it returned a matrix of rank {rank}", G=G)
    K = np.random.default_rng([seed, 1, *G.shape]).standard_normal(G.shape) / math.sqrt(G.size)
    H = Mapped(partial(projector, G, r, seed), G, K)
    most = 8 * off * (size + float(np.linalg.norm(H.HB)))
    if (bend := float(np.linalg.norm(H.bend))) > most:
        raise Refuted(
            f"project must be linear in the gradient: for {where} it is off by "
            f"{bend / float(np.linalg.norm(H.bend + 2 * H.HA - 3 * H.HB)):.3g} of its norm; one that is made "
            "from the gradient, as by its singular vectors, must return a function of what it is applied to",
            G=G,
        )
    if abs(float(H.skew)) > most:
        raise Refuted(
            f"project must be symmetric, <project(G), K> = <G, project(K)>: for {where} it is not; is the factor that "
            "lifts it back the transpose of the one that projected, and drawn from the same seed?",
            G=G,
        )
    if float(np.sum(G * P)) < -off * size:
        raise Refuted(f"project must not point uphill: for {where} <G, project(G)> is {float(np.sum(G * P)):.3g}", G=G)
    if not unbiased:
        _check_idempotent(H.HHA, P, where, scale, off)
        if r >= max(G.shape) and np.linalg.norm(P - scale * G) > off * size:
            raise Refuted(
                f"project must be all of the gradient at full rank: for {where} it is off by "
                f"{float(np.linalg.norm(P - scale * G)) / scale:.3g} of it",
                G=G,
            )


def _check_idempotent(twice: Array, P: Array, where: str, scale: float, off: float) -> None:
    """``project(project(G)) = scale project(G)``; what is found in place of the scale is said."""
    size = max(float(np.linalg.norm(P)), 1e-300)
    if np.linalg.norm(twice - scale * P) <= 8 * off * size * max(1.0, size, scale):
        return
    multiple = float(np.sum(twice * P)) / size**2
    if np.linalg.norm(twice - multiple * P) <= 8 * off * size * max(1.0, multiple):
        raise Refuted(
            f"project must be scale={scale:g} times a projection: for {where} it is {multiple:.4g} times one", P=P
        )
    raise Refuted(
        f"project must be a projection, times scale={scale:g}: for {where} the projection of P = project(G) is "
        f"{float(np.linalg.norm(twice - scale * P)) / size:.3g} of its norm from scale P; are the columns of the "
        "sketch orthonormal? One that is right in the mean alone is unbiased=True",
        P=P,
    )


def _check_law(
    projector: Projector,
    G: Array,
    r: int,
    scale: float,
    unbiased: bool,
    law: Callable[[int, int], Sketch] | None,
    chance: tuple[int, float, int],
) -> None:
    """What many seeds say of the mean and the law, and whether they are independent."""
    draws, alpha, seed = chance
    where = f"{called(G.shape)} at rank {r}"
    P = np.stack([projector(G, r, seed + i) for i in range(draws)])
    if r < min(G.shape):
        _check_repetition(P, where, G)
    fours = P[: draws // 4 * 4].reshape(-1, 4, *G.shape)
    for how, (a, b, c, d) in {"next to each other": (0, 1, 2, 3), "two apart": (0, 2, 1, 3)}.items():
        share = unfair(exchanged(fours[:, a], fours[:, c], fours[:, b], fours[:, d], cosine), alpha / 2)
        if share is not None:
            raise Refuted(
                f"project must draw independently for each seed: for {where} seeds {how} are more alike than others in "
                f"{share:.0%} of {len(fours)} cases, where chance makes a half; is the seed used as it is?"
            )
    side, share, left = (0, 1.0, False) if unbiased else _share(projector, G, r, seed)
    rounding = max(1e-5, projector.with_rounding(G, r, seed)[1] / 16)
    _check_mean(P, G, scale * share, where, side, alpha, rounding)
    if law is not None:
        if not side:
            raise Refuted(f"project must be a projection of one side to have a law, {where} is projected on both")
        check_law(projector, G, r, scale, law, left, where, chance)


def _check_repetition(P: Array, where: str, G: Array) -> None:
    """Raise ``Refuted`` if all projections are the same, or all that are some number of seeds apart."""
    for lag in range(1, min(len(P) // 2, len(P) - _COINS) + 1):
        if np.array_equal(P[lag:], P[:-lag]):
            same = f"{len(P)} seeds give the same projection of" if lag == 1 else f"those {lag} apart are the same for"
            raise Refuted(f"project must draw afresh for each seed: {same} {where}", G=G)


def _share(projector: Projector, G: Array, r: int, seed: int) -> tuple[int, float, bool]:
    """The side that is projected, rank / side, and whether it is the left one, which does not see the columns mixed."""
    C = np.random.default_rng([seed, 2]).standard_normal((2, *[max(G.shape)] * 2)) / max(G.shape)
    m, n = G.shape
    P, off = projector.with_rounding(G, r, seed)
    right, left = C[0, :n, :n], C[1, :m, :m]
    rows = float(np.linalg.norm(projector(G, r, seed, G @ right) - P @ right))
    columns = float(np.linalg.norm(projector(G, r, seed, left @ G) - left @ P))
    if min(rows, columns) > 8 * off:
        return 0, r * r / (m * n), False
    # All of the gradient is left where the smaller side is whole: then both fit, up to rounding.
    times = 8.0 if r >= min(m, n) else 1.0
    is_left = rows <= times * columns if m <= n else times * rows < columns
    return (m, r / m, True) if is_left else (n, r / n, False)


def _check_mean(P: Array, G: Array, expected: float, where: str, side: int, alpha: float, rounding: float) -> None:
    """Entries, and the part along G, are compared with what is expected of them, by Student's quantile."""
    n = len(P)
    x = np.concatenate([np.sum(P * G, axis=(1, 2))[:, None], P.reshape(n, -1)], axis=1)
    means = expected * np.concatenate([[1.0], G.ravel()])
    deviation = x.std(axis=0, ddof=1) / math.sqrt(n)
    most = -float(stdtrit(n - 1, alpha / (2 * x.shape[1]))) * deviation + rounding * expected
    off = np.abs(x.mean(axis=0) - means)
    if off[0] > most[0]:
        share = f" = rank / {side} times scale" if side else ""
        raise Refuted(
            f"project must have the mean {expected:.4g} G over seeds{share}: for {where} {n} of them have "
            f"{x[:, 0].mean():.4g} G, chance makes {most[0]:.2g}",
            G=G,
        )
    if (off > most).any():
        worst = int((off / most).argmax())
        raise Refuted(
            f"project must have the mean {expected:.4g} G over seeds: for {where} an entry of it is {means[worst]:.4g}"
            f", and {n} seeds have {x[:, worst].mean():.4g}, chance makes {most[worst]:.2g}; is no direction "
            "preferred?",
            G=G,
        )


def check_law(
    projector: Projector,
    G: Array,
    rank: int,
    scale: float,
    law: Callable[[int, int], Sketch],
    left: bool,
    where: str,
    chance: tuple[int, float, int],
) -> None:
    """Raise ``Refuted`` if numbers that projections make have other distributions than those of the sketch.

    Three numbers are looked at: an entry of the diagonal of H, <G, HG>, and <K, HG> for another matrix K. Empirical
    distribution functions are ``far_by_chance`` from the true ones at most, whatever the law.
    """
    draws, alpha, seed = chance
    d = G.shape[0 if left else 1]
    sketch = law(d, rank)
    having("law(dim, rank)", sketch, "a sketch, such as Haar(dim, rank)", MEMBERS)
    rng = np.random.default_rng([seed, 3, *G.shape])
    Q = orthonormal_range(sketch.sample(rng, _OURS * draws))
    K = rng.standard_normal(G.shape)
    corner = np.zeros_like(G)
    corner[0, 0] = 1.0
    probes = {
        "an entry of the diagonal": (corner, corner),
        "<G, project(G)>": (G, G),
        "<K, project(G)> for another matrix K": (K, G),
    }
    share = alpha / (2 * len(probes))
    allowed = sum(far_by_chance(n, share) for n in (draws, _OURS * draws))
    for name, (to, of) in probes.items():
        theirs = [float(np.sum(to * projector(G, rank, seed + i, of))) for i in range(draws)]
        a, b = (to, of) if left else (to.T, of.T)
        ours = scale * np.sum((np.swapaxes(Q, 1, 2) @ a) * (np.swapaxes(Q, 1, 2) @ b), axis=(1, 2))
        if (apart := distance(np.array(theirs), ours)) > allowed:
            raise Refuted(
                f"project must have the law of {repr_of(sketch)}: for {where} the distribution functions of {name} are "
                f"{apart:.2g} apart, chance makes {allowed:.2g} with {draws} seeds",
                G=G,
            )


def distance(x: Array, y: Array, rounding: float = 1e-6) -> float:
    """Return how far two empirical distribution functions are apart, for the better of all ways to round.

    Values that are equal up to rounding may lie on either side of each other: a point of one is compared with the other
    a little before it, and a little after it.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.testing.trainers.check_projector import distance
    >>> distance(np.array([0.0, 1.0]), np.array([0.0, 0.0, 0.0, 1.0 + 1e-9]))
    0.25
    """
    x, y = np.sort(x), np.sort(y)
    near = rounding * max(float(np.abs(x).max()), float(np.abs(y).max()))

    def above(a: Array, b: Array) -> float:
        """The most by which the share of a up to a point exceeds that of b up to a little beyond."""
        up_to = np.searchsorted(a, a, side="right") / len(a)
        return float((up_to - np.searchsorted(b, a + near, side="right") / len(b)).max())

    return max(above(x, y), above(y, x))


def called(shape: tuple[int, ...]) -> str:
    """Name a shape: tall, wide or square."""
    m, n = shape
    return f"a {'tall' if m > n else 'wide' if m < n else 'square'} gradient, {m} x {n},"
