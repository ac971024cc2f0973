"""A method read as text and as LaTeX: the algorithm box of a paper."""

from collections.abc import Iterator
from itertools import chain, count

from rac_theory.algebra import Expression, Symbol, lifted, named
from rac_theory.algebra import latex as typeset
from rac_theory.algebra import text as written
from rac_theory.algorithms.method import Combination, Gradient, Method, Projected, State

_POINTS, _GRADIENTS, _ARGUMENTS, _MOVES = "YXU", "G", "VUA", "PN"
"""What is called by the first of these that no state has: points, gradients, what H is applied to, what it leaves."""


def text(method: Method) -> str:
    """Return the algorithm box in lines of ASCII.

    Examples
    --------
    >>> from rac_theory import GD
    >>> from rac_theory.algorithms.method_text import text
    >>> print(text(GD(0.1).method))
    W^0 = W0
    for t = 0, 1, 2, ...
        draw a projection H, independent of the past
        G = grad f(W^t)
        P = H G
        W^{t+1} = W^t - gamma P
    """
    box = _Box(method)
    begins = ", ".join(f"{name.name} = {written(value)}" for name, value in box.starts)
    lines = [begins, "for t = 0, 1, 2, ...", *(f"    {line}" for line in _draw(method))]
    lines += [f"    {name.name} = {written(value)}" for name, value in box.steps]
    return "\n".join([*lines, *(f"report {written(value)}" for value in box.report)])


def latex(method: Method) -> str:
    r"""Return the algorithm box as an ``aligned`` environment, for a formula of its own.

    Examples
    --------
    >>> from rac_theory import GD
    >>> from rac_theory.algorithms.method_text import latex
    >>> print(latex(GD(0.1).method))
    \begin{aligned}
    & W^{0} \text{ given} \\
    & \text{for } t = 0, 1, 2, \dots \text{ draw a projection } H \text{, independent of the past} \\
    & \quad G = \nabla f(W^{t}) \\
    & \quad P = H G \\
    & \quad W^{t+1} = W^{t} - \gamma P
    \end{aligned}
    """
    box = _Box(method)
    (first, _), *others = box.starts
    begins = [f"{typeset(first)} \\text{{ given}}", *(f"{typeset(name)} = {typeset(value)}" for name, value in others)]
    draw = r" \text{ draw a projection } H \text{, independent of the past}" if _draw(method) else ""
    lines = [",\\; ".join(begins), rf"\text{{for }} t = 0, 1, 2, \dots{draw}"]
    lines += [rf"\quad {typeset(name)} = {typeset(value)}" for name, value in box.steps]
    lines += [rf"\text{{report }} {typeset(value)}" for value in box.report]
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(f"& {line}" for line in lines), r"\end{aligned}"])


def formula(method: Method) -> str:
    """Return the box between dollars, as notebooks typeset it."""
    return f"${latex(method)}$"


def _draw(method: Method) -> list[str]:
    has_projection = any(isinstance(atom, Projected) for atom in method.atoms)
    return ["draw a projection H, independent of the past"] * has_projection


class _Box:
    """The lines of a box as names and expressions; what is used more than once, or inside of f or H, has a name."""

    def __init__(self, method: Method) -> None:
        self._method = method
        self._names: list[tuple[Combination, Symbol]] = [
            (Combination(((State(name), lifted(1)),)), _at(name, "t")) for name in method.names
        ]
        self._taken = {*method.names, *method.letters, "H", "f", "t"}
        self.steps = [*self._before(), *self._after()]

    @property
    def starts(self) -> list[tuple[Symbol, Expression]]:
        """What the states are at first."""
        (first, _), *rest = self._method.starts.items()
        start = [(first, _at(repr(first), "0"))]
        others = [(_at(repr(key), "0"), line.expression(lambda part: _looked_up(part, start))) for key, line in rest]
        return [(start[0][1], Symbol("W0")), *others]

    @property
    def report(self) -> list[Expression]:
        """What is recorded, where that is not the iterate."""
        reported = self._method.reported
        return [] if reported == next(iter(self._method.lines)) else [self._read(reported)]

    def _before(self) -> Iterator[tuple[Symbol, Expression]]:
        """Gradients, and the projection."""
        for atom in self._method.atoms:
            if isinstance(atom, State):
                continue
            part = atom.at if isinstance(atom, Gradient) else atom.of
            inside = _looked_up(part, self._names)
            if inside is None:
                yield (name := self._fresh(_POINTS if isinstance(atom, Gradient) else _ARGUMENTS)), self._read(part)
                self._names.append((part, name))
                inside = name
            result = self._fresh(_GRADIENTS if isinstance(atom, Gradient) else _MOVES)
            if isinstance(atom, Gradient):
                yield result, Symbol(f"grad f({inside.name})", rf"\nabla f({typeset(inside)})")
            else:
                yield result, Symbol(f"H {inside.name}", f"H {typeset(inside)}")
            self._names.append((Combination(((atom, lifted(1)),)), result))

    def _after(self) -> Iterator[tuple[Symbol, Expression]]:
        """The next states, those first that others are written in."""
        left = dict(self._method.lines)
        while left:
            used = {
                repr(key): sum(_occurs(line, other) for k, other in left.items() if k != key)
                for key, line in left.items()
            }
            key = max(left, key=lambda each: used[repr(each)])
            line, name = left.pop(key), _at(repr(key), "{t+1}")
            yield name, self._read(line)
            if len(line.terms) > 1:
                self._names.append((line, name))

    def _read(self, part: Combination) -> Expression:
        return part.expression(lambda inner: _looked_up(inner, self._names))

    def _fresh(self, candidates: str) -> Symbol:
        numbered = (f"{candidates[0]}_{i}" for i in count(1))
        name = next(each for each in chain(candidates, numbered) if each not in self._taken)
        self._taken.add(name)
        return Symbol(name)


def _at(name: str, index: str) -> Symbol:
    return Symbol(f"{name}^{index}", f"{named(name)}^{{{index.strip('{}')}}}")


def _looked_up(part: Combination, names: list[tuple[Combination, Symbol]]) -> Symbol | None:
    return next((name for known, name in names if known == part), None)


def _occurs(part: Combination, whole: Combination) -> bool:
    """Whether one combination is written inside of another, not as all of it."""
    return any(isinstance(each, Combination) and (each == part or _occurs(part, each)) for each in whole.how)
