"""The facts of a method: what its lines say of a step, as instances of the schemas at its points and vectors."""

from collections.abc import Iterator
from typing import Any

from rac_theory.algebra import Let
from rac_theory.algorithms import Method
from rac_theory.proofs import checker
from rac_theory.proofs.drawn import H
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import instances
from rac_theory.proofs.letters import b
from rac_theory.proofs.quantities import VECTORS, G, G_next
from rac_theory.proofs.schemas import SCHEMAS, grant, move_of
from rac_theory.statements import About, assumptions, implied, step_of


def about_of(method: Method, gradients: tuple[str, ...] = ("G",)) -> About:
    """Return which row of the table of the checker a step of a method is.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> from rac_theory.algorithms import H, Method, gradient, state
    >>> from rac_theory.proofs.of_methods import about_of
    >>> from rac_theory.statements.symbols import gamma
    >>> X = state("X")
    >>> about_of(Method({X: X - gamma * H(gradient(X))}), ("g",))
    <About rac_lora_stochastic>
    """
    step = step_of(method, gradients)
    for name in checker.STEPS:
        about = getattr(assumptions, name)
        if isinstance(about, About) and about.step is not None and about.step.is_like(step):
            return about
    raise ValueError(f"nothing is granted of such a step: {step!r}")


def facts_of(method: Method, gradients: tuple[str, ...] = ("G",), letters: tuple[Let, ...] = ()) -> tuple[Fact, ...]:
    """Return what is granted of a method that draws its H afresh, and nothing that rests on another algorithm.

    Parameters
    ----------
    method : Method
    gradients : tuple of str, optional
        What estimates its gradients.
    letters : tuple of Let, optional
        The names that facts may be about.

    Raises
    ------
    ValueError
        If a step of it is no row of the table.

    Examples
    --------
    >>> from rac_theory import GD
    >>> from rac_theory.proofs.of_methods import facts_of
    >>> facts = facts_of(GD(0.1).method)
    >>> [fact for fact in facts if fact.schema[0] in ("descent", "along")]
    [f(W+) - f* <= f(W) - f* - gamma ||HG||^2 + (1/2) L gamma^2 ||HG||^2, E<HG,QHG> gamma^2 <= L_H E||HG||^2 gamma^2]
    """
    about = about_of(method, gradients)
    algorithms = {about, *implied(about)}
    at_points = (grant(name, *values, letters=letters) for name, *values in _at_vectors(about))
    return tuple(
        fact
        for fact in (*instances(None, letters), *at_points)
        if {assumption for assumption in fact.by if isinstance(assumption, About)} <= algorithms
    )


def _at_vectors(about: About) -> Iterator[tuple[Any, ...]]:
    """Schemas into which a vector is put, at those of a step, and at what H leaves of them."""
    assert about.step is not None
    names = ["G", *about.step.vectors, *(["Gx", "M"] if about.step.memory is not None else [])]
    if about.step.vectors == ("G",) and (move := move_of(about)) is not None:
        # By how much b G+ misses the gradient at W+ of the parabola in the descent lemma, for Young's inequality.
        yield "square", G_next * b - (G + move.by * move.constant)
    for schema in SCHEMAS.values():
        kinds = [kind for _, kind in schema.of]
        if kinds == ["fixed"]:
            yield from ((schema.name, VECTORS[name]) for name in names if not checker.VECTORS[name])
        elif kinds == ["vector"]:
            yield from ((schema.name, vector) for name in names for vector in (VECTORS[name], H(VECTORS[name])))
