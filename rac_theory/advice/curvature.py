"""How f is curved on the side of W that features multiply; on the other side all directions are taken to be alike."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Literal, Self, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from rac_theory.advice.model_shapes import MatrixShape
from rac_theory.algorithms import Side
from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.numerics import EPS, extreme_eigenvalues, lapack_rounding, largest_eigenvalue, rounded
from rac_theory.problems import LARGEST_SIDE, LeastSquares, Problem, Quadratic, features, gram, squared_row_norms

Loss: TypeAlias = Literal["least_squares", "logistic", "softmax"]
"""A loss of scores, by how much it curves in them."""

_SINGLE = 1e-6
"""How far from symmetric and semidefinite what was rounded to single precision may be, beside the largest entry."""

_SCALES: dict[Loss, float] = {"least_squares": 1.0, "logistic": 0.25, "softmax": 0.5}


@dataclass(frozen=True)
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
    mu : float or None
        The smallest eigenvalue of S that is not zero, or a penalty below it, rounded down; nan where it is unknown, and
        None where ``make`` has to say it.
    dim : int or None
        The length of the side; None fits any that is at least rho.
    make : callable or None
        Returns the problem with S over ``scale`` on its rows, all of whose singular values may be asked for: that takes
        many times as long as L and rho do. None where no more is known than these, which decide about sketches whose
        law rotations leave alone.
    scale : float
        A power of two.
    examples : int or None
        How many examples the features are of.
    description : str
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
    mu: float | None = math.nan
    dim: int | None = None
    make: Callable[[], Problem] | None = field(default=None, repr=False)
    scale: float = 1.0
    examples: int | None = None
    description: str = "rho as it was given"

    def __post_init__(self) -> None:
        checks.one_of("side", self.side, get_args(Side))
        checks.finite("rho", self.rho, at_least=1)

    @cached_property
    def problem(self) -> Problem | None:
        """With S over ``scale`` on its rows; None where it is not known."""
        return None if self.make is None else self.make()

    @cached_property
    def condition(self) -> float:
        """L / mu, rounded up, with a mu that the curvature itself gives; nan where it gives none."""
        mu = self.mu
        if mu is None:
            mu = math.nan if self.problem is None else self.scale * self.problem.mu
        return _quotient(self.L, mu)

    @classmethod
    def of_features(
        cls,
        X: ArrayLike | Callable[[], ArrayLike],
        *,
        loss: Loss = "least_squares",
        l2: float = 0.0,
        side: Side = "right",
    ) -> Self:
        """``c X'X / N + l2 I``: the Hessian of least squares, c = 1, or above it, logistic c = 1/4, softmax c = 1/2.

        Parameters
        ----------
        X : (N, d), or a function that returns it
            The features, or the activations that go into a layer, one example a row; also sparse. Of a function nothing
            is held: it is called again where more than L and rho is asked for.
        loss : Loss
        l2 : float
            Weight of the penalty ``l2/2 ||W||^2``, >= 0, in the units of ``X'X / N``.
        side : Side

        Raises
        ------
        ValueError
            If X is no matrix of finite numbers, or zero; or for another loss or a weight below zero.
        """
        c, l2 = _scale(loss), checks.weight("l2", l2)
        matrix = features("X", X() if callable(X) else X)
        (N, d), (products, error) = matrix.shape, gram(matrix)
        square = (largest_eigenvalue(products) + error) / N
        trace = Fraction(math.fsum(squared_row_norms(matrix)) * (1 + 4 * EPS)) / N
        load = X if callable(X) else lambda: matrix

        def problem() -> Problem:
            matrix = features("X", load())
            return LeastSquares(matrix, np.zeros((N, 1)), l2 / c)  # c is a power of two: nothing is rounded

        wide = "; X is too wide for X'X, and tr and L are all that is used of it" * (d > LARGEST_SIDE)
        return cls._penalised(side, loss, l2, square, trace, d, problem, N, f"X {N}x{d}{wide}")

    @classmethod
    def of_second_moment(
        cls,
        S: ArrayLike | Callable[[], ArrayLike],
        *,
        examples: int | None = None,
        loss: Loss = "least_squares",
        l2: float = 0.0,
        side: Side = "right",
    ) -> Self:
        """The same, from ``X'X / N`` itself: what ``rac_theory.torch.Activations`` adds up as a model runs.

        Parameters
        ----------
        S : (d, d), or a function that returns it
            Symmetric and positive semidefinite, both up to the rounding of single precision, which is not added to L;
            not zero.
        examples : int, optional
            N.
        loss : Loss
        l2 : float
        side : Side

        Raises
        ------
        ValueError
            If S is no such matrix, or for another loss or a weight below zero.

        Examples
        --------
        >>> import numpy as np
        >>> from rac_theory.advice import Curvature
        >>> X = np.array([[2.0, 0.0], [0.0, 1.0]])
        >>> for curvature in (Curvature.of_second_moment(X.T @ X / 2, examples=2), Curvature.of_features(X)):
        ...     print(f"{curvature.rho:.6f}")
        1.250000
        1.250000
        """
        c, l2 = _scale(loss), checks.weight("l2", l2)
        load = S if callable(S) else lambda: S

        def matrix() -> Array:
            given = checks.moderate("S", checks.array("S", load(), ndim=2))
            if given.shape[0] != given.shape[1]:
                raise ValueError(f"S must be square, got shape {given.shape}")
            size, apart = float(np.abs(given).max()), float(np.abs(given - given.T).max())
            if not size > 0 or apart > _SINGLE * size:
                raise ValueError(f"S must be symmetric and not zero, as X'X / N is, got {apart:.3g} in S - S'")
            return (given + given.T) / 2

        moment = matrix()
        d, trace = len(moment), sum(map(Fraction, np.diagonal(moment).tolist()), Fraction(0))
        square = largest_eigenvalue(moment)
        least = float(np.diagonal(moment).min())
        if not square > 0 or trace <= 0 or least < -_SINGLE * square:
            raise ValueError(f"S must be semidefinite and not zero, as X'X / N is, got {least:.3g} on its diagonal")

        def problem() -> Problem:
            curvature = matrix()
            curvature[np.diag_indices(d)] += l2 / c + max(0.0, -extreme_eigenvalues(curvature)[0])
            return Quadratic.left(curvature, np.zeros((d, 1)))

        return cls._penalised(side, loss, l2, square, trace, d, problem, examples, f"{d}x{d}")

    @classmethod
    def _penalised(
        cls,
        side: Side,
        loss: Loss,
        l2: float,
        square: float,
        trace: Fraction,
        dim: int,
        make: Callable[[], Problem],
        examples: int | None,
        source: str,
    ) -> Self:
        """With L and rho of ``c S + l2 I``, from an upper bound of the largest eigenvalue of S, and its trace."""
        c, is_wide = _SCALES[loss], dim > LARGEST_SIDE
        L = (c * square + l2) * (1 + 8 * EPS)
        rho = _at_least_one((Fraction(c) * trace + dim * Fraction(l2)) / Fraction(L))
        mu = None if loss == "least_squares" and not is_wide else l2 if l2 > 0 else math.nan
        formula = {1.0: "X'X/N", 0.25: "X'X/(4N)", 0.5: "X'X/(2N)"}[c] + f" + {l2:g} I" * (l2 > 0)
        return cls(side, rho, L, mu, dim, None if is_wide else make, c, examples, f"{formula}, {source}")

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
        eigenvalues = checks.moderate("spectrum", checks.array("spectrum", values, ndim=1))
        L, least = float(eigenvalues.max()), float(eigenvalues.min())
        rounding = lapack_rounding(len(eigenvalues)) * L
        if not L > 0 or least < -rounding:
            raise ValueError(
                f"spectrum must be eigenvalues of a semidefinite matrix that is not zero, got {least:g}..{L:g}"
            )
        trace = sum((Fraction(max(value, 0.0)) for value in eigenvalues.tolist()), Fraction(0))
        positive = eigenvalues[eigenvalues > 0].min()
        mu = float(positive) if positive > rounding else math.nan
        description = f"a spectrum of {len(eigenvalues)} eigenvalues, " + (
            "the smallest for mu" if mu == mu else "none for mu"
        )
        return cls(side, _at_least_one(trace / Fraction(L)), L, mu, len(eigenvalues), description=description)

    @classmethod
    def of_rho(cls, rho: float, *, side: Side = "right") -> Self:
        """The effective dimension alone, ``tr S / L``, >= 1.

        Parameters
        ----------
        rho : float
            From 1 to the length of the side of the features.
        side : Side

        Returns
        -------
        Curvature
            L is not known.
        """
        return cls(side, rho)

    def named(self, name: str) -> Self:
        """The same, with what it is of before its description.

        Parameters
        ----------
        name : str
            Such as that of a layer.
        """
        return replace(self, description=f"{name}: {self.description}")

    def length(self, shape: MatrixShape) -> int:
        """The length of the side of the features in a matrix of some shape.

        Parameters
        ----------
        shape : (int, int)
            Rows and columns of W.

        Returns
        -------
        int
        """
        return shape[0] if self.side == "left" else shape[1]

    def fits(self, shape: MatrixShape) -> bool:
        """Whether it can be that of a matrix of this shape.

        Parameters
        ----------
        shape : (int, int)
            Rows and columns of W.
        """
        length = self.length(shape)
        return length == self.dim if self.dim is not None else self.rho <= length

    def check(self, shape: MatrixShape) -> None:
        """Raise a ``ValueError`` unless it can be that of a matrix of this shape.

        Parameters
        ----------
        shape : (int, int)
            Rows and columns of W.
        """
        (m, n), length = shape, self.length(shape)
        if self.fits(shape):
            return
        if self.dim is None:
            raise ValueError(f"rho must be in 1..{length}, the {_ENDS[self.side]} of {m}x{n}, got {self.rho:g}")
        turned = "left" if self.side == "right" else "right"
        hint = f"; features on the {turned} side?" if self.dim in shape else ""
        raise ValueError(
            f"curvature must be that of the {_ENDS[self.side]} of {m}x{n}, {length} of them, got {self.dim} "
            f"({self.description}){hint}"
        )


_ENDS: dict[Side, str] = {"left": "rows", "right": "columns"}


def _scale(loss: Loss) -> float:
    checks.one_of("loss", loss, get_args(Loss))
    return _SCALES[loss]


def _at_least_one(rho: Fraction) -> float:
    return max(1.0, rounded(rho, math.inf))


def _quotient(L: float, mu: float) -> float:
    return rounded(Fraction(L) / Fraction(mu), math.inf) if mu > 0 else math.nan
