r"""The moment map of Bernoulli-LoRA: the weighted mean of those of its two sides.

In general it acts on all m n numbers, where :math:`E[P M P]` is the mean of the two lifted second moments. Where f has
one Hessian S for all columns, rows will do: with :math:`x_i` the energy of row i in the eigenbasis of S, the right step
multiplies it by :math:`1 - c\, (2 h_i - h_i^2)` if E[H] = c I on the right (see ``diagonal_map``), and the left step
acts on x as it does alone if it has two invariants.
"""

from dataclasses import replace

from rac_theory.algorithms import Bernoulli
from rac_theory.problems import Problem
from rac_theory.runs.expectations.diagonal_map import DiagonalMap, two_invariants
from rac_theory.runs.expectations.frame import Frame, frame_of, whole_frame
from rac_theory.runs.expectations.matrix_map import MatrixMap, matrix_map
from rac_theory.runs.expectations.moment_map import MomentMap
from rac_theory.runs.expectations.step_moments import known_second_moment
from rac_theory.sketches import Moments
from rac_theory.sketches.laws import SecondMoment, lifted


def bernoulli_map(algorithm: Bernoulli, problem: Problem) -> MomentMap:
    """Return the map on rows where there is one, else on all m n numbers, up to 64; or raise ``Unsupported``."""
    rows = _on_rows(algorithm, problem)
    return on_all_numbers(algorithm, problem)[1] if rows is None else rows


def on_all_numbers(algorithm: Bernoulli, problem: Problem) -> tuple[Frame, MatrixMap]:
    """Return the map on all m n numbers, up to 64, and their frame."""
    p, left = algorithm.p, known_second_moment(Moments(algorithm.left))
    on_left = lifted(left, problem.shape, "left")
    on_right = lifted(known_second_moment(Moments(algorithm.right)), problem.shape, "right")

    def mixed(_: SecondMoment) -> SecondMoment:
        return lambda M: p * on_left(M) + (1 - p) * on_right(M)

    frame = whole_frame(problem, mixed)
    return frame, matrix_map(frame, algorithm.gamma, left)


def _on_rows(algorithm: Bernoulli, problem: Problem) -> DiagonalMap | None:
    eigenbasis = getattr(problem, "eigenbasis", None)
    invariants, share = Moments(algorithm.left).invariants, Moments(algorithm.right).share
    if eigenbasis is None or eigenbasis.curvatures.shape[1] > 1 or invariants is None or share is None:
        return None
    p, frame = algorithm.p, frame_of(problem, "left")
    left = two_invariants(frame, algorithm.gamma, *map(float, invariants))
    right_decay = 1 - share * (2 * left.h - left.h**2)
    return replace(
        left,
        decay=p * left.decay + (1 - p) * right_decay,
        coupling=p * left.coupling,
        spread=p * left.spread + (1 - p) * share * frame.columns * left.h,
    )
