r"""What a sketch makes of matrix smoothness: the smallest number L_H with :math:`E[H Q H] \le L_H E[H]`.

A projected step of size gamma on a function that curves up no more than Q gains at least
:math:`\gamma (2 - \gamma L_H) \lambda_{\min}(E[H])`, where L in the place of L_H is what smoothness alone promises. As
:math:`H Q H \le \lambda_{\max}(Q) H`, L_H is never more than that. Traces and diagonals in it are those of the side
that is sketched: for :math:`Q = \sum S \otimes R` and a left sketch :math:`E[HQH] = \sum E[HSH] \otimes R`.

The range of E[HQH] is in that of E[H], so that there is such a number where E[H] is singular too: HX = 0 almost surely
where :math:`\langle X, E[H] X \rangle = E \|H X\|^2 = 0`, and then :math:`E[HQH] X = 0`.

Where a sum has no common basis, small operators are taken as they are: E[H] and E[HQH] on all m n entries.
"""

import math
from fractions import Fraction
from functools import singledispatch
from typing import NamedTuple

import numpy as np

from rac_theory.algorithms import Bernoulli, LayeredRACLoRA, ProjectedDescent, RACLoRA, Side, check_dim
from rac_theory.base import Array, checks
from rac_theory.gains.along_draws import Sampling, along_draws
from rac_theory.gains.common_basis import Terms, splits_of, terms_of_side
from rac_theory.gains.layered import along_all_layers, blocks
from rac_theory.gains.one_side import Pair, along_one_side, moments_of
from rac_theory.gains.ratio import largest_ratio
from rac_theory.numerics import Randomness, matrix, rounded, seed_sequence
from rac_theory.problems import Smoothness
from rac_theory.sketches import DRAWS, Moments, Sketch, check_members, check_size, spectrum

MOST_ENTRIES = 256
"""The most entries m n: the matrices of the operators have (m n)^2."""


def along_whole(p: float, left: Pair | None, right: Pair | None, terms: Terms) -> float:
    """Return L_H of a sum of Kronecker products, an eigenvalue of matrices of m n rows; a coin decides about the side.

    Parameters
    ----------
    p : float
        Probability of the left side.
    left, right : Pair or None
        The moments of each side; None for a side that never comes up.
    terms : pairs (S, R)
        S on the left, R on the right.
    """
    m, n = len(terms[0][0]), len(terms[0][1])
    K, T, off_T = np.zeros((m * n, m * n)), np.zeros((m * n, m * n)), 0.0
    pairs = [(matrix(S), matrix(R)) for S, R in terms]
    for weight, side, swapped in ((p, left, False), (1 - p, right, True)):
        if side is None:
            continue
        K += weight * (
            np.kron(np.eye(m), _full(side, side.mean)) if swapped else np.kron(_full(side, side.mean), np.eye(n))
        )
        for S, R in pairs:
            product = (S, _full(side, side.second(R))) if swapped else (_full(side, side.second(S)), R)
            T += weight * np.kron(*product)
            off_T += weight * side.off * float(np.linalg.norm(S)) * float(np.linalg.norm(R))
    off_K = max(side.off for side in (left, right) if side is not None)
    basis = _range(m, n, left, right)
    if basis is not None:
        K, T = basis.T @ K @ basis, basis.T @ T @ basis
    return largest_ratio((T + T.T) / 2, (K + K.T) / 2, off_T=off_T, off_K=off_K)


def _full(side: Pair, matrix: Array) -> Array:
    return matrix if side.basis is None else side.basis @ matrix @ side.basis.T


def _range(m: int, n: int, left: Pair | None, right: Pair | None) -> Array | None:
    """A basis of the range of E[H], a Kronecker sum: what either side reaches. None for all of it."""
    V_left, V_right = _reached(left, m), _reached(right, n)
    if V_left.shape[1] == m or V_right.shape[1] == n:
        return None
    missed = np.linalg.svd(V_left)[0][:, V_left.shape[1] :] if V_left.size else np.eye(m)
    return np.hstack([np.kron(V_left, np.eye(n)), np.kron(missed, V_right)])


def _reached(side: Pair | None, size: int) -> Array:
    if side is None:
        return np.zeros((size, 0))
    if side.basis is not None:
        return side.basis
    zero = (np.diagonal(side.mean) == 0) & ~side.mean.any(axis=0)
    return np.eye(size)[:, ~zero]


_ROUNDING = Fraction(1, 10**6)  # what is above L by no more is L itself, in other digits

UNKNOWN = "L, as nothing better is known of this sketch"


class SmoothnessAlong(NamedTuple):
    """The smoothness of f along a sketch, the constant of expected separable overapproximation, and how it is known.

    Attributes
    ----------
    L_H : float
        A number with ``E[H Q H] <= L_H E[H]``, where f is curved by no more than Q; rounded up, in the units of L.
    provenance : str
        How it is known. "At most" where it need not be the smallest such number, up to rounding.
    alpha : float
        The probability with which it may be false, spent whatever came of it; 0 where nothing is sampled.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems.smoothness import Smoothness
    >>> from rac_theory.gains.gain import smoothness_along
    >>> from rac_theory.sketches import FromFunction
    >>> own = FromFunction(2, 1, lambda rng: rng.standard_normal((2, 1)))
    >>> known = smoothness_along(own, Smoothness([(np.diag([2.0, 1.0]), np.eye(1))]), draws=10_000, rng=0)
    >>> print(f"{known.L_H:.3f}, {known.provenance}")  # in truth 1.75
    1.771, at most: a bound at level 0.001 from 10000 draws
    """

    L_H: float
    provenance: str
    alpha: float = 0.0


def smoothness_along(
    sketch: Sketch | ProjectedDescent | None,
    Q: Smoothness,
    *,
    side: Side = "left",
    alpha: float = 1e-3,
    draws: int = DRAWS,
    rng: Randomness = None,
) -> SmoothnessAlong:
    """Return smoothness along a sketch, or along the projections of an algorithm, rounded up.

    Where no moments of the sketch are known it is bounded from draws.

    Parameters
    ----------
    sketch : Sketch or ProjectedDescent or None
        A sketch; or an algorithm, such as ``RACLoRA`` or ``Bernoulli``, which says itself on which side it is. None is
        no sketch, H = I.
    Q : Smoothness
    side : Side
        Which side of the gradient the sketch projects.
    alpha : float
        Probability with which a bound from draws may be false.
    draws : int
        How many to take, at most, where there is nothing better; 0 for none. Fewer are taken where they would last for
        more than some seconds, and none where so few say nothing.
    rng : seed, SeedSequence or Generator
        Unused where nothing is sampled.

    Returns
    -------
    SmoothnessAlong
        L_H, how it is known, and the level that was spent on it.

    Raises
    ------
    ValueError
        If the sketch does not fit the matrices on which Q acts, or does not keep its promises.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems.smoothness import Smoothness
    >>> from rac_theory.gains.gain import smoothness_along
    >>> from rac_theory.sketches import Coordinate, Haar
    >>> Q = Smoothness([(np.diag([8.0, 1.0, 1.0, 1.0]), np.eye(3))])
    >>> [smoothness_along(Haar(4, rank), Q).L_H for rank in (1, 2, 4)]  # (2 L + tr) / 6 at rank one
    [4.5, 5.666666666666667, 8.0]
    >>> smoothness_along(Haar(3, 1), Q, side="right").L_H  # there it is a multiple of the identity
    8.0
    """
    checks.finite("alpha", alpha, above=0, below=1)
    checks.integer("draws", draws, 0)
    sampling = Sampling(alpha, draws, seed_sequence(rng))
    if isinstance(sketch, ProjectedDescent):
        return _of_algorithm(sketch, Q, sampling)
    if sketch is None:
        return SmoothnessAlong(Q.largest, "no sketch: L itself")
    checks.one_of("side", side, ("left", "right"))
    check_members("sketch", sketch)
    check_size(sketch)
    check_dim("sketch", sketch, side, Q.shape)
    return _one_sided(sketch, terms_of_side(Q, side), Q.largest, sampling)


@singledispatch
def _of_algorithm(algorithm: ProjectedDescent, Q: Smoothness, sampling: Sampling) -> SmoothnessAlong:
    """Along the projections of an algorithm, by its kind."""
    return SmoothnessAlong(Q.largest, "L, as projections are not drawn anew")


@_of_algorithm.register
def _of_sketch(algorithm: RACLoRA, Q: Smoothness, sampling: Sampling) -> SmoothnessAlong:
    if algorithm.sketch is None:
        return SmoothnessAlong(Q.largest, "no sketch: L itself")
    check_dim("sketch", algorithm.sketch, algorithm.side, Q.shape)
    return _one_sided(algorithm.sketch, terms_of_side(Q, algorithm.side), Q.largest, sampling)


@_of_algorithm.register
def _of_layers(algorithm: LayeredRACLoRA, Q: Smoothness, sampling: Sampling) -> SmoothnessAlong:
    """Along several layers: the largest L_H of a layer, or one on all entries where layers are coupled and small."""
    algorithm.check_shape(Q.shape)
    parts, apart = blocks(Q, algorithm.layers)
    shares = sampling.shared(len(parts))
    by_layer = [_of_algorithm(*layer) for layer in zip(algorithm.of_layers, parts, shares, strict=True)]
    largest = max(range(len(by_layer)), key=lambda i: by_layer[i].L_H)
    how = by_layer[largest].provenance
    if len(by_layer) > 1:
        how = f"{algorithm.layers.names[largest]}, the largest of all layers: {how}"
    bounds = [(Fraction(by_layer[largest].L_H), how if apart else f"at most: {how}, on more than Q")]
    if not apart and len(by_layer) > 1 and (all_layers := along_all_layers(algorithm, Q)) is not None:
        bounds.append((Fraction(all_layers[0]), f"{all_layers[1]}, on all entries of all layers"))
    return _smallest(bounds, Q.largest, math.fsum(layer.alpha for layer in by_layer))


def _one_sided(sketch: Sketch, terms: Terms, largest: float, sampling: Sampling) -> SmoothnessAlong:
    """Along a left sketch: the smallest known bound; bounds from draws count where none is known, or all are loose."""
    bounds, loose, splits = [], True, splits_of(terms)
    for split in splits:
        by_matrix = [along_one_side(sketch, S) for S in split.matrices]
        numbers = [along for along in by_matrix if along is not None]
        if len(numbers) == len(by_matrix):
            how = split.how or max(numbers).how
            bounds.append((split.combine([along.L_H for along in numbers]), how))
            loose = loose and any(along.loose for along in numbers)
    if splits[0].how:
        bounds += _on_all_entries(1.0, sketch, None, terms)
    if bounds and not loose:
        return _smallest(bounds, largest)
    sample = along_draws(sketch, [matrix(S) for S in splits[0].matrices], sampling)
    if sample is None:
        return _smallest(bounds, largest)
    bound = splits[0].combine(sample.bounds)
    if bound < largest:
        bounds.append((bound, f"at most: {sample.how}"))
    return _smallest(bounds, largest, sampling.alpha, f"L, as {sample.how} is no less")


def _on_all_entries(p: float, left: Sketch, right: Sketch | None, terms: Terms) -> list[tuple[Fraction, str]]:
    """A bound of a left sketch, or of a coin, where the entries are few and all moments known; else none."""
    if len(terms[0][0]) * len(terms[0][1]) > MOST_ENTRIES:
        return []
    of_left = moments_of(Moments(left))
    of_right = None if right is None else moments_of(Moments(right))
    if of_left is None or (of_right is None and right is not None):
        return []
    how = of_left.how if of_right is None else f"left: {of_left.how}, right: {of_right.how}"
    bound = along_whole(p, of_left, of_right, terms)
    return [(Fraction(bound), f"{how}, on all entries")] if bound < math.inf else []


def _smallest(
    bounds: list[tuple[Fraction, str]], largest: float, alpha: float = 0.0, otherwise: str = UNKNOWN
) -> SmoothnessAlong:
    bound, how = min(bounds, default=(Fraction(largest), otherwise))
    if bound > Fraction(largest) * (1 + _ROUNDING):
        how = otherwise
    return SmoothnessAlong(min(max(0.0, rounded(bound, math.inf)), largest), how, alpha)


@_of_algorithm.register
def _of_coin(algorithm: Bernoulli, Q: Smoothness, sampling: Sampling) -> SmoothnessAlong:
    r"""Along a coin: from those of the two sides, or as a whole where it is small.

    :math:`E[HQH] \le p L_l E[H_l] \otimes I + (1-p) L_r I \otimes E[H_r]` has eigenvalues
    :math:`p L_l h + (1-p) L_r k` beside :math:`p h + (1-p) k` of E[H]: a mean of the two, with the most weight on the
    larger where h is largest and k smallest.
    """
    algorithm.check_shape(Q.shape)
    half_left, half_right = sampling.shared(2)
    coin = [
        (Fraction(algorithm.p), algorithm.left, Q.terms, half_left),
        (1 - Fraction(algorithm.p), algorithm.right, terms_of_side(Q, "right"), half_right),
    ]
    sides = [
        (weight, sketch, _one_sided(sketch, terms, Q.largest, half)) for weight, sketch, terms, half in coin if weight
    ]
    if len(sides) == 1:
        return sides[0][2]
    (less, sketch_less, low), (more, sketch_more, high) = sorted(sides, key=lambda side: side[2].L_H)
    h, k = _end(sketch_more, "lambda_max"), _end(sketch_less, "lambda_min")
    total = more * h + less * k
    mean = (more * h * Fraction(high.L_H) + less * k * Fraction(low.L_H)) / total if total else Fraction(high.L_H)
    bounds = [
        (mean, f"at most: the mean of both sides, left: {sides[0][2].provenance}, right: {sides[1][2].provenance}")
    ]
    if low.L_H < high.L_H:
        bounds += _on_all_entries(algorithm.p, algorithm.left, algorithm.right, Q.terms)
    return _smallest(bounds, Q.largest, math.fsum(side[2].alpha for side in sides))


def _end(sketch: Sketch, name: str) -> Fraction:
    """An end of the spectrum of E[H] where it is known without drawing, else that of any projection."""
    if Moments(sketch).mean is None:
        return Fraction(name == "lambda_max")
    return Fraction(getattr(spectrum(sketch), name))
