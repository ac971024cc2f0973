"""The space that a step moves in. Where a theorem has no letters but those of a step they are what they stand for, and
what is said of a step follows from what f, the draw and the inner product are.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from rac_theory.proofs.drawn import Drawn, H, Vector
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.quantities import NUMBERS, G, M, V, g, gap, gap_first, gap_next, gx
from rac_theory.statements import (
    Predicate,
    Theorem,
    one_exact_step,
    plain_gaussian_rac_lora,
    rac_lora_exact,
    rac_lora_momentum,
    rac_lora_stochastic,
)
from rac_theory.statements.symbols import gamma, momentum

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
_DESCENT = (
    "unfold {names}, gap, next. pose proof (smooth W {step}) as below. "
    "rewrite ?Q_scal, ?ip_scal_l, ?ip_scal_r in below. {exact}lra"
)
_DESCENT_WITHOUT_Q = _DESCENT.replace("?Q_scal, ", "")
_EXACT = "rewrite (projected H (grad W) (grad W)) in below. "
_PROJECTED = "(scal (- {gamma}) (project H (grad W)))"
_BELOW = "f lies below the quadratic of curvature Q that touches it at W"


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
}
"""What W - W* is after a step, said for Coq by itself; of other algorithms no theorem needs it."""

MEMORY: Mapping[Predicate, tuple[Vector, Vector]] = {rac_lora_momentum: (M, M * momentum + H(gx))}
"""What is kept from step to step, and what that is after a step, said by itself, too."""

_SQUARE, _SEEN = "ip (grad W) (grad W)", "ip (project H (grad W)) (project H (grad W))"
_NOISY = "(project H (noisy W H))"
_GRADIENT = "(* and with it a gradient *)\nVariable noisy : State -> Draw -> State.\n"
_NOISY_STEP = _STEP.replace("grad W", "noisy W H")
_LEAST = {"A square": "apply ip_pos", "Smallest eigenvalue of E[H]": "apply least"}
WORLDS = (
    World(
        (rac_lora_exact,),
        ("gamma", "L", "lambda_min"),
        _PRODUCT + _PROJECTION + _SMOOTH + _STEP,
        {G @ G: _SQUARE, H(G) @ H(G): _SEEN},
        {**_LEAST, "Descent lemma": _DESCENT_WITHOUT_Q.replace("{exact}", _EXACT).replace("{step}", _PROJECTED)},
    ),
    World(
        (rac_lora_stochastic,),
        ("gamma", "L", "lambda_min"),
        _PRODUCT + _PROJECTION + _SMOOTH + _GRADIENT + _NOISY_STEP,
        {
            G @ G: _SQUARE,
            H(G) @ H(G): _SEEN,
            H(g) @ H(g): f"ip {_NOISY} {_NOISY}",
            G @ H(g): f"ip (grad W) {_NOISY}",
        },
        {
            **_LEAST,
            "Descent lemma": _DESCENT_WITHOUT_Q.replace("{exact}", "").replace(
                "{step}", f"(scal (- {{gamma}}) {_NOISY})"
            ),
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
        {G @ G: _SQUARE, H(G) @ H(G): _SEEN, NUMBERS["bent"]: "ip (project H (grad W)) (Q_ (project H (grad W)))"},
        {
            **_LEAST,
            "E[H Q H] <= L_H E[H]": "apply most",
            _BELOW: _DESCENT.replace("{exact}", _EXACT).replace("{step}", _PROJECTED),
        },
    ),
    World(
        (rac_lora_stochastic,),
        ("gamma", "L_H", "lambda_min"),
        _PRODUCT + _PROJECTION + _CURVED + _GRADIENT + _NOISY_STEP,
        {
            G @ G: _SQUARE,
            H(G) @ H(G): _SEEN,
            H(g) @ H(g): f"ip {_NOISY} {_NOISY}",
            G @ H(g): f"ip (grad W) {_NOISY}",
            NUMBERS["bent_by_noise"]: f"ip {_NOISY} (Q_ {_NOISY})",
        },
        {**_LEAST, _BELOW: _DESCENT.replace("{exact}", "").replace("{step}", f"(scal (- {{gamma}}) {_NOISY})")},
    ),
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
            G @ G: _SQUARE,
            NUMBERS["moved_by_M"]: "ip (grad W) (M H (grad W))",
            NUMBERS["bent_by_M"]: "ip (M H (grad W)) (Q_ (M H (grad W)))",
            gap_first: "gap (next W H)",
        },
        {
            "There is one step": "apply Rle_refl",
            "A square": "apply ip_pos",
            "nu is the smallest eigenvalue": "unfold {names}. pose proof (gains (grad W)) as gained. lra",
            _BELOW: _DESCENT.replace("{exact}", "").replace("{step}", "(scal (- 1) (M H (grad W)))"),
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
        found = (
            one
            for one in WORLDS
            if theorem.holding.intersection(one.about) and needed <= {*one.letters} and {*one.constants} <= {*constants}
        )
        self._world = next(found, None)

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
        return self._world.text.format(**{one: names[one] for one in self._world.constants})

    def stepped(self, letter: str, names: Iterable[str]) -> str:
        """Return a script by which the square of a vector after a step is what it is; none where it is a hypothesis."""
        script = "" if self._world is None else self._world.proofs.get(f"step of {letter}", "")
        return script.format(names=", ".join(names)) if script else ""

    def proof(self, fact: Fact, names: Iterable[str]) -> str:
        """Return a script by which a fact follows from what is assumed of the space; none where it is a hypothesis."""
        script = "" if self._world is None else self._world.proofs.get(fact.name, "")
        return script.format(names=", ".join(names), gamma="gamma") if script else ""
