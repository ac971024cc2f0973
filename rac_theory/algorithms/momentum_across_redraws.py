"""Momentum where the subspace is redrawn: K steps of heavy ball, then reset or carried; or kept in coordinates."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rac_theory.algorithms.rac_lora import RACLoRA, sketched_steps
from rac_theory.algorithms.side import OneSided, Side
from rac_theory.base import Array, checks, repr_of
from rac_theory.problems import Problem
from rac_theory.sketches import Sketch, draws_ahead


@dataclass(frozen=True, eq=False, repr=False)
class MomentumInLinks(OneSided):
    r"""Links of K steps :math:`M \leftarrow \beta M + H \nabla f(W)`, :math:`W \leftarrow W - \gamma M` with one H.

    An outer step is a link. With K = 1 and momentum that is carried this is ``HEAVY_BALL``.

    A momentum that is *carried* into the next subspace goes on moving W outside of it, where no gradient is seen any
    more, by up to :math:`\gamma \beta / (1 - \beta)` times its size: with K > 1 that may diverge at steps which are
    safe at K = 1. One that is *reset* to zero at each redraw never leaves f higher after a link, for
    :math:`\gamma L \le 2 (1 - \beta)`: with :math:`HG = M^+ - \beta M` the sum :math:`f + \frac{\gamma \beta}{2}
    \|M\|^2` does not rise in a step. T23 is about these.

    Parameters
    ----------
    sketch : Sketch
        Draws H once for each link.
    gamma : float
        The size of one step along M, > 0, as SGD of PyTorch has it; theory calls
        :math:`\gamma / (1 - \beta)` the step.
    beta : float
        Momentum, in [0, 1).
    inner_steps : int
        K, the steps of a link.
    carried : bool
        Whether M is kept when H is drawn anew; else it starts at zero in each link.
    side : Side
        Which side of the gradient is projected.

    Examples
    --------
    The same steps, carried over redraws and reset; and carried, with a redraw at every step:

    >>> import numpy as np
    >>> from rac_theory import Case, exact_rate
    >>> from rac_theory.algorithms import MomentumInLinks
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.sketches import Haar
    >>> problem = Quadratic.left(np.eye(32), W_star=np.ones((32, 1)))
    >>> for K, carried in ((12, True), (12, False), (1, True)):
    ...     links = MomentumInLinks(Haar(32, 2), gamma=1 / 32, beta=15 / 16, inner_steps=K, carried=carried)
    ...     print(f"{exact_rate(Case(links, problem)):.4f} a link")
    1.1013 a link
    0.9433 a link
    0.9627 a link
    """

    sketch: Sketch
    gamma: float
    beta: float
    inner_steps: int
    carried: bool = True
    side: Side = "left"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "beta", checks.finite("beta", self.beta, at_least=0, below=1))
        checks.count("inner_steps", self.inner_steps)
        object.__setattr__(self, "carried", checks.boolean("carried", self.carried))

    @property
    def projector(self) -> RACLoRA:
        """What draws H."""
        return RACLoRA(self.sketch, self.gamma, self.side)

    @property
    def letters(self) -> dict[str, float]:
        """Momentum, by the letter that theorems have for it."""
        return {"b": self.beta}

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Yield W after each link: blocks (runs, m, n)."""
        move = np.zeros_like(W)  # -M
        for step in sketched_steps(self.sketch, self.side, 1.0, rng, W):
            if not self.carried:
                move = np.zeros_like(W)
            for _ in range(self.inner_steps):
                move = step(self.beta * move, problem.gradient(W))
                W = W + self.gamma * move
            yield W


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
