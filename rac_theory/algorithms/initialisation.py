"""How two factors start: which one is zero, and the law and scale of the other."""

from dataclasses import dataclass

import numpy as np

from rac_theory.algorithms.side import check_dim
from rac_theory.base import Array, Value, checks, matrix_shape
from rac_theory.sketches import Gaussian, Sketch, check_draws, draw, is_deterministic


@dataclass(frozen=True, eq=False)
class Initialisation(Value):
    r"""The law of the factors B (m x r) and A (r x n) at the start; where one is None it is zero.

    A run starts at W^0 whatever the factors are: where both are drawn, the weights that stay frozen beneath them are
    W^0 less their product.

    Parameters
    ----------
    B : Sketch, optional
        The law of B, ``dim`` = m; ``sketches.Frozen`` is a fixed matrix.
    A : Sketch, optional
        The law of the transpose of A, ``dim`` = n. At least one of the two is given.
    scale : float
        Multiplies every draw, > 0; dimensionless.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Initialisation
    >>> from rac_theory.sketches import Haar
    >>> start = Initialisation(B=Haar(3, 2), A=Haar(4, 2), scale=0.5)
    >>> B, A = start.draw(np.random.default_rng(0), np.zeros((7, 3, 4)))
    >>> B.shape, A.shape, start.rank
    ((7, 3, 2), (7, 2, 4), 2)
    """

    B: Sketch | None = None
    A: Sketch | None = None
    scale: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", checks.positive("scale", self.scale))
        laws = [law for law in (self.B, self.A) if law is not None]
        if not laws:
            raise ValueError("B or A must be a sketch, got None for both: a pair of zero factors never moves")
        for law in laws:
            check_draws(law)
        if laws[0].rank != laws[-1].rank:
            raise ValueError(f"B and A must have one rank, got {laws[0].rank} and {laws[-1].rank}")

    @classmethod
    def kaiming(cls, shape: tuple[int, int], rank: int) -> "Initialisation":
        """B is zero and A Gaussian with variance 1/n, which is how LoRA is started as a rule.

        Examples
        --------
        >>> import numpy as np
        >>> from rac_theory import Initialisation
        >>> B, A = Initialisation.kaiming((3, 4), rank=2).draw(np.random.default_rng(0), np.zeros((1, 3, 4)))
        >>> bool((B == 0).all()), bool((A == 0).any())
        (True, False)
        """
        _, n = matrix_shape(shape)
        return cls(A=Gaussian(n, rank), scale=n**-0.5)

    @property
    def rank(self) -> int:
        """The number r of columns of B and rows of A."""
        law = self.A if self.B is None else self.B
        assert law is not None  # or it were refused
        return law.rank

    @property
    def deterministic(self) -> bool:
        """Whether every draw is the same."""
        return all(law is None or is_deterministic(law) for law in (self.B, self.A))

    def check(self, shape: tuple[int, int]) -> None:
        """Raise a ``ValueError`` if the factors do not fit matrices of this shape."""
        if self.B is not None:
            check_dim("B", self.B, "left", shape)
        if self.A is not None:
            check_dim("A", self.A, "right", shape)

    def draw(self, rng: np.random.Generator, W: Array) -> tuple[Array, Array]:
        """Return B and A for each matrix of a block, (runs, m, n): (runs, m, r) and (runs, r, n)."""
        runs, m, n = W.shape
        B = np.zeros((runs, m, self.rank)) if self.B is None else self.scale * draw(self.B, rng, runs)
        A = np.zeros((runs, n, self.rank)) if self.A is None else self.scale * draw(self.A, rng, runs)
        return B.astype(W.dtype, copy=False), np.swapaxes(A, 1, 2).astype(W.dtype, copy=False)
