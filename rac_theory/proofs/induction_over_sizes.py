"""From one step to T of them where t is in it, as it is where steps decrease: what is true at each t is added."""

from rac_theory.algebra import Expression, Symbol, symbols_of, total
from rac_theory.proofs.fact import Fact, follows, read, same
from rac_theory.proofs.induction import ADDED, S, asked_of, constant, followed, number_of
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.rules import Rule
from rac_theory.statements import SQUARED_GRADIENT
from rac_theory.statements.symbols import T, t


def gather(
    step: Fact, q: Fact, theta: Fact, e: Fact, h: Fact, g: Fact, bounded: Fact, squares: Fact, end: Fact, start: Symbol
) -> Fact:
    """``theta g(t) S <= (1 + q h(t)) x - x+ + e h(t)`` at each t, none of q, theta, e, g(t), h(t), S, x negative, and
    ``q (h(0) + ... + h(T-1)) <= 1``: ``theta (1 - q sum h) sum g(t) S_t`` is at most ``x_0 + e sum h``.

    The largest mean M of x before T is at most ``x_0 + e sum h + M q sum h``, and so is what M stands for added up.
    """
    (x, x0, _, by), later = followed(start)
    _at_every_t(step, q, theta, e, bounded, squares, end)
    growth, slope, noise = map(_fixed, (q, theta, e))
    share, size = _at_each(h), _at_each(g)
    same(step, (1 + growth * share) * x - later + noise * share - slope * size * S)
    same(squares, S)
    same(end, x)
    shares = total(t, T, share)
    same(bounded, 1 - growth * shares)
    left = slope * (1 - growth * shares) * total(t, T, size * SQUARED_GRADIENT)
    facts = step, q, theta, e, h, g, bounded, squares, end
    return follows(Rule.GATHER, left <= x0 + noise * shares, by, *facts)


def weigh(step: Fact, a: Fact, times: Expression, e: Expression, start: Symbol) -> Fact:
    """``a(t+1) x+ <= a(t) x + c e(t)`` at each t, with ``a(t) >= 0``: ``a(T) x_T`` is at most ``a(0) x_0`` and c times
    the sum of ``e(t)``."""
    (x, x0, last, by), later = followed(start)
    weight = _at_each(a)
    _at_every_t(step)
    constant(times, e)
    _free(times)
    same(step, weight * x + times * e - weight.at({t: t + 1}) * later)
    claim = weight.at({t: T}) * last <= weight.at({t: 0}) * x0 + times * total(t, T, e)
    return follows(Rule.WEIGH, claim, by, step, a)


def squares_added(g: Fact, squares: Fact) -> Fact:
    """A sum over t < T of squares, each times what is not negative at each t, is not negative."""
    _at_every_t(squares)
    of = next((of for of in ADDED if read(of) == squares.value), S)
    same(squares, of)
    return follows(Rule.SQUARES, total(t, T, _at_each(g) * ADDED[of]) >= 0, [], g, squares)


def some(g: Fact) -> Fact:
    """A sum over t < T of what is positive at each t is positive."""
    if not g.strict:
        raise Missing(f"it must be known to be positive, but {g!r} is all that is known")
    return follows(Rule.SUM, total(t, T, _at_each(g)) > 0, [], g)


def _fixed(fact: Fact) -> Expression:
    """The number that a fact says is not negative, the same at each t."""
    value = number_of(fact)
    _free(value)
    return value


def _free(value: Expression) -> None:
    if t in symbols_of(value):
        raise Missing(f"{value!r} must be the same at each t")


def _at_each(fact: Fact) -> Expression:
    """The number that a fact says is not negative at each t, of which nothing is assumed."""
    _at_every_t(fact)
    return number_of(fact)


def _at_every_t(*facts: Fact) -> None:
    if relations := asked_of(t, *facts):
        raise ValueError(
            f"t must stand for every whole number that is not negative, {relations.pop()!r} is asked of it"
        )
