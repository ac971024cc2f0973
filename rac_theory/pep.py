r"""The worst case of a theorem over its whole class of functions, by performance estimation (optional extra ``pep``).

Of a function only its points, values and gradients along the runs matter, and of those only inner products: the worst
case is a semidefinite program (Drori & Teboulle, *Performance of first-order methods for smooth convex minimization*,
Math. Program. 145, 2014; Taylor, Hendrickx & Glineur, arXiv:1502.05666), which PEPit writes down and an open solver
solves. The sketch draws one of k blocks of coordinates, so that all runs are a tree with k branches at every step, and
an expectation is a mean over its nodes. Dimensions are not limited: the worst case is over all of them.

- *T1*: smooth functions, by interpolation conditions, and :math:`f - \|\nabla f\|^2 / (2 L) \ge f^\star`: exact.
- *T2*: smooth PL functions have no known interpolation conditions. PEPit's are necessary, so the value is an *upper*
  end of the worst case.
- *T4*: smooth strongly convex functions, by interpolation conditions: exact.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, TypeAlias

from problems import checks

Claim: TypeAlias = Literal["T1", "T2", "T4"]

LARGEST_TREE = 63
"""The most points in the tree of runs: two blocks and five steps."""


@dataclass(frozen=True)
class WorstCase:
    """The largest that the metric of a theorem can be, where its start is 1: ``f(W^0) - f*``, for T4 the distance.

    Attributes
    ----------
    upper : float
        The dual value: no function does worse, up to the solver's accuracy.
    lower : float
        The primal value, which the conditions that are imposed allow.
    """

    upper: float
    lower: float

    @property
    def duality_gap(self) -> float:
        """How far the solver was from certainty, relative to the upper end."""
        return abs(self.upper - self.lower) / self.upper


def worst_case(theorem: Claim, *, L: float, mu: float = 0.0, gamma: float, blocks: int, steps: int) -> WorstCase:
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
    ImportError
        Without the extra.
    RuntimeError
        If primal and dual values differ by more than 1e-3: the solver failed.
    """
    checks.one_of("theorem", theorem, ("T1", "T2", "T4"))
    L, gamma = checks.finite("L", L, above=0), checks.finite("gamma", gamma, above=0)
    if theorem != "T1":
        mu = checks.finite("mu", mu, above=0, below=L)
    blocks, steps = checks.integer("blocks", blocks, 1), checks.integer("steps", steps, 1)
    if (points := sum(blocks**t for t in range(steps + 1))) > LARGEST_TREE:
        raise ValueError(f"blocks and steps must make a tree of at most {LARGEST_TREE} points, got {points}")
    pep = _pepit().PEP()
    f, x_star, f_star = _function(pep, theorem, L, mu)
    levels = _tree(pep, f, gamma, blocks, steps)
    start = levels[0][0]
    if theorem == "T4":
        pep.set_initial_condition((start - x_star) ** 2 <= 1)
        pep.set_performance_metric(_mean((x - x_star) ** 2 for x in levels[-1]))
    elif theorem == "T2":
        pep.set_initial_condition(f(start) - f_star <= 1)
        pep.set_performance_metric(_mean(f(x) - f_star for x in levels[-1]))
    else:
        pep.set_initial_condition(f(start) - f_star <= 1)
        for x in chain(*levels[:-1]):
            pep.add_constraint(f(x) - f_star >= f.gradient(x) ** 2 / (2 * L))
        pep.set_performance_metric(_mean(_mean(f.gradient(x) ** 2 for x in level) for level in levels[:-1]))
    upper = float(pep.solve(verbose=0, return_primal_or_dual="dual"))
    found = WorstCase(upper, float(pep.objective.eval()))
    if not found.duality_gap <= 1e-3:
        raise RuntimeError(f"the solver must close the duality gap, got {found}")
    return found


def _pepit() -> Any:
    try:
        import PEPit
    except ImportError as error:
        raise ImportError("worst cases need the extra: pip install 'rac-theory[pep]'") from error
    return PEPit


def _function(pep: Any, theorem: Claim, L: float, mu: float) -> tuple[Any, Any, Any]:
    """Return f, a minimiser and the infimum; T1 has no minimiser, only a number that f does not fall below."""
    from PEPit import functions

    if theorem == "T1":
        return pep.declare_function(functions.SmoothFunction, L=L), None, _pepit().Expression()
    if theorem == "T2":
        f = pep.declare_function(functions.SmoothQuadraticLojasiewiczFunctionExpensive, L=L, mu=mu)
    else:
        f = pep.declare_function(functions.SmoothStronglyConvexFunction, L=L, mu=mu)
    x_star = f.stationary_point()
    return f, x_star, f(x_star)


def _tree(pep: Any, f: Any, gamma: float, blocks: int, steps: int) -> list[list[Any]]:
    """All iterates after 0, 1, ..., steps steps; equally likely at each."""
    partition = pep.declare_block_partition(d=blocks)
    levels = [[pep.set_initial_point()]]
    for _ in range(steps):
        levels.append(
            [
                x - gamma * (partition.get_block(f.gradient(x), block) if blocks > 1 else f.gradient(x))
                for x in levels[-1]
                for block in range(blocks)
            ]
        )
    return levels


def _mean(expressions: Any) -> Any:
    terms = list(expressions)
    return sum(terms[1:], terms[0]) / len(terms)
