r"""The worst case of a theorem over its whole class of functions, by performance estimation (optional extra ``pep``).

Of a function only its points, values and gradients along the runs matter, and of those only inner products: the worst
case is a semidefinite program (Drori & Teboulle, *Performance of first-order methods for smooth convex minimization*,
Math. Program. 145, 2014; Taylor, Hendrickx & Glineur, arXiv:1502.05666). PEPit knows what must be imposed on a class,
and ``pep_program`` solves the program and says how accurately. The sketch draws one of k blocks of coordinates, so that
all runs are a tree with k branches at every step, and an expectation is a mean over its nodes. Dimensions are not
limited: the worst case is over all of them.

Nothing changes if all points or all values are shifted, so the infimum is 0, and the origin is a minimiser (T1: W^0).

- *T1*: smooth functions, by interpolation conditions, and :math:`f - \|\nabla f\|^2 / (2 L) \ge f^\star`: exact.
- *T2*: smooth PL functions have no known interpolation conditions. PEPit's are necessary, so the value is an *upper*
  end of the worst case.
- *T4*: smooth strongly convex functions, by interpolation conditions: exact.
"""

import warnings
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, TypeAlias

from rac_theory.problems import checks
from rac_theory.problems.extras import import_extra
from rac_theory.sharpness.worst_case_program import Program

TheoremId: TypeAlias = Literal["T1", "T2", "T4"]

LARGEST_TREE = 63
"""The most points in the tree of runs: two blocks and five steps."""

_WIDEST = 1e-4  # of the upper end


@dataclass(frozen=True)
class WorstCase:
    """The largest that the metric of a theorem can be, where its start is 1: ``f(W^0) - f*``, for T4 the distance.

    Both ends allow for the error of the solver, see
    ``rac_theory.sharpness.worst_case_program``; that is no proof.

    Attributes
    ----------
    upper : float
        No function does worse: the dual value, raised by what the multipliers may err.
    lower : float
        The conditions that are imposed allow as much: the primal value, less what it has gained by breaking them.

    Examples
    --------
    >>> from rac_theory import worst_case
    >>> found = worst_case("T4", L=1.0, mu=0.5, gamma=1.0, blocks=1, steps=1)
    >>> print(f"{found.lower:.3f} to {found.upper:.3f}, {found.width < 1e-4}")
    0.250 to 0.250, True
    """

    upper: float
    lower: float

    @property
    def width(self) -> float:
        """How far the ends are apart, relative to the upper one."""
        return (self.upper - self.lower) / self.upper


def worst_case(theorem: TheoremId, *, L: float, mu: float = 0.0, gamma: float, blocks: int, steps: int) -> WorstCase:
    """Return the worst case of RAC-LoRA with a uniform block of ``blocks`` and exact gradients.

    Parameters
    ----------
    theorem : "T1", "T2" or "T4"
    L, mu : float
        The constants of the class; mu, of PL for T2 and of strong convexity for T4, is not read for T1.
    gamma : float
        The size of a gradient step.
    blocks : int
        k, so that ``E[H] = I / k``; 1 is gradient descent.
    steps : int
        T, at least 1. The tree has ``1 + k + ... + k^T`` points.

    Raises
    ------
    ValueError
        For a tree that is too large, or mu that is not below L.
    MissingExtra
        Without the extra ``pep``.
    RuntimeError
        If the solver gives up, or leaves the ends further apart than 1e-4 of the upper one.

    Examples
    --------
    >>> from rac_theory import worst_case
    >>> found = worst_case("T4", L=1.0, mu=0.5, gamma=1.0, blocks=2, steps=1)
    >>> print(f"{found.upper:.3f}")  # T4 promises 1 - 1/2 + (1 - gamma mu)^2 / 2: no less is true
    0.625
    """
    checks.one_of("theorem", theorem, ("T1", "T2", "T4"))
    L, gamma = checks.finite("L", L, above=0), checks.finite("gamma", gamma, above=0)
    if theorem != "T1":
        mu = checks.finite("mu", mu, above=0, below=L)
    blocks, steps = checks.integer("blocks", blocks, 1), checks.integer("steps", steps, 1)
    if (points := sum(blocks**t for t in range(steps + 1))) > LARGEST_TREE:
        raise ValueError(f"blocks and steps must make a tree of at most {LARGEST_TREE} points, got {points}")
    program = _program(theorem, mu / L, gamma * L, blocks, steps)
    unit = L if theorem == "T1" else 1.0  # of the metric, where L is the unit of f and points are measured to match
    found = WorstCase(*(unit * end for end in program.ends(program.solved())))
    if not 0 <= found.width <= _WIDEST:
        raise RuntimeError(f"the ends must be within {_WIDEST:g} of each other, got {found}; ask for fewer steps")
    return found


def _program(theorem: TheoremId, mu: float, gamma: float, blocks: int, steps: int) -> Program:
    """Write down the program for L = 1."""
    pep = _pepit().PEP()
    f = _function(pep, theorem, mu)
    groups: list[list[Any]] = []
    levels = [[_pepit().point.null_point if theorem == "T1" else _point(groups, blocks)]]
    for _ in range(steps):
        gradients = [_gradient(f, x, groups, blocks) for x in levels[-1]]
        levels.append([x - gamma * part for x, parts in zip(levels[-1], gradients, strict=True) for part in parts])
    start = levels[0][0]
    if theorem == "T4":
        pep.set_initial_condition(start**2 <= 1)
        pep.set_performance_metric(_mean(x**2 for x in levels[-1]))
    elif theorem == "T2":
        for x in levels[-1]:
            _gradient(f, x, groups, blocks)
        pep.set_initial_condition(f(start) <= 1)
        pep.set_performance_metric(_mean(f(x) for x in levels[-1]))
    else:
        pep.set_initial_condition(f(start) <= 1)
        for x in chain(*levels[:-1]):
            pep.add_constraint(f(x) >= f.gradient(x) ** 2 / 2)
        pep.set_performance_metric(_mean(_mean(f.gradient(x) ** 2 for x in level) for level in levels[:-1]))
    return Program.of(pep, f, list(zip(*groups, strict=True)))


def _pepit() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escape sequences in its source, when it is first compiled
        return import_extra("PEPit", "pep")


def _function(pep: Any, theorem: TheoremId, mu: float) -> Any:
    """Return f, with its minimum 0 at the origin; for T1, whose functions need no minimiser, a function and no more."""
    from PEPit import expression, functions, point

    if theorem == "T1":
        return pep.declare_function(functions.SmoothFunction, L=1.0)
    classes = {
        "T2": functions.SmoothQuadraticLojasiewiczFunctionExpensive,
        "T4": functions.SmoothStronglyConvexFunction,
    }
    f = pep.declare_function(classes[theorem], L=1.0, mu=mu)
    f.add_point((point.null_point, point.null_point, expression.null_expression))
    return f


def _point(groups: list[list[Any]], blocks: int) -> Any:
    """Return a new point and add its parts in the blocks to ``groups``."""
    groups.append([_pepit().Point() for _ in range(blocks)])
    return sum(groups[-1][1:], groups[-1][0])


def _gradient(f: Any, x: Any, groups: list[list[Any]], blocks: int) -> list[Any]:
    """Give f a value and a gradient at x, and return the parts of the gradient."""
    f.add_point((x, _point(groups, blocks), _pepit().Expression()))
    return groups[-1]


def _mean(expressions: Any) -> Any:
    terms = list(expressions)
    return sum(terms[1:], terms[0]) / len(terms)
