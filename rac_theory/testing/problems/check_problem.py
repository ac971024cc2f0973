"""check_problem: whether a problem is what it declares, searched for a counterexample to each of its claims."""

import numpy as np

from rac_theory.problems import Problem
from rac_theory.testing.probe import Probe
from rac_theory.testing.problems.calls import check_calls, check_purity
from rac_theory.testing.problems.certificates import check_certified_steps
from rac_theory.testing.problems.components import check_components
from rac_theory.testing.problems.constants import check_constants
from rac_theory.testing.problems.derivatives import check_derivatives
from rac_theory.testing.problems.smoothness import check_smoothness
from rac_theory.testing.refuted import Refuted

_MEMBERS = ("shape", "L", "mu", "strong_convexity", "convex", "f_star", "f_lower", "value", "gradient")


def check_problem(problem: Problem, *, rng: int = 0) -> None:
    """Raise ``Refuted``, an ``AssertionError`` of one sentence with a witness, if something declared is false.

    Value and gradient are compared with each other, with ``value_and_gradient``, ``hessian``, ``eigenbasis`` and
    ``single_precision`` where they exist, on batches of every shape, and after calls at another W, as a cache may go by
    closeness, by an entry or by the array; their noise must be that of double precision. ``L``, ``strong_convexity``
    and ``convex`` are tried on pairs of matrices, chosen by secant power iterations and by Lanczos along gradient
    descents; ``mu`` on a minimised ``||grad f||^2 / (2 (f - f*))``; ``f_star``, ``f_lower`` and ``W_star`` by descents.
    ``smoothness`` is tried on steps of every length, along extreme directions of its Q and of the Hessian less Q, and
    turned to where f rises furthest beyond the bound. A finite sum has its component gradients, lists of them,
    ``subset``, ``L_max`` and ``component_infima`` tried too; steps that ``certified_step`` certifies are taken, along
    projections.

    Parameters
    ----------
    problem : Problem
        Small instances are enough for a formula and take well under a second.
    rng : int
        Seed of the search, so that it does the same each time.

    Raises
    ------
    Refuted
        With the numbers that contradict the claim.

    Notes
    -----
    A pass is no proof: it says that this search found nothing. A pair that contradicts L is one, whatever found it.
    Constants that are nan claim nothing and are not tried. ``f_star`` too low shows only where ``mu`` or ``W_star`` is
    given.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import FromFunctions
    >>> from rac_theory.testing import Refuted, check_problem
    >>> try:
    ...     check_problem(FromFunctions((1, 1), lambda W: np.sum(W**2), lambda W: W, L=2.0))
    ... except Refuted as error:  # the gradient is 2 W
    ...     print(str(error).partition(":")[0])
    FromFunctions.gradient must be the gradient of value
    """
    name = type(problem).__name__
    for member in _MEMBERS:
        if not hasattr(problem, member):
            raise Refuted(f"{name} must have the member {member!r}, nan where a constant is unknown")
    shape = problem.shape
    if not (isinstance(shape, tuple) and len(shape) == 2 and all(isinstance(size, int | np.integer) for size in shape)):
        raise Refuted(f"{name}.shape must be a pair (m, n) of integers, it is {shape!r}")
    probe = Probe(problem, rng)
    with np.errstate(all="ignore"):  # far places may overflow, and are then left out
        check_calls(probe)
        check_again = check_purity(probe)
        check_derivatives(probe)
        check_constants(probe)
        check_smoothness(probe)
        if hasattr(problem, "component_gradient"):
            check_components(probe)
        check_certified_steps(probe)
        check_again()
