"""Claims about LoRA and its chains, RAC-LoRA first."""

from rac_theory.literature.counterexamples.another_minimiser import C14
from rac_theory.literature.counterexamples.divergence import C3
from rac_theory.literature.counterexamples.loss_of_smoothness import C1
from rac_theory.literature.counterexamples.randomised import C7
from rac_theory.literature.counterexamples.restarts import C4
from rac_theory.literature.counterexamples.scaled_apart import C11
from rac_theory.literature.counterexamples.shrinking_step import C8
from rac_theory.literature.counterexamples.spurious_minimum import C12
from rac_theory.literature.counterexamples.stuck_subspace import C5
from rac_theory.literature.published.published_claim import PublishedClaim
from rac_theory.theorems import T1, T2, T4, T5, T6, T11, T9d, T9rr, T10d, T10rr

_RAC_LORA = "Malinovsky et al., Randomized Asymmetric Chain of LoRA"
_RATE_OF_LORA = "Mu & Klabjan, On the Convergence Rate of LoRA Gradient Descent"
_BALANCED = "Castin et al., Balanced LoRA"

CLAIMS = (
    PublishedClaim(
        id="rac-lora-gd",
        says="With exact gradients of a smooth function the mean squared gradient of RAC-LoRA falls like "
        "1 / (lambda_min T).",
        work=_RAC_LORA,
        source="arXiv:2410.08305",
        mark="paper",
        page="theory/t1.md",
        theorems=(T1,),
    ),
    PublishedClaim(
        id="rac-lora-gd-pl",
        says="Under the Polyak-Lojasiewicz condition RAC-LoRA converges linearly, at the rate 1 - gamma mu lambda_min.",
        work=_RAC_LORA,
        source="arXiv:2410.08305",
        mark="paper",
        page="theory/t2.md",
        theorems=(T2,),
    ),
    PublishedClaim(
        id="rac-lora-sgd",
        says='The work has "a convergence analysis for smooth, non-convex loss functions, covering gradient descent, '
        'stochastic gradient descent, and federated learning settings": stochastic gradients.',
        work=_RAC_LORA,
        source="arXiv:2410.08305",
        mark="paper",
        page="theory/t5.md",
        theorems=(T5, T6),
        reading="HOLDS by theorems of ours: T5 and T6 are derived here, and how the work states its own was not seen",
    ),
    PublishedClaim(
        id="rac-lora-federated",
        says='The work has "a convergence analysis for smooth, non-convex loss functions, covering gradient descent, '
        'stochastic gradient descent, and federated learning settings": federated learning.',
        work=_RAC_LORA,
        source="arXiv:2410.08305",
        mark="paper",
        page="theory/t9rr.md",
        theorems=(T9d, T10d, T9rr, T10rr),
        reading="HOLDS by theorems of ours: they are derived here, and how the work states its own was not seen",
    ),
    PublishedClaim(
        id="rac-lora-same-solution",
        says='"We provide provable guarantees of convergence to the same solution as FPFT", which is full-parameter '
        "fine-tuning.",
        work=_RAC_LORA,
        source="arXiv:2410.08305",
        mark="paper",
        page="guide/same_solution.md",
        theorems=(T2, T4),
        against=(C14,),
        reading="the same loss under PL (T2), and the same solution where there is one only "
        "(T4 where its rho < 1); with fewer samples "
        "than features draws from the left decide which solution is reached",
    ),
    PublishedClaim(
        id="others-fail",
        says='LoRA, Asymmetric LoRA and Chain of LoRA "indeed encounter convergence issues", as factors lose '
        "smoothness and a frozen factor confines.",
        work=_RAC_LORA,
        source="arXiv:2410.08305",
        mark="paper",
        page="theory/counterexamples.md",
        shown_by=(C1, C5, C4),
        reading="C1 is about every convex f that is not affine; C4 is about Chain of LoRA with a fixed restart",
    ),
    PublishedClaim(
        id="rac-lora-mends",
        says="Small algorithmic modifications, a fresh sketch in each link, make it converge where these fail.",
        work=_RAC_LORA,
        source="arXiv:2410.08305",
        mark="paper",
        page="theory/counterexamples.md#c7-a-fresh-sketch",
        theorems=(T2,),
        shown_by=(C7,),
    ),
    PublishedClaim(
        id="diverges-at-1-over-L",
        says="On a quadratic with the curvatures 20, 2, ..., 2 LoRA and Chain of LoRA diverge at the step 1/L.",
        work=_RAC_LORA,
        source="arXiv:2410.08305",
        mark="second-hand",
        page="theory/counterexamples.md#c3-and-c6-steps-that-are-too-long",
        against=(C3,),
        reading="in our words, as no sentence of the work is at hand; a share of runs diverges, from none to nearly "
        "all: the size of the start, which was not seen, decides",
    ),
    PublishedClaim(
        id="far-from-optimum",
        says="At smaller steps LoRA and Chain of LoRA converge, but far from the optimum.",
        work=_RAC_LORA,
        source="arXiv:2410.08305",
        mark="second-hand",
        page="theory/counterexamples.md#c4-restarts-decide",
        against=(C4,),
        reading="in our words, as no sentence of the work is at hand; true of LoRA, by its "
        "rank, and of Chain of LoRA with a fixed restart and short links; with a fresh "
        "restart it converges linearly under PL",
    ),
    PublishedClaim(
        id="bernoulli",
        says="A coin that decides which factor is trained unifies these methods, with convergence guarantees for "
        "exact and stochastic gradients of non-convex functions.",
        work="Sokolov et al., Bernoulli-LoRA: A Theoretical Framework for Randomized Low-Rank Adaptation",
        source="arXiv:2508.03820",
        mark="paper",
        page="theory/t11.md",
        theorems=(T11, T1, T5),
        reading="by the eigenvalues of T11 in the theorems for a fixed side; its other variants, and functions that "
        "are not smooth, are not tried",
    ),
    PublishedClaim(
        id="rate-of-lora",
        says="The smallest gradient of LoRA gradient descent falls like 1 / log T, without any bound on the factors.",
        work=_RATE_OF_LORA,
        source="arXiv:2512.18248",
        mark="paper",
        page="theory/counterexamples.md#the-rate-after-t-steps",
        shown_by=(C8,),
        reading="for the steps of C8 more is true: its square falls like 1 / sqrt(T), and no faster for all f",
    ),
    PublishedClaim(
        id="step-of-lora",
        says="A step of min{1 / (4 sqrt(2) L (|V|^2 + |G|)), 1} lowers the loss by a quarter of step times squared "
        "gradient.",
        work=_RATE_OF_LORA,
        source="arXiv:2512.18248",
        mark="second-hand",
        page="theory/counterexamples.md#c8-guaranteed-descent-and-a-misplaced-constant",
        against=(C8,),
        reading="in our words, as the work itself was not seen; true with L before |V|^2 alone, by 0.907 for a "
        "quarter; with L before both, as others write it, false for small L",
    ),
    PublishedClaim(
        id="factors-differ",
        says='Pairs of factors of one adapted matrix "exhibit significantly different condition numbers", and so '
        "rates.",
        work=_BALANCED,
        source="arXiv:2605.31484",
        mark="paper",
        page="theory/counterexamples.md#c11-factors-scaled-apart",
        shown_by=(C11,),
        reading="by the factor (1 + max(c, 1/c)^4) / 2 where f bends alike in all directions",
    ),
    PublishedClaim(
        id="balance-is-best",
        says="Balanced factors are conditioned best of all factors of a minimiser.",
        work=_BALANCED,
        source="arXiv:2605.31484",
        mark="second-hand",
        page="theory/counterexamples.md#c11-factors-scaled-apart",
        against=(C11,),
        reading="in our words, as its theorem was not seen, nor what that assumes; true, and proved here, for "
        "|W - W*|^2 and r < min(m, n), and false beyond",
    ),
    PublishedClaim(
        id="fails-loudly",
        says='In "the generic regime" LoRA converges to "a global minimizer with low rank and small magnitude, or a '
        'qualitatively distinct solution with high rank and large magnitude".',
        work="Kim, Kim & Ryu, LoRA Training Provably Converges to a Low-Rank Global Minimum or It Fails Loudly",
        source="arXiv:2502.09376",
        mark="paper",
        page="theory/counterexamples.md#c12-a-spurious-local-minimum",
        against=(C12,),
        reading="C12 has a spurious minimum that is smaller than the global one; whether the theorem's conditions "
        "exclude its quadratic, of condition number 22.5, was not seen",
    ),
)
