"""Proofs: facts that are taken for granted, rules by which others follow, what a proof is, and a search for proofs. It
uses base, drawing, algebra, algorithms and statements. It must not know any theorem or run: what is proved is proved
for every case.
"""

from rac_theory.base import answering
from rac_theory.proofs import checker, coq
from rac_theory.proofs.as_html import sections
from rac_theory.proofs.available import available
from rac_theory.proofs.by_potential import by_potential
from rac_theory.proofs.combination import combined
from rac_theory.proofs.drawn import Drawn, H, Vector, drawn_in, mean, star, vector
from rac_theory.proofs.export import exported
from rac_theory.proofs.fact import Fact, facts_in, letters_in, proved, read
from rac_theory.proofs.facts import (
    Granted,
    assumed,
    below_maximum,
    below_one,
    by_signs,
    flat,
    gap_is_positive,
    high,
    instances,
    low,
    mu_below_L,
    no_step_or_more,
    nothing,
    one,
    ordered,
    plus,
    sign,
    square,
    square_of,
    stands_for,
)
from rac_theory.proofs.found import Recalled, Recorder
from rac_theory.proofs.induction import (
    COURSES,
    Psi,
    accumulate,
    cases,
    discharged,
    drifted,
    followed,
    gather,
    instance,
    iterate,
    k,
    potential,
    power,
    some,
    square_root,
    sum_of_powers,
    telescope,
    weigh,
    weights,
)
from rac_theory.proofs.letters import b, legend
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.not_proved import knows_a_step, why_not
from rac_theory.proofs.of_methods import about_of, facts_of
from rac_theory.proofs.products import content
from rac_theory.proofs.proof import Proof
from rac_theory.proofs.prove import concluded, search
from rac_theory.proofs.quantities import (
    NUMBERS,
    VECTORS,
    E,
    G,
    G_next,
    Gx,
    Gy,
    M,
    V,
    Vz,
    Zy,
    distance,
    gap,
    gap_next,
    gap_Y,
    gbar,
)
from rac_theory.proofs.reading import Reading
from rac_theory.proofs.schemas import SCHEMAS, grant, memory_of, move_of, square_kept
from rac_theory.proofs.shape import Shape, shapes
from rac_theory.proofs.writing import Writer

__all__ = [
    "COURSES",
    "NUMBERS",
    "SCHEMAS",
    "VECTORS",
    "Drawn",
    "E",
    "Fact",
    "G",
    "G_next",
    "Granted",
    "Gx",
    "Gy",
    "H",
    "M",
    "Missing",
    "Proof",
    "Psi",
    "Reading",
    "Recalled",
    "Recorder",
    "Shape",
    "V",
    "Vector",
    "Vz",
    "Writer",
    "Zy",
    "about_of",
    "accumulate",
    "assumed",
    "available",
    "b",
    "below_maximum",
    "below_one",
    "by_potential",
    "by_signs",
    "cases",
    "checker",
    "combined",
    "concluded",
    "content",
    "coq",
    "discharged",
    "distance",
    "drawn_in",
    "drifted",
    "exported",
    "facts_in",
    "facts_of",
    "flat",
    "followed",
    "gap",
    "gap_Y",
    "gap_is_positive",
    "gap_next",
    "gather",
    "gbar",
    "grant",
    "high",
    "instance",
    "instances",
    "iterate",
    "k",
    "knows_a_step",
    "legend",
    "letters_in",
    "low",
    "mean",
    "memory_of",
    "move_of",
    "mu_below_L",
    "no_step_or_more",
    "nothing",
    "one",
    "ordered",
    "plus",
    "potential",
    "power",
    "proved",
    "read",
    "search",
    "sections",
    "shapes",
    "sign",
    "some",
    "square",
    "square_kept",
    "square_of",
    "square_root",
    "stands_for",
    "star",
    "sum_of_powers",
    "telescope",
    "vector",
    "weigh",
    "weights",
    "why_not",
]

answering(globals(), "Proof")
