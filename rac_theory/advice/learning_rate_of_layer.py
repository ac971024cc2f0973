"""Learning rates for one layer: its two sides, with what is known of its curvature, as tables and words."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from rich.table import Table

from rac_theory.advice.curvature import Curvature
from rac_theory.advice.learning_rate import learning_rates
from rac_theory.advice.learning_rate_table import in_words, learning_rate_table
from rac_theory.advice.model_shapes import MatrixShape
from rac_theory.base import checks
from rac_theory.gains import learning_rate
from rac_theory.numerics import Randomness, identity
from rac_theory.problems import Smoothness, known_smoothness
from rac_theory.sketches import Moments, Sketch, sketch_factory


def told_of_layer(
    shape: MatrixShape,
    curvature: Curvature | None,
    *,
    ranks: Sequence[int],
    sketches: Sequence[str],
    lora_alpha: float,
    rng: Randomness = None,
) -> Iterator[Table | str]:
    """Yield a heading, a table and its words for each side and sketch; ``EXPLANATION`` says what the columns are.

    Parameters
    ----------
    shape : MatrixShape
    curvature : Curvature or None
        None is L I. Where its L is unknown, learning rates are in units of 1/L.
    ranks : sequence of int
        The first one that fits a side is where a learning rate is known to be good; those above its length are left
        out.
    sketches : sequence of str
        By name, as the command line takes them.
    lora_alpha : float
        At the first rank, > 0.
    rng : seed, SeedSequence or Generator
        Unused where nothing is sampled.

    Raises
    ------
    ValueError
        If the curvature is not that of such a matrix, or lora_alpha is not positive.

    Examples
    --------
    >>> from rac_theory.advice import Curvature
    >>> from rac_theory.advice.learning_rate_of_layer import told_of_layer
    >>> steep = Curvature.of_rho(4.0)
    >>> told = told_of_layer((64, 256), steep, ranks=[1, 16], sketches=["gaussian"], lora_alpha=16.0)
    >>> for words in told:
    ...     if isinstance(words, str):
    ...         print(words.partition(";")[0])
    64x256, left, gaussian, learning rates in units of 1/L
    effective dimension rho = 64
    from rank 1 to 16: lora_alpha ~ r comes nearest, 1.23 times the best learning rate
    64x256, right, gaussian, learning rates in units of 1/L
    effective dimension rho = 4
    from rank 1 to 16: lora_alpha ~ r comes nearest, 3.5 times the best learning rate
    """
    checks.positive("lora_alpha", lora_alpha)
    if curvature is not None:
        curvature.check(shape)
    units = "" if curvature is not None and math.isfinite(curvature.L) else ", learning rates in units of 1/L"
    for side, length in zip(("left", "right"), shape, strict=True):
        of_side = curvature if curvature is not None and curvature.side == side else None
        L = 1.0 if curvature is None or math.isnan(curvature.L) else curvature.L
        fitting = [rank for rank in ranks if rank <= length]
        for name in sketches if fitting else ():
            make = sketch_factory(name)
            Q = _seen(make(length, fitting[0]), of_side, L)
            rows = learning_rates(Q, fitting, lora_alpha=lora_alpha, sketch=make, rng=rng)
            yield f"{shape[0]}x{shape[1]}, {side}, {name}{units}"
            yield learning_rate_table(rows, gradient_descent=learning_rate(Q, None).nu)
            yield from in_words(rows)


def _seen(sketch: Sketch, curvature: Curvature | None, L: float) -> Smoothness:
    """Return Q with the side of the sketch as rows: as it is, as far as the sketch can tell, or else ``L I``."""
    d = sketch.dim
    if curvature is None:
        return Smoothness.isotropic(L, (d, 1))
    if curvature.problem is not None:
        ((S, R),) = known_smoothness(curvature.problem).terms
        return Smoothness.known([(S * (curvature.L / curvature.problem.L), R)])  # by a power of two
    known = Moments(sketch)
    turned = known.products == "gaussian" or (known.products == "orthonormal" and known.invariants is not None)
    if not turned or d == 1:
        return Smoothness.isotropic(L, (d, 1))
    # Rotations leave the law alone, so that the largest eigenvalue and the trace are all that it sees.
    others = max(0.0, (curvature.rho - 1) * L / (d - 1) * (1 + 1e-15 * d))
    return Smoothness.known([(np.append(L, np.full(d - 1, min(L, others))), identity(1))])
