"""What a search has found, as text: which facts were taken how often, so that it need not be looked for again."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from operator import add, mul

from rac_theory.algebra import ONE, Expression, Ratio, Symbol
from rac_theory.base import function_name
from rac_theory.proofs.columns import cleared
from rac_theory.proofs.combination import combined
from rac_theory.proofs.drawn import Vector
from rac_theory.proofs.fact import Fact
from rac_theory.statements import Condition, KnownConstant


class Recorder:
    """Looks for facts and keeps what was found, a line for each time that it was asked."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, value: Ratio, facts: Sequence[Fact]) -> Fact | None:
        """Look for a fact that a value is not negative."""
        combination, labels = combined(value, facts), {id(fact): label for label, fact in _labelled(facts)}
        self.lines.append("" if combination is None else " + ".join(_written(combination, labels)))
        return combination


class Recalled:
    """Makes the same facts of lines that were kept; what is no longer the value that is asked for is none."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = iter(lines)

    def __call__(self, value: Ratio, facts: Sequence[Fact]) -> Fact | None:
        """Return the fact that was found."""
        line = next(self._lines, "")
        if not line:
            return None
        by_label = dict(_labelled(facts))
        try:
            combination = reduce(add, (_product(term.split(), by_label, facts) for term in line.split(" + ")))
        except (KeyError, ValueError):
            return None
        return combination if (combination.value - value).is_zero else None


def _product(words: Sequence[str], by_label: dict[str, Fact], facts: Sequence[Fact]) -> Fact:
    times, *labels = words
    product = reduce(mul, (_factor(label, by_label, facts) for label in labels if label[0] != "/"))
    for label in labels:
        product = product / by_label[label[1:]] if label[0] == "/" else product
    return product if times == "1" else product * Fraction(times)


def _factor(label: str, by_label: dict[str, Fact], facts: Sequence[Fact]) -> Fact:
    fact = cleared(by_label[label[1:]], facts) if label[0] == "!" else by_label[label]
    if fact is None:
        raise ValueError(f"{label} cannot be cleared of what divides it")
    return fact


def _written(fact: Fact, labels: dict[int, str]) -> Iterator[str]:
    for product, times in fact.parts.items():
        yield " ".join([str(times), *(_label(factor, labels) for factor in product)])


def _label(fact: Fact, labels: dict[int, str]) -> str:
    """A fact of those at hand, the inverse of one, or one that is cleared of what divides it."""
    if id(fact) in labels:
        return labels[id(fact)]
    (of,) = fact.of
    base, *divisors = sorted(of, key=lambda factor: factor.value.denominator == ONE)
    return f"{'!' if divisors else '/'}{labels[id(base)]}"


def _labelled(facts: Sequence[Fact]) -> Iterator[tuple[str, Fact]]:
    """Yield each fact with a name that no other has."""
    counts = Counter[str]()
    for fact in facts:
        label = _named(fact)
        counts[label] += 1
        yield (label if counts[label] == 1 else f"{label}#{counts[label]}"), fact


def _named(fact: Fact) -> str:
    inner = fact
    while inner.of and len(inner.of) == 1 and len(next(iter(inner.of))) == 1:
        ((inner,),) = inner.of
    if not inner.schema or inner.of or inner.schema[0] in ("sign", "nothing", "maximum"):
        by = ",".join(
            sorted(_word(assumption) for assumption in fact.by if isinstance(assumption, Condition | KnownConstant))
        )
        return f"{by}:{fact!r}".replace(" ", "").replace("+", "&")
    name, *values = inner.schema
    return f"{name}({','.join(map(_word, values))})" if values else name


def _word(value: object) -> str:
    match value:
        case Vector(parts):
            return "&".join(
                f"{times!r}*{'H' * is_projected}{name}" for (name, _, _, is_projected), times in parts.items()
            ).replace(" ", "")
        case Condition(name=name):
            return name.split()[0]
        case KnownConstant(symbol=Symbol(name=name)) | Symbol(name=name):
            return name.replace(" ", "")
        case Expression():
            return repr(value).replace(" ", "")
    return function_name(value)
