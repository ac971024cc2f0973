"""The level that each test of chance spends, held against the evidence at the very edge of a refusal.

A claim that is tested in k ways at level alpha is refused from a log evidence of log(k / alpha) on. So the least alpha
at which a check refuses its subject is k times exp(-evidence), with a k that is counted here in another way. Any other
k, an alpha that is halved, shared by fewer or not shared, moves the edge, and fails.
"""

import copy
import inspect
import math
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import beta, binom, entropy, kstest

from rac_theory import GD, testing
from rac_theory.algorithms import Implementation, RACLoRA
from rac_theory.algorithms.gradients.noise import Noise
from rac_theory.numerics import at_least, bets
from rac_theory.numerics.evidence import either_side, log_wealth
from rac_theory.sketches import Coordinate, Haar
from rac_theory.testing import check_sketch
from rac_theory.testing.algorithms import exchange, law, members
from rac_theory.testing.algorithms.claimed import Claim
from rac_theory.testing.algorithms.course import follow
from rac_theory.testing.algorithms.paired_steps import PairedSteps, paired
from rac_theory.testing.probe import Probe
from rac_theory.testing.sketches import batches, moments
from rac_theory.testing.sketches import check_sketch as sketches
from rac_theory.testing.sketches.moments import Frequencies, Marginals
from rac_theory.testing.trainers import check_chain
from tests.mutants.wrong_algorithms import HalfStep
from tests.testing.by_hand import GAMMA, LEAST, PLAIN, RAC, SAMPLED, Mine
from tests.testing.cases import altered, cases
from tests.testing.failing import heard, refusal, refuted

RNG = np.random.default_rng(48)


def edge(refuses):
    """Minus the logarithm of the least alpha at which something is refused, by bisection."""
    low, high = 0.0, 600.0
    assert refuses(math.exp(-low))
    assert not refuses(math.exp(-high))
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if refuses(math.exp(-middle)) else (low, middle)
    return low


def refused(check, *arguments):
    return bool(refusal(check, *arguments))


def answers(monkeypatch, module, name):
    """The list of all that a function of a module answers, which gives log evidence."""
    seen, real = [], getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given, **more: seen.append(np.asarray(real(*given, **more))) or seen[-1])
    return seen


def calls(prints):
    """Eight draws a call, of which the partners of one call are of one range, and those of two calls never are."""
    return np.zeros((40, 8, 1)), np.repeat(np.arange(40.0)[:, None], 8, axis=1) + prints


Optimistic = altered(RACLoRA, projection=lambda self, **given: SimpleNamespace(lambda_min=0.5, lambda_max=1.0))
"""Says that E[H] is the identity, where it is a third of it."""


def spectrum(alpha):
    members.check_spectrum(Optimistic(RAC.sketch, GAMMA), LEAST, 512, alpha, 0)


A, B = RNG.standard_normal((2, 400, 3)) + np.array([[[0.5]], [[0.0]]])
EXCHANGED = [calls(0), calls(1000)] * 2, (np.arange(8), np.arange(8))
AGAIN = np.repeat(np.arange(3200.0), 2)
COPIES = [np.repeat(np.arange(30.0), 2), np.repeat(np.arange(50.0, 80.0), 2)]  # sixty, each within one call
NOISE = RNG.standard_normal((400, 2, 2))
KEPT = RNG.integers(2, size=(400, 1, 1)) * np.ones((2, 2))
TURNED = np.where(KEPT > 0, np.abs(NOISE), NOISE)  # another direction where H is zero, of the same length
SOURCE = SimpleNamespace(gamma=1.0)


def sample(g, kept=KEPT):
    return members.GradientSample(np.zeros((2, 2)), np.ones((2, 2)), 1 + g, lambda V, G: V - kept * G)


@cases(
    "check, module, evidence, ways",
    # partners, calls and lags; two variables, two sides
    (partial(batches._exchange, "draws", "", *EXCHANGED), batches, "either_side", 4 * (4 + 2 + 19 + 1)),
    (partial(batches.check_single, "", AGAIN, np.arange(6400.0)), batches, "either_side", 2),  # two sides
    (partial(batches._compare, "one", "other", "", A, B), batches, "either_side", 2),
    (partial(batches.check_copies, "", COPIES), batches, "either_side", 2),
    (spectrum, members, "log_wealth", 3),  # both ends of the spectrum, and what a projection spends
    (partial(members._check_mean, "", None, None, sample(NOISE + 0.5)), members, "log_wealth_without_range", 1),
    # for I, and across the gradient; two forms, two sides
    (partial(members._check_noise, "", Noise(0.0, 1.0, 3.0), LEAST, sample(NOISE)), members, "log_wealth", 2),
    (partial(members._check_independence, SOURCE, sample(TURNED)), members, "either_side", 4),
)
def test_a_check_refuses_from_its_level_on(check, module, evidence, ways, monkeypatch):
    """Catches a logarithm of another number of ways, and a comparison with another alpha."""
    seen = answers(monkeypatch, module, evidence)
    assert not refused(check, 1e-250)
    largest = max(float(found.max()) for found in seen)
    assert edge(lambda alpha: refused(check, alpha)) == pytest.approx(largest - math.log(ways), abs=1e-6)


def test_as_many_ways_are_tried_as_share_the_level(monkeypatch):
    """Catches a kind of partners that is tried and not counted: with enough draws for all distances."""
    tried = heard(monkeypatch, batches, "_exchange")
    Q, prints = RNG.standard_normal((8, 8, 2, 1)), RNG.standard_normal((8, 8))
    batches.check_independence("Sketch", Q, prints, 0.01)
    large = RNG.standard_normal((2, 4096, 2, 1))
    batches.check_lags("Sketch", list(zip(large, large[..., 0, 0], strict=True)), 0.01)
    assert {given[-1] for given in tried} == {0.01}
    assert 2 * 2 * len({called for called, *_ in tried}) == batches._WAYS
    assert 2 * len(check_chain._PASTS) + 1 == check_chain._WAYS  # two likenesses, and layers


def test_what_is_asked_of_draws_spends_alpha_for_each_kind(monkeypatch):
    """Of a whole check: batches of two sizes share the level of distances, places and sizes the one of their law."""
    kinds = ("check_independence", "check_lags", "check_copies", "check_single", "_check_rank")
    places = [batches if hasattr(batches, name) else sketches for name in kinds]
    asked = [heard(monkeypatch, place, name, getattr(place, name)) for place, name in zip(places, kinds, strict=True)]
    comparisons, found = heard(monkeypatch, batches, "_compare"), heard(monkeypatch, bets.Bets, "refuted")
    check_sketch(Coordinate(4, 1), draws=256, alpha=1e-6)
    spent = [sum(next(x for x in given if isinstance(x, float) and x < 0.1) for given in calls) for calls in asked]
    assert spent == pytest.approx([1e-6, 2e-6, 1e-6, 1e-6, 1e-6])
    for what in ("the ", "a draw"):
        assert sum(given[-1] for given in comparisons if given[0].startswith(what)) == pytest.approx(1e-6)
    # half of one is left to the counts of a support
    assert sorted(alpha for _, alpha in found) == pytest.approx([5e-7, 1e-6, 1e-6, 1e-6])


def test_chernoffs_bound_is_that_of_a_mean_that_rounds_beyond_one():
    """Also of one draw: -n log p. Catches a mean that may be beyond one, and two draws for one."""
    seen = np.array([1.0, np.nextafter(3.0, 4.0), 1.0])
    found = bets.Bets()._chernoff(seen, np.array([0.7, 2.1, 1.2]), np.array([1.0, 3.0, 4.0]))
    apart = 4 * entropy([0.25, 0.75], [0.3, 0.7])
    assert found == pytest.approx([-math.log(0.7), -3 * math.log(0.7), apart], rel=1e-12)


@pytest.mark.parametrize("x", [0.2, 0.9])
def test_bets_alone_are_refused_at_their_wealth_and_say_what_was_seen(x):
    """Without Chernoff's bound, of two columns, from the side where it grows; a block that was not known says nothing.
    Catches the lesser side, the least wealth of all times, and a mean of what was not known."""
    some, unknown = bets.Bets(), np.full(2, 0.3)
    some.add(np.full((40, 2), 0.3), unknown, unknown, unknown)
    some.add(np.column_stack([np.resize([0.0, 1.0], 40), np.full(40, x)]), np.full(2, 0.5), np.zeros(2), np.ones(2))
    grows = np.concatenate([np.zeros(40), np.full(40, abs(x - 0.5) / 0.5)])
    wealth = float(log_wealth(grows[:, None]).max())
    assert edge(lambda alpha: some.refuted(alpha) is not None) == pytest.approx(wealth - math.log(8), abs=1e-6)
    assert some.refuted(1.0) == pytest.approx((1, 0.5, x))


def test_a_support_is_refused_at_the_tail_of_a_count():
    """Forty times the same of two values: ``2^-40``, for two values, two tails, and bets that have the other half.
    Catches a level that is divided by the number of draws, and bets that have more of it."""
    listed = Frequencies("Sketch", np.eye(2)[..., None], np.array([0.5, 0.5]), 0)
    listed.block(np.repeat(np.eye(2)[:1, :, None], 40, axis=0))
    assert edge(lambda alpha: refused(listed.check, alpha)) == pytest.approx(39 * math.log(2) - math.log(4), abs=1e-6)


def test_tails_of_counts_are_those_of_the_binomial_law():
    found = at_least(np.arange(5.0), 20.0, 0.1)
    assert found == pytest.approx(binom.sf(np.arange(5) - 1, 20, 0.1), rel=1e-12)


def test_the_value_that_is_named_is_the_one_that_refuses(monkeypatch):
    """The least likely count where it is refused, else the frequency that is farthest off: that is what bets saw."""
    counts = {0.5: 530, 0.49: 450, 0.01: 20}
    listed = Frequencies("Sketch", np.eye(3)[..., None], np.array([*counts]), 0)
    listed._counts += [counts[p] for p in listed._p]
    monkeypatch.setattr(bets.Bets, "refuted", lambda self, alpha: 1.0)
    tail = binom.sf(19, 1000, 0.01)
    for times, named in ((11, "0.49 has frequency 0.45"), (13, "0.01 has frequency 0.02")):
        refuted(named, listed.check, times * tail)


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 32, 50, 64, 100, 128, 256, 1100])
def test_each_distance_in_a_large_call_is_looked_at(lag, monkeypatch):
    """Blocks of ``lag`` draws that come twice each; 1,100 is half of a call. Catches a distance, or pairs, left out."""
    draws = RNG.standard_normal((2, 2200, 2, 1))
    for call in draws:
        for start in range(0, 2200 - 2 * lag + 1, 2 * lag):
            call[start + lag : start + 2 * lag] = call[start : start + lag]
    large = [(call, call[:, 0, 0]) for call in draws / np.linalg.norm(draws, axis=2, keepdims=True)]
    seen = heard(monkeypatch, batches, "_exchange")
    batches.check_lags("Sketch", large, 0.01)
    monkeypatch.undo()
    (given,) = (given for given in seen if given[0] == f"draws at a distance of {lag} in a large batch")
    assert refused(batches._exchange, *given)
    assert len(given[3][0]) == sum(min(lag, 2200 - lag - start) for start in range(0, 2200 - lag, 2 * lag))


def test_a_print_has_room_for_both_forms():
    """Catches one that is written over the other, by which ranges that differ would be taken for copies."""
    prints, Q = batches.Prints.of(3, 5), Haar(3, 2).sample(np.random.default_rng(6), 50)
    first, second = np.rint(np.square(prints.z @ Q).sum(axis=-1) * 2**30).T
    np.testing.assert_array_equal(prints(Q) // 2**22, first)
    np.testing.assert_array_equal(prints(Q) % 2**22, second // 2**9)


def test_each_draw_of_a_small_call_has_partners():
    """Catches a place that is left out, or asked twice."""
    for partners in batches._PARTNERS.values():
        assert sorted(np.ravel(partners)) == [*range(batches.BATCH)]


def test_a_share_that_rounds_beyond_one_is_one():
    """Of ranges that hold the first coordinate. Catches a bound beyond one: the level of such a share is no number."""
    Q = np.zeros((5, 7, 2))
    Q[:, 0, 0] = Q[:, 3, 1] = 1 + 1e-15
    law = Marginals("Sketch", 7, seed=0)
    law.block(Q)
    assert np.isfinite(law._levels[0]).all()
    assert (law._levels[0][:, 0] == 1).all()


def test_shares_are_those_of_ranges_that_leave_a_choice():
    """Of ranks 0 to 3 in three dimensions those of 1 and 2; along the diagonal its own share is the second."""
    law, U = Marginals("Sketch", 3, seed=0), np.linalg.qr(np.ones((3, 1)), mode="complete")[0]
    law.block(np.zeros((1, 3, 3)))
    law.check(0.5)
    law.block(np.array([U * (np.arange(3) < k) for k in range(4)]))
    assert [levels.shape for levels in law._levels] == [(0, 4), (2, 4)]
    assert law._levels[1][:, 1] == pytest.approx([1, 1])
    law.block(np.repeat(U[None, :, :1], 40, axis=0))
    refuted("along the diagonal u'Hu does not have", law.check, 0.5)


def test_bets_on_the_spectrum_know_how_much_they_may_lose(monkeypatch):
    """A share of H is in [0, 1]: below lambda_min by as much as it is, beyond it by the rest; also beyond lambda_max.
    ``worst`` is what a bet can lose at most. Catches more of it, by which power is lost, and less, which is unsound;
    a matrix that is drawn as the sketches are, and a projection that is asked for at another level than a third."""
    losses, drawn = heard(monkeypatch, members, "log_wealth", np.zeros(1)), []
    real = RACLoRA.low_rank_steps

    def watched(self, rng, M):
        drawn.append(np.array_equal(M, copy.deepcopy(rng).standard_normal(M.shape)))
        return real(self, rng, M)

    monkeypatch.setattr(RACLoRA, "low_rank_steps", watched)
    members.check_spectrum(RACLoRA(Coordinate(6, 2), GAMMA), LEAST, 64, 0.01, 0)
    assert [worst for _, worst in losses] == pytest.approx([2 / 3, 1 / 3])  # of E[H] = I / 3
    assert not any(drawn)
    asked = heard(monkeypatch, Optimistic, "projection", Optimistic.projection)
    refused(spectrum, 0.03)
    assert [alpha for _, alpha, *_ in asked] == pytest.approx([0.01])


@pytest.mark.parametrize("longer", [0.6, 2.0])
def test_ranges_are_refused_at_the_distance_of_kolmogorov_and_smirnov(longer):
    """By scipy, for the law that a share u'Hu has: Beta(k/2, (d - k)/2); four directions, two sides, both of them."""
    Q = Haar(5, 2).sample(np.random.default_rng(3), 300)
    Q[:, 0] *= longer
    Q = np.linalg.qr(Q)[0]
    law = Marginals("Sketch", 5, seed=0)
    law.block(Q)
    u = np.random.default_rng([0, 6]).standard_normal((5, 4))
    u[:, 0], u[:, 1] = np.eye(5)[0], 1.0
    shares = np.square(np.swapaxes(Q, 1, 2) @ (u / np.linalg.norm(u, axis=0))).sum(axis=1)
    far = max(kstest(column, beta(1, 1.5).cdf).statistic for column in shares.T)
    assert edge(lambda alpha: refused(law.check, alpha)) == pytest.approx(2 * 300 * far**2 - math.log(8), abs=1e-5)


def test_lost_ranks_are_refused_at_the_tail_of_their_count_and_where_the_trace_is_the_rank():
    """Seven of a hundred, where a trace of 1.98 allows a fiftieth; where it is 2, one of a thousand, not none."""
    claims = SimpleNamespace(sketch=Haar(4, 2), expected_rank=1.98, means={"E[H]": None})
    least = edge(lambda alpha: refused(sketches._check_rank, claims, 7, 100, alpha))
    assert least == pytest.approx(-math.log(binom.sf(6, 100, 0.02)), abs=1e-6)
    claims.expected_rank = 2.0
    assert [refused(sketches._check_rank, claims, lost, 1_000, 1e-6) for lost in (0, 1)] == [False, True]


def test_each_claim_about_gradients_has_a_quarter_of_the_level(monkeypatch):
    """Their mean, their noise, and that they tell nothing of the sketch: three, for which alpha is enough."""
    asked = [heard(monkeypatch, members, name) for name in ("_check_mean", "_check_noise", "_check_independence")]
    claim = Claim(SAMPLED)
    members.check_gradients(claim, LEAST, follow(claim.algorithm, LEAST, np.zeros((8, 6, 4)), 1, [0]), 0.01)
    assert [given[-1] for calls in asked for given in calls] == [0.0025] * 3


@cases("check, evidence", ("check_pairs", "symmetric_evidence"), ("check_past", "symmetric_wealth"))
def test_a_law_is_refused_where_its_numbers_share_the_level(monkeypatch, check, evidence):
    """Six groups of first steps, or all forms of the past, both signs, and all numbers of a group share it. The
    evidence is the largest that is left: of steps of one half beside those that are declared, from one W."""
    claim = Claim(Implementation(Mine(lora_alpha=1.0, scale=0.5), implements=RAC))
    pair = paired(claim, LEAST, follow(claim.algorithm, LEAST, np.ones((512, 6, 4)), 2, [1]), [2])
    G = np.asarray(LEAST.gradient(np.ones((6, 4)) if check == "check_pairs" else pair.W))
    seen, ask = answers(monkeypatch, exchange, evidence), partial(refused, getattr(exchange, check), "Mine", pair, G)
    assert not ask(600.0)
    left = max(float(found.max()) - math.log(2 * len(seen) * found.size) for found in seen)
    assert edge(lambda alpha: ask(-math.log(alpha))) == pytest.approx(left, abs=1e-6)


def test_places_and_courses_spend_what_is_said(monkeypatch):
    """Of an implementation: three places and three courses at a third of alpha, and the same draws at its fourth power.
    ``LEVELS`` times alpha is said to be enough. A class with steps of its own: catches a level that is taken twice."""
    asked = [heard(monkeypatch, law, name) for name in ("check_pairs", "check_past")]
    law.check_law(Claim(Implementation(Mine(lora_alpha=1.0), implements=PLAIN)), Probe(LEAST, 0), 64, 1e-3)
    third = math.log(3e3)
    for calls in asked:
        assert sorted(given[-1] for given in calls) == pytest.approx([third] * 3 + [4 * third] * 3)
    assert sum(math.exp(-given[-1]) for calls in asked for given in calls) <= law.LEVELS * 1e-3
    assert sum(map(len, asked)) / 3 == law.LEVELS
    law._check_sketches(Claim(HalfStep(RAC.sketch, GAMMA)), (6, 4), 64, 0.01, [0, 20])
    assert [given[-1] for given in asked[0][6:]] == pytest.approx([4 * math.log(100), math.log(100)])


def test_pairs_are_no_more_than_the_work_that_is_said(monkeypatch):
    """Four for each draw; of 24 numbers, and as many gradients as a step takes, 700 at most. Catches a bound by which
    most would be left out, and work that grows with the size of W."""
    claim, W = Claim(Implementation(Mine(lora_alpha=1.0), implements=PLAIN)), np.ones((6, 4))
    assert law._check_place(claim, LEAST, W, 1024, 1e-3, [0]).pairs == 4096
    monkeypatch.setattr(law, "_WORK", 700 * 24 * law._passes(claim, LEAST, W))
    assert law._check_place(claim, LEAST, W, 4096, 1e-3, [0]).pairs == 700
    monkeypatch.setattr(PairedSteps, "coincide", False)
    assert law._check_place(Claim(GD(0.1)), LEAST, W, 4096, 1e-3, [0]) == (0, True)  # of what draws nothing


@pytest.mark.parametrize(("part", "refuses"), [(0.95, False), (1.05, True)])
def test_rounding_is_no_evidence(part, refuses):
    """Steps along the gradient that are longer by so small a part: 1e-9 of both. Catches another threshold, by 5%, and
    a sign with which all rounding would count."""
    G = np.ones((1, 512, 6, 4)) / math.sqrt(24)
    pair = PairedSteps(np.zeros_like(G), (1 + part * 2e-9) * G, G, np.zeros((1, 512)))
    assert refused(exchange.check_pairs, "Mine", pair, G[0, 0], 10.0) is refuses


def test_copies_are_in_one_call_as_often_as_pairs_of_draws_are(monkeypatch):
    """Of all pairs of 20, 30 and 50 draws: by binomial coefficients. Catches a draw that is compared with another
    than the one that is equal, as the next smaller one is of another call."""
    shares = heard(monkeypatch, batches, "either_side", 0.0)
    calls = np.split(np.arange(100.0), [20, 50])
    calls[0][:2], calls[0][2:4], calls[2][0] = 20.5, 21.5, 20.0
    batches.check_copies("Sketch", calls, 0.01)
    ((Z, low, high),) = shares
    share = sum(math.comb(n, 2) for n in (20, 30, 50)) / math.comb(100, 2)
    assert sorted(Z) == pytest.approx([-share, 1 - share, 1 - share])
    assert (low, high) == pytest.approx((share, 1 - share))


def test_pairs_are_bet_on_from_both_sides():
    """Of thirty pairs none, or all, are in one call, where a third is said: bets that lose 2/3 at most, or 1/3."""
    none, every = np.zeros(30, dtype=bool), np.ones(30, dtype=bool)
    for together, gain, worst in ((none, 1 / 3, 2 / 3), (every, 2 / 3, 1 / 3)):
        expected = float(log_wealth(np.full((30, 1), gain), worst=worst).max())
        assert either_side(together - 1 / 3, 1 / 3, 2 / 3) == pytest.approx(expected)


@pytest.mark.parametrize(("twice", "refuses"), [(2, False), (3, True)])
def test_a_uniform_range_that_is_drawn_twice_decides_from_the_third_on(twice, refuses):
    """By chance two are that near one in 10^4 times. Catches a level for less of them, or for more."""
    Q = np.linalg.qr(np.random.default_rng(4801).standard_normal((20, 6, 2)))[0]
    Q[-twice:] = Q[:twice]
    assert refused(batches.check_different, "Sketch", [Q], 0) is refuses


def test_of_many_draws_some_are_near_each_other_by_chance():
    """Of 6,000,000 honest directions in the plane three pairs are too near to be told apart, three times in eight."""
    angles = np.pi * np.random.default_rng(0).random(1 << 20)
    for twice, refuses in ((3, False), (9, True)):
        angles[:twice] = angles[-twice:]
        Q = np.stack([np.cos(angles), np.sin(angles)], axis=1)[..., None]
        assert refused(batches.check_different, "Mine", [Q], 0) is refuses


def test_the_rank_of_a_draw_is_compared_as_its_share_and_a_range_has_the_overlap_one_with_itself():
    """By the last of the features, which would outweigh the others if it was multiplied by r; from the basis of a
    range, or from numbers of its projection. Catches an overlap that is not divided by the rank."""
    Q, K = np.linalg.qr(np.random.default_rng(4801).standard_normal((2, 3, 4, 5, 2)))[0]
    np.testing.assert_allclose(batches._overlap(Q, Q), np.ones((3, 4)))
    P, L = batches._projections(Q), batches._projections(K)
    np.testing.assert_allclose(batches._overlap(P, L), batches._overlap(Q, K))
    Q[0, 1, :, 1:] = 0
    np.testing.assert_array_equal(batches.features(Q[0], 0)[:, -1], [1, 0.5, 1, 1])


def test_values_of_a_support_are_known_up_to_a_turn_of_their_columns_and_rounding():
    """At a scale of a million: one that is listed twice is one; a draw that is off by more than rounding is named."""
    rng = np.random.default_rng(0)
    S, turns = 1e6 * rng.standard_normal((2, 3, 2)), np.linalg.qr(rng.standard_normal((6, 2, 2)))[0]
    U, values = turns[0], [S[1], S[0], *(S[0] @ turn for turn in turns)]
    listed = Frequencies("Sketch", np.array(values), np.array([0.5, 0.2, *[0.05] * 6]), 0)
    assert listed._p == pytest.approx([0.5, 0.5])
    listed.block(np.array([S[0] @ U, S[1], S[1] @ U, S[1] * (1 + 0.75 * moments._SAME)]))
    assert sorted(listed._counts) == [1, 3]
    stray = np.array([S[0], S[1] * (1 + 1.25 * moments._SAME), S[1]])
    caught = refuted("1 of 3 draws are not in the list", listed.block, stray)
    np.testing.assert_array_equal(caught.witness["S"], stray[1])


def test_bets_on_a_support_are_in_proportion_to_what_was_too_frequent(monkeypatch):
    """After six, three and one of ten, where a half, 0.3 and 0.2 are said, and each is thought to come once more. A
    fourth value is said never to come: it is bet on once it did."""
    seen = []
    monkeypatch.setattr(bets.Bets, "add", lambda self, *given: seen.append([np.ravel(one).tolist() for one in given]))
    listed = Frequencies("Sketch", np.arange(1.0, 5.0)[:, None, None], np.array([0.5, 0.3, 0.2, 0.0]), 0)
    listed._bet(np.array([0, 2]))
    listed._counts += [6, 3, 1, 0]
    listed._bet(np.array([2, 0, 1]))
    listed._counts += [0, -1, 0, 1]
    listed._bet(np.arange(4))
    assert seen[0] == [[0, 0], [0], [0], [0]]
    x, said, low, high = seen[1]
    assert x == pytest.approx([-1, 0.4, 0])
    assert (said, low, high) == (pytest.approx([0], abs=1e-15), pytest.approx([-1]), pytest.approx([0.4]))
    assert seen[2][0] == pytest.approx([2 / 11, -10 / 33, -5 / 11, 1])
    assert seen[2][1] == pytest.approx([-1 / 11])


def test_calls_change_partners_with_the_next_one(monkeypatch):
    """The first with the second, to the sixth; a seventh has none. Catches prints that are of another call."""
    seen = heard(monkeypatch, batches, "_exchange")
    batches.check_lags("Sketch", [(np.full((20, 2, 1), k), np.full(20, k)) for k in range(7)], 0.01)
    for _, _, (early, late, *_), *_ in seen:
        for (H, prints), which in ((early, [0, 2, 4]), (late, [1, 3, 5])):
            assert prints[:, 0].tolist() == which
            np.testing.assert_allclose(H[:, 0, 0], np.square(which))


def test_calls_far_apart_change_partners_and_so_do_those_that_follow_each_other(monkeypatch):
    """Of sixteen calls the first eight with the others, and of each half every call with the one after it; one more
    has no partner. The last draw of a call may be the first of the next one."""
    seen = heard(monkeypatch, batches, "_exchange")
    batches.check_independence("Sketch", np.ones((17, 8, 2, 1)), np.repeat(np.arange(17)[:, None], 8, axis=1), 0.01)
    assert {(len(H), len(prints)) for given in seen for H, prints in given[2]} == {(8, 8), (4, 4)}
    assert np.ravel(seen[-1][3]).tolist() == [7, 0]
    early, late = [*range(8)], [*range(8, 16)]
    partners = [[prints[:, 0].tolist() for _, prints in given[2]] for given in seen]
    assert partners[:4] == [[early, late, early, late]] * 4
    assert partners[4:] == [[early[::2], late[::2], early[1::2], late[1::2]]] * 2


@pytest.mark.parametrize("sign", [1, -1])
def test_a_bet_on_a_law_loses_no_more_than_it_has(monkeypatch, sign):
    """Of a difference that is a hundred times as large as those before. Catches one that is cut beyond one."""
    seen = heard(monkeypatch, batches, "either_side", 0.0)
    wide = RNG.standard_normal((80, 1)) + 1
    wide[40] = sign * 100
    two = 1 + np.random.default_rng(0).standard_normal((800, 2)) * [1, 10]
    for some in (wide, two, np.full((80, 1), 0.5)):
        batches._compare("one", "other", "Sketch", some, 0 * some, 0.01)
    (cut,), (bet,), (same,) = seen
    assert np.abs(cut).max() == 1
    assert sign in cut
    assert bet.std() == pytest.approx(0.25, rel=0.1)  # a quarter of what has four deviations at most
    assert np.corrcoef(bet, two[100:, 0])[0, 1] > 0.9  # as the other has a variance that is a hundred times as large
    assert (same == 1).all()  # on the side that was larger, though it never varies


def test_a_moment_that_is_named_is_off_by_most_of_its_deviations():
    """And not the one whose mean is off by as much, as it varies: by 1 of 0.1, and by 0.6 of 30."""
    some = [1, 0] + np.random.default_rng(0).standard_normal((800, 2)) * [0.1, 30]
    words = rf"is {some[:, 0].mean():.4g} in the ones and 0 in the others"
    refuted(words, batches._compare, "one", "other", "Sketch", some, 0 * some, 0.01)


def test_a_bet_on_an_exchange_loses_at_most_what_it_may(monkeypatch):
    """Of partners that are the same, and others that are across: overlaps of 1 + 1 - 0 - 0, and a sign."""
    seen = heard(monkeypatch, batches, "either_side", 0.0)
    early, late = ((np.tile(e, (3, 2, 1)), np.full((3, 2), e[0])) for e in np.eye(3)[:2])
    batches._exchange("draws", "Sketch", [early, late, early, late], (np.array([0]), np.array([1])), 0.01)
    assert [(Z.max(), *ends) for Z, *ends in seen] == [(2, 2, 2), (1, 1, 1)]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_bet_on_independence_loses_no_more_than_it_has(monkeypatch, sign):
    """Of runs whose noise is kept a hundred times as much as that of those before, to either side."""
    seen = heard(monkeypatch, members, "either_side", 0.0)
    late = (np.arange(400) > 380)[:, None, None]
    kept = (np.arange(400) % 2 == 0)[:, None, None] * np.where(late, 1.0, 0.01)
    noise = np.resize([1.0, -1.0], 400)[:, None, None] * np.where(late, sign, 1) * np.ones((2, 2))
    members._check_independence(SOURCE, sample(noise, kept), 0.01)
    assert sign in seen[1][0]
    assert max(np.abs(Z).max() for (Z,) in seen) == 1


def test_all_checks_have_one_level_and_one_seed_and_powers_are_said_of_the_sizes_that_they_have():
    """By default; the level is that of the guide. Catches the default of one check that is another one."""
    checks = {name: getattr(testing, name) for name in testing.__all__ if name.startswith("check_")}
    given = {name: inspect.signature(check).parameters for name, check in checks.items()}
    assert {some["rng"].default for some in given.values()} == {0}
    assert {some["alpha"].default for some in given.values() if "alpha" in some} == {1e-6}
    for name, size, said in (
        ("check_chain", "merges", "With {} merges at alpha 1e-6"),
        ("check_projector", "draws", "With {}, means that are 5% off were seen"),
        ("check_refresh", "seeds", "in a fifth of {} pairs"),
    ):
        assert said.format(given[name][size].default) in checks[name].__doc__
