"""Check proofs that are files again, with nothing but the standard library: ``python checker.py FILE...``.

It shares no line with the kernel that makes proofs. Nothing in a file is believed but its theorem, which is printed:
each fact is an instance of a schema of the table below, or is computed from earlier facts, and is then compared with
what the file says of it. What must be trusted is this program, the table, and the words that it prints.

Why a comparison is enough. An expression becomes a quotient of polynomials in letters; bound variables have no names.
Two expressions are called equal if the difference is zero after all divisors are multiplied out. Where both are
defined, which is shown of each that is read (no divisor is zero, no root is of what is negative, an exponent is a whole
number), they are then equal: polynomials that are identical have equal values, and what is divided by is not zero.
Only one step needs more: ``1 + b + ... + b^(n-1) = (b^n - 1) / (b - 1)`` says nothing at ``b = 1``. There both sides
are limits of themselves at letters nearby, as both are continuous; where a file has roots, whose arguments might leave
no room nearby, sums of powers stay as they are. Letters that depend on a draw, or on W, are letters like others.
"""

import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache, reduce
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

VERSION = "rac-theory proof 1"
DEPTH, EXPONENT, TERMS, DIGITS, LENGTH = 60, 60, 20_000, 60, 1_000_000
"""Beyond these a file is refused at once: levels of brackets, exponents, terms, digits of a number, characters."""

Tree: TypeAlias = Any  # a Fraction, a letter's name, or a tuple of an operation and its parts


class Refused(ValueError):
    """What is not proved, and why."""


class NotAProof(ValueError):
    """What is no file of this format."""


# The table: what is taken for granted. W is the iterate, W+ the next; G = grad f(W), Gp that at W+; V = W - W*; H the
# projection that is drawn, E the mean over all that is drawn in a step, mean that over clients.
CONSTANTS = frozenset(
    "T N K gamma eta t_0 L L_max L_H ell mu s lambda_min lambda_max delta gap0 gap0_upper distance0 A beta C D D_in"
    " omega sigma_squared zeta_squared bias_squared nu longest_step".split()
)
AT_END = frozenset({"f_T", "f_star", "D_T"})  # E f(W^T), f*, and E ||W^T - W*||^2
COUNTS = frozenset({"T", "N", "K", "t"})  # whole numbers; t is the step from W, from 0 on
VECTORS = {"G": "", "V": "", "Z": "", "Gp": "H", "g": "H", "error": "H", "gbar": "H", "ghat": "H"}
DRAWN = {
    **dict.fromkeys("gap distance sigma_W zeta_W squares all_squares".split(), ""),
    **dict.fromkeys(
        "gap_next gap_first distance_next cross squared bent bent_by_noise moved_by_M bent_by_M sigma_H zeta_H off way"
        " squares_H all_squares_H used missed".split(),
        "H",
    ),
    **dict.fromkeys("moved moved_next moved_mean own turned".split(), "Hm"),
}
"""Numbers that depend on W, and on which draws: H is all that is drawn in a step, m a client."""

PROJECTED = "rac_lora_exact rac_lora_certified rac_lora_by_differences rac_lora_stochastic rac_lora_root_steps"
IMPLIED = frozenset(f"{PROJECTED} rac_lora_harmonic_steps rac_lora_reshuffled fed_rac_lora fed_rac_lora_sampled".split())
"""The algorithms of which fresh_projection is true: each step has its own H, drawn independently of all before."""

NAMES = {
    "s_N": "(* (/ 1 N) (sum k N (- (^ (+ 1 (* eta L_max)) k) 1)))",
    "r_N": "(* (/ (* eta L_max) (* N (- N 1))) (sum k N (* k (^ (+ 1 (* eta L_max)) (- k 1)))))",
    "s_K": "(* (/ 1 K) (sum k K (- (^ (+ 1 (* eta L_max)) k) 1)))",
    "a_K": "(* (/ 1 K) (sum k K (^ (- (^ (+ 1 (* eta L_max)) k) 1) 2)))",
    "r_K": "(* (/ (* eta L_max) (* K (max (- K 1) 1))) (sum k K (* k (^ (+ 1 (* eta L_max)) (- k 1)))))",
    "e": "(* gamma L (- 2 (* gamma L)) lambda_min)",
}
"""Names that facts are about; r_N is 0 where N = 1, where its formula divides by zero: that is granted too."""

STEPS = {
    "rac_lora_exact": "L smooth gap_next (* -1 gamma (H G))",
    "rac_lora_stochastic": "L smooth gap_next (* -1 gamma (H g))",
    "rac_lora_by_differences": "L smooth gap_next (* -1 gamma (H (+ G error)))",
    "rac_lora_reshuffled": "L_max smooth_components gap_next (* -1 eta N (H gbar))",
    "fed_rac_lora": "L_max smooth_components gap_next (* -1 eta K (H gbar))",
    "fed_rac_lora_sampled": "L_max smooth_components gap_next (* -1 eta K (H ghat))",
    "galore_exact": "L smooth gap_first (* -1 gamma (H G))",
    "rac_lora_root_steps": "L smooth gap_next (* -1 gamma (sqrt (/ t_0 (+ t t_0))) (H g))",
    "rac_lora_harmonic_steps": "L smooth gap_next (* -1 (/ (* gamma t_0) (+ t t_0)) (H g))",
}
"""What a step is by what a theorem is about: the constant of the descent lemma, what says so, where it leads."""

CONDITIONS = {
    "smooth": ("f has a gradient with Lipschitz constant L", "(< 0 L)"),
    "smooth_components": ("each component or client has a gradient with Lipschitz constant L_max", "(< 0 L_max)"),
    "smooth_along_sketch": ("f is curved by at most Q, and E[H Q H] <= L_H E[H]", "(< 0 L_H)"),
    "polyak_lojasiewicz": ("||grad f||^2 / 2 >= mu (f - f*)", "(< 0 mu)", "(<= (* mu gap) (/ (dot G G) 2))"),
    "strongly_convex": ("f is strongly convex with modulus s", "(< 0 s)"),
    "structured_noise": (
        "E||Hg||^2 is at most beta <G, E[H] G> + lambda_max (2 A (f - f*) + C)",
        *("(<= 0 A)", "(<= 0 beta)", "(<= 0 C)"),
        "(<= (E (dot g (H g))) (+ (* beta (E (dot G (H G)))) (* lambda_max (+ (* 2 A gap) C))))",
    ),
    "positive_gain": ("f is curved by at most Q, and nu = lambda_min(E[2M - MQM])", "(< 0 nu)"),
    "positive_gaussian_gain": ("the same of a plain Gaussian step, by its closed form", "(< 0 nu)"),
}
"""What may be given of f and of noise: in words, and each inequality that it says."""

SCHEMAS = """
number | | (< 0 1) | one is positive
step_size x:gamma,eta | | (< 0 $x) | a step size is positive
count x:T,N,K | | (< 0 $x) | T, N and K count: they are whole numbers, and at least 1
lambda_min | | (<= 0 lambda_min) | E[H] is the mean of projections
lambda_max | | (<= 0 lambda_max) | E[H] is the mean of projections
below_one | | (<= lambda_min 1) | E[H] is the mean of projections
ordered | | (<= lambda_min lambda_max) | the smallest and the largest eigenvalue
square v:vector | | (<= 0 (dot $v $v)) | a square is not negative
maximum x:constant y:constant | | (<= $x (max $x $y)) | each of two is at most the larger one
maximum_of y:constant x:constant | | (<= $x (max $y $x)) | each of two is at most the larger one
low v:fixed | fresh_projection | (<= (* lambda_min (dot $v $v)) (E (dot $v (H $v)))) | the smallest eigenvalue of E[H], at a vector that is not drawn
high v:fixed | (known lambda_max) fresh_projection | (<= (E (dot $v (H $v))) (* lambda_max (dot $v $v))) | the largest eigenvalue of E[H], at a vector that is not drawn
even v:fixed | isotropic fresh_projection | (<= (E (dot $v (H $v))) (* lambda_min (dot $v $v))) | E[H] = lambda_min I, at a vector that is not drawn
even_cross | isotropic fresh_projection | (<= (* lambda_min (dot G V)) (E (dot G (H V)))) | E[H] = lambda_min I
gap_is_positive x:gap0,gap0_upper | (known $x) | (<= 0 gap) | f* is the infimum of f
gap_next_is_positive | (known gap0) | (<= 0 gap_next) | f* is the infimum of f
flat | smooth | (<= (dot G G) (* 2 L gap)) | a gradient is as large as the gap allows
mu_below_L | smooth polyak_lojasiewicz | (<= mu L) | the mu of a problem is at most its L
mu_below_L_max | smooth_components polyak_lojasiewicz | (<= mu L_max) | the mu of a problem is at most its L
s_below_L | smooth strongly_convex | (<= s L) | the modulus is at most L
curved_is_pl | strongly_convex | (<= (* 2 s gap) (dot G G)) | strong convexity implies PL
convexity | convex (known distance0) | (<= gap (dot G V)) | convexity at a minimiser
cocoercive | convex smooth (known distance0) | (<= (+ gap (/ (dot G G) (* 2 L))) (dot G V)) | interpolation at a minimiser
curved_cocoercive | smooth strongly_convex (known distance0) | (<= (dot (- G (* s V)) (- G (* s V))) (* (- L s) (dot (- G (* s V)) V))) | interpolation of f less s/2 of a square
curved_monotone | strongly_convex (known distance0) | (<= 0 (dot (- G (* s V)) V)) | its gradient is monotone
curved_smooth | smooth (known distance0) | (<= (dot (- G (* s V)) V) (* (- L s) (dot V V))) | its gradient is Lipschitz
apart | rac_lora_exact (> lambda_min 0) | (<= distance_next (+ distance (* -2 gamma cross) (* (^ gamma 2) squared))) | expanded: distance is <V, Hbar^-1 V>, cross <V, Hbar^-1 HG>, squared <HG, Hbar^-1 HG>, Hbar = E[H]
straight | rac_lora_exact (> lambda_min 0) | (<= (dot G V) (E cross)) | E[H] cancels its inverse
spread | rac_lora_exact (> lambda_min 0) | (<= (* lambda_min (E squared)) (E (dot G (H G)))) | E[H Hbar^-1 H] <= Hbar / lambda_min
norm_is_positive | rac_lora_exact (> lambda_min 0) | (<= 0 distance) | a square
norm | rac_lora_exact (> lambda_min 0) | (<= (* lambda_min distance) (dot V V)) | Hbar >= lambda_min I
remainder | smooth rac_lora_exact | (<= gap_next (+ gap (* -1/2 gamma (dot (+ G Gp) (H G))) (/ (dot (- Gp G) (- Gp G)) (* -4 L)) (* 1/4 L (^ gamma 2) (dot G (H G))))) | the descent lemma with its remainder: L ||x||^2 / 2 - f is smooth and convex | t2
pl_next | polyak_lojasiewicz | (<= (* 2 mu gap_next) (dot Gp Gp)) | PL at W+
stays | (>= e 1) rac_lora_exact | (<= (dot Gp Gp) (dot (+ (- Gp G) (* gamma L (H G))) (+ (- Gp G) (* gamma L (H G))))) | where e = 1, H = I and gamma L = 1 | t2
certified | rac_lora_certified | (<= gap_next (- gap (/ (dot (H Z) (H Z)) 2))) | the certificate at W; Z is G times the root of the step, which is not drawn with H
unbiased a:rac_lora_stochastic,rac_lora_root_steps,rac_lora_harmonic_steps | $a | (<= (E (dot G (H G))) (E (dot G (H g)))) | g is unbiased and independent of H
small_errors | smooth rac_lora_by_differences (known bias_squared) | (<= (dot (H error) (H error)) bias_squared) | errors of differences, by the descent lemma along each direction | t20
enough_weight | smooth structured_noise (<= (* (^ gamma 2) L A lambda_max T) 1) | (<= (* 2 T) (* (if (> A 0) 4 2) (powers (/ 1 (+ 1 (* L A (^ gamma 2) lambda_max))) 1 T))) | the weights of short steps, as (1 + 1/T)^T >= 2 | t5
below_Q | smooth_along_sketch rac_lora_exact | (<= gap_next (+ gap (* -1 gamma (dot G (H G))) (* 1/2 (^ gamma 2) bent))) | f lies below the quadratic of curvature Q that touches it at W; bent is <HG, QHG>
noisy_below_Q | smooth_along_sketch rac_lora_stochastic | (<= gap_next (+ gap (* -1 gamma (dot G (H g))) (* 1/2 (^ gamma 2) bent_by_noise))) | f lies below the quadratic of curvature Q that touches it at W; bent_by_noise is <Hg, QHg>
along | smooth_along_sketch rac_lora_exact | (<= (E bent) (* L_H (E (dot G (H G))))) | E[H Q H] <= L_H E[H]
noise_along | smooth_along_sketch rac_lora_stochastic | (<= (E bent_by_noise) (* L_H (E (dot g (H g))))) | E[H Q H] <= L_H E[H], and g is independent of H
mu_below_L_H | smooth_along_sketch polyak_lojasiewicz | (<= (* mu lambda_min) L_H) | a step of 1/L_H does not fall below f* | t13
first a:plain_or_fitted,one_exact_step | positive_gain $a | (<= gap_first (+ gap (* -1 moved_by_M) (* 1/2 bent_by_M))) | f lies below the quadratic of curvature Q; moved_by_M is <G, MG>, bent_by_M <MG, QMG>
first_gaussian | positive_gaussian_gain plain_gaussian_rac_lora | (<= gap_first (+ gap (* -1 moved_by_M) (* 1/2 bent_by_M))) | f lies below the quadratic of curvature Q
gain a:plain_or_fitted,one_exact_step | positive_gain $a | (<= (* nu (dot G G)) (E (- (* 2 moved_by_M) bent_by_M))) | nu is the smallest eigenvalue
gain_gaussian | positive_gaussian_gain plain_gaussian_rac_lora | (<= (* nu (dot G G)) (E (- (* 2 moved_by_M) bent_by_M))) | nu is the smallest eigenvalue
later | positive_gain plain_or_fitted (< longest_step 2) | (<= gap_next gap_first) | no inner step rises
later_one a:plain_gaussian_rac_lora,one_exact_step | $a | (<= gap_next gap_first) | there is one step
mu_nu_below_1 a:positive_gain,positive_gaussian_gain | $a polyak_lojasiewicz | (<= (* mu nu) 1) | a step does not fall below f* | t15
epoch_error | smooth_components rac_lora_reshuffled | (<= (E (dot (H (- G gbar)) (H (- G gbar)))) (+ (* (^ s_N 2) (E (dot G (H G)))) (* s_N r_N (E sigma_H)))) | the error of an epoch: draws without replacement, and the sums over its steps | t7
s_below_1 | smooth_components (<= (* eta N L_max) 1) | (< s_N 1) | s <= e - 2 | t7
s_sign | smooth_components | (<= 0 s_N) | a sum of powers
r_sign | smooth_components | (<= 0 r_N) | a sum of powers, 0 for N = 1
simple_s | smooth_components (<= (* 2 eta N L_max) 1) | (<= (^ s_N 2) (* 8/9 (^ (* eta N L_max) 2))) | s by binomials | t7
simple_r | smooth_components (<= (* 2 eta N L_max) 1) | (<= (* s_N r_N) (* 4/9 (^ eta 2) (^ L_max 2) (+ N 1))) | s r by binomials | t7
sigma_sign | | (<= 0 sigma_H) | a variance, of the components' gradients in the range of H
sigma_seen | (known lambda_max) rac_lora_reshuffled | (<= (E sigma_H) (* lambda_max sigma_W)) | the largest eigenvalue of E[H], for each gradient; sigma_W is their variance at W
squares_seen | (known lambda_max) rac_lora_reshuffled | (<= (+ (E sigma_H) (E (dot G (H G)))) (* lambda_max (+ sigma_W (dot G G)))) | the largest eigenvalue of E[H], for each gradient
sigma_known | (known sigma_squared) | (<= sigma_W sigma_squared) | on average along the iterates
sigma_of_data | smooth_components (known D) | (<= (+ sigma_W (dot G G)) (+ (* 2 L_max gap) D)) | a component is bounded below: its gradient is as large as its gap allows | t7
local_triangle | smooth_components fed_rac_lora | (<= moved_next (+ moved (* eta own) (* eta turned))) | triangle inequality; moved is ||W_k - W|| of a client, own ||HG_m||, turned ||H (grad f_m(W_k) - G_m)||
local_smooth | smooth_components fed_rac_lora | (<= turned (* L_max moved)) | H does not lengthen, the gradient is Lipschitz
round_error | smooth_components fed_rac_lora | (<= off (* L_max (mean moved_mean))) | triangle inequality, the gradient is Lipschitz; off is ||HG - Hgbar||, moved_mean the mean of moved over k < K
squared_error | | (<= (dot (H (- G gbar)) (H (- G gbar))) (^ off 2)) | a square, multiplied out
error_sign | | (<= 0 off) | a length
own_sign | | (<= 0 (mean own)) | a length
jensen | | (<= (^ (mean own) 2) (+ (dot G (H G)) zeta_H)) | Jensen's inequality, over clients; zeta_H is their variance in the range of H
s_K_sign | smooth_components | (<= 0 s_K) | a mean of powers
simple_s_K | | (<= (^ s_K 2) a_K) | Jensen's inequality, over steps
a_below_1 | smooth_components (<= (* eta K L_max) 1) | (< a_K 1) | a mean of powers below an integral | t9
zeta_sign | | (<= 0 zeta_H) | a variance
zeta_seen | (known lambda_max) fed_rac_lora | (<= (E zeta_H) (* lambda_max zeta_W)) | the largest eigenvalue of E[H], for each gradient
client_squares_seen | (known lambda_max) fed_rac_lora | (<= (+ (E zeta_H) (E (dot G (H G)))) (* lambda_max (+ zeta_W (dot G G)))) | the largest eigenvalue of E[H], for each gradient
zeta_known | (known zeta_squared (= K 1)) | (<= zeta_W zeta_squared) | on average along the iterates; where K = 1 it is multiplied by 0
zeta_of_data | smooth_components (known D (= K 1)) | (<= (+ zeta_W (dot G G)) (+ (* 2 L_max gap) D)) | a client is bounded below: its gradient is as large as its gap allows; where K = 1 it is multiplied by 0 | t9
unbiased_sample | fed_rac_lora_sampled | (<= (E (dot G (H gbar))) (E (dot G (H ghat)))) | on average those that take part move as all do
sampled_square | fed_rac_lora_sampled (known omega) | (<= (E (dot (H ghat) (H ghat))) (+ (E (dot (H gbar) (H gbar))) (* omega (E way)))) | the second moment of a mean over clients that are sampled; way is mean_m ||Hgbar_m||^2 | t9rr
client_error | smooth_components fed_rac_lora_sampled | (<= (E (dot (H (- G gbar)) (H (- G gbar)))) (+ (* s_K (- s_K r_K) (E squares_H)) (* s_K r_K (E all_squares_H)))) | the error of the epoch of each client, and Jensen's inequality over clients | t9rr
client_length | smooth_components fed_rac_lora_sampled | (<= (E way) (+ (* (+ 1 s_K) (- (+ 1 s_K) r_K) (E squares_H)) (* (+ 1 s_K) r_K (E all_squares_H)))) | how far an epoch goes: its gradient and its error, by Young's inequality | t9rr
r_K_sign | smooth_components | (<= 0 r_K) | a sum of powers
r_K_below_s | smooth_components | (<= r_K s_K) | r <= s, term by term | t7
clients_seen | (known lambda_max) fed_rac_lora_sampled | (<= (E squares_H) (* lambda_max squares)) | the largest eigenvalue of E[H], for each gradient; squares is mean_m ||G_m||^2
components_seen | (known lambda_max) fed_rac_lora_sampled | (<= (E all_squares_H) (* lambda_max all_squares)) | the largest eigenvalue of E[H], for each gradient; all_squares is that of components
clients_of_data | smooth_components (known D) | (<= squares (+ (* 2 L_max gap) D)) | a component is bounded below: its gradient is as large as its gap allows | t9rr
components_of_data | smooth_components (known D) (known D_in) | (<= all_squares (+ (* 2 L_max gap) D D_in)) | a component is bounded below: its gradient is as large as its gap allows | t9rr
leading | galore_exact | (<= (* delta (dot G G)) (dot G (H G))) | the largest r of min(m, n) squares
leading_later | smooth galore_exact (< 0 (* gamma L) 2) | (<= gap_next gap_first) | no step in that subspace rises
delta_below_1 | | (<= delta 1) | a share
used_sign | | (<= 0 used) | a length: used is ||{H_i G_i}||, of the parts that blocks use in a cycle
missed_sign | | (<= 0 missed) | a length: missed is ||{H_i (G - G_i)}||
turns | smooth_along_sketch rac_lora_in_turns | (<= gap_next (- gap (* 1/2 gamma (- 2 (* gamma L_H)) (^ used 2)))) | the descent lemma in each block | t18
parts | rac_lora_in_turns | (<= (dot G G) (^ (+ used missed) 2)) | the blocks hold every direction once; triangle inequality
lipschitz | smooth rac_lora_in_turns | (<= missed (* gamma L ell used)) | the gradient is Lipschitz, moves and parts in orthogonal blocks add up by their squares | t18
time a:rac_lora_root_steps,rac_lora_harmonic_steps | $a | (<= 0 t) | t counts steps
offset a:rac_lora_root_steps,rac_lora_harmonic_steps | $a | (< 0 t_0) | an offset
root_falls | rac_lora_root_steps | (<= (* gamma (sqrt (/ t_0 (+ t t_0)))) gamma) | no step is longer than the first
"""
"""One a line: its name with what may be substituted, what it rests on, what it says, why, and its page if it has one."""

ON_AVERAGE = frozenset({"sigma_known", "zeta_known"})
"""True of means over W and not at each W: they are never multiplied by what depends on W."""


# Arithmetic: letters are numbered; a monomial is a sorted tuple of pairs (letter, power), where the power of a symbolic
# exponent is the number of its base; a polynomial is a dict of monomials; a quotient has its divisors as factors.
Monomial: TypeAlias = tuple[tuple[int, int], ...]
Polynomial: TypeAlias = dict[Monomial, Fraction]


class Quotient(NamedTuple):
    """A polynomial over a product of powers of polynomials of more than one term, each by its number."""

    above: Polynomial
    below: tuple[tuple[int, int], ...] = ()


class Inside(NamedTuple):
    """What a letter is made of: indices of sums that are open in it, letters that are drawn, and the highest index."""

    open: frozenset[int] = frozenset()
    drawn: frozenset[int] = frozenset()
    height: int = 0


ONE, NOTHING = Quotient({(): Fraction(1)}), Quotient({})
_letters: dict[Any, int] = {}
_meaning: list[Any] = []
_inside: list[Inside] = []
_image: list[int] = []
_factors: list[Polynomial] = []
_numbers: dict[Any, int] = {}
_bases: list[Quotient] = []
_buckets: dict[int, list[int]] = {}
_PRIME = (1 << 61) - 1


def letter(meaning: Any, inside: Inside | None = None) -> int:
    """Return the number of a letter; equal meanings have one number."""
    if meaning not in _letters:
        _letters[meaning] = n = len(_meaning)
        _meaning.append(meaning)
        _image.append(random.Random(n).randrange(2, _PRIME - 1))
        drawn = frozenset({n}) if meaning[0] in ("drawn", "mean") else frozenset()
        _inside.append(inside or Inside(frozenset({n}) if meaning[0] == "index" else frozenset(), drawn))
    return _letters[meaning]


def number(value: Fraction | int) -> Quotient:
    return Quotient({(): Fraction(value)} if value else {})


def lettered(n: int, power: int = 1) -> Quotient:
    return Quotient({((n, power),): Fraction(1)})


def is_exponent(n: int) -> bool:
    return bool(_meaning[n][0] == "exponent")


def base(value: Quotient) -> int:
    """Return the number of a value: equal ones have one number. A value in a prime field says which may be equal."""
    bucket = _buckets.setdefault(image(value), [])
    for n in bucket:
        if _bases[n] == value or not added(_bases[n], times(value, number(-1))).above:
            return n
    bucket.append(len(_bases))
    _bases.append(value)
    return len(_bases) - 1


def image(value: Quotient) -> int:
    below = reduce(lambda x, pair: x * pow(_image_of(_factors[pair[0]]), pair[1], _PRIME), value.below, 1)
    return _image_of(value.above) * pow(below, -1, _PRIME) % _PRIME if below % _PRIME else 0


def _image_of(p: Polynomial) -> int:
    total = 0
    for monomial, c in p.items():
        x = c.numerator * pow(c.denominator, -1, _PRIME)
        for n, power in monomial:
            of, to = (image(_bases[power]), _image[n]) if is_exponent(n) else (_image[n], power)
            x = x * pow(of, to, _PRIME) % _PRIME
        total += x
    return total % _PRIME


@cache
def together(one: Monomial, other: Monomial) -> Monomial:
    """The product of monomials: powers of a letter add, bases of an exponent multiply."""
    powers = dict(one)
    for n, power in other:
        if n not in powers:
            powers[n] = power
            continue
        powers[n] = base(times(_bases[powers[n]], _bases[power])) if is_exponent(n) else powers[n] + power
        if powers[n] == 0:  # base 0 is the number one
            del powers[n]
    return tuple(sorted(powers.items()))


def product(p: Polynomial, q: Polynomial) -> Polynomial:
    result: Polynomial = {}
    for m, a in p.items():
        for n, b in q.items():
            key = together(m, n)
            result[key] = result.get(key, Fraction(0)) + a * b
        if len(result) > TERMS:
            raise Refused(f"an expression has more than {TERMS} terms")
    return {m: c for m, c in result.items() if c}


def content(p: Polynomial) -> tuple[Fraction, Monomial, Polynomial]:
    """Return number, monomial and polynomial of which one is the product; alike for all that differ by the first two."""
    pairs = [dict(m) for m in p]
    shared: dict[int, int] = {}
    for n in set().union(*pairs):
        if not is_exponent(n):
            shared[n] = min(each.get(n, 0) for each in pairs)
        elif all(each.get(n) == pairs[0].get(n) for each in pairs):
            shared[n] = pairs[0][n]
    monomial = tuple(sorted((n, power) for n, power in shared.items() if power))
    rest = product(p, {inverse_of(monomial): Fraction(1)})
    first = rest[max(rest)]
    return first, monomial, {m: c / first for m, c in rest.items()}


def inverse_of(monomial: Monomial) -> Monomial:
    return tuple((n, base(inverted(_bases[power])) if is_exponent(n) else -power) for n, power in monomial)


def factor(p: Polynomial) -> int:
    """The number of a polynomial that something is divided by."""
    key = frozenset(p.items())
    if key not in _numbers:
        _numbers[key] = len(_factors)
        _factors.append(p)
    return _numbers[key]


def over(above: Polynomial, below: Mapping[int, int]) -> Quotient:
    """A quotient, without a divisor that the numerator is a multiple of by a single term."""
    if not above:
        return NOTHING
    below = {n: power for n, power in below.items() if power}
    if below:
        first, monomial, rest = content(above)
        n = _numbers.get(frozenset(rest.items()), -1)
        if below.get(n):
            above, below[n] = {monomial: first}, below[n] - 1
    return Quotient(above, tuple(sorted((n, power) for n, power in below.items() if power)))


def added(p: Quotient, q: Quotient) -> Quotient:
    below = dict(p.below)
    for n, power in q.below:
        below[n] = max(power, below.get(n, 0))
    result: Polynomial = {}
    for value in (p, q):
        lacking = {n: power - dict(value.below).get(n, 0) for n, power in below.items()}
        for m, c in product(value.above, multiplied_out(lacking)).items():
            result[m] = result.get(m, Fraction(0)) + c
    return over({m: c for m, c in result.items() if c}, below)


def multiplied_out(factors: Mapping[int, int]) -> Polynomial:
    return reduce(product, (_factors[n] for n, power in factors.items() for _ in range(power)), {(): Fraction(1)})


def times(p: Quotient, q: Quotient) -> Quotient:
    below = dict(p.below)
    for n, power in q.below:
        below[n] = below.get(n, 0) + power
    return over(product(p.above, q.above), below)


def inverted(q: Quotient) -> Quotient:
    if not q.above:
        raise Refused("something is divided by zero")
    first, monomial, rest = content(q.above)
    above = product(multiplied_out(dict(q.below)), {inverse_of(monomial): 1 / first})
    return over(above, {} if len(rest) == 1 else {factor(rest): 1})


def power(q: Quotient, n: int) -> Quotient:
    if abs(n) > EXPONENT:
        raise Refused(f"an exponent is {n}, beyond {EXPONENT}")
    return reduce(times, [q] * n, ONE) if n >= 0 else inverted(power(q, -n))


def raised(q: Quotient, exponent: Quotient) -> Quotient:
    """A power whose exponent is a polynomial with whole coefficients: ``b^T c^T`` is ``(b c)^T``."""
    result = ONE
    for monomial, c in exponent.above.items():
        if exponent.below or c.denominator != 1:
            raise Refused("an exponent is not a whole number")
        of = without_squares(power(q, int(c)))
        if not monomial:
            result = times(result, of)
        elif (n := base(of)) != 0:
            inside = gathered([_inside[k] for k, _ in monomial])
            result = times(result, lettered(letter(("exponent", monomial), inside), n))
    return result


def gathered(parts: Iterable[Inside]) -> Inside:
    parts = tuple(parts)
    return Inside(
        frozenset().union(*(each.open for each in parts)),
        frozenset().union(*(each.drawn for each in parts)),
        max((each.height for each in parts), default=0),
    )


def inside(q: Quotient) -> Inside:
    return gathered(_of_monomial(m) for p in (q.above, *(_factors[n] for n, _ in q.below)) for m in p)


@cache
def _of_monomial(monomial: Monomial) -> Inside:
    bases = (inside(_bases[power]) for n, power in monomial if is_exponent(n))
    return gathered([*(_inside[n] for n, _ in monomial), *bases])


def atom(kind: str, parts: Sequence[Any], *of: Quotient, index: int | None = None) -> Quotient:
    """A letter for what is no polynomial, known by its parts; an index is bound in it."""
    open_, drawn, height = gathered(map(inside, of))
    height = height if index is None else height + 1
    return lettered(letter((kind, *parts), Inside(open_ - {index}, drawn, height)))


def without_squares(q: Quotient) -> Quotient:
    """Put what a root is of in the place of its square."""
    for p in (q.above, *(_factors[n] for n, _ in q.below)):
        for n in {n for m in p for n, power in m if _meaning[n][0] == "root" and power not in (0, 1)}:
            below = (power_(_without(_factors[k], n), -e) for k, e in q.below)
            return without_squares(reduce(times, below, _without(q.above, n)))
    return q


power_ = power


def _without(p: Polynomial, root: int) -> Quotient:
    result = NOTHING
    for monomial, c in p.items():
        pairs = dict(monomial).get(root, 0) // 2
        rest = together(monomial, ((root, -2 * pairs),)) if pairs else monomial
        result = added(result, times(Quotient({rest: c}), power(_bases[_meaning[root][1]], pairs)))
    return result


def is_zero(q: Quotient) -> bool:
    return not without_squares(q).above


def mean(q: Quotient, draw: str) -> Quotient:
    """The mean over a draw, of what is linear in what is drawn."""
    above: Polynomial = {}
    for monomial, c in q.above.items():
        pairs = [(n, power) for n, power in monomial if any(draw in over_(k) for k in _of_monomial(((n, power),)).drawn)]
        if pairs and (len(pairs) > 1 or pairs[0][1] != 1 or _meaning[pairs[0][0]][0] not in ("drawn", "mean")):
            raise Refused("only of what is linear in what is drawn is the mean known")
        if pairs:
            n = pairs[0][0]
            of = letter(("mean", draw, n, over_(n) - {draw}))
            monomial = together(tuple(pair for pair in monomial if pair != pairs[0]), ((of, 1),))
        above[monomial] = above.get(monomial, Fraction(0)) + c
    if any(draw in over_(k) for n, _ in q.below for k in inside(Quotient(_factors[n])).drawn):
        raise Refused("the mean of what is divided by something drawn is not known")
    return over({m: c for m, c in above.items() if c}, dict(q.below))


def renamed(q: Quotient, old: int, new: int) -> Quotient:
    """A quotient with one index in the place of another, in all that it is made of."""
    if old not in inside(q).open:
        return q
    below = (power(renamed(Quotient(_factors[n]), old, new), -e) for n, e in q.below)
    above = (times(number(c), reduce(times, (_renamed(*pair, old, new) for pair in m), ONE)) for m, c in q.above.items())
    return reduce(times, below, reduce(added, above, NOTHING))


def _renamed(n: int, e: int, old: int, new: int) -> Quotient:
    if n == old:
        return lettered(new, e)
    if old in _inside[n].open:
        kind, *parts = _meaning[n]
        if kind == "exponent":
            (monomial,) = renamed(Quotient({parts[0]: Fraction(1)}), old, new).above
            parts = [monomial]
        else:
            parts = [base(renamed(_bases[each], old, new)) if isinstance(each, int) else each for each in parts]
        open_ = frozenset(new if each == old else each for each in _inside[n].open)
        n = letter((kind, *parts), _inside[n]._replace(open=open_))
    return lettered(n, base(renamed(_bases[e], old, new)) if is_exponent(n) else e)


def over_(n: int) -> frozenset[str]:
    """The draws that a letter depends on."""
    return frozenset(_meaning[n][-1])


base(ONE)


# Expressions. A bound variable is ("var", n), the n-th binder from inside; ("whole", n) is one that was opened.
_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NUMBER = re.compile(r"-?[0-9]+(/[1-9][0-9]*)?\Z")
PARTS = {"/": (2, 2), "^": (2, 2), "-": (1, 2), "sqrt": (1, 1), "powers": (3, 3), "E": (1, 1), "mean": (1, 1)}
PARTS |= {"square_at": (1, 1), "scaled_at": (1, 1), "dot": (2, 2), "if": (3, 3), "H": (1, 1)} | dict.fromkeys(("+", "*", "max"), (1, 99))
SIGNS = ("<=", "<", ">=", ">", "=")


def nodes(line: str) -> list[Any]:
    """Read a line as a list of words and lists."""
    stack: list[list[Any]] = [[]]
    for word in _TOKEN.findall(line):
        if word == "(":
            stack.append([])
        elif word != ")":
            stack[-1].append(word)
        elif len(stack) == 1:
            raise Refused("a bracket is closed that was not opened")
        else:
            stack[-2].append(stack.pop())
        if len(stack) > DEPTH:
            raise Refused(f"brackets are more than {DEPTH} deep")
    if len(stack) > 1:
        raise Refused("a bracket is not closed")
    return stack[0]


def tree(node: Any, bound: tuple[str, ...] = ()) -> Tree:
    """Read an expression."""
    if isinstance(node, str):
        if _NUMBER.match(node) and len(node) <= DIGITS:
            return Fraction(node)
        if not _NAME.match(node) or node in PARTS:
            raise Refused(f"{node!r} is neither a number nor the name of a letter")
        return ("var", bound.index(node)) if node in bound else node
    if not node or not isinstance(node[0], str):
        raise Refused("brackets must begin with an operation")
    head, *parts = node
    if head in SIGNS and len(parts) > 1:
        return (head, *(tree(each, bound) for each in parts))
    if head == "sum" and len(parts) == 3 and isinstance(parts[0], str) and _NAME.match(parts[0]):
        if parts[0] in CONSTANTS | AT_END | DRAWN.keys() | VECTORS.keys() | PARTS.keys():
            raise Refused(f"the index of a sum must not have the name of {parts[0]}, which means something else")
        return ("sum", tree(parts[1], bound), tree(parts[2], (parts[0], *bound)))
    least, most = PARTS.get(head, (1, 0))
    if not least <= len(parts) <= most:
        raise Refused(f"{head!r} with {len(parts)} parts is no operation")
    return (head, *(tree(each, bound) for each in parts))


def opened(body: Tree, value: Tree, depth: int = 0) -> Tree:
    """The term of a sum with a closed expression for its index."""
    if not isinstance(body, tuple):
        return body
    if body[0] == "var":
        return value if body[1] == depth else body
    return (body[0], *(opened(each, value, depth + (body[0] == "sum" and i == 1)) for i, each in enumerate(body[1:])))


def placed(of: Tree, places: Mapping[str, Tree]) -> Tree:
    """An expression with closed ones in the place of letters."""
    if isinstance(of, str):
        return places.get(of, of)
    if not isinstance(of, tuple) or of[0] in ("var", "whole"):
        return of
    return (of[0], *(placed(each, places) for each in of[1:]))


def letters_of(of: Tree) -> Iterator[str]:
    """Yield the names in an expression."""
    if isinstance(of, str):
        yield of
    elif isinstance(of, tuple) and of[0] not in ("var", "whole"):
        for each in of[1:]:
            yield from letters_of(each)


def relation(node: Any) -> Tree:
    """Read a relation."""
    result = tree(node)
    if not isinstance(result, tuple) or result[0] not in (*SIGNS[:4], "=") or any(map(_is_relation, result[1:])):
        raise Refused("a relation must be two or more expressions with <=, <, >=, > or =")
    return result


def _is_relation(of: Tree) -> bool:
    return isinstance(of, tuple) and of[0] in SIGNS


def written(of: Tree, level: int = 0, binders: int = 0) -> str:
    """An expression as people write it."""
    if not isinstance(of, tuple):
        return f"({of})" if isinstance(of, Fraction) and (of.denominator > 1 or of < 0) and level > 1 else str(of)
    head, *parts = of
    if head in ("var", "whole"):
        return f"i{binders - parts[0]}"
    if head in SIGNS:
        return f" {head} ".join(written(each, 1, binders) for each in parts)
    if head == "sum":
        text, least = f"sum_{{i{binders + 1}<{written(parts[0], 0, binders)}}} {written(parts[1], 2, binders + 1)}", 1
    elif head == "+" or (head == "-" and len(parts) == 2):
        text, least = f" {head} ".join(written(each, int(i > 0), binders) for i, each in enumerate(parts)), 0
    elif head in ("*", "-"):
        text, least = "-" * (head == "-") + " ".join(written(each, 2, binders) for each in parts), 1
    elif head in ("/", "^"):
        text = f"{written(parts[0], 2, binders)}{' / ' if head == '/' else '^'}{written(parts[1], 3, binders)}"
        least = 1 if head == "/" else 2
    elif head == "powers":
        first, last = (written(("^", parts[0], each), 0, binders) for each in parts[1:])
        text, least = f"{first} + ... + {last}", 0
    elif head == "dot":
        text, least = f"<{written(parts[0], 0, binders)}, {written(parts[1], 0, binders)}>", 3
    elif head == "if":
        condition, then, otherwise = (written(each, 1, binders) for each in parts)
        text, least = f"{then} if {condition} else {otherwise}", 0
    else:
        text, least = f"{head}({', '.join(written(each, 0, binders) for each in parts)})", 3
    return f"({text})" if level > least else text


class Reader:
    """Reads expressions of one file as quotients, with names as letters or as what they stand for.

    Attributes
    ----------
    names : dict
        Definitions, and whether each is a letter by itself.
    has_roots : bool
        Whether sums of powers stay as they are.
    """

    def __init__(self) -> None:
        self.names: dict[str, tuple[Tree, bool]] = {}
        self.has_roots = False
        self._known: dict[Any, Quotient] = {}

    def value(self, of: Tree, expand: bool = False, env: tuple[Quotient, ...] = ()) -> Quotient:
        """Return the quotient that an expression is."""
        key = of, expand, tuple(map(base, env))
        if key not in self._known:
            self._known[key] = self._value(of, expand, env)
        return self._known[key]

    def _value(self, of: Tree, expand: bool, env: tuple[Quotient, ...]) -> Quotient:
        if isinstance(of, Fraction):
            return number(of)
        if isinstance(of, str):
            if of in self.names:
                meaning, is_letter = self.names[of]
                is_kept = of == "r_N" or (is_letter and not expand)
                return lettered(letter(("name", of))) if is_kept else self.value(meaning, expand)
            if of in VECTORS:
                raise Refused(f"{of} is a vector, and no number")
            return lettered(letter(("drawn", of, DRAWN[of]) if of in DRAWN else ("letter", of)))
        head, *parts = of
        if head == "var":
            return env[parts[0]]
        if head == "whole":
            return lettered(letter(("whole", parts[0])))
        if head == "sum":
            return self._sum(parts[0], parts[1], expand, env)
        if head == "dot":
            return self._dot(self._vector(parts[0], expand, env), self._vector(parts[1], expand, env))
        if head == "if":
            return self._choice(parts, expand, env)
        if head == "H" or head in SIGNS:
            raise Refused(f"{head!r} is no operation between numbers")
        values = [self.value(each, expand, env) for each in parts]
        match head:
            case "+":
                return reduce(added, values)
            case "-":
                return reduce(lambda p, q: added(p, times(q, number(-1))), values if len(values) > 1 else [NOTHING, *values])
            case "*":
                return without_squares(reduce(times, values))
            case "/":
                return times(values[0], inverted(values[1]))
            case "^":
                return raised(*values)
            case "sqrt":
                return self._root(values[0])
            case "powers":
                return times(raised(values[0], values[1]), self._geometric(values[0], added(added(values[2], ONE), times(values[1], number(-1)))))
            case "E" | "mean":
                return mean(values[0], "H" if head == "E" else "m")
            case "square_at" | "scaled_at":
                return atom(head, [base(values[0])], values[0])
        kept = sorted(set(map(base, values)))  # a maximum
        return values[0] if len(kept) == 1 else atom("max", kept, *values)

    def _root(self, of: Quotient) -> Quotient:
        if not of.below and set(of.above) <= {()}:
            value = of.above.get((), Fraction(0))
            above, below = (_whole_root(each) for each in (value.numerator, value.denominator))
            if above is not None and below is not None:
                return number(Fraction(above, below))
        return atom("root", [base(of)], of)

    def _geometric(self, of: Quotient, n: Quotient) -> Quotient:
        if base(of) == 0:
            return n
        known = n.above.get((), Fraction(0)) if not n.below and set(n.above) <= {()} else None
        if known is not None and known.denominator == 1 and 0 <= known <= EXPONENT:
            return reduce(added, (power(of, k) for k in range(int(known))), NOTHING)
        if self.has_roots:
            return atom("powers", [base(of), base(n)], of, n)
        return times(added(raised(of, n), number(-1)), inverted(added(of, number(-1))))

    def _sum(self, steps: Tree, term: Tree, expand: bool, env: tuple[Quotient, ...]) -> Quotient:
        n = self.value(steps, expand, env)
        known = n.above.get((), Fraction(0)) if not n.below and set(n.above) <= {()} else None
        if known is not None and known.denominator == 1 and 0 <= known <= EXPONENT:
            return reduce(added, (self.value(term, expand, (number(k), *env)) for k in range(int(known))), NOTHING)
        index = letter(("index", "open", len(env)))
        value = self.value(term, expand, (lettered(index), *env))
        if any(index in inside(Quotient(_factors[k])).open for k, _ in value.below):
            c, outside, rest = content(value.above)
            held, free = _split(outside, index)
            whole = over(product(rest, {held: Fraction(1)}), dict(value.below))
            return times(Quotient({free: c}), self._bound(whole, index, n))
        result = NOTHING
        for monomial, c in value.above.items():
            held, free = _split(monomial, index)
            result = added(result, times(Quotient({free: c}), self._series(held, index, n)))
        return times(result, Quotient({(): Fraction(1)}, value.below))

    def _series(self, held: Monomial, index: int, n: Quotient) -> Quotient:
        if not held:
            return n
        exponent = letter(("exponent", ((index, 1),)), _inside[index])
        if len(held) == 1 and held[0][0] == exponent and index not in inside(_bases[held[0][1]]).open:
            return self._geometric(_bases[held[0][1]], n)
        return self._bound(Quotient({held: Fraction(1)}), index, n)

    def _bound(self, term: Quotient, index: int, n: Quotient) -> Quotient:
        """A sum, with an index that no sum inside has, and that all sums of such a term have."""
        own = letter(("index", inside(term).height))
        term = renamed(term, index, own)
        return atom("sum", [base(n), base(term)], n, term, index=own)

    def _choice(self, parts: Sequence[Tree], expand: bool, env: tuple[Quotient, ...]) -> Quotient:
        condition, *branches = parts
        if not _is_relation(condition):
            raise Refused("a choice must have a relation")
        sides = [self.value(each, expand, env) for each in condition[1:]]
        then, otherwise = (self.value(each, expand, env) for each in branches)
        if base(then) == base(otherwise):
            return then
        return atom("if", [condition[0], *map(base, (*sides, then, otherwise))], *sides, then, otherwise)

    def _vector(self, of: Tree, expand: bool, env: tuple[Quotient, ...]) -> dict[tuple[str, bool], Quotient]:
        """What a vector has of each that has a name, projected or not."""
        if isinstance(of, str) and of in VECTORS:
            return {(of, False): ONE}
        match of:
            case ("H", inner):
                signed = [(inner, ONE, True)]
            case ("+", *terms):
                signed = [(each, ONE, False) for each in terms]
            case ("-", first, *others):
                signed = [(first, ONE if others else number(-1), False), *((each, number(-1), False) for each in others)]
            case ("*", *factors, inner):
                signed = [(inner, reduce(times, (self.value(each, expand, env) for each in factors), ONE), False)]
            case _:
                raise Refused(f"{written(of)} is no vector")
        result: dict[tuple[str, bool], Quotient] = {}
        for inner, c, is_projected in signed:
            for (name, was_projected), value in self._vector(inner, expand, env).items():
                key = name, was_projected or is_projected
                result[key] = added(result.get(key, NOTHING), times(c, value))
        return result

    def _dot(self, one: Mapping[tuple[str, bool], Quotient], other: Mapping[tuple[str, bool], Quotient]) -> Quotient:
        """The inner product; as H = H' = H^2, <Ha, Hb> = <Ha, b> = <a, Hb>."""
        result = NOTHING
        for (a, is_a), p in one.items():
            for (b, is_b), q in other.items():
                draws = VECTORS[a] + VECTORS[b] + "H" * (is_a or is_b)
                of = letter(("drawn", *sorted((a, b)), is_a or is_b, "H" if draws else ""))
                result = added(result, times(times(p, q), lettered(of)))
        return result


def _split(monomial: Monomial, index: int) -> tuple[Monomial, Monomial]:
    held = tuple(pair for pair in monomial if index in _of_monomial((pair,)).open)
    return held, tuple(pair for pair in monomial if pair not in held)


def _whole_root(n: int) -> int | None:
    root = int(abs(n) ** 0.5) if n < 1 << 50 else -1
    return root if root >= 0 and root * root == n else None


class Fact(NamedTuple):
    """``low <= high``, or less, wherever what is in ``by`` is true; ``average`` if it is true of means over W alone."""

    n: int
    low: Tree
    high: Tree
    strict: bool
    by: frozenset[Tree]
    average: bool
    of: tuple[int, ...]
    words: str = ""

    @property
    def number(self) -> Tree:
        """What is not negative."""
        return self.high if self.low == 0 else ("-", self.high, self.low)


GG: Tree = ("dot", "G", "G")
VV: Tree = ("dot", "V", "V")
_V_NEXT = ("-", "V", ("*", "gamma", ("H", "G")))
AFTER: Mapping[Tree, Tree] = {
    "gap": ("E", "gap_next"), "distance": ("E", "distance_next"), VV: ("E", ("dot", _V_NEXT, _V_NEXT))
}  # fmt: skip
LAST: Mapping[Tree, Tree] = {"gap": ("-", "f_T", "f_star"), VV: "D_T"}
FIRST: Mapping[str, tuple[Tree, Tree, tuple[Tree, ...]]] = {
    "gap0": ("gap", "gap0", (("known", "gap0"),)),
    "gap0_upper": ("gap", "gap0_upper", (("known", "gap0_upper"),)),
    "distance0": (VV, ("^", "distance0", Fraction(2)), (("known", "distance0"), "rac_lora_exact")),
}
"""What at W^0 is at most a constant, and on what that rests; of distances what follows a step is known for exact steps."""
_0, _1, _2 = Fraction(0), Fraction(1), Fraction(2)


def bind(of: Tree, name: str, depth: int = 0) -> Tree:
    """An expression with a bound variable in the place of a letter."""
    if not isinstance(of, tuple) or of[0] in ("var", "whole"):
        return ("var", depth) if of == name else of
    return (of[0], *(bind(each, name, depth + (of[0] == "sum" and i == 1)) for i, each in enumerate(of[1:])))


def total(of: Tree, steps: Tree = "T") -> Tree:
    """A sum over t."""
    return ("sum", steps, bind(of, "t"))


class Signs:
    """What is known of signs by facts about constants; ``used`` collects the facts."""

    def __init__(self, reader: Reader, facts: Iterable[Fact], whole: frozenset[str], used: set[int]) -> None:
        self.reader, self.whole, self.used, self.depth = reader, whole, used, 0
        self.letters: dict[int, list[tuple[bool, int]]] = {}
        self.sums: dict[int, list[tuple[bool, Monomial, bool, int]]] = {}
        self.least: dict[int, tuple[Fraction, int]] = {}
        for fact in facts:
            self._learn(fact, reader.value(fact.number))
            if "t" in letters_of(fact.number):  # which stands for every whole number
                self._learn(fact, reader.value(placed(fact.number, {"t": ("whole", 1)})))

    def _learn(self, fact: Fact, value: Quotient) -> None:
        if inside(value).drawn or value.below or not value.above:
            return
        c, monomial, rest = content(value.above)
        if len(rest) > 1:
            self.sums.setdefault(factor(rest), []).append((c > 0, monomial, fact.strict, fact.n))
        elif c > 0 and len(monomial) == 1 and monomial[0][1] == 1 and not is_exponent(monomial[0][0]):
            self.letters.setdefault(monomial[0][0], []).append((fact.strict, fact.n))
        self._count(fact, value.above)

    def _count(self, fact: Fact, p: Polynomial) -> None:
        """Keep that a whole number is at least another: of T only where that is assumed."""
        names = [m for m in p if m]
        if len(names) == 1 and len(names[0]) == 1 and names[0][0][1] == 1 and p[names[0]] == 1:
            bound = -p.get((), _0)
            n = names[0][0][0]
            if _meaning[n] != ("letter", "T") or fact.words.startswith("assumed"):
                self.least[n] = max(self.least.get(n, (_0, 0)), (bound + (fact.strict and bound.denominator == 1), fact.n))

    def holds(self, of: Tree, strict: bool) -> bool:
        """Whether an expression that is defined is at least zero, or positive."""
        if isinstance(of, Fraction):
            return of > 0 or (of == 0 and not strict)
        if isinstance(of, str):
            meaning = self.reader.names.get(of)
            return (meaning is not None and of != "r_N" and self.holds(meaning[0], strict)) or self._by_value(of, strict)
        head, *parts = of
        is_even = head == "^" and isinstance(parts[1], Fraction) and parts[1] % 2 == 0
        match head:
            case "*":
                known = all(self.holds(each, strict) for each in parts)
            case "+":
                known = all(self.holds(each, False) for each in parts)
                known = known and (not strict or any(self.holds(each, True) for each in parts))
            case "/":
                known = self.holds(parts[0], strict) and self.holds(parts[1], True)
            case "^":
                known = (is_even and not strict) or self.holds(parts[0], strict)
            case "sqrt":
                known = not strict or self.holds(parts[0], True)
            case "powers":
                some = self.holds(("+", ("-", parts[2], parts[1]), _1), True)
                known = self.holds(parts[0], strict and parts[1] != 0) and (not strict or some)
            case "sum":
                self.depth += 1
                known = self.holds(opened(parts[1], ("whole", self.depth)), strict)
                self.depth -= 1
                known = known and (not strict or self.holds(parts[0], True))
            case "max":
                known = any(self.holds(each, strict) for each in parts)
            case "if":
                known = all(self.holds(each, strict) for each in parts[1:])
            case _:
                known = False
        return known or (head != "dot" and self._by_value(of, strict))

    def _by_value(self, of: Tree, strict: bool) -> bool:
        return self._quotient(self.reader.value(of), strict)

    def _quotient(self, q: Quotient, strict: bool) -> bool:
        return all(self._polynomial(_factors[n], True) for n, _ in q.below) and self._polynomial(q.above, strict)

    def _polynomial(self, p: Polynomial, strict: bool) -> bool:
        if not p:
            return not strict
        if all(c > 0 and self._monomial(m, False) for m, c in p.items()):
            return not strict or any(self._monomial(m, True) for m in p)
        c, monomial, rest = content(p)
        for is_positive, its, is_strict, n in self.sums.get(_numbers.get(frozenset(rest.items()), -1), ()):
            if is_positive == (c > 0) and (is_strict or not strict) and self._monomial(monomial, strict):
                if self._monomial(its, not is_strict):
                    self.used.add(n)
                    return True
        return False

    def _monomial(self, monomial: Monomial, strict: bool) -> bool:
        for n, power_of in monomial:
            if is_exponent(n):
                if not self._quotient(_bases[power_of], strict):
                    return False
            elif (strict or power_of % 2 or power_of < 0) and not self._letter(n, strict or power_of < 0):
                return False
        return True

    def _letter(self, n: int, strict: bool) -> bool:
        for is_strict, fact in self.letters.get(n, ()):
            if is_strict or not strict:
                self.used.add(fact)
                return True
        kind, *parts = _meaning[n]
        match kind:
            case "letter":
                return not strict and parts[0] in self.whole
            case "whole" | "index":
                return not strict
            case "name":
                return parts[0] != "r_N" and self.holds(self.reader.names[parts[0]][0], strict)
            case "root":
                return self._quotient(_bases[parts[0]], True) if strict else True
            case "sum":
                return all(self._quotient(_bases[each], strict) for each in parts[not strict :])
            case "max":
                return any(self._quotient(_bases[each], strict) for each in parts)
            case "if":
                return all(self._quotient(_bases[each], strict) for each in parts[-2:])
        return False

    def is_count(self, of: Tree) -> bool:
        """Whether an expression is a whole number that is not negative."""
        value = self.reader.value(of)
        if value.below or any(c.denominator != 1 for c in value.above.values()):
            return False
        moved = NOTHING
        for monomial, c in value.above.items():
            term = number(c)
            for n, power_of in monomial:
                kind, name = _meaning[n][0], _meaning[n][1]
                if power_of < 0 or not (kind in ("whole", "index") or (kind == "letter" and name in self.whole)):
                    return False
                least = self.least.get(n, (_0, 0))[0] if value.above.get((), _0) < 0 else _0
                if least:
                    self.used.add(self.least[n][1])
                term = times(term, power(added(lettered(n), number(least)), power_of))
            moved = added(moved, term)
        return all(c > 0 for c in moved.above.values())

    def check(self, of: Tree) -> None:
        """Refuse an expression that may be undefined somewhere."""
        if isinstance(of, str) and of in self.reader.names and of != "r_N":
            return self.check(self.reader.names[of][0])
        if not isinstance(of, tuple) or of[0] in ("var", "whole"):
            return None
        head, *parts = of
        if head == "sum":
            self.check(parts[0])
            self._asked(self.is_count(parts[0]), parts[0], "is a number of terms and not known to be a whole number")
            self.depth += 1
            self.check(opened(parts[1], ("whole", self.depth)))
            self.depth -= 1
            return None
        for each in parts:
            self.check(each)
        if head == "/":
            is_known = self.holds(parts[1], True) or self.holds(("-", parts[1]), True)
            self._asked(is_known, parts[1], "is divided by and may be zero")
        elif head == "sqrt":
            self._asked(self.holds(parts[0], False), parts[0], "is under a root and may be negative")
        elif head == "^" and not self.is_count(parts[1]):
            value = self.reader.value(parts[1])
            is_whole = not value.below and all(c.denominator == 1 for c in value.above.values())
            is_whole = is_whole and self.is_count(("+", parts[1], Fraction(EXPONENT)))
            self._asked(is_whole and self.holds(parts[0], True), parts[1], "is an exponent and not known to be a count")
        elif head == "powers":
            self._asked(self.is_count(parts[1]), parts[1], "is an exponent and not known to be a count")
            n = ("+", ("-", parts[2], parts[1]), _1)
            self._asked(self.is_count(n), n, "is a number of terms and not known to be a whole number")
        return None

    def _asked(self, is_known: bool, of: Tree, why: str) -> None:
        if not is_known:
            raise Refused(f"{written(of)} {why}")


class File:
    """A file as it is checked, line by line."""

    def __init__(self) -> None:
        self.reader = Reader()
        self.id = self.about = ""
        self.given: list[Tree] = []
        self.claim: Tree = None
        self.local: dict[str, str] = {}
        self.facts: dict[int, Fact] = {}
        self.used: set[int] = set()
        self.end: tuple[Fact, Fact] | None = None

    @property
    def holding(self) -> frozenset[Tree]:
        """What the theorem is about and assumes, and what that implies."""
        fresh = {"fresh_projection"} if self.about in IMPLIED else set()
        return frozenset({self.about, *self.given, *fresh})

    # What is read.
    def line(self, head: str, rest: list[Any]) -> None:
        """Take a line."""
        if self.end is not None:
            raise Refused("nothing may come after the line that ends the proof")
        match head, rest:
            case "theorem", [str(name)] if not self.id:
                self.id = name
            case "about", [str(name)] if not self.about:
                self.about = name
            case "given", [node] if not self.facts:
                self.given.append(self._assumption(node))
            case "letter", [str(name), "whole" | "number" as kind] if not self.facts:
                self._new(name)
                self.local[name] = kind
            case "name" | "let", [str(name), node] if not self.facts:
                self._define(name, self._of(tree(node), self._constant), head == "name")
            case "claim", [node] if self.claim is None and not self.facts:
                self.claim = self._statement(node, self._constant | AT_END)
            case "fact", [str(n), str(kind), *middle, ":", statement] if self.claim is not None and self.about:
                self._fact(n, kind, middle, statement)
            case "proof", [str(n), "times", str(m)]:
                self._conclude(self._named(n), self._named(m))
            case _:
                raise Refused("this is no line of a proof, or not in its place")

    @property
    def _constant(self) -> frozenset[str]:
        return CONSTANTS | self.reader.names.keys()

    def _new(self, name: str) -> None:
        taken = self._constant | AT_END | DRAWN.keys() | VECTORS.keys() | PARTS.keys() | self.local.keys() | {"t"}
        if not _NAME.match(name) or name in taken:
            raise Refused(f"{name!r} cannot be the name of something else")

    def _define(self, name: str, meaning: Tree, is_letter: bool) -> None:
        self._new(name)
        if name in NAMES and not self._same(meaning, tree(nodes(NAMES[name])[0])):
            raise Refused(f"{name} stands for another number, of which facts are granted")
        self.reader.names[name] = meaning, is_letter or name in NAMES

    def _of(self, of: Tree, allowed: Iterable[str]) -> Tree:
        strange = sorted(set(letters_of(of)).difference(allowed))
        if strange:
            raise Refused(f"{strange[0]} must not be in {written(of)}")
        return of

    def _statement(self, node: Any, allowed: Iterable[str]) -> Tree:
        of = self._of(relation(node), allowed)
        if of[0] not in ("<=", "<") or len(of) != 3:
            raise Refused("what is stated must be that one number is at most another, or less")
        return of

    def _assumption(self, node: Any) -> Tree:
        match node:
            case str(name) if _NAME.match(name.replace(".", "_").replace(":", "_")):
                return name
            case ["known", str(name)] if name in CONSTANTS:
                return ("known", name)
            case ["known", str(name), unless] if name in CONSTANTS:
                return ("known", name, self._of(relation(unless), self._constant))
            case ["condition", str(name), *relations] if relations:
                return ("condition", name, *(self._of(relation(each), self._constant) for each in relations))
        return self._of(relation(node), self._constant)

    def _named(self, word: Any) -> Fact:
        if not isinstance(word, str) or not word.isdecimal() or int(word) not in self.facts:
            raise Refused(f"{word!r} is not the number of an earlier fact")
        return self.facts[int(word)]

    # What is known.
    def _signs(self, by: frozenset[Tree]) -> Signs:
        return Signs(self.reader, self._about_constants(by), self._whole, self.used)

    def _about_constants(self, by: frozenset[Tree]) -> Iterator[Fact]:
        return (fact for fact in self.facts.values() if fact.by <= by)

    @property
    def _whole(self) -> frozenset[str]:
        return COUNTS | {name for name, kind in self.local.items() if kind == "whole"}

    def _same(self, one: Tree, other: Tree) -> bool:
        """Whether two expressions are equal, with names as letters or as what they stand for."""
        difference = ("-", one, other)
        return is_zero(self.reader.value(difference)) or is_zero(self.reader.value(difference, True))

    def _asked(self, one: Tree, other: Tree, what: str) -> None:
        if not self._same(one, other):
            raise Refused(f"{what} must be {written(other)}, it is {written(one)}")

    def _fixed(self, *trees: Tree, time: bool = False) -> None:
        """Refuse what a draw changes, or W; and t, unless it may be in it."""
        for each in trees:
            if inside(self.reader.value(each)).drawn:
                raise Refused(f"{written(each)} must not depend on what is drawn, or on W")
            if not time and "t" in letters_of(each):
                raise Refused(f"{written(each)} must be the same at each t")

    def _timeless(self, *facts: Fact) -> None:
        if any("t" in letters_of(each) for fact in facts for each in (fact.low, fact.high)):
            raise Refused("a step must be the same at each t")

    # Facts.
    def _fact(self, n: str, kind: str, middle: list[Any], statement: Any) -> None:
        if n != str(len(self.facts) + 1):
            raise Refused(f"the next fact must have the number {len(self.facts) + 1}, not {n}")
        every = self._constant | AT_END | DRAWN.keys() | VECTORS.keys() | self.local.keys() | {"t"}
        sign, low, high = self._statement(statement, every)
        makers: dict[str, Callable[..., tuple[Any, ...]]] = {
            "granted": self._granted, "assume": self._assumed, "sum": self._sum, "rule": self._rule
        }  # fmt: skip
        if kind not in makers:
            raise Refused(f"{kind!r} is no way in which a fact is made")
        number_, strict, by, average, of, words = makers[kind](middle, (sign, low, high))
        if sign == "<" and not strict:
            raise Refused("it is not known that the one is less than the other, but that they may be equal")
        by = frozenset(by)
        signs = self._signs(by | self.holding)
        signs.check(low)
        signs.check(high)
        if number_ is not None:
            signs.check(number_) if kind == "granted" else None
            self._asked(("-", high, low), number_, "what is computed")
        self.facts[int(n)] = Fact(int(n), low, high, sign == "<", by, average, tuple(each.n for each in of), words)

    def _granted(self, middle: list[Any], statement: Tree) -> tuple[Any, ...]:
        if not middle or not isinstance(middle[0], str):
            raise Refused("a schema must be named")
        name, *values = middle
        if name == "descent" and len(values) == 1 and values[0] in STEPS:
            L, smooth, to, step = STEPS[values[0]].split(" ", 3)
            stated = f"(<= {to} (+ gap (dot G {step}) (* 1/2 {L} (dot {step} {step}))))"
            by, words = [smooth, values[0]], "the descent lemma: f lies below the quadratic of curvature L at W"
        else:
            if name not in _TABLE or len(values) != len(_TABLE[name][0]):
                raise Refused(f"there is no schema {name!r} of {len(values)} things")
            parameters, needs, stated, words = _TABLE[name]
            by = [self._assumption(node) for node in nodes(_filled(needs, parameters, values))]
            for (_, kind), value in zip(parameters, values, strict=True):
                self._substituted(kind, value)
            stated = _filled(stated, parameters, values)
        sign, low, high = self._statement(nodes(stated)[0], self._every)
        return ("-", high, low), sign == "<", by, name in ON_AVERAGE, (), f"{name}: {words}"

    @property
    def _every(self) -> frozenset[str]:
        return self._constant | AT_END | DRAWN.keys() | VECTORS.keys() | self.local.keys() | {"t"}

    def _substituted(self, kind: str, value: Any) -> None:
        """Refuse what a schema does not ask for: a vector, a vector that is not drawn, a number, one of several names."""
        if kind == "constant":
            self._fixed(self._of(tree(value), self._every), time=True)
        elif kind in ("vector", "fixed"):
            of = self._of(tree(value), self._every)
            parts = self.reader._vector(of, False, ())
            if any(inside(c).drawn for c in parts.values()):
                raise Refused(f"the numbers in {written(of)} must not depend on what is drawn, or on W")
            if kind == "fixed" and any(VECTORS[one] or is_projected for one, is_projected in parts):
                raise Refused(f"{written(of)} must be a vector that is not drawn")
        elif value not in kind.split(","):
            raise Refused(f"{value!r} must be one of {kind}")

    def _assumed(self, middle: list[Any], statement: Tree) -> tuple[Any, ...]:
        if len(middle) != 1:
            raise Refused("one thing is assumed at a time")
        of = self._local(middle[0])
        for sign, low, high in _said(of):
            if sign == statement[0] and self._same(("-", high, low), ("-", statement[2], statement[1])):
                return None, sign == "<", [of], False, (), f"assumed: {said_by(of)}"
        raise Refused(f"this is not what is assumed: {said_by(of)}")

    def _local(self, node: Any) -> Tree:
        """An assumption of the theorem, or one that is made for a while, of numbers."""
        if isinstance(node, list) and node and node[0] in SIGNS:
            of = self._of(relation(node), self._constant | self.local.keys())
            for each in of[1:]:
                self._signs(self.holding - {of}).check(each)
            return of
        of = self._assumption(node)
        if of not in self.given:
            raise Refused(f"this is not given: {said_by(of)}")
        return of

    def _sum(self, middle: list[Any], statement: Tree) -> tuple[Any, ...]:
        """Products of facts with positive numbers, added; /n is the inverse of a strict fact."""
        terms: list[Tree] = []
        strict, facts = False, []
        for node in middle:
            if not isinstance(node, list) or not node or not isinstance(node[0], str) or not _NUMBER.match(node[0]):
                raise Refused("a sum must be of products, each with its number first")
            c, factors = tree(node[0]), [self._factor(word) for word in node[1:]]
            if c <= 0:
                raise Refused(f"a fact is taken a positive number of times, not {c}")
            drawn = [fact for fact, _ in factors if inside(self.reader.value(fact.number)).drawn]
            if len(drawn) > 1 and any(fact.average for fact in drawn):
                raise Refused("what is true on average is multiplied by what depends on W")
            strict = strict or all(fact.strict for fact, _ in factors)
            terms.append(("*", c, *(("/", _1, fact.number) if inverse else fact.number for fact, inverse in factors)))
            facts += [fact for fact, _ in factors]
        if not terms:
            raise Refused("a sum must have a term")
        return ("+", *terms), strict, _by(facts), any(fact.average for fact in facts), facts, ""

    def _factor(self, word: Any) -> tuple[Fact, bool]:
        inverse = isinstance(word, str) and word.startswith("/")
        fact = self._named(word[1:] if inverse else word)
        if inverse and (not fact.strict or fact.average):
            raise Refused("only what is known to be positive can be divided by")
        return fact, inverse

    # Rules.
    def _rule(self, middle: list[Any], statement: Tree) -> tuple[Any, ...]:
        if not middle or not isinstance(middle[0], str) or middle[0] not in RULES:
            raise Refused(f"there is no rule {middle[:1]}")
        name, *arguments = middle
        facts = [self._named(each) for each in arguments if isinstance(each, str) and each.isdecimal()]
        others = [each for each in arguments if not (isinstance(each, str) and each.isdecimal())]
        try:
            low, high, strict, by = getattr(self, f"_by_{name}")(facts, others, statement)
        except (ValueError, IndexError, TypeError, KeyError) as wrong:
            if isinstance(wrong, Refused):
                raise
            raise Refused(f"{name} has other arguments") from wrong
        return ("-", high, low), strict, by, any(fact.average for fact in facts), facts, f"rule {name}: {RULES[name]}"

    def _start(self, word: Any) -> tuple[Tree, Tree, Tree, tuple[Tree, ...]]:
        """What is followed, what it is on average after a step, at most what it is at first, and what that rests on."""
        if word not in FIRST:
            raise Refused(f"{word!r} is nothing that a run starts from")
        x, first, by = FIRST[word]
        return x, AFTER[x], first, by

    def _rest(self, step: Fact, known: Tree, time: bool = False) -> Tree:
        rest = ("-", step.number, known)
        self._fixed(rest, time=True)
        if not time and "t" in letters_of(rest):
            raise Refused("a step must be the same at each t")
        return rest

    def _by_iterate(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (step, rho), (start,) = facts, others
        x, after, first, by = self._start(start)
        self._fixed(rho.number)
        rest = self._rest(step, ("-", ("*", rho.number, x), after))
        high = ("+", ("*", ("^", rho.number, "T"), first), ("*", ("powers", rho.number, _0, ("-", "T", _1)), rest))
        return LAST[x], high, False, _by(facts) | {*by}

    def _by_settle(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (step, rho, floor, enough), (start,) = facts, others
        x, after, first, by = self._start(start)
        self._fixed(rho.number, floor.number)
        rest = self._rest(step, ("-", ("*", rho.number, x), after))
        self._asked(enough.number, ("-", floor.number, ("*", rho.number, floor.number), rest), "what a step keeps")
        return LAST[x], ("+", ("*", ("^", rho.number, "T"), first), floor.number), False, _by(facts) | {*by}

    def _by_telescope(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (step, growth, theta, end), (start, of) = facts, others
        x, after, first, by = self._start(start)
        self._fixed(growth.number, theta.number)
        if not growth.strict:
            raise Refused("the growth must be known to be positive")
        left = ("*", theta.number, {"S": GG, "Z": ("dot", "Z", "Z")}[of])
        rest = self._rest(step, ("-", ("-", ("*", growth.number, x), after), left))
        self._asked(end.number, x, "what is dropped at the end")
        w: Tree = ("/", _1, growth.number)
        weights = ("powers", w, _1, "T")
        mean_ = ("/", total(("*", ("^", w, "t"), ({"S": "square_at", "Z": "scaled_at"}[of], "t"))), total(("^", w, "t")))
        return ("*", theta.number, weights, mean_), ("+", first, ("*", weights, rest)), False, _by(facts) | {*by}

    def _by_accumulate(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (step, p), (j, start) = facts, others
        x, after, first, by = self._start(start)
        self._fixed(p.number)
        self._timeless(step)
        if self.local.get(j) != "whole" or any(j in letters_of(each) for each in _by(facts)):
            raise Refused(f"{j} must stand for every whole number")
        later = placed(p.number, {j: ("+", j, _1)})
        self._asked(step.number, ("-", ("-", ("*", later, x), ("*", p.number, after)), GG), "the step")
        self._asked(placed(p.number, {j: _0}), _0, "what it begins with")
        return total(("square_at", "t")), ("*", placed(p.number, {j: "T"}), first), False, _by(facts) | {*by}

    def _by_gather(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (step, q, theta, e, h, g, bounded, squares, end), (start,) = facts, others
        x, after, first, by = self._start(start)
        self._fixed(q.number, theta.number, e.number)
        self._fixed(h.number, g.number, time=True)
        growth, noise = ("*", q.number, h.number), ("*", e.number, h.number)
        known = ("+", ("-", ("*", ("+", _1, growth), x), after), ("-", noise, ("*", theta.number, g.number, GG)))
        self._asked(step.number, known, "the step")
        self._asked(squares.number, GG, "what is added")
        self._asked(end.number, x, "what is dropped at the end")
        kept = ("-", _1, ("*", q.number, total(h.number)))
        self._asked(bounded.number, kept, "what is left")
        low = ("*", theta.number, kept, total(("*", g.number, ("square_at", "t"))))
        return low, ("+", first, ("*", e.number, total(h.number))), False, _by(facts) | {*by}

    def _by_weigh(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (step, a), (start,) = facts, others
        x, after, first, by = self._start(start)
        self._fixed(a.number, time=True)
        later, last, begun = (placed(a.number, {"t": each}) for each in (("+", "t", _1), "T", _0))
        rest = self._rest(step, ("-", ("*", a.number, x), ("*", later, after)), time=True)
        return ("*", last, LAST[x]), ("+", ("*", begun, first), total(rest)), False, _by(facts) | {*by}

    def _psi(self, nodes_: Any) -> tuple[Tree, Tree, list[Tree]]:
        """A potential, what it is on average after a step, and what it has of each quantity."""
        after: Tree = _0
        psi: Tree = _0
        shares = []
        for state, share in nodes_:
            x = {"gap": "gap", "distance": "distance", "V2": VV}[state]
            c = self._of(tree(share), self._constant | self.local.keys())
            self._fixed(c)
            self._signs(self.holding).check(c)
            psi, after = ("+", psi, ("*", c, x)), ("+", after, ("*", c, AFTER[x]))
            shares.append(c)
        return psi, after, shares

    def _at_first(self, starts: Any, below: Fact, psi: Tree) -> tuple[Tree, set[Tree]]:
        """What a potential is at most at W^0: a sum of facts' numbers times what is known there."""
        high: Tree = _0
        bound: Tree = _0
        by: set[Tree] = {"rac_lora_exact"}
        for start, n in starts:
            x, _, first, rests = self._start(start)
            share = self._named(n)
            self._fixed(share.number)
            high, bound = ("+", high, ("*", share.number, first)), ("+", bound, ("*", share.number, x))
            by |= {*rests, *share.by}
        self._asked(below.number, ("-", bound, psi), "what bounds the potential at first")
        return high, by

    def _by_potential(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (step, falls, above, below, c), (parts, p_, starts) = facts, others
        psi, after, _shares = self._psi(parts)
        p = self._of(tree(p_[0]), self._constant)
        self._fixed(c.number, p)
        self._timeless(step, falls)
        self._asked(step.number, ("-", ("-", psi, after), ("*", c.number, "gap")), "the step")
        self._asked(falls.number, ("-", "gap", AFTER["gap"]), "what falls")
        self._asked(above.number, ("-", psi, ("*", p, "gap")), "what the potential is at least")
        high, by = self._at_first(starts, below, psi)
        return ("*", ("+", ("*", c.number, "T"), p), LAST["gap"]), high, False, _by(facts) | by

    def _by_lyapunov(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (step, rho, theta, above, below, *signs), (parts, starts, goal) = facts, others
        psi, after, shares = self._psi(parts)
        for share, fact in zip(shares, signs, strict=True):
            self._asked(fact.number, share, "what the potential has of a quantity, which must not be negative,")
        self._fixed(rho.number, theta.number)
        left = ("*", theta.number, GG)
        rest = self._rest(step, ("-", ("-", ("*", rho.number, psi), after), left))
        high, by = self._at_first(starts, below, psi)
        if goal == "sum":
            self._asked(rho.number, _1, "the factor of the potential")
            self._asked(above.number, psi, "what the potential is at least")
            return ("*", theta.number, total(("square_at", "t"))), ("+", high, ("*", "T", rest)), False, _by(facts) | by
        x: Tree = {"gap": "gap", "V2": VV}[goal]
        self._asked(above.number, ("-", psi, x), "what the potential is at least")
        sums = ("powers", rho.number, _0, ("-", "T", _1))
        return LAST[x], ("+", ("*", ("^", rho.number, "T"), high), ("*", sums, rest)), False, _by(facts) | by

    def _by_drifted(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (step, growth), ((push_,),) = facts, others
        push = self._of(tree(push_), self._constant)
        if step.average:
            raise Refused("what is true on average is not true of each client")
        self._fixed(growth.number, push)
        self._timeless(step)
        self._asked(step.number, ("-", ("+", ("*", growth.number, "moved"), ("*", push, "own")), "moved_next"), "the step")
        before = ("powers", growth.number, _0, ("-", ("var", 0), _1))
        return "moved_mean", ("*", ("/", _1, "K"), ("sum", "K", ("*", push, before)), "own"), False, _by(facts)

    def _by_sign(self, facts: list[Fact], others: list[Any], statement: Tree) -> tuple[Any, ...]:
        sign, low, high = statement
        self._fixed(high, time=True)
        if low != 0 or others or any(fact.average for fact in facts):
            raise Refused("a sign is that of a number")
        if not Signs(self.reader, facts, self._whole, self.used).holds(high, sign == "<"):
            raise Refused(f"the sign of {written(high)} does not follow from these facts")
        return low, high, sign == "<", _by(facts)

    def _by_mean(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (fact,), (draw,) = facts, others
        head = {"H": "E", "m": "mean"}[draw]
        return (head, fact.low), (head, fact.high), fact.strict, fact.by

    def _by_cases(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (one, other), (node,) = facts, others
        split = self._of(relation(node), self._constant | self.local.keys())
        sign, low, high = split
        if sign not in ("<=", "<"):
            raise Refused("two cases are a <= b, or a < b, and a >= b")
        by = (one.by - {split}) | (other.by - {(">=", low, high)})
        for each in (low, high):
            self._signs(self.holding).check(each)
        self._asked(other.number, one.number, "what is true in both cases")
        return one.low, one.high, one.strict and other.strict, by

    def _by_instance(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (fact, *met), ((name, node),) = facts, others
        of = self._of(tree(node), self._constant | self.local.keys())
        if name not in self.local or name in letters_of(of):
            raise Refused(f"{name} must be a letter that stands for any number")
        if self.local[name] == "whole" and not self._signs(fact.by | self.holding).is_count(of):
            raise Refused(f"{name} stands for whole numbers")
        places = {name: of}
        by = {each for each in fact.by if name not in letters_of(each)}
        for asked in fact.by - by:
            by |= self._met(placed(asked, places), met)
        return placed(fact.low, places), placed(fact.high, places), fact.strict, frozenset(by)

    def _by_discharge(self, facts: list[Fact], others: list[Any], _: Tree) -> tuple[Any, ...]:
        (fact, *met), (node,) = facts, others
        asked = self._of(relation(node), self._constant | self.local.keys())
        return fact.low, fact.high, fact.strict, (fact.by - {asked}) | self._met(asked, met)

    def _met(self, asked: Tree, met: Sequence[Fact]) -> frozenset[Tree]:
        """What a relation rests on that facts prove."""
        by: set[Tree] = set()
        for sign, low, high in _said(asked):
            proofs = [fact for fact in met if (fact.strict or sign == "<=") and self._same(fact.number, ("-", high, low))]
            if not proofs or asked in proofs[0].by:
                raise Refused(f"it is not proved that {written(asked)}")
            by |= proofs[0].by
        return frozenset(by)

    # The end.
    def _conclude(self, fact: Fact, by: Fact) -> None:
        _, left, bound = self.claim
        extra = (fact.by | by.by) - self.holding
        if extra:
            raise Refused(f"this is not assumed: {'; '.join(sorted(map(said_by, extra)))}")
        if not by.strict:
            raise Refused("what the claim is multiplied by must be positive")
        signs = self._signs(self.holding)
        signs.check(left)
        signs.check(bound)
        self._asked(fact.number, ("*", ("-", bound, left), by.number), "what is proved")
        self.end = fact, by

    def granted(self) -> Iterator[Fact]:
        """Yield what the proof uses, and what signs in it rest on."""
        seen: set[int] = set()
        left = [fact.n for fact in self.end or ()] + sorted(self.used)
        while left:
            n = left.pop()
            if n not in seen:
                seen.add(n)
                left += self.facts[n].of
        return (self.facts[n] for n in sorted(seen))


def _by(facts: Iterable[Fact]) -> frozenset[Tree]:
    return frozenset().union(*(fact.by for fact in facts))


def _said(of: Tree) -> Iterator[tuple[str, Tree, Tree]]:
    """Yield each inequality that an assumption says, the smaller side first."""
    match of:
        case str() if of in CONDITIONS:
            for text in CONDITIONS[of][1:]:
                yield tuple(tree(nodes(text)[0]))
        case ("known", name, *_):
            yield "<=", _0, name
        case ("condition", _, *relations):
            for each in relations:
                yield from _said(each)
        case (sign, *terms) if sign in SIGNS:
            for low, high in zip(terms, terms[1:], strict=False):
                if sign in ("<=", "<", "="):
                    yield sign.replace("=", "<=") if sign == "=" else sign, low, high
                if sign in (">=", ">", "="):
                    yield "<=" if sign != ">" else "<", high, low


def said_by(of: Tree) -> str:
    """An assumption in words."""
    match of:
        case str():
            return f"{of}: {CONDITIONS[of][0]}" if of in CONDITIONS else of
        case ("known", name, *unless):
            return f"{name} is known" + "".join(f", unless {written(each)}" for each in unless)
        case ("condition", name, *relations):
            return f"{name}, with {', '.join(map(written, relations))}"
    return written(of)


def _filled(text: str, parameters: Sequence[tuple[str, str]], values: Sequence[Any]) -> str:
    for (name, _), value in zip(parameters, values, strict=True):
        text = re.sub(rf"\${name}\b", lambda _, value=value: _text(value), text)
    return text


def _text(node: Any) -> str:
    return node if isinstance(node, str) else f"({' '.join(map(_text, node))})"


def _table() -> Mapping[str, tuple[list[tuple[str, str]], str, str, str]]:
    table = {}
    for row in SCHEMAS.strip().splitlines():
        head, needs, stated, *words = (cell.strip() for cell in row.split("|"))
        name, *parameters = head.split()
        pairs = [(each.partition(":")[0], each.partition(":")[2]) for each in parameters]
        table[name] = pairs, needs, stated, ", a lemma on paper: ".join(words)
    return table


_TABLE = _table()

RULES = {
    "iterate": "x+ <= rho x + e at each W, rho >= 0: x_T <= rho^T x_0 + (1 + ... + rho^(T-1)) e",
    "settle": "the same, and c >= rho c + e, c >= 0: x_T <= rho^T x_0 + c",
    "telescope": "theta S <= g x - x+ + e, g > 0, x >= 0: times w^(t+1) for w = 1/g, and added",
    "accumulate": "S <= p(j+1) x - p(j) x+ for every j, p >= 0, p(0) = 0: the sum of S is at most p(T) x_0",
    "gather": "theta g(t) S <= (1 + q h(t)) x - x+ + e h(t) at each t, q sum h <= 1: added; the largest x is bounded",
    "weigh": "a(t+1) x+ <= a(t) x + r(t) at each t, a >= 0: a(T) x_T <= a(0) x_0 + the sum of r(t)",
    "potential": "psi+ <= psi - c x, x+ <= x, p x <= psi, psi <= sum of b y: (c T + p) x_T <= sum of b y_0",
    "lyapunov": "theta S <= rho psi - psi+ + e, rho >= 0, psi >= x: x_T as in iterate; for rho = 1 the sum of theta S",
    "drifted": "x_(k+1) <= g x_k + c y, x_0 = 0, g >= 0: the mean of x over k < K is at most that of sums of powers, of y",
    "sign": "the sign of a sum, product, quotient, power, root or maximum, by those of its parts",
    "mean": "what is true of each draw is true on average",
    "cases": "what is true if a <= b, and if a >= b",
    "instance": "what is true of any number, of one of which is proved what was asked of any",
    "discharge": "what rests on a relation that facts prove rests on what they do",
}


def check(text: str) -> File:
    """Check a proof, and return the file as it was read: what it grants is ``granted()``.

    Raises
    ------
    Refused
        If it proves nothing; the message has the line and the first reason.
    NotAProof
        If it is no file of this format.
    """
    lines = text.splitlines()
    if not lines or lines[0].strip() != VERSION:
        raise NotAProof(f"this is no proof: the first line must be {VERSION!r}")
    if len(text) > LENGTH:
        raise Refused(f"the file has more than {LENGTH} characters")
    file = File()
    file.reader.has_roots = "sqrt" in text or "rac_lora_root_steps" in text
    for n, line in enumerate(lines[1:], 2):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            head, *rest = nodes(line)
            if not isinstance(head, str):
                raise Refused("a line begins with what it is")
            file.line(head, rest)
        except (Refused, RecursionError, OverflowError, MemoryError) as wrong:
            raise Refused(f"line {n}: {wrong or 'it is too deep'}") from None
    if file.end is None:
        raise Refused("the file ends before the proof does")
    return file


def report(file: File) -> Iterator[str]:
    """Yield what was proved, and what it takes for granted."""
    yield f"{file.id}: {written(file.claim)}"
    yield from (f"  where {name} = {written(of)}" for name, (of, _) in file.reader.names.items())
    yield f"  about {file.about}; given: {'; '.join(map(said_by, file.given))}"
    rules: dict[str, None] = {}
    for fact in file.granted():
        if fact.words.startswith("rule "):
            rules.setdefault(fact.words)
        elif fact.words:
            rests = f" (rests on {'; '.join(sorted(map(said_by, fact.by)))})" if fact.by else ""
            yield f"  granted: {written(fact.low)} {'<' if fact.strict else '<='} {written(fact.high)} [{fact.words}]{rests}"
    yield from (f"  {rule}" for rule in rules)


def main(paths: Sequence[str]) -> int:
    """Check files: 0 if all are accepted, 1 if one is refused, 2 if one is no proof or cannot be read."""
    status = 0 if paths else 2
    if not paths:
        print("usage: python checker.py FILE...", file=sys.stderr)
    for path in paths:
        try:
            file = check(Path(path).read_text(encoding="utf-8"))
            print("\n".join([*report(file), f"{path}: accepted"]))
        except Refused as wrong:
            status = max(status, 1)
            print(f"{path}: refused: {wrong}")
        except (NotAProof, OSError, UnicodeDecodeError) as wrong:
            status = 2
            print(f"{path}: {wrong}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
