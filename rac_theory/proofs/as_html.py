"""A proof as HTML, as notebooks and the report show it."""

from collections.abc import Iterable, Iterator

from markupsafe import Markup

from rac_theory.algebra import latex, lifted, pieces
from rac_theory.drawing import html
from rac_theory.proofs.as_latex import summands
from rac_theory.proofs.reading import Line, Reading
from rac_theory.statements import parts


def as_html(reading: Reading) -> str:
    """Return a fragment: the claim, and below it the proof."""
    theorem = reading.proof.theorem
    return html.together(
        html.heading(theorem.id, "proved for every T"), html.formulas(theorem.pieces), *sections(reading)
    )


def sections(reading: Reading) -> Iterator[Markup]:
    """Yield what a claim is proved from, and how."""
    formulas = [formula for formula in reading.definitions if formula not in reading.proof.theorem.claim.formulas]
    if formulas:
        yield html.formulas(["\\text{where}", *map(latex, formulas)])
    assumed = zip(reading.assumed, reading.proof.theorem.typeset_assumptions, strict=True)
    yield html.line("Assumed:")
    yield html.facts(
        (label, html.sentence(assumption) + ("" if is_used else " Not used."))
        for (label, _, is_used), assumption in assumed
    )
    granted = ((line.label, _formulas(pieces(line.said)), line.reason) for line in reading.granted)
    yield html.table(("", "taken for granted at every W", "why"), granted)
    legend = ", ".join(f"{letter} is {meaning}" for letter, meaning in reading.legend)
    yield html.line(f"{legend}.")
    signs = [
        (cell for cell in ((True, latex(sign.said)), (False, f" ({sign.why.strip('()')})"))) for sign in reading.signs
    ]
    if signs:
        yield html.line(
            Markup("Lines are multiplied by numbers that are not negative: ")
            + Markup(", ").join(map(html.sentence, signs))
            + "."
        )
    yield html.line("Follows:")
    yield html.facts((line.label, Markup("<br/>").join(_derived(line, reading))) for line in reading.derived)


def _derived(line: Line, reading: Reading) -> Iterator[Markup]:
    """What is said, and below it how it follows."""
    case = [Markup("If ") + html.sentence(_case(line)) + ":"] if line.if_ else []
    name = [Markup.escape(f"{line.why}:")] if line.sum and line.why else []
    yield Markup(" ").join([*case, *name, _formulas(pieces(line.said))])
    if reading.is_claim(line) and reading.times != lifted(1):
        yield "times " + html.formula(latex(reading.times)) + ", which is positive:"
    if line.is_computed:
        yield _formulas(f"{'+' if i else '='} {term}" for i, term in enumerate(summands(line)))
    else:
        yield Markup.escape(line.rule)


def _case(line: Line) -> Iterator[tuple[bool, str]]:
    for assumption in line.if_:
        for part in parts(assumption):
            yield (False, part) if isinstance(part, str) else (True, latex(part))


def _formulas(lines: Iterable[str]) -> Markup:
    return Markup(" ").join(map(html.formula, lines))
