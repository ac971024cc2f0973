"""The table of reductions, read off their values."""

from collections.abc import Iterable, Sequence

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from tables import Cell, table

from rac_theory.algebra import Expression, Relation, definitions_in, equal, latex
from rac_theory.algebra.expression import lifted
from rac_theory.theorems import Claim, Theorem, reductions
from rac_theory.theorems.reduction import Reduction, Side


class ReductionsDirective(Directive):
    """``{reductions} AT_THE_ENDS``: a line for each reduction in this tuple of the library, if it holds.

    One that does not hold is an error.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        every: Sequence[Reduction] = getattr(reductions, self.arguments[0])
        for reduction in every:
            if not reduction.holds:
                raise self.error(f"{reduction} does not hold")
        rows: list[list[Cell]] = []
        for before, one in zip((None, *every), every, strict=False):
            is_new = before is None or one.because != before.because
            why = one.because if is_new else ""
            rows.append([_side(one.one), _other(one), _formulas(_at(one)), why, _formulas(one.asked_of_one)])
        return [table(("theorem", "is", "at", "why", "and asks besides"), (12, 26, 20, 28, 14), rows)]


def _side(side: Side) -> list[nodes.Node]:
    if isinstance(side, Theorem):
        return [nodes.literal("", side.id)]
    return _formulas([side.relation if isinstance(side, Claim) else side])


def _other(reduction: Reduction) -> list[nodes.Node]:
    """What it is, and times what."""
    times = [] if reduction.times == 1 else [*_formulas([lifted(reduction.times)]), nodes.Text(" times ")]
    return [*times, *_side(reduction.other)]


def _at(reduction: Reduction) -> list[Relation]:
    """The values, and the names that they use."""
    names = definitions_in(lifted(reduction.times), *reduction.values)
    return [*reduction.values, *(equal(name, name.value) for name in names)]


def _formulas(every: Iterable[Expression | Relation]) -> list[nodes.Node]:
    """Formulas in a line, which may end after each."""
    parts = [nodes.math("", latex(each)) for each in every]
    return [node for i, part in enumerate(parts) for node in ((nodes.Text(", "), part) if i else (part,))]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("reductions", ReductionsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
