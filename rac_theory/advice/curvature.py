"""How f is curved, for advice: on the side of W that features multiply, where on the other all directions are alike."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, Self, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from rac_theory.advice.model_shapes import MatrixShape
from rac_theory.algorithms import Side
from rac_theory.base import checks
from rac_theory.numerics import lapack_rounding, rounded
from rac_theory.problems import EPS, LARGEST_SIDE, LeastSquares, Problem, features, squared_row_norms

Loss: TypeAlias = Literal["least_squares", "logistic", "softmax"]
"""A loss of scores, by how much it curves in them."""

_SCALES: dict[Loss, float] = {"least_squares": 1.0, "logistic": 0.25, "softmax": 0.5}


@dataclass(frozen=True, eq=False)
class Curvature:
    r"""A bound of curvature :math:`Q = S \otimes I`, with S on the side of W that features multiply.

    A sketch of the other side gains nothing by it: along it f is as steep as L says.

    Attributes
    ----------
    side : Side
        "right": S is on the n columns of an m x n matrix, as in y = W x, where W is stored as outputs x inputs. "left":
        it is on the m rows, as in y = x W, and in the problems of this library.
    rho : float
        The effective dimension tr S / L, from 1 to the length of the side; rounded up.
    L : float
        The largest eigenvalue of S, rounded up; nan where rho alone is known.
    condition : float
        L / mu, rounded up, with a mu that the curvature itself gives; nan where it gives none.
    dim : int or None
        The length of the side; None fits any that is at least rho.
    problem : Problem or None
        With S, up to a factor, on its rows; None where no more is known than L and rho, which decide about sketches
        whose law rotations leave alone.
    examples : int or None
        How many examples the features are of.
    told : str
        Where it comes from, in words.

    Examples
    --------
    >>> from rac_theory.advice import Curvature, advise
    >>> steep = Curvature.of_spectrum([8.0, 1.0, 1.0, 1.0])
    >>> steep.rho, steep.condition
    (1.375, 8.0)
    >>> options, notes = advise([(64, 4)], ranks=[1], curvature=steep)
    >>> for option in options:
    ...     print(f"{option.side}: {option.slowdown:.4f} times the steps, each {option.step:.4f} / L long")
    full: 1.0000 times the steps, each 1.0000 / L long
    left: 64.0000 times the steps, each 1.0000 / L long
    right: 2.2500 times the steps, each 1.7778 / L long
    """

    side: Side
    rho: float
    L: float = math.nan
    condition: float = math.nan
    dim: int | None = None
    problem: Problem | None = None
    examples: int | None = None
    told: str = "rho as it was given"

    def __post_init__(self) -> None:
        checks.one_of("side", self.side, get_args(Side))
        checks.finite("rho", self.rho, at_least=1)

    @classmethod
    def of_features(cls, X: ArrayLike, *, loss: Loss = "least_squares", l2: float = 0.0, side: Side = "right") -> Self:
        """``c X'X / N + l2 I``: the Hessian of least squares, c = 1, or above it, logistic c = 1/4, softmax c = 1/2.

        Parameters
        ----------
        X : (N, d)
            The features, or the activations that go into a layer, one example a row; also sparse.
        loss : Loss
        l2 : float
            Weight of the penalty ``l2/2 ||W||^2``, >= 0, in the units of ``X'X / N``.
        side : Side

        Raises
        ------
        ValueError
            If X is no matrix of finite numbers, or zero; or for another loss or a weight below zero.
        """
        checks.one_of("loss", loss, get_args(Loss))
        known, c, l2 = features("X", X), _SCALES[loss], checks.weight("l2", l2)
        N, d = known.shape
        problem = LeastSquares(known, np.zeros((N, 1)), l2 / c)  # c is a power of two: nothing is rounded
        L, wide = c * problem.L, d > LARGEST_SIDE
        if wide:
            more = math.fsum(squared_row_norms(known)) * (1 + 4 * EPS)
            trace = Fraction(c) * Fraction(more) / N + d * Fraction(l2)
        else:
            ((S, _),) = problem.smoothness.terms
            trace = Fraction(c) * sum(map(Fraction, np.diagonal(S).tolist()), Fraction(0))
        mu = c * problem.mu if loss == "least_squares" else l2
        formula = {1.0: "X'X/N", 0.25: "X'X/(4N)", 0.5: "X'X/(2N)"}[c] + f" + {l2:g} I" * (l2 > 0)
        return cls(
            side,
            _at_least_one(trace / Fraction(L)),
            L,
            _quotient(L, mu),
            d,
            None if wide else problem,
            N,
            f"{formula}, X {N}x{d}" + "; X is too wide for X'X, and tr and L are all that is used of it" * wide,
        )

    @classmethod
    def of_spectrum(cls, values: ArrayLike, *, side: Side = "right") -> Self:
        """The eigenvalues of S, all of them: those of the Hessian of a quadratic, or of what bounds a Hessian.

        Where the smallest that is not zero is no more than rounding, beside the largest, ``condition`` is nan.

        Parameters
        ----------
        values : (d,)
            In units of f per squared unit of W, in any order. What is below zero by rounding counts as zero.
        side : Side

        Raises
        ------
        ValueError
            If they are no finite numbers, none is above zero, or one is below.
        """
        found = checks.moderate("spectrum", checks.array("spectrum", values, ndim=1))
        L, least = float(found.max()), float(found.min())
        rounding = lapack_rounding(len(found)) * L
        if not L > 0 or least < -rounding:
            raise ValueError(
                f"spectrum must be eigenvalues of a semidefinite matrix that is not zero, got {least:g}..{L:g}"
            )
        trace = sum((Fraction(max(value, 0.0)) for value in found.tolist()), Fraction(0))
        positive = found[found > 0].min()
        mu = float(positive) if positive > rounding else math.nan
        told = f"a spectrum of {len(found)} eigenvalues, " + ("the smallest for mu" if mu == mu else "none for mu")
        return cls(side, _at_least_one(trace / Fraction(L)), L, _quotient(L, mu), len(found), told=told)

    @classmethod
    def of_rho(cls, rho: float, *, side: Side = "right") -> Self:
        """The effective dimension alone, ``tr S / L``, >= 1."""
        return cls(side, rho)

    def named(self, name: str) -> Self:
        """The same, told with what it is of."""
        return replace(self, told=f"{name}: {self.told}")

    def length(self, shape: MatrixShape) -> int:
        """The length of the side of the features in a matrix of some shape."""
        return shape[0] if self.side == "left" else shape[1]

    def fits(self, shape: MatrixShape) -> bool:
        """Whether it can be that of a matrix of this shape."""
        length = self.length(shape)
        return length == self.dim if self.dim is not None else self.rho <= length

    def check(self, shape: MatrixShape) -> None:
        """Raise a ``ValueError`` unless it can be that of a matrix of this shape."""
        (m, n), length = shape, self.length(shape)
        if self.fits(shape):
            return
        if self.dim is None:
            raise ValueError(f"rho must be in 1..{length}, the {_ENDS[self.side]} of {m}x{n}, got {self.rho:g}")
        turned = "left" if self.side == "right" else "right"
        hint = f"; features on the {turned} side?" if self.dim in shape else ""
        raise ValueError(
            f"curvature must be that of the {_ENDS[self.side]} of {m}x{n}, {length} of them, got {self.dim} "
            f"({self.told}){hint}"
        )


_ENDS: dict[Side, str] = {"left": "rows", "right": "columns"}


def _at_least_one(rho: Fraction) -> float:
    return max(1.0, rounded(rho, math.inf))


def _quotient(L: float, mu: float) -> float:
    return rounded(Fraction(L) / Fraction(mu), math.inf) if mu > 0 else math.nan
