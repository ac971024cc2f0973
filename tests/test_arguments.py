"""Arguments of cases, sketches, gradient sources and steps that are no numbers, no sketches, or beyond any size."""

import numpy as np
import pytest

from rac_theory import GD, Case, RACLoRA
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
