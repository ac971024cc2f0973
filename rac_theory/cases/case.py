"""A case: what is run, on what, from where, for how long. The one value that a claim is tried on."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from numbers import Integral
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from rac_theory.algorithms import DECAY_INSIDE, Algorithm, Checked, Implementation, MethodDescent
from rac_theory.base import Array, Value, being, checks, having, in_short, repr_of, shown, type_name
from rac_theory.numerics import EPS
from rac_theory.problems import Problem, Quadratic

Check = Callable[[Problem, Array], None]

_passed: WeakKeyDictionary[Problem, dict[Check, bytes]] = WeakKeyDictionary()  # with the start that was checked last


def check_once(check: Check, problem: Problem, W: Array) -> None:
    """Call ``check(problem, W)`` unless the same problem passed it with the same W the last time."""
    start = hashlib.blake2b(W.tobytes(), digest_size=16).digest()
    try:
        passed = _passed.setdefault(problem, {})
    except TypeError:  # no hash, no memory
        passed = {}
    if passed.get(check) != start:
        check(problem, W)
        passed[check] = start


def check_gradient(problem: Problem, W: Array) -> None:
    """Raise a ``ValueError`` if value and gradient have wrong shapes, are not finite or contradict each other.

    Central differences against the gradient, at W and a random step away from it, where a forgotten penalty shows;
    along the gradient itself, where a wrong factor shows, and along two fixed random directions. The tolerance, one
    part in a thousand, what two spacings differ by and rounding, is there for wrong formulas. In high dimension an
    error that is confined to few entries may pass.
    """
    directions = np.random.default_rng(0).standard_normal((3, *problem.shape))
    directions /= np.linalg.norm(directions, axis=(1, 2), keepdims=True)
    size = float(np.linalg.norm(W))
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is named
        for at in (W, W + (size or 1.0) * directions[2]):
            _check_gradient_at(problem, at, directions[:2])


def _check_gradient_at(problem: Problem, W: Array, directions: Array) -> None:
    name = type_name(problem)
    G = checks.array(f"{name}.gradient(W)", problem.gradient(W[None]), shape=(1, *problem.shape))[0]
    value = float(checks.array(f"{name}.value(W)", problem.value(W[None]), shape=(1,))[0])
    _check_fused(problem, W, value, G)
    size = float(np.linalg.norm(G))
    if size > 0:
        directions = np.concatenate([directions, G[None] / size])
    # The gradient changes by at most L h over a step h, so a fraction of ||G|| / L is short at any scale.
    length = size / problem.L if size > 0 and 0 < problem.L < np.inf else max(1.0, float(np.linalg.norm(W)))
    promised = np.vecdot(directions.reshape(len(directions), -1), G.ravel())
    (coarse, _), (fine, rounding) = (_slopes(problem, W, value, h * length, directions) for h in (1e-3, 1e-5))
    error = np.minimum(np.abs(coarse - promised), np.abs(fine - promised))
    typical = np.maximum(np.abs(promised), size / np.sqrt(G.size))
    if (error > 1e-3 * typical + 2 * np.abs(coarse - fine) + rounding).any():
        raise ValueError(
            f"{name}.gradient must be the gradient of {name}.value, got a directional derivative that is off by "
            f"{error.max():.3g} where the gradient has norm {size:.3g}"
        )


def _slopes(problem: Problem, W: Array, value: float, h: float, directions: Array) -> tuple[Array, Array]:
    """Return central differences of f along directions, (k, m, n), and bounds on their rounding errors, both (k,)."""
    values = [problem.value(W + h * directions), problem.value(W - h * directions)]
    shape = (len(directions),)
    up, down = (checks.array(f"{type_name(problem)}.value(W)", v, shape=shape) for v in values)
    of_values = (np.abs(up) + np.abs(down)) / h
    of_points = float(np.linalg.norm(W)) * (np.abs(up - value) + np.abs(down - value)) / h**2
    return (up - down) / (2 * h), 64 * EPS * (of_values + of_points)


def _check_fused(problem: Problem, W: Array, value: float, G: Array) -> None:
    """``value_and_gradient``, which runs use where there is one, must say the same as its parts."""
    fused = getattr(problem, "value_and_gradient", None)
    if fused is None:
        return
    pair = fused(W[None])
    same = np.allclose(pair[0][0], value, rtol=1e-9, atol=0) and np.allclose(pair[1][0], G, rtol=1e-9, atol=1e-300)
    if not same:
        raise ValueError(
            f"{type_name(problem)}.value_and_gradient must agree with value and gradient, got f = "
            f"{float(pair[0][0]):.6g} against {value:.6g}; who overrides value or gradient must override it too"
        )


@dataclass(frozen=True, eq=False)
class Case(Value):
    """An algorithm on a problem from ``W0``, for ``steps`` outer steps where something runs.

    Whatever does not fit together is refused here, before anything runs: shapes, and a plug-in whose value and
    gradient contradict each other. Two cases are equal if their parts are.

    Parameters
    ----------
    algorithm : Algorithm
    problem : Problem
    W0 : (m, n) or None
        The start; None is ``problem.start`` where the problem has one, else zero.
    steps : int
        At least 1 for what runs. It may be left out where nothing does: for ``Constants.of``, ``exact_rate`` and
        ``check_algorithm``.

    Attributes
    ----------
    start : (m, n)
        Where runs start.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, RACLoRA
    >>> from rac_theory.sketches import Gaussian
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 2.0]], [[1.0], [1.0]])
    >>> Case(GD(gamma=0.5), problem, steps=10).start.tolist()
    [[0.0], [0.0]]
    >>> Case(RACLoRA(Gaussian(3, 1), gamma=0.5), problem, steps=10)
    Traceback (most recent call last):
        ...
    ValueError: sketch.dim must be m=2 for side='left' and W of shape (2, 1), got 3
    """

    algorithm: Algorithm
    problem: Problem
    W0: Array | None = None
    steps: int = field(default=0, kw_only=True)
    start: Array = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.W0, Integral):
            raise ValueError(
                f"W0 must be a matrix or None, got {shown(self.W0)}; the number of steps is named: "
                f"steps={shown(self.W0)}"
            )
        object.__setattr__(self, "steps", checks.count("steps", self.steps, 0))
        check_pair(self.algorithm, self.problem)
        start = starting_point(self.problem, self.W0)
        vars(self).update(W0=start, start=start)
        check_start = getattr(getattr(self.algorithm, "gradients", None), "check_start", None)
        if check_start is not None:  # whether differences of f are more than rounding there
            check_start(self.problem, self.start)
        check_once(check_gradient, self.problem, self.start)

    @property
    def checked(self) -> Checked | None:
        """What is known of its algorithm, where that is an implementation that passed ``check_algorithm``."""
        return self.algorithm.checked if isinstance(self.algorithm, Implementation) else None

    @property
    def as_checked(self) -> "Case":
        """What theorems are about: of an implementation that was checked the algorithm that it implements."""
        if isinstance(self.algorithm, Implementation) and self.algorithm.checked is not None:
            return replace(self, algorithm=self.algorithm.implements)
        return self

    @property
    def at_iterate(self) -> "Case":
        """The same case of a method that reports its iterate itself: from the same random numbers it runs alike."""
        algorithm = self.algorithm
        return replace(self, algorithm=algorithm.at_iterate) if isinstance(algorithm, MethodDescent) else self

    def without_decay(self) -> "Case":
        r"""Return the same runs of ``DECAY_INSIDE`` as plain steps on :math:`f + \frac\omega2 \|W\|^2`, up to rounding.

        ``H (g + omega W)`` is H of a gradient of that function, so that every theorem about ``RACLoRA`` is about this
        case. The problem must have a penalty ``l2``, or be ``Quadratic.left``.

        Raises
        ------
        ValueError
            If the algorithm is not ``DECAY_INSIDE``, or the problem has no penalty to be made larger.

        Examples
        --------
        >>> import numpy as np
        >>> from rac_theory import Case, verify
        >>> from rac_theory.algorithms import DECAY_INSIDE
        >>> from rac_theory.problems import LeastSquares
        >>> from rac_theory.sketches import Haar
        >>> problem = LeastSquares(np.eye(3), np.ones(3))
        >>> case = Case(DECAY_INSIDE(Haar(3, 1), gamma=0.5, omega=0.1), problem, steps=30)
        >>> case.without_decay().problem.l2, str(verify("T2", case.without_decay()).status)
        (0.1, 'HOLDS')
        """
        algorithm: Any = self.algorithm
        if not isinstance(algorithm, MethodDescent) or not algorithm.method.is_like(DECAY_INSIDE):
            raise ValueError(f"the algorithm must be DECAY_INSIDE, got {repr_of(algorithm)}")
        projector: Any = algorithm.projector
        plain = replace(projector, gamma=float(algorithm.letters["gamma"]))
        problem = _with_penalty(self.problem, float(algorithm.letters["omega"]))
        return replace(self, algorithm=plain, problem=problem)

    @property
    def start_shown(self) -> str:
        """Shape and digest of the start; empty where it is the usual one."""
        return "" if np.array_equal(self.start, starting_point(self.problem, None)) else in_short(self.start)

    @property
    def headline(self) -> str:
        """Algorithm and problem for the head of a figure, numbers with four digits."""
        words = f"{repr_of(self.algorithm)} on {repr_of(self.problem)}"
        return re.sub(r"\d+\.\d{4,}(e[-+]?\d+)?", lambda number: f"{float(number[0]):.4g}", words)

    def _repr_html_(self) -> str:
        from rac_theory.drawing import html

        return html.together(html.heading(type_name(self)), html.facts(self.parts))

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What the case is made of, by name; empty where it need not be said."""
        size = "x".join(map(str, self.start.shape))
        return [
            ("algorithm", repr_of(self.algorithm)),
            ("problem", f"{repr_of(self.problem)}, W {size}"),
            ("start", self.start_shown and f"W0 = {self.start_shown}"),
            ("steps", f"{self.steps or ''}"),
        ]

    def __repr__(self) -> str:
        W0 = f", W0={self.start_shown}" if self.start_shown else ""
        steps = f", steps={self.steps}" if self.steps else ""
        return f"{type_name(self)}({repr_of(self.algorithm)}, {repr_of(self.problem)}{W0}{steps})"


def _with_penalty(problem: Any, omega: float) -> Problem:
    """Return ``f + omega/2 ||W||^2``, up to a constant."""
    if hasattr(problem, "l2"):
        larger: Problem = replace(problem, l2=problem.l2 + omega)
        return larger
    if isinstance(problem, Quadratic) and problem.S is not None and problem.R is None:
        S = problem.S + omega * np.eye(len(problem.S))
        return Quadratic.left(S, np.asarray(np.linalg.solve(S, problem.S @ problem.W_star)), start=problem.start)
    raise ValueError(f"the problem must have a penalty l2, or be Quadratic.left, got {repr_of(problem)}")


def check_runs(case: Case) -> None:
    """Raise a ``ValueError`` unless this is a case that says for how many steps it runs."""
    being("case", case, Case, ", such as Case(algorithm, problem, steps=100)")
    if not case.steps:
        raise ValueError("steps must be >= 1, got 0: what runs says how long, as Case(algorithm, problem, steps=100)")


def check_deterministic(case: Case) -> None:
    """Raise a ``ValueError`` if a method of which one run is to decide makes other first steps with another seed."""
    algorithm, W, steps = case.algorithm, case.start[None], min(case.steps, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        runs = (algorithm.iterates(case.problem, W.copy(), np.random.default_rng(seed)) for seed in (0, 1))
        one, other = (np.array([*islice(run, steps)]) for run in runs)
    if not np.allclose(one, other, rtol=1e-9, atol=1e-9 * float(np.nan_to_num(np.abs(one)).max()), equal_nan=True):
        raise ValueError(f"{type_name(algorithm)}.deterministic must be False: another seed gives other steps")


def check_pair(algorithm: Algorithm, problem: Problem) -> None:
    """Raise a ``ValueError`` if these are no algorithm and no problem, or if the one cannot run on the other."""
    swapped = hasattr(algorithm, "gradient") and hasattr(problem, "iterates")
    hint = "; are algorithm and problem swapped?" if swapped else ""
    having("algorithm", algorithm, "an algorithm, such as GD(0.1)", ("iterates", "check", "gamma"), hint)
    having(
        "problem", problem, "a problem, such as Quadratic.left(S, W_star)", ("shape", "value", "gradient", "L"), hint
    )
    algorithm.check(problem)


def starting_point(problem: Problem, W0: Array | None) -> Array:
    """Return ``W0``, else the problem's own start, else zero: (m, n), read-only."""
    if W0 is None:
        W0 = getattr(problem, "start", None)
    start = checks.array("W0", np.zeros(problem.shape) if W0 is None else W0, shape=problem.shape)
    return checks.moderate("W0", start)
