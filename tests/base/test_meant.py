"""What was meant is said first, in our words: names, members, and calls of the doors that do not fit."""

import pickle

import numpy as np
import pytest

import rac_theory
from rac_theory import GD, SGD, Case, Constants, RACLoRA, Verdict, problems, prove, simulate, sketches, theorems, verify
from rac_theory.base import NoMember, choice, nearest
from rac_theory.base.meant import _class_answering
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.sketches import Haar
from tests.as_one_test import as_one_test

PROBLEM = Quadratic.left(np.diag([1.0, 2.0, 4.0]), W_star=np.ones((3, 2)))
ALGORITHM = RACLoRA(Haar(3, 1), gamma=0.1)
CASE = Case(ALGORITHM, PROBLEM, steps=20)
VERDICT = verify("T2", CASE)
UNMET = verify("T2", Case(GD(2.0), PROBLEM, steps=5))
PROOF = prove("T2")

WORDS = [  # as someone types them who knows scikit-learn and PyTorch
    (lambda: RACLoRA(Haar(3, 1), lr=0.1), "RACLoRA takes no 'lr' (did you mean 'gamma'?); it takes sketch, gamma"),
    (lambda: RACLoRA(Haar(3, 1), alpha=0.1), "RACLoRA takes no 'alpha' (did you mean 'gamma'?)"),
    (lambda: RACLoRA(Haar(3, 1), learning_rate=0.1), "(did you mean 'gamma'?)"),
    (lambda: RACLoRA(Haar(3, 1)), "RACLoRA must be given gamma; it takes sketch, gamma, side"),
    (lambda: RACLoRA(Haar(3, 1), 0.1, gamma=0.1), "RACLoRA must be given gamma once, got it by place and by name"),
    (lambda: RACLoRA("haar", gamma=0.1), "write named_sketch('haar', dim, rank), of rac_theory.sketches"),
    (lambda: GD(lr=0.1), "GD takes no 'lr' (did you mean 'gamma'?); it takes gamma"),
    (lambda: GD(), "GD must be given gamma; it takes gamma"),
    (lambda: SGD(gamma=0.1, batch_size=8), "SGD takes no 'batch_size' (did you mean 'gradients'?)"),
    (lambda: Haar(d=3, r=1), "Haar takes no 'd' (did you mean 'dim'?); it takes dim, rank"),
    (lambda: Haar(3), "Haar must be given rank; it takes dim, rank"),
    (lambda: Haar(3, 1, 2), "Haar takes dim and rank by place, got 3 values"),
    (lambda: Quadratic.left(np.eye(2)), "Quadratic.left must be given W_star; it takes S, W_star, start"),
    (lambda: Case(ALGORITHM, PROBLEM, epochs=3), "Case takes no 'epochs' (did you mean 'steps'?)"),
    (lambda: Case(ALGORITHM, PROBLEM, n_steps=3), "(did you mean 'steps'?)"),
    (lambda: simulate(CASE, seed=0), "simulate takes no 'seed' (did you mean 'rng'?)"),
    (lambda: simulate(CASE, random_state=0), "(did you mean 'rng'?)"),
    (lambda: simulate(CASE, n_runs=4), "(did you mean 'runs'?)"),
    (lambda: simulate(CASE, workers=2), "(did you mean 'n_jobs'?)"),
    (lambda: simulate(ALGORITHM, PROBLEM, steps=3), "a case is Case(algorithm, problem, steps=...)"),
    (lambda: verify("T2", ALGORITHM, PROBLEM), "verify takes theorem and case by place, got 3 values"),
    (lambda: verify("T2", CASE, seed=0), "verify takes no 'seed' (did you mean 'rng'?)"),
    (lambda: Constants.of(CASE, seed=0), "Constants.of takes no 'seed' (did you mean 'rng'?)"),
    (lambda: VERDICT.plot(axes=None), "takes no 'axes' (did you mean 'ax'?)"),
    (lambda: VERDICT.plot("out.png"), "is saved by plot().figure.savefig('name.pdf')"),
    (lambda: prove("t2"), "theorem must be one of these, got 't2' (did you mean 'T2'?): T1, T1_sharp"),
    (lambda: prove("T11"), "got T11, an identity of eigenvalues, whose proof is on paper"),
    (lambda: verify("T99", CASE), "(did you mean 'T9'?)"),
    (lambda: prove(CASE), "theorem must be a Theorem, or the id of one of this library, got Case("),
    (lambda: LeastSquares.boston(), "LeastSquares has no 'boston': its data sets are diabetes, linnerud"),
    (lambda: sketches.haar, "rac_theory.sketches has no 'haar' (did you mean 'Haar'?)"),
    (lambda: sketches.Normal, "rac_theory.sketches has no 'Normal' (did you mean 'Gaussian'?)"),
    (lambda: problems.Quadratics, "(did you mean 'Quadratic'?)"),
    (lambda: theorems["T2"], "rac_theory.theorems is a module, got theorems['T2']: write theorems.T2"),
    (lambda: theorems["t2"], "got theorems['t2']: members stand after a dot (did you mean 'T2'?)"),
    (lambda: theorems.T99, "rac_theory.theorems has no 'T99' (did you mean 'T9'?)"),
    (lambda: rac_theory.cite, "rac_theory has no 'cite' (did you mean 'citation'?)"),
    (lambda: VERDICT.passed, "Verdict has no 'passed' (did you mean 'status'?)"),
    (lambda: VERDICT.p_value, "Verdict has no 'p_value' (did you mean 'log_evidence'?)"),
    (lambda: VERDICT.savefig("x.pdf"), "Verdict has no 'savefig' (did you mean 'plot'?)"),
    (lambda: PROOF.show(), "Proof has no 'show'"),
    (lambda: simulate(CASE).losses, "Trajectory has no 'losses' (did you mean 'values'?)"),
    (lambda: UNMET.mean[3], "a verdict must rest on runs to have a curve"),
]


@as_one_test(("typed", "told"), WORDS)
def test_what_was_meant_is_said_in_our_words(typed, told):
    with pytest.raises((TypeError, ValueError, AttributeError, IndexError)) as failure:
        typed()
    said = str(failure.value)
    assert told in said
    for theirs in ("unexpected keyword", "positional argument", "has no attribute", "object is not", "out of bounds"):
        assert theirs not in said


def test_names_work_from_where_they_are_looked_for():
    """Thirty more that work at first try would not be found by one list; these are the doors behind the package."""
    from rac_theory import T2, check_algorithm
    from rac_theory import Haar as theirs
    from rac_theory import LeastSquares as squares

    assert (theirs, squares, T2) == (Haar, LeastSquares, theorems.T2)
    assert check_algorithm is rac_theory.testing.check_algorithm


@pytest.mark.parametrize("name", ["haar", "count_sketch", "weighted_coordinate", "uniform"])
def test_a_seed_stands_for_a_generator(name):
    """The same seed gives the same draws, and what a generator gives is as it was."""
    sketch = sketches.named_sketch(name, dim=8, rank=2)
    assert np.array_equal(sketch.sample(0, 3), sketch.sample(0, 3))
    assert not np.array_equal(sketch.sample(0, 3), sketch.sample(1, 3))
    assert sketch.sample(rng=0).shape == (1, 8, 2)
    twice = [sketch.sample(np.random.default_rng(5), 3) for _ in range(2)]
    assert np.array_equal(*twice)
    with pytest.raises(ValueError, match="rng must be a seed >= 0"):
        sketch.sample("zero", 3)


def test_an_error_inside_a_call_or_a_property_is_what_it_was():
    """Only that arguments do not fit the signature is answered; a ``TypeError`` of what is called stays."""
    with pytest.raises(TypeError, match="a verdict has five answers"):
        bool(VERDICT)
    with pytest.raises(sketches.sketch.BrokenSketch, match="missing 1 required positional argument: 'more'"):
        sketches.FromFunction(3, 1, lambda rng, more: rng).sample(0, 1)

    class Mine(RACLoRA):
        @property
        def broken(self):
            raise AttributeError("of mine")

    with pytest.raises(AttributeError, match=r"^of mine$"):
        print(Mine(Haar(3, 1), 0.1).broken)


def test_what_is_missing_can_be_asked_and_sent():
    """Rooms too: a script that joblib sends to its workers has them among its globals."""
    assert not hasattr(VERDICT, "passed")
    assert getattr(sketches, "Normal", None) is None
    with pytest.raises(NoMember) as failure:
        print(VERDICT.passed)
    assert str(pickle.loads(pickle.dumps(failure.value))) == str(failure.value)
    for value in (verify, Verdict, simulate, CASE, VERDICT, theorems):
        assert pickle.loads(pickle.dumps(value)) == value


def test_a_list_that_is_long_comes_after_what_was_meant_and_fits_a_screen():
    names = [f"name_{i}" for i in range(300)]
    told = choice("x", "'nam_7'", "nam_7", names)
    assert told.startswith("x must be one of these, got 'nam_7' (did you mean 'name_7'?): name_0, name_1,")
    assert len(told) < 720
    listed = told.partition("): ")[2].split(", ")
    assert listed[-1] == f"and {300 - len(listed) + 1} more"
    told = choice("side", "'lft'", "lft", ["left", "right"])
    assert told == "side must be one of left, right, got 'lft' (did you mean 'left'?)"
    assert nearest("--n-jobs", ["--runs", "--jobs"]) == " (did you mean '--jobs'?)"
    assert nearest("", ["-", "gap"]) == nearest(None, ["-"]) == ""  # a dash is no more than nothing in small letters


def test_a_class_that_answers_for_missing_members_itself_goes_on_doing_so():
    class Own:
        def __init__(self):
            self.one = 1

        def __getattr__(self, name):
            return f"no {name}"

    class Plain:
        """Without a constructor of its own, it is no value of ours."""

    for cls in (Own, Plain):
        _class_answering(cls)
    assert Own().two == "no two"
    assert not hasattr(Plain, "__getattr__")
