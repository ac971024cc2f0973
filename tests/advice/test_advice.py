"""Advice on rank, side and sketch: promises and costs by other routes, as exact rates; what cannot be promised."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, RACLoRA, exact_rate, expected, spectrum, theorems
from rac_theory.advice import Curvature, advise, fewest_steps, frontier_plot, promised_steps
from rac_theory.advice.comparison import frontier_panels
from rac_theory.advice.training_option import FULL, Option, efficient
from rac_theory.numerics.linalg import projection
from rac_theory.problems import Quadratic
from rac_theory.sketches import named_sketch
from rac_theory.sketches.spectra import closed_form
from tests.as_one_test import as_one_test

ISOTROPIC = ("gaussian", "haar", "coordinate", "kaiming_uniform")
PROMISES = (theorems.T15, theorems.T15_pl)


def option(shape, nu, trained):
    """One of some gain, whatever it comes from."""
    return Option(shape, "left", "mine", 1, FULL._replace(nu=nu), trained)


def table(shape, **choices):
    """The options of one shape by side, sketch and rank."""
    options, notes = advise([shape], **choices)
    assert notes == []
    return {(o.side, o.sketch, o.rank): o for o in options}


def test_freezing_the_factor_on_the_short_side_is_faster():
    """784 x 64 at rank 1: lambda_min = 1/64 on the side of length 64. Sides swapped, this is 1/784. Would catch "inf
    times the steps" for a sketch that leaves a direction alone, too."""
    rows = table((784, 64), ranks=[1])
    left, right = rows["left", "gaussian", 1], rows["right", "gaussian", 1]
    assert right.lambda_min == 1 / 64
    assert (1 - 2e-15) / 784 < left.lambda_min <= 1 / 784  # no float, and so rounded down
    assert (left.slowdown, right.slowdown) == pytest.approx((784, 64), rel=1e-14)
    assert (left.trained, right.trained) == (64, 784)
    for theorem in PROMISES:
        steps = [promised_steps(theorem, o.nu, epsilon=0.01, condition=10) for o in (right, left)]
        assert steps[0] < steps[1] / 10
    (sentence,) = fewest_steps(list(rows.values()))
    assert sentence.startswith("784x64, rank 1: right, gaussian: 64 times the steps, 784 numbers trained; left, ")
    frozen = option((4, 3), 0.0, 3)
    (sentence,) = fewest_steps([frozen])
    assert sentence == "4x3, rank 1: left, mine: no number of steps promised, 3 numbers trained"


@as_one_test("p", (0.0, 0.3, 1.0))
def test_a_mixture_is_a_kronecker_sum(p):
    """lambda_min of p E[H] x I + (1 - p) I x E[H], summed over all draws; p on the wrong side would show."""
    m, n = 4, 3
    rows = table((m, n), ranks=[2], sketches=["coordinate_with_replacement"], mixture=p)
    option = rows["mixture", "coordinate_with_replacement", 2]
    means = []
    for dim in (m, n):
        values, probabilities = named_sketch("coordinate_with_replacement", dim, 2).support()
        means.append(np.tensordot(probabilities.astype(float), projection(values), axes=1))
    whole = p * np.kron(means[0], np.eye(n)) + (1 - p) * np.kron(np.eye(m), means[1])
    assert option.lambda_min == pytest.approx(np.linalg.eigvalsh(whole)[0], rel=1e-11)
    assert option.trained == pytest.approx(p * 2 * n + (1 - p) * 2 * m)


@as_one_test(("m", "n"), [(784, 64), (320, 768), (5, 5)])
def test_isotropic_sketches_spend_the_budget_of_full_training(m, n):
    """Steps times numbers trained is m n for every side, rank, mixture and isotropic sketch of full rank: in Fractions.
    (m / r) r n = m n; for a mixture r (p n + (1 - p) m) / (r (p / m + (1 - p) / n)) = m n as well."""
    p, ranks = Fraction(1, 3), [1, 2, 4]
    for r in ranks:
        assert r * (p * n + (1 - p) * m) / (r * (p / m + (1 - p) / n)) == m * n
    options, _ = advise([(m, n)], ranks=ranks, sketches=ISOTROPIC, mixture=1 / 3)
    assert len(options) == 1 + 3 * len(ranks) * len(ISOTROPIC)
    for option in options:
        assert option.budget == pytest.approx(1, rel=1e-12)
    assert all(efficient(options))


def test_sketches_that_lose_rank_are_off_the_frontier():
    """At the same numbers trained they need more steps; a frontier that compared one number only would keep them."""
    options, _ = advise([(12, 8)], ranks=[4], sketches=["gaussian", "coordinate_with_replacement", "frozen"])
    on = {(o.side, o.sketch): kept for o, kept in zip(options, efficient(options), strict=True)}
    assert on["full", "-"]
    for side in ("left", "right"):
        assert on[side, "gaussian"]
        assert not on[side, "coordinate_with_replacement"]
        assert not on[side, "frozen"]


def test_the_frontier_is_that_of_all_pairs():
    """Against the definition, on random options with ties: at most as many steps and numbers, and not both equal."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        pairs = [(int(a), int(b)) for a, b in rng.integers(1, 6, size=(12, 2))]
        options = [option((9, 9), 1 / steps, trained) for steps, trained in pairs]
        expected = [not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in pairs) for p in pairs]
        assert efficient(options) == expected
    elsewhere = option((3, 3), 1.0, 1)
    assert efficient([options[0], elsewhere])[0]  # other shapes do not compete


@as_one_test(
    ("second", "is_efficient"),
    [((2 + 2e-9, 1), True), ((2, 1 + 1e-9), True), ((2 + 3e-9, 1), False), ((2, 1 + 1.5e-9), False)],
)
def test_a_part_in_a_billion_more_is_alike(second, is_efficient):
    """To the last bit, in steps and in numbers, where it counts neither against an option nor for it."""
    options = [option((9, 9), 1 / steps, trained) for steps, trained in ((2, 1), second)]
    assert efficient(options) == [True, is_efficient]
    steps, trained = second
    better = [option((9, 9), 1 / s, t) for s, t in ((steps, trained), (3, 1) if steps == 2 else (2, 2))]
    assert efficient(better) == [True, not is_efficient]


def test_flops_against_the_products_one_by_one():
    """Each product of a x b and b x c costs 2 a b c; a forgotten product or a swapped side would show."""

    def multiplications(*shapes):
        return sum(2 * a * b * c for a, b, c in shapes)

    m, n, r = 7, 5, 3
    rows = table((m, n), ranks=[r], mixture=0.5)
    full = rows["full", "-", 5]
    forward, backward, gradient = (m, n, 1), (n, m, 1), (m, 1, n)
    assert full.flops_per_example == multiplications(forward, backward, gradient)
    assert full.flops_per_step == 2 * m * n
    trained_A = multiplications(forward, backward, (r, m, 1), (r, 1, n))  # B' delta, then times x'
    trained_B = multiplications(forward, backward, (r, n, 1), (m, 1, r))  # A x, then delta times it
    for side, example, frozen, other in (("left", trained_A, m, n), ("right", trained_B, n, m)):
        option = rows[side, "gaussian", r]
        assert option.flops_per_example == example
        solve = r**3 / 3 + 2 * r**2 * other  # Cholesky, and two triangular systems
        assert option.flops_per_step == multiplications((r, frozen, r), (m, r, n)) + solve
    assert rows["mixture", "gaussian", r].flops_per_example == trained_A == trained_B


def test_the_slowdown_is_that_of_T15_and_a_lower_bound_for_T15_pl():
    """T15_pl's ratio tends to 1/nu as the condition number grows, and exceeds it before."""
    for nu, condition in product((1 / 4, 1 / 64), (2, 100, 1e6)):
        steps = {t.id: promised_steps(t, nu, epsilon=1e-3, condition=condition) for t in PROMISES}
        full = {t.id: promised_steps(t, 1.0, epsilon=1e-3, condition=condition) for t in PROMISES}
        assert steps["T15"] / full["T15"] == 1 / nu
        ratio = math.log(1 - 1 / condition) / math.log(1 - nu / condition)
        assert ratio >= 1 / nu
        assert steps["T15_pl"] / full["T15_pl"] == pytest.approx(ratio, rel=2 / full["T15_pl"])
    assert promised_steps(theorems.T15, 0.0, epsilon=0.01, condition=10) == math.inf
    # In floating point 2 / (78,400 / 784) is a rounding above 0.02, which must not cost one more step.
    assert promised_steps(theorems.T15, 1 / 784, epsilon=0.01, condition=10) == 78_400
    assert promised_steps(theorems.T15_pl, 1.0, epsilon=0.01, condition=1.0) == 1  # f = ||W||^2 / 2, in one step
    with pytest.raises(ValueError, match="condition must be L / mu, hence >= 1, got"):
        promised_steps(theorems.T15_pl, 0.5, epsilon=0.01, condition=0.5)
    with pytest.raises(ValueError, match=r"nu must be a gain in units of 1/L, in \[0, 1\], got 1.5"):
        promised_steps(theorems.T15_pl, 1.5, epsilon=0.01, condition=10)


@as_one_test("p", (0.3, 1.0))
def test_without_curvature_the_promises_are_those_of_T1_and_T2(p):
    """At 1/L, where Q = L I. Catches a gain of another step, and a slowdown that is not that of lambda_min."""
    options, _ = advise([(12, 7)], ranks=[1, 3], sketches=["haar", "coordinate_with_replacement"], mixture=p)
    for one in options:
        assert (one.L_H, one.step, one.nu) == (1.0, 1.0, one.lambda_min)
        c = Constants(gamma=1.0, L=1.0, mu=0.1, lambda_min=one.lambda_min, gap0=1.0, gap0_upper=1.0)
        for gain, known in zip(PROMISES, (theorems.T1, theorems.T2), strict=True):
            epsilon = 0.01 * known.metric.ceiling(c)
            assert promised_steps(gain, one.nu, epsilon=0.01, condition=10) == known.steps_to(epsilon * (1 + 1e-12), c)


def test_what_is_not_possible_is_said(monkeypatch):
    options, notes = advise([(6, 2)], ranks=[1, 4], sketches=["subsampled_hadamard", "haar"], mixture=0.5)
    assert [(o.side, o.sketch, o.rank) for o in options[1:]] == [
        ("right", "subsampled_hadamard", 1),
        ("left", "haar", 1),
        ("right", "haar", 1),
        ("mixture", "haar", 1),
        ("left", "haar", 4),
    ]
    assert "6x2, right, haar, rank 4 is left out: rank must be in 1..dim=2, got 4" in notes
    assert any("dim must be a power of two" in note for note in notes)
    usual, _ = advise([(40, 40)], sketches=["haar"])  # and full training
    assert {option.rank for option in usual} == {1, 2, 4, 8, 16, 40}
    _, notes = advise([(400, 1)], ranks=[16], sketches=["uniform"])
    assert "there is no closed form, and above dim=256 sampling would take minutes" in notes[0]
    monkeypatch.setattr("rac_theory.advice.training_option.SAMPLED_DIM", 3)
    options, (note,) = advise([(4, 3)], ranks=[2], sketches=["uniform"])
    assert options[1].side == "right"
    assert note.startswith("4x3, left")
    for wrong, message in ((1.5, r"a probability in \[0, 1\], got 1.5"), (math.nan, "a finite number, got nan")):
        with pytest.raises(ValueError, match=f"mixture must be {message}"):
            advise([(4, 4)], mixture=wrong)


def test_a_stride_trick_says_the_same_as_the_matrix():
    """A multiple of the identity whose rows are windows of one array; one that is only nearly so is decomposed."""

    class Claims:
        dim, rank = 5, 2

        def __init__(self, entries):
            self.entries = np.asarray(entries, dtype=float)

        def expected_projection(self):
            return np.lib.stride_tricks.sliding_window_view(self.entries, 5)[::-1]

    known = closed_form(Claims([0, 0, 0, 0, 0.4, 0, 0, 0, 0]))
    assert 0.4 - 1e-15 < known.lambda_min < 0.4 < known.lambda_max < 0.4 + 1e-15
    np.testing.assert_array_equal(known.matrix, 0.4 * np.eye(5))
    low, high = np.lib.array_utils.byte_bounds(known.matrix)
    assert high - low == 9 * 8  # bytes: a copy of all 25 entries would defeat the purpose
    assert not known.matrix.flags.writeable
    near = closed_form(Claims([0, 0, 0, 0.1, 0.4, 0.1, 0, 0, 0]))
    matrix = 0.4 * np.eye(5) + 0.1 * (np.eye(5, k=1) + np.eye(5, k=-1))
    assert near.lambda_min == pytest.approx(np.linalg.eigvalsh(matrix)[0], abs=1e-11)
    with pytest.raises(ValueError, match="must be symmetric"):
        closed_form(Claims([0, 0, 0, 0, 0.4, 0, 0, 0, 0.1]))
    with pytest.raises(ValueError, match="trace at most rank=2"):
        closed_form(Claims([0, 0, 0, 0, 0.5, 0, 0, 0, 0]))


def test_a_notebook_shows_numbers_and_marks_the_frontier():
    advice = advise([(7, 5)], ranks=[3], sketches=["gaussian", "frozen"])
    shown = advice._repr_html_()
    assert f">{advice.options[1].slowdown:.7g}<" in shown
    assert ">3<" in shown  # a rank is no float
    assert shown.count("*") == sum(efficient(advice.options))


def test_large_layers_take_no_matrix():
    """At 128,256 rows, a vocabulary, E[H] would be 130 gigabytes: whoever forms it fails, or takes minutes."""
    option = table((128_256, 4096), ranks=[16], sketches=["coordinate"])["left", "coordinate", 16]
    assert option.lambda_min == pytest.approx(16 / 128_256, rel=1e-14)


def test_the_plot_shows_every_option_that_converges():
    options, _ = advise([(8, 6)], ranks=[1, 2], sketches=["gaussian", "frozen"], mixture=0.5)
    lines = {line.get_label(): line.get_xydata() for line in frontier_plot(options).get_lines()}
    assert set(lines) == {"full", "left gaussian", "right gaussian", "mixture gaussian", "budget of full training"}
    np.testing.assert_allclose(lines["left gaussian"], [[6, 8], [12, 4]])
    np.testing.assert_allclose(lines["budget of full training"].prod(axis=1), 48)
    assert len(frontier_plot(options[:1]).get_lines()) == 2  # full training alone, and its budget
    assert frontier_plot(options).get_title() == "8x6, rank 1 to 2"
    assert frontier_plot([*options[:1], option((8, 6), 0.5, 3)]).get_title() == "8x6, rank 1"


@as_one_test(("layers", "grid"), [(1, (1, 1)), (2, (2, 1)), (3, (2, 2)), (5, (2, 2))])
def test_panels_have_margins_in_inches(layers, grid):
    """Four at most, two beside each other, each 5.2 x 4; between them a share of an axis."""
    figure = frontier_panels(advise([(8 + k, 6) for k in range(layers)], ranks=[1])[0])
    columns, rows = grid
    width, height = figure.get_size_inches()
    assert (width, height) == (5.2 * columns, 4.0 * rows)
    at = figure.subplotpars
    inches = [at.left * width, at.bottom * height, (1 - at.right) * width, (1 - at.top) * height, at.wspace, at.hspace]
    assert inches == pytest.approx([0.7, 0.6, 0.15, 0.4, 0.18, 0.3])
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [f"{8 + k}x6, rank 1" for k in range(min(layers, 4))]
    first = figure.axes[0].get_position()
    assert all(axes.get_position().x0 > first.x0 or axes.get_position().y0 < first.y0 for axes in figure.axes[1:])


def test_a_sampled_sketch_is_worth_its_lower_bound():
    """From the draws that ``spectrum`` takes. Catches the upper end, by which too few steps would be promised."""
    option = table((4, 3), ranks=[2], sketches=["uniform"], rng=3)["left", "uniform", 2]
    known = spectrum(named_sketch("uniform", 4, 2), rng=3)
    assert option.how == "sampled"
    assert 0 < option.lambda_min == known.lambda_min < known.lambda_min_upper
    both = table((4, 4), ranks=[2], sketches=["uniform"], rng=3)
    assert both["right", "uniform", 2].lambda_min == both["left", "uniform", 2].lambda_min  # looked up, not drawn anew


SPECTRUM = np.geomspace(1, 0.02, 12)


def algorithm(option, L):
    """RAC-LoRA as an option has it, at its best step."""
    gamma = option.step / L
    if option.side == "full":
        return GD(gamma)
    return RACLoRA(named_sketch(option.sketch, option.shape[option.side == "right"], option.rank), gamma, option.side)


@pytest.mark.parametrize("start", ["even", "slowest"])
def test_promised_steps_are_an_upper_bound_of_exact_expectations(start):
    """From all directions alike, and along the slowest alone, where the promise is less than 2.2 times what it takes.
    Catches a gain that is too large by more than rounding, and a step of half the length."""
    curvature = Curvature.of_spectrum(SPECTRUM, side="left")
    W = np.ones((12, 3)) if start == "even" else np.outer(np.arange(12) == 11, np.ones(3))
    problem = Quadratic.left(np.diag(SPECTRUM), W)
    options, _ = advise([(12, 3)], ranks=[1, 2], sketches=["haar"], curvature=curvature)
    assert [option.side for option in options] == ["full", "left", "right", "left", "right"]
    for option in options:
        most = int(promised_steps(theorems.T15_pl, option.nu, epsilon=0.01, condition=curvature.condition))
        gap = expected(Case(algorithm(option, problem.L), problem, steps=most)).gap
        taken = np.flatnonzero(gap <= 0.01 * gap[0])[0]
        assert taken <= most
        assert start == "even" or most < 2.2 * taken


def test_the_bound_is_attained_where_all_curved_directions_are_alike():
    """k equal eigenvalues, the rest zero: the exact rate is 1 - mu nu. Catches a nu that is smaller or larger. The
    faster side turns where the promised one does: where 2 + rho passes the length of the other, up to d/(d + 2)."""
    m, n = 60, 16
    faster = {}
    for k in (1, 4, 13, 14, 15, 30):
        values = (np.arange(m) < k).astype(float)
        curvature = Curvature.of_spectrum(values, side="left")
        assert curvature.rho == k
        problem = Quadratic.left(np.diag(values), np.ones((m, n)))
        options, _ = advise([(m, n)], ranks=[1], sketches=["haar"], curvature=curvature)
        exact = {option.side: 1 / (1 - exact_rate(Case(algorithm(option, 1.0), problem))) for option in options[1:]}
        for option in options[1:]:
            assert exact[option.side] == pytest.approx(option.slowdown, rel=1e-9)
        faster[k] = min(exact, key=exact.__getitem__)
        assert exact["left"] == pytest.approx(m * (2 + k) / (m + 2), rel=1e-9)
    assert faster == {k: "left" if 2 + k < n * (m + 2) / m else "right" for k in faster}
    assert set(faster.values()) == {"left", "right"}
