"""Momentum that keeps its coordinates while the basis that they belong to is drawn anew."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rac_theory.algorithms.side import OneSided, Side
from rac_theory.base import Array, checks, repr_of
from rac_theory.problems import Problem
from rac_theory.sketches import Sketch, draws_ahead


@dataclass(frozen=True, eq=False, repr=False)
class KeptCoordinates(OneSided):
    r"""Steps :math:`A \leftarrow \beta A + B^\top \nabla f(W)`, :math:`W \leftarrow W - \gamma B A`, B fresh.

    The buffer A, of r rows, is what an optimiser of the factor A keeps: GaLore without a reprojection, or a LoRA whose
    B is drawn anew while the optimiser of A goes on. Its numbers were gradients along other columns. Where the columns
    are uniform it says nothing about this step, and adds :math:`\gamma^2 \beta^2\, \mathrm{E} \|A\|^2` of noise to it.

    Parameters
    ----------
    sketch : Sketch
        Draws B for each step; with orthonormal columns, as ``Haar``.
    gamma : float
        The size of one step along B A, > 0.
    beta : float
        Momentum, in [0, 1).
    side : Side
        Which side of the gradient is projected.

    References
    ----------
    Zhao et al., arXiv:2403.03507, whose optimiser keeps its moments when the projector is found anew.

    Examples
    --------
    At the best step for each momentum, more of it is slower:

    >>> import numpy as np
    >>> from rac_theory import Case, exact_rate
    >>> from rac_theory.algorithms import KeptCoordinates
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.sketches import Haar
    >>> problem = Quadratic.left(np.diag([1.0, 0.1, 0.1, 0.1]), W_star=np.ones((4, 1)))
    >>> for beta, gamma in ((0.0, 3.0), (0.5, 2.36), (0.9, 0.655)):
    ...     kept = KeptCoordinates(Haar(4, 1), gamma=gamma, beta=beta)
    ...     print(f"{exact_rate(Case(kept, problem)):.4f}")
    0.8850
    0.9125
    0.9774
    """

    sketch: Sketch
    gamma: float
    beta: float
    side: Side = "left"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not getattr(self.sketch, "orthonormal", False):
            raise ValueError(f"sketch must have orthonormal columns, as Haar(dim, rank), got {repr_of(self.sketch)}")
        object.__setattr__(self, "beta", checks.finite("beta", self.beta, at_least=0, below=1))

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Yield W after each step: blocks (runs, m, n)."""
        A: Array | float = 0.0
        for B in draws_ahead(self.sketch, rng, len(W), W.dtype.type):
            A = self.beta * A + np.swapaxes(B, -1, -2) @ self._turned(problem.gradient(W))
            W = W - self.gamma * self._turned(B @ A)
            yield W

    def _turned(self, G: Array) -> Array:
        return G if self.side == "left" else np.swapaxes(G, -1, -2)
