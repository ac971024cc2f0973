"""GaLore: descent along the leading singular subspace of the gradient itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Exact, GradientSource, check_fits, check_source, never_draws
from rac_theory.base import Array, Value, checks
from rac_theory.numerics import rounded
from rac_theory.problems import Problem


@dataclass(frozen=True, eq=False)
class GaLore(Value):
    r"""The step :math:`W \leftarrow W - \gamma U U^\top g`, with the r leading left singular vectors U of g itself.

    Along the first gradient of an outer step the move is the best approximation of rank r to it. Where the source of
    gradients makes several steps, as ``Local(K)`` does, all of them are in the subspace of the first one: a projector
    that is found anew every K steps. It is on the shorter side of the matrix, the left one of a square.

    The projection depends on the gradient, so that no theorem about a fresh one applies. With exact gradients it has a
    guarantee of its own, T17: :math:`\|U U^\top G\|^2 \ge \frac{r}{\min(m, n)} \|G\|^2`, as the largest r of
    min(m, n) squared singular values are at least that share of their sum. With a noisy g the subspace may be that of
    the noise.

    Parameters
    ----------
    rank : int
        r, in 1..min(m, n).
    gamma : float
        The size of one gradient step, > 0.
    gradients : GradientSource
        Where gradients come from; by default the exact gradient.

    References
    ----------
    Zhao et al., arXiv:2403.03507, with plain descent in place of Adam.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, GaLore, simulate
    >>> problem = Quadratic.left(np.eye(3), W_star=np.diag([3.0, 2.0, 1.0]))
    >>> run = simulate(Case(GaLore(rank=1, gamma=1.0), problem, steps=3))
    >>> print([f"{value:.3f}" for value in run.values[0]])  # one singular value of what is left after the other
    ['7.000', '2.500', '0.500', '0.000']
    """

    rank: int
    gamma: float
    gradients: GradientSource = field(default_factory=Exact)

    def __post_init__(self) -> None:
        checks.integer("rank", self.rank, 1)
        object.__setattr__(self, "gamma", checks.positive("gamma", self.gamma))
        check_source("gradients", self.gradients)

    @property
    def deterministic(self) -> bool:
        """Whether the gradients are not random."""
        return never_draws(self.gradients)

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the rank does not fit the problem."""
        checks.integer("rank", self.rank, 1, min(problem.shape), "min(m, n)")
        check_fits(self.gradients, problem)

    def leading_share(self, problem: Problem) -> float:
        """Return what is left of a squared gradient in its leading subspace, as a share and at least; rounded down."""
        return rounded(Fraction(self.rank, min(problem.shape)), -np.inf)

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Descend along the leading subspace, again and again: blocks (runs, m, n)."""
        while True:
            W = self.gradients.descend(problem, W, self._steps(), rng)
            yield W

    def _steps(self) -> Callable[[Array, Array], Array]:
        """The steps of one outer step: their subspace is that of the first gradient."""
        subspaces: list[Array] = []

        def step(W: Array, G: Array) -> Array:
            if not subspaces:
                subspaces.append(leading_subspace(G, self.rank))
            return W - self.gamma * in_subspace(subspaces[0], G)

        return step


def leading_subspace(G: Array, rank: int) -> Array:
    """Return the leading singular vectors of each matrix, (..., m, n), on its shorter side, (..., min(m, n), rank).

    They are nan where a matrix has diverged.
    """
    finite = np.isfinite(G).all(axis=(-2, -1), keepdims=True)
    wide = G if G.shape[-2] <= G.shape[-1] else np.swapaxes(G, -2, -1)
    U, _, _ = np.linalg.svd(np.where(finite, wide, 0.0), full_matrices=False)
    return np.where(finite, U[..., :rank], np.nan)


def in_subspace(U: Array, G: Array) -> Array:
    """Return the part of each matrix, (..., m, n), in the span of U on its shorter side."""
    if G.shape[-2] <= G.shape[-1]:
        return np.asarray(U @ (np.swapaxes(U, -2, -1) @ G))
    return np.asarray((G @ U) @ np.swapaxes(U, -2, -1))


def leading_part(G: Array, rank: int) -> Array:
    """Return the best approximation of at most this rank to each matrix, (..., m, n); nan where one has diverged."""
    with np.errstate(invalid="ignore"):
        return in_subspace(leading_subspace(G, rank), G)
