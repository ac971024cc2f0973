"""Proofs followed in numbers: sequences for which nothing is given away from the one-step inequality on."""

import itertools
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.optimize import brentq

from rac_theory import Constants

from . import steps
from .route import Equality, of_gaps, of_gradients, of_norms

EXACT = Constants(
    gamma=0.3, L=2.6, mu=0.7, strong_convexity=0.4, convex=True, lambda_min=0.35, lambda_max=0.6, f_star=0.0, gap0=1.7,
    gap0_upper=1.9, distance0=1.4, nu=0.21, longest_step=1.3, leading_share=0.35,
)  # fmt: skip
SHORT, LONG = replace(EXACT, gamma=1 / 2.6), replace(EXACT, gamma=0.68)
NEARLY_ISOTROPIC = replace(EXACT, lambda_max=0.37)
NOISY = replace(EXACT, A=0.45, beta=1.3, C=0.8)
ALONG = tuple(replace(c, L=np.nan, L_H=2.6) for c in (EXACT, LONG, replace(EXACT, mu=4.1)))  # mu may exceed L_H
TURNS = replace(EXACT, L_H=1.9, ell=2.2), replace(LONG, L_H=1.1, ell=1.3)
ROOT_STEPS = replace(NOISY, offset=1.7)
HARMONIC = replace(NOISY, gamma=0.14, offset=32.0)
NOISY_ALONG = replace(NOISY, L=np.nan, L_H=2.6)
OFF = replace(SHORT, bias_squared=0.8)
CARRIED = tuple(
    replace(EXACT, A=0.0, beta=1.0, C=0.8, gamma=gamma, letters={"b": b}) for gamma, b in ((0.15, 0.3), (0.2, 0.1))
)
CARRIED_ALONG = tuple(replace(c, L_H=0.6 * c.L) for c in CARRIED)
AHEAD = tuple(
    replace(EXACT, L_H=1.9, letters={"s": s, "lambda_min": least, "alpha": alpha})
    for s, least, alpha in ((0.4, 0.35, 0.11), (0.3, 0.25, 0.05))
)
KEPT_BACK = tuple(replace(EXACT, A=0.0, beta=1.0, C=0.8, gamma=gamma) for gamma in (0.03, 0.05))
LAGGING = tuple(replace(EXACT, gamma=gamma) for gamma in (0.05, 0.07))
WEIGHED = tuple(replace(EXACT, gamma=gamma, letters={"a": 0.6, "A": 1.7}) for gamma in (0.2, 0.4))
FORGOTTEN = tuple(replace(EXACT, gamma=gamma, letters={"b": b}) for gamma, b in ((0.3, 0.55), (0.7, 0.05)))
STEEP = replace(EXACT, norm_share=0.35, span=3.0), replace(EXACT, gamma=1.3, norm_share=0.9, span=1.2)
EPOCH = replace(EXACT, L=np.nan, L_max=2.6, inner_steps=3, gamma=0.05, sigma_squared=0.9, zeta_squared=1.2, D=0.65)
EPOCHS = EPOCH, replace(EPOCH, inner_steps=4, gamma=0.03)
SHARP = replace(EPOCH, gamma=0.1), replace(EPOCH, inner_steps=11, gamma=0.03)  # a tenth of 11 steps is a step
SAMPLED = tuple(replace(c, D_in=0.4, omega=0.3) for c in SHARP)
CALM = replace(EPOCH, mu=1.9, lambda_min=0.5, D=0.65)  # where rho is below 1
CALMS = CALM, replace(CALM, inner_steps=11, gamma=0.01)
CALM_SAMPLED = tuple(replace(c, D_in=0.4, omega=0.3) for c in CALMS)


def of_each(one, ends=((),)):
    """What a function says of the constants that come last, for each of several, and perhaps at several T."""
    before = one.__code__.co_argcount - 1 - len(ends[0])
    return lambda *given: [one(*given[:before], c, *T) for c in given[before:] for T in ends]


at_horizons = partial(of_each, ends=[(5,), (2,), (1,)])


@at_horizons
def averages(step, c, T):
    """Gradients as large as the steps of a proof allow, along a path of gaps from the start down to nothing."""
    return of_gradients(step.__name__, c, _squares(step, c, T))


@at_horizons
def averages_beside(c, T):
    """T25: both squared gradients together as large as steps allow, that at X of any size."""
    both, at_iterate = np.array(_squares(steps.feedback, c, T)), np.geomspace(0.3, 2.0, T)
    return of_gradients("feedback", c, both - steps.left_beside(c) * at_iterate, at_iterate=at_iterate)


@at_horizons
def averages_behind(c, T):
    """T27: as ``averages``, from a potential that has what V is behind at first."""
    first = replace(c, gap0_upper=steps.with_lag(c, c.gap0_upper))
    return of_gradients("follows", c, _squares(steps.follows, first, T))


@of_each
def rates_behind(c):
    """T27_pl: all of psi falls by its factor alone, and is in the gap at last."""
    return of_gaps("rate of follows", c, _in_turn(partial(_slowest, steps.follows, c), steps.with_lag(c, c.gap0)))


@at_horizons
def scaled_averages(c, T):
    """T16: squared gradients times steps as large as certificates allow, whatever steps these are."""
    sizes = np.geomspace(0.2, 30.0, T)
    return of_gradients("certified", c, np.array(_squares(steps.certified, c, T)) / sizes, step_sizes=sizes)


@at_horizons
def norm_averages(c, T):
    """T24: norms as large as steepest steps allow, along a path of gaps from the start down to nothing."""
    return of_norms("steepest", c, _squares(steps.steepest, c, T))


@of_each
def weights(step, c):
    """Averages of the same gradients, with weights that make gaps telescope: the left side alone."""
    squares = np.array(_squares(step, c, 4))
    weights = (step(c, 1.0, 0.0) - step(c, 0.0, 0.0)) ** -np.arange(4.0)
    left = np.cumsum(weights * squares) / np.cumsum(weights)
    return of_gradients(f"weights of {step.__name__}", c, squares, (1, 2, 3, 4), left)


@of_each
def largest_gradients(c):
    """T1_tight: each gradient as large as its gap allows, ``|G|^2 = 2 L gap``."""
    gaps = _in_turn(lambda gap: steps.exact(c, gap, 2 * c.L * gap), c.gap0_upper)
    return of_gradients("largest gradients", c, [2 * c.L * gap for gap in gaps[:-1]], tuple(range(1, 7)))


@partial(of_each, ends=[(5,), (2,), (1,), (11,)])  # a tenth of 11 steps is a step
def largest_means(c, T):
    """T19: all that noise and gaps as large as the largest allow, spent in equal parts at all t."""
    each = [steps.shortened(c, t, 1 / 2) for t in range(T)]
    spent = c.gap0_upper + sum(steps.noisy(one, 0.0, 0.0) for one in each)
    grown = sum(steps.growth(one) - 1 for one in each)
    largest = root(lambda gap: spent + grown * gap - gap)
    of_first = -steps.noisy(replace(c, C=0.0), 0.0, 1.0) / c.gamma
    return of_gradients("largest mean", c, [(spent + grown * largest) / of_first / T / one.gamma for one in each])


@of_each
def accelerated(c):
    """T21: psi falls by its factor alone, from the farthest start, and all of it is in the gap at last."""
    factor, start, _ = steps.accelerated(c, c.L)
    return of_gaps("accelerated", c, [start * factor**t for t in range(7)])


@of_each
def weighted_gaps(c):
    """T19_pl: gaps that, times weights, grow by what noise adds alone."""
    gaps, first = [c.gap0], c.offset + steps.second_order(c) - 2
    for t in range(11):
        noise = steps.noisy(steps.shortened(c, t, 1), 0.0, 0.0)
        gaps.append((first + t) ** 2 * gaps[-1] / (first + t + 1) ** 2 + noise)
    return of_gaps("weighted gaps", c, gaps)


@of_each
def rates(step, c):
    """Gaps that fall as slowly as the steps of a proof and the inequality of Polyak and Lojasiewicz allow."""
    return of_gaps(f"rate of {step.__name__}", c, _in_turn(partial(_slowest, step, c), c.gap0))


@of_each
def next_gradients(c):
    """T2_tight: of all next gradients along U the longest that its gap and the remainder allow, by halving."""

    def after(gap):
        square = 2 * c.mu * gap
        turned = steps.turned(c, square) / (2 * c.mu)
        longest = brentq(
            lambda times: steps.with_remainder(c, gap, square, times) - turned * times**2,
            1.0, 4.0, xtol=1e-15, rtol=1e-15,
        )  # fmt: skip
        return turned * longest**2

    return of_gaps("next gradients", c, _in_turn(after, c.gap0))


@of_each
def rates_and_floors(step, c):
    """As ``rates``, the noise counted for ever: the start decays, and the noise has come to its fixed point."""
    slowest = partial(_slowest, step, c)
    gaps = _in_turn(lambda gap: slowest(gap) - slowest(0.0), c.gap0)
    floor = root(lambda gap: slowest(gap) - gap)
    return of_gaps(f"rate and floor of {step.__name__}", c, np.array(gaps) + floor)


@of_each
def potentials(c):
    """T3: the largest gap of the last step that a potential, which loses as much in each, still allows."""
    kappa = root(partial(left_of_gradients, c))
    first = kappa / (2 * c.gamma) * c.distance0**2 * max(1 / c.lambda_min, 1 / c.lambda_max) + c.gap0 / c.lambda_min
    # No earlier gap is smaller.
    left = [root(lambda gap, T=T: first - T * kappa * gap - gap / c.lambda_min) for T in range(1, 7)]
    return of_gaps("potential", c, [c.gap0, *left])


def left_of_gradients(c, kappa):
    """What multiplies ``<G, E[H] G>`` in the change of the potential, with ``E[H H^-1 H] <= E[H] / lambda_min``."""
    of_distance = kappa / (2 * c.gamma) * c.gamma**2 / c.lambda_min
    return of_distance + steps.exact(c, 0.0, 1 / c.lambda_min) / c.lambda_min


@of_each
def isotropic_distances(c):
    """T3_isotropic: the largest gap of the last step that distances allow; ``<V, G>`` is the gap and |G|^2 / 2L."""

    def left(gap, T):
        return c.distance0**2 + T * c.lambda_min * max(change(c, gap, square) for square in (0.0, 1.0))

    return of_gaps("distances", c, [c.gap0, *(root(partial(left, T=T)) for T in range(1, 7))])


def change(c, gap, square):
    """Of the squared distance in a step that is not left out."""
    return -2 * c.gamma * (gap + square / (2 * c.L)) + c.gamma * c.gamma * square


@of_each
def squared_distances(c):
    """T4: what a draw leaves alone is forgotten most rarely, what it moves is drawn most often and is the slower."""
    return of_gaps("distances", c, _in_turn(lambda square: square * distance_factor(c), c.distance0**2))


def distance_factor(c):
    """What a draw leaves of a squared distance of one: the gradient moves a point at most as along an axis."""
    moved = max((1 - c.gamma * h) * (1 - c.gamma * h) for h in (c.strong_convexity, c.L))
    return 1 - c.lambda_min + c.lambda_max * moved


def longest_noisy_steps():
    """T5_step: T5 at the longest step; beside it, where A > 0, the largest growth, which a single step attains."""
    longest = replace(NOISY, gamma=0.2, beta=1 / (0.2 * NOISY.L))
    singles = [
        replace(NOISY, gamma=gamma, beta=1 / (gamma * NOISY.L), A=1 / (NOISY.L * gamma**2 * NOISY.lambda_max))
        for gamma in (0.2, 8.0)  # a large A and a small one
    ]
    of_one = [of_gradients("one step", c, _squares(steps.noisy, c, 1)) for c in singles]
    return averages(steps.noisy, replace(longest, A=0.0)) + of_one


def root(affine):
    """Where an affine function of a number vanishes, from two of its values."""
    at_zero = affine(0.0)
    return at_zero / (at_zero - affine(1.0))


def _in_turn(step, start):
    """A number, and what a step makes of it, six times."""
    return [*itertools.accumulate(range(6), lambda value, _: step(value), initial=start)]


def _slowest(step, c, gap):
    return step(c, gap, 2 * c.mu * gap)


def _squares(step, c, T):
    gaps = [c.gap0_upper * (1 - t / T) ** 1.5 for t in range(T + 1)]
    return [root(lambda square, a=a, b=b: step(c, a, square) - b) for a, b in itertools.pairwise(gaps)]


PROOFS: dict[str, list[Equality]] = {
    "T1": averages(steps.exact, SHORT),
    "T1_sharp": averages(steps.exact, EXACT, LONG),
    "T1_tight": largest_gradients(EXACT, LONG),
    "T2": rates(steps.exact, SHORT),
    "T2_sharp": rates(steps.exact, EXACT, LONG),
    "T2_tight": next_gradients(EXACT, LONG),
    "T3": potentials(SHORT),
    "T3_sharp": potentials(EXACT, LONG),
    "T3_isotropic": isotropic_distances(EXACT, SHORT),
    "T4": squared_distances(NEARLY_ISOTROPIC, replace(NEARLY_ISOTROPIC, gamma=0.68)),
    "T4_gap": rates(steps.exact, replace(SHORT, strong_convexity=SHORT.mu)),
    "T5": averages(steps.noisy, NOISY) + weights(steps.noisy, NOISY),
    "T5_step": longest_noisy_steps() + weights(steps.noisy, replace(NOISY, gamma=0.2)),
    "T6": rates(steps.noisy, replace(NOISY, gamma=0.2)),
    "T7": averages(steps.epoch, *EPOCHS),
    "T7d": averages(steps.epoch_of_data, *EPOCHS),
    "T7d_sharp": averages(steps.sharp_epoch, *SHARP),
    "T8": rates_and_floors(steps.epoch, *EPOCHS),
    "T8d": rates(steps.epoch_of_data, *CALMS),
    "T8d_sharp": rates(steps.sharp_epoch, *CALMS),
    "T9": averages(steps.round_, *SHARP),
    "T9d": averages(steps.round_of_data, *SHARP),
    "T9d_sharp": averages(steps.sharp_round, *SHARP),
    "T10": rates_and_floors(steps.round_, *SHARP),
    "T10d": rates(steps.round_of_data, *CALMS),
    "T10d_sharp": rates(steps.sharp_round, *CALMS),
    "T9rr": averages(steps.sampled_round, *SAMPLED),
    "T10rr": rates(steps.sampled_round, *CALM_SAMPLED),
    "T12_nonconvex": averages(steps.of_gain, EXACT),
    "T12_pl": rates(steps.of_gain, EXACT),
    "T12_gaussian": rates(steps.of_gain, EXACT),
    "T13": averages(steps.along, *ALONG),
    "T13_pl": rates(steps.along, *ALONG),
    "T14": averages(steps.noisy_along, NOISY_ALONG) + weights(steps.noisy_along, NOISY_ALONG),
    "T14_pl": rates(steps.noisy_along, replace(NOISY_ALONG, gamma=0.2)),
    "T15": averages(steps.of_gain, EXACT),
    "T15_pl": rates(steps.of_gain, EXACT),
    "T18": averages(steps.cycle, *TURNS),
    "T18_pl": rates(steps.cycle, *TURNS),
    "T22": averages(steps.momentum, *CARRIED),
    "T22_pl": rates(steps.momentum_pl, *CARRIED),
    "T22_H": averages(steps.gain_of_momentum, *CARRIED_ALONG),
    "T21": accelerated(*AHEAD),
    "T21_H": accelerated(*AHEAD),
    "T25": averages_beside(*KEPT_BACK),
    "T27": averages_behind(*LAGGING),
    "T27_pl": rates_behind(*LAGGING),
    "T26": averages(steps.preconditioned, *WEIGHED),
    "T26_pl": rates(steps.preconditioned, *WEIGHED),
    "T24": norm_averages(*STEEP),
    "T23": averages(steps.link, *FORGOTTEN),
    "T23_pl": rates(steps.link, *FORGOTTEN),
    "T19": largest_means(ROOT_STEPS, replace(ROOT_STEPS, A=0.0)),
    "T19_pl": weighted_gaps(HARMONIC, replace(HARMONIC, A=0.0)),
    "T17": averages(steps.leading, EXACT, LONG),
    "T17_pl": rates(steps.leading, EXACT, LONG),
    "T16": scaled_averages(replace(EXACT, L=np.nan, gamma=1.0)),
    "T20": averages(steps.by_differences, OFF),
    "T20_pl": rates(steps.by_differences, OFF),
}
"""Equalities by id, of the T1 of the step size that is longest where a proof rounds."""
