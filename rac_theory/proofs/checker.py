"""Check proofs again that are written as files, with the standard library alone: ``python checker.py FILE...``.

It shares no line with the kernel that makes proofs. Nothing in a file is believed but its theorem, which is printed:
each fact is an instance of a schema of the table below, or is computed from earlier facts, and is then compared with
what the file says of it. What must be trusted is this program, the table, and the words that it prints.

Why a comparison is enough. An expression becomes a polynomial in letters, some of which are one over a polynomial;
bound variables have no names. Two expressions are called equal if the difference is zero after all divisors are
multiplied out. Where both are defined, which is shown of each that is read (no divisor is zero, no root is of what is
negative, an exponent is a whole number), they are then equal: polynomials that are identical have equal values, and
what is divided by is not zero. Only two steps need more: ``1 + b + ... + b^(n-1) = (b^n - 1) / (b - 1)`` says nothing
at ``b = 1``, nor does ``b^(T-1) = b^T / b`` at ``b = 0``. There both sides are limits of themselves at letters nearby,
as both are continuous. In a file with roots, whose arguments might leave no room nearby, sums of powers stay as they
are, and such a b must be positive. Letters that depend on a draw, or on W, are letters like others.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache, cached_property, partial, reduce
from itertools import accumulate, pairwise, takewhile
from pathlib import Path
from string import Template
from typing import Any, NamedTuple, TypeAlias

VERSION = "rac-theory proof 1"
DEPTH, EXPONENT, TERMS, BITS, LENGTH = 60, 60, 5_000, 5_000, 1_000_000
"""Beyond these a file is refused at once: levels of brackets, exponents, terms, bits of a number, characters."""

Tree: TypeAlias = Any  # a Fraction, a letter's name, or a tuple of an operation and its parts


class Refused(ValueError):
    """What is not proved, and why."""


class NotAProof(ValueError):
    """What is no file of this format."""


def ask(is_so: object, why: str, *of: Tree) -> None:
    """Refuse what is not so, and say why of which expressions."""
    if not is_so:
        raise Refused(why.format(*map(written, of)) if of else why)


# The table: what is taken for granted. W is the iterate, W+ the next; G = grad f(W), Gp that at W+; V = W - W*; M what
# is kept, of EF21 G less that; Gx = grad f(X) for X = W + gamma b M (error feedback: b = 1), gx that which is drawn; of
# a second point Z, Vz = Z - W*, Gy = grad f(Y) for Y = (W + alpha Z)/(1 + alpha), Zy = Z - Y; H the projection that is
# drawn, HP = BDB'G; E the mean over all that is drawn in a step, mean that over clients; (star u v) is <u, E[H]^-1 v>,
# (curve u v) <u, Q v>, where Q bounds f.
_CONSTANTS = (
    "T N K gamma eta t_0 L L_max L_H ell mu s lambda_min lambda_max delta momentum alpha s_0 lambda_0 gap0 gap0_upper"
    " distance0 A beta C D D_in omega sigma_squared zeta_squared bias_squared nu longest_step least_weight"
    " largest_weight norm_share span young share_of_memory young_of_memory second_young"
)
CONSTANTS = frozenset(_CONSTANTS.split())
AT_END = frozenset({"f_T", "f_star", "D_T"})  # E f(W^T), f*, and E ||W^T - W*||^2
COUNTS = frozenset({"T", "N", "K", "t"})  # whole numbers, not negative; t is the step from W
VECTORS = dict.fromkeys(("G", "V", "Z", "M", "Gx", "Gy", "Vz", "Zy"), "")
VECTORS |= dict.fromkeys(("Gp", "g", "gx", "P", "error", "gbar", "ghat"), "H")
_DRAWN = {
    "": "gap gap_Y sigma_W zeta_W squares all_squares norm",
    "H": "gap_next gap_first moved_by_M bent_by_M sigma_H zeta_H off way squares_H all_squares_H used missed norm_H",
    "Hm": "moved moved_next moved_mean own turned",
}
DRAWN = {name: draws for draws, names in _DRAWN.items() for name in names.split()}
"""Numbers that depend on W, and on which draws: H is all that is drawn in a step, m a client."""

AT = {"square_at": "(dot G G)", "scaled_at": "(dot Z Z)", "norm_at": "norm", "beside_at": "(dot Gx Gx)"}
"""What is added over t, and that at W."""
MEANT = CONSTANTS | AT_END | COUNTS | DRAWN.keys() | VECTORS.keys()

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
    "rac_lora_momentum": "L smooth gap_next (* -1 gamma (H gx))",
    "rac_lora_accelerated": "L smooth gap_next (* -1 gamma (H Gy)) gap_Y Gy",
    "rac_lora_feedback": "L smooth gap_next (* -1 gamma gx)",
    "rac_lora_ef21": "L smooth gap_next (* -1 gamma (- G (- M (H M))))",
    "rac_lora_preconditioned": "L smooth gap_next (* -1 gamma (H P))",
}
"""What a step is: the constant of the descent lemma, what says so, where it leads, what is added to W, and so to V; or
to another point, with its gap and its gradient."""

IMPLIED = {*STEPS, "rac_lora_certified", "momentum_in_links"} - {"galore_exact"}
"""The algorithms of which fresh_projection is true: each step has its own H, drawn independently of all before."""

MEMORY = {
    "rac_lora_momentum": ("M", "(+ (* momentum M) (H gx))", "(dot M M)", "0"),
    "rac_lora_feedback": ("M", "(- (+ M gx) (H (+ M gx)))", "(dot M M)", "0"),
    "rac_lora_ef21": ("M", "(+ (- Gp G) (- M (H M)))", "(dot M M)", "(* 2 L gap0)"),
    "rac_lora_accelerated": (
        *("Vz", "(- Vz (* alpha (+ Zy (/ (H Gy) (* s_0 lambda_0)))))"),
        *("(star Vz Vz)", "(/ (^ distance0 2) lambda_min)"),
    ),
}
"""What is kept from step to step, what it is a step later, its square, and what that is at most at first."""

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

# What is drawn: moved_by_M is <G, MG>, bent_by_M <MG, QMG>; gap_Y is f(Y) - f*; sigma_W and zeta_W are variances of the
# gradients of components and clients at W, squares and all_squares are means of the squares of those of clients and of
# their components; with H instead of W, of what H leaves of them. After k local steps of a client m, moved is
# ||W_k - W||, moved_mean its mean over k < K, own ||HG_m||, turned ||H (grad f_m(W_k) - G_m)||, off ||HG - Hgbar||, way
# mean_m ||Hgbar_m||^2; of blocks in turn, used is ||{H_i G_i}||, missed ||{H_i (G - G_i)}||; norm N(G), norm_H N(HG).
SCHEMAS = """
# Always
descent a:steps | $smooth $a | $to <= (+ $gap (dot $G $step) (* 1/2 $L (dot $step $step))) | Descent lemma
below_Q a:steps | smooth_along_sketch $a | $to <= (+ $gap (dot $G $step) (* 1/2 (curve $step $step))) | f lies below the
  quadratic of curvature Q that touches it where the step begins
along a:rac_lora_exact,rac_lora_stochastic,rac_lora_momentum,rac_lora_accelerated | smooth_along_sketch $a | (E (curve
  $step $step)) <= (* L_H (E (dot $step $step))) | E[H Q H] <= L_H E[H], and what is projected is independent of H
number | | 0 < 1 | A number
step_size x:gamma,eta | | 0 < $x | A step size
count x:T,N,K | | 0 < $x | A count
lambda_min | | 0 <= lambda_min | H is a projection
lambda_max | | 0 <= lambda_max | H is a projection
below_one | | lambda_min <= 1 | H is a projection
ordered | | lambda_min <= lambda_max | Eigenvalues
square v:vector | | 0 <= (dot $v $v) | A square
size x:sigma_H,zeta_H,off,own,used,missed | | 0 <= $x | A length, or a variance
maximum x:constant y:constant | | $x <= (max $x $y) | A maximum
low v:fixed | fresh_projection | (* lambda_min (dot $v $v)) <= (E (dot $v (H $v))) | Smallest eigenvalue of E[H]
high v:fixed | (known lambda_max) fresh_projection | (E (dot $v (H $v))) <= (* lambda_max (dot $v $v)) | Largest
  eigenvalue of E[H]
even v:fixed | isotropic fresh_projection | (E (dot $v (H $v))) <= (* lambda_min (dot $v $v)) | E[H] = lambda_min I
# Of f
gap_is_positive x:gap0,gap0_upper | (known $x) | 0 <= gap | f* is the infimum of f
flat | smooth | (dot G G) <= (* 2 L gap) | A gradient is as large as the gap allows
mu_below_L | smooth polyak_lojasiewicz | mu <= L | A problem's mu is at most its L
mu_below_L_max | smooth_components polyak_lojasiewicz | mu <= L_max | A problem's mu is at most its L
s_below_L | smooth strongly_convex | s <= L | s <= L
curved_is_pl | strongly_convex | (* 2 s gap) <= (dot G G) | Strong convexity implies PL
convexity | convex (known distance0) | gap <= (dot G V) | Convexity at a minimiser
cocoercive | convex smooth (known distance0) | (+ gap (/ (dot G G) (* 2 L))) <= (dot G V) | Interpolation at a minimiser
curved_cocoercive | smooth strongly_convex (known distance0) | (dot (- G (* s V)) (- G (* s V))) <= (* (- L s) (dot (- G
  (* s V)) V)) | Interpolation of f less s/2 of a square
curved_monotone | strongly_convex (known distance0) | 0 <= (dot (- G (* s V)) V) | Its gradient is monotone
curved_smooth | smooth (known distance0) | (dot (- G (* s V)) V) <= (* (- L s) (dot V V)) | Its gradient is Lipschitz
# One step with the exact gradient
even_cross | isotropic fresh_projection | (* lambda_min (dot G V)) <= (E (dot G (H V))) | E[H] = lambda_min I
# With E[H]^-1
straight v:fixed w:fixed | fresh_projection (> lambda_min 0) | (dot $v $w) <= (E (star $v (H $w))) | E[H]^-1 E[H] = I
spread v:fixed | fresh_projection (> lambda_min 0) | (* lambda_min (E (star (H $v) (H $v)))) <= (E (dot $v (H $v))) |
  E[H Hbar^-1 H] <= Hbar / lambda_min
norm_is_positive v:vector | fresh_projection (> lambda_min 0) | 0 <= (star $v $v) | A square
norm v:fixed | fresh_projection (> lambda_min 0) | (* lambda_min (star $v $v)) <= (dot $v $v) | Hbar >= lambda_min I
# The same
gap_next_is_positive | (known gap0) | 0 <= gap_next | f* is the infimum of f
remainder a:rac_lora_exact,rac_lora_momentum | $smooth $a | $to <= (+ gap (* 1/2 (dot (+ G Gp) $step)) (/ (dot (- Gp G)
  (- Gp G)) (* -4 $L)) (* 1/4 $L (dot $step $step))) | Descent lemma with its remainder: L/2 of a square, less f, is
  smooth and convex | t2
pl_next | polyak_lojasiewicz | (* 2 mu gap_next) <= (dot Gp Gp) | Polyak-Lojasiewicz inequality at W+
stays | (>= e 1) rac_lora_exact | (dot Gp Gp) <= (dot (+ (- Gp G) (* gamma L (H G))) (+ (- Gp G) (* gamma L (H G)))) |
  Where e = 1, H = I and gamma L = 1, so that U = 0 | t2
# One step of a size that is certified at W
certified | rac_lora_certified | gap_next <= (- gap (/ (dot (H Z) (H Z)) 2)) | Certificate at W
# One step with a noisy gradient
unbiased a:rac_lora_stochastic,rac_lora_root_steps,rac_lora_harmonic_steps | $a | (E (dot G (H G))) <= (E (dot G (H g)))
  | g is unbiased and independent of H
# One step with estimates of the derivatives along the range of H
small_errors | smooth rac_lora_by_differences (known bias_squared) | (dot (H error) (H error)) <= bias_squared | Errors
  of differences, by the descent lemma along each direction | t20
enough_weight | smooth structured_noise (<= (* (^ gamma 2) L A lambda_max T) 1) | (* 2 T) <= (* (if (> A 0) 4 2) (powers
  (/ 1 (+ 1 (* L A (^ gamma 2) lambda_max))) 1 T)) | The weights of short steps, as (1 + 1/T)^T >= 2 | t5
# One step of a size that depends on t
time a:rac_lora_root_steps,rac_lora_harmonic_steps | $a | 0 <= t | A count
offset a:rac_lora_root_steps,rac_lora_harmonic_steps | $a | 0 < t_0 | An offset
root_falls | rac_lora_root_steps | (* gamma (sqrt (/ t_0 (+ t t_0)))) <= gamma | None is longer than the first
# One step, or one link, with a memory
ahead | smooth rac_lora_momentum | (dot (- G Gx) (- G Gx)) <= (* (^ (* gamma L momentum) 2) (dot M M)) | The gradient is
  Lipschitz, and X - W = gamma b M
pl_ahead | smooth polyak_lojasiewicz rac_lora_momentum | (* 2 mu gap) <= (+ (dot Gx Gx) (* -2 mu gamma momentum (dot Gx
  M)) (* mu L (^ (* gamma momentum) 2) (dot M M))) | Polyak-Lojasiewicz inequality at X, and descent lemma to W
ahead_by_error | smooth rac_lora_feedback | (dot (- G Gx) (- G Gx)) <= (* (^ (* gamma L) 2) (dot M M)) | The gradient is
  Lipschitz, and X - W = gamma M
unbiased_at_X v:fixed | rac_lora_feedback | (dot $v Gx) <= (E (dot $v gx)) | g is unbiased at X
noise_at_X | structured_noise (= A 0) (<= beta 1) rac_lora_feedback | (E (dot gx gx)) <= (+ (dot Gx Gx) C) | Noise at X
low_of_sum | rac_lora_feedback | (* lambda_min (E (dot (+ M gx) (+ M gx)))) <= (E (dot (+ M gx) (H (+ M gx)))) |
  Smallest eigenvalue of E[H], as g is independent of H
unbiased_ahead v:fixed | rac_lora_momentum | (E (dot $v (H Gx))) <= (E (dot $v (H gx))) | g is unbiased at X and
  independent of H
noise_ahead | structured_noise (= A 0) (<= beta 1) rac_lora_momentum | (E (dot gx (H gx))) <= (+ (E (dot Gx (H Gx))) (*
  lambda_max C)) | The inequality of noise at X
# One step of EF21
turned_by | smooth rac_lora_ef21 | (dot (- Gp G) (- Gp G)) <= (* (^ (* gamma L) 2) (dot (- G (- M (H M))) (- G (- M (H
  M))))) | The gradient is Lipschitz, and W+ - W = -gamma V+
# One step with acceleration
behind | strongly_convex rac_lora_accelerated | gap_Y <= (+ gap (* alpha (dot Gy Zy))) | Convexity, W - Y = -alpha Zy
curved_Y | strongly_convex (known distance0) | gap_Y <= (- (dot Gy (- Vz Zy)) (* 1/2 s (dot (- Vz Zy) (- Vz Zy)))) |
  Strong convexity at a minimiser
links | smooth momentum_in_links (>= momentum 0) (<= (+ (* gamma L) (* 2 momentum)) 2) | gap_next <= (- gap (* 1/2
  gamma (- 2 (+ momentum (* gamma L))) (dot G (H G)))) | Heavy ball does not raise f and gamma b/2 of M squared | t23
# One step along a sketch
mu_below_L_H | smooth_along_sketch polyak_lojasiewicz | (* mu lambda_min) <= L_H | A step of 1/L_H does not fall below
  f* | t13
s_below_L_H | smooth_along_sketch strongly_convex fresh_projection (> lambda_min 0) | s <= L_H | s E[H] <= E[H Q H]
# Any step with a random M
weighs_least | rac_lora_preconditioned | (* least_weight (dot G (H G))) <= (dot G (H P)) | D is at least a
weighs_most | rac_lora_preconditioned | (dot (H P) (H P)) <= (* largest_weight (dot G (H P))) | D is at most A
first a:plain_or_fitted,one_exact_step | positive_gain $a | gap_first <= (+ gap (* -1 moved_by_M) (* 1/2 bent_by_M)) | f
  lies below the quadratic of curvature Q that touches it at W
first_gaussian | positive_gaussian_gain plain_gaussian_rac_lora | gap_first <= (+ gap (* -1 moved_by_M) (* 1/2
  bent_by_M)) | f lies below the quadratic of curvature Q that touches it at W
gain a:plain_or_fitted,one_exact_step | positive_gain $a | (* nu (dot G G)) <= (E (- (* 2 moved_by_M) bent_by_M)) | nu
  is the smallest eigenvalue
gain_gaussian | positive_gaussian_gain plain_gaussian_rac_lora | (* nu (dot G G)) <= (E (- (* 2 moved_by_M) bent_by_M))
  | nu is the smallest eigenvalue
later | positive_gain plain_or_fitted (< longest_step 2) | gap_next <= gap_first | No inner step rises
later_one a:plain_gaussian_rac_lora,one_exact_step | $a | gap_next <= gap_first | There is one step
mu_nu_below_1 a:positive_gain,positive_gaussian_gain | $a polyak_lojasiewicz | (* mu nu) <= 1 | A step does not fall
  below f* | t15
# An epoch
epoch_error | smooth_components rac_lora_reshuffled | (E (dot (H (- G gbar)) (H (- G gbar)))) <= (+ (* (^ s_N 2) (E (dot
  G (H G)))) (* s_N r_N (E sigma_H))) | Error of an epoch: draws without replacement, and the sums over its steps | t7
s_below_1 | smooth_components (<= (* eta N L_max) 1) | s_N < 1 | s <= e - 2 | t7
s_sign | smooth_components | 0 <= s_N | A sum of powers
r_sign | smooth_components | 0 <= r_N | A sum of powers; 0 for N = 1
simple_s | smooth_components (<= (* 2 eta N L_max) 1) | (^ s_N 2) <= (* 8/9 (^ (* eta N L_max) 2)) | s by binomials | t7
simple_r | smooth_components (<= (* 2 eta N L_max) 1) | (* s_N r_N) <= (* 4/9 (^ eta 2) (^ L_max 2) (+ N 1)) | s r by
  binomials | t7
sigma_seen | (known lambda_max) rac_lora_reshuffled | (E sigma_H) <= (* lambda_max sigma_W) | Largest eigenvalue of
  E[H], for each gradient
sigma_known | (known sigma_squared) | sigma_W <= sigma_squared | On average along the iterates
sigma_of_data | smooth_components (known D) | (+ sigma_W (dot G G)) <= (+ (* 2 L_max gap) D) | A component is bounded
  below: its gradient is as large as its gap allows | t7
# A round
local_triangle | smooth_components fed_rac_lora | moved_next <= (+ moved (* eta own) (* eta turned)) | Triangle
  inequality
local_smooth | smooth_components fed_rac_lora | turned <= (* L_max moved) | H does not lengthen, the gradient is
  Lipschitz
round_error | smooth_components fed_rac_lora | off <= (* L_max (mean moved_mean)) | Triangle inequality, the gradient is
  Lipschitz
squared_error | | (dot (H (- G gbar)) (H (- G gbar))) <= (^ off 2) | A square, multiplied out
jensen | | (^ (mean own) 2) <= (+ (dot G (H G)) zeta_H) | Jensen's inequality, over clients
s_K_sign | smooth_components | 0 <= s_K | A mean of powers
simple_s_K | | (^ s_K 2) <= a_K | Jensen's inequality, over steps
a_below_1 | smooth_components (<= (* eta K L_max) 1) | a_K < 1 | A mean of powers below an integral | t9
zeta_seen | (known lambda_max) fed_rac_lora | (E zeta_H) <= (* lambda_max zeta_W) | Largest eigenvalue of E[H], for each
  gradient
zeta_known | (known zeta_squared (= K 1)) | zeta_W <= zeta_squared | On average along the iterates; where K = 1 it is
  multiplied by 0
zeta_of_data | smooth_components (known D (= K 1)) | (+ zeta_W (dot G G)) <= (+ (* 2 L_max gap) D) | A component is
  bounded below: its gradient is as large as its gap allows; where K = 1 it is multiplied by 0 | t9
# A round of clients that are sampled
unbiased_sample | fed_rac_lora_sampled | (E (dot G (H gbar))) <= (E (dot G (H ghat))) | On average those that take part
  move as all do
sampled_square | fed_rac_lora_sampled (known omega) | (E (dot (H ghat) (H ghat))) <= (+ (E (dot (H gbar) (H gbar))) (*
  omega (E way))) | The second moment of a mean over clients that are sampled | t9rr
client_error | smooth_components fed_rac_lora_sampled | (E (dot (H (- G gbar)) (H (- G gbar)))) <= (+ (* s_K (- s_K r_K)
  (E squares_H)) (* s_K r_K (E all_squares_H))) | Error of the epoch of each client, and Jensen's inequality over
  clients | t9rr
client_length | smooth_components fed_rac_lora_sampled | (E way) <= (+ (* (+ 1 s_K) (- (+ 1 s_K) r_K) (E squares_H)) (*
  (+ 1 s_K) r_K (E all_squares_H))) | How far an epoch goes: its gradient and its error, by Young's inequality | t9rr
r_K_sign | smooth_components | 0 <= r_K | A sum of powers
r_K_below_s | smooth_components | r_K <= s_K | r <= s, term by term | t7
clients_seen | (known lambda_max) fed_rac_lora_sampled | (E squares_H) <= (* lambda_max squares) | Largest eigenvalue of
  E[H], for each gradient
components_seen | (known lambda_max) fed_rac_lora_sampled | (E all_squares_H) <= (* lambda_max all_squares) | Largest
  eigenvalue of E[H], for each gradient
clients_of_data | smooth_components (known D) | squares <= (+ (* 2 L_max gap) D) | A component is bounded below: its
  gradient is as large as its gap allows | t9rr
components_of_data | smooth_components (known D) (known D_in) | all_squares <= (+ (* 2 L_max gap) D D_in) | A component
  is bounded below: its gradient is as large as its gap allows | t9rr
# Steps along the leading subspace of the gradient at W
leading | galore_exact | (* delta (dot G G)) <= (dot G (H G)) | The largest r of min(m, n) squares
leading_later | smooth galore_exact (< 0 (* gamma L) 2) | gap_next <= gap_first | No step in that subspace rises
delta_below_1 | | delta <= 1 | A share
# The steepest step of a size, in a norm
steepest | smooth rac_lora_steepest (known span) | gap_next <= (+ gap (* -1 gamma norm_H) (* 1/2 L (^ gamma 2) span)) |
  Descent lemma, the step being as steep as one of its size can be within the range of H | t24
seen | rac_lora_steepest | (* norm_share norm) <= (E norm_H) | What H leaves of a norm | t24
# A cycle of blocks
turns | smooth_along_sketch rac_lora_in_turns | gap_next <= (- gap (* 1/2 gamma (- 2 (* gamma L_H)) (^ used 2))) |
  Descent lemma in each block, H_i Q H_i <= L_H H_i | t18
parts | rac_lora_in_turns | (dot G G) <= (^ (+ used missed) 2) | The blocks hold every direction once; triangle
  inequality
lipschitz | smooth rac_lora_in_turns | missed <= (* gamma L ell used) | The gradient is Lipschitz, moves and parts in
  orthogonal blocks add up by their squares | t18
"""
"""Its name with what may be substituted | what it rests on | what it says | why | of a lemma on paper, its page."""

ON_AVERAGE = frozenset({"sigma_known", "zeta_known"})
"""True of means over W and not at each W: they are never multiplied by what depends on W."""


# Expressions. A bound variable is ("var", n), of the n-th sum from inside; ("whole", n) is one that was opened.
_TOKEN, _NAME = re.compile(r"[()]|[^\s()]+"), re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NUMBER = re.compile(r"-?[0-9]{1,60}(/[1-9][0-9]{0,60})?\Z")
SIGNS = ("<=", "<", ">=", ">", "=")
PARTS = {"-": (1, 2), "sqrt": (1, 1), "powers": (3, 3), "if": (3, 3)}
PARTS |= dict.fromkeys(("/", "^", "dot", "star", "curve"), (2, 2)) | dict.fromkeys(("+", "*", "max"), (1, 99))
PARTS |= dict.fromkeys(("E", "mean", "H", *AT), (1, 1))
PARTS |= dict.fromkeys(SIGNS, (2, 9))


def nodes(line: str) -> list[Any]:
    """Read a line as a list of words and lists."""
    words = _TOKEN.findall(line)
    depths = list(accumulate(((word == "(") - (word == ")") for word in words), initial=0))
    ask(re.fullmatch(r"[\t -~]*", line), "what is read must be printable ASCII")  # a terminal could show another line
    ask(min(depths) >= 0 == depths[-1] and max(depths) < DEPTH, f"brackets must match, and be less than {DEPTH} deep")
    return _nested(iter(words))


def _nested(words: Iterator[str]) -> list[Any]:
    return [_nested(words) if word == "(" else word for word in takewhile(lambda token: token != ")", words)]


def text(node: Any) -> str:
    """Write what was read."""
    return node if isinstance(node, str) else f"({' '.join(map(text, node))})"


def tree(node: Any, bound: tuple[str, ...] = ()) -> Tree:
    """Read an expression, or a relation."""
    match node:
        case str() if _NUMBER.match(node):
            return Fraction(node)
        case str() if _NAME.match(node) and node not in PARTS:
            return ("var", bound.index(node)) if node in bound else node
        case ["sum", str(name), steps, term] if _NAME.match(name) and name not in {*MEANT, *PARTS} - {"t"}:
            return ("sum", tree(steps, bound), tree(term, (name, *bound)))
        case [str(head), *parts] if head in PARTS and PARTS[head][0] <= len(parts) <= PARTS[head][1]:
            return (head, *(tree(part, bound) for part in parts))
    raise Refused(f"{text(node)} is no expression")


def parsed(words: str) -> Tree:
    """Read an expression that is text."""
    return tree(nodes(words)[0])


def is_leaf(of: Tree) -> bool:
    """Whether an expression has no parts."""
    return not isinstance(of, tuple) or of[0] in ("var", "whole")


def leaves(of: Tree) -> set[Tree]:
    """Return the numbers, letters and variables in an expression."""
    return {of} if is_leaf(of) else set().union(*map(leaves, of[1:]))


def only(of: Tree, allowed: frozenset[str]) -> Tree:
    """Refuse an expression in which there is another letter."""
    strange = sorted({leaf for leaf in leaves(of) if isinstance(leaf, str)} - allowed)
    ask(not strange, f"{' '.join(strange)} must not be in {{}}", of)
    return of


def changed(of: Tree, leaf: Callable[[Tree, int], Tree], depth: int = 0) -> Tree:
    """Return an expression with others in the place of its leaves, by what they are and how many sums they are in."""
    if is_leaf(of):
        return leaf(of, depth)
    return (of[0], *(changed(part, leaf, depth + (of[0] == "sum" and i == 1)) for i, part in enumerate(of[1:])))


def placed(of: Tree, places: Mapping[Tree, Tree]) -> Tree:
    """Return an expression with closed ones in the place of letters."""
    return changed(of, lambda node, _: places.get(node, node))


def opened(term: Tree, value: Tree) -> Tree:
    """Return the term of a sum with a closed expression for its index."""
    return changed(term, lambda node, depth: value if node == ("var", depth) else node)


def any_index(term: Tree) -> Tree:
    """Return an index for the term of a sum that is no other in it."""
    numbers = [leaf[1] for leaf in leaves(term) if isinstance(leaf, tuple) and leaf[0] == "whole"]
    return ("whole", 1 + max(numbers, default=0))


def terms_of(of: Tree) -> Tree:
    """Return the number of terms of a sum, or of a sum of powers."""
    return of[1] if of[0] == "sum" else ("+", ("-", of[3], of[2]), Fraction(1))


def total(steps: Tree, of: Tree) -> Tree:
    """Return the sum over t of what is closed but for t."""
    return ("sum", steps, changed(of, lambda node, depth: ("var", depth) if node == "t" else node))


def written(of: Tree) -> str:
    """Write an expression, or a relation with its signs between its terms."""
    if is_leaf(of):
        return f"#{of[1]}" if isinstance(of, tuple) else str(of)  # no name is written so
    parts = list(map(written, of[1:]))
    return f" {of[0]} ".join(parts) if of[0] in SIGNS else f"({' '.join([of[0], *parts])})"


# Arithmetic. Values are told apart by numbers. A letter is the number of what it means; a monomial is a sorted tuple of
# pairs (letter, power), where the power of a symbolic exponent is the number of its base. All that is returned is in
# normal form: each term has the same divisors, and no root twice.
Monomial: TypeAlias = tuple[tuple[int, int], ...]
Polynomial: TypeAlias = dict[Monomial, int | Fraction]  # whole ones are int, which is faster
ATOMS = ("over", "exponent", "sum", "sqrt", "max", "if", "powers", *AT)

_values: list[Any] = []
_numbers: dict[Any, int] = {}


def numbered(value: Any) -> int:
    """Return the number of a polynomial, or of what a letter means: equal ones have the same."""
    key = frozenset(value.items()) if isinstance(value, dict) else value
    if key not in _numbers:
        _numbers[key] = len(_values)
        _values.append(value)
    return _numbers[key]


def letter(kind: str, *meaning: Any) -> Polynomial:
    """Return a letter by what it means: its kind, and numbers of the polynomials that it is made of, or other words."""
    parts = (numbered(part) if isinstance(part, dict) else part for part in meaning)
    return {((numbered((kind, *parts)), 1),): 1}


def number(value: Fraction | int) -> Polynomial:
    """Return a number as a polynomial."""
    return {(): value.numerator if value.denominator == 1 else value} if value else {}


def is_a(kind: str, n: int) -> bool:
    """Whether a letter is of a kind."""
    return bool(_values[n][0] == kind)


ONE = number(1)
numbered(ONE)  # is 0, as a power is where a letter is not


@cache
def together(left: Monomial, right: Monomial) -> Monomial:
    """Return the product of monomials: powers of a letter add, bases of an exponent multiply."""
    powers = dict(left)
    for n, k in right:
        is_base = n in powers and is_a("exponent", n)
        powers[n] = base(times(_values[powers[n]], _values[k])) if is_base else powers.get(n, 0) + k
    return monomial(powers)


def monomial(powers: Mapping[int, int]) -> Monomial:
    """Return a product of powers."""
    return tuple(sorted((n, power) for n, power in powers.items() if power))


def _sum(terms: Iterable[tuple[Monomial, int | Fraction]]) -> Polynomial:
    result: Polynomial = {}
    for m, c in terms:
        result[m] = result.get(m, 0) + c
        if len(result) > TERMS or result[m].numerator.bit_length() > BITS:
            raise Refused(f"an expression has more than {TERMS} terms, or a number of more than {BITS} bits")
    return {m: c for m, c in result.items() if c}


def _product(p: Polynomial, q: Polynomial) -> Polynomial:
    return _sum((together(m, n), a * b) for m, a in p.items() for n, b in q.items())


def plus(*terms: Polynomial) -> Polynomial:
    """Return a sum."""
    return normal(_sum(pair for p in terms for pair in p.items()))


def minus(p: Polynomial, q: Polynomial) -> Polynomial:
    """Return a difference."""
    return plus(p, {m: -c for m, c in q.items()})


def times(*factors: Polynomial) -> Polynomial:
    """Return a product."""
    return normal(reduce(_product, factors, ONE))


def normal(p: Polynomial) -> Polynomial:
    """Put all over the same divisors, without one that cancels; put what a root is of in the place of its square."""
    composite = sorted({n for m in p for n, _ in m if _values[n][0] in ("over", "sqrt")})
    for n in composite:
        powers = {m: dict(m).get(n, 0) for m in p}
        step, most = (2, 1) if is_a("sqrt", n) else (-1, max(powers.values()))
        remaining = {m: k % 2 if step == 2 else most for m, k in powers.items()}
        if remaining != powers:
            of = {m: power(_values[_values[n][1]], (k - remaining[m]) // step) for m, k in powers.items()}
            terms = (_product({monomial({**dict(m), n: remaining[m]}): c}, of[m]) for m, c in p.items())
            return normal(_sum(pair for polynomial in terms for pair in polynomial.items()))
    c, shared, rest = content(p) if composite else (0, (), {})
    for n, k in shared:
        if is_a("over", n) and rest == _values[_values[n][1]]:
            return {monomial({**dict(shared), n: k - 1}): c}
    return p


def content(p: Polynomial) -> tuple[Fraction, Monomial, Polynomial]:
    """Return number, monomial and polynomial of which one is the product; the last is alike for all multiples."""
    terms = [dict(m) for m in p]
    shared = {}
    for n in set().union(*terms):
        powers = {term.get(n, 0) for term in terms}
        if len(powers) == 1 or not is_a("exponent", n):
            shared[n] = min(powers)
    rest = [monomial({n: term.get(n, 0) - shared.get(n, 0) for n in {*term, *shared}}) for term in terms]
    first = Fraction(p[max(zip(rest, p, strict=True))[1]])
    return first, monomial(shared), {m: number(c / first)[()] for m, c in zip(rest, p.values(), strict=True)}


def inverted(p: Polynomial) -> Polynomial:
    """Return one over a polynomial."""
    ask(p, "something is divided by zero")
    c, shared, rest = content(p)
    factors: list[Polynomial] = [number(1 / c)] if rest == ONE else [number(1 / c), letter("over", rest)]
    for n, k in shared:
        opposite = base(inverted(_values[k])) if is_a("exponent", n) else -k
        factors.append(power(_values[_values[n][1]], k) if is_a("over", n) else {((n, opposite),): 1})
    return times(*factors)


def power(p: Polynomial, n: int) -> Polynomial:
    """Return a power with a whole exponent."""
    ask(abs(n) <= EXPONENT, f"an exponent is {n}, beyond {EXPONENT}")
    return times(*[p] * n) if n >= 0 else inverted(power(p, -n))


def raised(p: Polynomial, exponent: Polynomial) -> Polynomial:
    """Return a power whose exponent is a polynomial with whole coefficients: ``b^T c^T`` is ``(b c)^T``."""
    factors: list[Polynomial] = []
    for m, c in exponent.items():
        ask(c.denominator == 1, "an exponent is not a whole number")
        of = power(p, int(c))
        (n, _), *_ = next(iter(letter("exponent", {m: 1})))
        factors.append({((n, base(of)),): 1} if m and of != ONE else of)
    return times(*factors)


def base(p: Polynomial) -> int:
    """Return the number of what is raised to a power, over one divisor."""
    below = [pair for pair in content(p)[1] if is_a("over", pair[0])] if p else []
    above = {tuple(pair for pair in m if pair not in below): c for m, c in p.items()}
    return numbered(times(above, inverted(times(*(power(_values[_values[n][1]], k) for n, k in below)))))


def within(p: Polynomial) -> frozenset[int]:
    """Return the letters in a polynomial, and in all that these are made of."""
    return frozenset().union(*(of_pair(pair) for m in p for pair in m))


@cache
def of_pair(pair: tuple[int, int]) -> frozenset[int]:
    """Return the letters in a power of a letter, but for the index of a sum."""
    kind, *parts = _values[pair[0]]
    if kind == "sum":
        n, term, index = map(_values.__getitem__, parts)
        return within(n) | (within(term) - within(index)) | {pair[0]}
    of = [part for part in parts if isinstance(part, int)] if kind in ATOMS else []
    return frozenset({pair[0]}).union(*(within(_values[n]) for n in [*of, *[pair[1]] * (kind == "exponent")]))


def drawn_in(p: Polynomial) -> set[int]:
    """Return the letters in a polynomial that depend on W, or on a draw."""
    return {n for n in within(p) if _values[n][0] in ("drawn", "mean", "vector")}


def draws(p: Polynomial) -> str:
    """Return the draws that a polynomial depends on; W is one of them."""
    return "".join(f"W{_values[n][-1]}" for n in drawn_in(p))


def mean(p: Polynomial, draw: str) -> Polynomial:
    """Return the mean over a draw, of what is linear in what is drawn."""
    terms = []
    for m, c in p.items():
        drawn = [pair for pair in m if draw in draws({(pair,): c})]
        of = {tuple(pair for pair in m if pair not in drawn): c}
        if drawn:
            kind, *_, over = _values[drawn[0][0]]
            is_linear = len(drawn) == 1 == drawn[0][1] and kind in ("drawn", "mean")
            ask(is_linear, "only of what is linear in what is drawn is the mean known")
            of = times(of, letter("mean", draw, drawn[0][0], over.replace(draw, "")))
        terms.append(of)
    return plus(*terms)


def directions(p: Polynomial) -> Iterator[tuple[str, bool, Polynomial]]:
    """Yield what a vector is a sum of: one that has a name, whether it is projected, and how much of it."""
    for m, c in p.items():
        vectors = [pair for pair in m if is_a("vector", pair[0])]
        rest = {tuple(pair for pair in m if pair not in vectors): c}
        is_vector = [k for _, k in vectors] == [1] and not has_vectors(rest)
        ask(is_vector, "what is projected, or in an inner product, is no vector")
        _, name, is_projected, _ = _values[vectors[0][0]]
        yield name, is_projected, rest


def has_vectors(p: Polynomial) -> bool:
    """Whether it is no number."""
    return any(is_a("vector", n) for n in within(p))


def inner(kind: str, u: Polynomial, v: Polynomial) -> Polynomial:
    """Return an inner product; as H = H' = H^2, <Ha, Hb> = <Ha, b> = <a, Hb>, where nothing is between them."""
    terms = []
    for a, h, p in directions(u):
        for b, k, q in directions(v):
            draw = "H" if h or k or VECTORS[a] or VECTORS[b] else ""
            of = (*sorted((a, b)), h or k) if kind == "dot" else (kind, *sorted(("H" * h + a, "H" * k + b)))
            terms.append(times(p, q, letter("drawn", *of, draw)))
    return plus(*terms)


def projected(p: Polynomial) -> Polynomial:
    """Return H of a vector."""
    return plus(*(times(c, letter("vector", name, True, "H")) for name, _, c in directions(p)))


OPERATIONS: Mapping[str, Callable[..., Polynomial]] = {
    "+": plus,
    "-": lambda p, *others: minus(p, plus(*others)) if others else minus({}, p),
    "*": times,
    "/": lambda p, q: times(p, inverted(q)),
    "^": raised,
    "E": lambda p: mean(p, "H"),
    "mean": lambda p: mean(p, "m"),
    "H": projected,
    **{kind: partial(inner, kind) for kind in ("dot", "star", "curve")},
    "max": lambda *parts: letter("max", *sorted(map(numbered, parts))),
}


class Reader:
    """Reads expressions as polynomials: names are letters, or what they stand for."""

    def __init__(self, has_roots: bool = False) -> None:
        self.names: dict[str, tuple[Tree, bool]] = {}
        self.has_roots = has_roots
        self._known: dict[Tree, Polynomial] = {}

    def value(self, of: Tree) -> Polynomial:
        """Return the polynomial that an expression of numbers is."""
        value = self.read(of)
        ask(not has_vectors(value), "{} is no number", of)
        return value

    def expanded(self, of: Tree) -> Tree:
        """Return an expression with what names stand for."""
        return changed(of, lambda leaf, _: self.expanded(self.names[leaf][0]) if self.stands(leaf) else leaf)

    def stands(self, of: Tree) -> bool:
        """Whether an expression is a name of another; r_N is never expanded."""
        return isinstance(of, str) and of in self.names and of != "r_N"

    def read(self, of: Tree) -> Polynomial:
        """Return the polynomial that a number is, or a vector."""
        if of not in self._known:
            self._known[of] = self._read(of)
        return self._known[of]

    def _read(self, of: Tree) -> Polynomial:
        match of:
            case Fraction():
                return number(of)
            case str() if self.stands(of) and not self.names[of][1]:
                return self.read(self.names[of][0])
            case str() if of in VECTORS:
                return letter("vector", of, False, VECTORS[of])
            case str():
                return letter("drawn", of, DRAWN[of]) if of in DRAWN else letter("letter", of)
            case ("whole", n):
                return letter("whole", n)
            case ("sum", steps, term):
                return self._sum(self.read(steps), term)
            case ("if", (sign, *sides), *branches) if sign in SIGNS:
                parts = [self.read(part) for part in (*sides, *branches)]
                return parts[-1] if parts[-1] == parts[-2] else letter("if", sign, *parts)
            case ("powers", *parts):
                base, first, last = map(self.read, parts)
                return times(raised(base, first), self._geometric(base, plus(minus(last, first), ONE)))
            case (head, part) if head == "sqrt" or head in AT:
                return letter(head, self.read(part))
            case (head, *parts) if head in OPERATIONS:
                return OPERATIONS[head](*map(self.read, parts))
        raise Refused(f"{written(of)} is no number")

    def _geometric(self, of: Polynomial, n: Polynomial) -> Polynomial:
        if of == ONE:
            return n
        if self.has_roots:
            return letter("powers", of, n)
        return times(minus(raised(of, n), ONE), inverted(minus(of, ONE)))

    def _sum(self, n: Polynomial, term: Tree) -> Polynomial:
        k = any_index(term)
        index, terms = self.read(k), []
        for m, c in self.read(opened(term, k)).items():
            held = tuple(pair for pair in m if within(index) <= of_pair(pair))
            free = {tuple(pair for pair in m if pair not in held): c}
            terms.append(times(free, self._series(held, index, n) if held else n))
        return plus(*terms)

    def _series(self, held: Monomial, index: Polynomial, n: Polynomial) -> Polynomial:
        (first, base), *more = held
        if not more and _values[first] == ("exponent", numbered(index)) and not within(index) <= within(_values[base]):
            return self._geometric(_values[base], n)
        return letter("sum", n, {held: 1}, index)


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
        self.reader, self.facts, self.whole, self.used = reader, facts, whole, used

    @cached_property
    def known(self) -> Mapping[int, list[tuple[bool, Monomial, bool, int]]]:
        """By a polynomial without content: the sign and the monomial that facts say it has, whether strictly, which."""
        signs: dict[int, list[tuple[bool, Monomial, bool, int]]] = {}
        for fact in self.facts:
            for expression in {fact.number, placed(fact.number, {"t": ("whole", 1)})}:  # t is every whole number
                value = self.reader.value(expression)
                if value and not draws(value) and not any(is_a("over", n) for m in value for n, _ in m):
                    c, shared, rest = content(value)
                    if rest == ONE and sum(k for _, k in shared) == 1 == len(shared):
                        shared, rest = (), {shared: 1}
                    signs.setdefault(numbered(rest), []).append((c > 0, shared, fact.strict, fact.n))
        return signs

    def holds(self, of: Tree, strict: bool = False) -> bool:
        """Whether an expression that is defined is at least zero, or positive: by its parts, or by its polynomial."""
        return self._by_parts(of, strict) or self._by_terms(self.reader.value(of), strict)

    def _by_parts(self, of: Tree, strict: bool) -> bool:
        match of:
            case str() if self.reader.stands(of):
                return self.holds(self.reader.names[of][0], strict)
            case ("+", *parts):
                return all(map(self.holds, parts)) and (not strict or any(self.holds(part, True) for part in parts))
            case ("*", *parts) | ("if", _, *parts):
                return all(self.holds(part, strict) for part in parts)
            case ("/", above, below):
                return self.holds(below, True) and self.holds(above, strict)
            case ("sqrt", _) | ("^", _, 2) if not strict:
                return True
            case ("^" | "sqrt", part, *_):
                return self.holds(part, strict)
            case ("powers", part, first, _):
                return (not strict or self.holds(terms_of(of), True)) and self.holds(part, strict and first != 0)
            case ("sum", steps, term):
                return (not strict or self.holds(steps, True)) and self.holds(opened(term, any_index(term)), strict)
            case ("max", *parts):
                return any(self.holds(part, strict) for part in parts)
        return False

    def _by_terms(self, p: Polynomial, strict: bool) -> bool:
        """Whether its terms are not negative, or a fact says the sign of it times what is positive."""
        if not p:
            return not strict
        if all(c > 0 and self._monomial(m, False) for m, c in p.items()):
            return not strict or any(self._monomial(m, True) for m in p)
        c, shared, rest = content(p)
        return rest != ONE and self._monomial(shared, strict) and self._is_known(rest, c > 0, strict)

    def _is_known(self, of: Polynomial, is_positive: bool, strict: bool) -> bool:
        for sign, shared, is_strict, n in self.known.get(numbered(of), ()):
            if sign == is_positive and (is_strict or not strict) and self._monomial(shared, not is_strict):
                self.used.add(n)
                return True
        return False

    def _monomial(self, m: Monomial, strict: bool) -> bool:
        letters = [(n, strict or k < 0) for n, k in m if is_a("exponent", n) or strict or k % 2 or k < 0]
        return all(not is_a("exponent", n) and self._letter(n, is_strict) for n, is_strict in letters)

    def _letter(self, n: int, strict: bool) -> bool:
        kind, of, *_ = _values[n]
        if kind == "over":
            return self._by_terms(_values[of], True)
        is_least = kind in ("whole", "sqrt") or (kind == "letter" and of in self.whole)
        is_known = (is_least and not strict) or self._is_known({((n, 1),): 1}, True, strict)
        return is_known or (kind == "letter" and self._by_parts(of, strict))

    def is_whole(self, of: Tree) -> bool:
        """Whether an expression is a polynomial in whole numbers, with whole coefficients."""
        value = self.reader.value(of)
        meanings = [(_values[n], k) for m in value for n, k in m]
        are_whole = (kind == "whole" or (kind == "letter" and name in self.whole) for (kind, name, *_), _ in meanings)
        return all(are_whole) and all(k > 0 for _, k in meanings) and all(c.denominator == 1 for c in value.values())

    def is_count(self, of: Tree) -> bool:
        """Whether an expression is a whole number that is not negative."""
        return self.is_whole(of) and self.holds(of)

    def is_exponent(self, of: Tree, n: Tree) -> bool:
        """Whether it is a count, or whole with a positive base; with roots no sum is a count that subtracts."""
        is_sum = min(self.reader.value(n).values(), default=1) > 0 or not self.reader.has_roots
        return (is_sum and self.is_count(n)) or (self.is_whole(n) and self.holds(of, True))

    def check(self, of: Tree) -> None:
        """Refuse an expression that may be undefined somewhere."""
        if self.reader.stands(of):
            self.check(self.reader.names[of][0])
        if is_leaf(of):
            return
        for part in of[1:] if of[0] != "sum" else (of[1], opened(of[2], any_index(of[2]))):
            self.check(part)
        match of:
            case ("/", _, n):
                ask(self.holds(n, True) or self.holds(("-", n), True), "{} is divided by and may be zero", n)
            case ("sqrt", n):
                ask(self.holds(n), "{} is under a root and may be negative", n)
            case ("^", base, n) | ("powers", base, n, _):
                ask(self.is_exponent(base, n), "{} is an exponent and not known to be a count", n)
        if of[0] in ("sum", "powers"):
            ask(self.is_count(terms_of(of)), "{} is a number of terms and not known to be a count", terms_of(of))


RULES = """
iterate start psi | STEP rho ABOVE BELOW b0 d0 m | = (- STEP (- (* rho psi) psi+)) ; ABOVE (- psi x) ;
  BELOW (- most psi) | last | (+ (* (^ rho T) psi0) (* (powers rho 0 (- T 1)) rest)) |
  psi+ <= rho psi + e, psi >= x at each W and rho >= 0 make x_T <= rho^T psi_0 + (1 + ... + rho^(T-1)) e
telescope start psi at part | STEP growth! theta ABOVE BELOW b0 d0 m | = (- STEP (- (- (* growth psi) psi+)
  (* theta (+ square (* part (dot Gx Gx)))))) ; ABOVE psi ; BELOW (- most psi) |
  (* theta (powers (/ 1 growth) 1 T) (/ (sum T (* (^ (/ 1 growth) t) (+ (at t) (* part (beside_at t)))))
  (sum T (^ (/ 1 growth) t)))) | (+ psi0 (* (powers (/ 1 growth) 1 T) rest)) |
  theta S <= g psi - psi+ + e, g > 0, psi >= 0: times w^(t+1) for w = 1/g, and added, psi between cancels
accumulate start j | STEP p | STEP (- (- (* (with p (+ j 1)) x) (* p x+)) (dot G G)) ; (with p 0) 0 |
  (sum T (square_at t)) | (* (with p T) x0) |
  S <= p(j+1) x - p(j) x+ for every j, p >= 0, p(0) = 0: the sum of S is at most p(T) x_0
gather start | STEP q theta e h~ g~ bounded SQUARES END |
  STEP (+ (- (* (+ 1 (* q h)) x) x+) (- (* e h) (* theta g (dot G G)))) ; SQUARES (dot G G) ; END x ;
  bounded (- 1 (* q (sum T h))) | (* theta bounded (sum T (* g (square_at t)))) | (+ x0 (* e (sum T h))) |
  theta g(t) S <= (1 + q h(t)) x - x+ + e h(t) at each t, 1 - q sum h >= 0: added, the largest x is bounded with it
weigh start | STEP a~ | = (- STEP (- (* a x) (* (with a (+ t 1)) x+))) | (* (with a T) last) |
  (+ (* (with a 0) x0) (sum T rest)) | a(t+1) x+ <= a(t) x + r(t) at each t, a >= 0, added: gaps between cancel
potential start psi p | STEP FALLS ABOVE c BELOW b0 d0 m | STEP (- (- psi psi+) (* c gap)) ;
  FALLS (- gap (E gap_next)) ; ABOVE (- psi (* p gap)) ; BELOW (- most psi) |
  (* (+ (* c T) p) (- f_T f_star)) | psi0 | psi+ <= psi - c x, x+ <= x, p x <= psi: added, the last x is the least
lasting start | END | END x | 0 | last | what is not negative at each W is not on average at W^T
squares at | g~ SQUARES | SQUARES square | 0 | (sum T (* g (at t))) | squares, each times what is not negative, added
drifted push | STEP growth | STEP (- (+ (* growth moved) (* push own)) moved_next) | moved_mean |
  (* (/ 1 K) (sum K (* push (powers growth 0 (- t 1)))) own) |
  x_(k+1) <= g x_k + c y, x_0 = 0, g >= 0: the mean of x over k < K is at most that of c (1 + ... + g^(k-1)) y
"""
"""One each: its name and arguments; its facts (capital letters: may depend on W, !: positive, ~: on t); what they must
be, = for what is left of a step; the smaller and the larger side of what follows; in words. x is what is followed, and
(sum n of) a sum over t < n."""

BY_HAND = {
    "sign": "the sign of a sum, product, quotient, power, root or maximum, by the signs of its parts",
    "mean": "what is true of each draw is true on average",
    "cases": "what is true if a <= b, or a < b, and if a >= b is true",
    "instance": "what is true of any number is true of one; what rests on a relation that facts prove rests on these",
}
START = {
    "gap0": ("gap", "gap0", "(- f_T f_star)"),
    "gap0_upper": ("gap", "gap0_upper", "(- f_T f_star)"),
    "distance0": ("(dot V V)", "(^ distance0 2)", "D_T"),
}
"""What is followed, by what is known at first: at W, at W^0 at most, at W^T."""


def table(text_: str) -> dict[str, list[str]]:
    """Return the cells of each row of a table, but for its headings, by the word that the row begins with."""
    lines = re.sub(r"\n +", " ", text_).strip().splitlines()
    return {row.split()[0]: [cell.strip() for cell in row.split("|")] for row in lines if not row.startswith("#")}


_RULES, _TABLE = table(RULES), table(SCHEMAS)


def filled(node: Any, env: Mapping[str, Tree]) -> Tree:
    """Read an expression of a rule, in which names stand for what is in an environment."""
    match node:
        case str():
            return env[node] if node in env else tree(node)
        case ["with", of, at]:
            return placed(env[of], {env.get("j", "t"): filled(at, env)})
        case ["sum", steps, of]:
            return total(steps, filled(of, env))
    head, *parts = node
    return (env.get(head, head), *(filled(part, env) for part in parts))


class File:
    """A file as it is checked, line by line; ``end`` has the fact that its claim is, times a positive one."""

    def __init__(self, has_roots: bool = False) -> None:
        self.reader, self.id, self.about = Reader(has_roots), "", ""
        self.claim: Tree = ()
        self.given: list[Tree] = []
        self.local: dict[str, str] = {}
        self.facts: dict[str, Fact] = {}
        self.used: set[int] = set()
        self.end: tuple[Fact, ...] = ()

    def line(self, head: Any, *rest: Any) -> None:
        """Take a line."""
        is_early = not self.facts and not self.end
        is_stated = not self.end and all((self.id, self.about, self.claim))
        match head, rest:
            case "theorem", [str(name)] if is_early and not self.id and _NAME.match(name):
                self.id = name
            case "about", [str(name)] if is_early and not self.about:
                self.about = self._assumption(name)
            case "letter", [str(name), "whole" | "number" as kind] if is_early and name not in NAMES:
                self.local[self._new(name)] = kind
            case "name" | "let", [str(name), node] if is_early:
                meaning = only(tree(node), self.constant)
                is_meant = self._new(name) not in NAMES or self._same(meaning, parsed(NAMES[name]))
                ask(is_meant, f"{name} is another number, of which facts are granted")
                self.reader.names[name] = meaning, head == "name"
            case "given", [node] if is_early and (of := self._assumption(node)) not in self.given:
                self.given.append(of)
            case "claim", [node] if is_early and not self.claim:
                self.claim = self._stated(node, self.constant | AT_END)
            case "fact", [str(n), str(kind), *middle, ":", statement] if is_stated and n == str(len(self.facts) + 1):
                self.facts[n] = self._fact(kind, middle, self._stated(statement, self.every))
            case "proof", [n, "times", m] if is_stated:
                self._conclude(self._named(n), self._named(m))
            case _:
                raise Refused("this is no line of a proof, or not in its place, or there already")

    # Names.
    @property
    def constant(self) -> frozenset[str]:
        """The names of numbers that are the same in a whole run."""
        return CONSTANTS | self.reader.names.keys()

    @property
    def lasting(self) -> frozenset[str]:
        """These, and letters that stand for others."""
        return self.constant | self.local.keys()

    @property
    def every(self) -> frozenset[str]:
        """The names of all that a fact may be about."""
        return MEANT | self.lasting

    def _new(self, name: str) -> str:
        ask(_NAME.match(name) and name not in {*self.every, *PARTS, "sum"}, f"{name} cannot be the name of another")
        return name

    def _relation(self, node: Any, allowed: frozenset[str]) -> Tree:
        of = only(tree(node), allowed)
        ask(not is_leaf(of) and of[0] in SIGNS, "{} is no relation", of)
        return of

    def _stated(self, node: Any, allowed: frozenset[str]) -> Tree:
        of = self._relation(node, allowed)
        ask(of[0] in ("<=", "<") and len(of) == 3, "{} must say that one number is at most another, or less", of)
        return of

    def _assumption(self, node: Any) -> Tree:
        match node:
            case str() if _NAME.match(re.sub(r"[.:]", "_", node)):
                return node
            case ["known", str(name), *unless] if name in CONSTANTS and len(unless) < 2:
                return ("known", name, *(self._relation(relation, self.constant) for relation in unless))
        return self._relation(node, self.constant)

    def _named(self, word: Any) -> Fact:
        ask(isinstance(word, str) and word in self.facts, f"{text(word)} is not the number of an earlier fact")
        return self.facts[word]

    # What is known.
    @property
    def holding(self) -> frozenset[Tree]:
        """What the theorem is about and assumes, and what that implies."""
        return frozenset({self.about, *self.given, *(["fresh_projection"] if self.about in IMPLIED else [])})

    def _signs(self, by: Iterable[Tree], facts: Iterable[Fact] | None = None) -> Signs:
        counts = COUNTS | {name for name, kind in self.local.items() if kind == "whole"}
        usable = [fact for fact in self.facts.values() if fact.by <= {*by}] if facts is None else facts
        return Signs(self.reader, usable, counts, self.used)

    def _defined(self, by: Iterable[Tree], *several: Tree) -> None:
        signs = self._signs(by)
        for expression in several:
            signs.check(expression)

    def _same(self, left: Tree, right: Tree) -> bool:
        """Whether two expressions are equal, with names as letters or as what they stand for."""
        of = ("-", left, right)
        return not self.reader.value(of) or not self.reader.value(self.reader.expanded(of))

    def _fixed(self, of: Tree, time: bool = False) -> Tree:
        """Refuse what a draw changes, or W; and t, unless it may be in it."""
        ask(not draws(self.reader.value(of)), "{} must not depend on what is drawn, or on W", of)
        return of if time else only(of, self.every - {"t"})

    # Facts: each way to make them gives what is not negative, whether it is positive, what that rests on, and words.
    def _fact(self, kind: str, middle: list[Any], statement: Tree) -> Fact:
        sign, low, high = statement
        facts: list[Fact] = []
        match kind, middle:
            case "granted", [str(name), *values]:
                number, strict, by, words = self._granted(name, values)
            case "assume", [node]:
                number, strict, by, words = self._assumed(node, statement)
            case "sum", products:
                facts = [self._named(word.removeprefix("/")) for _, *factors in products for word in factors]
                number, strict, by, words = *self._sum(products), resting(facts), ""
            case "rule", [str(name), *rest] if name in _RULES or name in BY_HAND:
                k = len(_RULES[name][0].split()) - 1 if name in _RULES else int(name != "sign")
                facts, words = [self._named(word) for word in rest[k:]], f"rule {name}"
                rule = self._by_table if name in _RULES else self._by_hand
                smaller, larger, strict, by = rule(name, rest[:k], facts, statement)
                number = ("-", larger, smaller)
            case _:
                raise Refused(f"{kind} is no way in which a fact is made, or there is no such rule")
        ask(strict or sign == "<=", "it is not known that the one is less than the other, but that they may be equal")
        self._defined(by | self.holding, low, high, number)
        ask(self._same(("-", high, low), number), "what is computed is {}, not {}", number, ("-", high, low))
        average = any(fact.average for fact in facts) or (kind == "granted" and middle[0] in ON_AVERAGE)
        of = tuple(fact.n for fact in facts)
        return Fact(len(self.facts) + 1, low, high, sign == "<", by, average, of, words)

    def _granted(self, name: str, values: list[Any]) -> tuple[Any, ...]:
        head, needs, stated, *words = _TABLE.get(name, ("", "", ""))
        parameters = [word.split(":") for word in head.split()[1:]]
        ask(head and len(parameters) == len(values), f"there is no schema {name} of {len(values)} things")
        places = {key: self._substituted(kind, node) for (key, kind), node in zip(parameters, values, strict=True)}
        if "$step" in stated:
            moved = [*map(text, nodes(STEPS[values[0]])), "gap", "G"]
            places |= zip(("L", "smooth", "to", "step", "gap", "G"), moved, strict=False)
        low, sign, high = nodes(Template(stated).substitute(places))
        _, low, high = self._stated([sign, low, high], self.every)
        by = frozenset(map(self._assumption, nodes(Template(needs).substitute(places))))
        return (
            ("-", high, low),
            sign == "<",
            by,
            f"{' '.join(map(text, [name, *values]))}: {', a lemma on paper: '.join(words)}",
        )

    def _substituted(self, kind: str, node: Any) -> str:
        """Return what is put into a schema: a vector, one that is not drawn, a number, or one of several names."""
        if kind in ("vector", "fixed"):
            for name, is_projected, c in directions(self.reader.read(only(tree(node), self.every))):
                ask(not draws(c), f"the numbers in {text(node)} must not depend on what is drawn, or on W")
                is_drawn = VECTORS[name] or is_projected
                ask(kind == "vector" or not is_drawn, f"{text(node)} must be a vector that is not drawn")
        elif kind == "constant":
            self._fixed(only(tree(node), self.every), time=True)
        else:
            ask(node in (STEPS if kind == "steps" else kind.split(",")), f"{text(node)} must be one of {kind}")
        return text(node)

    def _assumed(self, node: Any, statement: Tree) -> tuple[Any, ...]:
        if node[0] in SIGNS:  # perhaps for a while
            of = self._relation(node, self.lasting)
            self._defined(self.holding - {of}, *of[1:])
        else:
            of = self._assumption(node)
            ask(of in self.given, f"this is not given: {said(of)}")
        for sign, low, high in inequalities(of):
            if sign == statement[0] and self._same(("-", high, low), ("-", statement[2], statement[1])):
                return ("-", high, low), sign == "<", frozenset([of]), f"assumed: {said(of)}"
        raise Refused(f"this is not what is assumed: {said(of)}")

    def _sum(self, products: list[Any]) -> tuple[Tree, bool]:
        """Products of facts with positive numbers, added; /n is the inverse of a strict fact."""
        terms, strict = [], False
        for c, *words in products:
            factors = [(self._named(word.removeprefix("/")), word.startswith("/")) for word in words]
            is_right = tree(c) > 0 and all(fact.strict for fact, is_below in factors if is_below)
            ask(is_right, "a fact is taken a positive number of times, and divided by if it is strict")
            drawn = [fact for fact, _ in factors if draws(self.reader.value(fact.number))]
            is_right = not any(fact.average for fact, is_below in factors if is_below or len(drawn) > 1)
            ask(is_right, "what is true on average is multiplied by what depends on W")
            strict = strict or all(fact.strict for fact, _ in factors)
            numbers = (("/", Fraction(1), fact.number) if is_below else fact.number for fact, is_below in factors)
            terms.append(("*", tree(c), *numbers))
        return ("+", *terms), strict

    # Rules: each gives two sides, whether the one is less, and what that rests on.
    def _by_table(self, rule: str, arguments: Sequence[Any], facts: Sequence[Fact], _: Tree) -> tuple[Any, ...]:
        head, premises, equations, low, high, _ = _RULES[rule]
        by, env = set(resting(facts)), dict[str, Tree]()
        for key, node in zip(head.split()[1:], arguments, strict=True):
            match key:
                case "start":
                    env |= zip(("x", "x0", "last"), map(parsed, START[node]), strict=True)
                    by |= {("known", node), *(self._later("x", env) if "x+" in equations else ())}
                case "psi":
                    env[key] = tree(node)
                    by |= self._later(key, env)
                case "at":
                    env |= {key: node, "square": parsed(AT[node])}
                case "j":
                    is_any = self.local.get(node) == "whole" and not any(node in leaves(of) for of in by)
                    ask(is_any, f"{text(node)} must stand for every whole number")
                    env[key] = node
                case _:
                    env[key] = self._fixed(only(tree(node), self.constant))
                    self._defined(self.holding, env[key])
        for key, fact in zip(premises.split(), facts, strict=True):
            name = key.rstrip("!~")
            env[name] = fact.number if "~" in premises else only(fact.number, self.every - {"t"})
            if name.islower():
                self._fixed(fact.number, "~" in key)
            ask("!" not in key or fact.strict, f"{name} must be known to be positive")
            ask(rule != "drifted" or not fact.average, "what is true on average is not true of each client")
        if "psi" in env:
            by |= self._begins(env)
        for key, node in map(nodes, equations.split(";")):
            of = filled(node, env)
            if key == "=":
                env["rest"] = self._fixed(of, "~" in premises)
            else:
                ask(self._same(filled(key, env), of), f"{text(key)} must be {{}}, it is {{}}", of, filled(key, env))
        return filled(nodes(low)[0], env), filled(nodes(high)[0], env), False, frozenset(by)

    def _later(self, key: str, env: dict[str, Tree]) -> set[Tree]:
        """Put in the mean of a number after a step, by what is known of its letters then, and return who says that."""
        of, after = env[key], {"gap": ("gap_next", "")}
        for name in filter(self.holding.__contains__, MEMORY):
            after[MEMORY[name][0]] = MEMORY[name][1], name
        for name in filter(self.holding.__contains__, reversed(STEPS)):  # the first says what V is
            _, _, to, step, *elsewhere = nodes(STEPS[name])
            after |= {"V": (f"(+ V {text(step)})", name)} if to == "gap_next" and not elsewhere else {}
        letters = {leaf for leaf in leaves(of) if isinstance(leaf, str)} - self.constant
        strange = " ".join(sorted(letters - after.keys()))
        ask(not strange, f"what {strange} is after a step is not known of {self.about}")
        ask(not {"E", "mean", "H"} & {*_TOKEN.findall(written(of))}, "{} must not have in it what a step draws", of)
        self._defined(self.holding, of)
        env[f"{key}+"] = ("E", placed(of, {letter: parsed(after[letter][0]) for letter in letters}))
        return {after[letter][1] for letter in letters} - {""}

    def _begins(self, env: dict[str, Tree]) -> set[Tree]:
        """Put in what a potential is at most, and that at W^0; return what each term that it has rests on."""
        about = next(filter(self.holding.__contains__, MEMORY), "")
        first = "gap0_upper" if env["x0"] == "gap0_upper" else "gap0"
        memory = (number.replace("gap0", first) for number in MEMORY.get(about, ("0", "0"))[-2:])
        rows = ("b0", "gap", first), ("d0", "(dot V V)", "(^ distance0 2)"), ("m", *memory)
        env["most"], env["psi0"] = (("+", *(("*", env[row[0]], parsed(row[i])) for row in rows)) for i in (1, 2))
        begun = {share: parsed(at_first) for share, _, at_first in rows if self.reader.value(env[share])}
        ask(about or "m" not in begun, f"what is kept from step to step is not known of {self.about}")
        rests = {"L": "smooth", **{letter: ("known", letter) for letter in START}}  # a gradient is as L and a gap allow
        known = {rests[letter] for at_first in begun.values() for letter in rests.keys() & leaves(at_first)}
        return known | ({about} if "m" in begun else set())

    def _by_hand(self, rule: str, arguments: Sequence[Any], facts: Sequence[Fact], statement: Tree) -> tuple[Any, ...]:
        match rule, arguments, facts:
            case "sign", [], _:
                sign, low, high = statement
                self._fixed(high, time=True)
                ask(low == 0 and not any(fact.average for fact in facts), "a sign is that of a number")
                ask(self._signs((), facts).holds(high, sign == "<"), "these facts do not say the sign of {}", high)
                return low, high, sign == "<", resting(facts)
            case "mean", [draw], [fact]:
                head = {"H": "E", "m": "mean"}[draw]
                return (head, fact.low), (head, fact.high), fact.strict, fact.by
            case "cases", [node], [fact, opposite]:
                split = self._stated(node, self.lasting)
                self._defined(self.holding, *split[1:])
                ask(self._same(fact.number, opposite.number), "in both cases the same must be true")
                by = (fact.by - {split}) | (opposite.by - {(">=", *split[1:])})
                return fact.low, fact.high, fact.strict and opposite.strict, by
            case "instance", [places], [fact, *met]:
                env = {name: only(tree(node), self.lasting - {name}) for name, node in [places] * bool(places)}
                for name, of in env.items():
                    kind = self.local.get(name)
                    is_any = kind == "number" or (kind == "whole" and self._signs(self.holding).is_count(of))
                    ask(is_any, f"{text(name)} must be a letter that stands for any such number")
                relations = {of for of in fact.by if isinstance(of, tuple) and of[0] in SIGNS}  # no predicate
                low, high, *conditions = (placed(of, env) for of in (fact.low, fact.high, *relations))
                by = (fact.by - relations).union(*(self._met(relation, met) for relation in conditions))
                self._defined(by | self.holding, *env.values())
                return low, high, fact.strict, by
        raise Refused(f"{rule} needs other arguments, or facts")

    def _met(self, relation: Tree, met: Sequence[Fact]) -> frozenset[Tree]:
        """Return what a relation rests on, by facts that prove each of its inequalities; else itself."""
        proofs = []
        for sign, low, high in inequalities(relation):
            of = ("-", high, low)
            proofs += [
                next((fact for fact in met if sign in ("<=", "<"[: fact.strict]) and self._same(fact.number, of)), None)
            ]
        return resting(filter(None, proofs)) if None not in proofs else frozenset({relation})

    # The end.
    def _conclude(self, fact: Fact, factor: Fact) -> None:
        sign, left, bound = self.claim
        extra = (fact.by | factor.by) - self.holding
        ask(not extra, f"this is not assumed: {'; '.join(sorted(map(said, extra)))}")
        ask(factor.strict and sign == "<=", "the claim must be <=, and what it is multiplied by known to be positive")
        self._defined(self.holding, left, bound)
        of = ("*", ("-", bound, left), factor.number)
        ask(self._same(fact.number, of), "what is proved must be {}, it is {}", of, fact.number)
        self.end = fact, factor

    def granted(self) -> list[Fact]:
        """Return the facts that the proof is made of, and those that signs in it rest on."""
        needed = {fact.n for fact in self.end} | self.used
        for fact in reversed(self.facts.values()):
            needed |= set(fact.of) if fact.n in needed else set()
        return [fact for fact in self.facts.values() if fact.n in needed]


def resting(facts: Iterable[Fact]) -> frozenset[Tree]:
    """Return what facts rest on."""
    return frozenset().union(*(fact.by for fact in facts))


def inequalities(of: Tree) -> Iterator[tuple[str, Tree, Tree]]:
    """Yield each inequality that an assumption says, the smaller side first."""
    match of:
        case str():
            yield from (parsed(words) for words in CONDITIONS.get(of, ("",))[1:])
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
            return f"{name} is known" + "".join(f", unless {written(relation)}" for relation in unless)
    return written(of)


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
                file.line(*nodes(line))
        except Refused as wrong:
            raise Refused(f"line {n}: {wrong}") from None
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError) as wrong:
            raise Refused(f"line {n}: it has not the parts that it must have") from wrong
    ask(file.end, "the file ends before the proof does")
    return file


def report(file: File) -> Iterator[str]:
    """Yield what is proved, and what it takes for granted."""
    facts = file.granted()
    least = int(any(fact.words.startswith("count T:") for fact in facts))
    yield f"{file.id}, for every T >= {least}: {written(file.claim)}"
    yield from (f"  where {name} is {written(of)}" for name, (of, _) in file.reader.names.items())
    yield f"  about {file.about}; given {'; '.join(map(said, file.given))}"
    for fact in facts:
        if fact.words and not fact.words.startswith("rule"):
            by = ", ".join(sorted(said(assumption).partition(":")[0] for assumption in fact.by))
            stated = written(("<" if fact.strict else "<=", fact.low, fact.high))
            yield f"  granted: {stated} [{fact.words}]{f' (by {by})' if by else ''}"
    for name in dict.fromkeys(fact.words.removeprefix("rule ") for fact in facts if fact.words.startswith("rule ")):
        yield f"  rule {name}: {BY_HAND.get(name) or _RULES[name][-1]}"


def main(paths: Sequence[str]) -> int:
    """Check files: 0 if all are accepted, 1 if one is refused, 2 if one is no proof or cannot be read."""
    status = 0
    for path in paths or ["usage: python checker.py FILE..."]:
        name = path if path.isprintable() else ascii(path)  # a name could show a terminal another line
        try:
            print("\n".join([*report(check(Path(path).read_text(encoding="utf-8"))), f"{name}: accepted"]))
        except Refused as wrong:
            status = max(status, 1)
            print(f"{name}: refused: {wrong}")
        except (NotAProof, OSError, UnicodeDecodeError) as wrong:
            status = 2
            print(f"{name}: {wrong}" if paths else path, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
