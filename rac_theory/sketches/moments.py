r"""What is known of a sketch without drawing: the moments of its projection H, and its products B B'.

Each is found by the first route that the sketch offers, when it is first asked for, checked once, and kept:

===========  ===================================================================================
E[H]         ``expected_projection()``, else the sum over ``support()``, else ``second_moment(I)``
E[H M H]     ``second_moment(M)``, else ``invariants()``, else the sum over ``support()``
B B'         standard normal entries, else orthonormal columns, else ``support()``
===========  ===================================================================================

What has no route is None. Nothing is estimated here, and whether all of this is a plug-in's claim is said beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from typing import Literal, NamedTuple

import numpy as np

from rac_theory.base import Array
from rac_theory.numerics import projection
from rac_theory.sketches.distributions.rotation_invariant import Gaussian, Haar
from rac_theory.sketches.draws import (
    checked_support,
    claimed_invariants,
    claimed_projection,
    claimed_second_moment,
    is_orthonormal,
    returned,
)
from rac_theory.sketches.laws.finite import Support
from rac_theory.sketches.laws.rotation_invariance import from_invariants
from rac_theory.sketches.laws.second_moments import CurvatureBound, SecondMoment, summed
from rac_theory.sketches.laws.signed_permutations import EntryMoments
from rac_theory.sketches.sketch import BrokenSketch, Sketch

LARGEST_ENUMERATED = 32
"""The largest dim at which E[H M H] is summed over a support: the sum has dim^4 entries, 8 MB at 32."""


class Mean(NamedTuple):
    """E[H], (dim, dim), by which kind of route it is known, and what of the sketch said so."""

    matrix: Array
    how: Literal["closed form", "enumerated"]
    source: str


@dataclass(frozen=True, eq=False)
class Moments:
    """The moments of one sketch, each None where the sketch has no route to it.

    An answer that is none raises ``BrokenSketch``; whether an answer is *true* is for ``check_sketch`` to ask.
    """

    sketch: Sketch

    @cached_property
    def support(self) -> Support | None:
        """All values, (k, dim, rank), and their probabilities, (k,)."""
        return checked_support(self.sketch)

    @cached_property
    def invariants(self) -> tuple[Fraction, Fraction] | None:
        """(a, b) with ``E[H M H] = a M + b (M' + trace(M) I)``."""
        return claimed_invariants(self.sketch)

    @cached_property
    def entries(self) -> tuple[EntryMoments, ...] | None:
        """The moments of entries of a law that signed permutations leave alone, or corners of where they must lie."""
        if self.invariants is not None:
            a, b = self.invariants
            return (EntryMoments(a + 2 * b, b, a),)
        return returned(self.sketch, "entry_moments") if self._is_ours else None

    @property
    def curvature_bound(self) -> Callable[[Array], CurvatureBound | None] | None:
        """What bounds L_H of a positive semidefinite S, (dim, dim), where moments are only known between bounds."""
        has = self._is_ours and hasattr(self.sketch, "curvature_bound")
        return partial(returned, self.sketch, "curvature_bound") if has else None

    @cached_property
    def mean(self) -> Mean | None:
        """E[H]."""
        name = type(self.sketch).__name__
        closed = claimed_projection(self.sketch)
        if closed is not None:
            return Mean(closed, "closed form", f"{name}.expected_projection()")
        if self.support is not None:
            weights = self.support[1].astype(np.float64)
            return Mean(np.tensordot(weights, self._projections, axes=1), "enumerated", f"{name}.support()")
        if self.second_moment is not None:  # H I H = H
            return Mean(self.second_moment(np.eye(self.sketch.dim)), "closed form", f"{name}.second_moment(I)")
        return None

    @cached_property
    def share(self) -> float | None:
        """c where E[H] = c I, up to rounding."""
        if self.mean is None:
            return None
        dim = self.sketch.dim
        share = float(np.trace(self.mean.matrix)) / dim
        return share if np.abs(self.mean.matrix - share * np.eye(dim)).max() <= 1e-13 else None

    @cached_property
    def second_moment(self) -> SecondMoment | None:
        """M -> E[H M H], (..., dim, dim) to (..., dim, dim)."""
        dim = self.sketch.dim
        # No matrix at all asks ours whether they have one; who is new to this may not have thought of an empty batch.
        if claimed_second_moment(self.sketch, np.eye(dim) if self.on_trust else np.empty((0, dim, dim))) is not None:
            return partial(_closed_form, self.sketch)
        if self.invariants is not None:
            a, b = self.invariants
            return partial(from_invariants, float(a), float(b))
        if self.support is None or self.sketch.dim > LARGEST_ENUMERATED:
            return None
        return summed(self._projections, self.support[1].astype(np.float64))

    @cached_property
    def products(self) -> Literal["gaussian", "orthonormal", "listed"] | None:
        """How the products B B' of draws are known, which depend on columns and not on the range alone."""
        if type(self.sketch) is Gaussian:  # one that inherits from it may draw other entries
            return "gaussian"
        if is_orthonormal(self.sketch):  # B B' = H
            return "orthonormal"
        return None if self.support is None else "listed"

    @property
    def is_uniform(self) -> bool:
        """Whether rotations leave the law of the range alone, and its rank is certain: of ours alone, not by claim."""
        return type(self.sketch) in (Gaussian, Haar)

    @property
    def on_trust(self) -> bool:
        """Whether a class that is not ours says this, of the sketch or of a part of it, and nobody has checked it."""
        return not self._is_ours or any(Moments(part).on_trust for part in getattr(self.sketch, "sketches", ()))

    @property
    def _is_ours(self) -> bool:
        """Whether the sketch may say what is no power that others have, as nobody could check it."""
        return type(self.sketch).__module__.startswith("rac_theory.sketches.")

    @cached_property
    def _projections(self) -> Array:
        assert self.support is not None
        return projection(self.support[0])


def _closed_form(sketch: Sketch, M: Array) -> Array:
    """E[H M H] as the sketch has it, which must not be None."""
    closed = claimed_second_moment(sketch, M)
    if closed is None:
        raise BrokenSketch(f"{type(sketch).__name__}.second_moment(M) must be None for every M or for none")
    return closed
