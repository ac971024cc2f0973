"""The numbers by which laws of moves are compared, each by hand or by loops over runs and steps."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import GD, Minibatch
from rac_theory.problems import Quadratic
from rac_theory.testing.algorithms import exchange, paired_steps
from rac_theory.testing.algorithms.claimed import Claim, View
from rac_theory.testing.algorithms.moves import Moves
from rac_theory.testing.algorithms.paired_steps import PairedSteps, of_moves, of_spaces
from tests.testing.by_hand import LEAST
from tests.testing.cases import cases
from tests.testing.failing import refuted

RNG = np.random.default_rng(5003)
STEPS = RNG.standard_normal((2, 4, 3, 2, 2))
LEFT, U = View("left", 2), np.linalg.qr(RNG.standard_normal((2, 40, 6, 2)))[0]
NOISE = RNG.standard_normal((2, 40, 6, 4))


def test_parts_along_the_gradient_and_along_its_rows_and_columns():
    """By hand; a number that rounding explains is zero."""
    G, one = np.array([[3.0, 4.0], [0.0, 1.0]]), np.array([[1.0, 2.0], [5.0, 7.0]])
    parts = [18 / math.sqrt(26), 7.44 / math.sqrt(1.04), (1 / 3 + 15 / 17) / math.sqrt(1 / 9 + 1 / 17)]
    parts += [11 / 5, 7, 1, 15 / math.sqrt(17)]
    names, Z = exchange._in_directions(np.stack([one, one]), G, np.array([0.0, 3.6]))
    assert Z[0] == pytest.approx(parts, rel=1e-12)
    assert Z[1] == pytest.approx([x if x > 3.6 else 0 for x in parts], rel=1e-12)
    named = ["the gradient", "the rows", "the columns", "row 0", "row 1", "column 0", "column 1"]
    assert [name.removeprefix("along ").removesuffix(" of the gradient") for name in names] == named
    flat = exchange._in_directions(one[None], np.array([[0.0, 2.0], [0.0, 0.0]]), np.zeros(1))[1]
    assert flat[0] == pytest.approx([2, 2, 2, 2, 0, 0, 2])


def test_a_direction_is_learned_from_a_third_and_asked_of_the_rest():
    """Seven runs: of two the mean is (3, 4), and of the others the part along it is taken."""
    runs = np.array([[2.0, 4], [4, 4], [1, 0], [0, 1], [5, 5], [3, 4], [0.01, 0]])[:, None]
    _, Z = exchange._learned(runs, np.array([9.0, 9, 0, 0, 0, 0, 0.01]))
    assert Z.ravel() == pytest.approx([0.6, 0.8, 7, 5, 0])
    assert not exchange._learned(0 * runs, np.zeros(7))[1].any()


def test_products_of_two_runs_are_cosines():
    """Of seven unit vectors at known angles; the fifth is as short as rounding, and the last has no partner."""
    angles, size = np.array([0.1, 0.5, 1.1, 2.0, 3.1, 4.0, 5.0]), np.array([1, 2, 3, 4, 1e-3, 5, 6])
    runs = (size * np.array([np.cos(angles), np.sin(angles)])).T[:, None]
    _, Z = exchange._between(runs, np.full(7, 1e-3))
    seen = [[(0, 1), (2, 3), (4, 5)], [(0, 3), (1, 4), (2, 5)], [(0, 5), (1, 4), (2, 3)]]
    for found, pairs in zip(Z.T, seen, strict=True):
        assert found == pytest.approx([0 if 4 in (i, j) else math.cos(angles[i] - angles[j]) for i, j in pairs])


def test_squared_lengths_differ_where_lengths_differ_by_more_than_rounding():
    D, R = np.array([[3, 0.2, 1, 1, 0.1, 2], [2, 0, 1.15, 1.05, 0.3, 2]])[:, :, None, None]
    _, Z = exchange._lengths(D, R, np.full(6, 0.1))
    np.testing.assert_allclose(Z[:, 0], [5, 0.04, 1 - 1.15**2, 0, 0.01 - 0.09, 0], rtol=1e-12)
    assert Z[:, 1].tolist() == [0, -1, 0, 0, 1, 0]


def test_lost_ranks_and_spaces_of_another_run_are_counted():
    """And compared. Catches one that is written over the other, and sums, by which the right law would be refused."""
    minors = SimpleNamespace(lost=np.eye(1, 128, dtype=bool), angle=np.append(np.zeros(64), np.arange(64.0))[None])
    fresh = SimpleNamespace(lost=np.eye(1, 128, 2, dtype=bool), angle=np.append(np.arange(64.0), np.ones(64))[None])
    names, Z = exchange._ranks(SimpleNamespace(minors=(minors, fresh)))
    assert np.argwhere(Z).tolist() == [[0, 0], [0, 1], [1, 1], [2, 0]]
    assert Z[[0, 2], 0].tolist() == [1, -1]
    assert Z[0, 1] == -Z[1, 1] == paired_steps.repeating(np.zeros(64))[0] > 0
    assert len(names) == 2
    assert not exchange._ranks(SimpleNamespace(minors=(None, fresh)))[1].any()


def test_groups_of_runs_are_compared_by_what_repeats_and_by_their_means():
    """Two groups at opposite ends beside two of pairs of opposites, and one run that is in no group. Of 64 runs on one
    line 63 repeat, of 32 pairs 32; means are at a distance of one, and of zero."""
    angles = np.repeat(np.linspace(0.1, 3, 64), 2) + np.tile([0, math.pi], 64)
    some = np.array([np.cos(angles), np.sin(angles)]).T[:, None]
    ends = np.repeat([1.0, -1.0], 64)[:, None, None] * np.array([[0.6, 0.8]])
    D, R = (np.concatenate([M, np.zeros((1, 1, 2))])[None] for M in (3 * ends, 2 * some))

    def together(D, R, small=1e-3):
        return exchange._together(SimpleNamespace(D=D, R=R), np.full(129, small))[1]

    np.testing.assert_allclose(together(D, R), [[31, 1], [31, 1]], atol=1e-6)
    np.testing.assert_allclose(together(R, D), [[-31, -1], [-31, -1]], atol=1e-6)
    np.testing.assert_allclose(together(D, R, 2.5)[:, 1], [1, 1], atol=1e-6)
    # all at one end: both are half a unit from the centre
    np.testing.assert_allclose(together(np.abs(D), R)[:, 1], [0, 0], atol=0.01)


def test_sums_are_over_each_step_all_steps_and_octaves_and_over_pairs_of_one_distance():
    """The second by a loop over pairs of a step and an earlier one."""
    _, total, square = exchange._steps("", np.array([[1.0, 2], [3, 4], [5, 6], [7, 8], [9, -9]]))
    assert total.tolist() == [3, 7, 11, 15, 0, 36, 18, 15]
    assert square.tolist() == [5, 25, 61, 113, 162, 366, 86, 275]
    P = RNG.standard_normal((3, 5, 5))
    _, total, square = exchange._lags("", P)
    for found, A in ((total, P.sum(axis=0)), (square, (P**2).sum(axis=0))):
        assert found == pytest.approx([sum(A[t, t - lag] for t in range(lag, 5)) for lag in range(1, 5)])


def test_directions_are_of_length_one_or_zero():
    some = np.array([[3.0, 4], [0, 0], [np.nan, 1], [1e-100, 0]])
    np.testing.assert_allclose(exchange._units(some), [[0.6, 0.8], [0, 0], [0, 0], [1, 0]])


def paired(D=STEPS[0], R=STEPS[1], small=0.0, **others):
    return PairedSteps(RNG.standard_normal(D.shape), D, R, np.full(D.shape[:2], small), **others)


def by_step(Z):
    return exchange._steps("", np.array(Z))[1:]


def test_steps_are_compared_along_the_past_in_units_of_both():
    """By a loop: of a step and a fresh one the difference over ``(||D||^2 + ||R||^2)^(1/2)``."""
    D, R = STEPS.copy()
    R[2, 1] = (1 + 1e-10) * D[2, 1]
    pair = paired(D, R)
    forms = list(exchange._along_past(pair, {"iterate": pair.W}))
    norm, places = np.linalg.norm, list(np.ndindex(4, 3))
    unit = {at: (D[at] - R[at]) / math.hypot(*D[at].flat, *R[at].flat) * (at != (2, 1)) for at in places}
    size = {at: (norm(D[at]) ** 2, norm(R[at]) ** 2) for at in places}
    lengths = [(at != (2, 1)) * (size[at][0] - size[at][1]) / sum(size[at]) for at in places]
    along = [np.sum(unit[at] * pair.W[at]) / norm(pair.W[at]) for at in places]
    products = [[[np.sum(unit[t, i] * D[s, i]) / norm(D[s, i]) for s in range(4)] for t in range(4)] for i in range(3)]
    expected = [*(by_step(np.reshape(Z, (4, 3))) for Z in (lengths, along)), exchange._lags("", np.array(products))[1:]]
    for (_, *found), numbers in zip(forms, expected, strict=True):
        np.testing.assert_allclose(found, numbers, rtol=1e-9)
    far = [*exchange._along_past(paired(small=1e3), {})]
    assert not any(np.any(total) for _, total, _ in far)


def test_spaces_of_earlier_moves_are_compared_by_squared_cosines():
    """By a loop; a pair of which one is hardly longer than rounding says nothing."""
    moves, fresh = np.abs(RNG.standard_normal((2, 4, 3, 5))) + 0.5
    fresh[1, 2] *= 0.099 / np.linalg.norm(fresh[1, 2])
    moves[0, 1] *= 0.101 / np.linalg.norm(moves[0, 1])
    _, total, _ = exchange._ranges("columns", moves, fresh, np.full((4, 3), 0.01))

    def square(V, t, s, i):
        known = (1, 2) not in ((t, i), (s, i))
        return known and np.dot(V[t, i], moves[s, i]) ** 2 / np.sum(V[t, i] ** 2) / np.sum(moves[s, i] ** 2)

    for lag, found in enumerate(total, 1):
        pairs = [(t, t - lag, i) for t in range(lag, 4) for i in range(3)]
        assert found == pytest.approx(sum(square(moves, *pair) - square(fresh, *pair) for pair in pairs))


def test_all_forms_of_the_past_are_asked_each_of_its_numbers():
    """Gradients, that of the step before, the iterate; both sides; ranks and spaces; and the draw before."""
    numbers, fresh = RNG.standard_normal((2, 4, 3, 5))
    pair = paired(views=(View("left", 1),), source=Minibatch(1))
    angles = np.array([[1.0, 2, 3], [1, 4, 5], [6, 2, 1], [1, 2, 3]])
    lost = RNG.random((2, 4, 3)) < 0.5
    minors = [SimpleNamespace(lost=lost[k], angle=angles + np.array([0, 0, 7]) * k) for k in range(2)]
    vars(pair).update(drawn=(numbers, fresh), minors=minors)
    G = RNG.standard_normal(STEPS[0].shape)
    forms = {name: total for name, total, _ in exchange._forms(pair, G)}
    assert len(forms) == 10
    before = np.concatenate([G[:1], G[:-1]])
    along = {name: total for name, total, _ in exchange._along_past(pair, {"a": G, "b": before, "c": pair.W})}
    for name, other in {"gradient": "a", "gradient before": "b", "iterate": "c"}.items():
        np.testing.assert_allclose(forms[f"a step along the {name}"], along[f"a step along the {other}"])
    np.testing.assert_allclose(forms["the rank of a step"], by_step(lost[0] * 1.0 - lost[1])[0])
    again = [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1]]  # of the first two runs both have the same
    np.testing.assert_allclose(forms["how often the space of an earlier step comes again,"], by_step(again)[0])
    centred = numbers - numbers.mean(axis=2, keepdims=True)
    U = centred / np.sqrt(np.sum(centred**2, axis=2, keepdims=True))
    Z = [[np.dot((numbers - fresh)[t, i], U[t - 1, i]) / math.sqrt(5) for i in range(3)] for t in range(1, 4)]
    np.testing.assert_allclose(forms["what is drawn, beside the draw before,"], by_step(Z)[0])


def test_an_angle_comes_again_in_its_run_alone():
    """Catches one that must be that of all earlier moves, or of another run."""
    angles = np.array([[1.0, 1], [2, 3], [1, 2], [3 + 0.9e-9, 3 - 1.1e-9], [2, 3]])
    assert paired_steps.among_earlier(angles, angles).tolist() == [[0, 0], [0, 0], [1, 0], [0, 0], [1, 1]]


@pytest.mark.parametrize("view", [View("left", 1), View("left", 2), View("right", 2)])
def test_the_angle_of_a_move_depends_on_its_space_alone(view):
    """For any inner matrix; catches a rank that is said to be lost where one direction is a millionth of the other."""
    U = np.linalg.qr(RNG.standard_normal((3, 2, 6, int(view.rank))))[0]
    C = RNG.standard_normal((3, 2, int(view.rank), 5))
    C[2, 1, -1] = 1e-6 * RNG.standard_normal(5) + 1e6 * (view.rank == 1)
    C[1, 1, 0] = 1e-11 * C[1, 1, -1]
    C[1, 1, 0] *= view.rank > 1
    lost = np.eye(3, 2, dtype=bool) & [False, True]
    some, same = (np.swapaxes(M, 2, 3) if view.side == "right" else M for M in (U @ C, U @ np.flip(C, axis=-1)))
    found = of_spaces((view,), some)
    assert found.lost.tolist() == lost.tolist()
    assert np.isnan(found.angle).tolist() == lost.tolist()
    np.testing.assert_allclose(found.angle, of_spaces((view,), same).angle, atol=1e-8)
    assert len(np.unique(np.round(found.angle[~lost], 6))) == 5
    far = of_spaces((view,), 1e120 * some)  # whose minors have a product beyond all numbers
    np.testing.assert_allclose(far.angle, found.angle, atol=1e-8)
    assert 0 <= found.angle[~lost].min() <= found.angle[~lost].max() <= math.pi


def test_spaces_say_nothing_of_two_sides_of_entries_and_of_ranks_without_room():
    D = RNG.standard_normal((2, 3, 6, 4))
    assert of_spaces((View("left", 4),), D) is not None
    for views in ((View("left", 5),), (View("entries"),), (View("left", 2), View("right", 2))):
        assert of_spaces(views, D) is None
    assert of_moves(D).angle.shape == (2, 3)


@pytest.mark.parametrize(("part", "coincide"), [(0.9, True), (1.1, False)])
def test_steps_coincide_up_to_rounding(part, coincide):
    """What is small, and 1e-7 of the step: catches one run that is enough, and another threshold."""
    off = np.zeros((4, 3, 2, 2))
    off[2, 1, 0, 0] = part * (0.5 + 1e-7 * np.linalg.norm(STEPS[1, 2, 1]))
    assert paired(STEPS[1] + off, STEPS[1], 0.5).coincide is coincide


@cases(
    "at, claimed, after, refuses",
    (0.9e100, 1, np.nan, True),
    (-1.1e100, 1, np.nan, False),
    ([[1, 1], [1, 1.1e100]], 1, np.nan, False),
    (1, np.inf, np.nan, False),
    (1, 1, 1, False),
)
def test_a_step_that_is_no_number_is_refused_where_the_claimed_one_is(at, claimed, after, refuses):
    """At step 3 of the second run; farther out one of both may overflow first."""
    W, R, end = np.ones((3, 4, 3, 2, 2))
    W[2, 1], R[2, 1, 0, 0], end[2, 1, 1, 1] = at, claimed, after
    sentence = r"Mine must stay finite .*: step 3 is not"
    caught = refuted(sentence * refuses, paired_steps._check_finite, SimpleNamespace(name="Mine"), W, R, end)
    assert not refuses or np.array_equal(caught.witness["W"], W[2, 1])


def test_a_ratio_of_steps_has_a_standard_error():
    """Multiples of one matrix: their mean, and their deviation over the root of their number."""
    moves, E, x = Moves(None, LEAST, 0), RNG.standard_normal((6, 4)), RNG.standard_normal(50)
    vars(moves)["from_one_W"] = SimpleNamespace(D=[x[:, None, None] * E], R=np.repeat(-2 * E[None, None], 50, axis=1))
    ratio, error = moves.ratio
    assert ratio == pytest.approx(x.mean() / -2)
    assert error == pytest.approx(x.std() / math.sqrt(50) / 2)


def test_the_largest_evidence_is_said_in_standard_errors(monkeypatch):
    """Of fifty a normal number is ten off. Catches another number, and the name of another one."""
    pair = PairedSteps(np.zeros((1, 128, 3, 2)), *RNG.standard_normal((2, 1, 128, 3, 2)), np.zeros((1, 128)))
    monkeypatch.setattr(exchange, "symmetric_evidence", lambda Z: np.array([20.0, *[0.0] * (Z.shape[1] - 2), 50.0]))
    words = r"Mine must .*: along column 1 of the gradient, 128 .* are 10 standard errors"
    refuted(words, exchange.check_pairs, "Mine", pair, np.ones((3, 2)), 1.0)
    monkeypatch.setattr(exchange, "symmetric_wealth", lambda total, square: np.append(0.0 * total[1:], 1234.0))
    words = r"over 4 steps of 3 runs, the length of a step .* \(log evidence 1.23e\+03\)"
    refuted(words, exchange.check_past, "Mine", paired(), RNG.standard_normal(STEPS[0].shape), 1.0)


def moves_of(view=LEFT, lora_alpha=None, one_projection=False, source=None, **seen):
    """Moves of which the first ones have noise, all along one gradient, with gamma = 1/2."""
    declared = SimpleNamespace(gamma=0.5, lora_alpha=lora_alpha, one_projection=one_projection)
    source = source or SimpleNamespace(noise=0)
    claim = SimpleNamespace(views=view if isinstance(view, tuple) else (view,), source=source, declared=declared)
    moves = Moves(claim, SimpleNamespace(gradient=lambda W: W + 1), 0)
    start = np.broadcast_to(np.arange(24.0).reshape(6, 4), (2, 40, 6, 4))
    D = U @ (np.swapaxes(U, 2, 3) @ ((start + 1) / 2 + NOISE))
    vars(moves).update({"from_one_W": SimpleNamespace(W=start, D=D), "D": D} | seen)
    return moves, start, D


def test_noise_is_what_a_projection_leaves_of_a_move():
    moves, start, D = moves_of()
    P, noise = moves.noise
    np.testing.assert_allclose(noise, U @ (np.swapaxes(U, 2, 3) @ NOISE), atol=1e-9)
    np.testing.assert_allclose(P, U @ (np.swapaxes(U, 2, 3) @ (start + 1) / 2), atol=1e-9)
    P, noise = moves_of(View("entries"), one_projection=True)[0].noise
    np.testing.assert_allclose(P, (start + 1) / 2)
    np.testing.assert_allclose(noise, D - P)


@cases(
    "given",
    {"view": View("entries")},
    {"lora_alpha": 1.0},
    {"source": SimpleNamespace()},
    {"D": NOISE},
    {"from_one_W": SimpleNamespace(W=NOISE, D=U[..., :1] @ NOISE[..., :1, :])},
    {"from_one_W": SimpleNamespace(W=NOISE, D=U @ np.stack([NOISE[0, :, :2], NOISE[1, :, :2] * [[1], [0]]]))},
)
def test_no_noise_is_known_where_moves_do_not_say_their_projection(given):
    assert moves_of(**given)[0].noise is None


def test_what_is_known_of_moves():
    """The rank of all, whether all first moves come in pairs, one gradient, and one sketch."""
    assert moves_of()[0].has_rank
    some = moves_of()[2].copy()
    some[1, 3, 5, 3] += 1e-3
    assert not moves_of(D=some)[0].has_rank
    uneven = np.eye(6, 4) * [1.0, 1e-3, 1e-8, 5e-9]  # what is rounding is so beside the largest
    assert moves_of(D=np.broadcast_to(uneven, (3, 40, 6, 4)))[0].has_rank
    pairs = NOISE[:1, :1] * np.tile(np.arange(1.0, 129), 2)[:, None, None]
    assert moves_of(D=pairs)[0].alike_from_one_W
    pairs[0, 200, 0, 0] += 1e-6
    assert not moves_of(D=pairs)[0].alike_from_one_W
    for source in ({"noise": 0, "deterministic": True}, {"noise": 0}, {"deterministic": True}):
        moves = moves_of(source=SimpleNamespace(**source))[0]
        assert moves.knows_gradient is moves.is_exact is (len(source) == 2)
    assert moves_of()[0].sketch is LEFT
    for views in ((LEFT, View("right", 2)), (View("left"),)):
        assert moves_of(views)[0].sketch is None


def test_later_moves_are_those_that_rounding_does_not_hide():
    """Of gradient descent that leaves a hundredth in each step."""
    near = Quadratic.left(np.eye(2), np.zeros((2, 1)))
    D, G = Moves(Claim(GD(0.99)), near, 0).later
    assert D.shape == G.shape == (72, 8, 2, 1)
    shown = np.isfinite(D).all(axis=(1, 2, 3))
    assert shown.tolist() == [t < shown.sum() for t in range(72)]
    assert shown.sum() > 10
    np.testing.assert_allclose(D[shown], 0.99 * G[shown])
    np.testing.assert_allclose(G[1:], 0.01 * G[:-1])


@pytest.mark.parametrize(("low", "high", "fresh"), [(0.0, 1.0, False), (0.0, 0.9, True), (0.1, 1.0, True)])
def test_a_sketch_of_which_all_may_be_true_may_be_frozen(low, high, fresh):
    """Of an algorithm that is none of ours, by the bounds of E[H] that it gives at a level of one in a million."""

    def projection(alpha, **_):
        return SimpleNamespace(lambda_min=low, lambda_max=high) if alpha == 1e-6 else None

    own = SimpleNamespace(one_projection=False, projection=projection)
    assert Claim(own).is_fresh is fresh
