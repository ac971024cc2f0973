"""Who takes part in a round: by the probabilities that are claimed, so that the server moves on average as all do."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

from rac_theory import ByChance, Case, Clients, Exact, Local, Subset, simulate
from rac_theory.algorithms import SGD
from rac_theory.algorithms.gradients.clients import sampling_variance
from rac_theory.problems import Federated, LeastSquares
from tests.refused import refused

rng = np.random.default_rng(0)
DATA = LeastSquares(rng.standard_normal((6, 3)), rng.standard_normal((6, 2)))
UNEQUAL = Federated(DATA, [[0], [1, 2, 3], [4, 5]], "rows")
KINDS = [Subset(1), Subset(2), Subset(3), ByChance(0.3), ByChance((0.2, 0.9, 1.0))]


def outcomes(participation, M):
    """All sets of clients that may take part, (sets, M), and their probabilities, from the definition."""
    if isinstance(participation, Subset):
        sets = [[m in chosen for m in range(M)] for chosen in combinations(range(M), participation.size)]
        return np.array(sets), np.full(len(sets), 1 / len(sets))
    chance = np.broadcast_to(participation.chance, (M,))
    sets = np.array(list(product([False, True], repeat=M)))
    return sets, np.prod(np.where(sets, chance, 1 - chance), axis=1)


@pytest.mark.parametrize("participation", KINDS, ids=repr)
def test_chances_of_one_and_of_two(participation):
    """By all outcomes, and by 20,000 draws to 4 standard errors (alpha 6e-5 each). Catches C/(M - 1) for C/M."""
    sets, p = outcomes(participation, 3)
    chances = np.array(participation.chances(3), dtype=float)
    np.testing.assert_allclose(p @ sets, chances, rtol=1e-12)
    drawn = participation.draw(3, 20_000, np.random.default_rng(1))
    assert drawn.dtype == bool
    assert (np.abs(drawn.mean(axis=0) - chances) <= 4 * np.sqrt(chances * (1 - chances) / 20_000)).all()
    for m, other in combinations(range(3), 2):
        both = p @ (sets[:, m] & sets[:, other])
        assert both == pytest.approx(chances[m] * chances[other] * float(participation.joint_ratio(3)), abs=1e-12)
        seen = (drawn[:, m] & drawn[:, other]).mean()
        assert abs(seen - both) <= 4 * np.sqrt(both * (1 - both) / 20_000)


@pytest.mark.parametrize("participation", KINDS, ids=repr)
@pytest.mark.parametrize("shares", [[1 / 3] * 3, [0.5, 0.2, 0.3]])
def test_the_second_moment_of_the_mean(participation, shares):
    """Against all outcomes: omega is enough for random vectors, and all of it is needed for some that add up to 0.
    Catches ``p_m / P(m)`` for ``p_m^2 / P(m)``, M for M - 1 and a largest share that is the smallest."""
    p, worst = np.array(shares), 0.0
    sets, q = outcomes(participation, 3)
    chances, omega = np.array(participation.chances(3), dtype=float), sampling_variance(participation, shares)
    for x in (*np.random.default_rng(2).standard_normal((50, 3, 2)), *np.eye(3)[..., None]):
        moments = q @ np.sum(((sets * p / chances) @ x) ** 2, axis=1)
        added = moments - np.sum((p @ x) ** 2)
        most = omega * (p @ np.sum(x**2, axis=1))
        assert added <= most + 1e-12
        worst = max(worst, added / most if most > 0 else 1.0)
    if isinstance(participation, ByChance):
        assert worst == pytest.approx(1.0)  # one vector alone, of the client with the largest p (1/P - 1)


def test_omega_by_hand():
    """(M - C)/(C (M - 1)) of a subset, as of a minibatch; (1 - c)/(c M) by chance; 0 if all take part."""
    even = [Fraction(1, 10)] * 10
    assert sampling_variance(Subset(3), even) == pytest.approx(7 / 27)
    assert sampling_variance(Subset(10), even) == sampling_variance(ByChance(1.0), even) == 0.0
    assert sampling_variance(None, even) == 0.0
    assert sampling_variance(ByChance(0.25), even) == pytest.approx(0.3)
    assert Fraction(sampling_variance(ByChance(0.25), even)) >= Fraction(3, 10)  # rounded up
    assert sampling_variance(Subset(1), [0.75, 0.25]) == 1.5
    assert sampling_variance(Subset(1), [1]) == 0.0
    assert Clients(Exact(), Subset(1)).omega(Federated(DATA, [[0], [1, 2, 3, 4, 5]], "rows")) == pytest.approx(5 / 3)


@pytest.mark.parametrize("participation", KINDS, ids=repr)
def test_the_server_moves_as_all_do_on_average(participation):
    """One step of 40,000 runs to 4.5 standard errors, six numbers: alpha 4e-5. Catches a mean over those present."""
    algorithm, W0 = SGD(0.1, Clients(Local(2), participation)), np.ones((3, 2))
    all_take_part = simulate(Case(SGD(0.1, Clients(Local(2))), UNEQUAL, W0, steps=1))
    runs = simulate(Case(algorithm, UNEQUAL, W0, steps=1), runs=40_000, rng=3)
    error = runs.W.std(axis=0) / 200 + 1e-12
    assert (np.abs(runs.W.mean(axis=0) - all_take_part.W[0]) <= 4.5 * error).all()
    assert algorithm.deterministic is False


def test_a_round_without_anyone_leaves_W_alone():
    runs = simulate(Case(SGD(0.1, Clients(Exact(), ByChance(1e-6))), UNEQUAL, np.ones((3, 2)), steps=1), runs=4, rng=0)
    np.testing.assert_array_equal(runs.W, np.ones((4, 3, 2)))


def with_clients(participation):
    return Case(SGD(0.1, Clients(Exact(), participation)), UNEQUAL)


# All clients come in half of the rounds: P(m, l) / (P(m) P(l)) is 2, and omega of the formula would be 0.
AllOrNone = type("AllOrNone", (Subset,), {"joint_ratio": lambda self, clients: Fraction(2)})
CHANCES = (0, 1, 1), (1, Fraction(3, 2), 1), (1, 1)  # mistaken ones, of a participation of a user
Some = type("Some", (Subset,), {"chances": lambda self, clients: CHANCES[self.size - 1]})


def test_errors_say_what_to_change():
    refused(
        (lambda: Subset(0), "size must be >= 1, got 0"),
        (lambda: ByChance(0.0), r"chance must be a probability in \(0, 1\], got 0"),
        (lambda: ByChance((0.5, 1.5)), r"chance\[1\] must be a probability in \(0, 1\], got 1.5"),
        (lambda: Clients(Exact(), 3), "participation must be"),
        (lambda: with_clients(Subset(4)), "size must be in 1..the number of clients=3, got 4"),
        (lambda: with_clients(ByChance((0.5, 0.5))), "one number for each of 3 clients, got 2"),
        (
            lambda: sampling_variance(AllOrNone(2), [Fraction(1, 4)] * 4),
            r"participation must have joint_ratio\(M\) at most 1, got 2 from AllOrNone",
        ),
        (lambda: with_clients(Some(1)), r"must have chances\(M\) in \(0, 1\] for each of 3 .* got \['0', '1', '1'\]"),
        (lambda: with_clients(Some(2)), r"must have chances\(M\) in \(0, 1\] .* got \['1', '3/2', '1'\] from Some"),
        (lambda: sampling_variance(Some(3), [Fraction(1, 3)] * 3), r"each of 3 clients, got \['1', '1'\] from Some"),
    )
