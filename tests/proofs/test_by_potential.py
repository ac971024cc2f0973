"""Lyapunov functions, ours and a reader's own: kernel and checker ask for each premise, and one that fails is named."""

from dataclasses import replace
from fractions import Fraction

import pytest

from rac_theory import prove, theorems
from rac_theory.algebra import powers
from rac_theory.proofs import G, Gx, M, Missing, Proof, Psi, V, Vz, checker, exported, gap, star
from rac_theory.proofs.fact import granted, read
from rac_theory.proofs.facts import flat, nothing, one, plus, square
from rac_theory.proofs.induction import iterate, telescope
from rac_theory.proofs.quantities import E as expected
from rac_theory.proofs.quantities import gap_next
from rac_theory.proofs.schemas import memory_of, square_kept
from rac_theory.statements import rac_lora_ef21, rac_lora_exact, rac_lora_momentum, symbols
from rac_theory.statements.assumptions import bounded_below, known_minimiser, smooth
from rac_theory.statements.symbols import C, L, T, distance0, gamma, gap0, gap0_upper, lambda_max, lambda_min, mu, s
from rac_theory.theorems import E
from rac_theory.theorems import gap as mean_gap
from rac_theory.theorems.momentum import Lambda, b, rho, room
from rac_theory.theorems.momentum import feedback_share as theta
from tests.as_one_test import as_one_test
from tests.proofs.missing import missing
from tests.refused import raises, wrong

T1, T2, T4, T4_gap, T20_pl, T21, T22 = (theorems.ALL[id] for id in ["T1", "T2", "T4", "T4_gap", "T20_pl", "T21", "T22"])
GIVEN = (
    *(each for each in T22.given if "theta" not in repr(each)),
    2 * gamma * L <= 1,
    lambda_max <= 1 - b,
)
FLOOR = (gamma * L + (1 - gamma * L) / 2) * C * lambda_max / lambda_min
CLAIM = E(T22.metric) <= 2 * gap0_upper / (gamma * lambda_min * T) + FLOOR
SIMPLE = replace(T22, id="simple", given=GIVEN, claim=CLAIM, lemmas={}, tightest=None)
ACCELERATED = replace(T21, id="T21 of mine", given=(*T21.given, lambda_min > 0, symbols.alpha <= 1))
BOTH = replace(
    T4_gap,
    id="both",
    given=(*T4_gap.given, known_minimiser),
    claim=E(mean_gap) <= (1 - gamma * s * lambda_min) ** T * (gap0 + s * distance0**2 / 2),
    lemmas={},
    tightest=None,
)
C_M = gamma * (1 - gamma * L) / 4


KEPT = [
    (SIMPLE, gap + C_M * (M @ M)),
    (ACCELERATED, gap + symbols.s_0 * symbols.lambda_0 / 2 * star(Vz, Vz)),
    (T4, V @ V),
    (BOTH, gap + s * lambda_min / 2 * star(V, V)),
]
OF_GAPS = [(T1, gap), (T1, 2 * gap), (T2, gap), (T4_gap, gap), (T20_pl, gap)]


@pytest.mark.parametrize(
    ("theorem", "psi"), [*OF_GAPS, *(pytest.param(*each, marks=pytest.mark.long) for each in KEPT)]
)
def test_a_potential_proves(theorem, psi):
    """Accepted by the checker and written for Coq; the noise of momentum, and the distance of Z, are in it. In T20_pl
    with noise: catches a sum of powers that is asked to begin elsewhere than at rho^0.
    """
    proof = prove(theorem, potential=psi)
    assert proof.theorem is theorem
    if not any(theorem is one for one, _ in KEPT):
        assert proof.fact.schema[1].value == psi
    checker.check(exported(proof))
    assert "Theorem" in proof.coq()


def of_T2(bound, **changed):
    return replace(T2, id="other", claim=E(mean_gap) <= bound, **changed)


NO_SIGN = replace(T4, id="no sign", given=tuple(each for each in T4.given if repr(each) != "lambda_min > 0"))
LESS = E(T4.metric) <= (1 - gamma * s * lambda_min) ** T * distance0**2 / lambda_min
FAILS = {
    "psi must be a sum of multiples of f(W) - f*": (T2, gap + G @ G),
    "psi must be at least f(W) - f*": (T2, gap / 2),
    "psi must begin where the claim does": (T2, 2 * gap),
    "how much of ||V||^2 is in psi must not be negative": (T2, gap - V @ V),
    "how much of ||M||^2 is in psi must not be negative": (SIMPLE, gap - C_M * (M @ M)),
    "psi must fall in a step, on average": (
        of_T2((1 - 2 * gamma * mu * lambda_min) ** T * gap0, given=(*T2.given, 2 * gamma * L <= 1)),
        gap,
    ),
    "the factor of a step must not be negative": (of_T2((gamma * mu * lambda_min - 1) ** T * gap0), gap),
    "the bound must be rho^T times": (of_T2(gap0 / (T + 1) ** 3), gap),
    "the bound has nothing that is known at W^0": (of_T2(1 / T), gap),
    "the bound is a function": (of_T2(lambda c, t: 1.0 + 0 * t, falls="linear", lemmas={}), gap),
    "what a step is must be known": (theorems.T16, gap),
    "lambda_min must be positive": (NO_SIGN, star(V, V)),
    # which it is, and so how much of ||W^0 - W*||^2 is in psi is known
    "psi must be at least ||V||^2": (replace(T4, id="star", given=(*T4.given, gamma * L <= 1), claim=LESS), star(V, V)),
}


@pytest.mark.parametrize("why", FAILS)
def test_the_premise_that_fails_is_named(why):
    theorem, psi = FAILS[why]
    with pytest.raises(Missing) as refused:
        prove(theorem, potential=psi)
    assert str(refused.value).startswith(why), refused.value
    assert "\n" not in str(refused.value)


@as_one_test("psi", [mean_gap, 1.0, one, "gap"])
def test_what_is_no_potential_is_refused_in_a_sentence(psi):
    wrong(r"potential must be a sum such as gap \+ c \* \(M @ M\)", prove, T2, potential=psi)


_, THEN = memory_of(rac_lora_momentum)
PSI, AFTER = gap + gamma * (M @ M), expected(gap_next) + gamma * expected(THEN @ THEN)
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
    for added in ((G @ G) * 2, G @ G + Gx @ Gx, Gx @ Gx, (G @ G) * symbols.t):  # which is not what the step pays
        missing(None, *telescoped, POSITIVE, added)
    missing("psi must be a sum", iterate, STEP, one, of(PSI, gap0)._replace(about=rac_lora_exact), ABOVE)
    # How much of what is kept is in it is not said.
    missing("not what was computed", iterate, STEP, one, of(PSI, gap0)._replace(share=nothing), ABOVE)


_first, _floor = 2 * gap0_upper / (gamma * lambda_min * T), L * gamma * C * lambda_max / lambda_min
_fallen, _noise = rho**T * gap0, powers(rho, 0, T - 1) * (L * gamma**2 * lambda_max * C / 2)
_kept, _unseen = 1 + 2 * gamma * L * (1 / lambda_min - 1), (1 - lambda_min) / lambda_min
FALSE = {
    "19/10 for 2": ("T22", Fraction(19, 20) * _first + _floor * (1 + gamma * L * b**2 * Lambda)),
    "b^3 in the noise": ("T22", _first + _floor * (1 + gamma * L * b**3 * Lambda)),
    "no noise of momentum": ("T22", _first + _floor),
    "lambda_max for Lambda": ("T22", _first + _floor * (1 + gamma * L * b**2 * lambda_max)),
    "1.9 for 2, feedback": ("T25", Fraction(19, 10) * gap0_upper / (gamma * T) + L * gamma * C * _kept),
    "no noise of what is kept": ("T25", 2 * gap0_upper / (gamma * T) + L * gamma * C),
    "nothing is behind at first": ("T27", 2 * gap0_upper / (gamma * T)),
    "1.9 for 2, EF21": ("T27", 2 * gap0_upper * (1 + Fraction(19, 10) * gamma * L * _unseen) / (gamma * T)),
    "nothing is behind at first, PL": ("T27_pl", (1 - gamma * mu) ** T * gap0),
    "1.9 for 2, EF21 and PL": ("T27_pl", (1 - gamma * mu) ** T * (1 + Fraction(19, 10) * gamma * L * _unseen) * gap0),
    "no noise of momentum, PL": ("T22_pl", _fallen + _noise),
    "1 - b for room": ("T22_pl", _fallen + _noise * (1 + gamma * L * b**2 * lambda_max / (room + gamma * lambda_min))),
}


@as_one_test("name", FALSE)
def test_a_changed_claim_is_refused(name):
    id, bound = FALSE[name]
    proof, ours = prove(id), theorems.ALL[id]
    missing(None, Proof, replace(ours, id="changed", claim=E(ours.metric) <= bound), proof.fact, proof.times)


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
    ("id", "right", "other"),
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
def test_a_changed_file_is_refused(id, right, other):
    text = exported(prove(id))
    assert right in text
    raises(checker.Refused, None, checker.check, text.replace(right, other))
