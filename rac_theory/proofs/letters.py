"""The legend of a printed proof: what its letters stand for, and which squares of differences have a letter."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rac_theory.algebra import Expression, Symbol
from rac_theory.proofs.drawn import H, letter, star
from rac_theory.proofs.quantities import E, G, G_next, Gy, M, V, Vz, Zy, gbar
from rac_theory.statements.symbols import L, alpha, gamma, lambda_0, s, s_0

_after = letter("E||V - gamma HG||^2", r"\mathrm{E} \Vert V - \gamma HG \Vert^2")
off = letter("||HG - Hgbar||^2", r"\Vert HG - H \bar g \Vert^2", "H")
_off_mean = off.mean("H")
b = Symbol("b")
"""The parameter of Young's inequality."""
U, curved = G - H(G) * (gamma * L), G - V * s
_stepped = V - H(G) * gamma
_short, _off = V - G * gamma, H(G) - H(gbar)
_turned, _young = G_next - U, G_next * b - U

_told = alpha / (s_0 * lambda_0)
_behind = G_next - G + M - H(M)
_ahead, _at_Y = Vz - Zy * alpha - H(Gy) * _told, Vz - Zy

COMPOSED: Mapping[Expression, Expression] = {
    letter("||G - s V||^2", r"\Vert G - s V \Vert^2"): curved @ curved,
    letter("<G - s V,V>", r"\langle G - s V, V \rangle"): curved @ V,
    letter("||V - gamma G||^2", r"\Vert V - \gamma G \Vert^2"): _short @ _short,
    letter("E||H(V - gamma G)||^2", r"\mathrm{E} \Vert H(V - \gamma G) \Vert^2"): E(H(_short) @ H(_short)),
    _off_mean: E(_off @ _off),
    _after: E(_stepped @ _stepped),
    letter("E||G+ - U||^2", r"\mathrm{E} \Vert G_+ - U \Vert^2"): E(_turned @ _turned),
    letter("E||Vz+||*^2", r"\mathrm{E} \Vert Z_+ - W^\star \Vert_\star^2"): E(star(_ahead, _ahead)),
    letter("E||G+ - G + M - HM||^2", r"\mathrm{E} \Vert G_+ - G + M - HM \Vert^2"): E(_behind @ _behind),
    letter("||Vz - Zy||^2", r"\Vert Y - W^\star \Vert^2"): _at_Y @ _at_Y,
    letter("||Vz - Zy||*^2", r"\Vert Y - W^\star \Vert_\star^2"): star(_at_Y, _at_Y),
    letter("E||b G+ - U||^2", r"\mathrm{E} \Vert b G_+ - U \Vert^2"): E(_young @ _young),
}
"""Squares and products of differences, multiplied out."""

ACROSS: Mapping[Expression, Expression] = {
    E(G @ H(V)): (V @ V + gamma**2 * E(G @ H(G)) - _after) / (2 * gamma),
    G @ H(gbar): (G @ H(G) + H(gbar) @ H(gbar) - off) / 2,
    E(G @ H(gbar)): (E(G @ H(G)) + E(H(gbar) @ H(gbar)) - _off_mean) / 2,
}
"""What only a square of a difference has in it, by that square: how what was computed is written."""

_MEANINGS: Sequence[tuple[str, str, str]] = (
    (r"W\+", "W+", "the next W"),
    (r"W_1", "W_1", "the point after the first inner step"),
    (r"W_k", "W_k", "the point of a client m after k steps"),
    (r"G(?![_+xy])|Z(?!y)", "G", "the gradient of f at W"),
    (r"G\+", "G+", "that at W+"),
    (r"\bU\b", "U", "G - gamma L HG"),
    (r"Z(?!y)", "Z", "G times the root of the step gamma_t that is taken from W"),
    (r"H_i", "H_i", "the projection on block i"),
    (r"G_i", "G_i", "that where block i has its turn, {H_i G_i} the list of its parts"),
    (r"G_m", "G_m", "the gradient of a client m at W"),
    (r"G_mi", "G_mi", "that of a component i of its"),
    (r"Gx", "Gx", "that at X = W + gamma b M (b = 1: error feedback)"),
    (r"gx", "gx", "the gradient that is drawn at X"),
    (r"Gy", "Gy", "the gradient at Y = (W + alpha Z)/(1 + alpha)"),
    (r"Vz", "Vz", "Z - W*"),
    (r"Zy", "Zy", "Z - Y"),
    (r"(?<![A-Za-z_])H?M(?=[|,>])", "M", "what is kept from step to step; of EF21, how far that is behind G"),
    (r"g(?!bar|hat|x)", "g", "the gradient that is drawn at W"),
    (r"gbar", "gbar", "the mean of the gradients of the steps under one H"),
    (r"gbar_m", "gbar_m", "that of the steps of a client m"),
    (r"ghat", "ghat", "the mean of the gbar_m of those that take part, by their shares over their chances"),
    (r"P\b", "P", "what D makes of the gradient at W: HP is B D B'G"),
    (r"N\(", "N", "the norm in which steps are the steepest, by its dual"),
    (r"V(?![+z])", "V", "W - W*"),
    (r"V\+", "V+", "W+ - W*"),
    (r"H(?!bar)", "H", "the projection of the step from W"),
    (r"QH", "Q", "what bounds the curvature of f, an operator"),
    (r"B", "B", "the factor that is drawn"),
    (r"Hbar|\|\*", "Hbar", "E[H]"),
    (r"\|\*", "||V||*^2", "<V,Hbar^-1 V>"),
    (r"sigma\^2\(W\)", "sigma^2(W)", "the variance of the components' gradients at W"),
    (r"sigma_H", "sigma_H^2", "that of their projections"),
    (r"zeta\^2\(W\)", "zeta^2(W)", "the variance of the clients' gradients at W"),
    (r"zeta_H", "zeta_H^2", "that of their projections"),
    (r"E[\[|<]", "E", "the mean over all that is drawn after W"),
    (r"mean\[", "mean", "the mean over clients"),
    (r"mean_m\|", "mean_m", "the mean over clients, by their shares"),
    (r"mean_mi", "mean_mi", "that over their components, too"),
    (r"mean_k", "mean_k", "the mean over the steps k < K"),
)
"""How a letter is found, how it is written, and what it is."""


def legend(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each letter that occurs in names of numbers, with what it stands for."""
    text = " ".join(names).replace("gamma", "")
    for pattern, written, meaning in _MEANINGS:
        if re.search(pattern, text.replace("sigma", "") if written == "g" else text):
            yield written, meaning
