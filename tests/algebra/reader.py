"""A reader of printed formulas that knows their grammar and no tree: text, or LaTeX, to an exact number.

Names that are written as a sum, a product or a power are read as such, so that a missing bracket changes the number.
"""

import math
import re
from fractions import Fraction
from operator import ge, gt, le, lt

_TOKEN = re.compile(r"\s*(\.\.\.|\\frac|sum_\{|max\{|<=|>=|[A-Za-z]\w*|\d+| / |[-+/^(){}\[\],<>=])")
_HOLDS = {"<": lt, "<=": le, ">": gt, ">=": ge}


def tokens(written):
    """Cut a formula into tokens; a line between spaces divides more than its neighbours."""
    found, at = [], 0
    while at < len(written.rstrip()):
        match = re.compile(r" / ").match(written, at) or _TOKEN.match(written, at)
        assert match, f"no token at {written[at:]!r}"
        found.append(match.group() if match.group() == " / " else match.group(1))
        at = match.end()
    return found


class Reader:
    """Read one formula; every method leaves a tuple for what it has read, and the reader at what comes next."""

    def __init__(self, written):
        self.rest = [*tokens(written), None]

    def take(self, *expected):
        token = self.rest.pop(0)
        assert not expected or token in expected, f"{token!r} for {expected}, before {self.rest}"
        return token

    def whole(self):
        read = self.loose()
        self.take(None)
        return read

    def loose(self):
        then = self.sum()
        if self.rest[0] != "if":
            return then
        self.take("if")
        terms, signs = [self.sum()], []
        while self.rest[0] in _HOLDS:
            signs.append(self.take())
            terms.append(self.sum())
        self.take("else")
        return ("choice", terms, signs, then, self.loose())

    def sum(self):
        terms = [self.signed()]
        while self.rest[0] in ("+", "-"):
            if self.rest[:2] == ["+", "..."]:
                self.rest[:3] = []  # and the + after it
                assert len(terms) == 2, "a series has two terms before its dots, and nothing else"
                return self.series(*terms, self.product())
            negative = self.take() == "-"
            terms.append(("-", self.product()) if negative else self.product())
        return ("+", *terms) if len(terms) > 1 else terms[0]

    def signed(self):
        if self.rest[0] != "-":
            return self.product()
        self.take("-")
        return ("-", self.product())

    @staticmethod
    def series(first, second, last):
        base, one = last[1] if last[0] == "^" else last, ("number", 1)

        def exponent(term):
            if term == base:
                return one
            return ("number", 0) if term == one else term[2]

        before = ("+", exponent(second), ("-", one))  # of powers of one, the first two may look alike
        return ("series", base, before if first == base == one else exponent(first), exponent(second), exponent(last))

    def product(self, divides=True):
        if self.rest[0].isdigit() and self.rest[1] == "/":  # 4/7 and 1/T stand alone
            above = self.atom()
            self.take("/")
            return ("/", above, self.atom())
        factors, ends = [], False
        while not factors or (self.begins() and not ends):
            ends = self.rest[0] == "sum_{"  # it takes all that follows
            factors.append(self.factor())
        read = ("*", *factors) if len(factors) > 1 else factors[0]
        if divides and self.rest[0] == " / ":
            self.take()
            read = ("/", read, self.factor())
            assert self.rest[0] != " / "
            assert not self.begins(), "what follows a denominator needs brackets"
        return read

    def begins(self):
        token = self.rest[0]
        return token not in (None, "if", "else") and (token[0].isalnum() or token in ("(", "[", "\\frac"))

    def factor(self):
        if self.rest[0] != "sum_{":
            return self.power()
        self.take("sum_{")
        index = self.take()
        self.take("<")
        steps = self.loose()
        self.take("}")
        return ("sum", index, steps, self.product(divides=False))

    def power(self):
        base = self.atom()
        if self.rest[0] != "^":
            return base
        self.take("^")
        power = ("^", base, self.inside("}") if self.rest[0] == "{" else self.atom())
        assert self.rest[0] != "^", "a power of a power needs brackets"
        return power

    def inside(self, close):
        self.take()
        read = self.loose()
        self.take(close)
        return read

    def atom(self):
        token = self.rest[0]
        if token in ("(", "["):
            return self.inside({"(": ")", "[": "]"}[token])
        self.take()
        if token == "\\frac":
            return ("/", self.inside("}"), self.inside("}"))
        if token == "max{":
            of = [self.loose()]
            while self.take(",", "}") == ",":
                of.append(self.loose())
            return ("max", *of)
        if token == "sqrt":
            return ("sqrt", self.inside({"(": ")", "{": "}"}[self.rest[0]]))
        return ("number", int(token)) if token.isdigit() else ("name", token)


def evaluated(read, at):
    """The exact number of what was read; names stand for numbers, or for what was read of their definitions."""
    kind, *parts = read
    match kind, parts:
        case "number", [value]:
            return Fraction(value)
        case "name", [name]:
            return evaluated(at[name], at) if isinstance(at[name], tuple) else Fraction(at[name])
        case "sum", [index, steps, term]:
            return sum((evaluated(term, at | {index: k}) for k in range(int(evaluated(steps, at)))), Fraction(0))
        case "choice", [terms, signs, then, otherwise]:
            numbers = [evaluated(term, at) for term in terms]
            holds = all(_HOLDS[sign](a, b) for a, sign, b in zip(numbers, signs, numbers[1:], strict=False))
            return evaluated(then if holds else otherwise, at)
    numbers = [evaluated(part, at) for part in parts]
    match kind, numbers:
        case "-", [value]:
            return -value
        case "/", [a, b]:
            return a / b
        case "^", [base, exponent]:
            return base ** int(exponent)
        case "sqrt", [value]:
            root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
            assert root**2 == value
            return root
        case "series", [base, first, second, last]:
            assert second == first + 1, "the second term is the next"
            return sum((base**k for k in range(int(first), int(last) + 1)), Fraction(0))
    return {"+": sum, "*": math.prod, "max": max}[kind](numbers)
