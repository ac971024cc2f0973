"""Bernoulli-LoRA, which sketches from the left or from the right by the toss of a coin: what its eigenvalues are."""

from rac_theory.algebra import Symbol, equal, symbols_of
from rac_theory.statements import Identity, Reduction, bernoulli_lora
from rac_theory.statements.symbols import lambda_max, lambda_min

p = Symbol("p", meaning="probability of a left step", unit="in [0, 1]")


def _of(end: str, mean: str, side: str) -> Symbol:
    extreme = {"min": "smallest", "max": "largest"}[end]
    return Symbol(
        f"lambda_{end}(E[{mean}])",
        rf"\lambda_{{\{end}}}(\mathrm{{E}}[{mean}])",
        meaning=f"{extreme} eigenvalue of the mean projection on the {side}",
        unit="in [0, 1]",
        side="down" if end == "min" else "up",
    )


T11 = Identity(
    id="T11",
    name="bernoulli_lora_eigenvalues",
    source="derived from the eigenvectors of a Kronecker sum; the algorithm is that of arXiv:2508.03820",
    about=bernoulli_lora,
    claims=tuple(
        equal(value, p * _of(end, "P", "left") + (1 - p) * _of(end, "R", "right"))
        for end, value in (("min", lambda_min), ("max", lambda_max))
    ),
)

REDUCTIONS = tuple(
    Reduction(subject=either, target=end, at={p: side}, because="T11, a coin that always falls on the same side")
    for either in (claim.terms[1] for claim in T11.claims)
    for side, end in zip((1, 0), symbols_of(either)[1:], strict=True)
)
