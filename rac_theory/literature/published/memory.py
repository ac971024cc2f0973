"""Claims about steps that remember: heavy ball in random subspaces, and error feedback, each with its witness."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

from rac_theory.literature.counterexamples.counterexample import Check, Witness
from rac_theory.literature.published.published_claim import PublishedClaim

DIM = 16
BETA = Fraction(9, 16)
"""The momentum by which the mean is fastest at the exact step along one of 16 coordinates: (1 - 1/4)^2."""


def heavy_ball_means(steps: int) -> list[Fraction]:
    """Return E x_t of one coordinate on half of its square, from rest at 1, where a step sets it to zero and adds
    ``BETA (x_t - x_{t-1})`` with probability 1/16, and adds that alone otherwise.
    """
    means = [Fraction(1), Fraction(1)]
    for _ in range(steps):
        means.append((1 - Fraction(1, DIM) + BETA) * means[-1] - BETA * means[-2])
    return means[1:]


def heavy_ball_squares(steps: int) -> list[Fraction]:
    """Return E x_t^2 of the same, by the moments of two successive points."""
    square, product, before, squares = Fraction(1), Fraction(1), Fraction(1), [Fraction(1)]
    for _ in range(steps):
        after, mixed = Fraction(0), Fraction(0)
        for stays, chance in ((0, Fraction(1, DIM)), (1, 1 - Fraction(1, DIM))):
            a = stays + BETA
            after += chance * (a**2 * square - 2 * a * BETA * product + BETA**2 * before)
            mixed += chance * (a * square - BETA * product)
        square, product, before = after, mixed, square
        squares.append(square)
    return squares


def heavy_ball() -> Witness:
    """Compare the mean of the iterates with that of their squares."""
    first, steps = 60, 120
    means, squares = heavy_ball_means(steps), heavy_ball_squares(steps)
    falls = [mean == (1 + Fraction(t, 4)) * Fraction(3, 4) ** t for t, mean in enumerate(means)]
    grows = [after > before for before, after in pairwise(squares[first:])]
    return Witness(
        (
            Check.exact(f"at momentum {BETA} the mean of one of {DIM} coordinates is (1 + t/4) (3/4)^t", *falls),
            Check.exact(
                f"the mean square of the same iterates grows in each step from {first} to {steps}, where it is "
                f"{float(squares[-1]):.3f} times the first",
                *grows,
            ),
        )
    )


RATIONAL = ((Fraction(1, 2), Fraction(4, 11), Fraction(43, 33)), (Fraction(1, 3), Fraction(5, 16), Fraction(19, 16)))
"""Roots of epsilon and mu / L for which the root in the rate is rational, as well, and that root."""

Form = Callable[[Sequence[Fraction]], Fraction]


def forms_agree(left: Form, right: Form) -> bool:
    """Whether two quadratic forms of four numbers are the same: they are if they are at these ten points."""
    unit = [[Fraction(i == j) for j in range(4)] for i in range(4)]
    sums = [[a + b for a, b in zip(unit[i], unit[j], strict=True)] for i in range(4) for j in range(i)]
    return all(left(point) == right(point) for point in unit + sums)


def feedback_constants(s: Fraction, mu: Fraction, root: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Return step, multiplier and rate of the certificates, for L = 1 and epsilon = s^2."""
    eta = 2 / (1 + mu) * (1 - s) / (1 + s)
    multiplier = eta / (1 + mu) * ((1 - s) * (1 - mu) + (1 + s) * root)
    return eta, multiplier, s + (1 + s) * (1 - mu) * multiplier / 4


def _interpolated(x: Fraction, g: Fraction, mu: Fraction) -> Fraction:
    """What two points of an L-smooth mu-strongly convex f, L = 1, satisfy, by x and g apart: 2 of it <= g x."""
    return g**2 / 2 + mu / (2 * (1 - mu)) * (x - g) ** 2


def feedback_certificate(s: Fraction, mu: Fraction, root: Fraction) -> tuple[Form, Form]:
    """Return both sides of the identity by which error feedback has its rate, in x - x*, its gradient, e and c."""
    eta, multiplier, rho = feedback_constants(s, mu, root)
    weight, square = 1 / (2 + 1 / s), (rho - s) * (1 + s) / s

    def potential(x: Fraction, e: Fraction) -> Fraction:
        return x**2 - 2 * x * e + (1 - weight) / weight * e**2

    def facts(point: Sequence[Fraction]) -> Fraction:
        x, g, e, c = point
        contracted = (e + eta * g - c) ** 2 - s**2 * (e + eta * g) ** 2
        return multiplier * (2 * _interpolated(x, g, mu) - g * x) + contracted / s

    def step(point: Sequence[Fraction]) -> Fraction:
        x, g, e, c = point
        rest = e - (rho - 1) / square * x + 2 * (s - 1) / (square * (1 + mu)) * g
        return potential(x - c, e + eta * g - c) - rho * potential(x, e) + square * rest**2

    return facts, step


def ef21_certificate(s: Fraction, mu: Fraction, root: Fraction) -> tuple[Form, Form]:
    """Return the same of EF21, in two successive gradients, its estimate d and the message c."""
    eta, multiplier, rho = feedback_constants(s, mu, root)
    multiplier *= s / eta**2
    square = rho - s**2 + multiplier * eta**2 * mu / (1 - mu)
    b = eta / 2 * multiplier * (1 + mu) / (1 - mu)

    def potential(g: Fraction, d: Fraction) -> Fraction:
        return (1 + s) * g**2 - 2 * g * d + d**2

    def facts(point: Sequence[Fraction]) -> Fraction:
        g, after, d, c = point
        moved = _interpolated(-eta * d, after - g, mu)
        contracted = (after - d - c) ** 2 - s**2 * (after - d) ** 2
        return multiplier * (2 * moved + eta * d * (after - g)) + contracted

    def step(point: Sequence[Fraction]) -> Fraction:
        g, after, d, c = point
        rest = d + ((s**2 + b) * after - (rho + b) * g) / square
        return potential(after, d + c) - rho * potential(g, d) + square * rest**2

    return facts, step


def error_feedback() -> Witness:
    """Check both certificates where all their numbers are rational, and hold their rate against plain compression."""
    same = [forms_agree(*make(*at)) for make in (feedback_certificate, ef21_certificate) for at in RATIONAL]
    constants = [feedback_constants(*at) for at in RATIONAL]
    (s, mu, _), rates = RATIONAL[0], [rho for *_, rho in constants]
    contrast = (1 + s) / (mu * (1 - s))
    plain = ((contrast - 1) / (contrast + 1)) ** 2
    signs = [multiplier > 0 for _, multiplier, _ in constants]
    signs += [rho > s for (s, *_), (*_, rho) in zip(RATIONAL, constants, strict=True)]
    return Witness(
        (
            Check.exact("the identities of both certificates hold for all points, at two (epsilon, mu / L)", *same),
            Check.exact("and their multipliers are not negative", *signs),
            Check.exact(
                f"their rates are {', '.join(map(str, rates))}, the same for EF and EF21; without feedback, at its "
                f"best step, compressed descent has {plain} where they have {rates[0]}",
                plain < rates[0],
            ),
        )
    )


CLAIMS = (
    PublishedClaim(
        id="heavy-ball-mean",
        says='"We also show that the primal iterates converge at an accelerated linear rate in a somewhat weaker '
        'sense."',
        work="Loizou & Richtarik, Momentum and Stochastic Momentum",
        source="arXiv:1712.09677",
        where="the abstract, as it is at https://doi.org/10.1007/s10589-020-00220-z",
        consulted='the abstract, and that of the preprint, which says "in the L1 sense"; what this is was not read, '
        "and it is taken here to be the norm of the mean, ||E x_t||",
        witness=heavy_ball,
        reading="HOLDS of the mean, by a witness of ours; a mean that is fast says nothing of f: at the step and "
        "momentum that are best for the mean here, the mean square rises",
    ),
    PublishedClaim(
        id="error-feedback-tight",
        says='EF and EF21 "have the exact same convergence rate within the space of allowable Lyapunov functions".',
        work="Berg Thomsen, Taylor & Dieuleveut, Tight Analyses of First-Order Methods with Error Feedback",
        source="arXiv:2506.05271",
        where="README.md and certificates/ of https://github.com/DanielBergThomsen/error-feedback-tight at 8772016",
        consulted="the scripts that certify the rates of Theorems 1 and 2; not the text, nor that no rate is better",
        mark="printed",
        witness=error_feedback,
        reading="HOLDS of the rate that both certificates have, for one worker and a deterministic compression, "
        "checked here in fractions by a second program; that it is the best one was not tried; that compressed descent "
        "without feedback is faster is the work's own finding, in certificates/CGD_superiority.wls",
    ),
)
