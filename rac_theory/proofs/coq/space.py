"""The space that RAC-LoRA moves in. Where a theorem has no letters but those of one step they are what they stand for,
and the descent lemma, squares and the eigenvalue of E[H] follow from what f, H and the inner product are.
"""

from collections.abc import Iterable, Mapping

from rac_theory.proofs.drawn import Drawn, H
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import G, g, gap, gap_next
from rac_theory.theorems import Theorem
from rac_theory.theorems.assumption import Predicate
from rac_theory.theorems.assumptions import rac_lora_exact, rac_lora_stochastic

_WORLD = """(* The space and its inner product; what is drawn is an orthogonal projection{and_gradient}. *)
Variables (add : State -> State -> State) (scal : R -> State -> State) (ip : State -> State -> R).
Hypothesis ip_scal_l : forall c x y, ip (scal c x) y = c * ip x y.
Hypothesis ip_scal_r : forall c x y, ip x (scal c y) = c * ip x y.
Hypothesis ip_pos : forall x, 0 <= ip x x.
Variable project : Draw -> State -> State.
Hypothesis symmetric : forall H x y, ip (project H x) y = ip x (project H y).
Hypothesis idempotent : forall H x, project H (project H x) = project H x.
Lemma projected H x y : ip x (project H y) = ip (project H x) (project H y).
Proof. rewrite symmetric, idempotent; reflexivity. Qed.

(* The function, its gradient, and a step *)
Variable grad : State -> State.{noise}
Hypothesis smooth : forall x y, f (add x y) <= f x + ip (grad x) y + {L} / 2 * ip y y.
Definition next (W : State) (H : Draw) := add W (scal (- {gamma}) (project H {moves})).
Hypothesis least : forall x, {lambda_min} * ip x x <= E (fun H => ip (project H x) (project H x)).
"""
_NOISE = "\nVariable noisy : State -> Draw -> State."

_LETTERS: Mapping[object, str] = {
    G @ G: "ip (grad W) (grad W)",
    H(G) @ H(G): "ip (project H (grad W)) (project H (grad W))",
    H(g) @ H(g): "ip (project H (noisy W H)) (project H (noisy W H))",
    G @ H(g): "ip (grad W) (project H (noisy W H))",
}
_GRADIENT: Mapping[Predicate, str] = {rac_lora_exact: "(grad W)", rac_lora_stochastic: "(noisy W H)"}


class Space:
    """What a theorem is about, if it is one step of RAC-LoRA and nothing else.

    Parameters
    ----------
    theorem : Theorem
    letters : iterable of Drawn
        All that depend on W or on a draw, of which none is a mean.
    """

    def __init__(self, theorem: Theorem, letters: Iterable[Drawn]) -> None:
        known = {*_LETTERS, gap, gap_next}
        moves = _GRADIENT.get(theorem.about)
        self.moves = moves if moves is not None and known.issuperset(letters) else ""

    def definition(self, letter: Drawn, name: str) -> str:
        """Return the definition of a letter; none where it is a variable."""
        if not self.moves or letter not in _LETTERS:
            return ""
        draw = " (H : Draw)" * bool(letter.over)
        return f"Definition {name} (W : State){draw} := {_LETTERS[letter]}."

    def world(self, names: Mapping[str, str]) -> str:
        """Return what is assumed of the space and of f, by the identifiers of gamma, L and lambda_min."""
        if not self.moves or not {"gamma", "L", "lambda_min"} <= {*names}:
            return "Variable next : State -> Draw -> State."
        is_noisy = "noisy" in self.moves
        return _WORLD.format(
            and_gradient=", and a gradient" * is_noisy, noise=_NOISE * is_noisy, moves=self.moves, **names
        )

    def proof(self, fact: Fact, names: Iterable[str]) -> str:
        """Return a script by which a fact follows from what is assumed of the space; none where it is a hypothesis."""
        if not self.moves:
            return ""
        if fact.name == "Descent lemma":
            step = f"(scal (- gamma) (project H {self.moves}))"
            exact = f" rewrite (projected H {self.moves} {self.moves}) in below." if "grad" in self.moves else ""
            unfolded = ", ".join(("gap", "next", *names))
            return (
                f"unfold {unfolded}. pose proof (smooth W {step}) as below. "
                f"rewrite ?ip_scal_l, ?ip_scal_r in below.{exact} lra"
            )
        return {"A square": "apply ip_pos", "Smallest eigenvalue of E[H]": "apply least"}.get(fact.name, "")
