"""The vectors and numbers that facts are about: they depend on W, and on what is drawn in a step from it."""

from collections.abc import Mapping

from rac_theory.algebra import Expression
from rac_theory.proofs.checker import DRAWN
from rac_theory.proofs.drawn import Drawn, Vector, averaged, letter, star, vector
from rac_theory.proofs.fact import read

VECTORS: Mapping[str, Vector] = {
    **{name: vector(name) for name in ("G", "V", "Z", "M")},
    **{name: vector(name, over="H") for name in ("g",)},
    "Gx": vector("Gx", "G_X"),
    "Gy": vector("Gy", "G_Y"),
    "Vz": vector("Vz", "(Z - W^\\star)"),
    "Zy": vector("Zy", "(Z - Y)"),
    "gx": vector("gx", "g_X", "H"),
    "P": vector("P", over="H"),
    "Gp": vector("G+", "G_+", "H"),
    "error": vector("e", over="H"),
    "gbar": vector("gbar", r"\bar g", "H"),
    "ghat": vector("ghat", r"\hat g", "H"),
}
"""By their names in files."""

_WRITTEN = r"""
gap | f(W) - f* | f(W) - f^\star
gap_next | f(W+) - f* | f(W_+) - f^\star
gap_Y | f(Y) - f* | f(Y) - f^\star
gap_first | f(W_1) - f* | f(W_1) - f^\star
moved_by_M | <G,MG> | \langle G, MG \rangle
bent_by_M | <MG,QMG> | \langle MG, QMG \rangle
sigma_H | sigma_H^2 | \sigma_H^2
sigma_W | sigma^2(W) | \sigma^2(W)
zeta_H | zeta_H^2 | \zeta_H^2
zeta_W | zeta^2(W) | \zeta^2(W)
moved | ||W_k - W|| | \Vert W_k - W \Vert
moved_next | ||W_k+1 - W|| | \Vert W_{k+1} - W \Vert
moved_mean | mean_k||W_k - W|| | \mathrm{mean}_k \Vert W_k - W \Vert
own | ||HG_m|| | \Vert H G_m \Vert
turned | ||H (G_m(W_k) - G_m)|| | \Vert H (\nabla f_m(W_k) - G_m) \Vert
off | ||HG - Hgbar|| | \Vert HG - H \bar g \Vert
way | mean_m||Hgbar_m||^2 | \mathrm{mean}_m \Vert H \bar g_m \Vert^2
squares_H | mean_m||HG_m||^2 | \mathrm{mean}_m \Vert H G_m \Vert^2
all_squares_H | mean_mi||HG_mi||^2 | \mathrm{mean}_{mi} \Vert H G_{mi} \Vert^2
squares | mean_m||G_m||^2 | \mathrm{mean}_m \Vert G_m \Vert^2
all_squares | mean_mi||G_mi||^2 | \mathrm{mean}_{mi} \Vert G_{mi} \Vert^2
used | ||{H_i G_i}|| | \Vert \{ H_i G_i \} \Vert
norm | N(G) | N(G)
norm_H | N(HG) | N(HG)
missed | ||{H_i (G - G_i)}|| | \Vert \{ H_i (G - G_i) \} \Vert
"""
NUMBERS: Mapping[str, Drawn] = {
    name: letter(text, latex, DRAWN[name], is_sum=name.startswith("gap"))
    for name, text, latex in (row.split(" | ") for row in _WRITTEN.strip().splitlines())
}
"""By their names in files; on which draws they depend is what the checker has of them."""

G, V, Z, M, g = (VECTORS[name] for name in "GVZMg")
Gx, gx, P = VECTORS["Gx"], VECTORS["gx"], VECTORS["P"]
G_next, error, gbar, ghat = (VECTORS[name] for name in ("Gp", "error", "gbar", "ghat"))
gap, gap_next, gap_first = (NUMBERS[name] for name in ("gap", "gap_next", "gap_first"))
gap_Y = NUMBERS["gap_Y"]
Gy, Vz, Zy = (VECTORS[name] for name in ("Gy", "Vz", "Zy"))
distance = star(V, V)
moved, moved_next, moved_mean, own = (NUMBERS[name] for name in ("moved", "moved_next", "moved_mean", "own"))


def E(value: Expression) -> Expression:
    """Return the mean over what is drawn in a step."""
    return averaged(read(value), "H").expression
