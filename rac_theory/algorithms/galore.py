"""GaLore: descent along the leading singular subspace of the gradient itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from rac_theory.algorithms.gradients import Exact
from rac_theory.algorithms.gradients.gradient_source import GradientSource, check_fits, check_source, never_draws
from rac_theory.problems import checks
from rac_theory.problems.checks import Array
from rac_theory.problems.problem import Problem
from rac_theory.problems.value import Value


@dataclass(frozen=True, eq=False)
class GaLore(Value):
    r"""The step :math:`W \leftarrow W - \gamma U U^\top g`, with the r leading left singular vectors U of g itself.

    The move is the best approximation of rank r to g, so that the leading right singular vectors make the same step.
    The projection depends on the gradient, so that no theorem about a fresh one applies. With exact gradients it has a
    guarantee of its own: :math:`\|U U^\top G\|^2 \ge \frac{r}{\min(m, n)} \|G\|^2`, as the largest r of min(m, n)
    squared singular values are at least that share of their sum. With a noisy g the subspace may be that of the noise.

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
    Zhao et al., arXiv:2403.03507, with the subspace found anew in each step and plain descent in place of Adam.

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

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Descend along the leading subspace, again and again: blocks (runs, m, n)."""
        while True:
            W = self.gradients.descend(problem, W, self._step, rng)
            yield W

    def _step(self, W: Array, G: Array) -> Array:
        return W - self.gamma * leading_part(G, self.rank)


def leading_part(G: Array, rank: int) -> Array:
    """Return the best approximation of at most this rank to each matrix, (..., m, n); nan where one has diverged."""
    finite = np.isfinite(G).all(axis=(-2, -1), keepdims=True)
    U, s, V = np.linalg.svd(np.where(finite, G, 0.0), full_matrices=False)
    best = (U[..., :rank] * s[..., None, :rank]) @ V[..., :rank, :]
    return np.where(finite, best, np.nan)
