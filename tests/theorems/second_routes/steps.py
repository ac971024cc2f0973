"""One step of each proof, in numbers: the most that the expected gap can be after it.

A function takes constants, a gap and a squared gradient. What a proof bounds by a lemma is worked out here by what the
lemma is proved from: loops over the steps under one sketch, all partial sums of an order, the descent lemma's model.
"""

import itertools
from dataclasses import replace
from functools import cache

import numpy as np


def exact(c, gap, square):
    """A step of T1: the model of the descent lemma along HG, in the direction that is drawn most rarely."""
    length = c.lambda_min * square
    return gap - c.gamma * length + c.L / 2 * (c.gamma * c.gamma) * length


def with_remainder(c, gap, square, times):
    """A step of T2_tight: the next gradient is so many times U = (I - gamma L H) G, and what is off U is gained."""
    return exact(c, gap, square) - (times - 1) ** 2 * turned(c, square) / (4 * c.L)


def turned(c, square):
    """The mean square of U: G where nothing is drawn, and what a step on L x^2 / 2 leaves of it where it is."""
    return (1 - c.lambda_min) * square + c.lambda_min * (1 - c.gamma * c.L) ** 2 * square


def of_gain(c, gap, square):
    """An outer step of T12 or T15: nu is twice what is gained of a squared gradient of one."""
    return gap - c.nu * square / 2


def momentum(c, psi, square):
    """A step of T22: descent at W for steps along H g, g at X; psi has so much of ``||M||^2`` as X being elsewhere
    costs."""
    return _with_momentum(c, psi, square, 0.0, c.L)


def momentum_pl(c, psi, square):
    """The same of T22_pl, where ``||M||^2`` must fall by the factor of the gap, too."""
    return _with_momentum(c, psi, square, c.gamma * c.lambda_min * c.mu, c.L)


def gain_of_momentum(c, psi, square):
    """A step of T22_H: f is curved by L_H along the step, and its gradient by L where it is taken."""
    return _with_momentum(c, psi, square, 0.0, c.L_H)


def _with_momentum(c, psi, square, fall, smoothness):
    length = c.lambda_min * square  # -2 <G, G_X> is -|G|^2 - |G_X|^2 + |G - G_X|^2
    noise = (smoothness / 2 * c.gamma**2 + share_of_memory(c, fall)) * c.lambda_max * c.C
    return psi - c.gamma * length / 2 + noise


def share_of_memory(c, fall):
    """How much of ``||M||^2`` in psi pays for X being ``gamma b M`` away, where it falls by so much of it."""
    b = c.letters["b"]
    apart = c.gamma / 2 * c.lambda_max * (c.L * c.gamma * b) ** 2
    kept = b**2 + b * (1 - b)  # by Young's inequality
    return apart / (1 - fall - kept)


def left_at_X(c, fall, smoothness):
    """What is left of the squared gradient at X, in units of gamma / 2."""
    b = c.letters["b"]
    of_memory = share_of_memory(c, fall) * (1 + b * c.lambda_max / (1 - b))
    return 1 - smoothness * c.gamma - of_memory / (c.gamma / 2)


def accelerated(c, smoothness):
    """Of T21: by what psi is multiplied at most, what it is at first, and what multiplies ``<G, E[H] G>`` in a step.

    psi is the gap and s lambda/2 of the squared distance of Z, in the norm of the inverse of E[H]. Convexity pays for
    ``<G, Z - Y>`` and strong convexity for ``<G, Y - W*>``, so much of it as Z moves against G.
    """
    share, moved = (c.letters["s"] * c.letters["lambda_min"] / 2, c.letters["alpha"])
    against = moved / (c.letters["s"] * c.letters["lambda_min"])
    of_strong = 2 * share * against
    seen = c.gamma - smoothness / 2 * c.gamma * c.gamma - share * against * against / c.letters["lambda_min"]
    return 1 - of_strong, c.gap0 + share * c.distance0 * c.distance0 / c.letters["lambda_min"], seen


def feedback(c, psi, squares):
    """A step of T25: descent at W along g, g at X; psi has so much of ``||M||^2`` as X being elsewhere costs."""
    noise = (c.L / 2 * c.gamma**2 + share_of_error(c) * (1 - c.lambda_min)) * c.C
    return psi - c.gamma * squares / 2 + noise


def share_of_error(c):
    """How much of ``||M||^2`` in psi pays for X being ``gamma M`` away: half of what H sees of M is lost in a step."""
    apart = c.gamma / 2 * (c.L * c.gamma) ** 2
    return apart / (c.lambda_min / 2)


def left_beside(c):
    """What is left of the squared gradient at X, in units of gamma / 2, after Young's inequality with lambda_min/2."""
    of_error = share_of_error(c) * (1 - c.lambda_min) * (1 + 2 / c.lambda_min)
    return 1 - c.L * c.gamma - of_error / (c.gamma / 2)


def follows(c, psi, square):
    """A step of T27: half of gamma G^2 is gained, and psi has so much of ``||M||^2`` as V being behind costs."""
    return psi - c.gamma * square / 2


def share_of_lag(c):
    """How much of ``||M||^2`` is in psi: what the descent lemma asks for, where a step loses half of what H sees."""
    return c.gamma / 2 * (1 - c.lambda_min) / (c.lambda_min / 2)


def left_of_step(c, fall):
    """What is left of ``||V+||^2``, in units of gamma / 2: ``||M+||^2`` is at most 1 + e of what H leaves of it and
    1 + 1/e of how far gradients turn."""
    grown = 1 - fall - c.lambda_min / 2  # (1 + e) (1 - lambda_min)
    turned = share_of_lag(c) * grown / (grown - (1 - c.lambda_min))
    return 1 - c.L * c.gamma - turned * (c.L * c.gamma) ** 2 / (c.gamma / 2)


def with_lag(c, gap):
    """What psi is at first: V is 0, and so M is G."""
    return gap + share_of_lag(c) * 2 * c.L * gap


def preconditioned(c, gap, square):
    """A step of T26: all weights are the least, but for what they cost to second order, which is by the largest."""
    least, largest = c.letters["a"], c.letters["A"]
    moved = c.gamma * least * c.lambda_min * square
    return gap - moved + c.L / 2 * c.gamma * largest * moved


def link(c, gap, square):
    """A link of T23: its first step by the descent lemma, and all that M is then worth lost later."""
    b, first = c.letters["b"], c.lambda_min * square  # of M after a step from zero
    return exact(c, gap, square) + c.gamma * b / 2 * first


def steepest(c, gap, norm):
    """A step of T24: the model of the descent lemma along a D of squared length R, whose product with G is c N(G)."""
    along, length = c.gamma * c.norm_share * norm, c.gamma * c.span**0.5
    return gap - along + c.L / 2 * length**2


def certified(c, gap, scaled):
    """A step of T16: half of what is certified of a squared gradient times its step, if that is drawn most rarely."""
    return gap - c.lambda_min * scaled / 2


def cycle(c, gap, square):
    """A cycle of T18: the models of curvature L_H in all blocks, of which the first does all that is done."""
    first = 1.0
    away = c.ell * c.L * c.gamma * first  # what the other blocks miss of the gradient
    length = square / (first + away) ** 2
    return gap - c.gamma * length + c.L_H / 2 * (c.gamma * c.gamma) * length


def by_differences(c, gap, square):
    """A step of T20: the model of the descent lemma along HG and errors of it, which are as large as they can be."""
    length, error = (c.lambda_min * square) ** 0.5, c.bias_squared**0.5
    moved = length + error
    return gap - c.gamma * length * moved + c.L / 2 * (c.gamma * c.gamma) * (moved * moved)


def leading(c, gap, square):
    """The first step of T17 where the subspace is found: what is left of a gradient there is the least share of it."""
    return exact(replace(c, lambda_min=c.leading_share), gap, square)


def noisy(c, gap, square):
    """A step of T5: noise enters along the directions that are drawn most often."""
    length = c.lambda_min * square
    noise = c.beta * length + c.lambda_max * (2 * c.A * gap + c.C)
    return gap - c.gamma * length + c.L / 2 * (c.gamma * c.gamma) * noise


def shortened(c, t, power):
    """The constants of step t of those that decrease."""
    return replace(c, gamma=c.gamma * (c.offset / (t + c.offset)) ** power)


def growth(c):
    """What noise makes of a gap of one in a step of T5, where the gradient is zero."""
    return noisy(c, 1.0, 0.0) - noisy(c, 0.0, 0.0)


def second_order(c):
    """kappa of T19_pl: what a first step that takes 2/t_0 of a gap to first order falls short of it, times t_0^2."""
    steep = replace(c, mu=1 / (c.gamma * c.offset * c.lambda_min), C=0.0)
    left = noisy(steep, 1.0, 2 * steep.mu)
    return (left - 1 + 2 / c.offset) * c.offset**2


def along(c, gap, square):
    """A step of T13: the model of curvature Q, of which the mean of H Q H is L_H times that of H at most."""
    return exact(replace(c, L=c.L_H), gap, square)


def noisy_along(c, gap, square):
    """A step of T14: that of T5, in which the mean of <Hg, QHg> is L_H times that of ||Hg||^2."""
    return noisy(replace(c, L=c.L_H), gap, square)


def epoch(c, gap, square):
    """An epoch of T7, the variance of component gradients being known."""
    first, second = simple_errors(c.inner_steps, c.gamma * c.L_max)
    length = c.lambda_min * square
    return _several(c, gap, length, first * length + second * c.lambda_max * c.sigma_squared)


def epoch_of_data(c, gap, square):
    """An epoch of T7d: the variance is the mean square, less a square, of gradients of components bounded below."""
    first, second = simple_errors(c.inner_steps, c.gamma * c.L_max)
    length = c.lambda_min * square
    return _several(c, gap, length, first * length + second * c.lambda_max * (2 * c.L_max * gap + c.D))


def sharp_epoch(c, gap, square):
    """An epoch of the sharp T7d: the variance in the range of the sketch is split before the sketch is averaged."""
    first, second = errors_of_epoch(c.inner_steps, c.gamma * c.L_max)
    length, mean_square = c.lambda_min * square, c.lambda_max * (2 * c.L_max * gap + c.D)
    return _several(c, gap, length, first * length + second * (mean_square - length))


def round_(c, gap, square):
    """A round of T9, the variance of client gradients being known."""
    length = c.lambda_min * square
    error = drift_of_round(c.inner_steps, c.gamma * c.L_max)[0] * (length + c.lambda_max * c.zeta_squared)
    return _several(c, gap, length, error)


def round_of_data(c, gap, square):
    """A round of T9d."""
    length = c.lambda_min * square
    variance = c.lambda_max * (2 * c.L_max * gap + c.D)
    return _several(c, gap, length, drift_of_round(c.inner_steps, c.gamma * c.L_max)[0] * (length + variance))


def sharp_round(c, gap, square):
    """A round of the sharp T9d: mean squares of client gradients are not split."""
    mean_square = c.lambda_max * (2 * c.L_max * gap + c.D)
    error = drift_of_round(c.inner_steps, c.gamma * c.L_max)[1] * mean_square
    return _several(c, gap, c.lambda_min * square, error)


def sampled_round(c, gap, square):
    """A round of T9rr: what an epoch of each client is off, and how far it goes, by Young's inequality.

    The mean square over those that take part is that over all, and omega times the mean square of what each does.
    """
    first, second = errors_of_epoch(c.inner_steps, c.gamma * c.L_max)
    of_clients = c.lambda_max * (2 * c.L_max * gap + c.D)
    within = c.lambda_max * c.D_in
    error = first * of_clients + second * within
    way = of_clients + first * of_clients + second * within + 2 * first**0.5 * of_clients + second / first**0.5 * within
    whole = sum(c.gamma for _ in range(c.inner_steps))
    return _several(c, gap, c.lambda_min * square, error + c.L_max * whole * c.omega * way)


def _several(c, gap, length, error):
    """Steps as one of their total length along a gradient that is off by a squared ``error`` at most.

    From ``<a, b> = (|a|^2 + |b|^2 - |a - b|^2) / 2``, without the term that a total step up to 1/L makes negative.
    """
    whole = sum(c.gamma for _ in range(c.inner_steps))
    return gap - whole * (length - error) / 2


@cache
def errors_of_epoch(N, h):
    """What a squared gradient of one and a variance of one, both in the range of the sketch, add to the error."""
    spread = np.arange(N) - (N - 1) / 2
    return _error_of_epoch(N, h, np.ones(N)), _error_of_epoch(N, h, spread / np.std(spread))


def _error_of_epoch(N, h, gradients):
    """Cauchy-Schwarz on the drift of all steps, for gradients on the line at the start; steps are of 1/L times h."""
    k = np.arange(1, N)
    reach = np.array([_reach(N, h, number) for number in k])
    return float((reach @ k) * (reach @ (h**2 * _squares_of_sums(gradients) / k)) / N**2)


def _squares_of_sums(values):
    """The mean square of a sum of k of the values, of all choices of k, for k = 1, ..., N - 1."""
    choices = (itertools.combinations(values, k) for k in range(1, len(values)))
    return np.array([np.mean([sum(choice) ** 2 for choice in of_k]) for of_k in choices])


def _reach(N, h, k):
    """How much of the sum of all drifts is due to the partial sum of k steps."""
    total = 0.0
    for step in range(N):
        total += h * total + (step == k)
    return total


LONGEST = 1 / 2
"""eta L N in T7 at its largest."""


@cache
def simple_errors(N, h):
    """The constants of T7: squares of the drift, summed; the sums over k are the areas below their integrals.

    ``e_k^2 <= 2 h^2 k (sum of e_i^2) + 2 |S_k|^2`` and the sum of k is at most ``N^2/2``, that of k^2 ``N^3/3``.
    """
    spread = np.arange(N) - (N - 1) / 2
    of_order = np.sum(_squares_of_sums(spread / np.std(spread)))
    first = 2 * LONGEST**2 * _area(lambda x: x * x)
    return first / kept(LONGEST), float(2 * h**2 * of_order / kept(LONGEST) / N)


def kept(whole):
    """What is left of the sum of squared drifts when those that it is due to are taken to its side."""
    return 1 - 2 * whole**2 * _area(lambda x: x)


def _area(function):
    """The integral over [0, 1] of a polynomial of degree three at most, by Simpson's rule."""
    return (function(0.0) + 4 * function(0.5) + function(1.0)) / 6


@cache
def drift_of_round(K, h):
    """Mean square and squared mean over the local steps of how far a client is, for a gradient of one and L = 1."""
    away, seen = 0.0, []
    for _ in range(K):
        seen.append(away)
        away += h * away + h
    return float(np.mean(np.square(seen))), float(np.mean(seen) ** 2)
