"""What Coq itself accepts and refuses: ``python -m pytest tests/coq``, with coqc on the path."""

import doctest
import os
import re
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from functools import cache
from importlib.resources import files
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rac_theory import prove, sketches, spectrum, theorems
from rac_theory.algebra import Let, Ratio, Relation, Symbol, between, total
from rac_theory.algebra.expression import Choice, Maximum, Negative, Power, Powers, lifted
from rac_theory.algebra.polynomials import term
from rac_theory.algorithms import MOMENTUM, PLAIN, letter
from rac_theory.commands.cli import main
from rac_theory.discovery import discover
from rac_theory.numerics.rational import certified
from rac_theory.proofs.coq.kernel import REALS, NoAnswer, ask, keep
from rac_theory.proofs.coq.script import script
from rac_theory.proofs.drawn import H
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.quantities import G, V
from rac_theory.proofs.quantities import gap as gap_at_W
from rac_theory.statements import assumptions as known
from rac_theory.statements import mean_squared_gradient
from rac_theory.statements.assumptions import polyak_lojasiewicz, smooth, smooth_along_sketch
from rac_theory.statements.symbols import K, L, N, T, distance0, gamma, gap0, is_word, lambda_min, mu
from rac_theory.theorems import E, gap
from tests.coq import readings as read_by_coq
from tests.coq.readings import misread
from tests.fuzz.expressions import drawn, misread_by_coq
from tests.proofs.from_facts import searched
from tests.proofs.strict import times_what_is_positive as strict

x, y, z, k, j = map(Symbol, ("x", "y", "z", "k", "j"))
half = Fraction(1, 2)
VALUES = {"x": half, "y": Fraction(-3), "z": 0, "T": 4, "K": 2, "N": 0, "k": 7, "mu": Fraction(2, 3)}
also_T = Symbol("T", meaning="another of that name")
# What is drawn below has none of these: edges, names that are taken, exponents below zero.
READINGS = [
    (Negative(-y), Fraction(-3)),
    (y**-3, Fraction(-1, 27)),
    (x ** (T - 1), Fraction(1, 8)),
    (x ** (T * K), Fraction(1, 256)),
    (x ** (T - K), Fraction(1, 4)),
    (z**N, Fraction(1)),
    (T**K, Fraction(16)),
    ((x * x) ** half, half),
    ((y * y) ** half, Fraction(3)),
    (lifted(Fraction(9, 4)) ** half, Fraction(3, 2)),
    (lifted(Fraction(8, 2)) ** half, Fraction(2)),
    ((1 + x + Fraction(3, 4)) ** half * 2, Fraction(3)),
    (z**half, Fraction(0)),
    (Powers(x, K, T), Fraction(7, 16)),
    (Powers(y, lifted(2), lifted(1)), Fraction(0)),
    (Powers(lifted(1), lifted(0), T), Fraction(5)),
    (Powers(Powers(x, lifted(0), K), lifted(0), lifted(1)), Fraction(11, 4)),
    (total(k, N, 1 / k), Fraction(0)),
    (total(k, T, x ** (T - 1 - k)), Fraction(15, 8)),
    (total(k, T, k) + k, Fraction(13)),  # bound in its term alone
    (total(k, K, total(j, T, k * x**j)), Fraction(15, 8)),
    (total(k, K, total(j, T, k * x**k)), Fraction(2)),
    (total(k, K, total(k, T, k)), Fraction(12)),  # the inner one wins
    (total(k, K + 1, total(k, k, k)), Fraction(1)),  # but not in how many terms there are
    (total(T, T, T), Fraction(6)),  # the index bears the name of what counts
    (total(mu, T, x**mu) * mu, Fraction(5, 4)),  # of a constant
    (total(also_T, K, T + also_T), Fraction(2)),  # by its name, whatever else it is
    (total(k, K, Let("q", k + x)) + Let("q", k + x), Fraction(19, 2) - Fraction(0)),
    (total(k, K, x ** total(j, k, lifted(1))), Fraction(3, 2)),
    (Let("q", Let("r", x + 1) * 2) ** 2, Fraction(9)),
    (Maximum((y, z, x, z)), half),
    (Maximum((y,)), Fraction(-3)),
    (Maximum((1 - x, x)) / x, Fraction(1)),
    (total(k, T, Maximum((k, lifted(1)))), Fraction(7)),
    (Choice(x >= half, x, y), half),
    (Choice(x <= half, x, y), half),
    (Choice(x > half, x, y), Fraction(-3)),
    (Choice(x < half, x, y), Fraction(-3)),
    (Choice(Relation((x, y), ("=",)), z, y), Fraction(-3)),
    (Choice(x <= z, x, y), Fraction(-3)),
    (Choice(Relation((x, lifted(half)), ("=",)), z, y), Fraction(0)),
    (Choice(between(z, x, 1), x, y), half),
    (Choice(between(x, z, 1), x, y), Fraction(-3)),
    (Choice(z > 0, 1 / z, 1 / x), Fraction(2)),
    (total(k, T, Choice(k > 1, k, x)), Fraction(6)),
]

NOT_EQUAL = "not a valid field equation"  # what Coq says where a sum is not what is said of it


LIBRARY = files("rac_theory.proofs.coq").joinpath("library.v").read_text("utf-8")


def answer(text):
    (said,) = ask({"here": text})
    return said


def refusals(texts):
    """What Coq has first against each of several files, all of which one process reads after their library.

    It goes back to the end of the library after each, and arrives there: a right file comes last.
    """
    lines = ["Set Silent.", LIBRARY, "Definition here := O."]
    for text in (*texts, prove("T2").coq()):
        assert text.startswith(LIBRARY)
        end = "Unset Silent.", "Fail Check end_of_a_file.", "Reset here.", "Definition here := O."
        lines += [text.removeprefix(LIBRARY), *end]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
    with TemporaryDirectory() as folder:  # where it leaves what its tactics remember
        done = subprocess.run(["coqtop", "-q"], input="\n".join(lines), check=True, cwd=folder, **pipes)
    *said, _ = done.stdout.split("end_of_a_file was not found")
    *errors, right = (" ".join(words.partition("Error:")[2].split())[:200] for words in said)
    assert right == ""
    assert len(errors) == len(texts)
    return errors


REFUSED, ACCEPTED = [], []
"""What returns the texts of a test: those of all tests are read together, since a process takes a second to begin."""


def refused(texts):
    REFUSED.append(texts)
    return texts


def accepted(texts):
    ACCEPTED.append(texts)
    return texts


@cache
def why():
    """What Coq has first against each text that it is to refuse, by what returns them."""
    each = {texts: texts() for texts in REFUSED}
    said = iter(refusals([*chain(*each.values())]))
    return {texts: [*islice(said, len(each[texts]))] for texts in REFUSED}


@cache
def objections():
    """What Coq has against each text that it is to accept, by what returns them: nothing, it is to be hoped."""
    scripts = {(texts, name): text for texts in ACCEPTED for name, text in texts().items()}
    said = {texts: {} for texts in ACCEPTED}
    for (texts, name), one in zip(scripts, ask(scripts), strict=True):
        said[texts][name] = one.refused
    return said


def changed(text, was, becomes):
    assert text.count(was) == 1, was
    return text.replace(was, becomes)


def written(theorem, proof):
    """The file of a theorem with the proof of another."""
    return script(theorem, proof.fact, proof.times, proof.facts)


def test_what_is_proved_rests_on_the_reals_alone():
    said = answer(prove("T2").coq())
    assert said.refused == ""
    assert {"ClassicalDedekindReals.sig_forall_dec"} <= said.axioms <= REALS


@refused
def without_a_proof():
    bounds = [
        (1 - 2 * gamma * mu * lambda_min) ** T * gap0,  # twice the rate
        (1 - gamma * mu) ** T * gap0,  # without lambda_min
        (1 - gamma * L * lambda_min) ** T * gap0,  # L for mu
        (1 - gamma * mu * lambda_min) ** (T + 1) * gap0,  # a step more
        (1 - gamma * mu * lambda_min) ** T * gap0 / 2,
    ]
    return [written(replace(theorems.T2, claim=E(gap) <= bound), prove("T2")) for bound in bounds]


def test_a_claim_that_is_not_proved_is_refused():
    assert [NOT_EQUAL in said for said in why()[without_a_proof]] == [True] * 5


@refused
def with_less_granted():
    """Each is weaker than what the proof takes for granted, and everything else is written as it follows."""
    changes = [
        ("T7", "Descent lemma", lambda low, high: (low, high + L / 2 * gamma**2 * (H(G) @ H(G)))),
        ("T2", "Assumed", lambda low, high: (low, high + 1)),  # gamma L <= 2
        ("T2", "Polyak-Lojasiewicz inequality", lambda low, high: (low, 2 * high)),  # half of mu
        ("T7", "Smallest eigenvalue of E[H]", lambda low, high: (low / 2, high)),
        ("T5", "Structured noise", lambda low, high: (low, 2 * high)),
        ("T9", "Jensen's inequality, over steps", lambda low, high: (low, 2 * high)),
        ("T12_nonconvex", "nu is the smallest eigenvalue", lambda low, high: (low / 2, high)),
    ]
    texts = []
    for id, name, change in changes:
        proof = prove(id)
        fact = next(one for one in proof.granted if one.name == name and len(one.value.numerator.terms) > 1)
        said = Relation(change(*fact.said.terms), fact.said.signs)
        texts.append(_with(proof, fact, replace(fact, said=said, value=read(said.terms[1]) - read(said.terms[0]))))
    return texts


def test_less_than_what_is_granted_is_not_enough():
    assert [NOT_EQUAL in said for said in why()[with_less_granted]] == [True] * 7


@refused
def of_another_space_or_function():
    """Of theorems whose letters are what they stand for."""
    changes = [
        ("T2", "ip (grad x) y + L / 2 * ip y y", "ip (grad x) y + L * ip y y"),
        ("T2", "forall x, lambda_min * ip x x <= E", "forall x, lambda_min / 2 * ip x x <= E"),
        ("T2", "project H (project H x) = project H x", "project H (project H x) = x"),
        ("T2", "add W (scal (- gamma)", "add W (scal (- 2 * gamma)"),  # twice the step
        ("T6", "add W (scal (- gamma) (project H (noisy W H)))", "add W (scal (- gamma) (noisy W H))"),
        ("T13", "<= L_H * E", "<= 2 * L_H * E"),
        ("T15", "forall x, nu * ip x x", "forall x, nu / 2 * ip x x"),
        ("T15", "add W (scal (- 1) (M", "add W (scal (- 2) (M"),
    ]
    return [changed(prove(id).coq(), *change) for id, *change in changes]


def test_another_space_or_function_is_refused():
    said = why()[of_another_space_or_function]
    assert all(said), said


INTEGRABLE = ("has_mean_f", "integrable_sq_HG")


@refused
def of_what_may_have_no_mean():
    return [re.sub(rf"Hypothesis {name} : .*", "", prove("T2").coq()) for name in INTEGRABLE]


def test_what_is_averaged_must_be_integrable():
    """Of a function that is not, the mean is any number; without the hypothesis the proof has no end."""
    for name, words in zip(INTEGRABLE, why()[of_what_may_have_no_mean], strict=True):
        assert re.search(f"The (reference|variable) {name} was not found", words)


def about_a_coin():
    """T2 and x^2/2 at a coin that is thrown until it shows tails."""
    instances = Path(__file__).with_name("instances.v").read_text()
    text = prove("T2").coq().replace("Print Assumptions T2.", "")
    return text + instances + Path(__file__).with_name("coin.v").read_text()


@refused
def about_another_coin():
    changes = [
        ("3 f 1 - 0 <= (1 - 1 * 1 * (1 / 2)) ^ 3", "3 f 1 - 0 <= (1 - 1 * 1 * (1 / 2)) ^ 4"),
        ("halves (n : nat) : R := (/ 2) ^ S n", "halves (n : nat) : R := (/ 2) ^ n"),  # of weight 2 in all
        ("exists l, Un_cv (series (fun n => Rabs (X n))) l", "True"),  # all is integrable: then it is not linear
    ]
    return [f"{changed(about_a_coin(), *change)}Print Assumptions met." for change in changes]


def test_laws_have_means_and_the_hypotheses_can_be_met():
    """By x^2/2 and a coin, where T2 is an equality: else all would follow. Other laws and bounds are refused."""
    shown = "Definition shown := (halves_mean, finite_mean, met, attained).\nPrint Assumptions shown."
    assert answer(about_a_coin() + shown).refused == ""
    said = why()[about_another_coin]
    assert all(said), said


@refused
def with_another_multiplier():
    """Each sum of T1_tight in turn: its last product is taken once more, though the fact says what it said."""
    proof = prove("T1_tight")
    sums = [fact for fact in proof.facts if fact.of and not fact.rule and fact.said is not None and len(fact.of) > 1]
    assert sums
    changed = [{**fact.of, product: times + 1} for fact in sums for *_, (product, times) in [fact.of.items()]]
    return [_with(proof, fact, replace(fact, of=of)) for fact, of in zip(sums, changed, strict=True)]


def test_a_multiplier_that_is_changed_is_refused():
    said = why()[with_another_multiplier]
    assert [NOT_EQUAL in words for words in said] == [True] * len(said)


def _with(proof, old, new):
    """The file of a proof in which one fact stands for another."""
    made = {id(old): new}

    def turned(fact: Fact) -> Fact:
        if id(fact) not in made:
            of = {tuple(map(turned, product)): times for product, times in fact.of.items()}
            same = all(a is b for one, other in zip(of, fact.of, strict=True) for a, b in zip(one, other, strict=True))
            made[id(fact)] = fact if same else replace(fact, of=of)
        return made[id(fact)]

    fact = turned(proof.fact)
    return script(proof.theorem, fact, proof.times, [turned(one) for one in proof.facts])


def test_what_is_admitted_is_refused_and_what_is_read_with_it_is_not(monkeypatch):
    """Would catch an answer to one file that is taken for that to another, where one process is to read both."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    text = prove("T2").coq()
    script = text[text.index("Theorem T2 :") :].partition("Proof.")[2].partition("Qed.")[0]
    admitted = text.replace(f"{script}Qed.", " Admitted.")
    assert [said.refused for said in ask({"admitted": admitted, "proved": text})] == [
        "it rests on T2 beside the axioms of the real numbers",
        "",
    ]


def test_the_command_says_of_each_whether_it_is_accepted(tmp_path, capsys):
    assert main(["prove", "T1", "T5", "--kernel", "coq", "--out", str(tmp_path / "kept")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["T1", "T5"]
    assert all("accepted" in line for line in lines)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["T1.v", "T5.v"]


def with_a_root(twice):
    """T19 with sqrt(2 t_0 / (2 (t + t_0))) in its bound, or another number for the second 2."""
    proof = prove("T19")
    (root,) = {
        one for one in proof.theorem.claim.bound.within() if isinstance(one, Power) and one.exponent == lifted(half)
    }
    other = (root.base.numerator * 2 / (root.base.denominator * twice)) ** half
    claim = replace(proof.theorem.claim, bound=proof.theorem.claim.bound.at({root: other}))
    text = written(replace(proof.theorem, claim=claim), proof)
    assert "(forall n : nat, ((t_0 * 2) / (((INR n) + t_0) * " in text
    return text


@accepted
def with_an_equal_root():
    return {"T19": with_a_root(2)}


@refused
def with_a_smaller_root():
    return [with_a_root(3)]


def test_what_is_below_a_root_in_a_sum_is_what_is_written():
    """With a 3 the normal form is written, which is another."""
    assert objections()[with_an_equal_root] == {"T19": ""}
    (said,) = why()[with_a_smaller_root]
    assert NOT_EQUAL in said


_WORDS = """E f forall Type Prop Set SProp R sum next State INR sqrt Section End Theorem Qed Rle nat S O I True eq Reals
fun W fix cofix match return exists exists2 using as at in if let mod field lra nonzero total line gap is_mean H t b j
k n W0 fstar mean_at user_E part_of_e _ T2' 2 µ Σ 日本 é (* *) "x" x.y a-b"""
WORDS = _WORDS.split()
NAMES = [*filter(is_word, WORDS)]
IDS = [*WORDS, "", " ", "(*)", "\x00", "a\nb", "T2_sharp", "user_"]


def of_other_ids(ids):
    return {id: written(replace(theorems.T2, id=id), prove("T2")) for id in ids}


@accepted
def of_a_few_ids():
    return of_other_ids(["forall", "T2'", "µ"])


def test_a_theorem_may_have_any_id(tmp_path):
    """Would catch an id that means something to Coq, to its library, or in a file: a right proof were refused."""
    scripts = of_other_ids(IDS)
    heads, theorems_ = {}, {}
    for text in scripts.values():
        section = text[text.index("(* ", text.index("Ltac nonzero")) :]
        theorem = section[section.index("\nTheorem ") : section.index("Qed.\nEnd Claim.") + 4]
        heads[section.partition("\n")[0]] = None
        theorems_[theorem.split()[1]] = theorem
    last = scripts[IDS[-1]]  # and all others before its own
    _, theorem = theorems_.popitem()
    assert last.count(theorem) == 1
    together = last.replace(theorem, "\n".join((*heads, *theorems_.values(), theorem)))
    assert len(theorems_) > 60
    assert answer(together).refused == ""
    assert [*objections()[of_a_few_ids].values()] == [""] * 3
    keep(scripts, tmp_path)
    assert len({path.name.casefold() for path in tmp_path.iterdir()}) == len(IDS)


@accepted
def with_other_names():
    """T2 with other names for its constants, four at a time, and for what its claim defines."""
    proof, every = prove("T2"), (gamma, mu, L, lambda_min)
    scripts = {}
    for i in range(0, 36, 4):
        names = {symbol: letter(word) for symbol, word in zip(every, NAMES[i : i + 4], strict=True)}
        rate = Let(NAMES[36 + i // 4], 1 - gamma * mu * lambda_min)
        scripts[NAMES[i]] = _renamed(proof, names, (E(gap) <= (rate**T * gap0).at(names)))
    return scripts


def test_symbols_and_definitions_may_have_any_name():
    """Would catch the same for constants, and for what a claim defines."""
    assert [*objections()[with_other_names].values()] == [""] * 9


def _renamed(proof, names, claim):
    """The file of a proof whose constants have other names, and with another claim."""

    def at(one):
        return one.at(names) if isinstance(one, Relation) else one

    @cache
    def turned(fact: Fact) -> Fact:
        said = None if fact.said is None else at(fact.said)
        terms = {symbol: term(other) for symbol, other in names.items()}
        value = (
            Ratio(fact.value.numerator.at(terms), fact.value.denominator.at(terms))
            if said is None
            else read(said.terms[1]) - read(said.terms[0])
        )
        of = {tuple(map(turned, product)): times for product, times in fact.of.items()}
        return replace(fact, said=said, value=value, of=of, by=frozenset(map(at, fact.by)))

    theorem = replace(proof.theorem, claim=claim, given=tuple(map(at, proof.theorem.given)))
    return script(theorem, turned(proof.fact), turned(proof.times), [turned(one) for one in proof.facts])


def test_what_lies_about_is_no_library(tmp_path, monkeypatch):
    """Would catch a coqc that reads in the folder of ``--out``, where another Reals makes 0 = 1 a theorem."""
    for planted in ("Reals", "Lra", "Psatz", "Coq/Reals/Reals"):
        path = tmp_path / f"{planted}.v"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Axiom false : False.\n")
        subprocess.run([shutil.which("coqc"), "-q", path.name], cwd=path.parent, check=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COQPATH", str(tmp_path))
    assert main(["prove", "T1", "--kernel", "coq", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "T1.v").read_text() == prove("T1").coq()


@pytest.mark.parametrize(
    "text",
    [
        "Definition one := 1.\nPrint Assumptions missing.",
        "From Coq Require Import Lra.\nLemma l : 0 = 1.\nProof. lia. Qed.",
        "Lemma l : True.\nProof.",
    ],
)
def test_an_error_in_a_file_is_a_refusal(text):
    """The other side of ``NoAnswer``: what Coq says of a file is no fault of the machine, as is what it lacks."""
    assert answer(text).refused
    with pytest.raises(NoAnswer, match="Cannot find a physical path bound to logical path Nothing"):
        answer("From Coq Require Import Nothing.")


def test_a_reading_is_a_lemma():
    assert doctest.testmod(read_by_coq) == (0, 4)


def test_expressions_are_read():
    """Each by its value, and beside it by another, which is not proved: would catch any reading that proves all."""
    readings = [(each, VALUES, value) for each, value in READINGS]
    wrong = [(each, values, value + 1) for each, values, value in readings]
    assert misread([*readings, *wrong]) == tuple(range(len(readings), 2 * len(readings)))


def test_what_is_undefined_or_no_fraction_has_no_value():
    """Coq's 1 / 0 is 0 and its root of -1/2 is 0: neither is read so, nor are roots that are not fractions."""
    undefined = [1 / (x - half), (1 - x * 2) ** -1, x / (0 * x), (x - 1) ** half, (x + 1) ** half, total(k, 3, 1 / k)]
    readings = [(each, VALUES, value) for each in undefined for value in (0, 1, 2)]
    assert misread(readings) == tuple(range(len(readings)))


@pytest.mark.parametrize("exponent", [Fraction(1, 3), x, 1 / T, T / 2])
def test_an_exponent_that_does_not_count_is_refused(exponent):
    with pytest.raises(ValueError, match=r"must be|counts"):
        misread([(y**exponent, VALUES, 1)])


def test_a_certificate_is_accepted_and_one_above_is_refused():
    known = spectrum(sketches.CountSketch(4, 2), exact=True)  # a multiple of the identity
    text = known.certificate.coq()
    assert answer(text).refused == ""
    assert answer(changed(text, "R, (15 / 32) *", "R, (16 / 32) *")).refused
    coupled = certified([[Fraction(2), Fraction(1)], [Fraction(1), Fraction(3)]], Fraction(4, 3)).coq()
    assert answer(coupled).refused == ""
    assert NOT_EQUAL in answer(coupled.replace("(4 / 3)", "(3 / 2)")).refused  # above the smallest, 1.38


def test_what_is_drawn_has_the_same_value_in_coq():
    """Sums in sums, roots, choices: an index that is captured, or a branch that is mistaken, in what Coq is told."""
    assert [*misread_by_coq(drawn(120, 21))] == []


WEAKER = {
    "twice T2": 2 * theorems.T2.claim.bound,
    "a step later": (1 - gamma * mu * lambda_min) ** (T - 1) * gap0,
    "two of each": (1 + gamma * L) * theorems.T2.claim.bound + gap0,
}


@accepted
def weaker():
    shorter = [2 * gamma * L <= 1 if each == (gamma * L <= 1) else each for each in theorems.T2.given]
    claims = {
        name: replace(theorems.T2, id=name, claim=E(gap) <= bound, given=(*shorter, T >= 1))
        for name, bound in WEAKER.items()
    }
    for id in ("T1", "T4", "T19"):
        ours = theorems.ALL[id]
        claims[f"twice {id}"] = replace(ours, id=f"twice {id}", claim=E(ours.metric) <= 2 * ours.claim.bound)
    return {name: prove(claim).coq() for name, claim in claims.items()}


def test_what_is_weaker_than_ours_is_accepted():
    """Rules that weaker claims alone need: what lasts, powers with less than T, what follows from what is given."""
    assert [*objections()[weaker].values()] == [""] * 6


@accepted
def found_of_a_method():
    """What is found, but not which of ours it is and how much of an exact rate: neither is written for Coq."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(discover.__globals__, "recognised", lambda proof: ())
        patched.setitem(discover.__globals__, "_other", lambda proof, method: "")
        found = _found_of_a_method()
    return {f"{name}{proof.theorem.id}": proof.coq() for name, each in found.items() for proof in each.proofs}


def _found_of_a_method():
    found = {"T1_": discover(PLAIN, given=(smooth,), metric=mean_squared_gradient)}
    found |= {"T22_": discover(MOMENTUM, given=(smooth,), metric=mean_squared_gradient)}
    found |= {"T13_": discover(PLAIN, given=(smooth_along_sketch, polyak_lojasiewicz))}
    found |= {"T2_": discover(PLAIN, given=(smooth, polyak_lojasiewicz))}
    found |= {"T22_pl_": discover(MOMENTUM, given=(smooth, polyak_lojasiewicz))}
    return found


def test_what_is_found_of_a_method_is_accepted():
    """Gradients and momentum, with either square of Young's inequality, with letters too; that a rate is T13_pl is no
    help to Coq."""
    assert [*objections()[found_of_a_method].values()] == [""] * 11


@accepted
def from_facts_alone():
    proofs = {id: searched(id) for id in ("T2", "T5")}
    return {id: proof.coq() for id, proof in proofs.items() if proof is not None}


def test_what_is_proved_from_the_facts_of_a_method_alone_is_accepted():
    """Proofs that are looked for among the facts that its lines say, of an exact and of a noisy step."""
    assert objections()[from_facts_alone] == {"T2": "", "T5": ""}


@accepted
def times_what_is_positive():
    return {name: proof.coq() for name, proof in strict().items()}


def test_a_claim_may_be_divided_by_what_a_rule_finds_positive():
    assert objections()[times_what_is_positive] == {"cases": "", "instance": ""}


@accepted
def by_a_potential():
    given = (known.smooth, gamma * L <= 1, known.convex, known.certified_minimum, known.known_minimiser)
    both = replace(
        theorems.T3_isotropic,
        id="both",
        given=(*given, known.isotropic, lambda_min > 0),
        claim=E(gap) <= gap0 + distance0**2 * L,
        tightest=None,
    )
    return {"both": prove(both, potential=gap_at_W + L * (V @ V)).coq()}


def test_a_potential_of_a_reader_is_followed():
    """Of a gap and a distance, by a factor of 1: what begins with both, and a power of 1, which once had no value."""
    assert objections()[by_a_potential] == {"both": ""}
