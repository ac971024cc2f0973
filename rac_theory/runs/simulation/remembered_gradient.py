"""A problem that remembers its last gradient, and step that it certified, so that recording costs no second one."""

from typing import Any

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.problems import Problem, certified_step


class RememberingProblem:
    """A problem seen through a memory of one iterate: recorder and algorithm ask for the same gradient."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._fused = getattr(problem, "value_and_gradient", None)
        self._W: Array | None = None
        self._G: Array = np.empty(0)
        self._certified: Array | None = None

    def look(self, W: Array) -> tuple[Array, Array]:
        """Return f, (runs,), and the gradient at a block of iterates, (runs, m, n), and remember the gradient."""
        value, G = self._fused(W) if self._fused else (self._problem.value(W), self._problem.gradient(W))
        self.remember(W, G)
        return value, G

    def remember(self, W: Array, G: Array) -> None:
        """Take G for the gradient at this very array."""
        self._W, self._G, self._certified = W, G, None

    def gradient(self, W: Array) -> Array:
        """Return the gradient, without computing it again at the iterate that was looked at last."""
        return self._G if W is self._W else self._problem.gradient(W)

    def certified_step(self, W: Array, G: Array) -> Array:
        """Return what the problem certifies, without computing it again at the iterate that was looked at last."""
        if W is not self._W or G is not self._G:
            return certified_step(self._problem, W, G)
        if self._certified is None:
            self._certified = certified_step(self._problem, W, G)
        return self._certified

    def __getattr__(self, name: str) -> Any:
        return getattr(self._problem, name)
