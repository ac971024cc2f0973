"""A Lyapunov function with what is kept from step to step: each of its premises is asked for, by kernel and checker."""

from dataclasses import replace
from fractions import Fraction

from rac_theory import prove, theorems
from rac_theory.algebra import powers
from rac_theory.proofs import G, Gx, M, Proof, Psi, checker, exported, gap
from rac_theory.proofs.fact import granted, read
from rac_theory.proofs.facts import flat, nothing, one, plus, square
from rac_theory.proofs.induction import iterate, telescope
from rac_theory.proofs.quantities import E, gap_next
from rac_theory.proofs.schemas import memory_of, square_kept
from rac_theory.statements import rac_lora_ef21, rac_lora_exact, rac_lora_momentum
from rac_theory.statements.assumptions import bounded_below, smooth
from rac_theory.statements.symbols import C, L, T, gamma, gap0, gap0_upper, lambda_max, lambda_min, momentum, mu, t
from rac_theory.theorems import E as mean
from rac_theory.theorems.momentum import Lambda, rho, room
from rac_theory.theorems.momentum import feedback_share as theta
from tests.as_one_test import as_one_test

from .refused import missing, refused

_, THEN = memory_of(rac_lora_momentum)
PSI, AFTER = gap + gamma * (M @ M), E(gap_next) + gamma * E(THEN @ THEN)
STEP, ABOVE = granted("", AFTER <= PSI + C), plus[gamma] * square(M)
ADDED, POSITIVE = granted("", gamma * (G @ G) <= PSI - AFTER + C), granted("", PSI >= 0)


def of(psi, start):
    return Psi(rac_lora_momentum, psi, start, share=plus[gamma])


def test_each_premise_is_asked_for():
    """psi at least x, or not negative; a rest that no draw changes; and a square of what this algorithm keeps."""
    assert iterate(STEP, one, of(PSI, gap0), ABOVE).said is not None
    assert telescope(ADDED, one, plus[gamma], of(PSI, gap0_upper), POSITIVE).said is not None
    for psi, step, rate, above in (
        (PSI, STEP, one, square(M)),
        (PSI, granted("", AFTER <= PSI + C + G @ G), one, ABOVE),
        (PSI, granted("", AFTER <= PSI + C + M @ M), one, ABOVE),
        (gap + gamma * (G @ G), STEP, one, ABOVE),
        (2 * gap + gamma * (M @ M), STEP, one, ABOVE),
        (gap + gamma * (M @ M) ** 2, STEP, one, ABOVE),
        (PSI, STEP, square(M), ABOVE),
    ):
        missing(None, iterate, step, rate, of(psi, gap0), above)
    telescoped = telescope, ADDED, one, plus[gamma], of(PSI, gap0_upper)
    missing(None, *telescoped, ABOVE)
    for added in (G @ Gx, (G @ G) ** 2, (G @ G) * (Gx @ Gx), G @ G + 1):
        missing("what is added must be a sum", *telescoped, POSITIVE, added)
    for added in ((G @ G) * 2, G @ G + Gx @ Gx, Gx @ Gx, (G @ G) * t):  # which is not what the step pays
        missing(None, *telescoped, POSITIVE, added)
    missing("psi must be a sum", iterate, STEP, one, of(PSI, gap0)._replace(about=rac_lora_exact), ABOVE)
    # How much of what is kept is in it is not said.
    missing("not what was computed", iterate, STEP, one, of(PSI, gap0)._replace(share=nothing), ABOVE)


_first, _floor = 2 * gap0_upper / (gamma * lambda_min * T), L * gamma * C * lambda_max / lambda_min
_noise = L * gamma**2 * lambda_max * C / 2
_unseen = (1 - lambda_min) / lambda_min
FALSE = {
    "19/10 for 2": ("T22", Fraction(19, 20) * _first + _floor * (1 + gamma * L * momentum**2 * Lambda)),
    "b^3 in the noise": ("T22", _first + _floor * (1 + gamma * L * momentum**3 * Lambda)),
    "no noise of momentum": ("T22", _first + _floor),
    "lambda_max for Lambda": ("T22", _first + _floor * (1 + gamma * L * momentum**2 * lambda_max)),
    "1.9 for 2, feedback": (
        "T25",
        Fraction(19, 10) * gap0_upper / (gamma * T) + L * gamma * C * (1 + 2 * gamma * L * (1 / lambda_min - 1)),
    ),
    "no noise of what is kept": ("T25", 2 * gap0_upper / (gamma * T) + L * gamma * C),
    "nothing is behind at first": ("T27", 2 * gap0_upper / (gamma * T)),
    "1.9 for 2, EF21": ("T27", 2 * gap0_upper * (1 + Fraction(19, 10) * gamma * L * _unseen) / (gamma * T)),
    "nothing is behind at first, PL": ("T27_pl", (1 - gamma * mu) ** T * gap0),
    "1.9 for 2, EF21 and PL": ("T27_pl", (1 - gamma * mu) ** T * (1 + Fraction(19, 10) * gamma * L * _unseen) * gap0),
    "no noise of momentum, PL": ("T22_pl", rho**T * gap0 + powers(rho, 0, T - 1) * _noise),
    "1 - b for room": (
        "T22_pl",
        rho**T * gap0
        + powers(rho, 0, T - 1) * _noise * (1 + gamma * L * momentum**2 * lambda_max / (room + gamma * lambda_min)),
    ),
}


@as_one_test("name", FALSE)
def test_a_changed_claim_is_refused(name):
    id, bound = FALSE[name]
    proof, ours = prove(id), theorems.ALL[id]
    missing(None, Proof, replace(ours, id="changed", claim=mean(ours.metric) <= bound), proof.fact, proof.times)


def test_what_ef21_is_behind_at_first_rests_on_smoothness():
    """V is 0, so that M is G, of which ``flat`` says how large it is: in kernel and checker. Descent rests on
    the same, so that no file of ours would miss it."""
    squared, _, first = square_kept(rac_lora_ef21)
    assert read(first) == read(flat.said.terms[1].at({gap: gap0}))
    psi = Psi(rac_lora_ef21, gap + gamma * squared, gap0_upper, share=plus[gamma])
    assert {smooth, bounded_below, rac_lora_ef21} <= {*psi.by}
    assert smooth not in Psi(rac_lora_momentum, gap + gamma * (M @ M), gap0_upper, share=plus[gamma]).by
    file, part = checker.check(exported(prove("T27"))), {"x0": "gap0_upper", "b0": Fraction(1), "d0": Fraction(0)}
    assert {"smooth", ("known", "gap0_upper"), "rac_lora_ef21"} == file._begins(part | {"m": Fraction(1)})
    assert file._begins(part | {"m": Fraction(0)}) == {("known", "gap0_upper")}


UNUSED = {"T22": (), "T22_pl": (), "T25": (theta >= 0,), "T27": (), "T27_pl": ()}


@as_one_test("id", UNUSED)
def test_without_one_of_its_assumptions_it_is_refused(id):
    """All that is given is used but for what gives the left side its meaning: each that is left out is missed."""
    proof, ours = prove(id), theorems.ALL[id]
    assert proof.unused == UNUSED[id]
    for one_ in (each for each in ours.given if each not in proof.unused):
        given = tuple(each for each in ours.given if each is not one_)
        missing(None, Proof, replace(ours, id="without", given=given, lemmas={}), proof.fact, proof.times)


@as_one_test(
    ("id", "right", "wrong"),
    [
        ("T22", "(* 2 momentum (E (dot M (H gx))))", "(* 3 momentum (E (dot M (H gx))))"),
        ("T22_pl", "(^ momentum 2)", "(^ momentum 3)"),
        ("T22", "given (>= theta 0)\n", ""),
        ("T25", "given (> lambda_min 0)\n", ""),
        ("T25", "about rac_lora_feedback", "about rac_lora_momentum"),
        ("T25", "(+ 0 (* theta 1))", "1"),
        ("T25", "(* theta (beside_at t))", "(beside_at t)"),
        ("T25", "(- (E (dot gx (H gx))))", "(- (* 2 (E (dot gx (H gx)))))"),
        ("T22", "about rac_lora_momentum", "about rac_lora_stochastic"),
        ("T27", "given smooth\n", ""),
        ("T27", "given (known gap0_upper)\n", "given (known gap0)\n"),
        ("T27", "2 L gap0_upper)", "L gap0_upper)"),
        ("T27_pl", "2 L gap0)", "2 mu gap0)"),
        ("T27", "(- (* 2 (dot G Gp)))", "(- (* 3 (dot G Gp)))"),
        ("T27", "about rac_lora_ef21", "about rac_lora_exact"),
        ("T27_pl", "given (> room 0)\n", ""),
    ],
)
def test_a_changed_file_is_refused(id, right, wrong):
    text = exported(prove(id))
    assert right in text
    refused(checker.Refused, None, checker.check, text.replace(right, wrong))
