"""How a claim could follow from one step: what would have to be true of it, and by which rule it follows then."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rac_theory.algebra import Expression, Power, Quotient, Ratio, Symbol, Total, lifted, powers, simplified, symbols_of
from rac_theory.proofs.fact import Fact, proved, read
from rac_theory.proofs.facts import gap_is_positive, one, plus, sign
from rac_theory.proofs.induction import (
    COURSES,
    V2,
    Z2,
    Psi,
    S,
    accumulate,
    after,
    followed,
    iterate,
    potential,
    power,
    sum_of_powers,
    telescope,
    weights,
)
from rac_theory.proofs.quantities import NUMBERS, distance, gap
from rac_theory.proofs.schemas import move_of
from rac_theory.statements import (
    Predicate,
    Theorem,
    implied,
    mean_norm,
    mean_scaled_squared_gradient,
    mean_squared_gradient,
    weighted_squared_gradient,
)
from rac_theory.statements.symbols import T, distance0, gap0, gap0_upper, j, lambda_min

Found = Mapping[str, Fact]
Write = Callable[[Ratio], Expression]


@dataclass(frozen=True)
class Shape:
    """A way to prove a claim.

    Attributes
    ----------
    goals : mapping
        What must be proved not to be negative, by name; "step" comes last.
    conclude : callable
        The facts, by name, to the fact that the claim is, and by what it is multiplied.
    stretch : Expression
        What is added to the step, times x, by a claim of the same shape that is stronger the larger x is, and is the
        claim itself at x = 1. Zero if no other claim is of this shape.
    stronger : callable
        x, and how a number is written, to the bound of that claim.
    beside : callable
        What the facts that are proved so far make of facts that the next may use.
    """

    goals: Mapping[str, Expression]
    conclude: Callable[[Found], tuple[Fact, Fact]]
    stretch: Expression
    stronger: Callable[[Expression, Write], Expression]
    beside: Callable[[Found], tuple[Fact, ...]] = lambda premises: ()


def stepping(theorem: Theorem) -> Predicate | None:
    """Return the algorithm of the table that a theorem is about, or assumes, or that these imply."""
    assumptions = (theorem.about, *theorem.given)
    implications = (*assumptions, *implied(*assumptions))
    return next((about for about in implications if callable(about) and move_of(about) is not None), None)


def shapes(theorem: Theorem) -> Iterator[Shape]:
    """Yield the ways in which a claim could follow; none if the bound is a function, or of another shape."""
    left, bound = theorem.metric.expected, theorem.claim.bound
    about = stepping(theorem)
    if not isinstance(bound, Expression):
        return
    for start in (symbol for symbol in (gap0, gap0_upper, distance0) if symbol in symbols_of(bound)):
        for fitting in (_iterated, _potential, _telescoped, _accumulated):
            try:
                yield from fitting(left, bound, start, about)
            except (ZeroDivisionError, ValueError):  # what the shape would have in it is not defined
                continue


def _iterated(left: Expression, bound: Expression, start: Symbol, about: Predicate | None) -> Iterator[Shape]:
    """``c rho^T x_0``, and what noise adds or a floor; c is at least one."""
    x, x0, last, (assumption, *_) = COURSES[start]
    share, rest = _share(bound, start), plain(bound.at({start: 0}))
    times = read(_at(share, 0)).number
    if left != last or times is None or times < 1 or x not in after(about):
        return
    rho = plain(_at(share, 1) / times)
    is_floor = T not in symbols_of(rest) and not read(rest).is_zero
    e = plain(rest - rho * rest if is_floor else _at(rest, 1))
    noise = rest if is_floor else powers(rho, 0, T - 1) * e
    if not (same(share, times * rho**T) and same(rest, noise)):
        return

    def conclude(premises: Found) -> tuple[Fact, Fact]:
        step, factor = premises["step"], premises["rho"]
        fact = iterate(step, factor, Psi.of(start, about))
        if is_floor:
            fact += power(factor, T) * proved("", rest >= 0, premises["floor"])
        return (fact + (times - 1) * power(factor, T) * sign(start, assumption) if times > 1 else fact), one

    def stronger(y: Expression, write: Write) -> Expression:
        factor = write(read(1 - y * (1 - rho)))
        decay = factor**T * x0 if times == 1 else times * factor**T * x0
        noise = rest if is_floor else powers(factor, 0, T - 1) * e
        return decay if read(noise).is_zero else decay + noise

    goals = {"rho": rho, **({"floor": rest} if is_floor else {}), "step": rho * x + e - after(about)[x]}
    yield Shape(goals, conclude, (1 - rho) * ((rest if is_floor else 0) - x), stronger)


def _potential(left: Expression, bound: Expression, start: Symbol, about: Predicate | None) -> Iterator[Shape]:
    """``(a gap_0 + b distance_0^2) / (c T + p)``."""
    later = after(about)
    if left != COURSES[gap0].at_last or start != distance0 or about is None or V2 not in later:
        return
    of_gap, of_distance = _share(bound, gap0), _share(bound, distance0)
    has_gap = not read(of_gap).is_zero
    count = plain(1 / (of_gap if has_gap else of_distance))
    p, one_step = plain(_at(count, 0)), plain(_at(count, 1))
    c, a, b = plain(one_step - p), plain(of_gap * count), plain(of_distance * count)
    if not (same(count, c * T + p) and same(bound, (a * gap0 + b * distance0**2) / count)):
        return
    shares = {gap0: a, distance0: b} if has_gap else {distance0: b}
    for length in (lambda_min * distance, V2):
        psi = a * gap + b * length

        def conclude(premises: Found, psi: Expression = psi) -> tuple[Fact, Fact]:
            of = {start: premises[f"share of {start}"] for start in shares}
            step, falls, above, below, loss = (premises[name] for name in ("step", "falls", "above", "below", "loss"))
            return potential(Psi(about, psi, gap0, of, below), step, falls, above, loss, p), premises["count"]

        goals = {
            **{f"share of {start}": share for start, share in shares.items()},
            "loss": c,
            "count": c * T + p,
            "falls": gap - later[gap],
            "above": psi - p * gap,
            "below": a * gap + b * V2 - psi,
            "step": psi - psi.at(later) - c * gap,
        }

        def stronger(y: Expression, write: Write) -> Expression:
            return plain(a * gap0 + b * distance0**2) / (write(read(y * c)) * T + p)

        yield Shape(goals, conclude, -c * gap, stronger)


def _telescoped(left: Expression, bound: Expression, start: Symbol, about: Predicate | None) -> Iterator[Shape]:
    """``(x_0 / W_T + e) / theta``, of a mean with weights."""
    weight, of = weight_of(left)
    if weight is None or start not in (gap0, gap0_upper):
        return
    (x, _, _, (assumption, *_)), later = followed(start)
    share, rest, growth = _share(bound, start), bound.at({start: 0}), plain(1 / weight)
    W_T = powers(weight, 1, T)
    theta = plain(1 / (_at(share, 1) * weight))
    e = plain(rest * theta)
    if not same(share * W_T * theta, one.value.expression) or T in symbols_of(e):
        return

    def conclude(premises: Found) -> tuple[Fact, Fact]:
        slope, grows = premises["theta"], premises["growth"]
        return telescope(premises["step"], grows, slope, start, gap_is_positive[assumption], of), slope * weights(grows)

    goals = {"growth": growth, "theta": theta, "step": growth * x + e - later - theta * of}

    def stronger(y: Expression, write: Write) -> Expression:
        if read(rest).is_zero:
            return write(read(share * start / y))
        above, below = (write(Ratio(side)) for side in (read(y).numerator, read(y).denominator))
        return bound / (above if read(below) == one.value else above / below)

    yield Shape(goals, conclude, -theta * of, stronger)


def _accumulated(left: Expression, bound: Expression, start: Symbol, about: Predicate | None) -> Iterator[Shape]:
    """``p(T) x_0 / T``, of a plain mean, where p adds up powers: ``p(T + 1) = rho p(T) + p(1)``."""
    if weight_of(left) != (lifted(1), S) or start not in (gap0, gap0_upper) or not read(bound.at({start: 0})).is_zero:
        return
    (x, *_), later = followed(start)
    p = T * _share(bound, start)
    first = plain(_at(p, 1))
    rho = plain(_at(p, 2) / first - 1)
    p_j = first * powers(rho, 0, j - 1)
    if not same(p, p_j.at({j: T})):
        return

    def conclude(premises: Found) -> tuple[Fact, Fact]:
        return accumulate(premises["step"], premises["share"], j, start), plus[T]

    def beside(premises: Found) -> tuple[Fact, ...]:
        rho = premises.get("rho")
        return () if rho is None else (sum_of_powers(rho, j), power(rho, j))

    goals = {"rho": rho, "share": p_j, "step": p_j.at({j: j + 1}) * x - S - p_j * later}
    yield Shape(goals, conclude, lifted(0), lambda y, write: bound, beside)


def weight_of(left: Expression) -> tuple[Expression | None, Expression]:
    """The weight of what is added up relative to the one before, and what it is; None if the left side is no mean."""
    match left:
        case Quotient(_, Total(term=Power(weight, _))) if left == weighted_squared_gradient(weight).expected:
            return weight, S
    means = {mean_squared_gradient.expected: S, mean_scaled_squared_gradient.expected: Z2}
    means |= {mean_norm.expected: NUMBERS["norm"]}
    return (lifted(1), means[left]) if left in means else (None, S)


def _share(bound: Expression, start: Symbol) -> Expression:
    """What a bound has of a gap, or of a squared distance, at the start."""
    return bound.at({start: 1}) - bound.at({start: 0})


def _at(value: Expression, steps: int) -> Expression:
    return value.at({T: steps})


def plain(value: Expression) -> Expression:
    """The expression in its normal form, in which what cancels is gone."""
    return simplified(read(value)).expression


def same(left: Expression, right: Expression) -> bool:
    """Whether two expressions have one normal form."""
    return (read(left) - read(right)).is_zero
