"""What is printed of a proof is what is proved: texts are parsed again, and computed at numbers in exact arithmetic."""

import os
import random
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from functools import cache
from html import escape
from pathlib import Path
from types import SimpleNamespace

import pytest

from rac_theory import prove, theorems
from rac_theory.algebra import Let, Relation, Symbol, definitions_in, fraction, identical, latex, sqrt, symbols_of, text
from rac_theory.algebra.expression import lifted
from rac_theory.drawing import html
from rac_theory.proofs.as_html import as_html
from rac_theory.proofs.as_latex import as_latex
from rac_theory.proofs.as_text import _FEW, _INSIDE, _SIGN, WIDTH, _folded, _granted, _pieces, _sum, _wrapped, as_text
from rac_theory.proofs.drawn import H
from rac_theory.proofs.fact import granted, proved, read
from rac_theory.proofs.facts import below_one, flat, gap_is_positive, mu_below_L, plus
from rac_theory.proofs.letters import COMPOSED, off
from rac_theory.proofs.missing import _MOST_TERMS, shortened
from rac_theory.proofs.multiplier import multiplier, weight
from rac_theory.proofs.products import added, multiplied
from rac_theory.proofs.quantities import G, gbar
from rac_theory.proofs.reading import Reading, _labels
from rac_theory.proofs.writing import Writer
from rac_theory.statements.assumptions import certified_minimum
from rac_theory.statements.symbols import C, L, T, gamma, gap0, mu
from rac_theory.theorems.ours import STORED
from rac_theory.theorems.proving import searched
from rac_theory.theorems.rac_lora_gd import kappa
from tests.algebra.reader import Reader, evaluated
from tests.as_one_test import as_one_test
from tests.proofs.missing import missing

DOCS, PRINTED = Path(__file__).parents[2] / "docs" / "theory", Path(__file__).with_name("printed")
COUNTS = {"T": 3, "N": 3, "K": 2, "j": 2, "t": 0, "k": 0}
WITH_ROOTS = {
    "T19": {"t_0": Fraction(1, 24), "t": 2},
    "T2_tight": {"L": 1, "mu": Fraction(2, 7), "gamma": Fraction(1, 2), "lambda_min": 1},
}
"""Where kappa = 2/7 and e = 3/4, so that both roots are fractions."""
SQUARES = {**COMPOSED, off: (H(G) - H(gbar)) @ (H(G) - H(gbar))}


@cache
def reading_of(id):
    return Reading(prove(id))


def parsed(written, numbers):
    """A line of the library's text as a number, by the reader that knows no tree, which asks for plain names."""
    letters = {name: f"n{i}" for i, name in enumerate(sorted(numbers, key=len, reverse=True))}
    whole = (r"(?<!\w)" * one[0].isalnum() + re.escape(one) + r"(?!\w)" * one[-1].isalnum() for one in letters)
    plain = re.sub("|".join(whole), lambda match: letters[match[0]], written)
    return evaluated(Reader(plain).whole(), {letter: numbers[name] for name, letter in letters.items()})


def drawn_numbers(reading, seed):
    """A number for each letter, and for each name what it stands for then."""
    chance = random.Random(seed)
    lines = [*reading.granted, *reading.derived]
    said = [*(line.said for line in lines), *(line.fact.said for line in lines if line.fact.said is not None)]
    values = [Relation((line.fact.value.expression, lifted(0)), ("=",)) for line in lines]
    times = [Relation((number, number), ("=",)) for line in lines for number, _ in line.sum]
    letters = symbols_of(*said, *values, *times, *(Relation((x, x), ("=",)) for x in SQUARES.values()))
    numbers = {one.name: Fraction(COUNTS.get(one.name) or chance.randint(1, 30), 1) for one in letters}
    numbers |= {name: value / chance.randint(31, 40) for name, value in numbers.items() if name not in COUNTS}
    numbers |= {name: Fraction(x) for name, x in WITH_ROOTS.get(reading.proof.theorem.id, {}).items()}
    if off.name in numbers or "||HG - Hgbar||" in numbers:  # whose square is what it is multiplied out
        one, other = numbers["||HG||^2"], numbers["||Hgbar||^2"]
        numbers["<G,Hgbar>"] = (one + other - numbers["||HG - Hgbar||"] ** 2) / 2
    for letter, value in SQUARES.items():
        if {one.name for one in symbols_of(value)} <= numbers.keys():
            numbers[letter.name] = fraction(value, numbers)
    lets = {each for one in (*said, *times) for each in one.within() if isinstance(each, Let)}
    return numbers, numbers | {let.name: fraction(let, numbers) for let in lets}


def value_of(relation, names):
    """The right side less the left one."""
    left, right = (parsed(text(term), names) for term in relation.terms)
    return right - left


@pytest.mark.long
@pytest.mark.parametrize("id", STORED)
def test_what_is_printed_is_what_is_proved(id):
    """Each line, and each sum with its multipliers. Catches a factor, a sign or a label that is printed wrong."""
    compare(reading_of(id), id)


@pytest.mark.parametrize("id", ["T1_sharp", "T2_sharp", "T3", "T12_pl"])
def test_what_is_printed_of_a_proof_that_was_found_is_what_is_proved(id):
    """Its sums are of other facts, in another order, and have no names."""
    reading = Reading(searched(theorems.ALL[id]))
    compare(reading, id)
    assert max(map(len, as_text(reading).splitlines())) <= 100


def compare(reading, seed):
    """Parse what is printed, and compare its numbers with those of the facts and of the claim."""
    printed = " ".join(as_text(reading).split())
    numbers, names = drawn_numbers(reading, seed)
    values = {}
    claim = reading.proof.theorem.claim
    times = fraction(reading.proof.times.value.expression, numbers)
    assert times == parsed(text(reading.times), names)
    for line in (*reading.granted, *reading.derived):
        if reading.is_claim(line):
            missing = fraction(claim.bound, numbers) - fraction(claim.metric.expected, numbers)
            values[line.label] = times * missing
        else:
            values[line.label] = fraction(line.fact.value.expression, numbers)
            assert value_of(line.said, names) == values[line.label], line.said
        assert text(line.said) in printed
    for line in reading.derived:
        if line.is_computed:
            assert all(text(number) in printed for number, _ in line.sum)
            terms = [parsed(text(number), names) * values.get(label, 1) for number, label in line.sum]
            assert sum(terms) == values[line.label], line.label


@as_one_test("id", STORED)
def test_lines_follow_from_lines_above_them(id):
    """A label that is not there, or further down, or of three letters; a multiplier whose sign nobody tells; and two
    lines of what is granted twice.
    """
    assert [label for i, label in zip(range(28), _labels(), strict=False) if i > 24] == ["(z)", "(aa)", "(ab)"]
    reading = reading_of(id)
    again = [reading._grant(line.fact) for line in [*reading.granted]]
    assert again == [line.label for line in reading.granted]
    known = {*again, ""}
    for line in reading.derived:
        assert {label for _, label in line.sum} <= known
        assert set(re.findall(r"\([a-z]\)|\(\d+\)", line.rule)) <= known
        known.add(line.label)
    assert reading.is_claim(reading.derived[-1])
    assert {sign.why for sign in reading.signs if sign.why.startswith("(")} <= known
    told = {one for sign in reading.signs for one in symbols_of(sign.said)}
    used = {one for line in reading.derived for times, _ in line.sum for one in symbols_of(times)}
    assert used <= told


@as_one_test("id", STORED)
def test_lemmas_on_paper_are_said_with_their_page(id):
    """In the list, in the last line, and in the summary; a lemma that is a multiplier alone would be left out."""
    reading, proof = reading_of(id), prove(id)
    lines = {line.why.removesuffix(", on average"): line.page for line in reading.granted if line.page}
    assert lines == {fact.name: fact.page for fact in proof.on_paper}
    assert all((DOCS / f"{page}.md").exists() for page in proof.pages)
    assert all(page in proof.summary and f"on page {page}" in as_text(reading) for page in proof.pages)
    assert bool(proof.pages) == ("lemma" in proof.summary) == ("on paper" in repr(proof))


@as_one_test("id", ["T2", "T2_tight", "T7", "T19", "T22_pl"])
def test_what_is_written_is_what_was_read(id):
    """Catches a factor above the line that was below it, and a power or a name that is multiplied by itself: of all
    that the claim is made of, of what no claim has, and of its normal form."""
    theorem, x = theorems.ALL[id], Let("x", 1 + 2 * mu)
    writer = Writer(theorem)
    others = (x**2 * L, L / x, L / (mu * (L + mu) ** 2), (1 - L * mu) ** T * L, sqrt(1 + L) * x, sqrt(L + mu) ** 3 / L)
    for one in (*theorem.claim.relation.within(), *others):
        assert identical(writer.expression(one), one)
        assert identical(writer.ratio(read(one)), one)


@as_one_test("id", ["T2_tight", "T8d", "T22_pl"])
def test_what_the_claim_has_a_name_for_is_written_by_its_name(id):
    """And a sum as the claim has it: catches names that are forgotten."""
    claim = theorems.ALL[id].claim
    writer = Writer(theorems.ALL[id])
    assert text(writer.ratio(read(claim.bound))) == text(claim.bound)
    rho = next(let for let in definitions_in(claim.relation) if let.name == "rho")
    assert text(writer.ratio(read(2 * rho.value))) == "2 rho"
    assert text(writer.ratio(read(rho.value * C))) in ("rho C", "C rho")
    assert text(writer.ratio(read(rho.value / C))) == "rho / C"


def test_the_fact_that_is_multiplied_is_the_one_that_says_most():
    """Of f more than of constants, an inequality more than a sign, and what was proved to be positive least of all.

    What is divided by stands below with its number: catches one that is multiplied by, of half of what is positive.
    """
    twice, writer = granted("Twice", 2 * L > 0), Writer(theorems.T2)
    assert identical(multiplier(granted("Once", gamma > 0) / twice, writer), gamma / (2 * L))
    room = proved("", 1 - mu / L >= 0, mu_below_L / plus[L])
    said = [flat, gap_is_positive[certified_minimum], below_one, mu_below_L, granted("Assumed", mu * L <= 1 - gamma)]
    said += [granted("", 1 - gamma * L >= 0), room, plus[mu]]
    assert [*map(weight, said)] == [5, 4, 3, 3, 2, 2, 1, 0]


def test_factors_and_terms_stand_as_people_write_them():
    """Constants, what is made of them, what was at the start, letters of f; no minus first where there is a plus."""
    x, w = Let("x", 1 + mu), Let("W_T", (1 - mu) ** T)
    factors = [gamma**2, mu, C, T, x, (1 - mu) ** T, L + mu, w, gap0, G @ G]
    powers = {gamma: 2, **dict.fromkeys(factors[1:], 1)}
    for written in (powers, dict(reversed(powers.items()))):
        product = text(multiplied(Fraction(3, 2), written))
        assert product == "3 gamma^2 mu C T x (1 - mu)^T (L + mu) W_T (f(W^0) - f*) ||G||^2 / 2"
    assert text(multiplied(Fraction(-1), {gap0: -1, L + mu: -2, mu: 1})) == "-mu / [(L + mu)^2 (f(W^0) - f*)]"
    numbers = [(-1, {mu: -1}), (2, {}), (1, {L: 0}), (0, {mu: 1}), (-1, {}), (1, {mu: 0, L: 1})]
    assert [text(multiplied(Fraction(n), some)) for n, some in numbers] == ["-1/mu", "2", "1", "0", "-1", "L"]
    assert added([mu]) == mu
    sums = [[-mu, -L, gamma + mu, -T], [-mu, -L], [], [-mu, L], [lifted(0), L]]
    assert [text(added(some)) for some in sums] == ["gamma - mu - L + mu - T", "-mu - L", "0", "L - mu", "L"]


@as_one_test(
    ("id", "said"),
    [
        ("T2_tight", "e ||G||^2 / (2 L) <= gamma (2 - gamma L) E||HG||^2 / 2"),  # not (e / (2 L)) ||G||^2
        ("T9", "E||HG - Hgbar||^2 <= s^2 E[zeta_H^2] + s^2 E||HG||^2"),  # not 0 <= what is left of it
        ("T5", "as a sum of what is not negative, and not all zero"),  # not of what is positive
    ],
)
def test_a_line_is_said_as_people_say_it(id, said):
    """Catches another way to write it, which is as true."""
    assert said in as_text(reading_of(id))


@pytest.mark.long
@as_one_test("id", STORED)
def test_a_printed_proof_fits_a_page(id):
    """Lines of 100 letters, and multipliers that can be read: T3_sharp's had the distance above and below the line."""
    times = [text(number) for line in reading_of(id).derived for number, _ in line.sum]
    assert all(len(each) <= 70 for each in times)
    assert "0" not in times
    lines = as_text(reading_of(id)).splitlines()
    assert max(map(len, lines)) <= 100
    assert all(line == line.rstrip() and line.isascii() for line in lines)


@pytest.mark.parametrize("id", ["T4", "T7"])
def test_a_page_is_one_that_was_read(id):
    """Margins, columns, brackets, cases, what is not used, what is on paper: look at what has changed, and keep it."""
    assert f"{prove(id)}\n" == (PRINTED / f"{id}.txt").read_text("utf-8")


def test_cases_sums_and_reasons_are_typeset():
    """Catches a factor of one that is written, one that is not, and formulas or words in the place of others."""
    reading = Reading(prove("T4"))
    page, shown = as_latex(reading), re.sub("<math.*?</math>", "#", as_html(reading))
    largest = r"\max\{(1 - \gamma s)^{2}, (1 - \gamma L)^{2}\}"
    for told in (
        rf"\[ \text{{(a)}} + \text{{(b)}} + \lambda_{{\max}} ({largest} - (1 - \gamma s)^{{2}}) \cdot \text{{(c)}} +",
        "\\noindent A9, assumed and not used:\n\\[ \\rho < 1 \\]",
        "\\noindent A8, assumed:\n\\[ \\rho \\ge 0 \\]",
        "\\noindent (1):\n",
        r"\le \rho \Vert  V \Vert^2 \quad \text{if } \gamma (L + s) \le 2 \]",
        "not negative, the case:\n\\[ 2 - \\gamma (L + s) \\ge 0 \\]",
    ):
        assert told in page
    for told in (
        "If #: # #<br/># # # # #<",
        "># #<br/>from (1) in the one case, from (2) in the other<",
        ">#. Not used.<",
        ">#.<",
        "H is the projection of the step from W, E is the mean over all that is drawn after W.<",
        "not negative: # (A7), # (f), # (a step size), # (the case), # (h), # (the case).<",
    ):
        assert told in shown


@pytest.mark.long
@as_one_test("id", STORED)
def test_a_proof_is_typeset(id):
    """Formulas that the converter does not understand are shown as their LaTeX. Catches "times 1, which is positive", a
    claim that is said without what it is multiplied by, and the name of a rule before its line, which has it below."""
    reading = reading_of(id)
    typeset, shown, is_multiplied = as_latex(reading), as_html(reading), text(reading.times) != "1"
    formulas = re.findall(r"^\\\[ (.*) \\\]$", typeset, re.MULTILINE)
    assert len(formulas) > len(reading.derived) + len(reading.granted)
    for formula in formulas:
        assert html.formula(formula).startswith("<math"), formula
    assert "\\" not in shown
    assert shown.count("<math") > len(reading.derived)
    assert latex(reading.times) in formulas or not is_multiplied
    for printed in (shown, typeset, as_text(reading)):
        assert printed.count("which is positive") == is_multiplied
    names = {line.why: bool(line.sum) for line in reading.derived if line.why}
    assert {name: f"{escape(name, quote=False)}: <math" in shown for name in names} == names


@pytest.mark.long
def test_a_proof_is_printed_alike_in_every_process():
    """Facts in a product, factors, letters, hypotheses for Coq: in the order of addresses, or of hashes that change."""
    ids = ("T2", "T4", "T8", "T9d", "T10", "T18")
    code = f"from rac_theory import prove\nfor id in {ids}:\n    print(prove(id), prove(id).coq(), sep='\\n')"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
    assert done.stdout == "".join(f"{prove(id)}\n{prove(id).coq()}\n" for id in ids)


def test_a_name_is_defined_once_and_used():
    """A root that is written out in a line, a name that nobody explains, or a line that only repeats its name, or what
    is taken once. It stands for nothing else: twice kappa, or mu for it, is not what was computed of mu / L.
    """
    claim, _, lines = str(prove("T2_tight")).partition("Assumed")
    assert claim.count("R = sqrt(1 - e)") == claim.count("b_x = R / x") == claim.count(" x = (kappa R + 2 Q)") == 1
    assert "sqrt" not in lines
    assert "If e < 1: R <= Q\n" in lines
    assert re.findall(r"(?:e < 1|gamma L < 2|1 <= e)   +(.*)", lines) == ["The case", "Assumed [A3]", "The case"]
    assert "from (4) for b = b_x, of which (11), (13) and (17) say what it asks" in lines
    proof = prove("T2")
    assert str(replace(proof, fact=proof.fact * 1)) == str(proof)
    ratio = granted("", mu / L <= 1)
    assert proved("", kappa <= 1, ratio).said == (kappa <= 1)
    for other in (2 * kappa, mu, kappa**2):
        missing(None, proved, "", other <= 1, ratio)


def test_what_is_not_used_is_said_in_a_summary():
    assert prove("T4").summary == "machine-checked; not used: 0 < gamma L < 2, lambda_min > 0, rho < 1"
    assert prove("T7").summary == "machine-checked, with lemmas on paper: t7; all that is given is used"


def test_a_line_is_filled_to_its_end_and_few_terms_stand_in_one():
    """To the last letter, and to the last term, with reasons beside it where they fit. Catches a line that ends one
    letter or one term before its end, and a column that leaves one letter free or is a letter too wide.
    """
    for letters, rows in ((WIDTH - 20, 2), (WIDTH - 19, 3)):
        lines = [SimpleNamespace(label="(a)", said=Symbol("x" * n), reason="y" * letters) for n in (5, 10)]
        printed = [*_granted(lines)]
        assert len(printed) == rows
        assert max(map(len, printed)) <= WIDTH
    assert _wrapped("a" * (2 * WIDTH), "  ") == [f"  {'a' * (2 * WIDTH)}"]
    for letters, lines in ((WIDTH - 4, 1), (WIDTH - 3, 2)):
        assert len(_folded("a" * letters + " + b", 0)) == lines
    for terms, lines in ((_FEW, 1), (_FEW + 1, _FEW + 1)):
        assert len([*_sum(SimpleNamespace(sum=[(lifted(1), "(1)")] * terms))]) == lines
    for letters, lines in ((WIDTH - _INSIDE - len("=  + b"), 1), (WIDTH - _INSIDE - len("= + b"), 2)):
        assert len([*_sum(SimpleNamespace(sum=[(lifted(1), label) for label in ("a" * letters, "b")]))]) == lines


def test_a_long_sum_in_brackets_is_cut_before_its_signs():
    """On lines that fit, each term once. Catches a line of a thousand characters, and a term that is lost."""
    for left, right in ("()", "[]", "{}"):
        inside = f"x{left}T - 1{right}"
        assert [*_pieces(f"{inside} + y - z", _SIGN)] == [inside, "+ y", "- z"]
    terms = " + ".join(f"{k} gamma L mu lambda_min" for k in range(2, 40))
    lines = _folded(f"gamma ({terms}) / (2 L + mu) * (f)", 11)
    assert max(map(len, lines)) <= WIDTH
    assert " ".join(line.strip() for line in lines) == f"gamma ({terms}) / (2 L + mu) * (f)"
    assert all(line.strip().startswith(("gamma (2 ", "+ ")) for line in lines)
    factors = [sum((k * L * mu**k for k in range(3, 20)), 2 * L), L, L + mu, 2 * L]
    rows = [*_sum(SimpleNamespace(sum=[(factor, f"({i})") for i, factor in enumerate(factors)]))]
    assert max(map(len, rows)) <= WIDTH
    assert [row.split() for row in rows[-3:]] == [
        ["+", "L", "*", "(1)"],
        ["+", "(L", "+", "mu)", "*", "(2)"],
        ["+", "2", "L", "*", "(3)"],
    ]
    assert " ".join(" ".join(rows[:-3]).split()) == f"= ({text(factors[0])}) * (0)"


def test_what_is_missing_is_said_if_it_is_short():
    """Catches a term more or less, and terms that are counted twice."""
    for terms, is_short in ((_MOST_TERMS - 1, True), (_MOST_TERMS, False)):
        value = read(sum((Symbol(f"x{i}") for i in range(terms)), lifted(0)))
        assert (shortened(value) == repr(value)) is is_short
    assert shortened(value) == f"a quotient of {_MOST_TERMS} terms and 1"
