"""Steps of one size that look at signs or norms: within the range of H the steepest in some norm, not along HG."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Exact
from rac_theory.algorithms.layered import Bernoulli
from rac_theory.algorithms.projected_descent import OfProjectedDescent, ProjectedDescent
from rac_theory.algorithms.rac_lora import RACLoRA
from rac_theory.algorithms.side import Side, on_side
from rac_theory.base import Array, Value, squared_norms, type_name
from rac_theory.numerics import unit
from rac_theory.problems import Problem
from rac_theory.sketches import Gaussian, Haar, Sketch, draws_ahead

_ROUNDED = 1 - 1e-12  # what gamma functions are off by is less


@dataclass(frozen=True, eq=False, repr=False)
class SteepestStep(OfProjectedDescent, Value, ABC):
    r"""The step :math:`W \leftarrow W - \gamma D`, where D of the range of H has a fixed size in some norm, and the
    largest product with the gradient that such a D can have: :math:`\langle G, D \rangle = N(HG)`, N the dual norm.

    It is as long near a minimum as far from it, so that a constant :math:`\gamma` leaves a floor. T24 is about these,
    with exact gradients: a step sees :math:`c\, N(G)` of a norm on average, and :math:`\|D\|^2 \le R`. Nothing is
    claimed of Adam: with noise, or with averages of squares of gradients, a step may go uphill on average.

    Parameters
    ----------
    algorithm : ProjectedDescent
        What draws H, and the size of a step; such as ``RACLoRA(Haar(8, 2), gamma=0.1)``.

    Raises
    ------
    ValueError
        If its gradients are not exact.

    Examples
    --------
    >>> from rac_theory import RACLoRA
    >>> from rac_theory.algorithms import MuonStep, NormalisedStep, SignStep
    >>> from rac_theory.sketches import Haar
    >>> for kind in (NormalisedStep, MuonStep, SignStep):  # c and R of 8 x 3 matrices, lambda_min being 1/4
    ...     c, R = kind(RACLoRA(Haar(8, 2), gamma=0.1)).norm_constants(0.25, (8, 3)).values()
    ...     print(f"{kind.__name__}: c = {c:.4f}, R = {R:g}")
    NormalisedStep: c = 0.4571, R = 1
    MuonStep: c = 0.2500, R = 2
    SignStep: c = 0.5821, R = 6
    """

    algorithm: ProjectedDescent

    provenance: ClassVar[tuple[str, str]] = ("lambda_min: <G, HG> <= ||HG|| ||G||", "a step has the length gamma")
    """Where c and R come from."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.algorithm.gradients) is not Exact or not getattr(self.algorithm, "is_projected", True):
            raise ValueError(f"algorithm must project exact gradients, got {self.algorithm!r}")

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Draw one projection for each run and make one step, again and again: blocks (runs, m, n)."""
        for steepest in self.directions(rng, W):
            W = W - self.gamma * steepest(problem.gradient(W))
            yield W

    @abstractmethod
    def directions(self, rng: np.random.Generator, W: Array) -> Iterator[Callable[[Array], Array]]:
        """Yield what makes D of G, (runs, m, n), with a fresh H each time, for blocks like W, endlessly."""

    @abstractmethod
    def norms(self, G: Array) -> Array:
        """Return N of gradients, (runs, m, n) to (runs,)."""

    @abstractmethod
    def norm_constants(self, lambda_min: float, shape: tuple[int, int]) -> dict[str, float]:
        """Return c, ``norm_share``, rounded down, and R, ``span``, for matrices of a shape."""

    def __repr__(self) -> str:
        return f"{type_name(self)}({self.algorithm!r})"


@dataclass(frozen=True, eq=False, repr=False)
class NormalisedStep(SteepestStep):
    r"""The step :math:`W \leftarrow W - \gamma\, HG / \|HG\|`; none where HG is zero.

    N is the Frobenius norm, R = 1, and c is :math:`\lambda_{\min}`, for Haar columns of one side the mean of
    :math:`\|Hv\|` for a unit v, about :math:`\sqrt{r/d}`.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Case, RACLoRA, verify
    >>> from rac_theory.algorithms import NormalisedStep
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.sketches import Haar
    >>> problem = Quadratic.left(np.eye(6), W_star=np.full((6, 2), 4.0))
    >>> case = Case(NormalisedStep(RACLoRA(Haar(6, 2), gamma=0.5)), problem, steps=100)
    >>> verify("T24", case, runs=64, rng=0).status.name
    'CONSISTENT'
    """

    def directions(self, rng: np.random.Generator, W: Array) -> Iterator[Callable[[Array], Array]]:
        """Yield what makes HG over its length of G."""
        return _of_seen(self.algorithm, rng, W, _normalised)

    def norms(self, G: Array) -> Array:
        """Return Frobenius norms."""
        return np.sqrt(squared_norms(G))

    def norm_constants(self, lambda_min: float, shape: tuple[int, int]) -> dict[str, float]:
        """Return c, ``norm_share``, rounded down, and R, ``span``."""
        sketch: Any = getattr(self.algorithm, "sketch", None)
        is_uniform = type(sketch) in (Haar, Gaussian)
        return {"norm_share": max(lambda_min, mean_length(sketch.dim, sketch.rank) if is_uniform else 0.0), "span": 1.0}


@dataclass(frozen=True, eq=False, repr=False)
class MuonStep(SteepestStep):
    r"""Muon within the range: :math:`W \leftarrow W - \gamma\, \mathrm{polar}(HG)`, with all singular values 1 or 0.

    N is the nuclear norm, :math:`c = \lambda_{\min}`, and R is the largest rank of HG. There is no momentum.

    Raises
    ------
    ValueError
        For several layers, of which each has singular values of its own.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Case, RACLoRA, simulate
    >>> from rac_theory.algorithms import MuonStep
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.sketches import Haar
    >>> problem = Quadratic.left(np.eye(4), W_star=np.ones((4, 3)))
    >>> run = simulate(Case(MuonStep(RACLoRA(Haar(4, 2), gamma=0.5)), problem, steps=1), rng=0, record=["W"])
    >>> np.linalg.svd(run.iterates[0, 1])[1].round(12).tolist()  # of a gradient of rank one
    [0.5, 0.0, 0.0]
    """

    provenance: ClassVar[tuple[str, str]] = ("lambda_min: <HG, polar(G)> <= N(HG)", "a step has singular values gamma")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.algorithm, RACLoRA | Bernoulli):
            raise ValueError(f"algorithm must move one matrix, got {self.algorithm!r}")

    def directions(self, rng: np.random.Generator, W: Array) -> Iterator[Callable[[Array], Array]]:
        """Yield what makes the polar factor of HG of G, zero where HG is."""
        return _of_seen(self.algorithm, rng, W, _polar)

    def norms(self, G: Array) -> Array:
        """Return sums of singular values; nan of what has diverged."""
        finite = np.asarray(np.isfinite(G).all(axis=(-2, -1)))
        values = np.linalg.svd(np.asarray(np.where(finite[:, None, None], G, 0.0)), compute_uv=False)
        return np.where(finite, values.sum(axis=-1), np.nan)

    def norm_constants(self, lambda_min: float, shape: tuple[int, int]) -> dict[str, float]:
        """Return c, ``norm_share``, rounded down, and R, ``span``."""
        sketches = [getattr(self.algorithm, name, None) for name in ("sketch", "left", "right")]
        ranks = [sketch.rank for sketch in sketches if sketch is not None]
        return {"norm_share": lambda_min, "span": float(min(*shape, max(ranks, default=min(shape))))}


@dataclass(frozen=True, eq=False, repr=False)
class SignStep(SteepestStep):
    r"""Signs on the factor: :math:`W \leftarrow W - \gamma\, B\, \mathrm{sign}(B^\top G)`, B with orthonormal columns.

    It depends on B and not on its range alone, and so on the law of B: each column must be uniform on the sphere. N is
    the sum of the lengths of the columns of G, of its rows for a right step, :math:`c = r\, c_d` with :math:`c_d =
    \Gamma(\frac d2) / (\sqrt\pi\, \Gamma(\frac{d+1}2))`, and R is the number of signs.

    Raises
    ------
    ValueError
        For a sketch other than ``Haar``.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Case, RACLoRA, simulate
    >>> from rac_theory.algorithms import SignStep
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.sketches import Haar
    >>> problem = Quadratic.left(np.eye(4), W_star=np.ones((4, 3)))
    >>> run = simulate(Case(SignStep(RACLoRA(Haar(4, 2), gamma=0.5)), problem, steps=1), rng=0, record=["W"])
    >>> print(f"{np.linalg.norm(run.iterates[0, 1]):.3f}")  # 0.5 times the root of 2 x 3 signs
    1.225
    """

    provenance: ClassVar[tuple[str, str]] = ("r c_d: |<b, v>| on average, b uniform", "a step is gamma B times signs")

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(getattr(self.algorithm, "sketch", None)) is not Haar:
            raise ValueError(f"algorithm must have the sketch Haar, of uniform columns, got {self.algorithm!r}")

    @property
    def _drawn(self) -> tuple[Sketch, Side]:
        assert isinstance(self.algorithm, RACLoRA)
        assert self.algorithm.sketch is not None
        return self.algorithm.sketch, self.algorithm.side

    def directions(self, rng: np.random.Generator, W: Array) -> Iterator[Callable[[Array], Array]]:
        """Yield what makes B times the signs of B'G of G."""
        sketch, side = self._drawn
        for B in draws_ahead(sketch, rng, len(W), W.dtype.type):
            yield partial(on_side, side, partial(_signs, B), np.zeros_like(W))

    def norms(self, G: Array) -> Array:
        """Return sums of the lengths of columns, or of rows."""
        return np.asarray(np.sum(np.linalg.norm(G, axis=-2 if self._drawn[1] == "left" else -1), axis=-1))

    def norm_constants(self, lambda_min: float, shape: tuple[int, int]) -> dict[str, float]:
        """Return c, ``norm_share``, rounded down, and R, ``span``."""
        (sketch, side), (m, n) = self._drawn, shape
        signs = sketch.rank * (n if side == "left" else m)
        return {"norm_share": sketch.rank * mean_length(sketch.dim, 1), "span": float(signs)}


def mean_length(d: int, r: int) -> float:
    r"""Return the mean of :math:`\|Hv\|` for a unit v and H on a uniform r-dimensional subspace of d, rounded down.

    Its square has the law Beta(r/2, (d - r)/2).

    Parameters
    ----------
    d : int
        The dimension of the space.
    r : int
        The dimension of the subspace, at most d.

    Returns
    -------
    float
        In (0, 1]; 1 where r is d.

    Examples
    --------
    >>> from rac_theory.algorithms import mean_length
    >>> print(f"{mean_length(2, 1):.9f}, {mean_length(3, 1):.9f}")  # 2 / pi, 1 / 2
    0.636619772, 0.500000000
    """
    logarithm = math.lgamma((r + 1) / 2) + math.lgamma(d / 2) - math.lgamma(r / 2) - math.lgamma((d + 1) / 2)
    return math.exp(logarithm) * _ROUNDED if r < d else 1.0


def _of_seen(
    algorithm: ProjectedDescent, rng: np.random.Generator, W: Array, steepest: Callable[[Array], Array]
) -> Iterator[Callable[[Array], Array]]:
    zero = np.zeros_like(W)
    for step in algorithm.low_rank_steps(rng, W):
        yield lambda G, step=step: steepest(-step(zero, G))  # type: ignore[misc]


def _normalised(HG: Array) -> Array:
    return unit(HG.reshape(len(HG), -1), axis=-1).reshape(HG.shape)


def _polar(HG: Array) -> Array:
    finite = np.isfinite(HG).all(axis=(-2, -1), keepdims=True)
    U, values, V = np.linalg.svd(np.where(finite, HG, 0.0), full_matrices=False)
    least = np.max(values, axis=-1, keepdims=True) * max(HG.shape[-2:]) * np.finfo(HG.dtype).eps
    return np.where(finite, (U * (values > least)[..., None, :]) @ V, np.nan)


def _signs(B: Array, _: Array, G: Array) -> Array:
    return np.asarray(B @ np.sign(np.swapaxes(B, -1, -2) @ G))
