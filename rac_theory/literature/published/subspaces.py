"""Claims about gradients in subspaces: GaLore, blocks, clients, and directions without gradients."""

from rac_theory.literature.counterexamples.averaged_factors import C9
from rac_theory.literature.counterexamples.batches_of_noise import C10
from rac_theory.literature.counterexamples.fixed_order import C23
from rac_theory.literature.counterexamples.fixed_projections import C30
from rac_theory.literature.counterexamples.low_rank_directions import C22
from rac_theory.literature.counterexamples.noisy_subspace import GALORE
from rac_theory.literature.counterexamples.query_allocation import C20, C21
from rac_theory.literature.counterexamples.scale_of_a_channel import C31
from rac_theory.literature.published.published_claim import PublishedClaim
from rac_theory.theorems import T6, T17, T5_step, T9rr, T10rr, T17_pl

_GOLORE = "He et al., Subspace Optimization for Large Language Models with Convergence Guarantees"
_QUERIES = "Lin, Song & Xu, The Multi-Query Paradox in Zeroth-Order Optimization"

CLAIMS = (
    PublishedClaim(
        id="galore-fixed",
        says="With constant projections ||R_t|| <= [1 - eta (kappa - L_A - L_B L_C D^2)] ||R_{t-1}|| (Theorem 3.8). "
        '"As a result, if min_t κ_t > L_A + L_B L_C D², R_t → 0 and thus GaLore converges with fixed P_t and Q_t."',
        work="Zhao et al., GaLore: Memory-Efficient LLM Training by Gradient Low-Rank Projection",
        source="arXiv:2403.03507",
        mark="printed",
        page="theory/counterexamples.md#c30-fixed-projections",
        against=(C30,),
        reading="true with a condition that is not printed: eta times the largest curvature in the range is at most 1; "
        "what goes to zero is the projected gradient, in the subspace that is kept, and not the gradient; the proof "
        "ends with 2 L_B L_C D^2",
    ),
    PublishedClaim(
        id="apollo-a4",
        says='For G of m rows and n >= m columns, P of r rows: "For any channel j, with probability ≥ 1 − δ: '
        '√(1 − ϵ)/(1 + ϵ) ≤ √(n/r) s^R_j/s_j ≤ √(1 + ϵ)/(1 − ϵ)." (Theorem A.4 and equation (9)).',
        work="Zhu et al., APOLLO: SGD-like Memory, AdamW-level Performance",
        source="arXiv:2412.05270",
        mark="printed",
        page="theory/counterexamples.md#c31-the-scale-of-a-channel",
        against=(C31,),
        reading="false as printed where n is larger than m, and true with sqrt(m/r), the entries of a column, as for "
        "square layers it is printed; a factor that all columns share can be put into the learning rate, as the work "
        "says",
    ),
    PublishedClaim(
        id="galore-exact",
        says="GaLore converges in deterministic scenarios.",
        work=_GOLORE,
        source="arXiv:2410.11289",
        mark="paper",
        page="theory/t17.md",
        theorems=(T17, T17_pl),
        reading="without momentum, at the rate of r / min(m, n) each time that the subspace is found; so in its first "
        "version",
    ),
    PublishedClaim(
        id="galore-fails",
        says='With noise GaLore "does not always converge to the optimal solution".',
        work=_GOLORE,
        source="arXiv:2410.11289",
        mark="paper",
        page="theory/counterexamples.md#galore-the-subspace-of-the-noise",
        shown_by=(GALORE, C10),
    ),
    PublishedClaim(
        id="galore-large-batch",
        says='GaLore converges when "a sufficiently large mini-batch size is used".',
        work=_GOLORE,
        source="arXiv:2410.11289",
        mark="paper",
        page="theory/counterexamples.md#c10-batches-for-galore",
        against=(C10,),
        reading="true of a batch that grows with the accuracy asked for, which the sentence may mean; no fixed odd "
        "size is enough against a coin (C10)",
    ),
    PublishedClaim(
        id="golore",
        says='Drawn at random the subspace lets it converge "in typical stochastic settings, even with standard batch '
        'sizes".',
        work=_GOLORE,
        source="arXiv:2410.11289",
        mark="paper",
        page="theory/t5.md",
        theorems=(T5_step, T6),
        reading="without momentum, with a fresh subspace in each step, which makes it RAC-LoRA",
    ),
    PublishedClaim(
        id="factors-in-turns",
        says='Federated averages of both factors "generate imperfect model updates", and freezing one limits '
        "expressiveness.",
        work="Chen et al., Robust Federated Finetuning of LLMs via Alternating Optimization of LoRA",
        source="arXiv:2502.01755",
        mark="paper",
        page="theory/counterexamples.md#c9-averages-of-factors",
        shown_by=(C9,),
        reading="the frozen one leaves a floor, turns leave that of rank r, and fresh draws that are merged leave none",
    ),
    PublishedClaim(
        id="federated-reshuffling",
        says="One reshuffled epoch a client between two means converges, for non-convex functions too.",
        work="Mishchenko, Khaled & Richtarik, Proximal and Federated Random Reshuffling",
        source="arXiv:2102.06704",
        mark="paper",
        page="theory/t9rr.md",
        theorems=(T9rr, T10rr),
        reading="gradient descent is the sketch of full rank; constants are derived here, those of the work were not "
        "seen",
    ),
    PublishedClaim(
        id="fixed-order-slow",
        says="Coordinates in a fixed order can be far slower than random ones.",
        work="Sun & Ye, Worst-case Complexity of Cyclic Coordinate Descent",
        source="arXiv:1604.07130",
        mark="paper",
        page="theory/t18.md",
        shown_by=(C23,),
        reading="by 4.13 times for ten coordinates at 1/L_H; in three the fixed order is the fastest; that it may be "
        "of the order n^2, as the work says, is not tried",
    ),
    PublishedClaim(
        id="random-order-mends",
        says="Random orders of the coordinates do not suffer from this.",
        work="Lee & Wright, Random Permutations Fix a Worst Case for Cyclic Coordinate Descent",
        source="arXiv:1607.08320",
        mark="paper",
        page="theory/t18.md",
        shown_by=(C23,),
        reading="on a quadratic of this kind, in three and in ten dimensions, where they are ahead of fresh draws as "
        "well",
    ),
    PublishedClaim(
        id="zo-align",
        says='"the multi-query problem boils down to a choice not about an intermediate query size", as ZO-Align '
        '"generally performs better with more queries per iteration, resulting in a full-subspace estimation as the '
        'optimal approach".',
        work=_QUERIES,
        source="arXiv:2509.15552",
        mark="paper",
        page="theory/zeroth_order.md#three-claims-of-the-field",
        against=(C20,),
        reading="true of what L alone promises, at 1/L, and generally is not always; at each one's best step a single "
        "query is faster where few directions are steep, and a number between is the fastest where more are, which is "
        "the choice that the sentence denies",
    ),
    PublishedClaim(
        id="zo-avg",
        says='For ZO-Avg "using more than one query per iteration is always query-inefficient".',
        work=_QUERIES,
        source="arXiv:2509.15552",
        mark="paper",
        page="theory/zeroth_order.md#three-claims-of-the-field",
        shown_by=(C21,),
        reading="true where each query costs the same, as directions do, and both values of a central difference; in "
        "values of f by forward differences, which share one, about sqrt(d + 1) are best; how the work counts "
        "was not seen",
    ),
    PublishedClaim(
        id="subzero-variance",
        says='The gradient estimate of SubZero "exhibits lower variance than traditional" zeroth-order methods.',
        work="Yu et al., Zeroth-Order Fine-Tuning of LLMs in Random Subspaces",
        source="arXiv:2410.08989",
        mark="paper",
        page="theory/zeroth_order.md#three-claims-of-the-field",
        shown_by=(C22,),
        reading="as the estimate is shorter; made as long its variance is higher, and L promises less a query (C22)",
    ),
)
