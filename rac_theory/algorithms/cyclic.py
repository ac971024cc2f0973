"""RAC-LoRA without replacement: every one of some orthogonal blocks has its turn, and none a second one before."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from rac_theory.algorithms.rac_lora import RACLoRA, projected_step
from rac_theory.algorithms.side import OneSided, Side, on_side
from rac_theory.base import Array, checks, repr_of
from rac_theory.numerics import orthonormal_range
from rac_theory.problems import Problem
from rac_theory.sketches import FiniteSupport, Moments, Sketch
from rac_theory.sketches.laws import equally_likely


@dataclass(frozen=True, eq=False, repr=False)
class CyclicRACLoRA(OneSided):
    r"""A cycle of steps :math:`W \leftarrow W - \gamma H_i \nabla f(W)`, one for each block, in one outer step.

    The blocks are the draws that the sketch lists, and each direction must be in exactly one of them: :math:`H_i H_j =
    0` and :math:`H_1 + \ldots + H_k = I`. Draws are not independent: theorems about fresh sketches do not apply.

    Parameters
    ----------
    sketch : Sketch
        With a ``support()`` that is a partition, such as ``Coordinate(dim, 1)`` or ``BlockPartition(dim, rank)``. How
        probable a block is does not matter: each has one turn.
    gamma : float
        The size of one gradient step, > 0.
    side : Side
        Which side of the gradient is projected.
    order : "shuffled" or "cyclic"
        Whether the blocks come in a fresh random order in each cycle, or as they are listed in all of them.

    References
    ----------
    C.-p. Lee and S. J. Wright, arXiv:1607.08320, has both orders for coordinates and exact line searches.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, CyclicRACLoRA, RACLoRA, exact_rate
    >>> from rac_theory.sketches import Coordinate
    >>> problem = Quadratic.left(np.eye(2) + np.ones((2, 2)), W_star=np.ones((2, 1)))
    >>> fresh, shuffled, cyclic = (
    ...     RACLoRA(Coordinate(2, 1), gamma=0.5),
    ...     CyclicRACLoRA(Coordinate(2, 1), gamma=0.5),
    ...     CyclicRACLoRA(Coordinate(2, 1), gamma=0.5, order="cyclic"),
    ... )
    >>> rates = exact_rate(Case(fresh, problem)) ** 2, *(exact_rate(Case(each, problem)) for each in (shuffled, cyclic))
    >>> print([f"{rate:.4f}" for rate in rates])  # a cycle of two steps
    ['0.3906', '0.1563', '0.0625']
    """

    sketch: Sketch
    gamma: float
    side: Side = "left"
    order: Literal["shuffled", "cyclic"] = "shuffled"

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.one_of("order", self.order, ("shuffled", "cyclic"))
        _check_partition(self.sketch, self.blocks)

    @property
    def blocks(self) -> Array:
        """Orthonormal bases of the blocks, (k, dim, rank); zero columns where a block is smaller."""
        support = Moments(self.sketch).support
        if support is None:
            raise ValueError(
                f"sketch must list its draws in support(), as BlockPartition does, to be used in turns, got "
                f"{repr_of(self.sketch)}"
            )
        return orthonormal_range(support[0])

    @property
    def fresh(self) -> RACLoRA:
        """The same steps along blocks that are drawn independently, each as often as any other: even one that the
        sketch lists and never draws has its turn."""
        support = Moments(self.sketch).support
        assert support is not None  # blocks has refused it otherwise
        values, probabilities = support
        is_even = np.ptp(probabilities) == 0
        return RACLoRA(self.sketch if is_even else FiniteSupport(*equally_likely(values)), self.gamma, self.side)

    @property
    def deterministic(self) -> bool:
        """Whether the order never changes."""
        return self.order == "cyclic" or len(self.blocks) == 1

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Give every block its turn, again and again: (runs, m, n) after each cycle."""
        blocks = self.blocks.astype(W.dtype, copy=False)
        orders = np.tile(np.arange(len(blocks)), (len(W), 1))
        while True:
            if self.order == "shuffled":
                orders = rng.permuted(orders, axis=1)
            for turn in orders.T:
                step = partial(projected_step, blocks[turn], self.gamma)
                W = on_side(self.side, step, W, problem.gradient(W))
            yield W


def _check_partition(sketch: Sketch, blocks: Array) -> None:
    """Raise a ``ValueError`` unless the projections on the blocks sum to the identity: then they are orthogonal too."""
    columns = np.moveaxis(blocks, 1, 0).reshape(sketch.dim, -1)
    if (off := float(np.abs(columns @ columns.T - np.eye(sketch.dim)).max())) > 1e-12:
        raise ValueError(
            f"sketch must list blocks that hold every direction once, so that their projections sum to I, got a sum "
            f"that is {off:.3g} off for {repr_of(sketch)}; such are Coordinate(dim, 1) and BlockPartition(dim, rank)"
        )
