"""Arguments of cases, sketches, gradient sources and steps that are no numbers, no sketches, or beyond any size."""

from datetime import timedelta

import numpy as np
import pytest

from rac_theory import (
    GD,
    Case,
    Constants,
    Grid,
    RACLoRA,
    Sweep,
    expected,
    learning_rate,
    simulate,
    spectrum,
    theorems,
    verify,
)
from rac_theory.advice import advise, promised_steps
from rac_theory.algorithms import ChainOfLoRA, GaLore, Initialisation, LoRA
from rac_theory.algorithms.gradients import Clients, Local, Minibatch, Noisy
from rac_theory.problems import Federated, LeastSquares
from rac_theory.sketches.distributions.finite_support import FiniteSupport
from rac_theory.sketches.distributions.from_function import FromFunction
from rac_theory.sketches.distributions.gaussian import Gaussian
from rac_theory.sketches.distributions.mixture import Mixture
from rac_theory.sketches.distributions.sparse_signs import SparseSigns
from rac_theory.sketches.draws import draw

PROBLEM = LeastSquares(np.eye(3), [1.0, 2.0, 3.0])
CASE = Case(GD(0.1), PROBLEM, steps=3)


class Unwilling:
    """Fails at whatever it is asked."""

    def __index__(self):
        raise KeyError("index")

    def __repr__(self):
        raise RuntimeError("repr")


FACTORS = Initialisation.kaiming((3, 1), 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Case(GD(0.1), PROBLEM, 1e80 * np.ones((3, 1)), steps=1),
            "W0 must have a largest entry of size 1e-75..1e75",
        ),
        (
            lambda: Case(GD(0.1), PROBLEM, np.ones((3, 1)) + 0j, steps=1),
            "W0 must be an array of real numbers, got complex",
        ),
        (lambda: Case(GD(0.1), PROBLEM, steps=10**30), "steps must be at most 2147483648"),
        (
            lambda: Case(GD(0.1), PROBLEM, 20),
            "W0 must be a matrix or None, got 20; the number of steps is named: steps=20",
        ),
        (lambda: Case(GD(0.1), PROBLEM, steps=True), "steps must be an integer, got True"),
        (lambda: Case(GD(0.1), PROBLEM, steps=np.ma.masked), "steps must be an integer, got masked"),
        (lambda: Case(GD(0.1), PROBLEM, steps=np.timedelta64(3, "s")), "steps must be an integer, got np.timedelta64"),
        (lambda: Case(GD(0.1), PROBLEM, steps=Unwilling()), "steps must be an integer, got something that cannot be"),
        (lambda: Case(GD(0.1), PROBLEM, 10**5000), "W0 must be a matrix or None, got something that cannot be shown"),
        (lambda: Constants(gamma=timedelta(1)), r"gamma must be a number, .*, got datetime.timedelta\(days=1\)"),
        (lambda: Constants(gamma=np.timedelta64(1, "s")), "gamma must be a number, .*, got np.timedelta64"),
        (lambda: Constants(gamma=10**400), r"gamma must be a number, nan .*, got 1000.* \(floats end at 1.8e308\)"),
        (lambda: Constants(gamma=0.1, inner_steps=0), "inner_steps must be >= 1, got 0"),
        (lambda: Constants(gamma=0.1, convex=1), "convex must be True or False, got 1"),
        (lambda: Constants(gamma=0.1, measured={"LL"}), "measured must be one of .*, got 'LL'"),
        (lambda: Constants(gamma=0.1, provenance=3), "provenance must be a mapping of names to words, got 3"),
        (lambda: simulate(CASE, runs=10**400), "runs must be at most 2147483648, got 1000"),
        (lambda: simulate(CASE, runs=10**9), r"runs \(steps \+ 1\) must be at most 2147483648, got 4000000000"),
        (lambda: simulate(CASE, n_jobs=0), "n_jobs must not be 0, got 0; -1 is a worker for each core"),
        (lambda: simulate(CASE, n_jobs=0.5), "n_jobs must be an integer, got 0.5"),
        (lambda: simulate(CASE, dtype=10**5000), "dtype must be float64 or float32, got something that cannot be"),
        (lambda: simulate(CASE, dtype=None), "dtype must be float64 or float32, got "),
        (lambda: simulate(CASE, record=3), "record must be a list, got 3"),
        (lambda: simulate(CASE, record=b"W"), "record must be a list, got b'W'"),
        (lambda: Case(GD(0.1), PROBLEM, steps=np.ma.array(3, mask=True)), "steps must be an integer, got masked_array"),
        (lambda: simulate(CASE, rng=np.ma.array(3)), "rng must be a seed >= 0, .*, got masked_array"),
        (lambda: simulate(CASE, rng=True), "rng must be a seed >= 0, .*, got True"),
        (lambda: simulate(CASE, rng=Unwilling()), "rng must be a seed >= 0, .*, got something that cannot be shown"),
        (lambda: verify("T2", CASE, runs=10**400), "runs must be at most 2147483648"),
        (lambda: verify("T2", CASE, n_jobs="2"), "n_jobs must be an integer, got '2'"),
        (lambda: expected(CASE, exact="no"), "exact must be True or False, got 'no'"),
        (lambda: spectrum(Gaussian(3, 1), draws="many"), "draws must be an integer, got 'many'"),
        (lambda: spectrum(Gaussian(3, 1), rng=-1), "rng must be a seed >= 0, .*, got -1"),
        (lambda: learning_rate(PROBLEM, Gaussian(3, 1), lora_alpha=1.0, rng="x"), "rng must be a seed >= 0"),
        (lambda: Initialisation.kaiming(3, 1), r"shape must be a pair \(m, n\), got 3"),
        (lambda: Federated(PROBLEM, 3, np.array([])), "weights must be"),
        (lambda: Grid(ranks=np.array(0.5)), r"ranks must be a list, got array\(0.5\)"),
        (lambda: Grid(problems=[1]), "problems must be names, got 1"),
        (lambda: Grid(claims=[["T1"]]), "claims must be a list of names or numbers"),
        (lambda: Grid.load("text"), "spec must be a TOML file with a grid, got 'text': No such file"),
        (lambda: Grid.load(None), "spec must be a TOML file with a grid, got None"),
        (lambda: Sweep.load(3), "store must be a file written by sweep, got 3"),
        (lambda: theorems.T2.steps_to(0.1, 3), "case must be a Constants, or a Case, got 3"),
        (lambda: theorems.listed(about=3), "about must be a predicate"),
        (lambda: theorems.listed(given=3), "given must be an assumption or a word of one, got 3"),
        (lambda: advise([(4, 4)], ranks=2), "ranks must be a list, got 2"),
        (lambda: advise("4x4", ranks=[1]), "shapes must be a list, got '4x4'"),
        (lambda: advise([4]), r"shape must be a pair \(m, n\), got 4"),
        (lambda: advise([(4, 4)], rng="x"), "rng must be a seed >= 0"),
        (lambda: promised_steps("T3.5", 0.1, epsilon=0.1, condition=2.0), "theorem must be one of"),
        (lambda: GD(1e-320), "gamma must be of size 1e-100..1e100, got 1e-320"),
        (lambda: GD("0.1"), "gamma must be a finite number > 0, got '0.1'"),
        (lambda: GaLore(1, 1e300), "gamma must be of size 1e-100..1e100"),
        (lambda: LoRA(FACTORS, 0.1, lora_alpha=10**400), "lora_alpha must be a finite number > 0, got 1000"),
        (lambda: RACLoRA(Gaussian(3, 1), 0.1, lora_alpha=1e200), "lora_alpha must be of size 1e-100..1e100"),
        (lambda: ChainOfLoRA(FACTORS, 0.1, 10**30), "inner_steps must be at most 2147483648"),
        (lambda: Initialisation(A=Gaussian(3, 1), scale=1e-200), "scale must be of size 1e-100..1e100"),
        (lambda: Local(10**30), "steps must be at most 2147483648"),
        (lambda: Noisy(1e100), "sigma must be zero or of size 1e-75..1e75"),
        (lambda: Noisy(np.ma.masked), "sigma must be a finite number >= 0, got masked"),
        (lambda: Minibatch(2, replace="no"), "replace must be True or False, got 'no'"),
        (lambda: Minibatch(10**30, replace=True), "size must be at most 2147483648"),
        (lambda: Clients(Local), r"source must be a gradient source, such as Exact\(\), got the class Local"),
        (lambda: Gaussian(10**30, 1), "dim must be at most 2147483648"),
        (lambda: SparseSigns(3, 1, "0.5"), "p must be a finite number, got '0.5'"),
        (lambda: Mixture(3, [1.0]), "sketches must be a list of sketches, got 3"),
        (lambda: Mixture([Gaussian], [1.0]), r"sketches\[0\] must be a sketch, got the class Gaussian"),
        (lambda: Mixture([Gaussian(3, 1)], None), "weights must be an array, got None"),
        (lambda: FiniteSupport([np.eye(2)], ["1"]), "probabilities must be an array of real numbers, got strings"),
        (lambda: Federated.by_label(3, 2), "problem must be a finite sum that can be divided, got 3"),
    ],
)
def test_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_weights_near_the_largest_float_do_not_overflow():
    mixture = Mixture([Gaussian(3, 1), Gaussian(3, 2)], [1e308, 1e308])
    np.testing.assert_array_equal(mixture.probabilities, [0.5, 0.5])
    whole = FiniteSupport([np.eye(2)], [True])
    assert whole.probabilities.tolist() == [1]


def test_a_function_that_fails_to_draw_is_shown_without_control_characters():
    def fails(rng):
        raise TypeError("\x1b[31m")

    with pytest.raises(ValueError, match=r"draw must not fail, got TypeError: \\x1b\[31m from fails"):
        draw(FromFunction(3, 1, fails), np.random.default_rng(0), 1)
