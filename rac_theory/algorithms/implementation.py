"""An implementation: a user's iteration, declared to be an algorithm of this library."""

import copy
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np

from rac_theory.algorithms.galore import GaLore
from rac_theory.algorithms.gradients.gradient_source import GradientSource
from rac_theory.algorithms.method_descent import MethodDescent
from rac_theory.algorithms.projected_descent import ProjectedDescent
from rac_theory.base import Array, Value, being, in_short, repr_of, same, shown, type_name
from rac_theory.problems import Problem


@dataclass(frozen=True, eq=False)
class Checked(Value):
    """The record of an implementation that has passed ``check_algorithm``.

    Attributes
    ----------
    problem : Problem
        The problem on which it was checked; on others nothing is known of it.
    level : float
        The probability with which a right implementation would have failed, at most.
    pairs : int
        How many first steps, and as many of what is implemented, were compared in law; 0 where nothing is drawn.
    each_step : bool
        Whether steps were also computed again, one by one.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, Implementation
    >>> from rac_theory.testing import check_algorithm
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 2.0]], W_star=[[1.0], [1.0]])
    >>> mine = Implementation(lambda W, rng: W - 0.5 * problem.gradient(W), implements=GD(0.5))
    >>> print(check_algorithm(Case(mine, problem)).checked)
    as checked by each step computed again at level 4e-06
    """

    problem: Problem
    level: float
    pairs: int
    each_step: bool

    def __str__(self) -> str:
        ways = ["each step computed again"] * self.each_step + [f"{self.pairs} pairs of steps"] * (self.pairs > 0)
        return f"as checked by {' and '.join(ways)} at level {self.level:g}"


@dataclass(frozen=True, eq=False, repr=False)
class Implementation(Value):
    """A user's iteration, declared to be an algorithm of this library.

    ``simulate`` runs what is given. Theorems are about what it implements, once ``check_algorithm`` has compared the
    two: it returns the case as checked. To a case that was not checked no theorem applies.

    Parameters
    ----------
    stepper : object or callable
        One that has ``iterates(problem, W, rng)`` as an ``Algorithm`` has it; or ``step(W, rng)``, from one matrix
        (m, n) to the next, or such a function. A step has its gradient of its own, and is called run by run, each with
        a generator of its own. Each run steps a deep copy of the object, which may keep state.
    implements : ProjectedDescent, GaLore or MethodDescent
        What it claims to do, such as ``RACLoRA(sketch, gamma)``, with the same sketch, step, side and gradients. GaLore
        with gradients that are not random; an optimiser that finds its subspace anew every K steps makes K of them in
        a step, and implements ``GaLore(rank, gamma, gradients=Local(K))``. Of a method that is called with a sketch its
        iterates are what the method reports; an object with a member ``state``, a mapping of matrices by their names,
        shows its other states too.

    Attributes
    ----------
    checked : Checked or None
        What ``check_algorithm`` fills in; None again where ``dataclasses.replace`` makes another implementation.

    Raises
    ------
    ValueError
        If ``stepper`` has none of these, or what it implements is neither of those; from ``check``, for another problem
        than that on which it was checked.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, Implementation, RACLoRA, sketches, verify
    >>> from rac_theory.testing import check_algorithm
    >>> problem = Quadratic.left(np.diag([1.0, 2.0, 4.0]), W_star=np.ones((3, 2)))
    >>> def step(W, rng):
    ...     b = rng.standard_normal((3, 1))
    ...     return W - 0.25 * b @ (b.T @ problem.gradient(W)) / (b.T @ b)
    >>> mine = Implementation(step, implements=RACLoRA(sketches.Gaussian(3, 1), gamma=0.25))
    >>> case = Case(mine, problem, steps=20)
    >>> print(verify("T2", case).status)
    NOT_APPLICABLE
    >>> print(verify("T2", check_algorithm(case, draws=512), rng=0).status)
    HOLDS
    """

    stepper: Any
    _: KW_ONLY
    implements: ProjectedDescent | GaLore | MethodDescent
    checked: Checked | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.takes_problem or hasattr(self.stepper, "step") or callable(self.stepper)):
            raise ValueError(
                "stepper must be a function step(W, rng), or have a method step(W, rng) or iterates(problem, W, rng), "
                f"got {shown(self.stepper)}"
            )
        if isinstance(self.implements, GaLore):
            if not self.implements.deterministic:
                raise ValueError(f"implements must be a GaLore whose gradients are exact, got {self.implements!r}")
        elif not isinstance(self.implements, MethodDescent):
            being("implements", self.implements, ProjectedDescent, ", such as RACLoRA(sketch, gamma)")

    @property
    def takes_problem(self) -> bool:
        """Whether it is given the problem, as one with ``iterates`` is; a step knows its own."""
        return hasattr(self.stepper, "iterates")

    @property
    def gamma(self) -> float:
        """The step size of what it implements."""
        return self.implements.gamma

    @property
    def deterministic(self) -> bool:
        """Whether what it implements draws nothing."""
        return self.implements.deterministic

    @property
    def gradients(self) -> GradientSource:
        """Where gradients of what it implements come from."""
        return self.implements.gradients

    @property
    def called(self) -> str:
        """The name of the function, or of the class of the object."""
        return str(getattr(self.stepper, "__name__", type_name(self.stepper)))

    def check(self, problem: Problem, /) -> None:
        """Raise a ``ValueError`` if what it implements cannot run on this problem, or if it was checked on another."""
        self.implements.check(problem)
        if self.checked is not None and not same(self.checked.problem, problem):
            raise ValueError(
                f"problem must be {repr_of(self.checked.problem)}, on which {self.called} was checked, got "
                f"{repr_of(problem)}; check another Implementation there, with check_algorithm"
            )

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator, /) -> Iterator[Array]:
        """Yield its iterates: its own, or of steps, one run after the other."""
        if self.takes_problem:
            iterates: Iterator[Array] = self.stepper.iterates(problem, W, rng)
            return iterates
        return self._stepped(W, [np.random.default_rng(int(seed)) for seed in rng.integers(2**63, size=len(W))])

    def _stepped(self, W: Array, rngs: list[np.random.Generator]) -> Iterator[Array]:
        owns = [copy.deepcopy(self.stepper) for _ in rngs]
        steps = [getattr(stepper, "step", stepper) for stepper in owns]
        while True:
            moved = np.empty_like(W)
            for run, (step, rng) in enumerate(zip(steps, rngs, strict=True)):
                after = np.asarray(step(W[run].copy(), rng))
                if after.shape != W.shape[1:]:
                    raise ValueError(
                        f"{self.called} must return the next W, of shape {W.shape[1:]}, got shape {after.shape}; a "
                        "step gets one matrix and a generator, step(W, rng)"
                    )
                moved[run] = after
            W = moved
            yield W

    def __repr__(self) -> str:
        checked = "" if self.checked is None else f", {self.checked}"
        name = in_short(self.stepper)
        name = self.called if " object at 0x" in name else name  # an address is another one each time
        return f"{type_name(self)}({name}, implements={repr_of(self.implements)}{checked})"
