"""The space that a step moves in. Where a theorem has no letters but those of a step they are what they stand for, and
what is said of a step follows from what f, the draw and the inner product are.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from operator import matmul

from rac_theory.algebra import Expression, lifted
from rac_theory.proofs.drawn import Drawn, H, Vector, curve, star
from rac_theory.proofs.quantities import NUMBERS, G, G_next, Gx, Gy, M, P, V, Vz, Zy, g, gap, gap_first, gap_next, gx
from rac_theory.statements import (
    Predicate,
    Theorem,
    one_exact_step,
    plain_gaussian_rac_lora,
    rac_lora_accelerated,
    rac_lora_ef21,
    rac_lora_exact,
    rac_lora_feedback,
    rac_lora_momentum,
    rac_lora_preconditioned,
    rac_lora_stochastic,
)
from rac_theory.statements.symbols import L, alpha, distance0, gamma, gap0, lambda_0, lambda_min, momentum, s_0

_PRODUCT = """(* The space and its inner product *)
Variables (add : State -> State -> State) (scal : R -> State -> State) (ip : State -> State -> R).
Hypothesis ip_scal_l : forall c x y, ip (scal c x) y = c * ip x y.
Hypothesis ip_scal_r : forall c x y, ip x (scal c y) = c * ip x y.
Hypothesis ip_pos : forall x, 0 <= ip x x.
Variable grad : State -> State.
"""
_PROJECTION = """(* What is drawn is an orthogonal projection *)
Variable project : Draw -> State -> State.
Hypothesis symmetric : forall H x y, ip (project H x) y = ip x (project H y).
Hypothesis idempotent : forall H x, project H (project H x) = project H x.
Lemma projected H x y : ip x (project H y) = ip (project H x) (project H y).
Proof. rewrite symmetric, idempotent; reflexivity. Qed.
Hypothesis least : forall x, {lambda_min} * ip x x <= E (fun H => ip (project H x) (project H x)).
"""
_SMOOTH = "Hypothesis smooth : forall x y, f (add x y) <= f x + ip (grad x) y + {L} / 2 * ip y y.\n"
_CURVED = """Variable Q_ : State -> State.
Hypothesis Q_scal : forall c x, Q_ (scal c x) = scal c (Q_ x).
Hypothesis smooth : forall x y, f (add x y) <= f x + ip (grad x) y + 1 / 2 * ip y (Q_ y).
"""
_STEP = "Definition next (W : State) (H : Draw) := add W (scal (- {gamma}) (project H (grad W))).\n"
_EXACT = "rewrite (projected H (grad W) (grad W)) in below. "
_PROJECTED = "(scal (- gamma) (project H (grad W)))"
_BELOW = "f lies below the quadratic of curvature Q that touches it where the step begins"


@dataclass(frozen=True)
class World:
    """What is assumed, the letters that are defined in it, and why facts are true there.

    Attributes
    ----------
    about : tuple of predicate
        Which theorems are about it.
    constants : tuple of str
        The names of the constants that it needs.
    text : str
        With places for their identifiers.
    letters : mapping
        The definitions of letters at W, for H.
    proofs : mapping of str to str
        By the name of a fact, a script; ``{names}`` are the letters.
    """

    about: tuple[Predicate, ...]
    constants: tuple[str, ...]
    text: str
    letters: Mapping[object, str]
    proofs: Mapping[str, str]


STEPS: Mapping[Predicate, Vector] = {
    rac_lora_exact: V - H(G) * gamma,
    rac_lora_stochastic: V - H(g) * gamma,
    rac_lora_momentum: V - H(gx) * gamma,
    rac_lora_feedback: V - gx * gamma,
    rac_lora_ef21: V - (G - M + H(M)) * gamma,
    rac_lora_preconditioned: V - H(P) * gamma,
}
"""What W - W* is after a step, said for Coq by itself; of other algorithms no theorem needs it."""

_ahead = Vz - Zy * alpha - H(Gy) * (alpha / (s_0 * lambda_0))
MEMORY: Mapping[Predicate, tuple[Callable[[Vector, Vector], Expression], Vector, Vector, Expression]] = {
    rac_lora_momentum: (matmul, M, M * momentum + H(gx), lifted(0)),
    rac_lora_feedback: (matmul, M, M + gx - H(M + gx), lifted(0)),
    rac_lora_ef21: (matmul, M, G_next - (G - M + H(M)), 2 * L * gap0),
    rac_lora_accelerated: (star, Vz, _ahead, distance0**2 / lambda_min),
}
"""In which square what is kept from step to step is followed, what it is after a step, and what that square is at most
at first, said by itself, too."""

_PAIRS = """(* Vectors; a state is two of them, the point W and what is kept, M *)
Variable Vec : Type.
Variables (add : Vec -> Vec -> Vec) (scal : R -> Vec -> Vec) (ip : Vec -> Vec -> R).
Hypothesis ip_add_l : forall x y z, ip (add x y) z = ip x z + ip y z.
Hypothesis ip_scal_l : forall c x y, ip (scal c x) y = c * ip x y.
Hypothesis ip_sym : forall x y, ip x y = ip y x.
Hypothesis ip_pos : forall x, 0 <= ip x x.
Lemma ip_add_r x y z : ip x (add y z) = ip x y + ip x z. Proof. rewrite !(ip_sym x), ip_add_l; reflexivity. Qed.
Lemma ip_scal_r c x y : ip x (scal c y) = c * ip x y. Proof. rewrite !(ip_sym x), ip_scal_l; reflexivity. Qed.
Variables (pair : Vec -> Vec -> State) (point kept : State -> Vec).
Hypothesis point_of : forall w m, point (pair w m) = w.
Hypothesis kept_of : forall w m, kept (pair w m) = m.
(* What f is of a state is what phi is of its point *)
Variables (phi : Vec -> R) (grad : Vec -> Vec).
Hypothesis f_of : forall s, f s = phi (point s).
Hypothesis smooth : forall x y, phi (add x y) <= phi x + ip (grad x) y + {L} / 2 * ip y y.
Hypothesis lipschitz : forall x y, let d := add (grad (add x y)) (scal (-1) (grad x)) in ip d d <= {L} * {L} * ip y y.
(* What is drawn is an orthogonal projection *)
Variable project : Draw -> Vec -> Vec.
Hypothesis symmetric : forall H x y, ip (project H x) y = ip x (project H y).
Hypothesis idempotent : forall H x, project H (project H x) = project H x.
Hypothesis project_add : forall H x y, project H (add x y) = add (project H x) (project H y).
Hypothesis project_scal : forall H c x, project H (scal c x) = scal c (project H x).
Hypothesis integrable_seen : forall x y, integrable (fun H => ip x (project H y)).
Hypothesis least : forall x, {lambda_min} * ip x x <= E (fun H => ip x (project H x)).
Lemma seen H x y : ip (project H x) (project H y) = ip x (project H y).
Proof. rewrite symmetric, idempotent; reflexivity. Qed.
Lemma turned H x y : ip x (project H y) = ip y (project H x). Proof. rewrite <- symmetric; apply ip_sym. Qed.
"""
_AHEAD = """(* and with it a gradient at X = W + {shift} M *)
Variable noisy : State -> Draw -> Vec.
Definition ahead (s : State) := add (point s) (scal {shift} (kept s)).
"""
_FOLLOWED = """(* What is kept follows the gradient, as far as H sees how far it is behind *)
Definition behind (s : State) := add (grad (point s)) (scal (-1) (kept s)).
Definition followed (s : State) (H : Draw) := add (kept s) (project H (behind s)).
Lemma along s H x : ip x (followed s H) = ip x (grad (point s)) - ip x (behind s) + ip x (project H (behind s)).
Proof. unfold followed; unfold behind at 2; rewrite !ip_add_r, ip_scal_r; ring. Qed.
Lemma length s H : ip (followed s H) (followed s H) = ip (grad (point s)) (grad (point s))
  - 2 * ip (grad (point s)) (behind s) + ip (behind s) (behind s) + 2 * ip (grad (point s)) (project H (behind s))
  - ip (behind s) (project H (behind s)).
Proof.
  rewrite along, !(ip_sym (followed s H)), !along, seen, (ip_sym (behind s) (grad _)), (ip_sym (project H _) (grad _)),
    (ip_sym (project H _) (behind s)). ring.
Qed.
Definition next (s : State) (H : Draw) :=
  pair (add (point s) (scal (- {gamma}) (followed s H))) (followed s H).
Lemma behind_next s H : let b := behind (next s H) in let g := grad (point (next s H)) in
  ip b b = ip g g - 2 * ip g (followed s H) + ip (followed s H) (followed s H).
Proof.
  assert (same : kept (next s H) = followed s H) by apply kept_of. cbn zeta. unfold behind.
  rewrite same, !ip_add_l, !ip_add_r, !ip_scal_l, !ip_scal_r, (ip_sym (followed s H) (grad _)). ring.
Qed.
"""
_WITH_MOMENTUM = """Hypothesis most : forall x, E (fun H => ip x (project H x)) <= {lambda_max} * ip x x.
Lemma mean_turned x y : E (fun H => ip x (project H y)) = E (fun H => ip y (project H x)).
Proof. apply (mean_ext _ _ _ mean_is_E); [intro H; apply turned | apply integrable_seen]. Qed.
Lemma most_apart x y : - (2 * E (fun H => ip x (project H y))) + E (fun H => ip y (project H y))
  + E (fun H => ip x (project H x)) <= {lambda_max} * (- (2 * ip x y) + ip y y + ip x x).
Proof.
  pose proof (most (add y (scal (-1) x))) as known.
  assert (same : E (fun H => ip (add y (scal (-1) x)) (project H (add y (scal (-1) x))))
    = -2 * E (fun H => ip x (project H y))
      + (1 * E (fun H => ip y (project H y)) + (1 * E (fun H => ip x (project H x)) + 0))).
  {{ refine (proj2 (averages_ext _ _ _ mean_is_E _ _ _ _ (averages_cons _ _ _ mean_is_E (-2) _ _ _ (integrable_seen x y)
      (averages_cons _ _ _ mean_is_E 1 _ _ _ (integrable_seen y y)
      (averages_cons _ _ _ mean_is_E 1 _ _ _ (integrable_seen x x) (averages_const _ _ _ mean_is_E 0)))))).
    intro H. rewrite project_add, project_scal, !ip_add_l, !ip_add_r, !ip_scal_l, !ip_scal_r, (turned H y x). ring. }}
  rewrite same, !ip_add_l, !ip_add_r, !ip_scal_l, !ip_scal_r, (ip_sym y x) in known. lra.
Qed.
Hypothesis unbiased : forall s x,
  E (fun H => ip x (project H (noisy s H))) = E (fun H => ip x (project H (grad (ahead s)))).
Hypothesis noise : forall s, E (fun H => ip (noisy s H) (project H (noisy s H)))
  <= E (fun H => ip (grad (ahead s)) (project H (grad (ahead s)))) + {lambda_max} * {C}.
Definition next (s : State) (H : Draw) :=
  pair (add (point s) (scal (- {gamma}) (project H (noisy s H)))) (add (scal {b} (kept s)) (project H (noisy s H))).
"""
_WITH_FEEDBACK = """Hypothesis unbiased : forall s x, E (fun H => ip x (noisy s H)) = ip x (grad (ahead s)).
Hypothesis noise : forall s, E (fun H => ip (noisy s H) (noisy s H)) <= ip (grad (ahead s)) (grad (ahead s)) + {C}.
(* of which H is independent *)
Hypothesis least_of_sum : forall s x, {lambda_min} * E (fun H => ip (add x (noisy s H)) (add x (noisy s H)))
  <= E (fun H => ip (add x (noisy s H)) (project H (add x (noisy s H)))).
Hypothesis integrable_along : forall s x, integrable (fun H => ip x (noisy s H)).
Hypothesis integrable_square : forall s, integrable (fun H => ip (noisy s H) (noisy s H)).
Hypothesis integrable_seen_along : forall s x, integrable (fun H => ip x (project H (noisy s H))).
Hypothesis integrable_seen_square : forall s, integrable (fun H => ip (noisy s H) (project H (noisy s H))).
Lemma least_apart s x : {lambda_min} * (2 * E (fun H => ip x (noisy s H)) + E (fun H => ip (noisy s H) (noisy s H))
  + ip x x) <= 2 * E (fun H => ip x (project H (noisy s H))) + E (fun H => ip x (project H x))
  + E (fun H => ip (noisy s H) (project H (noisy s H))).
Proof.
  pose proof (least_of_sum s x) as known.
  assert (whole : E (fun H => ip (add x (noisy s H)) (add x (noisy s H)))
    = 2 * E (fun H => ip x (noisy s H)) + (1 * E (fun H => ip (noisy s H) (noisy s H)) + ip x x)).
  {{ refine (proj2 (averages_ext _ _ _ mean_is_E _ _ _ _ (averages_cons _ _ _ mean_is_E 2 _ _ _ (integrable_along s x)
      (averages_cons _ _ _ mean_is_E 1 _ _ _ (integrable_square s) (averages_const _ _ _ mean_is_E (ip x x)))))).
    intro H. rewrite !ip_add_l, !ip_add_r, (ip_sym (noisy s H) x). ring. }}
  assert (seen_whole : E (fun H => ip (add x (noisy s H)) (project H (add x (noisy s H))))
    = 2 * E (fun H => ip x (project H (noisy s H))) + (1 * E (fun H => ip x (project H x))
      + (1 * E (fun H => ip (noisy s H) (project H (noisy s H))) + 0))).
  {{ refine (proj2 (averages_ext _ _ _ mean_is_E _ _ _ _
      (averages_cons _ _ _ mean_is_E 2 _ _ _ (integrable_seen_along s x)
      (averages_cons _ _ _ mean_is_E 1 _ _ _ (integrable_seen x x)
      (averages_cons _ _ _ mean_is_E 1 _ _ _ (integrable_seen_square s) (averages_const _ _ _ mean_is_E 0)))))).
    intro H. rewrite project_add, !ip_add_l, !ip_add_r, (turned H (noisy s H) x). ring. }}
  rewrite whole, seen_whole in known. lra.
Qed.
Definition next (s : State) (H : Draw) := let v := add (kept s) (noisy s H) in
  pair (add (point s) (scal (- {gamma}) (noisy s H))) (add v (scal (-1) (project H v))).
"""
_G, _GX, _M, _NOISY_AHEAD = "(grad (point W))", "(grad (ahead W))", "(kept W)", "(noisy W H)"
_BEHIND, _LATER = "(behind W)", "(grad (point (next W H)))"
_TURNED = ", ".join(
    f"(ip_sym {x} {y})"
    for x, y in (
        *((_G, _LATER), (_BEHIND, _G), (_BEHIND, _LATER)),
        *((f"(project H {_BEHIND})", y) for y in (_G, _LATER, _BEHIND)),
    )
)
_MULTIPLIED_OUT = "rewrite ?ip_add_l, ?ip_add_r, ?ip_scal_l, ?ip_scal_r"
_YOUNG = tuple(
    f"(add (scal {of_M} (project H {_M})) (scal (- {of_GX}) (project H {_GX})))"
    for of_M, of_GX in (("(1 - b)", "lambda_max"), ("1", "1"))
)


def _seen_as(x: str, y: str) -> str:
    return f"ip {x} (project H {y})"


def _following(left: str, *more: str) -> World:
    """EF21, where Young's inequality is taken with so much of lambda_min."""
    apart = (
        f"(add (scal ({left} / 2) (add {_BEHIND} (scal (-1) (project H {_BEHIND}))))"
        f" (scal (- (1 - lambda_min)) (add {_LATER} (scal (-1) {_G}))))"
    )
    return World(
        (rac_lora_ef21,),
        ("gamma", "L", "lambda_min", *more),
        _PAIRS + _FOLLOWED,
        {
            G @ G: f"ip {_G} {_G}",
            G @ M: f"ip {_G} {_BEHIND}",
            M @ M: f"ip {_BEHIND} {_BEHIND}",
            G @ H(M): _seen_as(_G, _BEHIND),
            H(M) @ H(M): _seen_as(_BEHIND, _BEHIND),
            G_next @ G_next: f"ip {_LATER} {_LATER}",
            G_next @ G: f"ip {_LATER} {_G}",
            G_next @ M: f"ip {_LATER} {_BEHIND}",
            G_next @ H(M): _seen_as(_LATER, _BEHIND),
        },
        {
            "A square": "unfold {names}. first [apply ip_pos | pose proof (ip_pos (followed W H)) as known; "
            f"rewrite length in known; lra | pose proof (ip_pos {apart}) as known; do 3 ({_MULTIPLIED_OUT} in known); "
            f"rewrite seen, {_TURNED} in known; apply (le_from _ _ _ known); field]",
            "Smallest eigenvalue of E[H]": "apply least",
            "Descent lemma": "unfold {names}, gap. pose proof (smooth (point W) (scal (- gamma) (followed W H))) as "
            "below. rewrite ip_scal_r, ip_scal_l, ip_scal_r, along, length in below. unfold next. rewrite !f_of, "
            "point_of. lra",
            "The gradient is Lipschitz, and W+ - W = -gamma V+": "unfold {names}, next. rewrite "
            "point_of. pose proof (lipschitz (point W) (scal (- gamma) (followed W H))) as known. cbn zeta in known. "
            f"rewrite (ip_scal_l (- gamma) (followed W H)), (ip_scal_r (- gamma) (followed W H)), length in known. "
            f"{_MULTIPLIED_OUT} in known. rewrite (ip_sym {_G}) in known. apply (le_from _ _ _ (diff _ _ known)). ring",
            "step of sq_M": "intros W H. unfold {names}. pose proof (behind_next W H) as known. cbn zeta in known. "
            "rewrite known, along, length. ring.",
        },
    )


_NOISY = "(project H (noisy W H))"
_EXACTLY: dict[object, str] = {
    G @ G: "ip (grad W) (grad W)",
    H(G) @ H(G): "ip (project H (grad W)) (project H (grad W))",
}
_NOISILY: dict[object, str] = {**_EXACTLY, H(g) @ H(g): f"ip {_NOISY} {_NOISY}", G @ H(g): f"ip (grad W) {_NOISY}"}
_GRADIENT = "(* and with it a gradient *)\nVariable noisy : State -> Draw -> State.\n"
_NOISY_STEP = _STEP.replace("grad W", "noisy W H")
_LEAST = {"A square": "apply ip_pos", "Smallest eigenvalue of E[H]": "apply least"}


def _descent(step: str, exact: str = "", of_Q: str = "") -> str:
    """The script of a descent lemma, where so much is added to W."""
    return (
        f"unfold {{names}}, gap, next. pose proof (smooth W {step}) as below. "
        f"rewrite {of_Q}?ip_scal_l, ?ip_scal_r in below. {exact}lra"
    )


WORLDS = (
    World(
        (rac_lora_exact,),
        ("gamma", "L", "lambda_min"),
        _PRODUCT + _PROJECTION + _SMOOTH + _STEP,
        _EXACTLY,
        {**_LEAST, "Descent lemma": _descent(_PROJECTED, _EXACT)},
    ),
    World(
        (rac_lora_stochastic,),
        ("gamma", "L", "lambda_min"),
        _PRODUCT + _PROJECTION + _SMOOTH + _GRADIENT + _NOISY_STEP,
        _NOISILY,
        {**_LEAST, "Descent lemma": _descent(f"(scal (- gamma) {_NOISY})")},
    ),
    World(
        (rac_lora_preconditioned,),
        ("gamma", "L", "lambda_min", "a", "A"),
        _PRODUCT
        + _PROJECTION
        + _SMOOTH
        + "(* What is seen is weighed, between a and A *)\nVariable weigh : Draw -> State -> State.\n"
        + "Hypothesis at_least : forall H x, {a} * ip (project H x) (project H x) <= ip x (weigh H x).\n"
        + "Hypothesis at_most : forall H x, ip (weigh H x) (weigh H x) <= {A} * ip x (weigh H x).\n"
        + _STEP.replace("project", "weigh"),
        {
            **_EXACTLY,
            G @ H(P): "ip (grad W) (weigh H (grad W))",
            H(P) @ H(P): "ip (weigh H (grad W)) (weigh H (grad W))",
        },
        {
            **_LEAST,
            "D is at least a": "apply at_least",
            "D is at most A": "apply at_most",
            "Descent lemma": _descent(_PROJECTED.replace("project", "weigh")),
        },
    ),
    World(
        (rac_lora_exact,),
        ("gamma", "L_H", "lambda_min"),
        _PRODUCT
        + _PROJECTION
        + _CURVED
        + "Hypothesis most : forall x, E (fun H => ip (project H x) (Q_ (project H x)))\n"
        + "  <= {L_H} * E (fun H => ip (project H x) (project H x)).\n"
        + _STEP,
        {**_EXACTLY, curve(H(G), H(G)): "ip (project H (grad W)) (Q_ (project H (grad W)))"},
        {
            **_LEAST,
            "E[H Q H] <= L_H E[H], and what is projected is independent of H": "unfold {names}. "
            "apply (le_from _ _ _ (Rmult_le_pos _ _ (pow2_ge_0 gamma) (diff _ _ (most (grad W))))). ring",
            _BELOW: _descent(_PROJECTED, _EXACT, "?Q_scal, "),
        },
    ),
    World(
        (rac_lora_stochastic,),
        ("gamma", "L_H", "lambda_min"),
        _PRODUCT + _PROJECTION + _CURVED + _GRADIENT + _NOISY_STEP,
        {**_NOISILY, curve(H(g), H(g)): f"ip {_NOISY} (Q_ {_NOISY})"},
        {**_LEAST, _BELOW: _descent(f"(scal (- gamma) {_NOISY})", of_Q="?Q_scal, ")},
    ),
    World(
        (rac_lora_momentum,),
        ("gamma", "L", "lambda_min", "lambda_max", "b", "C"),
        _PAIRS + _AHEAD.replace("{shift}", "({gamma} * {b})") + _WITH_MOMENTUM,
        {
            G @ G: f"ip {_G} {_G}",
            Gx @ Gx: f"ip {_GX} {_GX}",
            G @ Gx: f"ip {_G} {_GX}",
            M @ M: f"ip {_M} {_M}",
            H(G) @ H(G): _seen_as(_G, _G),
            H(Gx) @ H(Gx): _seen_as(_GX, _GX),
            G @ H(Gx): _seen_as(_G, _GX),
            H(M) @ H(M): _seen_as(_M, _M),
            H(M) @ H(Gx): _seen_as(_GX, _M),
            G @ H(gx): _seen_as(_G, _NOISY_AHEAD),
            M @ H(gx): _seen_as(_M, _NOISY_AHEAD),
            H(gx) @ H(gx): _seen_as(_NOISY_AHEAD, _NOISY_AHEAD),
        },
        {
            "A square": "unfold {names}. first [apply ip_pos | rewrite <- seen; apply ip_pos"
            + "".join(
                f" | pose proof (ip_pos {young}) as known; {_MULTIPLIED_OUT}, ?seen in known; "
                f"rewrite (turned H {_M} {_GX}) in known; apply (le_from _ _ _ known); ring"
                for young in _YOUNG
            )
            + "]",
            "Smallest eigenvalue of E[H]": "apply least",
            "Largest eigenvalue of E[H]": f"unfold {{names}}. first [apply most | apply (most_apart {_G} {_GX})]",
            "Descent lemma": f"unfold {{names}}, gap, next. pose proof (smooth (point W) (scal (- gamma) (project H "
            f"{_NOISY_AHEAD}))) as below. {_MULTIPLIED_OUT}, seen in below. rewrite !f_of, point_of. lra",
            "The gradient is Lipschitz, and X - W = gamma b M": "unfold {names}, ahead. pose proof (lipschitz (point "
            f"W) (scal (gamma * b) {_M})) as known. cbn zeta in known. {_MULTIPLIED_OUT} in known. "
            "apply (le_from _ _ _ (diff _ _ known)). rewrite (ip_sym (grad (add _ _)) (grad (point W))). ring",
            "g is unbiased at X and independent of H": f"unfold {{names}}. first [rewrite (unbiased W {_G}); apply "
            f"Rle_refl | rewrite (unbiased W {_M}), (mean_turned {_M} {_GX}); apply Rle_refl]",
            "The inequality of noise at X": "apply noise",
            "step of sq_M": f"intros W H. unfold {{names}}, next. rewrite kept_of. {_MULTIPLIED_OUT}, seen, (ip_sym "
            f"(project H {_NOISY_AHEAD}) {_M}). ring.",
        },
    ),
    World(
        (rac_lora_feedback,),
        ("gamma", "L", "lambda_min", "C"),
        _PAIRS + _AHEAD.replace("{shift}", "{gamma}") + _WITH_FEEDBACK,
        {
            G @ G: f"ip {_G} {_G}",
            Gx @ Gx: f"ip {_GX} {_GX}",
            G @ Gx: f"ip {_G} {_GX}",
            M @ M: f"ip {_M} {_M}",
            M @ Gx: f"ip {_M} {_GX}",
            G @ gx: f"ip {_G} {_NOISY_AHEAD}",
            M @ gx: f"ip {_M} {_NOISY_AHEAD}",
            gx @ gx: f"ip {_NOISY_AHEAD} {_NOISY_AHEAD}",
            H(M) @ H(M): _seen_as(_M, _M),
            M @ H(gx): _seen_as(_M, _NOISY_AHEAD),
            H(gx) @ H(gx): _seen_as(_NOISY_AHEAD, _NOISY_AHEAD),
        },
        {
            "A square": "unfold {names}. first [apply ip_pos | pose proof (ip_pos (add (scal (lambda_min / 2) "
            f"{_M}) (scal (-1) {_GX}))) as known; {_MULTIPLIED_OUT} in known; "
            f"rewrite (ip_sym {_GX} {_M}) in known; apply (le_from _ _ _ known); field]",
            "Descent lemma": f"unfold {{names}}, gap, next. pose proof (smooth (point W) (scal (- gamma) {_NOISY_AHEAD}"
            f")) as below. {_MULTIPLIED_OUT} in below. rewrite !f_of, point_of. lra",
            "The gradient is Lipschitz, and X - W = gamma M": "unfold {names}, ahead. pose proof (lipschitz (point W) "
            f"(scal gamma {_M})) as known. cbn zeta in known. {_MULTIPLIED_OUT} in known. "
            "apply (le_from _ _ _ (diff _ _ known)). rewrite (ip_sym (grad (add _ _)) (grad (point W))). ring",
            "g is unbiased at X": f"unfold {{names}}. rewrite ?(unbiased W {_G}), ?(unbiased W {_M}); apply Rle_refl",
            "Noise at X": "apply noise",
            "Smallest eigenvalue of E[H], as g is independent of H": "apply least_apart",
            "step of sq_M": f"intros W H. unfold {{names}}, next. cbn zeta. rewrite kept_of, !project_add. "
            f"do 2 ({_MULTIPLIED_OUT}). rewrite ?seen, ?symmetric, (turned H {_NOISY_AHEAD} {_M}), "
            f"(ip_sym {_NOISY_AHEAD} {_M}). ring.",
        },
    ),
    _following("(lambda_min - 2 * gamma * mu)", "mu"),
    _following("lambda_min"),
    World(
        (one_exact_step, plain_gaussian_rac_lora),
        ("nu",),
        _PRODUCT
        + _CURVED
        + "(* What is drawn is any map *)\nVariable M : Draw -> State -> State.\n"
        + "Hypothesis gains : forall x, {nu} * ip x x\n"
        + "  <= 2 * E (fun H => ip x (M H x)) - E (fun H => ip (M H x) (Q_ (M H x))).\n"
        + "Definition next (W : State) (H : Draw) := add W (scal (- 1) (M H (grad W))).\n",
        {
            G @ G: _EXACTLY[G @ G],
            NUMBERS["moved_by_M"]: "ip (grad W) (M H (grad W))",
            NUMBERS["bent_by_M"]: "ip (M H (grad W)) (Q_ (M H (grad W)))",
            gap_first: "gap (next W H)",
        },
        {
            "There is one step": "apply Rle_refl",
            "A square": "apply ip_pos",
            "nu is the smallest eigenvalue": "unfold {names}. pose proof (gains (grad W)) as gained. lra",
            "f lies below the quadratic of curvature Q that touches it at W": _descent(
                "(scal (- 1) (M H (grad W)))", of_Q="?Q_scal, "
            ),
        },
    ),
)


class Space:
    """The world of a theorem, if it has one.

    Parameters
    ----------
    theorem : Theorem
    letters : iterable of Drawn
        All that depend on W or on a draw, of which none is a mean.
    constants : collection of str
        The names of all constants.
    """

    def __init__(self, theorem: Theorem, letters: Iterable[Drawn], constants: Collection[str]) -> None:
        needed = {*letters} - {gap, gap_next}
        chosen = (
            world
            for world in WORLDS
            if theorem.holding.intersection(world.about)
            and needed <= {*world.letters}
            and {*world.constants} <= {*constants}
        )
        self._world = next(chosen, None)

    def definition(self, letter: Drawn, name: str) -> str:
        """Return the definition of a letter; none where it is a variable."""
        if self._world is None or letter not in self._world.letters:
            return ""
        draw = " (H : Draw)" * bool(letter.over)
        return f"Definition {name} (W : State){draw} := {self._world.letters[letter]}."

    def text(self, names: Mapping[str, str], *, in_time: bool = False) -> str:
        """Return what is assumed of the space and of f, by the identifiers of constants; steps may change in time."""
        if self._world is None:
            return f"Variable next : {'nat -> ' * in_time}State -> Draw -> State."
        return self._world.text.format(**{constant: names[constant] for constant in self._world.constants})

    def script(self, name: str, names: Iterable[str]) -> str:
        """Return how facts of a name follow from what is assumed of the space, with these letters defined in it; empty
        where they are hypotheses."""
        script = "" if self._world is None else self._world.proofs.get(name, "")
        return script.format(names=", ".join(names))
