"""What is known of the moments of a sketch: two invariants, a second moment, or that E[H] is a multiple of I."""

import numpy as np

from rac_theory.expectations.moment_map import Unsupported
from rac_theory.sketches import Mixture
from rac_theory.sketches.declarations import claimed_invariants, claimed_projection
from rac_theory.sketches.laws.second_moments import LARGEST_ENUMERATED, SecondMoment, second_moment_of
from rac_theory.sketches.sketch import Sketch


def invariants_of(sketch: Sketch) -> tuple[float, float] | None:
    """Return the two invariants in floats, or None."""
    invariants = claimed_invariants(sketch)
    return None if invariants is None else (float(invariants[0]), float(invariants[1]))


def known_second_moment(sketch: Sketch) -> SecondMoment:
    """Return M -> E[H M H], or raise ``Unsupported``."""
    second_moment = second_moment_of(sketch)
    if second_moment is None:
        raise Unsupported(
            f"the sketch must have a second moment in closed form, or a listed support at dim <= {LARGEST_ENUMERATED}, "
            f"got {sketch!r}"
        )
    return second_moment


def isotropic_share(sketch: Sketch) -> float | None:
    """Return c with E[H] = c I, or None if E[H] is something else or unknown."""
    mean = claimed_projection(sketch)
    if mean is None:
        second_moment = second_moment_of(sketch)
        if second_moment is None:
            return None
        mean = second_moment(np.eye(sketch.dim))
    share = float(np.trace(mean)) / sketch.dim
    return share if np.abs(mean - share * np.eye(sketch.dim)).max() <= 1e-13 else None


def on_trust(sketch: Sketch) -> bool:
    """Whether the moments of a sketch are claims of a class that is not ours, which nobody has checked."""
    if isinstance(sketch, Mixture):
        return any(map(on_trust, sketch.sketches))
    return not type(sketch).__module__.startswith("rac_theory.sketches.")
