"""What projected descents promise, each refused from an edge on that is counted by hand, and how runs are watched."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from rac_theory import Clients, Exact, Implementation, Local, Minibatch, Reshuffled
from rac_theory.algorithms.gradients.noise import Noise
from rac_theory.problems import Federated
from rac_theory.testing.algorithms import check_algorithm, course, law, members, recomputed
from rac_theory.testing.algorithms.claimed import Claim, View
from rac_theory.testing.probe import Probe
from tests.testing.by_hand import GAMMA, LEAST, PLAIN, RAC, Mine
from tests.testing.cases import cases
from tests.testing.failing import expect_refusal, heard, refusal

RNG = np.random.default_rng(5005)
EDGES = [(0.9, False), (1.1, True)]
FEDERATED = Federated(LEAST, 4)
_, A, B = np.random.default_rng([0, 2]).standard_normal((3, members._RUNS, 6, 4))
P, K, THIRD = np.diag([1.0, 1, 0, 0, 0, 0]), np.zeros((6, 6)), np.diag([0.0, 0, 1, 0, 0, 0]) / np.abs(A[:, 2]).max()
K[0, 2], K[2, 0] = 1, -1
WORST = f": H applied twice, or turned around, is not H, at G of norm {np.linalg.norm(A[7]):.6g}"
K *= 12 / np.abs(np.sum(B * (K @ A), (1, 2))).max()


@pytest.mark.parametrize(("part", "refuses"), EDGES)
@cases(
    "promise, moved",
    ("must yield step(W, G) = W - gamma H G", lambda W, V, G, e: P @ G + e * np.sign(V[0, 0, 0])),
    ("must yield steps that are linear in G", lambda W, V, G, e: P @ G + e / 2),  # of 2 A - 3 B it is twice as much
    (f"must yield orthogonal projections{WORST}", lambda W, V, G, e: (1 + e / np.abs(A[:, :2]).max()) * P @ G),
    ("must yield orthogonal projections", lambda W, V, G, e: P @ G + e * K @ G),
    ("must draw the same projections whatever W is", lambda W, V, G, e: (P + e * (np.abs(W).max() > 10) * THIRD) @ G),
)
def test_steps_are_projections_up_to_rounding(promise, moved, part, refuses):
    """1e-8: of what is moved, for matrices that are of the size of one. Catches a maximum that is a minimum, the matrix
    of another run than the worst, and short steps from which their rounding is not taken off.
    """

    def asked(words, gamma, part):
        def low_rank_steps(rng, W):
            while True:
                yield lambda V, G: V - gamma * moved(W, V, G, part * 1e-8)

        algorithm = SimpleNamespace(gamma=gamma, low_rank_steps=low_rank_steps)
        expect_refusal(words, members.check_steps, algorithm, LEAST, 0)

    asked(f"SimpleNamespace.low_rank_steps {promise}" * refuses, 0.5, part)
    asked("", 1e-8, 0.0)


@pytest.mark.parametrize(("part", "refuses"), EDGES)
@pytest.mark.parametrize("late", [0, 5])
def test_a_move_has_the_rank_of_its_sketch_up_to_a_millionth(part, refuses, late):
    """Of the larger of two sides, in one run at the first or the last of six steps."""
    move = np.zeros((members._RUNS, 6, 4))
    move[:, 0, 0] = 7
    wrong = move.copy()
    wrong[3, 1, 1], wrong[3, 2, 2] = 3, part * 7e-6

    def iterates(problem, W, rng):
        for t in range(6):
            W = W - (wrong if t == late else move)
            yield W

    def said(**sketches):
        sketches = SimpleNamespace(**{side: SimpleNamespace(rank=rank) for side, rank in sketches.items()})
        claim = SimpleNamespace(declared=sketches, algorithm=SimpleNamespace(iterates=iterates))
        return refusal(members.check_rank, claim, LEAST, 0)

    assert said(left=1, right=2).startswith("SimpleNamespace must move by a matrix of rank at most 2" * refuses)
    assert ("singular value 3 is 7.7e-06, the largest 7" in said(left=1, right=2)) is refuses
    assert (f", at change of norm {np.linalg.norm(wrong[3]):.6g}" in said(left=1, right=2)) is refuses
    assert not said()
    assert not said(sketch=4)
    if not late:
        wrong[5, 0, 0] = np.nan  # a run that has diverged: no rank can be told
        assert not said(left=1, right=2)


def test_what_may_be_stray_is_twice_A_times_the_gap_and_C():
    problem, noise = SimpleNamespace(value=lambda W: 7.0, f_star=4.0, f_lower=1.0), Noise(2.0, 1.0, 5.0)
    assert members._stray(Noise(0.0, 1.0, 5.0), problem, W=0) == 5
    for bounds, stray in (({}, 17), ({"f_star": math.nan}, 29), ({"f_lower": 8.0}, 5)):
        vars(problem).update(bounds)
        assert members._stray(noise, problem, W=0) == stray
    two = np.array([[[3.0, 4.0]], [[0.0, 1.0]]])  # squares of 25 and 1
    assert [members._variance(two, declared) for declared in (None, 10.0, 20.0)] == pytest.approx([26, 1.2 * 13, 20])


def sample(G, g, n=64):
    return members.GradientSample(np.zeros_like(G), G, np.tile(g, (n, 1, 1)), None)


@pytest.mark.parametrize("size", [1e-10, 1.0, 1e10])
def test_rounding_across_a_gradient_is_no_noise(size):
    """Of any size. Catches what is allowed for rounding in another unit than that of squares, and where no noise is
    declared a bound below zero, above which nothing would be.
    """
    G = size * RNG.standard_normal((6, 4))
    for here, is_noise in ((G, False), (0 * G, True)):
        found = refusal(members._check_noise, "Source", Noise(0.0, 1.0, 0.0), LEAST, sample(here, G), 0.01)
        assert bool(found) == is_noise


def test_the_variance_of_a_mean_is_what_is_declared_and_rounding(monkeypatch):
    """``(beta - 1) ||G||^2 + C``, and 1e-18 of ``||G||^2``: of G with the square 25."""
    seen, G = heard(monkeypatch, members, "log_wealth_without_range", 0.0), np.array([[3.0, 4.0]])
    for beta, C in ((3.0, 7.0), (0.5, 0.0)):
        members._check_mean("Source", Noise(0.0, beta, C), LEAST, sample(G, G, 8), 0.01)
    assert [variance for _, variance in seen] == pytest.approx([57.0, 25e-18], rel=1e-12, abs=0)


@cases(
    "g, sentence",
    ([2.0, 0.0], "for H = I the bound is 3, 64 draws have mean 4"),
    ([0.5, 1.5], "for H = I without the direction of grad f the bound is 1, 64 draws have mean 2.25"),
    ([1.4, 0.9], ""),
)
def test_noise_is_bounded_with_and_without_the_direction_of_the_gradient(g, sentence):
    """E||g||^2 by 2 + 1, and across the gradient, which is a unit vector, by 1."""
    given = Noise(0.0, 2.0, 1.0), LEAST, sample(np.array([[1.0, 0.0]]), g), 0.01
    expect_refusal(sentence, members._check_noise, "Source", *given)


@cases(
    "descend, refuses",
    (lambda problem, W, step, rng: step(W, problem.gradient(W)), False),
    (lambda problem, W, step, rng: step(W, np.nan * W), False),
    (lambda problem, W, step, rng: W, True),
    (lambda problem, W, step, rng: step(W + 1, problem.gradient(W)), True),
    (lambda problem, W, step, rng: step(W, problem.gradient(W)) + 1, True),
)
def test_what_declares_noise_makes_one_step(descend, refuses):
    source = SimpleNamespace(descend=descend, noise=None)
    words = "SimpleNamespace.descend must return step(W, g) for one gradient g"
    expect_refusal(words * refuses, members._check_single, source, LEAST, np.ones((6, 4)))
    del source.noise
    assert not refusal(members._check_single, source, LEAST, np.ones((6, 4)))


def test_a_slower_problem_is_a_multiple_in_all_that_it_says():
    """Of its clients too."""
    W, i = RNG.standard_normal((3, 6, 4)), np.array([[0, 2], [1, 1], [3, 0]])
    slower = course.slowed(FEDERATED, 0.25)
    for slow, fast in ((slower, FEDERATED), (slower.clients[1], FEDERATED.clients[1])):
        np.testing.assert_allclose(slow.value(W), fast.value(W) / 4)
        np.testing.assert_allclose(slow.gradient(W), fast.gradient(W) / 4)
        np.testing.assert_allclose(slow.component_gradient(W, i), fast.component_gradient(W, i) / 4)
        for found, part in zip(slow.value_and_gradient(W), (fast.value(W), fast.gradient(W)), strict=True):
            np.testing.assert_allclose(found, part / 4)


def test_what_asks_its_problem_is_watched_on_a_slower_one_too():
    for mine in (Implementation(Mine(), implements=RAC), RAC):
        run = course.also_slowed(mine, LEAST, np.ones((2, 6, 4)), 0)
        assert len(run) == 2
        np.testing.assert_allclose(run[-1].gradient(np.eye(6, 4)), LEAST.gradient(np.eye(6, 4)) / 16)
    own = Implementation(lambda W, rng: W - GAMMA * LEAST.gradient(W), implements=RAC)
    assert len(course.also_slowed(own, LEAST, np.ones((2, 6, 4)), 0)) == 1


def test_starts_are_at_eight_distances_in_turns():
    near = np.ones((2, 3))
    W = course.spread(near, 11, [7])
    Z = np.random.default_rng([7]).standard_normal((11, 2, 3))
    scales = (W - near)[:, 0, 0] / Z[:, 0, 0]
    np.testing.assert_allclose(W - near, scales[:, None, None] * Z, atol=1e-12)
    np.testing.assert_allclose(scales[8:], scales[:3], rtol=1e-9, atol=1e-12)


def test_components_that_were_heard_are_played_again_in_their_order():
    """Of the problem, and of each client; more than were asked for exhaust it."""
    W = RNG.standard_normal((2, 6, 4))
    recorder = course.Recorder(FEDERATED)
    asked = np.array([[3, 1], [0, 2]])
    recorder.problem.component_gradient(W, asked)
    recorder.problem.component_gradient(W, asked[:, :1])
    recorder.problem.clients[2].component_gradient(W, asked[:, 1:])
    tapes = recorder.read(2)
    expected = [[[3, 1, 3], [0, 2, 0]], *[[[], []]] * 2, [[1], [2]], [[], []]]
    assert [tape.tolist() for tape in tapes] == expected
    assert [tape.tolist() for tape in recorder.read(2)] == [[[], []]] * 5
    recorder.problem.component_gradient(W[:1], asked[:1])
    assert recorder.read(2)[0] is None
    replay = course.Replay(FEDERATED, tapes)
    for i in (asked, asked[:, :1]):
        assert not replay.is_over
        found = replay.problem.component_gradient(W, np.full_like(i, 3))  # others are asked for
        np.testing.assert_allclose(found, FEDERATED.component_gradient(W, i))
    with pytest.raises(course.Exhausted):
        replay.problem.component_gradient(W, asked[:, :1])
    with pytest.raises(course.Exhausted):
        replay.problem.clients[2].component_gradient(W, asked)
    client = replay.problem.clients[2].component_gradient(W, asked[:, :1])
    np.testing.assert_allclose(client, FEDERATED.clients[2].component_gradient(W, asked[:, 1:]))
    assert replay.is_over


@cases(
    "source, tapes, sentence",
    (Reshuffled(), [[0, 1, 2], [2, 1, 0]], None),
    (Reshuffled(), [[0, 1, 2], [2, 1, 1]], "an epoch must take each of the N = 3 components, one took 2"),
    (Reshuffled(), [[], []], None),
    (Minibatch(2), [[0, 1], [2, 1]], None),
    (Minibatch(2), [[0, 1], [2, 2]], "a minibatch without replacement must have 2 components, one has 1"),
    (Minibatch(2, replace=True), [[0, 1], [2, 2]], None),
    (Minibatch(2), [[0, 0, 0], [2, 2, 2]], None),
)
def test_what_was_asked_for_is_a_draw_of_its_source(source, tapes, sentence):
    """Also of clients, where the first tape is the problem's own and says nothing."""
    tape = np.array(tapes, dtype=int)
    three = SimpleNamespace(n_components=3)
    of_clients = SimpleNamespace(n_components=9, clients=[three])
    assert course.check_drawn(source, three, (tape,)) == sentence
    assert course.check_drawn(Clients(source), of_clients, (np.zeros((2, 9), int), tape)) == sentence
    assert course.check_drawn(source, three, (None,)) is None


def test_the_numbers_of_an_epoch_say_when_components_come_and_with_which_neighbours():
    """Of four places from -1 to 1; of forty components 32 are looked at. Without an epoch there are none. Those of a
    minibatch are the shares of its components, as a bet on them must not lose more than it has."""
    found = course.numbers(Reshuffled(), 4, np.array([[2, 0, 3, 1]]))
    a = 1 / 3
    np.testing.assert_allclose(found, [[-a, 1, -1, a, -a, -1, -a, -a * a]])
    order = RNG.permutation(40)
    when = np.argsort(order) * 2 / 39 - 1
    places = np.linspace(0, 39, 32).astype(int)
    found = course.numbers(Reshuffled(), 40, order[None])[0]
    np.testing.assert_allclose(found, [*when[places], *(when[places] * when[(places + 1) % 40])])
    for none in ([[2, 0, 3, 3]], [[2, 0, 1]]):
        assert course.numbers(Reshuffled(), 4, np.array(none)) is None
    assert course.numbers(Minibatch(2), 4, np.array([[0, 3], [1, 1]])).tolist() == [[0.5, 0, 0, 0.5], [0, 1, 0, 0]]
    many = course.numbers(Minibatch(2), 64, np.array([[0, 63], [3, 2]]))
    assert [np.flatnonzero(row).tolist() for row in many] == [[0, 31], [1]]
    assert many.sum(axis=1).tolist() == [1, 1]
    assert course.numbers(Minibatch(3), 64, np.array([[0, 63]])) is None
    assert course.numbers(Exact(), 4, np.array([[0]])) is None
    assert course.numbers(Minibatch(2), 4, None) is None


def test_of_two_ways_each_run_has_the_one_that_fits_it_better():
    one = recomputed.Deviation(np.array([1.0, 4, np.nan, 5]), np.array([2.0, 2, 1, 0]), np.arange(4.0))
    two = recomputed.Deviation(np.array([3.0, 3, 1, 1]), np.array([2.0, 2, 2, 1]), 10 + np.arange(4.0))
    assert one.excess.tolist() == [0.5, 2, 0, 0]
    both = one.closer(two)
    assert [both.length.tolist(), both.allowed.tolist()] == [[0, 11, 2, 3], [2, 2, 1, 0]]
    assert both.excess.tolist() == [0.5, 1.5, 0, 0]


@pytest.mark.parametrize("spans", [None, False, True])
@pytest.mark.parametrize("bends", [False, True])
def test_a_step_may_be_off_by_a_part_of_its_gradients_and_by_rounding(spans, bends):
    """A millionth of ``gamma ||g||``, forty of them where H is read off from a move; where that leaves H open, and
    several steps are made, nothing is said."""
    before, after = np.array([[[3.0], [4.0]]]), np.array([[[0.0], [5.0]]])
    kind = SimpleNamespace if spans is None else recomputed._Along
    inner = kind.__new__(kind)
    vars(inner).update(spans=np.array([spans]), view=View("left", 1), gamma=0.5, basis=np.zeros((1, 2, 1)))
    step = recomputed._Step(before, after, inner if spans is not None else lambda V, G: V, 0.5)
    step(before, np.array([[[6.0], [8.0]]]))
    step(before + bends, np.array([[[0.0], [10.0]]]))
    found = step.compared(after + np.array([[[3.0], [4.0]]]))
    assert [*found.length, *found.off] == pytest.approx([10, 0 if bends and spans is False else 5])
    relative = 1e-6 if spans is None else 4e-5
    assert found.allowed == pytest.approx([relative * 10 + 10 * 1e5 * 4 * 2**-52 * 10], rel=1e-9, abs=0)


def test_rounding_is_counted_in_sizes_of_iterates():
    before, after = np.array([[[3.0, 4.0]]]), np.array([[[0.0, 2.0]]])
    assert recomputed.blur(before, after) == pytest.approx([4 * 2**-52 * 7], rel=1e-12)
    assert recomputed.rounding(before, after) == pytest.approx([4e3 * 2**-52 * 7], rel=1e-12)


@pytest.mark.parametrize(("part", "spans"), [(0.9, False), (1.1, True)])
def test_a_direction_is_known_if_it_is_longer_than_rounding(part, spans):
    """1e5 times; what was not a number moved nowhere, and a direction beyond the rank is not taken."""
    before, after = np.zeros((3, 3, 2)), np.zeros((3, 3, 2))
    after[0, 0, 0], after[1, 1, 1], after[2, 2, 0] = 1, np.nan, 2
    after[0, 1, 1] = 1e5 * 4 * 2**-52 * part
    for view in (View("left", 2), View("left", 1)):
        step = recomputed._Along(before, after, view, 0.5)
        assert step.spans.tolist() == [spans or view.rank == 1, False, view.rank == 1]
        moved = step(before, np.ones((3, 3, 2)))
        where = [[True, spans and view.rank == 2, False], [False] * 3, [False, False, True]]
        assert (moved != 0).any(axis=2).tolist() == where
        np.testing.assert_allclose(moved[0, 0], -0.5)


def test_what_was_compared_is_the_least_of_all_places(monkeypatch):
    found = iter([law.Compared(7, True), law.Compared(5, False), law.Compared(9, True)])
    monkeypatch.setattr(law, "_check_place", lambda *arguments: next(found))
    heard(monkeypatch, law, "check_course")
    assert law.check_law(Claim(Implementation(Mine(), implements=PLAIN)), Probe(LEAST, 0), 64, 1e-3) == (5, False)


def test_passes_are_the_gradients_of_a_step():
    W = np.ones((6, 4))
    sources = [(Exact(), LEAST, 1), (Local(3), LEAST, 3), (Reshuffled(), LEAST, 20), (Clients(Local(2)), FEDERATED, 8)]
    for source, problem, count in sources:
        assert law._passes(SimpleNamespace(source=source), problem, W) == count
    assert law._passes(SimpleNamespace(source=SimpleNamespace(descend=lambda *arguments: None)), LEAST, W) == 1


@pytest.mark.parametrize(("part", "refuses"), EDGES)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_mean_is_on_the_side_that_is_said_up_to_its_error(part, refuses, sign):
    """Numbers one above and one below have a deviation of one: of a hundred the mean has an error of a tenth."""
    numbers = 5 + np.resize([1.0, -1.0], 100) + sign * part * 3 * 0.1
    arguments = ("A.constants", "lambda", numbers, 5.0, 3.0)
    assert bool(refusal(check_algorithm._compare, *arguments, (sign,))) is refuses
    assert bool(refusal(check_algorithm._compare, *arguments, (1, -1))) is refuses
    assert not refusal(check_algorithm._compare, *arguments, (-sign,))
    rounded = np.full(100, 5 + sign * part * 1e-9 * 10)
    assert bool(refusal(check_algorithm._compare, "A", "b", rounded, 5.0, 3.0, (sign,))) is refuses
    assert not refusal(check_algorithm._compare, "A", "b", np.full(9, math.nan), 5.0, 3.0, (sign,))


def test_what_is_declared_shares_the_level_of_the_normal_law(monkeypatch):
    """Two bounds and two moments of five steps at three places: 36 means, two of which are compared from both sides."""
    seen = heard(monkeypatch, check_algorithm, "_compare")
    moments = SimpleNamespace(start=lambda W: 0, step=lambda state: state + 1, readout=lambda t: (t, 10 * t, None))
    problem = SimpleNamespace(**{n: getattr(LEAST, n) for n in ("shape", "value", "gradient", "f_star")})
    declared = SimpleNamespace(
        gamma=0.5,
        constants=lambda problem: {"lambda_min": 0.25, "lambda_max": 0.75, "other": 1.0},
        second_moments=lambda problem: moments,
        iterates=lambda problem, W, rng: iter([W - 0.25 * problem.gradient(W)] * 9),
    )
    check_algorithm.check_declared(declared, Probe(problem, 0), 64, 0.01)
    assert len(seen) == 3 * (2 + 2 * 5)
    assert [call[4] for call in seen] == [pytest.approx(norm.isf(0.01 / (2 * 36)))] * 36
    for call in seen[:2]:
        np.testing.assert_allclose(call[2], 0.5)
    assert [call[3:][::2] for call in seen[:2]] == [(0.25, (-1,)), (0.75, (1,))]
    for t, (gaps, squares) in enumerate(zip(seen[2:12:2], seen[3:12:2], strict=True), 1):
        assert gaps[1::2] == (f"E f - f* at t = {t}", t, (-1, 1))
        assert squares[1::2] == (f"E||grad f||^2 at t = {t}", 10 * t, (-1, 1))
    del declared.second_moments
    seen.clear()
    check_algorithm.check_declared(declared, Probe(problem, 0), 64, 0.01)
    assert [call[4] for call in seen] == [pytest.approx(norm.isf(0.01 / (2 * 36)))] * 6


@pytest.mark.parametrize(("part", "refuses"), EDGES)
def test_a_frozen_sketch_is_left_by_no_step_and_a_plain_step_has_the_rank_of_its_sketch(part, refuses):
    """The last step in one run: what the whole way has beyond the rank, and what rounding is of it, 1e6 times. Also of
    the last run of plain steps that is looked at; one that has diverged is left out."""
    W = np.zeros((3, 24, 3, 2))
    W[1:, :, 0, 0], W[2, 1, 1, 1] = 1.0, part * 1e-6
    claim = SimpleNamespace(name="A", views=(View("left", 1),))
    said = refusal(recomputed._check_frozen, claim, SimpleNamespace(W=W, tapes=[(), ()]))
    begin, end = "A must keep one sketch a run, of rank 1: after 2 steps the next singular value", "is 1.1e-06"
    assert said.startswith(begin) is said.endswith(end) is bool(said) is refuses
    W[2, 1, 1, 1], W[2, 23, 0, 0], W[2, 23, 1, 1], W[2, 5] = 0.0, 3.0, 2 * part * 1e-6, np.nan
    words = "A must move by a matrix of rank at most 1, that of its sketch: in step 2"
    expect_refusal(words * refuses, recomputed._check_plain, claim, SimpleNamespace(W=W, tapes=[(), ()]))


@pytest.mark.parametrize("computable", [(True, True), (True, False), (False, True)])
def test_each_step_is_computed_again_if_all_are(monkeypatch, computable):
    monkeypatch.setattr(recomputed, "_check_step", lambda claim, problem, seen, t: computable[t])
    assert recomputed.check_again(Claim(RAC), LEAST, SimpleNamespace(tapes=[(), ()])) is all(computable)
