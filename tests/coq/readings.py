"""Reading by Coq: whether expressions have the values that they are said to have, for a second opinion on our own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

from rac_theory.algebra import Expression, Let, Number, Symbol, symbols_of
from rac_theory.proofs.coq.kernel import _answered, _coqc, _error, _Readers
from rac_theory.proofs.coq.names import library
from rac_theory.proofs.coq.terms import Terms, counted_in, largest

Reading: TypeAlias = tuple[Expression, Mapping[str, Fraction | int], Fraction | int]
"""An expression, the numbers of its symbols by name, and the number that it is said to be then."""


def misread(readings: Sequence[Reading]) -> tuple[int, ...]:
    """Return which readings Coq does not prove, by their places; it reads all of them in one file.

    In Coq a quotient by zero is a number: here it is not proved to be any, and nor is a root of what is negative. A
    root is proved to be a fraction where it is one.

    Raises
    ------
    ValueError
        If one cannot be written, see ``script``.
    NoCoq, NoAnswer
        If Coq cannot be asked.
    """
    return tuple(int(line) for line in printed(script(readings)).split())


def script(readings: Iterable[Reading]) -> str:
    """Return the file in which each reading is a lemma, which Coq proves by computation or prints the place of.

    Raises
    ------
    ValueError
        If a symbol has no number; if an exponent or how many terms a sum has is not a sum of whole numbers and of
        symbols whose numbers are whole and not negative, or is another power than 1/2.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, total
    >>> from tests.coq.readings import script
    >>> mu, k, T = Symbol("mu"), Symbol("k"), Symbol("T")
    >>> print(script([(total(k, T, mu**k), {"mu": 2, "T": 3}, 7)]).splitlines()[-2])
    Lemma reading_0 : outcome (forall (T : nat) (mu : R), T = 3%nat -> mu = 2 -> (sum (fun n => (mu ^ n)) T) = 7).
    """
    ours = Path(__file__).with_suffix(".v").read_text(encoding="utf-8")
    return "\n".join((library(), ours, *_lemmas(readings))) + "\n"


def printed(script: str) -> str:
    """Return what Coq prints of a file that it accepts.

    Raises
    ------
    ValueError
        If it refuses it: with the place, and why.
    NoCoq, NoAnswer
        As for ``ask``.
    """
    with _Readers() as readers:
        reply = _answered("a file", readers.reply([_coqc()], script))
    if reply["status"]:
        raise ValueError(f"Coq refuses a file: {_error(reply['error'])}")
    return str(reply["output"])


def _lemmas(readings: Iterable[Reading]) -> Iterator[str]:
    for i, reading in enumerate(readings):
        proof = f"first [read | idtac {i}; exact not_shown]"
        yield f"Lemma reading_{i} : outcome ({_statement(*reading)}).\nProof. {proof}. Qed."


def _statement(expression: Expression, values: Mapping[str, Fraction | int], value: Fraction | int) -> str:
    # What has one name is one quantity, whatever else is said of it.
    same = {symbol: Symbol(symbol.name) for symbol in expression.within() if isinstance(symbol, Symbol)}
    plain = expression.at(same)
    symbols = symbols_of(plain)
    terms = _AsWritten([*counted_in(plain)], {}, constants=symbols)
    text, number = terms.own(plain), terms.own(Number(Fraction(value)))
    bound, premises = "", ""
    for symbol, name in terms.letters.items():
        if symbol.name not in values:
            raise ValueError(f"values must have a number for {symbol.name!r}, got {', '.join(map(repr, values))}")
        at = Fraction(values[symbol.name])
        is_count = symbol in terms.counts
        if is_count and (at.denominator != 1 or at < 0):
            raise ValueError(f"{symbol.name!r} counts, and must be whole and not negative, got {at}")
        bound += f"({name} : {'nat' if is_count else 'R'}) "
        premises += f"{name} = {f'{at}%nat' if is_count else terms.own(Number(at))} -> "
    return f"{f'forall {bound.strip()}, ' if bound else ''}{premises}{text} = {number}"


class _AsWritten(Terms):
    """Writes expressions as they are, with no help from normal forms and without names for what is defined."""

    def _symbol(self, symbol: Symbol) -> str:
        return f"(INR {self.letter(symbol)})" if symbol in self.counts else self.letter(symbol)

    def _defined(self, let: Let, *, is_own: bool) -> str:
        return self.own(let.value)

    def _written(self, expression: Expression, pairs: list[tuple[str, str]], is_own: bool) -> str:
        return self.own(expression)

    def _root(self, of: Expression, is_own: bool) -> str:
        return f"(sqrt {self.own(of)})"

    def _maximum(self, of: Sequence[Expression], is_own: bool) -> str:
        return largest([self.own(part) for part in of])
