"""The table of reductions, read off their values."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from tables import table

from rac_theory.algebra import Expression, Relation, definitions_in, equal, latex, lifted
from rac_theory.statements import Reduction, Side
from rac_theory.theorems import Claim, Theorem, ours


class ReductionsDirective(Directive):
    """``{reductions} AT_THE_ENDS``: a line for each reduction in this tuple of the library, if it holds.

    One that does not hold is an error.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        every: Sequence[Reduction] = getattr(ours, self.arguments[0])
        for reduction in every:
            if not reduction.holds:
                raise self.error(f"{reduction} does not hold")
        groups = [list(group) for _, group in groupby(every, key=lambda one: (one.because, one.values))]
        return [table(("theorem", "at, because"), (50, 50), [[_said(group), _because(group[0])] for group in groups])]


def _because(one: Reduction) -> list[nodes.Node]:
    """The values, the names in them, and the reason."""
    names = definitions_in(lifted(one.times), *one.values)
    values = _formulas([*one.values, *(equal(name, name.value) for name in names)])
    return [*values, nodes.Text(": " * bool(values) + one.because)]


def _said(group: Iterable[Reduction]) -> list[nodes.Node]:
    """What is what, one after the other, each with what it asks besides."""
    found: list[nodes.Node] = []
    for one in group:
        times = [] if one.times == 1 else [*_formulas([lifted(one.times)]), nodes.Text(" times ")]
        asks = [nodes.Text(", and asks "), *_formulas(one.extra_relations)] if one.extra_relations else []
        found += [
            nodes.Text("; " if found else ""),
            *_side(one.subject),
            nodes.Text(" is "),
            *times,
            *_side(one.target),
            *asks,
        ]
    return found


def _side(side: Side) -> list[nodes.Node]:
    """A theorem by its id, a claim as formulas between which a line may end."""
    if isinstance(side, Theorem):
        return [nodes.literal("", side.id)]
    if isinstance(side, Claim):
        left, right = side.relation.terms
        return [nodes.math("", latex(left)), nodes.Text(" "), nodes.math("", rf"\le {latex(right)}")]
    return _formulas([side])


def _formulas(every: Iterable[Expression | Relation]) -> list[nodes.Node]:
    """Formulas in a line, which may end after each."""
    parts = [nodes.math("", latex(each)) for each in every]
    return [node for i, part in enumerate(parts) for node in ((nodes.Text(", "), part) if i else (part,))]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("reductions", ReductionsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
