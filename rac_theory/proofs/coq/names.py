"""Identifiers of Coq for letters: what each is called in a file, and of what type it is."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from rac_theory.algebra import Let, Symbol
from rac_theory.proofs.drawn import Drawn
from rac_theory.proofs.quantities import NUMBERS, gap, gap_next, moved, moved_next
from rac_theory.statements import symbols
from rac_theory.statements.symbols import distance0

DRAWS: Mapping[str, str] = {"H": "Draw", "m": "Client", "k": "nat"}
"""What a letter may depend on beside the state W, by the name that it has, and the type of that."""

MEANS: Mapping[str, str] = {"H": "E", "m": "mean_m"}
IS_MEAN: Mapping[str, str] = {"H": "mean_is_E", "m": "mean_is_m"}
"""The names of the means over draws and over clients, and of what is assumed of them."""

NEXT: Mapping[Drawn, Drawn] = {gap_next: gap}
"""What is another letter, one step later."""

_IN_STEPS = {moved, NUMBERS["turned"], moved_next}
_TAKEN = {
    *("E", "R", "S", "W", "W0", "H", "m", "k", "t", "i", "f", "fstar", "next", "mean_m", "State", "Draw", "Client"),
    *("integrable", "add", "scal", "ip", "project", "grad", "noisy", "smooth", "most", "gains", "M", "Q_", "Q_scal"),
    *("least", "projected", "symmetric", "idempotent"),
    *("Vec", "pair", "point", "kept", "phi", "ahead", "seen", "turned", "lipschitz", "unbiased", "noise"),
    *("weigh", "at_least", "at_most"),
}
"""What a file calls other things, beside its library, of the names that ours would have."""

_USERS = "user_"
"""What begins the name of all that is not ours: no word of Coq, of its libraries or of a file does."""

_WRITTEN: Mapping[str, str] = {
    "f(W) - f*": "gap",
    "f(W_1) - f*": "gap_first",
    "f(Y) - f*": "gap_Y",
    "||V||*^2": "distance",
    "f(W^0) - f*": "gap0",
    "||V||^2": "sq_V",
    distance0.name: "distance0",
    "E[f(W^T)]": "",
    "mean_k||W_k - W||": "drift",
    moved.name: "away",
    "||H (G_m(W_k) - G_m)||": "turned",
    "sigma^2(W)": "variance",
    "zeta^2(W)": "disagreement",
    "sigma^2": "sigma2",
    "zeta^2": "zeta2",
}


class Names:
    """Gives each letter an identifier of its own."""

    def __init__(self) -> None:
        self._found: dict[object, str] = {}

    def of(self, letter: Symbol) -> str:
        """Return the identifier of a letter, the same whenever it is asked for."""
        if letter not in self._found:
            wish = _WRITTEN.get(letter.name) or _slug(letter.name)
            self._found[letter] = self.new(
                wish if isinstance(letter, Drawn) or letter.name in ours() else _USERS + wish
            )
        return self._found[letter]

    def defined(self, let: Let) -> str:
        """Return a new identifier for what a name is defined to be."""
        return self.new(let.name if let.name in ours() else _USERS + _slug(let.name), let)

    def new(self, wish: str, key: object = None) -> str:
        """Return an identifier that nothing else has, like the one that is wished for."""
        used, name, i = {*_TAKEN, *_in_library(), *self._found.values()}, wish, 1
        while name in used:
            i += 1
            name = f"{wish}_{i}"
        self._found[key if key is not None else ("", name)] = name
        return name


@cache
def library() -> str:
    """Return the library that every file begins with."""
    return files("rac_theory.proofs.coq").joinpath("library.v").read_text(encoding="utf-8")


@cache
def _in_library() -> frozenset[str]:
    """The names of what the library defines and proves."""
    return frozenset(re.findall(r"^(?:Definition|Fixpoint|Lemma|Theorem|Ltac) ([\w']+)", library(), re.MULTILINE))


_DEFINED = "rho q w W_T e kappa R Q s r a u v theta Gamma gamma_t h_T c S_T"


@cache
def ours() -> frozenset[str]:
    """Return the names of symbols, and of what our theorems define: Coq has accepted files with these."""
    letters = (symbol for symbol in vars(symbols).values() if isinstance(symbol, Symbol))
    return frozenset((*_DEFINED.split(), *(letter.name for letter in letters)))


def depends_on(letter: Drawn) -> tuple[str, ...]:
    """Return what a letter depends on beside W."""
    over = tuple(draw for draw in "Hm" if draw in letter.over)
    return (*over, "k") if letter in _IN_STEPS else over


def identifier(words: str) -> str:
    """Return the identifier of a theorem: an id such as ours, and for others a beginning that nothing else has.

    Examples
    --------
    >>> from rac_theory.proofs.coq.names import identifier
    >>> identifier("T2"), identifier("2 of mine!"), identifier("forall")
    ('T2', 'user_2_of_mine', 'user_forall')
    """
    return (
        words
        if re.fullmatch(r"T\d+\w*", words, re.ASCII)
        else _USERS + re.sub(r"[^A-Za-z0-9_]+", "_", words).strip("_")
    )


def _slug(name: str) -> str:
    """``||HG||^2`` is ``sq_HG``, ``||V||*^2`` is ``star_V``, ``||HG||`` is ``norm_HG``, ``<G,HG+>`` is ``ip_G_HG'``."""
    if name.startswith("||") and name.endswith("^2"):
        name = f"star_{name[2:-5]}" if name.endswith("*^2") else f"sq_{name[2:-3].strip('|')}"
    elif name.startswith("||"):
        name = f"norm_{name.strip('|')}"
    elif name.startswith("<"):
        name = f"ip_{name[1:-1].replace(',', '_')}"
    name = name.replace("+", "'").replace("^-1", "_inv").replace("*", "_star")
    return re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9_']+", "_", name)).strip("_") or "x"
