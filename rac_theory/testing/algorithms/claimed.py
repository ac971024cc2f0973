"""What a projected descent claims to do: the steps and gradients of the class of this library that it inherits from."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal, cast

import numpy as np

from rac_theory.algorithms import AsymmetricLoRA, Bernoulli, Implementation, ProjectedDescent
from rac_theory.algorithms.gradients import Clients, Step
from rac_theory.base.checks import Array


@dataclass(frozen=True)
class View:
    """Where a projection acts, and its largest rank: on columns, on rows, or on a matrix as one vector of entries."""

    side: Literal["left", "right", "entries"]
    rank: float = math.inf

    def turned(self, M: Array) -> Array:
        """Turn (runs, m, n) such that the projection acts from the left."""
        if self.side == "entries":
            return M.reshape(len(M), -1, 1)
        return M if self.side == "left" else np.swapaxes(M, 1, 2)

    def turned_back(self, M: Array, shape: tuple[int, ...]) -> Array:
        """Undo ``turned``."""
        return M.reshape(shape) if self.side == "entries" else self.turned(M)


@dataclass(frozen=True, eq=False)
class Claim:
    """The reference that a projected descent is held to.

    The claim of a subclass is what its nearest ancestor in this library does with the same fields: ``class
    Adam(RACLoRA)`` is held to the steps of ``RACLoRA``. A class that overrides ``projection``, which says what E[H] is,
    is held to its own ``low_rank_steps``, and a source that overrides ``noise`` to its own ``descend``: the law that is
    claimed is then another one. An implementation claims to be what it implements.
    """

    algorithm: ProjectedDescent | Implementation

    @cached_property
    def declared(self) -> ProjectedDescent:
        """The algorithm, or what it implements: its members tell steps and gradients."""
        declared = self.algorithm.implements if isinstance(self.algorithm, Implementation) else self.algorithm
        return cast(ProjectedDescent, declared)  # or what has all of its members; others are not compared by a claim

    @property
    def name(self) -> str:
        """How sentences call the algorithm."""
        return f"{name_of(self.algorithm)} with {type(self.declared.gradients).__name__} gradients"

    @cached_property
    def reference(self) -> ProjectedDescent:
        """The claimed class with the fields of the algorithm; the algorithm itself if its class is none of ours."""
        kind = _nearest(self.declared)
        if kind is None or type(self.declared).projection is not kind.projection:
            return self.declared
        reference: ProjectedDescent = _of_kind(kind, self.declared)
        return reference

    @cached_property
    def source(self) -> Any:
        """The claimed gradient source."""
        return _claimed_source(self.declared.gradients)

    @cached_property
    def is_fresh(self) -> bool:
        """Whether each step claims to draw H anew; an E[H] that may be anything in 0..1 may be that of a frozen H."""
        if self.declared.one_projection:
            return True
        if self.reference is not self.declared:
            return not isinstance(self.reference, AsymmetricLoRA)
        projection = self.declared.projection(alpha=1e-6, draws=4096, rng=0)
        return float(projection.lambda_min) > 0 or float(projection.lambda_max) < 1

    @property
    def views(self) -> tuple[View, ...]:
        """The sides from which H may act, and its ranks; with one of them the space of a move says what H was."""
        if isinstance(self.reference, Bernoulli):
            return View("left", self.reference.left.rank), View("right", self.reference.right.rank)
        sketch = getattr(self.reference, "sketch", None)
        if _nearest(self.reference) is not None and sketch is not None:
            return (View(getattr(self.reference, "side", "left"), sketch.rank),)
        return (View("entries"),)

    def steps(self, rng: np.random.Generator, W: Array) -> Iterator[Step]:
        """Yield the claimed steps, one fresh H a run after the other."""
        return self.reference.low_rank_steps(rng, W)


def name_of(algorithm: Any) -> str:
    """How sentences call an algorithm: by its class, an implementation by what it is made of."""
    return algorithm.called if isinstance(algorithm, Implementation) else type(algorithm).__name__


def is_projected(algorithm: ProjectedDescent) -> bool:
    """Whether the step claims to be the projected one; with ``lora_alpha`` it is the plain one."""
    return bool(getattr(algorithm, "is_projected", True)) and getattr(algorithm, "lora_alpha", None) is None


def _claimed_source(source: Any) -> Any:
    kind = _nearest(source)
    if kind is None or getattr(type(source), "noise", None) is not getattr(kind, "noise", None):
        return source
    if kind is Clients:
        return Clients(_claimed_source(source.source), source.participation)
    return _of_kind(kind, source)


def _nearest(thing: Any) -> Any:
    """The class of this library that a thing is of or inherits from, None where there is none with fields."""
    return next(
        (
            kind
            for kind in type(thing).__mro__
            if kind.__module__.startswith("rac_theory.algorithms.") and "__dataclass_params__" in vars(kind)
        ),
        None,
    )


def _of_kind(kind: Any, subclassed: Any) -> Any:
    """An object of this class with the fields of another, of a class that inherits from it."""
    return kind(**{field.name: getattr(subclassed, field.name) for field in fields(kind)})
