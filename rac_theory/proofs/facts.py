"""What is taken for granted of f, of a sketch and of a step, in words and as inequalities between numbers at W."""

from collections.abc import Iterator
from itertools import pairwise

from rac_theory.algebra import Expression, Relation, Symbol, choice, maximum, symbols_of
from rac_theory.algebra.expression import lifted
from rac_theory.proofs.drawn import Drawn, H, Vector, averaged, letter, vector
from rac_theory.proofs.fact import Fact, granted, read
from rac_theory.statements.assumption import Assumption, Condition, Known
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    convex,
    fresh_projection,
    isotropic,
    known_bias,
    known_largest_projection,
    known_minimiser,
    polyak_lojasiewicz,
    rac_lora_by_differences,
    rac_lora_certified,
    rac_lora_exact,
    rac_lora_stochastic,
    smooth,
    smooth_components,
    strongly_convex,
    structured_noise,
)
from rac_theory.statements.symbols import (
    A,
    C,
    K,
    L,
    L_max,
    N,
    T,
    beta,
    bias_squared,
    eta,
    gamma,
    lambda_max,
    lambda_min,
    mu,
    s,
)
from rac_theory.theorems.rac_lora_gd import e
from rac_theory.theorems.stochastic import W_T

gap = letter("f(W) - f*", r"f(W) - f^\star", is_sum=True)
gap_next = letter("f(W+) - f*", r"f(W_+) - f^\star", "H", is_sum=True)
distance = letter("||V||*^2", r"\Vert V \Vert_\star^2")
distance_next = letter("||V+||*^2", r"\Vert V_+ \Vert_\star^2", "H")
cross = letter("<V,Hbar^-1 HG>", r"\langle V, \bar H^{-1} H G \rangle", "H")
squared = letter("<HG,Hbar^-1 HG>", r"\langle HG, \bar H^{-1} HG \rangle", "H")
G, V, Z, g = vector("G"), vector("V"), vector("Z"), vector("g", over="H")
curved = G - V * s


def E(value: Expression) -> Expression:
    """Return the mean over what is drawn in a step."""
    return averaged(read(value), "H").expression


def descent(step: Vector, L: Symbol, *by: Assumption, to: Drawn = gap_next) -> Fact:
    """f lies below the quadratic of curvature L that touches it at W."""
    return granted("Descent lemma", to <= gap + G @ step + L / 2 * (step @ step), *by, schema=("descent", *by))


def square(v: Vector) -> Fact:
    """A square is not negative."""
    return granted("A square", v @ v >= 0, schema=("square", v))


def square_of(number: Expression) -> Fact:
    """Nor is that of a number."""
    return granted("A square", number**2 >= 0, schema=("square_of", number))


def low(v: Vector) -> Fact:
    """lambda_min is the least that E[H] makes of a square, of a vector that is not drawn."""
    least = lambda_min * (v @ v) <= E(_given(v) @ H(v))
    return granted("Smallest eigenvalue of E[H]", least, fresh_projection, schema=("low", v))


def high(v: Vector) -> Fact:
    """lambda_max is the most."""
    most = E(_given(v) @ H(v)) <= lambda_max * (v @ v)
    return granted("Largest eigenvalue of E[H]", most, known_largest_projection, fresh_projection, schema=("high", v))


def even(v: Vector) -> Fact:
    """Both are the same."""
    same = E(_given(v) @ H(v)) <= lambda_min * (v @ v)
    return granted("E[H] = lambda_min I", same, isotropic, fresh_projection, schema=("even", v))


def _given(v: Vector) -> Vector:
    if any(over or is_projected for _, _, over, is_projected in v.parts):
        raise ValueError(f"v must be a vector that is not drawn with H, got one with {[name for name, *_ in v.parts]}")
    return v


def below_maximum(*of: Expression) -> tuple[Fact, ...]:
    """Each of several is at most the largest of them."""
    return tuple(granted("A maximum", each <= maximum(*of), schema=("maximum", each, *of)) for each in of)


# Always.
one, nothing = granted("A number", lifted(0) < 1), granted("A number", lifted(0) <= 0)
below_one = granted("H is a projection", lambda_min <= 1)
ordered = granted("Eigenvalues", lambda_min <= lambda_max)

# Of f, at every W; f* is its infimum, which a lower bound makes finite.
gap_is_positive: dict[Assumption, Fact] = {
    known: granted("f* is the infimum of f", gap >= 0, known) for known in (certified_minimum, bounded_below)
}
flat = granted("A gradient is as large as the gap allows", 2 * L * gap >= G @ G, smooth)
mu_below_L = granted("A problem's mu is at most its L", mu <= L, smooth, polyak_lojasiewicz)
mu_below_L_max = granted("A problem's mu is at most its L", mu <= L_max, smooth_components, polyak_lojasiewicz)
s_below_L = granted("s <= L", s <= L, smooth, strongly_convex)
curved_is_pl = granted("Strong convexity implies PL", 2 * s * gap <= G @ G, strongly_convex)
convexity = granted("Convexity at a minimiser", gap <= G @ V, convex, known_minimiser)
cocoercive = granted("Interpolation at a minimiser", gap + G @ G / (2 * L) <= G @ V, convex, smooth, known_minimiser)
_CURVED = smooth, strongly_convex, known_minimiser
curved_cocoercive = granted(
    "Interpolation of f less s/2 of a square", curved @ curved <= (L - s) * (curved @ V), *_CURVED
)
curved_monotone = granted("Its gradient is monotone", curved @ V >= 0, strongly_convex, known_minimiser)
curved_smooth = granted("Its gradient is Lipschitz", curved @ V <= (L - s) * (V @ V), smooth, known_minimiser)

# One step with the exact gradient, W+ = W - gamma HG.
exact = descent(H(G) * gamma * -1, L, smooth, rac_lora_exact)
_MEAN = rac_lora_exact, lambda_min > 0
apart = granted("Expanded", distance_next <= distance - 2 * gamma * cross + gamma**2 * squared, *_MEAN)
straight = granted("E[H] cancels its inverse", E(cross) >= G @ V, *_MEAN)
spread = granted("E[H Hbar^-1 H] <= Hbar / lambda_min", lambda_min * E(squared) <= E(G @ H(G)), *_MEAN)
norm_is_positive = granted("A square", distance >= 0, *_MEAN)
norm = granted("Hbar >= lambda_min I", lambda_min * distance <= V @ V, *_MEAN)
even_cross = granted("E[H] = lambda_min I", lambda_min * (G @ V) <= E(G @ H(V)), isotropic, fresh_projection)

# The same, and the gradient G+ at W+; U is what it would be for a multiple of a square.
G_next = vector("G+", "G_+", "H")
U = G - H(G) * (gamma * L)
_step, _turn = H(G) * gamma * -1, G_next - G
remainder = granted(
    "Descent lemma with its remainder: L ||x||^2 / 2 - f is smooth and convex",
    gap_next <= gap + (G + G_next) @ _step / 2 - _turn @ _turn / (4 * L) + L / 4 * (_step @ _step),
    smooth,
    rac_lora_exact,
    page="t2",
)
gap_next_is_positive = granted("f* is the infimum of f", gap_next >= 0, certified_minimum)
pl_next = granted("Polyak-Lojasiewicz inequality at W+", 2 * mu * gap_next <= G_next @ G_next, polyak_lojasiewicz)
stays = granted(
    "Where e = 1, H = I and gamma L = 1, so that U = 0",
    G_next @ G_next <= (G_next - U) @ (G_next - U),
    e >= 1,
    rac_lora_exact,
    page="t2",
)

# One step of a size that is certified at W, whatever H; Z is G times the root of it, and not drawn with H either.
certified = granted("Certificate at W", gap_next <= gap - H(Z) @ H(Z) / 2, rac_lora_certified)

# One step with a noisy gradient, W+ = W - gamma Hg.
noisy = descent(H(g) * gamma * -1, L, smooth, rac_lora_stochastic)
unbiased = granted("g is unbiased and independent of H", E(G @ H(G)) <= E(G @ H(g)), rac_lora_stochastic)

# One step with estimates of the derivatives along the range of H, W+ = W - gamma (HG + He): He is what they are off by.
error = vector("e", over="H")
by_differences = descent((H(G) + H(error)) * gamma * -1, L, smooth, rac_lora_by_differences)
small_errors = granted(
    "Errors of differences, by the descent lemma along each direction",
    H(error) @ H(error) <= bias_squared,
    smooth,
    rac_lora_by_differences,
    known_bias,
    page="t20",
)

enough_weight = granted(
    "The weights of short steps, as (1 + 1/T)^T >= 2",
    choice(A > 0, 4, 2) * W_T >= 2 * T,
    smooth,
    structured_noise,
    gamma**2 * L * A * lambda_max * T <= 1,
    page="t5",
)

_LETTERS: dict[str, Expression] = {
    "f(W) - f*": gap,
    "E||Hg||^2": E(g @ H(g)),
    "<G, E[H] G>": E(G @ H(G)),
}


def assumed(assumption: Assumption) -> Iterator[Fact]:
    """Yield what an assumption says in numbers: of constants, and if all its letters are known of f at W."""
    match assumption:
        case Relation(terms, signs):
            for (one, other), sign in zip(pairwise(terms), signs, strict=True):
                for each in ("<=", ">=") if sign == "=" else (sign,):
                    yield granted("Assumed", Relation((one, other), (each,)), assumption)
        case Known(symbol):
            yield granted("Assumed", symbol >= 0, assumption)
        case Condition(name, inequality, known):
            for relation in known:
                yield from (granted(name, each.said, assumption) for each in assumed(relation) if each.said is not None)
            here = inequality.at(_at(inequality))
            if all(one.constant or isinstance(one, Drawn) for one in symbols_of(here)):
                yield from (granted(name, each.said, assumption) for each in assumed(here) if each.said is not None)


def _at(inequality: Relation) -> dict[Expression, Expression]:
    """The letters for symbols of a condition: those of one name, and the square of the length of a gradient."""
    places: dict[Expression, Expression] = {}
    for one in symbols_of(inequality):
        if one.name in _LETTERS:
            places[one] = _LETTERS[one.name]
        if one.name == "||grad f(W)||":
            places[one**2] = G @ G
    return places


def sign(of: Symbol, by: Assumption) -> Fact:
    """Return what an assumption says of the sign of a constant."""
    return next(fact for fact in assumed(by) if fact.said is not None and fact.said.terms == (lifted(0), of))


plus: dict[Symbol, Fact] = {
    **{size: granted("A step size", size > 0) for size in (gamma, eta)},
    **{count: granted("A count", count > 0) for count in (T, N, K)},
    lambda_min: granted("H is a projection", lambda_min >= 0),
    lambda_max: granted("H is a projection", lambda_max >= 0),
    **{one: sign(one, structured_noise) for one in (A, beta, C)},
    **{
        one: sign(one, by)
        for one, by in ((L, smooth), (L_max, smooth_components), (mu, polyak_lojasiewicz), (s, strongly_convex))
    },
}
"""Signs of constants: of what is always positive, of what one assumption says, and T > 0 where T = 0 is no case."""
no_step_or_more = granted("A count", T >= 0)
