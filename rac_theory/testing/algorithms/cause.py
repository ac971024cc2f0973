"""What an implementation does in place of what it implements, in words: a scale, a side, a gradient, a memory.

The search starts where a check has failed. It decides nothing, and finds no cause where none of its own fits.
"""

import numpy as np

from rac_theory.problems import Problem
from rac_theory.testing.algorithms.cause_by_law import (
    another_space,
    batch_again,
    biased,
    components,
    longer,
    near_the_last,
    noisier,
    remembers,
    scaled_on_average,
)
from rac_theory.testing.algorithms.cause_by_moves import (
    alike,
    decays,
    leading,
    low_rank,
    nearly,
    old_gradient,
    other_gradient,
    other_side,
    plain,
    random,
    random_gradient,
    rounded,
    scaled,
    stale,
    used_again,
)
from rac_theory.testing.algorithms.claimed import Claim, called
from rac_theory.testing.algorithms.moves import Moves
from rac_theory.testing.refuted import Refuted

_RULES = (  # what is exact before what is a mean; a memory can be seen once the first step is understood
    *(random, stale, leading, alike, rounded, scaled, old_gradient, other_side, used_again, low_rank, plain, decays),
    *(other_gradient, nearly, random_gradient),
    *(components, another_space, near_the_last, batch_again, longer, biased, remembers, scaled_on_average, noisier),
)


def with_cause(refuted: Refuted, claim: Claim, problem: Problem, seed: int) -> Refuted:
    """Return the failure of an implementation with its cause in front, if one is found."""
    try:
        words = _cause(Moves(claim, problem, seed))
    except (ArithmeticError, ValueError):  # of iterates that no search can follow; LinAlgError is a ValueError
        words = None
    stop = "" if words is None or words.endswith("?") else "."
    told = f": {refuted}" if words is None else f", but {words}{stop} Seen first: {refuted}"
    caused = Refuted(f"{called(claim.algorithm)} must be {claim.declared!r}{told}")
    caused.witness = refuted.witness
    return caused


def _cause(moves: Moves) -> str | None:
    if not np.isfinite(moves.D).all() or not np.isfinite(moves.G).all():
        return None
    if not moves.D.any():
        return "it does not move"
    return next((words for rule in _RULES if (words := rule(moves)) is not None), None)
