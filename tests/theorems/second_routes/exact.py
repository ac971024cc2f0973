"""Exact expectations of cases in which a bound is attained: second moments, every draw and every order enumerated."""

import itertools
from dataclasses import replace

import numpy as np
from scipy.linalg import hadamard

from rac_theory import Constants
from rac_theory.statements.metric import Curves

from .moments import followed
from .route import Equality, of_norms

RARELY, LONG = 0.35, 300
"""A probability of moving, and a number of steps after which nothing is left of a gap that shrinks."""

L, START, EVERY = 2.6, 1.3, tuple(range(1, 7))
BLANK = Constants(
    gamma=1 / L, L=L, L_max=L, mu=L, strong_convexity=L, convex=True, lambda_min=1.0, lambda_max=1.0, f_star=0.0,
    distance0=START, D=0.0, D_in=0.0, omega=0.0, sigma_squared=0.0, zeta_squared=0.0, gap0=L / 2 * START**2,
    gap0_upper=L / 2 * START**2,
)  # fmt: skip


def moving(probability=RARELY, **known):
    """Constants of a sketch that is all or nothing."""
    return replace(BLANK, lambda_min=probability, lambda_max=probability, **known)


def attained(case, c, maps, times=EVERY, Q=L, x=START):
    """``x'Qx/2`` under maps [(probability, A, b)]; with the probability that is left nothing happens."""
    rest = (1 - sum(probability for probability, _, _ in maps), np.eye(np.size(x)), 0.0)
    return Equality(case, c, followed([*maps, rest], Q, x, max(times)), times)


def of_squares(case, c, squares, times):
    """``L ||x||^2 / 2`` by the squares of x."""
    squares = np.array([squares])
    return Equality(case, c, Curves(L / 2 * squares, L**2 * squares, squares), times)


def descent(*gammas, times=EVERY, probability=RARELY):
    """Exact gradients."""
    known = [moving(probability, gamma=gamma) for gamma in gammas]
    return [attained(f"gamma L = {c.gamma * L:g}", c, [(probability, 1 - c.gamma * L, 0.0)], times) for c in known]


def knowing(equalities, **known):
    """The same where more is known: T18 is of one block, in which nothing moves before its turn."""
    return [replace(each, c=replace(each.c, **known)) for each in equalities]


def by_differences(times, probability=RARELY, h=0.7):
    """T20: a forward difference at 1/L is off by h L/2, and leaves -h/2 of L x^2/2 where it moves, whatever x was."""
    c = moving(probability, bias_squared=probability * (h * L / 2) ** 2)  # on average, as the sketch moves as rarely
    return [attained("forward differences", c, [(probability, 0.0, -h / 2)], times)]


def certified():
    """T16: exact gradients and a certified step of 1/L, which is where T1 is an equality."""
    found = knowing(descent(1 / L, probability=1.0) + descent(1 / L, times=(LONG,)), gamma=1.0, L=np.nan)
    sizes = [np.full_like(each.curves.values, 1 / L) for each in found]
    return [replace(one, curves=one.curves._replace(step_sizes=each)) for one, each in zip(found, sizes, strict=True)]


def of_equal_singular_values(times, *steps, rank=1):
    """T17: ``L ||W||^2 / 2`` on 3 x 3 matrices from a multiple of the identity; the r largest entries are shrunk."""
    found, gap0 = [], L / 2 * 3 * START**2
    for gamma in (step / L for step in steps):
        entries, squares = [START] * 3, []
        for _ in range(max(times) + 1):
            squares.append(sum(x * x for x in entries))
            entries.sort(key=abs, reverse=True)
            entries[:rank] = [(1 - gamma * L) * x for x in entries[:rank]]
        c = replace(BLANK, gamma=gamma, leading_share=rank / 3, lambda_min=np.nan, gap0=gap0, gap0_upper=gap0)
        found.append(of_squares(f"equal singular values, gamma L = {gamma * L:g}", c, squares, times))
    return found


def on_an_axis():
    """T4: ``(s x^2 + L y^2)/2``, one coordinate at random, from the axis that is the slower at this step."""
    found, s = [], 0.4
    for gamma, axis in ((0.3, 0), (0.72, 1)):  # 2/(L + s) is 0.67
        Q = np.diag([s, L])
        maps = [(RARELY, np.eye(2) - gamma * np.diag(row) @ Q, 0.0) for row in np.eye(2)]
        c = moving(gamma=gamma, strong_convexity=s)
        found.append(attained(f"axis {axis}", c, maps, Q=Q, x=START * np.eye(2)[axis]))
    return found


def with_noise():
    """T6: noise of both kinds on the line; at T = 1 the start on the rare axis and noise on the frequent one, too."""
    gamma, size, often = 0.3, 0.7, 0.6
    c = moving(gamma=gamma, A=0.0, beta=1.0, C=size**2)
    moved = [(RARELY / 2, 1 - gamma * L, sign * gamma * size) for sign in (1, -1)]
    noises = [(often / 2, np.diag([1.0, 1 - gamma * L]), [0.0, sign * gamma * size]) for sign in (1, -1)]
    maps = [(1 - often, np.diag([1 - gamma * L, 1.0]), 0.0), *noises]
    apart = replace(c, lambda_min=1 - often, lambda_max=often)
    of_axes = attained("axes", apart, maps, (1,), L * np.eye(2), [START, 0])
    return [attained("additive noise", c, moved), noise_that_feeds_on_the_gap(gamma, 0.5), of_axes]


def noise_that_feeds_on_the_gap(gamma, A, times=EVERY):
    """2 A f is the square of sqrt(L A) x."""
    maps = [(RARELY / 2, 1 - gamma * L + sign * gamma * (L * A) ** 0.5, 0.0) for sign in (1, -1)]
    return attained("multiplicative noise", moving(gamma=gamma, A=A, beta=1.0, C=0.0), maps, times)


def with_steps_that_decrease(power, times=EVERY):
    """T19_pl: noise of two values and steps of 1/(L (t + t_0)). T19: none, and a first step of 1/L to the minimum."""
    found = []
    for offset, size in ((2.0, 0.7), (7.5, 0.4)) if power == 1 else ((1.0, 0.0), (2.3, 0.0)):
        gamma = 1 / L / offset**power if power == 1 else 1 / L
        square, squares = START**2, []
        for t in range(max(times) + 1):
            squares.append(square)
            step = gamma * (offset / (t + offset)) ** power
            square = (1 - step * L) ** 2 * square + (step * size) ** 2
        c = replace(BLANK, gamma=gamma, offset=offset, A=0.0, beta=1.0, C=size**2)
        found.append(of_squares(f"t_0 = {offset:g}", c, squares, times))
    return found


def two_targets():
    """T8d_sharp: L (x -+ 1)^2/2 in either order at eta = 1/(2L), an equality at every T; D is L^2, by hand."""
    maps, left = [], 1 / 2  # of x, by a step
    for first, second in itertools.permutations((1.0, -1.0)):
        maps.append((RARELY / 2, left**2, left * (1 - left) * first + (1 - left) * second))
    return [attained("two targets", moving(gamma=1 / (2 * L), inner_steps=2, D=L**2), maps)]


def alike(number, times=EVERY, whole=1 / L, probability=RARELY):
    """Components, or clients, that are all L x^2/2: so many steps of a total length."""
    c = moving(probability, gamma=whole / number, inner_steps=number)
    return [attained(f"{number} alike", c, [(probability, (1 - c.gamma * L) ** number, 0.0)], times)]


def two_clients_by_chance(times=EVERY, chance=0.4):
    """T10rr: L (x -+ 1)^2/2 as clients that take part by chance, one step of 1/L; omega is (1 - c) / (2 c)."""
    maps = []
    for present in itertools.product((True, False), repeat=2):
        targets = [target for target, here in zip((1, -1), present, strict=True) if here]
        number, share = len(targets), 0.5 / chance
        p = RARELY * chance**number * (1 - chance) ** (2 - number)
        maps.append((p, 1 - number * share, share * sum(targets)))
    return [attained("clients by chance", moving(D=L**2, omega=(1 - chance) / (2 * chance)), maps, times)]


SHORT = [(0.3, 0.2), (0.25, 0.5), (0.45, 0.0)]  # probability, tau B^2
UPHILL = [(0.6, 0.4), (0.1, 2.5 / L), (0.3, 0.0)]  # the second makes gaps 2.25 times as large


def plain_steps(times, draws):
    """T12, T15: two lengths of B and none; nu is the mean of 2 tau b - L tau^2 b^2, and K = 1."""
    nu = sum(p * (2 * b - L * b * b) for p, b in draws)
    c = replace(BLANK, nu=nu, longest_step=L * max(b for _, b in draws))
    return [attained("two lengths", c, [(p, 1 - L * b, 0.0) for p, b in draws], times)]


def through_a_hadamard_matrix(times, *steps, share=0.0, size=0.0, **known):
    """T13: L x_1^2/2 on R^4, H on a column of a Hadamard matrix: L_H is L/4, and all draws do the same."""
    found, e = [], np.eye(4)[0]
    Q = L * np.outer(e, e)
    for gamma in (step / L for step in steps):
        c = moving(0.25, gamma=gamma, L=np.nan, L_H=L / 4, **known)
        maps = [
            (0.125, np.eye(4) - gamma * np.outer(u, u) @ Q * (1 + sign * share), gamma * sign * size * u * u[0])
            for u in hadamard(4).T / 2
            for sign in (1, -1)
        ]
        found.append(attained(f"gamma L = {gamma * L:g}", c, maps, times, Q, START * e))
    return found


def noise_through_a_hadamard_matrix(times, *steps, A=0.0, size=0.7):
    """T14: the same with noise along e_1, of a size or proportional to x_1: 2 A f is the square of sqrt(L A) x."""
    return through_a_hadamard_matrix(times, *steps, share=(A / L) ** 0.5, size=size, A=A, beta=1.0, C=size**2)


def without_momentum(equalities, **known):
    """T22 and T23 at b = 0, and without noise."""
    return knowing(equalities, A=0.0, beta=1.0, C=0.0, letters={"b": 0.0}, **known)


def without_error(equalities):
    """T25 where H = I: nothing is left out, and X is W."""
    return [
        replace(each, curves=each.curves._replace(squared_gradients_at_iterate=each.curves.squared_gradients))
        for each in knowing(equalities, A=0.0, beta=1.0, C=0.0)
    ]


def with_one_weight(equalities, weight=1.6):
    """T26 where D is a multiple of I: a step that is shorter by it."""
    return [
        replace(each, c=replace(each.c, gamma=each.c.gamma / weight, letters={"a": weight, "A": weight}))
        for each in equalities
    ]


def to_the_minimum(*starts):
    """T24: one step of a fixed length on L x^2/2, that ends where f is least."""
    return [
        of_norms(
            f"from {x:g}",
            replace(BLANK, gamma=x, norm_share=1.0, span=1.0, gap0=L / 2 * x**2, gap0_upper=L / 2 * x**2),
            [L * x],
        )
        for x in starts
    ]


EXACT: dict[str, list[Equality]] = {
    "T27": descent(1 / L, probability=1.0),
    "T26": with_one_weight(descent(0.3, 0.6, times=(LONG, LONG + 90))),
    "T26_pl": with_one_weight(descent(0.3, 0.6)),
    "T25": without_error(descent(1 / L, probability=1.0) + descent(0.3, probability=1.0, times=(LONG,))),
    "T24": to_the_minimum(0.4, 1.7),
    "T23": without_momentum(descent(0.3, 0.6, times=(LONG, LONG + 90))),
    "T23_pl": without_momentum(descent(0.3, 0.6)),
    "T22": without_momentum(descent(1 / L, probability=1.0)),
    "T22_pl": without_momentum(descent(1 / L)),
    "T22_H": without_momentum(descent(1 / L, probability=1.0), L_H=L),
    "T1": descent(1 / L, probability=1.0) + descent(1 / L, times=(LONG,)),
    "T1_sharp": descent(0.3, 0.6, times=(LONG, LONG + 90)),
    "T1_tight": descent(0.3, 0.6),
    "T2": descent(1 / L),
    "T2_sharp": descent(0.3, 0.6),
    "T2_tight": descent(0.3, 0.6),
    "T4": on_an_axis(),
    "T4_gap": descent(1 / L),
    "T5": [noise_that_feeds_on_the_gap(gamma, A, (LONG,)) for gamma, A in ((1 / L, 0.4), (0.3, 0.2))],
    "T6": with_noise(),
    "T7d_sharp": alike(1, (LONG,)) + alike(2, (LONG,)),
    "T8d_sharp": alike(1) + alike(2) + two_targets(),
    "T9": alike(1, (LONG,)),
    "T9d": alike(1, (LONG,)),
    "T9d_sharp": alike(1, (LONG,)) + alike(2, (LONG,)),
    "T10": alike(1),
    "T10d": alike(1),
    "T10d_sharp": alike(1) + alike(2),
    "T9rr": alike(1, (LONG,)) + alike(2, (LONG,)),
    "T10rr": alike(1) + alike(2) + knowing(two_targets(), D=0.0, D_in=L**2) + two_clients_by_chance(),  # of one client
    "T12_nonconvex": plain_steps((LONG,), SHORT),
    "T12_pl": plain_steps(EVERY, SHORT),
    "T12_gaussian": plain_steps(EVERY, UPHILL),
    "T13": through_a_hadamard_matrix(EVERY, 4.0) + through_a_hadamard_matrix((LONG,), 0.8, 5.0),
    "T13_pl": through_a_hadamard_matrix(EVERY, 0.8, 5.0),
    "T14": noise_through_a_hadamard_matrix((LONG,), 0.8, A=0.4, size=0.0),
    "T14_pl": [
        *noise_through_a_hadamard_matrix(EVERY, 0.8, 5.0),
        *noise_through_a_hadamard_matrix(EVERY, 0.8, A=0.4, size=0.0),
    ],
    "T15": plain_steps((LONG,), UPHILL),
    "T15_pl": plain_steps(EVERY, UPHILL),
    "T16": certified(),
    "T18": knowing(descent(1 / L, probability=1.0) + descent(0.3, 0.6, times=(LONG,), probability=1.0), L_H=L, ell=0.0),
    "T18_pl": knowing(descent(0.3, 0.6, probability=1.0), L_H=L, ell=0.0),
    "T20": by_differences((1, 2), 1.0, h=5e-5),
    "T20_pl": by_differences(EVERY) + by_differences(EVERY, 1.0),
    "T19": with_steps_that_decrease(1 / 2),
    "T19_pl": with_steps_that_decrease(1),
    "T17": of_equal_singular_values((LONG,), 0.3, 1.0, 1.7, rank=3),
    "T17_pl": of_equal_singular_values((1,), 0.3, 1.0, 1.7) + of_equal_singular_values(EVERY, 0.3, 0.9, rank=3),
}
"""Equalities by id; the others of ours are not known to be attained, and rest on their proofs."""
