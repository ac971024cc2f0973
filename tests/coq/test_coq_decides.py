"""What Coq itself accepts and refuses: ``python -m pytest tests/coq``, with coqc on the path."""

from dataclasses import replace
from fractions import Fraction

import pytest

from rac_theory import prove, sketches, spectrum, theorems
from rac_theory.algebra import Relation
from rac_theory.commands.cli import main
from rac_theory.numerics.eigenvalue_certificate import certified
from rac_theory.proofs.coq.kernel import REALS, ask
from rac_theory.proofs.coq.script import script
from rac_theory.proofs.drawn import H
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.facts import G
from rac_theory.theorems import E, gap
from rac_theory.theorems.symbols import L, T, gamma, gap0, lambda_min, mu

NOT_EQUAL = "not a valid field equation"  # what Coq says where a sum is not what is said of it


def answer(text, tmp_path):
    (said,) = ask({"here": text}, tmp_path)
    return said


def written(theorem, proof):
    """The file of a theorem with the proof of another."""
    return script(theorem, proof.fact, proof.times, proof.facts)


def test_what_is_proved_rests_on_the_reals_alone(tmp_path):
    said = answer(prove("T2").coq(), tmp_path)
    assert said.refused == ""
    assert {"ClassicalDedekindReals.sig_forall_dec"} <= said.axioms <= REALS


@pytest.mark.parametrize(
    "bound",
    [
        (1 - 2 * gamma * mu * lambda_min) ** T * gap0,  # twice the rate
        (1 - gamma * mu) ** T * gap0,  # without lambda_min
        (1 - gamma * L * lambda_min) ** T * gap0,  # L for mu
        (1 - gamma * mu * lambda_min) ** (T + 1) * gap0,  # a step more
        (1 - gamma * mu * lambda_min) ** T * gap0 / 2,
    ],
    ids=repr,
)
def test_a_claim_that_is_not_proved_is_refused(bound, tmp_path):
    proof = prove("T2")
    said = answer(written(replace(theorems.T2, claim=E(gap) <= bound), proof), tmp_path)
    assert NOT_EQUAL in said.refused


@pytest.mark.parametrize(
    ("id", "name", "change"),
    [
        ("T7", "Descent lemma", lambda low, high: (low, high + L / 2 * gamma**2 * (H(G) @ H(G)))),
        ("T2", "Assumed", lambda low, high: (low, high + 1)),  # gamma L <= 2
        ("T2", "Polyak-Lojasiewicz inequality", lambda low, high: (low, 2 * high)),  # half of mu
        ("T7", "Smallest eigenvalue of E[H]", lambda low, high: (low / 2, high)),
        ("T5", "Structured noise", lambda low, high: (low, 2 * high)),
        ("T9", "Jensen's inequality, over steps", lambda low, high: (low, 2 * high)),
        ("T12_nonconvex", "nu is the smallest eigenvalue", lambda low, high: (low / 2, high)),
    ],
)
def test_less_than_what_is_granted_is_not_enough(id, name, change, tmp_path):
    """Each is weaker than what the proof takes for granted, and everything else is written as it follows."""
    proof = prove(id)
    fact = next(one for one in proof.granted if one.name == name and len(one.value.numerator.terms) > 1)
    said = Relation(change(*fact.said.terms), fact.said.signs)
    weaker = replace(fact, said=said, value=read(said.terms[1]) - read(said.terms[0]))
    assert NOT_EQUAL in answer(_with(proof, fact, weaker), tmp_path).refused


@pytest.mark.parametrize(
    ("id", "was", "becomes"),
    [
        ("T2", "ip (grad x) y + L / 2 * ip y y", "ip (grad x) y + L * ip y y"),
        ("T2", "forall x, lambda_min * ip x x <= E", "forall x, lambda_min / 2 * ip x x <= E"),
        ("T2", "project H (project H x) = project H x", "project H (project H x) = x"),
        ("T2", "add W (scal (- gamma)", "add W (scal (- 2 * gamma)"),  # twice the step
        ("T6", "add W (scal (- gamma) (project H (noisy W H)))", "add W (scal (- gamma) (noisy W H))"),
        ("T13", "<= L_H * E", "<= 2 * L_H * E"),
        ("T15", "forall x, nu * ip x x", "forall x, nu / 2 * ip x x"),
        ("T15", "add W (scal (- 1) (M", "add W (scal (- 2) (M"),
    ],
)
def test_another_space_or_function_is_refused(id, was, becomes, tmp_path):
    """Of theorems whose letters are what they stand for."""
    text = prove(id).coq()
    assert text.count(was) == 1
    assert answer(text.replace(was, becomes), tmp_path).refused


MET = """
Ltac met h := repeat match type of h with ?P -> _ => match type of P with Prop => idtac end; let met := fresh in
  assert (met : P) by (unfold is_mean, gap, sq_G; repeat split; intros; simpl; nra || auto); specialize (h met) end.
Theorem met_by_half_a_square : (1 - 1 / 2) ^ 6 * (1 / 2) <= (1 - 1 / 2) ^ 3 * (1 / 2).
Proof.
  pose proof (T2 R unit (fun X => X tt)) as h. met h.
  specialize (h 1 (fun x => x * x / 2) 0 (1 / 2) 1 1 1 3%nat (1 / 2) Rplus Rmult Rmult). met h.
  specialize (h (fun x => x) (fun _ x => x)). met h.
  unfold next in h. simpl in h. simpl. lra.
Qed.
Print Assumptions met_by_half_a_square.
"""


def test_the_hypotheses_can_be_met(tmp_path):
    """By x^2/2 from 1 with H = I and gamma = 1/2, where the gap is (1/2)^6 / 2 after 3 steps: else all would follow."""
    text = prove("T2").coq().replace("Print Assumptions T2.", MET)
    assert answer(text, tmp_path).refused == ""
    assert answer(text.replace("(1 - 1 / 2) ^ 6 * (1 / 2) <=", "(1 - 1 / 2) ^ 2 * (1 / 2) <="), tmp_path).refused


def test_a_multiplier_that_is_changed_is_refused(tmp_path):
    """Each sum of T2 in turn: its last product is taken once more, though the fact says what it said."""
    proof = prove("T2")
    sums = [fact for fact in proof.facts if fact.of and not fact.rule and fact.said is not None and len(fact.of) > 1]
    assert sums
    for fact in sums:
        *_, (product, times) = fact.of.items()
        changed = replace(fact, of={**fact.of, product: times + 1})
        assert NOT_EQUAL in answer(_with(proof, fact, changed), tmp_path).refused


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


def test_what_is_admitted_is_refused(tmp_path):
    text = prove("T2").coq()
    script = text[text.index("Theorem T2 :") :].partition("Proof.")[2].partition("Qed.")[0]
    assert (
        answer(text.replace(f"{script}Qed.", " Admitted."), tmp_path).refused
        == "it rests on T2 beside the axioms of the real numbers"
    )


def test_the_command_says_of_each_whether_it_is_accepted(tmp_path, capsys):
    assert main(["prove", "T1", "T5", "--kernel", "coq", "--out", str(tmp_path / "kept")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["T1", "T5"]
    assert all("accepted" in line for line in lines)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["T1.v", "T5.v"]


def test_a_theorem_of_ones_own_is_accepted_whatever_it_is_called(tmp_path):
    """Its proof is one that a search found."""
    mine = replace(theorems.T2, id="2 of mine!", claim=E(gap) <= (1 - gamma * mu * lambda_min / 2) ** T * gap0)
    line = replace(theorems.T1, id="line")
    scripts = {one.id: prove(one).coq() for one in (mine, line)}
    assert [one.refused for one in ask(scripts, tmp_path)] == ["", ""]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["T_2_of_mine.v", "line.v"]


def test_a_certificate_is_accepted_and_one_above_is_refused(tmp_path):
    known = spectrum(sketches.CountSketch(4, 2), exact=True)  # a multiple of the identity
    text = known.certificate.coq()
    assert answer(text, tmp_path).refused == ""
    above = text.replace("R, (15 / 32) *", "R, (16 / 32) *")
    assert above != text
    assert answer(above, tmp_path).refused
    coupled = certified([[Fraction(2), Fraction(1)], [Fraction(1), Fraction(3)]], Fraction(4, 3)).coq()
    assert answer(coupled, tmp_path).refused == ""
    assert NOT_EQUAL in answer(coupled.replace("(4 / 3)", "(3 / 2)"), tmp_path).refused  # above the smallest, 1.38
