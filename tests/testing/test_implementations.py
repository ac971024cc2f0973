"""An algorithm of one's own: judged by theorems as checked.

A check at alpha fails a right implementation with probability at most ``LEVELS * alpha``. Seeds are fixed.
"""

import math
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom

from rac_theory import GD, SGD, Case, Constants, GaLore, LayeredRACLoRA, RACLoRA, Status, sketches, verify
from rac_theory.algorithms import H, Method, gradient, state
from rac_theory.algorithms.gradients import Exact, Local
from rac_theory.problems import FromFunctions, Layers, Quadratic
from rac_theory.sketches import Coordinate, Haar
from rac_theory.testing import NotShown, assert_rate_bound, check_algorithm
from rac_theory.testing.algorithms import implementations
from rac_theory.testing.algorithms.implementations import _turns
from rac_theory.testing.algorithms.law import LEVELS
from rac_theory.testing.probe import Probe
from tests.algorithms.methods import EF21, FEEDBACK, HEAVY_BALL
from tests.testing import by_hand
from tests.testing.by_hand import BATCH, DRAWS, GAMMA, LEAST, PLAIN, RAC, SAMPLED, Mine, X, Y, checked, declared, step
from tests.testing.cases import altered, cases
from tests.testing.failing import heard, refusal, refuted

# --- judged as checked ----------------------------------------------------------------------------------------------


def test_ten_lines_get_a_verdict():
    """From functions alone, with constants that are given: nothing is inherited, and nothing of ours is called."""

    def loss(W):
        return 0.5 * np.sum((X @ W - Y) ** 2) / 20 + 0.1 * np.sum(W**2)

    def gradient(W):
        return X.T @ (X @ W - Y) / 20 + 0.2 * W

    problem = FromFunctions((6, 4), loss, gradient, L=LEAST.L, mu=LEAST.mu, f_star=LEAST.f_star, f_star_error=1e-12)
    case = checked(step, steps=20, problem=problem)
    verdict = verify("T2", case, rng=0)
    assert verdict.status in (Status.HOLDS, Status.CONSISTENT)
    assert verdict.evidence == "sampled"
    assert "as checked by each step computed again and 2048 pairs of steps at level 4e-06" in str(verdict)
    assert verdict.levels == {"check of the algorithm": 4e-6, "runs": pytest.approx(1e-3 - 4e-6)}
    own, ours = (Constants.of(one, rng=0) for one in (case, Case(RAC, problem, steps=20)))
    assert (own.lambda_min, own.gap0, own.gamma) == (ours.lambda_min, ours.gap0, ours.gamma)


def test_runs_are_its_own():
    """A check that was passed elsewhere does not make its runs those of what it implements."""
    case = checked(Mine())
    vars(case.algorithm.stepper).update(scale=-0.05)  # it changes after the check
    assert verify("T2", case, rng=0).status is Status.VIOLATED


@pytest.mark.parametrize("theorem", ["T2", "T10"])
def test_without_the_check_nothing_is_judged(theorem):
    """The sentence says what to do. Of a theorem about any algorithm of ours it is a reason of the same kind."""
    verdict = verify(theorem, declared(Mine()), rng=0)
    assert verdict.status is Status.NOT_APPLICABLE
    words = "the algorithm is Mine, which was not checked: try the case that check_algorithm(case) returns"
    assert words in verdict.reason


def test_a_check_that_costs_more_than_alpha_is_refused():
    with pytest.raises(ValueError, match=r"add up to at most alpha=0.001, got 0.004 for check of the algorithm"):
        verify("T2", checked(Mine(), alpha=1e-3), rng=0)


@pytest.mark.long
def test_an_assertion_checks_first():
    """Its level covers the check: a quarter of it, and half for constants, of which there are none to sample."""
    verdict = assert_rate_bound("T2", declared(Mine()), rng=0, alpha=1e-4)
    assert verdict.levels == {"check of the algorithm": 2.5e-5, "runs": pytest.approx(7.5e-5)}
    words = r"but its steps are 0\.95 of those that are declared"
    refuted(words, assert_rate_bound, "T2", declared(Mine(scale=0.95)), rng=0)
    with pytest.raises(NotShown, match="NOT_APPLICABLE: gamma L <= 1 is not met"):
        assert_rate_bound("T2", declared(Mine(scale=2.0), RACLoRA(RAC.sketch, 2 * GAMMA)), rng=0)


def test_a_deterministic_one_is_decided_by_one_run():
    case = checked(lambda W, rng: W - GAMMA * LEAST.gradient(W), implements=GD(GAMMA))
    verdict = verify("T2", case)
    assert (verdict.status, verdict.evidence, verdict.runs) == (Status.HOLDS, "exact", 1)
    assert (case.checked.pairs, case.checked.each_step) == (0, True)


@cases(
    "implements",
    lambda gamma: SGD(gamma, BATCH),
    lambda gamma: GaLore(2, gamma),
    lambda gamma: HEAVY_BALL(RAC.sketch, gamma=gamma, beta=0.5),
)
def test_steps_that_rounding_hides_are_not_compared(implements):
    """Catches that all passes where nothing can be told: with gamma of 1e-13 steps twice as long did. Also lengths of
    all steps together for those of one, which at 1e-12 can be seen, and what does not move at all."""
    for gamma in (1e-12, 1e-13):
        case = declared(implements(2 * gamma), implements(gamma))
        with pytest.raises(ValueError, match=r"no step that .* claims to make is longer than 20 times what rounding"):
            check_algorithm(case, draws=DRAWS)
    for wrong in (implements(2e-10), lambda W, rng: W):
        checked(wrong, " must ", implements(1e-10))


# --- right ones -----------------------------------------------------------------------------------------------------


@pytest.mark.long
@cases(
    "implements, changes, each_step",
    (RAC, {}, True),
    (RACLoRA(sketches.Gaussian(4, 2), GAMMA, side="right"), {"side": "right"}, True),
    (SAMPLED, {"batch": 4}, False),
    (SGD(GAMMA, BATCH), {"sketched": False, "batch": 4}, False),
    (PLAIN, {"lora_alpha": 1.0}, False),
    ids=repr,
)
def test_a_right_one_passes(implements, changes, each_step):
    seen = checked(Mine(**changes), implements=implements).checked
    assert (seen.level, seen.pairs, seen.each_step) == (4e-6, 4 * DRAWS, each_step)


OwnData = altered(Mine, slowness=lambda self, problem: 1.0)
"""A gradient of its own, whatever the problem that it is given."""


@cases("implements, changes", (RAC, {}), (GD(GAMMA), {"sketched": False}), (SAMPLED, {"batch": 4}), ids=repr)
def test_data_of_its_own_is_no_fault(implements, changes):
    """Would catch a course on a multiple of the problem, of which it knows nothing. A wrong scale is seen as before."""
    checked(OwnData(**changes), implements=implements)
    checked(OwnData(**changes, scale=0.8), "of those that are declared", implements)


@pytest.mark.long
def test_single_precision_inside_is_no_fault():
    """Products of float32 are off by 6e-8, below what is called rounding; of the rank, too."""

    def single(W, rng):
        B = rng.standard_normal((6, 2)).astype(np.float32)
        G = LEAST.gradient(W).astype(np.float32)
        return W - (np.float32(GAMMA) * B @ np.linalg.solve(B.T @ B, B.T @ G)).astype(float)

    checked(single)


@pytest.mark.long
def test_ranks_that_only_all_runs_together_lose():
    """One in two hundred, where the mean step is right; a pool, or seeds that runs share, are told by their cause. Of
    16,384 pairs of steps 82 lose rank on average; 36 would do, which are fewer with probability 1e-9."""
    checked(by_hand.LosesRank(lost=1 / 200), "in how many have lost rank", draws=8 * DRAWS)


class Subspaces:
    """GaLore by hand, and what may go wrong with it."""

    def __init__(self, **changes):
        self.many, self.anew, self.scale, self.first, self.rank, self.V = 1, True, 1.0, 0, 2, None
        vars(self).update(changes)

    def step(self, W, rng):
        for k in range(self.many):
            G = LEAST.gradient(W)
            if self.V is None or (self.anew and k == 0):
                self.V = np.linalg.svd(G)[2][self.first : self.first + self.rank].T
            W = W - self.scale * GAMMA * G @ self.V @ self.V.T
        return W


@pytest.mark.parametrize(("many", "source"), [(1, Exact()), (3, Local(3))], ids=repr)
def test_an_optimiser_of_its_own_is_judged_as_galore(many, source):
    """T17 holds of it once it was checked, and of nothing before."""
    case = declared(Subspaces(many=many), GaLore(2, GAMMA, source), steps=20)
    assert verify("T17", case).status is Status.NOT_APPLICABLE
    verdict = verify("T17", check_algorithm(case))
    assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")


@cases(
    "changes, rank, cause",
    ({"anew": False}, 2, "its subspace is not found anew: its first 8 moves lie in that of the first gradient"),
    ({"scale": 0.9}, 2, r"its steps are 0\.9 of those that are declared: step 1 is off by 0\."),
    ({"first": 1}, 2, "it moves elsewhere: are its singular vectors the leading ones"),
    ({"rank": 1}, 2, "its moves have rank 1: step 1"),
    ({"scale": 0.9, "rank": 4}, 4, r".* step 1 is off by 0\.1 of gamma"),  # of the whole gradient, so by a tenth
)
def test_what_is_no_galore_is_named(changes, rank, cause):
    """A projector that is never refreshed is right in its first step; would catch a comparison of that alone, and a
    length of more steps than are made."""
    checked(Subspaces(**changes), rf"^Subspaces must be GaLore\(.*, but {cause}", GaLore(rank, GAMMA))


def test_galore_with_noise_cannot_be_declared():
    with pytest.raises(ValueError, match="implements must be a GaLore whose gradients are exact, got GaLore"):
        declared(Subspaces(), GaLore(2, GAMMA, BATCH))


def asking(self, problem, W, rng):
    """Ask the problem for its components, or make three steps under one sketch."""
    while True:
        H = self.matrices(rng, len(W))
        for _ in range(1 if self.batch else 3):
            i = rng.permuted(np.tile(np.arange(20), (len(W), 1)), axis=1)[:, : self.batch]
            G = problem.component_gradient(W, i) if self.batch else problem.gradient(W)
            W = W - self.scale * GAMMA * H @ G
        yield W


@pytest.mark.long
@pytest.mark.parametrize(("changes", "source"), [({"batch": 4}, BATCH), ({}, Local(3))], ids=str)
def test_gradients_that_are_asked_for_are_known(changes, source):
    """Then steps that are 1% too short are seen whatever the draws are, which the law of so few would not show."""
    own, implements = altered(Mine, iterates=asking), RACLoRA(RAC.sketch, GAMMA, gradients=source)
    assert checked(own(**changes), implements=implements).checked.each_step
    words = r"must make steps W - gamma H g.* step 1 is off by 0\.0"
    checked(own(**changes, scale=0.99), words, implements)


@pytest.mark.long
def test_a_right_one_fails_no_more_often_than_is_said():
    """Of 10 seeds at alpha = .01 a share of 4 alpha = .04 may fail: more than 4 do with probability 1e-4. Would catch a
    correction for many directions that is left out: then most seeds fail."""
    case = declared(Mine(lora_alpha=1.0), PLAIN)
    failed = sum(bool(refusal(check_algorithm, case, draws=DRAWS, alpha=0.01, rng=seed)) for seed in range(10))
    assert failed <= binom.isf(1e-4, 10, LEVELS * 0.01) < 5


@pytest.mark.long
def test_a_wrong_law_is_seen_with_the_power_that_is_said():
    """Steps that are 10% too short, by their law alone, with a quarter of the draws that are the default. With all of
    them 5% are seen as well: four times as many halve what is seen. Said is nine times in ten; if it were only six, all
    of 6 seeds would be seen with probability .05."""
    for seed in range(6):
        checked(Mine(lora_alpha=1.0, scale=0.9), "must move by -gamma E", PLAIN, draws=4096, rng=seed)


def test_a_step_on_several_layers_is_compared_with_what_it_claims():
    """An implementation of both layers, and the same with steps of nine tenths, which is found out."""
    layers = Layers([(4, 3), (3, 2)])
    A = np.random.default_rng(0).standard_normal((18, 18))
    problem = Quadratic.full(A @ A.T / 18 + 0.3 * np.eye(18), np.ones((18, 1)), layers=layers)
    claimed = LayeredRACLoRA(layers, [Haar(4, 1), Coordinate(2, 1)], 1 / problem.L, ("left", "right"))

    def both(share):
        """Steps of both layers that are longer by a factor."""

        def iterates(problem, W, rng):
            while True:
                first, second = layers.views(problem.gradient(W))
                b, kept = rng.standard_normal((len(W), 4, 1)), rng.integers(2, size=len(W))
                H = b * (np.swapaxes(b, 1, 2) @ first) / (b**2).sum(axis=1, keepdims=True), second.copy()
                H[1][np.arange(len(W)), :, 1 - kept] = 0
                W = W - share * claimed.gamma * layers.pack(H)
                yield W

        return SimpleNamespace(iterates=iterates)

    right = checked(both(1.0), implements=claimed, problem=problem, steps=10)
    assert verify("T1", right).status.name != "NOT_APPLICABLE"
    checked(both(0.9), r"its steps are about 0\.(89|9) of those that are declared", claimed, problem=problem)


def test_an_error_turns_a_subspace_of_full_rank_by_the_condition_number():
    """Of several gradients at once. Catches a gap to what comes after the last singular value."""
    G = np.random.default_rng(4801).standard_normal((2, 3, 4, 2))
    np.testing.assert_allclose(_turns(G, 2), np.linalg.cond(G))
    np.testing.assert_allclose(_turns(G, 1), [[1 / (1 - 1 / c) for c in row] for row in np.linalg.cond(G)])
    assert (_turns(np.stack([np.eye(3), np.full((3, 3), np.nan)]), 1) == np.inf).all()


COURSE = np.random.default_rng(5005).standard_normal((12, 8, 4, 6))
U, S, V = np.linalg.svd(COURSE, full_matrices=False)
LED = (U[..., :2] * S[..., None, :2]) @ V[..., :2, :]
KEPT = U[0][..., :2] @ (np.swapaxes(U[0][..., :2], 1, 2) @ LED)  # what the subspace of the first gradient keeps
NEXT = (U[..., 1:3] * S[..., None, 1:3]) @ V[..., 1:3, :]
ACROSS = U[0][..., 2:3] * V[..., 3:4, :]


def near(M, others, part):
    """Moves that are off by a part of the longest of each step, across a subspace of two directions."""
    size = np.sqrt(np.square(M).sum(axis=(2, 3)).max(axis=1))
    unit = others / np.sqrt(np.square(others).sum(axis=(2, 3), keepdims=True))
    return M + part * size[:, None, None, None] * unit


@cases(
    "D, R, words",
    (np.full_like(LED, np.nan), LED, "its iterates are not finite"),
    (0 * LED, LED, "it does not move"),
    (KEPT, LED, "its subspace is not found anew: its first 8 moves lie in that of the first gradient"),
    (KEPT[:5], LED[:5], "its first 5 moves lie in"),
    (np.concatenate([KEPT[:3], LED[3:]]), LED, "its first 3 moves lie in"),
    (near(KEPT, ACROSS, 0.9e-4), LED, "its first 8 moves"),
    (np.concatenate([KEPT[:1], near(KEPT, ACROSS, 1.1e-4)[1:]]), LED, "are others: is there momentum, a schedule"),
    (KEPT, KEPT, "its later steps are others"),
    (np.concatenate([LED[:1], NEXT[1:]]), LED, "its later steps are others"),
    (np.concatenate([0.8 * LED[:1], LED[1:]]), LED, "its steps are 0.8 of those that are declared"),
    (np.concatenate([(1 + 1.1e-4) * LED[:1], LED[1:]]), LED, "its steps are 1 of those that are declared"),
    (near(0.8 * LED, NEXT, 0.9e-4), LED, "its steps are 0.8 of those that are declared"),
    (near(0.8 * LED, NEXT, 1e-3), LED, "its moves have rank 3"),
    (NEXT, LED, "it moves elsewhere: are its singular vectors the leading ones"),
    (LED[:, :, :1] * COURSE[..., :1], LED, "its moves have rank 1"),
)
def test_what_moves_do_in_place_of_galores_is_said(D, R, words):
    """By moves that are made by hand, tall or wide; a run that is not finite is left out."""
    runs = (D, np.inf), (R, 1), (COURSE[: len(D)], 1)
    D, R, G = (np.concatenate([M, np.full_like(M[:, :1], fill)], axis=1) for M, fill in runs)
    assert words in implementations._cause(D, R, G, GaLore(2, GAMMA))
    assert words in implementations._cause(*(np.swapaxes(M, 2, 3) for M in (D, R, G)), GaLore(2, GAMMA))


@cases(
    "method, watched, lag",
    (HEAVY_BALL, [1, 0], 0),
    (EF21, [0, -0.1], 1),
    (FEEDBACK, [1, -1], 0),
    (FEEDBACK.reporting(state("X")), [1, 0], 0),
)
def test_what_is_reported_shows_a_move_some_steps_later(method, watched, lag):
    """At once for heavy ball; EF21 adds it to M, which moves W a step later; in error feedback it cancels."""
    numbers = {"gamma": 0.1, "beta": 0.5}
    program = method(Haar(6, 2), **{name: numbers[name] for name in method.letters}).program
    found, later = implementations._watched(program, np.array(program.kick))
    assert later == lag
    assert found @ np.array(program.kick) == pytest.approx(np.array(watched) @ np.array(program.kick))


@pytest.mark.parametrize(("part", "refuses"), [(0.9, False), (1.1, True)])
@pytest.mark.parametrize("fault", ["no sketch", "across", "beyond"])
def test_what_a_projection_leaves_is_known_up_to_rounding(fault, part, refuses):
    """A millionth of the argument of H, and what is small, in one run: catches a sign of either, and a run left out.
    Without a sketch it is the argument; else it is across from the rest of it, and has the rank."""
    declared = HEAVY_BALL(None if fault == "no sketch" else Haar(6, 2), gamma=0.1, beta=0.5)
    off = part * (0.5 + 1e-6 * 5)
    P, of = np.zeros((3, 6, 4)), np.zeros((3, 6, 4))
    P[:, 0, 0], of[:, 0, 0], of[:, 5, 3] = 3, 3, 4
    if fault == "no sketch":
        P = of.copy()
        P[1, 2, 2] = off
    elif fault == "across":  # its product with the rest, 4 x, is that many times the length of the argument
        x = 4 * off / math.sqrt(16 - off**2)
        of[1], P[1] = 0, 0
        of[1, 0, 0], of[1, 0, 1], P[1, 0, 0] = x, 4.0, x
    else:
        P[1, 1, 1], P[1, 2, 2] = 2.0, off
        of[1, 1, 1], of[1, 2, 2] = 2.0, off
    small = 0.5 + 1e-6 * (5 - np.linalg.norm(of, axis=(1, 2)))
    left = partial(implementations._check_left, SimpleNamespace(called="Mine"), declared, P, of, small)
    words = r"Mine must be the method .*: in step 3 it moves by no projection"
    caught = refuted(words * refuses, left, np.array([True, True, True]), 2, of)
    if refuses:
        np.testing.assert_array_equal(caught.witness["W"], of[1])
        left(np.array([True, False, True]), 2, of)  # what is not known is left out


def test_what_rests_at_zero_is_no_other_method():
    """Where nothing is moved nothing is rounded, and no difference is allowed."""
    zero = np.zeros((3, 6, 4))
    known, declared = np.array([True, True, True]), HEAVY_BALL(None, gamma=0.1, beta=0.5)
    implementations._check_left(SimpleNamespace(called="Mine"), declared, zero, zero, np.zeros(3), known, 2, zero)


@pytest.mark.parametrize("implements", [GD(GAMMA), GaLore(2, GAMMA), HEAVY_BALL(None, gamma=GAMMA, beta=0.5)], ids=str)
def test_the_lowest_point_is_looked_for_once(implements, monkeypatch):
    """Descents to it can take most of a check: from zero, a start and a minimum that are given, and from two others."""
    starts = heard(monkeypatch, Probe, "_descended", Probe._descended)
    checked(implements, implements=implements)
    assert len(starts) == len(Probe(LEAST, 0).landmarks) + 2


def test_a_state_that_the_report_does_not_read_is_not_watched():
    """W moves by M, which H moves; what else H moves, by twice as much, shows nowhere. Catches a place for it."""
    W, M, Z = state("W", "M", "Z")
    move = H(gradient(W))
    program = Method({W: W - M, M: M + move, Z: Z + 2 * move}, start={M: 0, Z: 0})(Haar(6, 2)).program
    found, lag = implementations._watched(program, np.array(program.kick))
    assert (found.tolist(), lag) == ([1, -1, 0], 1)
