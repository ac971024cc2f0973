"""The arithmetic of the independent checker: what it calls equal, defined or positive is so in plain evaluation."""

import math
import random
from contextlib import nullcontext
from fractions import Fraction
from operator import add, mul, sub, truediv

import pytest

from rac_theory.algebra import Let, Relation, Symbol
from rac_theory.proofs import checker
from rac_theory.proofs.checker import Fact, Reader, Refused, Signs, parsed
from rac_theory.proofs.defined import Defined
from rac_theory.proofs.fact import granted
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.schemas import _read
from tests.as_one_test import as_one_test
from tests.refused import raises

LETTERS, COUNTS = ("mu", "L", "gamma", "A"), ("T", "K")


def drawn(rng, depth, bound=()):
    """An expression as text, with sums in sums, powers, roots and choices."""
    if depth == 0 or rng.random() < 0.18:
        return rng.choice([*LETTERS, *COUNTS, *bound, *bound, "1", "2", "1/2", "0", "-1"])
    head = rng.choice(["+", "-", "*", "/", "^", "powers", "sum", "sum", "max", "if", "sqrt"])
    part, count = lambda: drawn(rng, depth - 1, bound), rng.choice([*COUNTS, *bound, "2"])
    match head:
        case "^":
            return f"(^ {part()} {rng.choice([count, '0', '3'])})"
        case "powers":
            return f"(powers {part()} {rng.choice('01')} {rng.choice([count, f'(- {count} 1)'])})"
        case "sum":
            index = rng.choice("ijkt")
            return f"(sum {index} {count} {drawn(rng, depth - 1, (*bound, index))})"
        case "if":
            return f"(if (<= {part()} {part()}) {part()} {part()})"
        case "sqrt":
            return f"(sqrt {part()})"
    return f"({head} {part()} {part()})"


def changed(rng, text):
    """The same expression, or one with other letters or indices, or another operation."""
    words = checker._TOKEN.findall(text)
    for i in rng.sample(range(len(words)), min(2, len(words))):
        if words[i] in (*LETTERS, *COUNTS, *"ijkt"):
            words[i] = rng.choice([*LETTERS, *COUNTS, *"ijkt"])
        elif words[i] in ("+", "*"):
            words[i] = rng.choice("+*")
    return " ".join(words)


def number(of, values, env=()):
    """The number of an expression, with no help of the checker: where it has none an error, as Python has it."""
    match of:
        case Fraction():
            return of
        case str():
            return values[of]
        case ("var", n):
            return Fraction(env[n])
        case ("sum", steps, term):
            return sum((number(term, values, (k, *env)) for k in range(whole(number(steps, values, env)))), Fraction(0))
        case ("if", (_, low, high), then, otherwise):
            low, high, then, otherwise = (number(each, values, env) for each in (low, high, then, otherwise))
            return then if low <= high else otherwise
    head, *parts = of
    a, *others = (number(each, values, env) for each in parts)
    match head:
        case "^":
            return a ** whole(others[0])
        case "powers":
            first = whole(others[0])
            return sum((a**k for k in range(first, first + whole(others[1] - first + 1))), Fraction(0))
        case "sqrt":
            return math.sqrt(a)
    return {"+": add, "-": sub, "*": mul, "/": truediv, "max": max}[head](a, *others)


def whole(value):
    if value < 0 or value != int(value):
        raise ValueError
    if value > 100:
        raise OverflowError
    return int(value)


def fact(n, low, high, is_strict):
    return Fact(n, low, high, is_strict, frozenset(), False, (), "")


def read(text):
    return Reader(has_roots="sqrt" in text), parsed(text)


@as_one_test("word", ["dot", "E", "max", "2x", "x.y", "+", "x-"])
def test_what_is_no_name_is_no_letter(word):
    """Catches an operation, or what other readers read as two words, that is taken for a number of any value."""
    for words in (word, f"(* mu {word})"):
        raises(Refused, "is no expression", parsed, words)


def test_what_is_as_large_as_may_be_is_read_and_no_more():
    """As people who write files are told: less than 60 levels, exponents up to 60 either way, 5,000 terms and bits."""
    mu, begun = Reader().value("mu"), f"{checker.VERSION}\n"
    for size, read in (
        (59, lambda n: checker.nodes("(" * n + ")" * n)),
        (60, lambda n: (checker.power(mu, n), checker.power(mu, -n))),
        (5000, lambda n: checker._sum((((0, k),), Fraction(1)) for k in range(n))),
        (4999, lambda n: checker._sum([((), Fraction(2**n))])),
    ):
        assert read(size)
        raises(Refused, r"5000 terms|5000 bits|beyond 60|less than 60", read, size + 1)
    for words in (")(", "mu) (* L", "(mu", "mu)"):
        raises(Refused, "brackets must match", checker.nodes, words)
    for more, said in ((0, "ends before"), (1, "no line of a proof")):
        raises(Refused, said, checker.check, begun + " " * (10**6 - len(begun) + more))


PARTS = {
    "-": (1, 2),
    "sqrt E mean H square_at scaled_at beside_at norm_at": (1, 1),
    "/ ^ dot star curve": (2, 2),
    "powers if": (3, 3),
    "+ * max": (1, 99),
    "< <= = >= >": (2, 9),
}


@as_one_test("heads", PARTS)
def test_an_operation_has_as_many_parts_as_it_is_of(heads):
    """A part that no rule looks at would be anything: of each sign of another, of each sum of one."""
    for head in heads.split():
        for count in range(101):
            is_read = PARTS[heads][0] <= count <= PARTS[heads][1]
            with nullcontext() if is_read else pytest.raises(Refused):
                assert len(checker.tree([head, *["mu"] * count])) == count + 1


def test_what_is_called_equal_is():
    """An index that is captured, a closed form at 1, roots that lose a sign: 1,500 pairs, each at five points."""
    rng = random.Random(11)
    equal = 0
    for _ in range(1500):
        one = drawn(rng, rng.choice([2, 3, 3]))
        other = changed(rng, one)
        reader = Reader(has_roots="sqrt" in one)
        try:
            left, right = parsed(one), parsed(other)
            if one.split() == other.split() or reader.value(("-", left, right)):
                continue
        except Refused:
            continue
        equal += 1
        for _ in range(5):
            values = {each: Fraction(7 * rng.randint(-3, 6) + 3, 7) for each in LETTERS}  # as counts they are undefined
            values |= {each: Fraction(rng.randint(0, 4)) for each in (*COUNTS, *"ijkt")}
            try:
                here, there = number(left, values), number(right, values)
            except (ZeroDivisionError, ValueError, OverflowError):
                continue
            assert math.isclose(here, there, rel_tol=1e-8, abs_tol=1e-8), (one, other)
    assert equal > 300


def test_what_is_called_defined_and_positive_is():
    """A divisor that may be zero, a root of what may be negative, a rule of signs that is too generous: 3,000 drawn."""
    rng = random.Random(12)
    known = {"mu": True, "L": False, ("-", Fraction(1), "gamma"): True, "T": True}
    facts = [fact(n, Fraction(0), *each) for n, each in enumerate(known.items())]
    accepted = signs = 0
    for _ in range(3000):
        reader, of = read(drawn(rng, rng.choice([1, 2, 2, 3])))
        about = Signs(reader, facts, frozenset(COUNTS), set())
        try:
            about.check(of)
            is_positive, is_not_negative = about.holds(of, True), about.holds(of)
        except Refused:
            continue
        accepted += 1
        signs += is_not_negative
        for _ in range(5):
            halves = {"mu": (1, 6), "L": (0, 3), "gamma": (-5, 1), "A": (-3, 3)}
            values = {letter: Fraction(rng.randint(*ends), 2) for letter, ends in halves.items()}
            values |= {"T": Fraction(rng.randint(1, 4)), "K": Fraction(rng.randint(0, 4))}
            try:
                value = number(of, values)
            except OverflowError:
                continue
            assert value >= 0 or not is_not_negative, (of, values)
            assert value > 0 or not is_positive, (of, values)
    assert accepted > 1500
    assert signs > 800


KNOWN = (
    *("(< 0 mu)", "(<= 0 L)", "(< gamma 1)", "(<= 0 (* mu (- 2 eta)))", "(< 0 (* L (- 3 nu)))", "(<= 0 (* L (- 4 s)))"),
    *("(<= T K)", "(<= 0 lambda_min)"),
)
SIGNS = {
    ">": "1 mu (+ mu L) (* mu mu) (/ mu mu) (^ mu 3) (^ mu T) (^ mu 0) (^ L 0) (sqrt mu) (powers mu 0 T) (powers L 0 T)"
    " (powers mu 1 (+ T 1)) (sum k (+ T 1) mu) (max A mu) (if (<= A 0) mu 1) (- 1 gamma) (- 2 (* 2 gamma))"
    " (- 3 nu) (+ 1 (* A A)) (/ 1 (- 1 gamma)) q (- (* 3 q) q)"
    " (- (/ 3 mu) (/ 1 mu))",
    ">=": "0 L T (- mu mu) (+ L L) (* mu L) (* A A) (/ L mu) (^ A 2) (^ A 4) (^ L 3) (^ L T) (sqrt L) (sqrt A)"
    " (powers mu 0 (- T 1)) (powers L 1 (+ T 1)) (powers mu 1 T) (sum k T mu) (sum k (+ T 1) k) (sum k (+ T 1) L)"
    " (max A L) (if (<= A 0) mu L) (if (<= A 0) L mu) (- 2 eta) (* L (- 1 gamma)) (- K T) (* L L L T)",
    "": "-1 A (- mu) (+ mu A) (- L mu) (- mu L) (* A A A) (* L A) (* -1 mu) (/ A mu) (/ mu L) (/ mu A) (^ A 3) (^ A T)"
    " (powers A 0 T) (sum k T A) (sum k (+ T 1) (- k 1)) (max A A) (if (<= A 0) A mu) (if (<= A 0) mu A)"
    " (- gamma 1) (/ 1 (- K T)) (- 4 s) (- nu 3) (- eta 2) (- T K) (* mu (- 4 s))",
}


NAMES = {"q": "(+ 1 mu)", "unknown": "(/ 1 A)"}


def known(has_roots=False):
    """What is known of signs: of letters, of a product whose one factor is known, and that one count is no more."""
    reader = Reader(has_roots)
    reader.names |= {name: (parsed(meaning), True) for name, meaning in NAMES.items()}
    facts = [fact(n, low, high, sign == "<") for n, (sign, low, high) in enumerate(map(parsed, KNOWN))]
    return Signs(reader, facts, frozenset(COUNTS), set())


@as_one_test("sign", SIGNS)
def test_a_sign_is_known_by_hand(sign):
    """Neither more nor less than follows: no empty sum is positive, and no power of zero but the first."""
    signs = known()
    for each in checker.nodes(SIGNS[sign]):
        of = checker.tree(each)
        assert (signs.holds(of, True), signs.holds(of)) == (sign == ">", sign != ""), checker.text(each)


VALUES = [
    *(("(^ A T)", True, True), ("(^ A (+ T 2))", True, True), ("(^ A (- T 1))", False, False)),
    *(("(^ mu (- T 1))", True, True), ("(^ A (- K T))", True, False), ("(^ L (- K T))", True, False)),
    *(("(^ mu (- T K))", True, True), ("(^ mu lambda_min)", False, False), ("(^ mu (* T mu))", False, False)),
    *(("(^ mu (* 1/2 T))", False, False), ("(^ A (* T K))", True, True), ("(^ mu (/ 1 (+ T 1)))", False, False)),
    *(("(powers A 0 (- T 1))", True, True), ("(powers A 0 (- T 2))", False, False), ("(^ A 0)", True, True)),
    *(("(sum k lambda_min k)", False, False), ("(sum k (- K T) k)", True, True), ("(sum k (- T K) k)", False, False)),
    *(("(sum k T (^ A k))", True, True), ("(sum k T (^ A (- T k)))", False, False), ("(/ 1 mu)", True, True)),
    *(("(/ 1 L)", False, False), ("(/ 1 (- gamma 1))", True, True)),
    *(("(/ 1 (- 2 eta))", False, False), ("(/ 1 (- eta 2))", False, False), ("(/ 1 (- 3 nu))", True, True)),
    *(("q", True, True), ("(+ 1 unknown)", False, False)),
    *(("(sqrt L)", True, True), ("(sqrt A)", False, False), ("(sqrt (- K T))", True, True)),
]
"""What has a value, and whether it has one where there are roots, too."""


@as_one_test(("of", "is_one", "is_one_with_roots"), VALUES)
def test_what_has_a_value_is_known_by_hand(of, is_one, is_one_with_roots):
    """Catches what is called whole that is none, a count that may be negative, and a divisor that may be zero."""
    for has_roots, has_value in ((False, is_one), (True, is_one_with_roots)):
        with nullcontext() if has_value else pytest.raises(Refused):
            known(has_roots).check(parsed(of))


CHECKER_ALONE = {"(- 3 nu)", "(- 2 eta)", "(/ 1 (- 3 nu))"}
"""What the kernel does not know: of a product, the sign of one factor by that of the other."""


def as_the_kernel_has_it(node):
    """An expression or a relation, by the reading of the kernel."""
    letters = {name: Symbol(name) for name in "ijk"}
    if node[0] in checker.SIGNS:
        return Relation(tuple(map(as_the_kernel_has_it, node[1:])), (node[0],))
    return _read(node, letters | {name: Let(name, _read(*checker.nodes(of))) for name, of in NAMES.items()})


def test_the_kernel_knows_the_same():
    """Two programs that share no line: of signs, and of what has a value."""
    facts = [granted("", as_the_kernel_has_it(*checker.nodes(words))) for words in KNOWN]
    for sign, words in SIGNS.items():
        expected = {">": True, ">=": False, "": None}[sign]
        for node in (node for node in checker.nodes(words) if checker.text(node) not in CHECKER_ALONE):
            assert Defined(facts).sign(as_the_kernel_has_it(node)) is expected, checker.text(node)
    largest = as_the_kernel_has_it(*checker.nodes("(max A mu)"))
    assert Defined(facts).sign(3 * largest - largest) is True  # as a letter, of which the normal form is made
    for of, has_value, _ in (row for row in VALUES if row[0] not in CHECKER_ALONE):
        with nullcontext() if has_value else pytest.raises(Missing):
            Defined(facts).check(as_the_kernel_has_it(*checker.nodes(of)))


OFF = "(- G gbar)"


@as_one_test(
    ("one", "other", "are_equal"),
    [
        ("(sum k K (sum j T (* k (^ mu j))))", "(sum k K (sum j T (* k (^ mu k))))", False),
        ("(sum k K (sum j T (* k (^ mu j))))", "(* (sum j T (^ mu j)) (sum i K i))", True),
        ("(sum k K (sum j k (* j j)))", "(sum j K (sum k j (* k k)))", True),
        ("(sum k K (sum j T (^ j 3)))", "(* K (sum j T (^ j 3)))", True),
        ("(sum j T (sum k K (^ k k)))", "(sum j T (powers j 0 (- K 1)))", False),
        ("(* (^ (- 1 mu) T) (^ (+ 1 mu) T))", "(^ (- 1 (^ mu 2)) T)", True),
        ("(* (- 1 mu) (powers mu 0 (- T 1)))", "(- 1 (^ mu T))", True),
        ("(^ (sqrt (- 1 mu)) 3)", "(* (- 1 mu) (sqrt (- 1 mu)))", True),
        ("(sqrt (^ mu 2))", "mu", False),
        ("(sum t T (* (^ (/ 1 (+ 1 A)) t) (square_at t)))", "(sum u T (/ (square_at u) (^ (+ 1 A) u)))", True),
        ("(sum t T (square_at t))", "(* T (square_at 0))", False),
        (
            f"(E (dot (H {OFF}) {OFF}))",
            "(+ (E (dot G (H G))) (* -2 (E (dot G (H gbar)))) (E (dot (H gbar) gbar)))",
            True,
        ),
        ("(sum i K (sum j T (sum k K (+ i (* j k)))))", "(sum i K (sum j T (sum k K (+ i (* k k)))))", False),
        ("(* K (sum k K (* k k)))", "(^ (sum k K k) 2)", False),
        ("(if (<= mu A) L L)", "L", True),
        ("(if (<= mu A s) (+ L L) (* 2 L))", "(* 2 L)", True),
        ("(if (<= mu L) L A)", "L", False),
        ("(if (<= mu L) A L)", "L", False),
        ("(/ (+ (^ mu T) (^ L T)) (+ (* 2 (^ L T)) (* 2 (^ mu T))))", "1/2", True),
        ("(/ (+ (^ mu 2) (* mu L)) (+ (* 2 mu L) (* 2 (^ L 2))))", "(/ mu (* 2 L))", True),
        ("(E gap_next)", "(E sigma_H)", False),
        ("(E (dot G (H G)))", "(E (dot V (H V)))", False),
        ("(E (* gap gap_next))", "(* gap (E gap_next))", True),
        ("(E (dot G g))", "(dot G g)", False),
        ("(E (dot G V))", "(dot G V)", True),
    ],
)
def test_pairs_that_tell(one, other, are_equal):
    """What broke a first kernel, and what proofs need."""
    assert (not Reader().value(("-", parsed(one), parsed(other)))) == are_equal


@as_one_test("of", ["G", "(* gap G)", "(* G G)", "(/ 1 G)", "(sqrt G)", "(max G V)", "(sum k K (H G))"])
def test_a_vector_is_no_number(of):
    """Nor a number a vector, nor a product of vectors: an inner product of one with another would be read from it.

    And only what is linear in a draw has a mean.
    """
    for mean in ("(* gap_next gap_next)", "(/ 1 gap_next)", "(^ gap_next T)", "(sqrt gap_next)"):
        raises(Refused, "mean", read(mean)[0].value, parsed(f"(E {mean})"))
    reader = Reader()
    raises(Refused, "no number", reader.value, parsed(of))
    for each in ("gap", "(* G G)", "(* G (sqrt V))", "(/ gap G)", "(E (H G))"):
        raises(Refused, r"no vector|the mean known", reader.value, parsed(f"(dot {each} V)"))
    assert reader.value(parsed("(dot (- (* 2 G) G) (H V))")) == reader.value(parsed("(dot (H V) (H G))"))
