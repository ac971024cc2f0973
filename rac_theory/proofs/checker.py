"""Check proofs that are files again, with nothing but the standard library: ``python checker.py FILE...``.

It shares no line with the kernel that makes proofs. Nothing in a file is believed but its theorem, which is printed:
each fact is an instance of a schema of the table below, or is computed from earlier facts, and is then compared with
what the file says of it. What must be trusted is this program, the table, and the words that it prints.

Why a comparison is enough. An expression becomes a quotient of polynomials in letters; bound variables have no names.
Two expressions are called equal if the difference is zero after all divisors are multiplied out. Where both are
defined, which is shown of each that is read (no divisor is zero, no root is of what is negative, an exponent is a whole
number), they are then equal: polynomials that are identical have equal values, and what is divided by is not zero.
Only two steps need more: ``1 + b + ... + b^(n-1) = (b^n - 1) / (b - 1)`` says nothing at ``b = 1``, nor does ``b^(T-1)
= b^T / b`` at ``b = 0``. There both sides are limits of themselves at letters nearby, as both are continuous. In a file
with roots, whose arguments might leave no room nearby, sums of powers stay as they are, and such a b must be positive.
Letters that depend on a draw, or on W, are letters like others.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache, cached_property, reduce
from itertools import pairwise
from itertools import product as pairs
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

VERSION = "rac-theory proof 1"
DEPTH, EXPONENT, TERMS, BITS, LENGTH = 60, 60, 5_000, 5_000, 1_000_000
"""Beyond these a file is refused at once: levels of brackets, exponents, terms, bits of a number, characters."""

Tree: TypeAlias = Any  # a Fraction, a letter's name, or a tuple of an operation and its parts


class Refused(ValueError):
    """What is not proved, and why."""


class NotAProof(ValueError):
    """What is no file of this format."""


# The table: what is taken for granted. W is the iterate, W+ the next; G = grad f(W), Gp that at W+; V = W - W*; H the
# projection that is drawn, E the mean over all that is drawn in a step, mean that over clients.
def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


CONSTANTS = frozenset(
    _words(
        "T N K gamma eta t_0 L L_max L_H ell mu s lambda_min lambda_max delta gap0 gap0_upper distance0 A beta C D D_in"
        " omega sigma_squared zeta_squared bias_squared nu longest_step"
    )
)
AT_END = frozenset({"f_T", "f_star", "D_T"})  # E f(W^T), f*, and E ||W^T - W*||^2
COUNTS = frozenset({"T", "N", "K", "t"})  # whole numbers, not negative; t is the step from W
VECTORS = {"G": "", "V": "", "Z": "", "Gp": "H", "g": "H", "error": "H", "gbar": "H", "ghat": "H"}
_OF_A_STEP = (
    "gap_next gap_first distance_next cross squared bent bent_by_noise moved_by_M bent_by_M sigma_H zeta_H off way"
    " squares_H all_squares_H used missed"
)
DRAWN = (
    dict.fromkeys(_words("gap distance sigma_W zeta_W squares all_squares"), "")
    | dict.fromkeys(_words(_OF_A_STEP), "H")
    | dict.fromkeys(_words("moved moved_next moved_mean own turned"), "Hm")
)
"""Numbers that depend on W, and on which draws: H is all that is drawn in a step, m a client."""

MEANT = CONSTANTS | AT_END | COUNTS | DRAWN.keys() | VECTORS.keys()
AFTER = "(E (dot (- V (* gamma (H G))) (- V (* gamma (H G)))))"  # ||V||^2 after an exact step, on average

PROJECTED = "rac_lora_exact rac_lora_certified rac_lora_by_differences rac_lora_stochastic rac_lora_root_steps"
IMPLIED = frozenset(
    _words(f"{PROJECTED} rac_lora_harmonic_steps rac_lora_reshuffled fed_rac_lora fed_rac_lora_sampled")
)
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
descent
  a:steps
  | $smooth $a | (<= $to (+ gap (dot G $step) (* 1/2 $L (dot $step $step)))) | f lies below the quadratic of curvature L
  that touches it at W
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
low v:fixed | fresh_projection | (<= (* lambda_min (dot $v $v)) (E (dot $v (H $v)))) | the smallest eigenvalue of E[H],
  at a vector that is not drawn
high v:fixed | (known lambda_max) fresh_projection | (<= (E (dot $v (H $v))) (* lambda_max (dot $v $v))) | the largest
  eigenvalue of E[H], at a vector that is not drawn
even v:fixed | isotropic fresh_projection | (<= (E (dot $v (H $v))) (* lambda_min (dot $v $v))) | E[H] = lambda_min I,
  at a vector that is not drawn
even_cross | isotropic fresh_projection | (<= (* lambda_min (dot G V)) (E (dot G (H V)))) | E[H] = lambda_min I
gap_is_positive x:gap0,gap0_upper | (known $x) | (<= 0 gap) | f* is the infimum of f
gap_next_is_positive | (known gap0) | (<= 0 gap_next) | f* is the infimum of f
flat | smooth | (<= (dot G G) (* 2 L gap)) | a gradient is as large as the gap allows
mu_below_L | smooth polyak_lojasiewicz | (<= mu L) | the mu of a problem is at most its L
mu_below_L_max | smooth_components polyak_lojasiewicz | (<= mu L_max) | the mu of a problem is at most its L
s_below_L | smooth strongly_convex | (<= s L) | the modulus is at most L
curved_is_pl | strongly_convex | (<= (* 2 s gap) (dot G G)) | strong convexity implies PL
convexity | convex (known distance0) | (<= gap (dot G V)) | convexity at a minimiser
cocoercive | convex smooth (known distance0) | (<= (+ gap (/ (dot G G) (* 2 L))) (dot G V)) | interpolation at a
  minimiser
curved_cocoercive | smooth strongly_convex (known distance0) | (<= (dot (- G (* s V)) (- G (* s V))) (* (- L s) (dot (-
  G (* s V)) V))) | interpolation of f less s/2 of a square
curved_monotone | strongly_convex (known distance0) | (<= 0 (dot (- G (* s V)) V)) | its gradient is monotone
curved_smooth | smooth (known distance0) | (<= (dot (- G (* s V)) V) (* (- L s) (dot V V))) | its gradient is Lipschitz
apart | rac_lora_exact (> lambda_min 0) | (<= distance_next (+ distance (* -2 gamma cross) (* (^ gamma 2) squared))) |
  expanded: distance is <V, Hbar^-1 V>, cross <V, Hbar^-1 HG>, squared <HG, Hbar^-1 HG>, Hbar = E[H]
straight | rac_lora_exact (> lambda_min 0) | (<= (dot G V) (E cross)) | E[H] cancels its inverse
spread | rac_lora_exact (> lambda_min 0) | (<= (* lambda_min (E squared)) (E (dot G (H G)))) | E[H Hbar^-1 H] <= Hbar /
  lambda_min
norm_is_positive | rac_lora_exact (> lambda_min 0) | (<= 0 distance) | a square
norm | rac_lora_exact (> lambda_min 0) | (<= (* lambda_min distance) (dot V V)) | Hbar >= lambda_min I
remainder | smooth rac_lora_exact | (<= gap_next (+ gap (* -1/2 gamma (dot (+ G Gp) (H G))) (/ (dot (- Gp G) (- Gp G))
  (* -4 L)) (* 1/4 L (^ gamma 2) (dot G (H G))))) | the descent lemma with its remainder: L ||x||^2 / 2 - f is smooth
  and convex | t2
pl_next | polyak_lojasiewicz | (<= (* 2 mu gap_next) (dot Gp Gp)) | PL at W+
stays | (>= e 1) rac_lora_exact | (<= (dot Gp Gp) (dot (+ (- Gp G) (* gamma L (H G))) (+ (- Gp G) (* gamma L (H G))))) |
  where e = 1, H = I and gamma L = 1 | t2
certified | rac_lora_certified | (<= gap_next (- gap (/ (dot (H Z) (H Z)) 2))) | the certificate at W; Z is G times the
  root of the step, which is not drawn with H
unbiased a:rac_lora_stochastic,rac_lora_root_steps,rac_lora_harmonic_steps | $a | (<= (E (dot G (H G))) (E (dot G (H
  g)))) | g is unbiased and independent of H
small_errors | smooth rac_lora_by_differences (known bias_squared) | (<= (dot (H error) (H error)) bias_squared) |
  errors of differences, by the descent lemma along each direction | t20
enough_weight | smooth structured_noise (<= (* (^ gamma 2) L A lambda_max T) 1) | (<= (* 2 T) (* (if (> A 0) 4 2)
  (powers (/ 1 (+ 1 (* L A (^ gamma 2) lambda_max))) 1 T))) | the weights of short steps, as (1 + 1/T)^T >= 2 | t5
below_Q | smooth_along_sketch rac_lora_exact | (<= gap_next (+ gap (* -1 gamma (dot G (H G))) (* 1/2 (^ gamma 2) bent)))
  | f lies below the quadratic of curvature Q that touches it at W; bent is <HG, QHG>
noisy_below_Q | smooth_along_sketch rac_lora_stochastic | (<= gap_next (+ gap (* -1 gamma (dot G (H g))) (* 1/2 (^ gamma
  2) bent_by_noise))) | f lies below the quadratic of curvature Q that touches it at W; bent_by_noise is <Hg, QHg>
along | smooth_along_sketch rac_lora_exact | (<= (E bent) (* L_H (E (dot G (H G))))) | E[H Q H] <= L_H E[H]
noise_along | smooth_along_sketch rac_lora_stochastic | (<= (E bent_by_noise) (* L_H (E (dot g (H g))))) | E[H Q H] <=
  L_H E[H], and g is independent of H
mu_below_L_H | smooth_along_sketch polyak_lojasiewicz | (<= (* mu lambda_min) L_H) | a step of 1/L_H does not fall below
  f* | t13
first a:plain_or_fitted,one_exact_step | positive_gain $a | (<= gap_first (+ gap (* -1 moved_by_M) (* 1/2 bent_by_M))) |
  f lies below the quadratic of curvature Q; moved_by_M is <G, MG>, bent_by_M <MG, QMG>
first_gaussian | positive_gaussian_gain plain_gaussian_rac_lora | (<= gap_first (+ gap (* -1 moved_by_M) (* 1/2
  bent_by_M))) | f lies below the quadratic of curvature Q
gain a:plain_or_fitted,one_exact_step | positive_gain $a | (<= (* nu (dot G G)) (E (- (* 2 moved_by_M) bent_by_M))) | nu
  is the smallest eigenvalue
gain_gaussian | positive_gaussian_gain plain_gaussian_rac_lora | (<= (* nu (dot G G)) (E (- (* 2 moved_by_M)
  bent_by_M))) | nu is the smallest eigenvalue
later | positive_gain plain_or_fitted (< longest_step 2) | (<= gap_next gap_first) | no inner step rises
later_one a:plain_gaussian_rac_lora,one_exact_step | $a | (<= gap_next gap_first) | there is one step
mu_nu_below_1 a:positive_gain,positive_gaussian_gain | $a polyak_lojasiewicz | (<= (* mu nu) 1) | a step does not fall
  below f* | t15
epoch_error | smooth_components rac_lora_reshuffled | (<= (E (dot (H (- G gbar)) (H (- G gbar)))) (+ (* (^ s_N 2) (E
  (dot G (H G)))) (* s_N r_N (E sigma_H)))) | the error of an epoch: draws without replacement, and the sums over its
  steps | t7
s_below_1 | smooth_components (<= (* eta N L_max) 1) | (< s_N 1) | s <= e - 2 | t7
s_sign | smooth_components | (<= 0 s_N) | a sum of powers
r_sign | smooth_components | (<= 0 r_N) | a sum of powers, 0 for N = 1
simple_s | smooth_components (<= (* 2 eta N L_max) 1) | (<= (^ s_N 2) (* 8/9 (^ (* eta N L_max) 2))) | s by binomials |
  t7
simple_r | smooth_components (<= (* 2 eta N L_max) 1) | (<= (* s_N r_N) (* 4/9 (^ eta 2) (^ L_max 2) (+ N 1))) | s r by
  binomials | t7
sigma_sign | | (<= 0 sigma_H) | a variance, of the components' gradients in the range of H
sigma_seen | (known lambda_max) rac_lora_reshuffled | (<= (E sigma_H) (* lambda_max sigma_W)) | the largest eigenvalue
  of E[H], for each gradient; sigma_W is their variance at W
squares_seen | (known lambda_max) rac_lora_reshuffled | (<= (+ (E sigma_H) (E (dot G (H G)))) (* lambda_max (+ sigma_W
  (dot G G)))) | the largest eigenvalue of E[H], for each gradient
sigma_known | (known sigma_squared) | (<= sigma_W sigma_squared) | on average along the iterates
sigma_of_data | smooth_components (known D) | (<= (+ sigma_W (dot G G)) (+ (* 2 L_max gap) D)) | a component is bounded
  below: its gradient is as large as its gap allows | t7
local_triangle | smooth_components fed_rac_lora | (<= moved_next (+ moved (* eta own) (* eta turned))) | triangle
  inequality; moved is ||W_k - W|| of a client, own ||HG_m||, turned ||H (grad f_m(W_k) - G_m)||
local_smooth | smooth_components fed_rac_lora | (<= turned (* L_max moved)) | H does not lengthen, the gradient is
  Lipschitz
round_error | smooth_components fed_rac_lora | (<= off (* L_max (mean moved_mean))) | triangle inequality, the gradient
  is Lipschitz; off is ||HG - Hgbar||, moved_mean the mean of moved over k < K
squared_error | | (<= (dot (H (- G gbar)) (H (- G gbar))) (^ off 2)) | a square, multiplied out
error_sign | | (<= 0 off) | a length
own_sign | | (<= 0 (mean own)) | a length
jensen | | (<= (^ (mean own) 2) (+ (dot G (H G)) zeta_H)) | Jensen's inequality, over clients; zeta_H is their variance
  in the range of H
s_K_sign | smooth_components | (<= 0 s_K) | a mean of powers
simple_s_K | | (<= (^ s_K 2) a_K) | Jensen's inequality, over steps
a_below_1 | smooth_components (<= (* eta K L_max) 1) | (< a_K 1) | a mean of powers below an integral | t9
zeta_sign | | (<= 0 zeta_H) | a variance
zeta_seen | (known lambda_max) fed_rac_lora | (<= (E zeta_H) (* lambda_max zeta_W)) | the largest eigenvalue of E[H],
  for each gradient
client_squares_seen | (known lambda_max) fed_rac_lora | (<= (+ (E zeta_H) (E (dot G (H G)))) (* lambda_max (+ zeta_W
  (dot G G)))) | the largest eigenvalue of E[H], for each gradient
zeta_known | (known zeta_squared (= K 1)) | (<= zeta_W zeta_squared) | on average along the iterates; where K = 1 it is
  multiplied by 0
zeta_of_data | smooth_components (known D (= K 1)) | (<= (+ zeta_W (dot G G)) (+ (* 2 L_max gap) D)) | a client is
  bounded below: its gradient is as large as its gap allows; where K = 1 it is multiplied by 0 | t9
unbiased_sample | fed_rac_lora_sampled | (<= (E (dot G (H gbar))) (E (dot G (H ghat)))) | on average those that take
  part move as all do
sampled_square | fed_rac_lora_sampled (known omega) | (<= (E (dot (H ghat) (H ghat))) (+ (E (dot (H gbar) (H gbar))) (*
  omega (E way)))) | the second moment of a mean over clients that are sampled; way is mean_m ||Hgbar_m||^2 | t9rr
client_error | smooth_components fed_rac_lora_sampled | (<= (E (dot (H (- G gbar)) (H (- G gbar)))) (+ (* s_K (- s_K
  r_K) (E squares_H)) (* s_K r_K (E all_squares_H)))) | the error of the epoch of each client, and Jensen's inequality
  over clients | t9rr
client_length | smooth_components fed_rac_lora_sampled | (<= (E way) (+ (* (+ 1 s_K) (- (+ 1 s_K) r_K) (E squares_H)) (*
  (+ 1 s_K) r_K (E all_squares_H)))) | how far an epoch goes: its gradient and its error, by Young's inequality | t9rr
r_K_sign | smooth_components | (<= 0 r_K) | a sum of powers
r_K_below_s | smooth_components | (<= r_K s_K) | r <= s, term by term | t7
clients_seen | (known lambda_max) fed_rac_lora_sampled | (<= (E squares_H) (* lambda_max squares)) | the largest
  eigenvalue of E[H], for each gradient; squares is mean_m ||G_m||^2
components_seen | (known lambda_max) fed_rac_lora_sampled | (<= (E all_squares_H) (* lambda_max all_squares)) | the
  largest eigenvalue of E[H], for each gradient; all_squares is that of components
clients_of_data | smooth_components (known D) | (<= squares (+ (* 2 L_max gap) D)) | a component is bounded below: its
  gradient is as large as its gap allows | t9rr
components_of_data | smooth_components (known D) (known D_in) | (<= all_squares (+ (* 2 L_max gap) D D_in)) | a
  component is bounded below: its gradient is as large as its gap allows | t9rr
leading | galore_exact | (<= (* delta (dot G G)) (dot G (H G))) | the largest r of min(m, n) squares
leading_later | smooth galore_exact (< 0 (* gamma L) 2) | (<= gap_next gap_first) | no step in that subspace rises
delta_below_1 | | (<= delta 1) | a share
used_sign | | (<= 0 used) | a length: used is ||{H_i G_i}||, of the parts that blocks use in a cycle
missed_sign | | (<= 0 missed) | a length: missed is ||{H_i (G - G_i)}||
turns | smooth_along_sketch rac_lora_in_turns | (<= gap_next (- gap (* 1/2 gamma (- 2 (* gamma L_H)) (^ used 2)))) | the
  descent lemma in each block | t18
parts | rac_lora_in_turns | (<= (dot G G) (^ (+ used missed) 2)) | the blocks hold every direction once; triangle
  inequality
lipschitz | smooth rac_lora_in_turns | (<= missed (* gamma L ell used)) | the gradient is Lipschitz, moves and parts in
  orthogonal blocks add up by their squares | t18
time a:rac_lora_root_steps,rac_lora_harmonic_steps | $a | (<= 0 t) | t counts steps
offset a:rac_lora_root_steps,rac_lora_harmonic_steps | $a | (< 0 t_0) | an offset
root_falls | rac_lora_root_steps | (<= (* gamma (sqrt (/ t_0 (+ t t_0)))) gamma) | no step is longer than the first
"""
"""Its name with what may be substituted | what it rests on | what it says | why | of a lemma on paper, its page."""

ON_AVERAGE = frozenset({"sigma_known", "zeta_known"})
"""True of means over W and not at each W: they are never multiplied by what depends on W."""


# Arithmetic. A letter is a number; a monomial is a sorted tuple of pairs (letter, power), where the power of a symbolic
# exponent is the number of its base; a quotient is a polynomial over a product of powers of polynomials, by number.
Monomial: TypeAlias = tuple[tuple[int, int], ...]
Polynomial: TypeAlias = dict[Monomial, Fraction]


class Quotient(NamedTuple):
    """A polynomial, and what it is divided by."""

    above: Polynomial
    below: tuple[tuple[int, int], ...] = ()


class Numbered:
    """Values that are told apart by a number, equal ones by the same."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.numbers: dict[Any, int] = {}

    def of(self, key: Any, value: Any) -> int:
        """Return the number of a value."""
        if key not in self.numbers:
            self.numbers[key] = len(self.values)
            self.values.append(value)
        return self.numbers[key]


_letters, _bases, _factors = Numbered(), Numbered(), Numbered()


def letter(*meaning: Any) -> int:
    """Return the number of a letter, by what it means: its kind, and for what is no polynomial numbers of its parts."""
    return _letters.of(meaning, meaning)


def number(value: Fraction | int) -> Quotient:
    """Return a number as a quotient."""
    return Quotient({(): Fraction(value)} if value else {})


def lettered(n: int, power: int = 1) -> Quotient:
    """Return a power of a letter as a quotient."""
    return Quotient({((n, power),): Fraction(1)})


def is_exponent(n: int) -> bool:
    """Whether a letter is a symbolic exponent."""
    return bool(_letters.values[n][0] == "exponent")


def base(q: Quotient) -> int:
    """Return the number of a quotient: 0 for one."""
    return _bases.of((frozenset(q.above.items()), q.below), q)


ONE, ZERO = number(1), number(0)
base(ONE)
ATOMS = ("sum", "sqrt", "max", "if", "powers", "square_at", "scaled_at")


@cache
def together(one: Monomial, other: Monomial) -> Monomial:
    """Return the product of monomials: powers of a letter add, bases of an exponent multiply."""
    powers = dict(one)
    for n, power in other:
        if n in powers and is_exponent(n):
            power = base(times(_bases.values[powers[n]], _bases.values[power]))
        else:
            power += powers.get(n, 0)
        powers[n] = power
    return tuple(sorted((n, power) for n, power in powers.items() if power))


def product(p: Polynomial, q: Polynomial) -> Polynomial:
    """Return the product of polynomials."""
    result: Polynomial = {}
    for m, a in p.items():
        for n, b in q.items():
            key = together(m, n)
            result[key] = result.get(key, Fraction(0)) + a * b
            if len(result) > TERMS or result[key].numerator.bit_length() > BITS:
                raise Refused(f"an expression has more than {TERMS} terms, or a number of more than {BITS} bits")
    return {m: c for m, c in result.items() if c}


def content(p: Polynomial) -> tuple[Fraction, Monomial, Polynomial]:
    """Return number, monomial and polynomial of which one is the product; the last is alike for all multiples."""
    terms = [dict(m) for m in p]
    shared = {}
    for n in set().union(*terms):
        if not is_exponent(n):
            shared[n] = min(each.get(n, 0) for each in terms)
        elif all(each.get(n) == terms[0].get(n) for each in terms):
            shared[n] = terms[0][n]
    monomial = tuple(sorted((n, power) for n, power in shared.items() if power))
    rest = product(p, {inverse(monomial): Fraction(1)})
    first = rest[max(rest)]
    return first, monomial, {m: c / first for m, c in rest.items()}


def inverse(monomial: Monomial) -> Monomial:
    """Return one over a monomial."""
    return tuple((n, base(inverted(_bases.values[power])) if is_exponent(n) else -power) for n, power in monomial)


def over(above: Polynomial, below: Mapping[int, int]) -> Quotient:
    """Return a quotient, without a divisor of which the numerator is a multiple by a single term."""
    below = {n: power for n, power in below.items() if power} if above else {}
    if below:
        first, monomial, rest = content(above)
        n = _factors.numbers.get(frozenset(rest.items()), -1)
        if n in below:
            return over({monomial: first}, {**below, n: below[n] - 1})
    return Quotient(above, tuple(sorted(below.items())))


def added(p: Quotient, q: Quotient) -> Quotient:
    """Return a sum."""
    below = {n: max(dict(p.below).get(n, 0), dict(q.below).get(n, 0)) for n, _ in (*p.below, *q.below)}
    result: Polynomial = {}
    for value in (p, q):
        lacking = [(n, power - dict(value.below).get(n, 0)) for n, power in below.items()]
        for m, c in product(value.above, multiplied_out(lacking)).items():
            result[m] = result.get(m, Fraction(0)) + c
    return over({m: c for m, c in result.items() if c}, below)


def multiplied_out(factors: Iterable[tuple[int, int]]) -> Polynomial:
    """Return a product of divisors."""
    return reduce(product, (_factors.values[n] for n, power in factors for _ in range(power)), {(): Fraction(1)})


def times(p: Quotient, q: Quotient) -> Quotient:
    """Return a product."""
    below = dict(p.below)
    for n, power in q.below:
        below[n] = below.get(n, 0) + power
    return over(product(p.above, q.above), below)


def inverted(q: Quotient) -> Quotient:
    """Return one over a quotient."""
    if not q.above:
        raise Refused("something is divided by zero")
    first, monomial, rest = content(q.above)
    above = product(multiplied_out(q.below), {inverse(monomial): 1 / first})
    return over(above, {} if len(rest) == 1 else {_factors.of(frozenset(rest.items()), rest): 1})


def power(q: Quotient, n: int) -> Quotient:
    """Return a power with a whole exponent."""
    if abs(n) > EXPONENT:
        raise Refused(f"an exponent is {n}, beyond {EXPONENT}")
    return reduce(times, [q] * n, ONE) if n >= 0 else inverted(power(q, -n))


def raised(q: Quotient, exponent: Quotient) -> Quotient:
    """Return a power whose exponent is a polynomial with whole coefficients: ``b^T c^T`` is ``(b c)^T``."""
    result = ONE
    for monomial, c in exponent.above.items():
        if exponent.below or c.denominator != 1:
            raise Refused("an exponent is not a whole number")
        of = without_squares(power(q, int(c)))
        if monomial and base(of):
            of = lettered(letter("exponent", monomial), base(of))
        result = times(result, of)
    return result


def within(q: Quotient) -> frozenset[int]:
    """Return the letters in a quotient, and in all that these are made of."""
    sides = (q.above, *(_factors.values[n] for n, _ in q.below))
    return frozenset().union(*(of_pair(pair) for p in sides for m in p for pair in m))


@cache
def of_pair(pair: tuple[int, int]) -> frozenset[int]:
    """Return the letters in a power of a letter."""
    kind, *parts = _letters.values[pair[0]]
    if kind == "exponent":
        return within(Quotient({parts[0]: Fraction(1)})) | within(_bases.values[pair[1]])
    of = parts if kind in ATOMS else []
    return frozenset({pair[0]}).union(*(within(_bases.values[n]) for n in of if isinstance(n, int)))


def atom(kind: str, *parts: Quotient | str) -> Quotient:
    """Return a letter for what is no polynomial, known by its parts."""
    return lettered(letter(kind, *(each if isinstance(each, str) else base(each) for each in parts)))


def without_squares(q: Quotient) -> Quotient:
    """Put what a root is of in the place of its square."""
    for p in (q.above, *(_factors.values[n] for n, _ in q.below)):
        for root in {n for m in p for n, k in m if _letters.values[n][0] == "sqrt" and k not in (0, 1)}:
            below = (power(_rooted(_factors.values[n], root), -k) for n, k in q.below)
            return without_squares(reduce(times, below, _rooted(q.above, root)))
    return q


def _rooted(p: Polynomial, root: int) -> Quotient:
    result = ZERO
    for monomial, c in p.items():
        pairs = dict(monomial).get(root, 0) // 2
        rest = Quotient({together(monomial, ((root, -2 * pairs),)): c})
        result = added(result, times(rest, power(_bases.values[_letters.values[root][1]], pairs)))
    return result


def mean(q: Quotient, draw: str) -> Quotient:
    """Return the mean over a draw, of what is linear in what is drawn."""
    result = ZERO
    for monomial, c in q.above.items():
        drawn = [pair for pair in monomial if draw in draws(Quotient({(pair,): c}))]
        rest = tuple(pair for pair in monomial if pair not in drawn)
        if drawn:
            ((n, k), *more) = drawn
            kind, *_, over_ = _letters.values[n]
            if more or k != 1 or kind not in ("drawn", "mean"):
                raise Refused("only of what is linear in what is drawn is the mean known")
            rest = together(rest, ((letter("mean", draw, n, over_.replace(draw, "")), 1),))
        result = added(result, Quotient({rest: c}))
    if any(draw in draws(Quotient(_factors.values[n])) for n, _ in q.below):
        raise Refused("the mean of what is divided by something drawn is not known")
    return times(result, Quotient(ONE.above, q.below))


def draws(q: Quotient) -> str:
    """Return the draws that a quotient depends on; W is one of them."""
    return "".join(
        f"W{each[-1]}" for each in map(_letters.values.__getitem__, within(q)) if each[0] in ("drawn", "mean")
    )


# Expressions. A bound variable is ("var", n), of the n-th binder from inside; ("whole", n) is one that was opened.
_TOKEN, _NAME = re.compile(r"[()]|[^\s()]+"), re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NUMBER = re.compile(r"-?[0-9]{1,60}(/[1-9][0-9]{0,60})?\Z")
SIGNS = ("<=", "<", ">=", ">", "=")
PARTS = {"/": (2, 2), "^": (2, 2), "-": (1, 2), "sqrt": (1, 1), "powers": (3, 3), "dot": (2, 2), "if": (3, 3)}
PARTS |= dict.fromkeys(("E", "mean", "H", "square_at", "scaled_at"), (1, 1)) | dict.fromkeys(("+", "*", "max"), (1, 99))
PARTS |= dict.fromkeys(SIGNS, (2, 9))


def nodes(line: str) -> list[Any]:
    """Read a line as a list of words and lists."""
    stack: list[list[Any]] = [[]]
    for word in _TOKEN.findall(line):
        if word == "(":
            stack.append([])
        elif word != ")":
            stack[-1].append(word)
        else:
            stack[-2:] = [[*stack[-2], stack[-1]]] if len(stack) > 1 else []
        if not 0 < len(stack) <= DEPTH:
            raise Refused(f"brackets must match, and be at most {DEPTH} deep")
    if len(stack) > 1:
        raise Refused("a bracket is not closed")
    return stack[0]


def tree(node: Any, bound: tuple[str, ...] = ()) -> Tree:
    """Read an expression, or a relation."""
    match node:
        case str() if _NUMBER.match(node):
            return Fraction(node)
        case str() if _NAME.match(node) and node not in PARTS:
            return ("var", bound.index(node)) if node in bound else node
        case ["sum", str(name), steps, term] if _NAME.match(name) and name not in {*MEANT, *PARTS} - {"t"}:
            return ("sum", tree(steps, bound), tree(term, (name, *bound)))
        case [str(head), *parts] if PARTS.get(head, (1, 0))[0] <= len(parts) <= PARTS.get(head, (1, 0))[1]:
            return (head, *(tree(each, bound) for each in parts))
    raise Refused(f"{text(node)} is no expression")


def parsed(words: str) -> Tree:
    """Read an expression that is text."""
    return tree(nodes(words)[0])


def text(node: Any) -> str:
    """Write what was read."""
    return node if isinstance(node, str) else f"({' '.join(map(text, node))})"


def changed(of: Tree, leaf: Callable[[Tree, int], Tree], depth: int = 0) -> Tree:
    """Return an expression with others in the place of letters and variables, which see how many sums they are in."""
    if not isinstance(of, tuple) or of[0] in ("var", "whole"):
        return leaf(of, depth)
    return (of[0], *(changed(each, leaf, depth + (of[0] == "sum" and i == 1)) for i, each in enumerate(of[1:])))


def placed(of: Tree, places: Mapping[Tree, Tree]) -> Tree:
    """Return an expression with closed ones in the place of letters."""
    return changed(of, lambda each, _: places.get(each, each))


def opened(term: Tree, value: Tree) -> Tree:
    """Return the term of a sum with a closed expression for its index."""
    return changed(term, lambda each, depth: value if each == ("var", depth) else each)


def total(of: Tree) -> Tree:
    """Return the sum over t < T."""
    return ("sum", "T", changed(of, lambda each, depth: ("var", depth) if each == "t" else each))


def letters_of(of: Tree) -> set[str]:
    """Return the names in an expression."""
    if isinstance(of, tuple):
        return set().union(*map(letters_of, of[1:]))
    return {of} if isinstance(of, str) else set()


def written(of: Tree) -> str:
    """Write an expression, or a relation with its signs between its terms."""
    if isinstance(of, tuple) and of[0] in SIGNS:
        return f" {of[0]} ".join(map(written, of[1:]))
    if isinstance(of, tuple) and of[0] in ("var", "whole"):
        return f"i{of[1]}"
    return f"({' '.join([of[0], *map(written, of[1:])])})" if isinstance(of, tuple) else str(of)


class Reader:
    """Reads expressions as quotients: names are letters, or if they are expanded what they stand for."""

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
        match of:
            case Fraction():
                return number(of)
            case str() if of in self.names:
                meaning, is_letter = self.names[of]
                is_kept = of == "r_N" or (is_letter and not expand)
                return lettered(letter("name", of)) if is_kept else self.value(meaning, expand)
            case str() if of not in VECTORS:
                return lettered(letter("drawn", of, DRAWN[of]) if of in DRAWN else letter("letter", of))
            case ("var", n):
                return env[int(n)]
            case ("whole", n):
                return lettered(letter("whole", n))
            case ("sum", steps, term):
                return self._sum(self.value(steps, expand, env), term, expand, env)
            case ("dot", u, v):
                return self._dot(self.vector(u, expand, env), self.vector(v, expand, env))
            case ("if", (sign, *sides), *branches) if sign in SIGNS:
                parts = [self.value(each, expand, env) for each in (*sides, *branches)]
                return parts[-1] if parts[-1] == parts[-2] else atom("if", sign, *parts)
            case (head, *parts) if head not in ("H", "if", *SIGNS):
                return self._operation(head, [self.value(each, expand, env) for each in parts])
        raise Refused(f"{written(of)} is no number")

    def _operation(self, head: str, values: list[Quotient]) -> Quotient:
        first, *others = values
        match head:
            case "+":
                return reduce(added, others, first)
            case "-":
                return reduce(lambda p, q: added(p, times(q, number(-1))), others or values, first if others else ZERO)
            case "*":
                return without_squares(reduce(times, others, first))
            case "/":
                return times(first, inverted(others[0]))
            case "^":
                return raised(first, others[0])
            case "powers":
                n = added(added(others[1], ONE), times(others[0], number(-1)))
                return times(raised(first, others[0]), self._geometric(first, n))
            case "E" | "mean":
                return mean(first, "H" if head == "E" else "m")
            case "max":
                return first if len({*map(base, values)}) == 1 else atom(head, *sorted(values, key=base))
        return atom(head, first)

    def _geometric(self, of: Quotient, n: Quotient) -> Quotient:
        if base(of) == 0:
            return n
        if (known := _count(n)) is not None:
            return reduce(added, (power(of, k) for k in range(known)), ZERO)
        if self.has_roots:
            return atom("powers", of, n)
        return times(added(raised(of, n), number(-1)), inverted(added(of, number(-1))))

    def _sum(self, n: Quotient, term: Tree, expand: bool, env: tuple[Quotient, ...]) -> Quotient:
        if (known := _count(n)) is not None:
            return reduce(added, (self.value(term, expand, (number(k), *env)) for k in range(known)), ZERO)
        index = letter("index", len(env))  # of all sums that are open another
        value = self.value(term, expand, (lettered(index), *env))
        if any(index in within(Quotient(_factors.values[k])) for k, _ in value.below):
            c, outside, rest = content(value.above)
            held, free = _split(outside, index)
            whole = over(product(rest, {held: Fraction(1)}), dict(value.below))
            return times(Quotient({free: c}), atom("sum", n, whole, f"i{index}"))
        result = ZERO
        for monomial, c in value.above.items():
            held, free = _split(monomial, index)
            result = added(result, times(Quotient({free: c}), self._series(held, index, n)))
        return times(result, Quotient(ONE.above, value.below))

    def _series(self, held: Monomial, index: int, n: Quotient) -> Quotient:
        if not held:
            return n
        (first, k), *more = held
        if not more and first == letter("exponent", ((index, 1),)) and index not in within(_bases.values[k]):
            return self._geometric(_bases.values[k], n)
        return atom("sum", n, Quotient({held: Fraction(1)}), f"i{index}")

    def vector(
        self, of: Tree, expand: bool = False, env: tuple[Quotient, ...] = ()
    ) -> dict[tuple[str, bool], Quotient]:
        """Return what a vector has of each that has a name, projected or not."""
        result: dict[tuple[str, bool], Quotient] = {}
        match of:
            case str() if of in VECTORS:
                return {(of, False): ONE}
            case ("H", inner):
                parts = [(inner, ONE)]
            case ("+", *terms):
                parts = [(each, ONE) for each in terms]
            case ("-", first, *others):
                parts = [(first, ONE if others else number(-1)), *((each, number(-1)) for each in others)]
            case ("*", *factors, inner):
                parts = [(inner, reduce(times, (self.value(each, expand, env) for each in factors), ONE))]
            case _:
                raise Refused(f"{written(of)} is no vector")
        for inner, c in parts:
            for (name, was_projected), value in self.vector(inner, expand, env).items():
                key = name, was_projected or of[0] == "H"
                result[key] = added(result.get(key, ZERO), times(c, value))
        return result

    def _dot(self, u: Mapping[tuple[str, bool], Quotient], v: Mapping[tuple[str, bool], Quotient]) -> Quotient:
        """The inner product; as H = H' = H^2, <Ha, Hb> = <Ha, b> = <a, Hb>."""
        result = ZERO
        for ((a, is_a), p), ((b, is_b), q) in pairs(u.items(), v.items()):
            draws = "H" if is_a or is_b or VECTORS[a] or VECTORS[b] else ""
            of = letter("drawn", *sorted((a, b)), is_a or is_b, draws)
            result = added(result, times(times(p, q), lettered(of)))
        return result


def _split(monomial: Monomial, index: int) -> tuple[Monomial, Monomial]:
    """What of a monomial depends on an index, and what does not."""
    held = tuple(pair for pair in monomial if index in of_pair(pair))
    return held, tuple(pair for pair in monomial if pair not in held)


def _count(n: Quotient) -> int | None:
    value = n.above.get((), Fraction(0))
    is_count = n == number(value) and value.denominator == 1 and 0 <= value <= EXPONENT
    return int(value) if is_count else None


class Fact(NamedTuple):
    """``low <= high``, or less, wherever what is in ``by`` is true; ``average`` if it is true of means over W alone."""

    n: int
    low: Tree
    high: Tree
    strict: bool
    by: frozenset[Tree]
    average: bool
    of: tuple[int, ...]
    words: str

    @property
    def number(self) -> Tree:
        """What is not negative."""
        return self.high if self.low == 0 else ("-", self.high, self.low)


class Signs:
    """What facts about constants say of signs; ``used`` collects those that were asked."""

    def __init__(self, reader: Reader, facts: Iterable[Fact], whole: frozenset[str], used: set[int]) -> None:
        self.reader, self.facts, self.whole, self.used, self.depth = reader, facts, whole, used, 0

    @cached_property
    def known(self) -> Mapping[Any, list[tuple[bool, Monomial, bool, int]]]:
        """By a polynomial without content: the sign and the monomial that facts say it has, whether strictly, which."""
        known: dict[Any, list[tuple[bool, Monomial, bool, int]]] = {}
        for fact in self.facts:
            for each in {fact.number, placed(fact.number, {"t": ("whole", 1)})}:  # t is every whole number
                value = self.reader.value(each)
                if value.above and not value.below and not draws(value):
                    c, monomial, rest = content(value.above)
                    known.setdefault(frozenset(rest.items()), []).append((c > 0, monomial, fact.strict, fact.n))
        return known

    def holds(self, of: Tree, strict: bool = False) -> bool:
        """Whether an expression that is defined is at least zero, or positive."""
        match of:
            case Fraction():
                return of > 0 or (of == 0 and not strict)
            case str() if of in self.reader.names and of != "r_N" and self.holds(self.reader.names[of][0], strict):
                return True
            case str() if of in self.whole and not strict:
                return True
            case ("whole", _):
                return not strict
            case ("+", *parts) if all(map(self.holds, parts)) and (
                not strict or any(self.holds(p, True) for p in parts)
            ):
                return True
            case ("*" | "/", *parts) if self.holds(parts[-1], strict or of[0] == "/"):
                return all(self.holds(each, strict) for each in parts) or self._by_value(of, strict)
            case ("^", _, Fraction() as n) if n % 2 == 0 and not strict:
                return True
            case ("^" | "sqrt", part, *_) if self.holds(part, strict) or (of[0] == "sqrt" and not strict):
                return True
            case ("powers", part, first, last) if self.holds(part, strict and first != 0):
                if not strict or self.holds(("+", ("-", last, first), Fraction(1)), True):
                    return True
            case ("sum", steps, term) if (not strict or self.holds(steps, True)) and self._inside(
                self.holds, term, strict
            ):
                return True
            case ("max", *parts) if any(self.holds(each, strict) for each in parts):
                return True
            case ("if", _, *parts) if all(self.holds(each, strict) for each in parts):
                return True
        return (isinstance(of, str) or of[0] != "dot") and self._by_value(of, strict)

    def _inside(self, ask: Callable[..., Any], term: Tree, *more: bool) -> Any:
        """What is said of the term of a sum at any index."""
        self.depth += 1
        answer = ask(opened(term, ("whole", self.depth)), *more)
        self.depth -= 1
        return answer

    def _by_value(self, of: Tree, strict: bool) -> bool:
        q = self.reader.value(of)
        return self._polynomial(q.above, strict) and all(self._polynomial(_factors.values[n], True) for n, _ in q.below)

    def _polynomial(self, p: Polynomial, strict: bool) -> bool:
        """Whether its terms are not negative, or a fact says the sign of it times what is positive."""
        if p and all(c > 0 and self._monomial(m, False) for m, c in p.items()):
            return not strict or any(self._monomial(m, True) for m in p)
        c, monomial, rest = content(p or ONE.above)
        for is_positive, its, is_strict, n in self.known.get(frozenset(rest.items()), ()) if len(rest) > 1 else ():
            is_enough = is_positive == (c > 0) and (is_strict or not strict) and self._monomial(its, not is_strict)
            if is_enough and self._monomial(monomial, strict):
                self.used.add(n)
                return True
        return not p and not strict

    def _monomial(self, monomial: Monomial, strict: bool) -> bool:
        pairs_ = [(n, strict or k < 0) for n, k in monomial if is_exponent(n) or strict or k % 2 or k < 0]
        return all(not is_exponent(n) and self._letter(n, is_strict) for n, is_strict in pairs_)

    def _letter(self, n: int, strict: bool) -> bool:
        kind, *name = _letters.values[n]
        if not strict and (kind in ("whole", "sqrt") or (kind == "letter" and name[0] in self.whole)):
            return True
        for is_positive, its, is_strict, fact in self.known.get(frozenset(ONE.above.items()), ()):
            if is_positive and its == ((n, 1),) and (is_strict or not strict):
                self.used.add(fact)
                return True
        return kind == "name" and name[0] != "r_N" and self.holds(self.reader.names[name[0]][0], strict)

    def is_count(self, of: Tree) -> bool:
        """Whether an expression is a whole number that is not negative."""
        return self._is_whole(of) and self.holds(of)

    def _is_whole(self, of: Tree) -> bool:
        value = self.reader.value(of)
        meanings = [_letters.values[n] for m in value.above for n, _ in m]
        powers = [k for m in value.above for _, k in m]
        are_whole = all(kind == "whole" or (kind == "letter" and name[0] in self.whole) for kind, *name in meanings)
        return (
            are_whole
            and not value.below
            and min(powers, default=1) > 0
            and all(c.denominator == 1 for c in value.above.values())
        )

    def check(self, of: Tree) -> None:
        """Refuse an expression that may be undefined somewhere."""
        match of:
            case str() if of in self.reader.names and of != "r_N":
                self.check(self.reader.names[of][0])
            case ("sum", steps, term):
                self.check(steps)
                self._asked(self.is_count(steps), steps, "is a number of terms and not known to be whole")
                self._inside(self.check, term)
            case (head, *parts) if head not in ("var", "whole"):
                for each in parts:
                    self.check(each)
                self._part(head, parts)

    def _part(self, head: str, parts: list[Tree]) -> None:
        match head, parts:
            case "/", [_, of]:
                is_known = self.holds(of, True) or self.holds(("-", of), True)
                self._asked(is_known, of, "is divided by and may be zero")
            case "sqrt", [of]:
                self._asked(self.holds(of), of, "is under a root and may be negative")
            case "^", [of, n]:
                self._asked(self._is_exponent(of, n), n, "is an exponent and not known to be a count")
            case "powers", [of, first, last]:
                self._asked(self._is_exponent(of, first), first, "is an exponent and not known to be a count")
                n = ("+", ("-", last, first), Fraction(1))
                self._asked(self.is_count(n), n, "is a number of terms and not known to be a count")

    def _is_exponent(self, of: Tree, n: Tree) -> bool:
        """Whether it is a count, or whole with a positive base; with roots no sum is a count that subtracts."""
        is_sum = min(self.reader.value(n).above.values(), default=1) > 0 or not self.reader.has_roots
        return (is_sum and self.is_count(n)) or (self._is_whole(n) and self.holds(of, True))

    def _asked(self, is_known: bool, of: Tree, why: str) -> None:
        if not is_known:
            raise Refused(f"{written(of)} {why}")


RULES = """
iterate start | STEP rho | = (- STEP (- (* rho x) x+)) | last | (+ (* (^ rho T) x0) (* (powers rho 0 (- T 1)) rest)) |
  x+ <= rho x + e at each W and rho >= 0 make x_T <= rho^T x_0 + (1 + ... + rho^(T-1)) e
settle start | STEP rho floor enough | = (- STEP (- (* rho x) x+)) ; enough (- floor (+ (* rho floor) rest)) |
  last | (+ (* (^ rho T) x0) floor) | the same, and c >= rho c + e, c >= 0, make x_T <= rho^T x_0 + c
telescope start at | STEP growth! theta END | = (- STEP (- (- (* growth x) x+) (* theta square))) ; END x |
  (* theta (powers (/ 1 growth) 1 T) (/ (sum_t (* (^ (/ 1 growth) t) (at t))) (sum_t (^ (/ 1 growth) t)))) |
  (+ x0 (* (powers (/ 1 growth) 1 T) rest)) |
  theta S <= g x - x+ + e, g > 0, x >= 0: times w^(t+1) for w = 1/g, and added, gaps between cancel
accumulate start j | STEP p | STEP (- (- (* (with p (+ j 1)) x) (* p x+)) (dot G G)) ; (with p 0) 0 |
  (sum_t (square_at t)) | (* (with p T) x0) |
  S <= p(j+1) x - p(j) x+ for every j, p >= 0, p(0) = 0: the sum of S is at most p(T) x_0
gather start | STEP q theta e h~ g~ bounded SQUARES END |
  STEP (+ (- (* (+ 1 (* q h)) x) x+) (- (* e h) (* theta g (dot G G)))) ; SQUARES (dot G G) ; END x ;
  bounded (- 1 (* q (sum_t h))) | (* theta bounded (sum_t (* g (square_at t)))) | (+ x0 (* e (sum_t h))) |
  theta g(t) S <= (1 + q h(t)) x - x+ + e h(t) at each t, 1 - q sum h >= 0: added, the largest x is bounded with it
weigh start | STEP a~ | = (- STEP (- (* a x) (* (with a (+ t 1)) x+))) | (* (with a T) last) |
  (+ (* (with a 0) x0) (sum_t rest)) | a(t+1) x+ <= a(t) x + r(t) at each t, a >= 0, added: gaps between cancel
potential a b d p | STEP FALLS ABOVE BELOW c b0 d0 | STEP (- (- psi psi+) (* c gap)) ; FALLS (- gap (E gap_next)) ;
  ABOVE (- psi (* p gap)) ; BELOW (- (+ (* b0 gap) (* d0 (dot V V))) psi) | (* (+ (* c T) p) (- f_T f_star)) |
  (+ (* b0 gap0) (* d0 (^ distance0 2))) | psi+ <= psi - c x, x+ <= x, p x <= psi: added, the last x is the least
lyapunov_gap | STEP rho theta ABOVE BELOW a b d b0 d0 | = (- STEP (- (- (* rho psi) psi+) (* theta (dot G G)))) ;
  ABOVE (- psi gap) ; BELOW (- (+ (* b0 gap) (* d0 (dot V V))) psi) | (- f_T f_star) |
  (+ (* (^ rho T) (+ (* b0 gap0) (* d0 (^ distance0 2)))) (* (powers rho 0 (- T 1)) rest)) |
  psi+ + theta S <= rho psi + e, psi >= x, all that psi has is not negative: as in iterate
lyapunov_distance | STEP rho theta ABOVE BELOW a b d b0 d0 | = (- STEP (- (- (* rho psi) psi+) (* theta (dot G G)))) ;
  ABOVE (- psi (dot V V)) ; BELOW (- (+ (* b0 gap) (* d0 (dot V V))) psi) | D_T |
  (+ (* (^ rho T) (+ (* b0 gap0) (* d0 (^ distance0 2)))) (* (powers rho 0 (- T 1)) rest)) | the same of distances
lyapunov_sum | STEP theta ABOVE BELOW a b d b0 d0 | = (- STEP (- (- psi psi+) (* theta (dot G G)))) ; ABOVE psi ;
  BELOW (- (+ (* b0 gap) (* d0 (dot V V))) psi) | (* theta (sum_t (square_at t))) |
  (+ (* b0 gap0) (* d0 (^ distance0 2)) (* T rest)) | theta S <= psi - psi+ + e, psi >= 0, added
lasting start | END | END x | 0 | last | what is not negative at each W is not on average at W^T
squares at | g~ SQUARES | SQUARES square | 0 | (sum_t (* g (at t))) | squares, each times what is not negative, added
drifted push | STEP growth | STEP (- (+ (* growth moved) (* push own)) moved_next) | moved_mean |
  (* (/ 1 K) (sum k K (* push (powers growth 0 (- k 1)))) own) |
  x_(k+1) <= g x_k + c y, x_0 = 0, g >= 0: the mean of x over k < K is at most that of c (1 + ... + g^(k-1)) y
"""
"""One each: its name and arguments; its facts (capital letters: may depend on W, !: positive, ~: on t); what they must
be, = for what is left of a step; the smaller and the larger side of what follows; in words. x is what is followed."""

BY_HAND = {
    "sign": "the sign of a sum, product, quotient, power, root or maximum, by the signs of its parts",
    "mean": "what is true of each draw is true on average",
    "cases": "what is true if a <= b, or a < b, and if a >= b is true",
    "instance": "what is true of any number of which something is asked is true of one of which that is proved",
    "discharge": "what rests on a relation that facts prove rests on what these do",
}
START = {
    "gap0": ("gap", "(E gap_next)", "gap0", "(- f_T f_star)", "(known gap0)"),
    "gap0_upper": ("gap", "(E gap_next)", "gap0_upper", "(- f_T f_star)", "(known gap0_upper)"),
    "distance0": ("(dot V V)", AFTER, "(^ distance0 2)", "D_T", "(known distance0) rac_lora_exact"),
}
"""What is followed, on average after a step, at W^0 at most, at W^T, and on what that rests."""


class File:
    """A file as it is checked, line by line; ``end`` has the fact that its claim is, times a positive one."""

    def __init__(self, has_roots: bool = False) -> None:
        self.reader, self.id, self.about = Reader(), "", ""
        self.reader.has_roots = has_roots
        self.claim: Tree = ()
        self.given: list[Tree] = []
        self.local: dict[str, str] = {}
        self.facts: dict[str, Fact] = {}
        self.used: set[int] = set()
        self.end: tuple[Fact, Fact] | None = None

    def line(self, head: str, rest: list[Any]) -> None:
        """Take a line."""
        is_early = not self.facts and self.end is None
        is_stated = self.end is None and all((self.id, self.about, self.claim))
        match head, rest:
            case "theorem", [str(name)] if is_early and not self.id and _NAME.match(name):
                self.id = name
            case "about", [str(name)] if is_early and not self.about:
                self.about = name
            case "letter", [str(name), "whole" | "number" as kind] if is_early:
                self.local[self._new(name)] = kind
            case "name" | "let", [str(name), node] if is_early:
                meaning = self._of(tree(node), self.constant)
                if self._new(name) in NAMES and not self._same(meaning, parsed(NAMES[name])):
                    raise Refused(f"{name} is another number, of which facts are granted")
                self.reader.names[name] = meaning, head == "name"
            case "given", [node] if is_early:
                if (of := self._assumption(node)) in self.given:
                    raise Refused(f"this is given twice: {said(of)}")
                self.given.append(of)
            case "claim", [node] if is_early and not self.claim:
                self.claim = self._stated(node, self.constant | AT_END)
            case "fact", [str(n), str(kind), *middle, ":", statement] if is_stated:
                self._fact(n, kind, middle, self._stated(statement, self.every))
            case "proof", [n, "times", m] if is_stated:
                self._conclude(self._named(n), self._named(m))
            case _:
                raise Refused("this is no line of a proof, or not in its place")

    # Names.
    @property
    def constant(self) -> frozenset[str]:
        """The names of numbers that are the same in a whole run."""
        return CONSTANTS | self.reader.names.keys()

    @property
    def every(self) -> frozenset[str]:
        """The names of all that a fact may be about."""
        return MEANT | self.constant | self.local.keys()

    def _new(self, name: str) -> str:
        if not _NAME.match(name) or name in self.every or name in {*PARTS, "sum"}:
            raise Refused(f"{name} cannot be the name of something else")
        return name

    def _of(self, of: Tree, allowed: frozenset[str]) -> Tree:
        if strange := sorted(letters_of(of) - allowed):
            raise Refused(f"{strange[0]} must not be in {written(of)}")
        return of

    def _relation(self, node: Any, allowed: frozenset[str]) -> Tree:
        of = self._of(tree(node), allowed)
        if not isinstance(of, tuple) or of[0] not in SIGNS:
            raise Refused(f"{written(of)} is no relation")
        return of

    def _stated(self, node: Any, allowed: frozenset[str]) -> Tree:
        of = self._relation(node, allowed)
        if of[0] not in ("<=", "<") or len(of) != 3:
            raise Refused("what is stated must be that one number is at most another, or less")
        return of

    def _assumption(self, node: Any) -> Tree:
        match node:
            case str() if _NAME.match(re.sub(r"[.:]", "_", node)):
                return node
            case ["known", str(name), *unless] if name in CONSTANTS and len(unless) < 2:
                return ("known", name, *(self._relation(each, self.constant) for each in unless))
        return self._relation(node, self.constant)

    def _named(self, word: Any) -> Fact:
        if not isinstance(word, str) or word not in self.facts:
            raise Refused(f"{text(word)} is not the number of an earlier fact")
        return self.facts[word]

    # What is known.
    @property
    def holding(self) -> frozenset[Tree]:
        """What the theorem is about and assumes, and what that implies."""
        return frozenset({self.about, *self.given, *(["fresh_projection"] if self.about in IMPLIED else [])})

    def _signs(self, by: frozenset[Tree], facts: Iterable[Fact] | None = None) -> Signs:
        whole = COUNTS | {name for name, kind in self.local.items() if kind == "whole"}
        known = [fact for fact in self.facts.values() if fact.by <= by] if facts is None else facts
        return Signs(self.reader, known, whole, self.used)

    def _same(self, one: Tree, other: Tree) -> bool:
        """Whether two expressions are equal, with names as letters or as what they stand for."""
        return any(not without_squares(self.reader.value(("-", one, other), expand)).above for expand in (False, True))

    def _asked(self, one: Tree, other: Tree, what: str) -> None:
        if not self._same(one, other):
            raise Refused(f"{what} must be {written(other)}, it is {written(one)}")

    def _fixed(self, of: Tree, time: bool = False) -> Tree:
        """Refuse what a draw changes, or W; and t, unless it may be in it."""
        if draws(self.reader.value(of)):
            raise Refused(f"{written(of)} must not depend on what is drawn, or on W")
        return of if time else self._of(of, self.every - {"t"})

    # Facts.
    def _fact(self, n: str, kind: str, middle: list[Any], statement: Tree) -> None:
        if n != str(len(self.facts) + 1):
            raise Refused(f"the next fact must have the number {len(self.facts) + 1}, not {n}")
        makers = {"granted": self._granted, "assume": self._assumed, "sum": self._sum, "rule": self._rule}
        if kind not in makers:
            raise Refused(f"{kind} is no way in which a fact is made")
        sign, low, high = statement
        number_, strict, by, facts, words = makers[kind](middle, statement)
        if sign == "<" and not strict:
            raise Refused("it is not known that the one is less than the other, but that they may be equal")
        signs = self._signs(frozenset(by) | self.holding)
        for each in (low, high, number_) if kind == "granted" else (low, high):
            signs.check(each)
        self._asked(("-", high, low), number_, "what is computed")
        average = any(fact.average for fact in facts) or (kind == "granted" and middle[0] in ON_AVERAGE)
        of = tuple(fact.n for fact in facts)
        self.facts[n] = Fact(int(n), low, high, sign == "<", frozenset(by), average, of, words)

    def _granted(self, middle: list[Any], _: Tree) -> tuple[Any, ...]:
        name, *values = middle or [""]
        if not isinstance(name, str) or name not in _TABLE or len(_TABLE[name][0]) != len(values):
            raise Refused(f"there is no schema {text(name)} of {len(values)} things")
        parameters, needs, stated, words = _TABLE[name]
        places = {
            f"${key}": self._substituted(kind, value) for (key, kind), value in zip(parameters, values, strict=True)
        }
        if name == "descent":
            L, smooth, to, step = nodes(STEPS[values[0]])
            places |= {"$L": L, "$smooth": smooth, "$to": to, "$step": step}
        sign, low, high = self._stated(_filled(nodes(stated)[0], places), self.every)
        by = [self._assumption(_filled(node, places)) for node in nodes(needs)]
        return ("-", high, low), sign == "<", by, (), f"{' '.join(map(text, middle))}: {words}"

    def _substituted(self, kind: str, node: Any) -> Any:
        """What is put into a schema: a vector, one that is not drawn, a number, or one of several names."""
        if kind in ("vector", "fixed"):
            parts = self.reader.vector(self._of(tree(node), self.every))
            if any(draws(c) for c in parts.values()):
                raise Refused(f"the numbers in {text(node)} must not depend on what is drawn, or on W")
            if kind == "fixed" and any(VECTORS[one] or is_projected for one, is_projected in parts):
                raise Refused(f"{text(node)} must be a vector that is not drawn")
        elif kind == "constant":
            self._fixed(self._of(tree(node), self.every), time=True)
        elif node not in (STEPS if kind == "steps" else kind.split(",")):
            raise Refused(f"{text(node)} must be one of {kind}")
        return node

    def _assumed(self, middle: list[Any], statement: Tree) -> tuple[Any, ...]:
        (node,) = middle
        of = tree(node) if node[0] in SIGNS else self._assumption(node)
        if node[0] in SIGNS:  # perhaps for a while
            self._of(of, self.constant | self.local.keys())
            for each in of[1:]:
                self._signs(self.holding - {of}).check(each)
        elif of not in self.given:
            raise Refused(f"this is not given: {said(of)}")
        for sign, low, high in inequalities(of):
            if sign == statement[0] and self._same(("-", high, low), ("-", statement[2], statement[1])):
                return ("-", high, low), sign == "<", [of], (), f"assumed: {said(of)}"
        raise Refused(f"this is not what is assumed: {said(of)}")

    def _sum(self, middle: list[Any], _: Tree) -> tuple[Any, ...]:
        """Products of facts with positive numbers, added; /n is the inverse of a strict fact."""
        terms, facts, strict = [], [], False
        for c, *words in middle:
            factors = [(self._named(word.removeprefix("/")), word.startswith("/")) for word in words]
            drawn = [fact for fact, _ in factors if draws(self.reader.value(fact.number))]
            if tree(c) <= 0 or any(inverse and not fact.strict for fact, inverse in factors):
                raise Refused("a fact is taken a positive number of times, and divided by if it is strict")
            if any(fact.average for fact, inverse in factors if inverse or len(drawn) > 1):
                raise Refused("what is true on average is multiplied by what depends on W")
            strict = strict or all(fact.strict for fact, _ in factors)
            numbers = (("/", Fraction(1), fact.number) if inverse else fact.number for fact, inverse in factors)
            terms.append(("*", tree(c), *numbers))
            facts += [fact for fact, _ in factors]
        return ("+", *terms), strict, resting(facts), facts, ""

    # Rules.
    def _rule(self, middle: list[Any], statement: Tree) -> tuple[Any, ...]:
        name, *arguments = middle
        n = len(_RULES[name][0].split()) - 1 if name in _RULES else int(name != "sign")
        others, facts = arguments[:n], [self._named(each) for each in arguments[n:]]
        if name in _RULES:
            low, high, strict, by = self._by_table(_RULES[name], facts, others)
        elif name in BY_HAND:
            low, high, strict, by = getattr(self, f"_by_{name}")(facts, others, statement)
        else:
            raise Refused(f"there is no rule {text(name)}")
        return ("-", high, low), strict, by, facts, f"rule {name}"

    def _by_table(self, row: Sequence[str], facts: Sequence[Fact], others: Sequence[Any]) -> tuple[Any, ...]:
        head, asked, equations, low, high, _ = row
        by = set(resting(facts))
        env: dict[str, Tree] = {}
        for key, node in zip(head.split()[1:], others, strict=True):
            if key == "start":
                *sides, rests = START[node]
                env |= zip(("x", "x+", "x0", "last"), map(parsed, sides), strict=True)
                by |= {self._assumption(each) for each in nodes(rests)}
            elif key == "at":
                env["square"] = parsed({"square_at": "(dot G G)", "scaled_at": "(dot Z Z)"}[node])
            elif key == "j" and (self.local.get(node) != "whole" or any(node in letters_of(each) for each in by)):
                raise Refused(f"{text(node)} must stand for every whole number")
            env[key] = self._fixed(self._of(tree(node), self.constant)) if key in ("push", *"abdp") else node
        for key, fact in zip(asked.split(), facts, strict=True):
            is_fixed, name = not key[0].isupper(), key.rstrip("!~")
            env[name] = (
                self._fixed(fact.number, "~" in key)
                if is_fixed
                else self._of(fact.number, self.every - ({"t"} if "~" not in asked else set()))
            )
            if "!" in key and not fact.strict:
                raise Refused(f"{name} must be known to be positive")
            if name == "STEP" and fact.average and head.startswith("drifted"):
                raise Refused("what is true on average is not true of each client")
        if "a" in env and "b" in env:
            psi = "(+ (* a gap) (* b distance) (* d (dot V V)))"
            after = f"(+ (* a (E gap_next)) (* b (E distance_next)) (* d {AFTER}))"
            env |= {"psi": self._template(nodes(psi)[0], env), "psi+": self._template(nodes(after)[0], env)}
            by |= {("known", "gap0"), ("known", "distance0"), "rac_lora_exact"}
        for equation in equations.split(";"):
            key, node = nodes(equation)
            of = self._template(node, env)
            if key == "=":
                env["rest"] = self._fixed(of, "~" in asked)
            else:
                self._asked(self._template(key, env), of, text(key))
        for each in ("a", "b", "d", "p", "push"):
            self._signs(self.holding).check(env[each]) if each in env else None
        return self._template(nodes(low)[0], env), self._template(nodes(high)[0], env), False, by

    def _template(self, node: Any, env: Mapping[str, Tree]) -> Tree:
        match node:
            case str():
                return env[node] if node in env else tree(node)
            case ["with", of, at]:
                return placed(env[of], {env.get("j", "t"): self._template(at, env)})
            case ["sum_t", of]:
                return total(self._template(of, env))
            case ["sum", "k", "K", of]:
                return ("sum", "K", self._template(of, {**env, "k": ("var", 0)}))
        head, *parts = node
        return (env.get(head, head), *(self._template(each, env) for each in parts))

    def _by_sign(self, facts: Sequence[Fact], others: Sequence[Any], statement: Tree) -> tuple[Any, ...]:
        sign, low, high = statement
        self._fixed(high, time=True)
        if low != 0 or others or any(fact.average for fact in facts):
            raise Refused("a sign is that of a number")
        if not self._signs(frozenset(), facts).holds(high, sign == "<"):
            raise Refused(f"the sign of {written(high)} does not follow from these facts")
        return low, high, sign == "<", resting(facts)

    def _by_mean(self, facts: Sequence[Fact], others: Sequence[Any], _: Tree) -> tuple[Any, ...]:
        (fact,), (draw,) = facts, others
        head = {"H": "E", "m": "mean"}[draw]
        return (head, fact.low), (head, fact.high), fact.strict, fact.by

    def _by_cases(self, facts: Sequence[Fact], others: Sequence[Any], _: Tree) -> tuple[Any, ...]:
        (one, other), (node,) = facts, others
        _, low, high = split = self._stated(node, self.constant | self.local.keys())
        self._signs(self.holding).check(low)
        self._signs(self.holding).check(high)
        self._asked(other.number, one.number, "what is true in both cases")
        return one.low, one.high, one.strict and other.strict, (one.by - {split}) | (other.by - {(">=", low, high)})

    def _by_instance(self, facts: Sequence[Fact], others: Sequence[Any], _: Tree) -> tuple[Any, ...]:
        (fact, *met), ((name, node),) = facts, others
        of = self._of(tree(node), self.constant | self.local.keys() - {name})
        if name not in self.local or (self.local[name] == "whole" and not self._signs(self.holding).is_count(of)):
            raise Refused(f"{text(name)} must be a letter that stands for any such number")
        kept = {each for each in fact.by if name not in letters_of(each)}
        by = kept.union(*(self._met(placed(each, {name: of}), met) for each in fact.by - kept))
        return placed(fact.low, {name: of}), placed(fact.high, {name: of}), fact.strict, by

    def _by_discharge(self, facts: Sequence[Fact], others: Sequence[Any], _: Tree) -> tuple[Any, ...]:
        (fact, *met), (node,) = facts, others
        asked = self._relation(node, self.constant | self.local.keys())
        return fact.low, fact.high, fact.strict, (fact.by - {asked}) | self._met(asked, met)

    def _met(self, asked: Tree, met: Sequence[Fact]) -> frozenset[Tree]:
        """What a relation rests on that facts prove."""
        by: frozenset[Tree] = frozenset()
        for sign, low, high in inequalities(asked):
            proofs = [
                each for each in met if (each.strict or sign == "<=") and self._same(each.number, ("-", high, low))
            ]
            if not proofs:
                raise Refused(f"it is not proved that {written(asked)}")
            by |= proofs[0].by
        return by

    # The end.
    def _conclude(self, fact: Fact, times_: Fact) -> None:
        _, left, bound = self.claim
        if extra := (fact.by | times_.by) - self.holding:
            raise Refused(f"this is not assumed: {'; '.join(sorted(map(said, extra)))}")
        if not times_.strict or self.claim[0] != "<=":
            raise Refused("the claim must be <=, and what it is multiplied by known to be positive")
        signs = self._signs(self.holding)
        signs.check(left)
        signs.check(bound)
        self._asked(fact.number, ("*", ("-", bound, left), times_.number), "what is proved")
        self.end = fact, times_

    def granted(self) -> Iterator[Fact]:
        """Yield the facts that the proof is made of, and those that signs in it rest on."""
        by_number = {fact.n: fact for fact in self.facts.values()}
        seen, left = set[int](), [fact.n for fact in self.end or ()] + sorted(self.used)
        while left:
            if (n := left.pop()) not in seen:
                seen.add(n)
                left += by_number[n].of
        return (by_number[n] for n in sorted(seen))


def resting(facts: Iterable[Fact]) -> frozenset[Tree]:
    """Return what facts rest on."""
    return frozenset().union(*(fact.by for fact in facts))


def inequalities(of: Tree) -> Iterator[tuple[str, Tree, Tree]]:
    """Yield each inequality that an assumption says, the smaller side first."""
    match of:
        case str():
            yield from (parsed(each) for each in CONDITIONS.get(of, ("",))[1:])
        case ("known", name, *_):
            yield "<=", Fraction(0), name  # where it need not be known it is multiplied by 0
        case (sign, *terms):
            for low, high in pairwise(terms):
                yield from [("<" if sign == "<" else "<=", low, high)] if sign in ("<=", "<", "=") else []
                yield from [("<" if sign == ">" else "<=", high, low)] if sign in (">=", ">", "=") else []


def said(of: Tree) -> str:
    """Return an assumption in words."""
    match of:
        case str():
            return f"{of}: {CONDITIONS[of][0]}" if of in CONDITIONS else of
        case ("known", name, *unless):
            return f"{name} is known" + "".join(f", unless {written(each)}" for each in unless)
    return written(of)


def _filled(node: Any, places: Mapping[str, Any]) -> Any:
    return places.get(node, node) if isinstance(node, str) else [_filled(each, places) for each in node]


def _rows(table: str) -> Iterator[list[str]]:
    for row in re.sub(r"\n +", " ", table).strip().splitlines():
        yield [cell.strip() for cell in row.split("|")]


_RULES = {row[0].split()[0]: row for row in _rows(RULES)}
_TABLE = {
    head.split()[0]: ([each.split(":") for each in head.split()[1:]], needs, stated, ", a lemma on paper: ".join(words))
    for head, needs, stated, *words in _rows(SCHEMAS)
}


def check(text_: str) -> File:
    """Check a proof, and return the file as it was read: what it takes for granted is ``granted()``.

    Raises
    ------
    Refused
        If it proves nothing; the message has the line and the first reason.
    NotAProof
        If it is no file of this format.
    """
    lines = text_.splitlines()
    if not lines or lines[0].strip() != VERSION:
        raise NotAProof(f"this is no proof: its first line must be {VERSION!r}")
    file = File(has_roots="sqrt" in text_ or "rac_lora_root_steps" in text_)
    for n, line in enumerate(lines[1:] if len(text_) <= LENGTH else ["too long"], 2):
        try:
            if line.strip() and not line.lstrip().startswith("#"):
                head, *rest = nodes(line)
                file.line(head, rest)
        except Refused as wrong:
            raise Refused(f"line {n}: {wrong}") from None
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError) as wrong:
            raise Refused(f"line {n}: it has not the parts that it must have") from wrong
    if file.end is None:
        raise Refused("the file ends before the proof does")
    return file


def report(file: File) -> Iterator[str]:
    """Yield what is proved, and what it takes for granted."""
    facts = list(file.granted())
    least = int(any(fact.words.startswith("count T:") for fact in facts))
    yield f"{file.id}, for every T >= {least}: {written(file.claim)}"
    yield from (f"  where {name} is {written(of)}" for name, (of, _) in file.reader.names.items())
    yield f"  about {file.about}; given {'; '.join(map(said, file.given))}"
    for fact in facts:
        if fact.words and not fact.words.startswith("rule"):
            rests = f" (by {', '.join(sorted(said(each).partition(':')[0] for each in fact.by))})" if fact.by else ""
            stated = written(("<" if fact.strict else "<=", fact.low, fact.high))
            yield f"  granted: {stated} [{fact.words}]{rests}"
    for name in dict.fromkeys(fact.words.removeprefix("rule ") for fact in facts if fact.words.startswith("rule ")):
        yield f"  rule {name}: {BY_HAND.get(name) or _RULES[name][-1]}"


def main(paths: Sequence[str]) -> int:
    """Check files: 0 if all are accepted, 1 if one is refused, 2 if one is no proof or cannot be read."""
    status = 0 if paths else 2
    for path in paths or ["usage: python checker.py FILE..."]:
        try:
            print("\n".join([*report(check(Path(path).read_text(encoding="utf-8"))), f"{path}: accepted"]))
        except Refused as wrong:
            status = max(status, 1)
            print(f"{path}: refused: {wrong}")
        except (NotAProof, OSError, UnicodeDecodeError) as wrong:
            status = 2
            print(f"{path}: {wrong}" if paths else path, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
