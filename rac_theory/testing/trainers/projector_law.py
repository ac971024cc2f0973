"""Whether projections have the law of a declared sketch: distribution functions, no further apart than chance makes."""

from collections.abc import Callable

import numpy as np

from rac_theory.base import having, repr_of
from rac_theory.base.checks import Array
from rac_theory.numerics import far_by_chance, orthonormal_range
from rac_theory.sketches import MEMBERS, Sketch
from rac_theory.testing.refuted import Refuted
from rac_theory.testing.trainers.projection import Projector

_OURS = 16  # times as many draws of the sketch, as these are cheap


def check_law(
    projector: Projector,
    G: Array,
    rank: int,
    scale: float,
    law: Callable[[int, int], Sketch],
    left: bool,
    where: str,
    chance: tuple[int, float, int],
) -> None:
    """Raise ``Refuted`` if numbers that projections make have other distributions than those of the sketch.

    Three numbers are looked at: an entry of the diagonal of H, <G, HG>, and <K, HG> for another matrix K. Empirical
    distribution functions are ``far_by_chance`` from the true ones at most, whatever the law.
    """
    draws, alpha, seed = chance
    d = G.shape[0 if left else 1]
    sketch = law(d, rank)
    having("law(dim, rank)", sketch, "a sketch, such as Haar(dim, rank)", MEMBERS)
    rng = np.random.default_rng([seed, 3, *G.shape])
    Q = orthonormal_range(sketch.sample(rng, _OURS * draws))
    K = rng.standard_normal(G.shape)
    corner = np.zeros_like(G)
    corner[0, 0] = 1.0
    probes = {
        "an entry of the diagonal": (corner, corner),
        "<G, project(G)>": (G, G),
        "<K, project(G)> for another matrix K": (K, G),
    }
    share = alpha / (2 * len(probes))
    allowed = sum(far_by_chance(n, share) for n in (draws, _OURS * draws))
    for name, (to, of) in probes.items():
        theirs = [float(np.sum(to * projector(G, rank, seed + i, of))) for i in range(draws)]
        a, b = (to, of) if left else (to.T, of.T)
        ours = scale * np.sum((np.swapaxes(Q, 1, 2) @ a) * (np.swapaxes(Q, 1, 2) @ b), axis=(1, 2))
        if (apart := distance(np.array(theirs), ours)) > allowed:
            raise Refuted(
                f"project must have the law of {repr_of(sketch)}: for {where} the distribution functions of {name} are "
                f"{apart:.2g} apart, chance makes {allowed:.2g} with {draws} seeds",
                G=G,
            )


def distance(x: Array, y: Array, rounding: float = 1e-6) -> float:
    """Return how far two empirical distribution functions are apart, for the better of all ways to round.

    Values that are equal up to rounding may lie on either side of each other: a point of one is compared with the other
    a little before it, and a little after it.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.testing.trainers.projector_law import distance
    >>> distance(np.array([0.0, 1.0]), np.array([0.0, 0.0, 0.0, 1.0 + 1e-9]))
    0.25
    """
    x, y = np.sort(x), np.sort(y)
    near = rounding * max(float(np.abs(x).max()), float(np.abs(y).max()))

    def above(a: Array, b: Array) -> float:
        """The most by which the share of a up to a point exceeds that of b up to a little beyond."""
        up_to = np.searchsorted(a, a, side="right") / len(a)
        return float((up_to - np.searchsorted(b, a + near, side="right") / len(b)).max())

    return max(above(x, y), above(y, x))
