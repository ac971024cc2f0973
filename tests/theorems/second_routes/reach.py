"""How far each proof goes: whether it is sound for given constants, and points on both sides of all its edges."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from rac_theory import Constants
from rac_theory.algebra import Relation, symbols_of
from rac_theory.statements.assumption import met
from rac_theory.statements.symbols import T
from rac_theory.theorems import Condition, Theorem

from . import proofs, steps

NEAR, FAR = 0.02, 1e6
FALSE_AT_ZERO = ("lambda_min", "nu", "leading_share", "norm_share", "letters.s", "letters.lambda_min", "letters.a")
TRUE_AT_ZERO = ("A", "beta", "C", "ell", "letters.b", "letters.alpha", "letters.A")


@dataclass(frozen=True)
class Point:
    """Constants and a horizon."""

    c: Constants
    T: int = 4


@dataclass(frozen=True)
class Reach:
    """Constants for which a proof is sound, and whether it is for others; more of them, where an edge has two sides.

    ``rarely`` is what a step is multiplied by for a sketch that moves a thousand times as rarely.
    """

    base: Constants
    sound: Callable[[Point], bool]
    more: tuple[Constants, ...] = ()
    rarely: float = 1.0


def relations(theorem: Theorem) -> tuple[Relation, ...]:
    """Return what a theorem asks of numbers, also of those of its conditions."""
    asked = ((each,) if isinstance(each, Relation) else getattr(each, "requirements", ()) for each in theorem.given)
    return tuple(relation for some in asked for relation in some)


def own_relations(theorem: Theorem) -> tuple[Relation, ...]:
    """Return those that are no part of a condition."""
    inner = {r for each in theorem.given if isinstance(each, Condition) for r in each.requirements}
    return tuple(relation for relation in relations(theorem) if relation not in inner)


def is_met(relation: Relation, point: Point) -> bool:
    """Whether a relation is met at a point."""
    return met(relation, point.T, point.c)


def with_constant(c: Constants, name: str, value: float) -> Constants:
    """Return constants of which one is another, which may be a letter."""
    letter = name.partition("letters.")[2]
    return replace(c, **({"letters": {**c.letters, letter: value}} if letter else {name: value}))


@cache
def points(theorem: Theorem) -> list[Point]:
    """Return points near every edge and far from it, in three units of f, for a sketch that hardly ever moves, too."""
    reach = REACH[theorem.id]
    moves = [(1.0, 1.0), (1.0, 1e-3), (1e-6, 1.0), (1e6, 1.0)]
    bases = [Point(_in_units(reach.base, unit, moved)) for unit, moved in moves] + [*map(Point, reach.more)]
    bases[1] = Point(replace(bases[1].c, gamma=bases[1].c.gamma * reach.rarely))
    steep = [Point(replace(bases[0].c, gamma=bases[0].c.gamma / by, beta=by, A=0.0)) for by in (1e-4, 0.1, 1.0, 1e4)]
    bases += [point for point in steep if reach.sound(point)]
    fields = {one.constant for one in symbols_of(*relations(theorem)) if one.constant} - {"inner_steps"}
    found = [Point(bases[0].c, 1)]
    for base in bases:
        assert reach.sound(base), base
        for name in sorted(fields):
            found += _along(base, name, reach.sound)
        if T in symbols_of(*relations(theorem)):
            found += [Point(base.c, steps) for steps in (1, 10, 1000)]
    return [*bases, *found]


def _along(base: Point, name: str, sound) -> Iterator[Point]:
    def at(factor: float) -> Point:
        value = (getattr(base.c, name) or 1.0) * factor  # what is 0 becomes some number
        return replace(base, c=with_constant(base.c, name, value))

    if name in FALSE_AT_ZERO + TRUE_AT_ZERO:
        yield at(0.0)
    for far in (FAR, 1 / FAR):
        yield at(far)
        if sound(at(far)):
            continue
        inside, outside = 1.0, far
        for _ in range(30):
            middle = (inside * outside) ** 0.5
            inside, outside = (middle, outside) if sound(at(middle)) else (inside, middle)
        by = NEAR if far > 1 else -NEAR
        yield from (at(inside * (1 - by)), at(inside * (1 + by)))


def _in_units(c: Constants, unit: float, moved: float) -> Constants:
    by = {"s": unit, "lambda_min": moved, "alpha": moved}
    c = replace(c, letters={name: value * by.get(name, 1.0) for name, value in c.letters.items()})
    curvatures = {name: getattr(c, name) * unit for name in ("L", "L_max", "L_H", "mu", "strong_convexity", "A")}
    shares = {name: getattr(c, name) * moved for name in ("lambda_min", "lambda_max", "leading_share")}
    return replace(c, gamma=c.gamma / unit, nu=c.nu / unit, **curvatures, **shares)


def _progress(step, c):
    """What a squared gradient of one takes away, where there is no noise."""
    return -step(replace(c, C=0.0, D=0.0, D_in=0.0, sigma_squared=0.0, zeta_squared=0.0), 0.0, 1.0)


def _half_is_left(step, c):
    """Of the progress to first order, which T1 counts on."""
    return _progress(step, c) >= c.gamma * c.lambda_min / 2 > 0


def _errors_cost_their_square(step, c):
    """Half of the progress to first order is left, and no error takes back more than half of gamma times its square."""
    kept = c.gamma * (c.lambda_min - c.bias_squared) / 2
    return c.lambda_min > 0 and -step(c, 0.0, 1.0) >= kept - 1e-12 * abs(kept)


def _falls(step, c):
    """Whether gaps are multiplied by a factor that can be iterated, and that is below one."""

    def after(gap):
        return step(c, gap, 2 * c.mu * gap)

    return 0 <= after(1.0) - after(0.0) < 1


def _kappa(c):
    return proofs.root(lambda kappa: proofs.left_of_gradients(c, kappa))


def _whole(c):
    return sum(c.gamma * c.L_max for _ in range(c.inner_steps))


def _simple(c):
    """Whether no more drift is kept back than the simple constants allow for."""
    return steps.kept(_whole(c)) >= steps.kept(steps.LONGEST) and c.lambda_min > 0


def _several(step, c):
    """Whether the term that the proofs drop, the squared mean gradient times 1 - L times the whole step, helps."""
    return 1 - _whole(c) >= 0 and _progress(step, c) > 0


def _each_draw_descends(c):
    longest = c.longest_step
    return longest - longest**2 / 2 > 0 and _progress(steps.of_gain, c) > 0


def _turns_gain(c):
    return c.ell >= 0 and _progress(steps.cycle, c) > 0


def _root_steps(p):
    each = [steps.shortened(p.c, t, 1 / 2) for t in range(p.T)]
    return sum(steps.growth(one) - 1 for one in each) < 1 and _progress(steps.noisy, p.c) > 0


def _harmonic(c):
    """A gap falls by 2/(t + t_0) of it to first order, and the first weight is as large as the slack asks."""
    kappa, fall = steps.second_order(c) if c.lambda_min > 0 else 0.0, 2 * c.mu * c.lambda_min * c.gamma
    return fall >= 2 / c.offset and 1 <= kappa <= c.offset - 1


def _is_quiet(c):
    """Noise does not grow, and every direction is seen."""
    return c.C >= 0 and c.A == 0 and 0 <= c.beta <= 1 and c.L > 0 and c.lambda_min > 0


def _with_momentum(c, fall, smoothness):
    """Momentum is forgotten in time, and what is left at X is not negative, where f is curved so along a step."""
    b = c.letters["b"]
    is_forgotten = smoothness > 0 and 0 <= b < 1 and b + fall < 1
    return _is_quiet(c) and is_forgotten and steps.left_at_X(c, fall, smoothness) >= 0


def _is_ahead(c, smoothness):
    """What the method is told is true, and what is left of a step is not negative."""
    told = 0 < c.letters["s"] <= c.strong_convexity and 0 < c.letters["lambda_min"] <= c.lambda_min
    return told and c.letters["alpha"] >= 0 and smoothness > 0 and steps.accelerated(c, smoothness)[2] >= 0


def _follows(c, fall):
    """V comes nearer to a gradient that stands still than psi falls, and what is left of its square is not negative."""
    a = c.lambda_min
    nearer = a > 0 and 1 - fall - a / 2 > 1 - a
    return c.L > 0 and nearer and steps.left_of_step(c, fall) >= 0


def _weighs(c):
    """Weights are positive, and some of the progress to first order is left."""
    return c.lambda_min > 0 and c.L > 0 and c.letters["a"] > 0 and _progress(steps.preconditioned, c) > 0


def _forgets(c):
    """A link gains, and no step in it raises f and its share of ``||M||^2``: what a step along M takes of that, and
    ``<m, m+>`` where it is largest."""
    b = c.letters["b"]
    of_a_step = c.gamma - c.L * c.gamma**2 / 2 - c.gamma * b
    return b >= 0 and c.L > 0 and of_a_step >= 0 and _progress(steps.link, c) > 0


_NOISY = replace(proofs.NOISY, gamma=0.2, A=0.3, lambda_max=0.45)
_FALLING = replace(proofs.CALM, gamma=0.03, L_max=1.9, mu=1.5, lambda_max=0.55)
_SAMPLED = replace(_FALLING, D_in=0.4, omega=0.05, gamma=0.02)
_HARMONIC = replace(_FALLING, L=1.9, gamma=333.0, offset=6.0, A=3e-7, beta=7e-4, C=0.8)
_FORGOTTEN = tuple(replace(proofs.EXACT, gamma=gamma, letters={"b": b}) for gamma, b in ((0.3, 0.0), (0.02, 0.95)))
_ALONG, _NOISY_ALONG = (replace(c, L=float("nan"), L_H=c.L) for c in (proofs.EXACT, _NOISY))

_OF_CONSTANTS = [
    ("T1 T2 T4_gap", proofs.EXACT, lambda c: _half_is_left(steps.exact, c)),
    ("T1_sharp T1_tight T2_sharp T2_tight", proofs.EXACT, lambda c: _progress(steps.exact, c) > 0),
    ("T3", proofs.EXACT, lambda c: c.lambda_min > 0 and _kappa(c) >= 1),
    ("T3_sharp", proofs.EXACT, lambda c: c.lambda_min > 0 and _kappa(c) > 0),
    ("T3_isotropic", proofs.EXACT, lambda c: c.lambda_min > 0 and proofs.change(c, 0.0, 1.0) <= 0),
    ("T4", replace(proofs.EXACT, lambda_max=0.37), lambda c: c.lambda_min > 0 and 0 <= proofs.distance_factor(c) < 1),
    ("T5", _NOISY, lambda c: _progress(steps.noisy, c) > 0),
    ("T6", _NOISY, lambda c: _progress(steps.noisy, c) > 0 and _falls(steps.noisy, c)),
    ("T7 T7d T8", proofs.EPOCH, _simple),
    ("T8d", _FALLING, lambda c: _simple(c) and _falls(steps.epoch_of_data, c)),
    ("T7d_sharp", proofs.EPOCH, lambda c: _several(steps.sharp_epoch, c)),
    ("T8d_sharp", _FALLING, lambda c: _several(steps.sharp_epoch, c) and _falls(steps.sharp_epoch, c)),
    ("T9 T10", proofs.EPOCH, lambda c: _several(steps.round_, c)),
    ("T9d", proofs.EPOCH, lambda c: _several(steps.round_of_data, c)),
    ("T10d", _FALLING, lambda c: _several(steps.round_of_data, c) and _falls(steps.round_of_data, c)),
    ("T9d_sharp", proofs.EPOCH, lambda c: _several(steps.sharp_round, c)),
    ("T10d_sharp", _FALLING, lambda c: _several(steps.sharp_round, c) and _falls(steps.sharp_round, c)),
    ("T9rr", proofs.SAMPLED[0], lambda c: _several(steps.sampled_round, c)),
    ("T10rr", _SAMPLED, lambda c: _several(steps.sampled_round, c) and _falls(steps.sampled_round, c)),
    ("T12_nonconvex T12_pl", proofs.EXACT, _each_draw_descends),
    ("T12_gaussian T15 T15_pl", proofs.EXACT, lambda c: _progress(steps.of_gain, c) > 0),
    ("T13 T13_pl", _ALONG, lambda c: _progress(steps.along, c) > 0),
    ("T14", _NOISY_ALONG, lambda c: _progress(steps.noisy_along, c) > 0),
    ("T14_pl", _NOISY_ALONG, lambda c: _progress(steps.noisy_along, c) > 0 and _falls(steps.noisy_along, c)),
    ("T16", proofs.EXACT, lambda c: _progress(steps.certified, c) > 0),
    ("T17 T17_pl", proofs.EXACT, lambda c: _progress(steps.leading, c) > 0),
    ("T18", proofs.TURNS[0], _turns_gain),
    ("T18_pl", proofs.TURNS[0], lambda c: _turns_gain(c) and _falls(steps.cycle, c)),
    ("T19_pl", _HARMONIC, _harmonic),
    ("T20 T20_pl", proofs.OFF, lambda c: _errors_cost_their_square(steps.by_differences, c)),
    ("T21", proofs.AHEAD[1], lambda c: _is_ahead(c, c.L)),
    ("T21_H", proofs.AHEAD[1], lambda c: _is_ahead(c, c.L_H)),
    ("T22", proofs.CARRIED[0], lambda c: _with_momentum(c, 0.0, c.L)),
    ("T22_pl", proofs.CARRIED[0], lambda c: c.mu > 0 and _with_momentum(c, c.gamma * c.lambda_min * c.mu, c.L)),
    ("T22_H", proofs.CARRIED_ALONG[0], lambda c: _with_momentum(c, 0.0, c.L_H)),
    ("T23 T23_pl", proofs.FORGOTTEN[0], _forgets),
    ("T24", proofs.STEEP[0], lambda c: c.L > 0 and c.span >= 0 and c.norm_share > 0),
    ("T25", proofs.KEPT_BACK[0], lambda c: _is_quiet(c) and steps.left_beside(c) >= 0),
    ("T26", proofs.WEIGHED[0], _weighs),
    ("T26_pl", proofs.WEIGHED[0], lambda c: _weighs(c) and c.mu > 0 and _falls(steps.preconditioned, c)),
    ("T27", proofs.LAGGING[0], lambda c: _follows(c, 0.0)),
    ("T27_pl", proofs.LAGGING[0], lambda c: c.mu > 0 and _follows(c, c.gamma * c.mu)),
]
"""Ids, a base, and whether the proof is sound for constants."""

_MORE = {
    "T22_pl": (replace(proofs.CARRIED[0], gamma=0.19, lambda_max=0.95, letters={"b": 0.5}),),
    "T27_pl": (replace(proofs.LAGGING[0], lambda_min=1.0, lambda_max=1.0),),
    **dict.fromkeys(("T23", "T23_pl"), _FORGOTTEN),
}
_RARELY = dict.fromkeys(("T25", "T27", "T27_pl"), 1e-3)

REACH = {
    "T5_step": Reach(_NOISY, lambda p: (steps.growth(p.c) - 1) * p.T <= 1 and _half_is_left(steps.noisy, p.c)),
    "T19": Reach(replace(_NOISY, offset=1.7), _root_steps),
} | {
    id: Reach(base, lambda p, sound=sound: bool(sound(p.c)), _MORE.get(id, ()), _RARELY.get(id, 1.0))
    for ids, base, sound in _OF_CONSTANTS
    for id in ids.split()
}
