"""``advise`` as a command: what it prints, what it assumes, how long it takes, and bad input in a sentence."""

import importlib
import re
import time
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import Case, Status, learning_rate, verify
from rac_theory.algorithms import SHIFTED_MOMENTUM
from rac_theory.commands.advise_words import MOMENTUM, NOT_COVERED, brief, shortened
from rac_theory.commands.cli import main
from rac_theory.commands.screen import screen
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.sketches import Gaussian, Haar, WeightedCoordinate, spectrum
from tests.advice.headers import safetensors, tensor
from tests.as_one_test import as_one_test

FEATURES = np.random.default_rng(0).standard_normal((30, 6)) * np.array([4.0, 1, 1, 1, 1, 1])


def test_what_is_left_out_is_counted_where_something_is():
    """Catches "and 0 more" after sentences that are all there."""
    assert shortened(["a", "b"], 2) == ["a", "b"]
    assert shortened(["a", "b", "c"], 2) == ["a", "b", "and 1 more"]


def test_a_rank_that_nobody_gave_is_said_to_be_a_default():
    """And of what is left out the reason is said, without its details."""
    for typed, config, default in ((None, None, True), ("8", None, False), (None, SimpleNamespace(remarks=()), False)):
        assert (
            "rank 8 is PEFT's default, and --rank says another: " in next(brief([], [], 8, typed, config))
        ) is default
    shapes = SimpleNamespace(forms=(), left_out=["w is no layer, but scales: 2 x 3"])
    assert "left out: 1 that is no layer" in [*brief([shapes], [], 8, None, None)]


def test_the_command(folder, output_of):
    np.savez("layers.npz", first=np.zeros((784, 64)), second=np.zeros((784, 64)), bias=np.zeros(64))
    arguments = ["advise", "--all", "layers.npz", "12x6", "--rank", "1,2", "--mixture", "0.5"]
    printed = output_of(*arguments, "--sketch", "gaussian,haar", "coordinate", "--out", "out")
    granted = "where nothing says it: L / mu = 1000 (--condition) and 1,000 examples in a gradient (--examples)."
    layers = "78,400", "layers.npz: 2 of 784x64: first, second", "left out, bias has 1 axis", "12x6", "6,400"
    for text in ("only there, the theorems prefer no rank", "gradients of 1,000 examples", granted, *layers):
        assert text in printed
    for words in ("lr <= (1 - beta) max(1/2, 1 - Lambda)/L", "and 1 in a layer", "promises no speed-up", "carried"):
        assert words in MOMENTUM
    assert "the shifted point W" in " ".join(printed.split())
    for word in ("Adam", "weight decay", "many layers", "low precision"):
        assert word in NOT_COVERED
        assert word in printed
    assert (folder / "out/advise.png").stat().st_size > 10_000
    short = output_of("advise", "layers.npz")
    assert "left out: 1 that have 1 axis, as biases and norms" in " ".join(short.split())
    assert "no features" not in short  # which no layer has
    ElementTree.parse(folder / "out/advise.svg")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("784", "shape must be rows x columns"),
        ("bias.npz", "shape must give at least one layer, got none in bias.npz: bias has 1 axis"),
        ("4x4 --rank two", "rank must be an integer >= 1, got 'two'"),
        ("4x4 --rank 0", "rank must be >= 1, got 0"),
        ("4x4 --epsilon 0", "epsilon must be a finite number > 0"),
        ("4x4 --condition 0.1", "condition must be L / mu"),
        ("4x4 --sketch gausian", "did you mean 'gaussian'"),
        ("4x4 --examples 0", "examples must be >= 1, got 0"),
        ("bias.npz --only w*", "only must fit the name of a tensor in bias.npz"),
        ("4x4 --rho 5", "rho must be in 1..4, the columns of 4x4, got 5"),
        ("4x4 --rho 0.5", "rho must be a finite number >= 1"),
        ("4x4 --rho nan", "rho must be a finite number >= 1"),
        ("4x4 --spectrum 1,2", "curvature must be that of the columns of 4x4, 4 of them, got 2"),
        ("4x4 --data gone.npy", "data must be the path of a file that can be read"),
        ("4x4 --data nan.npy", "data must be finite, got 1 nan or infinite entries"),
        ("4x2 --data ones.npy --l2 -1", "l2 must be a finite number >= 0, got -1"),
        ("4x4 --data nan.npy --rho 2", "--rho must not be given beside --data"),
        ("4x4 --rho 2 --l2 0.1", "loss and l2 must come with --data"),
        ("4x4 --loss softmax", "loss and l2 must come with --data"),
        ("4x4 --features left", "features must come with --data, --spectrum or --rho"),
        *((f"5x6 --learning-rate --lora-alpha {x}", "lora_alpha must be ") for x in ("0", "-1", "nan", "1e-320")),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_no_trace(folder, refused, typed, message):
    np.savez("bias.npz", bias=np.zeros(3))
    np.save("nan.npy", [[np.nan, 1.0]])
    np.save("ones.npy", [[1.0, 1.0]])
    refused(f"advise {typed} --out out", message)


@pytest.fixture
def run(output_of, monkeypatch):
    """Stand in an empty folder; the function returns what is printed, in single spaces, and draws nothing."""
    monkeypatch.setattr("rac_theory.commands.advise._save_figure", lambda options, folder: [])
    return lambda *arguments: " ".join(output_of("advise", *arguments, "--all").split())


def test_features_say_what_was_assumed_and_decide(run):
    """Catches a condition, examples or a side that is not the one of the data."""
    np.save("X.npy", FEATURES)
    said = run("5x6", "7x3", "--data", "X.npy", "--loss", "logistic", "--l2", "0.5", "--rank", "1")
    values = np.linalg.eigvalsh(FEATURES.T @ FEATURES / 120 + 0.5 * np.eye(6))
    assert f"curvature for 5x6: X, logistic: X'X/(4N) + 0.5 I, X 30x6, L = {values[-1]:.5g}, rho = trace / L = " in said
    assert f"{values.sum() / values[-1]:.4g}, on the right side of W, its columns, as in y = W x." in said
    assert "curvature for 7x3: none is known, so Q = L I" in said
    assert f"with L / mu = {values[-1] / 0.5:.6g}, 1000." in said
    assert "with gradients of 30, 1,000 examples" in said
    assert "right gaussian: known by closed form; rho" in said
    left = run("6x5", "--data", "X.npy", "--features", "left", "--rank", "1", "--condition", "50")
    assert "on the left side of W, its rows, as in y = x W. A sketch of the right side gains nothing by it." in left
    assert "with L / mu = 50." in left
    assert "taken for granted" not in left
    alone = run("5x6", "--data", "X.npy", "--loss", "logistic", "--rank", "1")
    assert "taken for granted, where nothing says it: L / mu = 1000 (--condition)." in alone


def test_a_reader_that_goes_away_is_no_violated_claim(monkeypatch):
    """A table that is longer than a pipe holds. Catches the status 1 with which rich ends the program."""

    def write(text):
        raise BrokenPipeError

    monkeypatch.setattr("sys.stdout.write", write)
    with pytest.raises(BrokenPipeError):
        screen().print("a table")


def test_activations_by_layer(run):
    """Layers of one shape with features of their own stand in lines of their own, and those without are one kind.

    Catches lines that compete because their shape is the same, and a condition of one that is taken for both.
    """
    np.savez("model.npz", **{name: np.zeros((5, 6)) for name in ("q.weight", "k.weight", "v.weight")})
    np.savez("seen.npz", q=FEATURES, k=FEATURES[:, ::-1] ** 3, other=FEATURES)
    said = run("model.npz", "--data", "seen.npz", "--rank", "1", "--sketch", "haar")
    assert "q.weight 5x6, rank 1: right, haar" in said
    assert "k.weight 5x6, rank 1: right, haar" in said
    assert "curvature for v.weight: none is known" in said
    assert "seen.npz: the names of no layer: other" in said
    assert "v.weight 5x6, rank 1: left, haar" in said
    assert "all matrices together" in said
    np.savez("seen.npz", **{"q.weight": FEATURES, "other": FEATURES})
    said = run("model.npz", "--data", "seen.npz", "--rank", "1")
    assert "q.weight 5x6, low rank, beside full training: fewest steps: right gaussian rank 1" in said
    assert "k.weight and 1 more 5x6, low rank, beside full training: fewest steps: left gaussian rank 1, 5 " in said
    assert re.search(r"with L / mu = \d+\.\d+, 1000\.", said)


def test_a_spectrum_and_rho(run):
    """One answer by two routes, as Gaussian sketches look at rho alone."""
    both = [
        run("5x4", "--rank", "1", *given, "--condition", "9", "--sketch", "gaussian", "coordinate")
        for given in (("--spectrum", "8,1,1,1"), ("--rho", "1.375"))
    ]
    for said in both:
        assert "right gaussian 1 0.562 1.778 2.25 225" in said
        assert "right coordinate: known by closed form; L, as rho does not decide about this sketch" in said
    assert "a spectrum of 4 eigenvalues, the smallest for mu, L = 8, rho = trace / L = 1.375" in both[0]
    assert "rho as it was given, rho = trace / L = 1.375" in both[1]


def test_learning_rates_are_those_of_the_function(run):
    """Of both sides, for a lora_alpha at the first rank. Catches those of another side, and a number not used."""
    np.save("X.npy", FEATURES)
    problem = LeastSquares(FEATURES, np.zeros((30, 5)))  # W is 6 x 5 there: features are on its left
    for typed, alpha in (((), 16.0), (("--lora-alpha", "2"), 2.0)):
        said = run("5x6", "--data", "X.npy", "--rank", "2", "4", "--learning-rate", *typed)
        assert f"learning rates of plain steps, with lora_alpha = {alpha:g} at the first rank" in said
        left, right = said.split("5x6, left, gaussian")[1].split("5x6, right, gaussian")
        for part, side, dim in ((left, "right", 5), (right, "left", 6)):
            known = learning_rate(problem, Gaussian(dim, 2), lora_alpha=alpha, side=side)
            steps = 1 / (known.nu * problem.L)
            assert f" 2 {steps:.4g} {alpha:.4g} fixed {known.best:.4g} {known.longest:.4g} 1 " in part
    assert "learning rates" not in run("5x6", "--rank", "2")


def test_adapters_are_said(run, tmp_path):
    header = {f"{i}.lora_{f}.weight": tensor("F32", *s) for i in range(8) for f, s in (("A", (4, 9)), ("B", (7, 4)))}
    said = run(safetensors(tmp_path / "adapter_model.safetensors", header), "--rank", "1")
    assert "8 of 7x9: 0, 1, 2, 3, 4, 5, and 2 more" in said
    assert "8 of these are adapters B A of rank 4; what counts is the layer, m x n, that they move: 0, 1," in said


@pytest.mark.long
def test_300_matrices_take_less_than_five_seconds(folder, capsys):
    """Of this process, figure and all, where nothing need be imported. 3,300 lines, or panels, would take longer."""
    sizes = [(1024 + 8 * i, 512 + 8 * i) for i in range(300)]
    path = safetensors(folder / "a.safetensors", {f"{m}.weight": tensor("BF16", m, n) for m, n in sizes})
    for module in ("matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg"):
        importlib.import_module(module)
    start = time.process_time()
    assert main(["advise", "--all", path, "--rho", "20", "--out", "out"]) == 0
    assert time.process_time() - start < 5
    said = " ".join(capsys.readouterr().out.split())
    assert "The first 24 of 300 kinds of layers are shown; --only chooses others." in said
    assert f"full - - 300 {sum(m * n for m, n in sizes):,} 100.000%" in said


@as_one_test(("r", "beta"), [(1, 0.5), (2, 0.9), (2, 0.875), (4, 0.0)])
def test_what_is_said_of_momentum_is_what_t22_asks(r, beta):
    """At the longest lr that is said T22 applies, with Lambda <= 1; catches lr for lr/(1 - beta), and 1/2 for the
    larger of both. Where Lambda is above 1 nothing is said."""
    Lambda = r / 32 / (1 - beta)
    step = max(1 / 2, 1 - Lambda)  # lr/(1 - beta) at the longest, times L
    algorithm = SHIFTED_MOMENTUM(Haar(32, r), gamma=step, b=beta)
    case = Case(algorithm, Quadratic.left(np.eye(32), np.ones((32, 1))), steps=50)
    assert Lambda <= 1
    assert verify("T22", case).status is not Status.NOT_APPLICABLE


def test_of_uneven_draws_momentum_is_asked_of_the_largest_eigenvalue():
    """Of ten coordinates, one drawn in 91% of the steps, r/d = 1 - beta is not enough; lambda_max = 1 - beta is."""
    heavy = WeightedCoordinate(10, 1, weights=[91] + [1] * 9)
    problem, said = Quadratic.left(np.eye(10), np.ones((10, 1))), "Lambda be the largest lambda_max(E[H])/(1 - beta)"
    assert said in MOMENTUM
    for beta, applies in ((1 - 1 / 10, False), (1 - spectrum(heavy).lambda_max, True)):
        case = Case(SHIFTED_MOMENTUM(heavy, gamma=0.5, b=beta), problem, steps=50)
        assert (verify("T22", case).status is not Status.NOT_APPLICABLE) is applies
