"""C1: the loss as a function of the factors need not be Lipschitz smooth where f is, and on which f it is not; and the
quadratic on which LoRA and Chain of LoRA are said to diverge, with a linear term of our own.
"""

from fractions import Fraction
from itertools import product

import numpy as np

from rac_theory.algorithms import Initialisation, LoRA
from rac_theory.base.checks import Array
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Lines, Witness, exact
from rac_theory.literature.counterexamples.factor_loss import FactorLoss
from rac_theory.problems import LogisticRegression, Problem, Quadratic

CURVATURES = (10.0, *[1.0] * 8)
"""The diagonal of M in ``f(x) = x' M x + b' x``; the Hessian is 2 M and L = 20."""


def paper_quadratic(W_star: Array) -> Quadratic:
    """Return f on 3 x 3 matrices up to a constant: ``b = -2 M vec(W_star)``, which is not known, is set by W_star."""
    return Quadratic.full(2 * np.diag(CURVATURES), W_star)


def random_paper_quadratic(seed: int) -> Quadratic:
    """Return the one whose W_star has standard Gaussian entries."""
    return paper_quadratic(np.random.default_rng(seed).standard_normal((3, 3)))


SCALES = 2.0 ** np.arange(11)
B = np.array([[1.0], [2.0], [-1.0]])
A = np.array([[2.0, 1.0, 1.0]])
_X = np.array([[1.0, 0.5], [0.5, 2.0], [-1.0, -0.5], [1.0, -2.0]])
LOGISTIC = LogisticRegression(_X, np.array([1, 1, -1, 1]))
LOGISTIC_B, LOGISTIC_A = np.array([[1.0], [1.0]]), np.array([[1.0]])


def lipschitz_along(problem: Problem, W0: Array, B: Array, A: Array, power: int) -> Array:
    """Return the local Lipschitz constant of the factor gradient at ``(s B, s^power A)`` for each s of ``SCALES``."""
    loss = FactorLoss(problem, W0)
    return np.array([loss.lipschitz(s * B, s**power * A) for s in SCALES])


def slope(y: Array) -> float:
    """Return the slope of log y over log s at the largest scales."""
    return float(np.log2(y[-1] / y[-4]) / 3)


def exact_curvature(s: int) -> Fraction:
    """Return the second derivative of J at (s B, A/s) along the unit move of the first entry of A, exactly."""
    return Fraction(2 * (exact(CURVATURES).reshape(3, 3)[:, 0] * (s * exact(B)[:, 0]) ** 2).sum())


def determinant_is_bilinear() -> bool:
    r"""Check, exactly, that :math:`\det(W^0 + b a) = \det W^0 + a \operatorname{adj}(W^0) b` for 2 x 2 matrices.

    So its J at rank one has the same Hessian at all factors. Both sides have degree two at most in each entry of b and
    a, and degree one in each of W^0: they are the same polynomial if they agree on a grid of three, and two, values.
    """
    for w, x, y, z in product((0, 1), repeat=4):
        for p, q, u, v in product((-1, 0, 1), repeat=4):
            moved = (w + p * u) * (z + q * v) - (x + p * v) * (y + q * u)
            if moved != (w * z - x * y) + u * (z * p - x * q) + v * (-y * p + w * q):
                return False
    return True


def logistic_ceiling(problem: LogisticRegression, B: Array, A: Array) -> float:
    r"""Return a bound of the Lipschitz constant along (sB, sA), whatever s, for logistic losses without a penalty.

    With :math:`m_i = |x_i^\top B A| > 0` the i-th loss has curvature at most :math:`e^{-s^2 m_i}`, and
    :math:`s^2 e^{-s^2 m} \le 1 / (e m)`; the other term is :math:`2 \|\dot B \dot A\| \|G\| \le \|G\|`.
    """
    X = np.asarray(problem.X)
    norms = np.linalg.norm(X, axis=1)
    margins = np.abs(X @ (B @ A))[:, 0]
    factors = float(np.sum(B**2) + np.sum(A**2))
    return factors * float(np.mean(norms**2 / (np.e * margins))) + float(norms.mean())


def gather(example: Counterexample) -> Witness:
    """Follow three paths of factors on a quadratic, and one on a logistic loss."""
    problem, W0 = example.problem, example.start
    paths = {
        "(sB, A/s)": lipschitz_along(problem, W0, B, A, -1),
        "(sB, 0)": lipschitz_along(problem, W0, B, 0 * A, 1),
        "(sB, sA)": lipschitz_along(problem, W0, B, A, 1),
    }
    logistic = lipschitz_along(LOGISTIC, np.zeros((2, 1)), LOGISTIC_B, LOGISTIC_A, 1)
    limit = problem.L * float(np.sum(A**2))
    checks = (
        *_along_a_move_of_A(paths["(sB, A/s)"]),
        *(_grows_like_a_square(path, y) for path, y in paths.items()),
        _stays_bounded(logistic),
        Check.exact("not so for det W on 2 x 2 at rank one: J is bilinear there", determinant_is_bilinear()),
        _with_A_fixed(example, limit),
    )
    return Witness(checks, _picture(paths, logistic, limit))


def _along_a_move_of_A(grows: Array) -> tuple[Check, Check]:
    """The curvature in rational arithmetic, and the Hessian in floating point, which cannot be below it."""
    curvatures = [exact_curvature(2**k) for k in range(len(SCALES))]
    is_square = [c == 4**k * curvatures[0] for k, c in enumerate(curvatures)]
    below = [float(c) <= y * (1 + 1e-12) for c, y in zip(curvatures, grows, strict=True)]
    return (
        Check.exact(f"along a move of A alone the curvature at (sB, A/s) is {curvatures[0]} s^2", *is_square),
        Check.bounded("it is at most the local Lipschitz constant", *below),
    )


def _grows_like_a_square(path: str, constants: Array) -> Check:
    k = slope(constants)
    return Check.bounded(f"the slope along {path} is {k:.4f}", abs(k - 2) < 1e-2)


def _stays_bounded(logistic: Array) -> Check:
    """The largest eigenvalues, and the bound that is proved."""
    largest, ceiling = float(logistic.max()), logistic_ceiling(LOGISTIC, LOGISTIC_B, LOGISTIC_A)
    sentence = f"along (sB, sA) a logistic loss stays at or below {largest:.4g}, and its bound {ceiling:.4g}"
    return Check.bounded(sentence, largest <= ceiling)


def _with_A_fixed(example: Counterexample, limit: float) -> Check:
    in_B = FactorLoss(example.problem, example.start).hessian(B, A)[: B.size, : B.size]
    largest = float(np.linalg.eigvalsh(in_B)[-1])
    return Check.bounded(f"with A fixed it is {largest:.4g}, at most L ||A||^2 = {limit:.4g}", largest <= limit)


def _picture(paths: dict[str, Array], logistic: Array, limit: float) -> Lines:
    curves = {name: paths[name] for name in ("(sB, A/s)", "(sB, sA)")} | {"(sB, sA), logistic loss": logistic}
    levels = {"A fixed: $L \\Vert A \\Vert^2$": limit}
    return Lines.over(SCALES, curves, levels, "$s$", "local Lipschitz constant", xscale="log")


C1 = Counterexample(
    id="C1",
    name="loss of smoothness",
    statement="(B, A) -> f(W0 + BA) is not Lipschitz smooth, though f is, for every convex f that is not affine: along "
    "(sB, A/s), which leaves W where it is, the local Lipschitz constant of its gradient grows like s^2.",
    source="arXiv:2410.08305",
    mark="paper",
    cause="step-size instability",
    problem=paper_quadratic(np.ones((3, 3))),
    method=LoRA(Initialisation.kaiming((3, 3), 1), gamma=1 / 20),
    gather=gather,
    condition="at some W = W0 + BA the Hessian of f is not zero on some B X or X A, as is so for every convex f that "
    "is not affine; along (sB, sA) the constant grows so on quadratics under the same condition, and stays bounded for "
    "logistic losses without a penalty and without zero scores",
)
