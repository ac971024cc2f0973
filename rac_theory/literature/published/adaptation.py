"""Claims about LoRA and its chains, RAC-LoRA first."""

from fractions import Fraction
from functools import partial
from math import isqrt

from rac_theory.literature.counterexamples.another_minimiser import C14
from rac_theory.literature.counterexamples.counterexample import Check, Witness
from rac_theory.literature.counterexamples.divergence import C3
from rac_theory.literature.counterexamples.factors_at_a_solution import C11, C12
from rac_theory.literature.counterexamples.loss_of_smoothness import C1
from rac_theory.literature.counterexamples.lost_merges import rounded_to_even
from rac_theory.literature.counterexamples.randomised import C7
from rac_theory.literature.counterexamples.restarts import C4
from rac_theory.literature.counterexamples.shrinking_step import C8
from rac_theory.literature.counterexamples.stuck_subspace import C5
from rac_theory.literature.published.published_claim import PublishedClaim
from rac_theory.theorems import T1, T2, T4, T5, T6, T11, T9d, T9rr, T10d, T10rr

rac_lora = partial(
    PublishedClaim, work="Malinovsky et al., Randomized Asymmetric Chain of LoRA", source="arXiv:2410.08305"
)
rate_of_lora = partial(
    PublishedClaim, work="Mu & Klabjan, On the Convergence Rate of LoRA Gradient Descent", source="arXiv:2512.18248"
)
balanced_lora = partial(PublishedClaim, work="Castin et al., Balanced LoRA", source="arXiv:2605.31484")


def scaled_factors(scale: Fraction, rates: tuple[Fraction, Fraction], rank: int, steps: int = 6) -> list[Fraction]:
    """Return w = scale b a of factors with ``rank`` equal entries, on (w - 1)^2 / 2; ``rates`` are of b and a."""
    b, a, path = Fraction(0), Fraction(1), [Fraction(0)]
    for _ in range(steps):
        slope = path[-1] - 1
        b, a = b - rates[0] * scale * slope * a, a - rates[1] * scale * slope * b
        path.append(scale * rank * b * a)
    return path


def scale_and_rate() -> Witness:
    """Follow factors of rank 4, 16 and 64 scaled by 1/sqrt(r) and by 1/r: sqrt(r) b of the first is b of the mended."""
    rate, ranks = Fraction(1, 4), (4, 16, 64)
    roots = {r: scaled_factors(Fraction(1, isqrt(r)), (rate, rate), r) for r in ranks}
    inverse = {r: scaled_factors(Fraction(1, r), (rate, rate), r) for r in ranks}
    mended = {r: scaled_factors(Fraction(1, r), (r * rate, rate), r) for r in ranks}
    return Witness(
        (
            Check.exact(
                f"at one learning rate {rate} the first step moves w by {rate} at each rank with 1/sqrt(r), and by a "
                "share of 1/r of this with 1/r",
                *(roots[r][1] == rate for r in ranks),
                *(inverse[r][1] == rate / r for r in ranks),
            ),
        ),
        against=(
            Check.exact(
                "with 1/r, and r times the learning rate for B, w is the same in each of 6 steps as with 1/sqrt(r), at "
                f"rank {', '.join(map(str, ranks))}: so are what the adapter gives and the gradient it passes on",
                mended == roots,
            ),
        ),
    )


def merged_and_unmerged(w: Fraction, add: Fraction, take: Fraction, cycles: int) -> Fraction:
    """Return what a weight in bfloat16 is after so many cycles of adding one number and taking off another."""
    for _ in range(cycles):
        w = rounded_to_even(rounded_to_even(w + add) - take)
    return w


def drift() -> Witness:
    """Add an adapter's product and take off that product or its rounded value, for ever."""
    w, delta = Fraction(-1, 2), 1 + Fraction(3, 1024)
    stored = rounded_to_even(delta)
    path = [merged_and_unmerged(w, delta, stored, cycles) for cycles in (1, 2, 64)]
    pairs = [(Fraction(k, 256), Fraction(j, 16)) for k in range(-255, 256, 6) for j in range(-20, 21)]
    first = [merged_and_unmerged(w, d, d, 1) for w, d in pairs]
    rests = [merged_and_unmerged(w, d, d, 1) == w for w, (_, d) in zip(first, pairs, strict=True)]
    moved = sum(after != w for after, (w, _) in zip(first, pairs, strict=True))
    return Witness(
        (
            Check.exact(
                f"with {delta} added and {stored}, the same rounded, taken off, the weight {w} is {path[0]} after one "
                f"cycle, {path[1]} after two and {path[2]} after 64: it compounds",
                path == [w + Fraction(cycles, 256) for cycles in (1, 2, 64)],
            ),
            Check.exact(
                f"with what was added taken off it does not: of {len(pairs)} pairs of bfloat16 {moved} move in the "
                "first cycle, and none after it",
                *rests,
                pairs == [(rounded_to_even(w), rounded_to_even(d)) for w, d in pairs],
            ),
        )
    )


def shared_ranks(rounds: int, rate: Fraction) -> list[Fraction]:
    """Return the second singular value of the mean of two clients, of rank 1 and 2, on |W - diag(2, 1)|^2 / 2."""
    values = [Fraction(1, 2)]
    for _ in range(rounds):
        trained = values[-1] + rate * (1 - values[-1])  # the client of rank 2; that of rank 1 has cut it off
        values.append(trained / 2)
    return values


def rank_collapse() -> Witness:
    """Follow clients that add nothing between two means, and clients that train."""
    idle, trained = shared_ranks(20, Fraction(0)), shared_ranks(20, Fraction(1, 2))
    limit = Fraction(1, 3)
    return Witness(
        (
            Check.exact(
                "of clients of rank 1 and 2 that do not train the mean keeps half of the second direction a round",
                idle == [Fraction(1, 2 ** (t + 1)) for t in range(21)],
            ),
            Check.exact(
                f"where each takes a step of 1/2 towards diag(2, 1) first, it goes to {limit} of the second direction, "
                "and stays",
                [t - limit for t in trained] == [Fraction(1, 6 * 4**t) for t in range(21)],
            ),
        )
    )


def rescaled() -> Witness:
    """Take the scaled step of A, with the inverse of B^T B or of that and 1e-5, for one matrix in several factors."""
    ridge, factors = Fraction(1, 10**5), (Fraction(1), Fraction(1000), Fraction(1, 1000))
    exact, coded = ({b**2 / (b**2 + small) for b in factors} for small in (Fraction(0), ridge))
    return Witness(
        (
            Check.exact("with the inverse of B^T B the move of W is the same for all factors of one W", exact == {1}),
            Check.exact(
                "with 1e-5 added, which the training script passes, it is 1/11 of that at |B| = 1/1000, and all but "
                "1e-5 of it at 1",
                coded == {Fraction(10**k, 10**k + 1) for k in (5, 11)} | {Fraction(1, 11)},
            ),
        )
    )


CLAIMS = (
    rac_lora(
        id="rac-lora-gd",
        says="With exact gradients of a smooth function the mean squared gradient of RAC-LoRA falls like "
        "1 / (lambda_min T).",
        page="theory/t1.md",
        theorems=(T1,),
    ),
    rac_lora(
        id="rac-lora-gd-pl",
        says="Under the Polyak-Lojasiewicz condition RAC-LoRA converges linearly, at the rate 1 - gamma mu lambda_min.",
        page="theory/t2.md",
        theorems=(T2,),
    ),
    rac_lora(
        id="rac-lora-sgd",
        says='The work has "a convergence analysis for smooth, non-convex loss functions, covering gradient descent, '
        'stochastic gradient descent, and federated learning settings": stochastic gradients.',
        page="theory/t5.md",
        theorems=(T5, T6),
        reading="HOLDS by theorems of ours: T5 and T6 are derived here, and how the work states its own was not seen",
    ),
    rac_lora(
        id="rac-lora-federated",
        says='The work has "a convergence analysis for smooth, non-convex loss functions, covering gradient descent, '
        'stochastic gradient descent, and federated learning settings": federated learning.',
        page="theory/t9rr.md",
        theorems=(T9d, T10d, T9rr, T10rr),
        reading="HOLDS by theorems of ours: they are derived here, and how the work states its own was not seen",
    ),
    rac_lora(
        id="rac-lora-same-solution",
        says='"We provide provable guarantees of convergence to the same solution as FPFT", which is full-parameter '
        "fine-tuning.",
        page="guide/same_solution.md",
        theorems=(T2, T4),
        against=(C14,),
        where="the abstract",
        consulted="the abstract",
        severity="true with a condition that is not printed",
        repair="where there is one minimiser, or of the loss",
        reading="of the sentence of the abstract, as the theorems may print conditions: the same loss under PL (T2), "
        "and the same solution where there is one only (T4 where its rho < 1); with fewer samples "
        "than features draws from the left decide which solution is reached",
    ),
    rac_lora(
        id="others-fail",
        says='LoRA, Asymmetric LoRA and Chain of LoRA "indeed encounter convergence issues", as factors lose '
        "smoothness and a frozen factor confines.",
        page="theory/counterexamples.md",
        shown_by=(C1, C5, C4),
        reading="C1 is about every convex f that is not affine; C4 is about Chain of LoRA with a fixed restart",
    ),
    rac_lora(
        id="rac-lora-mends",
        says="Small algorithmic modifications, a fresh sketch in each link, make it converge where these fail.",
        page="theory/counterexamples.md#c7-a-fresh-sketch",
        theorems=(T2,),
        shown_by=(C7,),
    ),
    rac_lora(
        id="diverges-at-1-over-L",
        says="On a quadratic with the curvatures 20, 2, ..., 2 LoRA and Chain of LoRA diverge at the step 1/L.",
        mark="second-hand",
        page="theory/counterexamples.md#c3-and-c6-steps-that-are-too-long",
        against=(C3,),
        reading="in our words, as no sentence of the work is at hand; a share of runs diverges, from none to nearly "
        "all: the size of the start, which was not seen, decides",
    ),
    rac_lora(
        id="far-from-optimum",
        says="At smaller steps LoRA and Chain of LoRA converge, but far from the optimum.",
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
        page="theory/t11.md",
        theorems=(T11, T1, T5),
        reading="by the eigenvalues of T11 in the theorems for a fixed side; its other variants, and functions that "
        "are not smooth, are not tried",
    ),
    rate_of_lora(
        id="rate-of-lora",
        says="The smallest gradient of LoRA gradient descent falls like 1 / log T, without any bound on the factors.",
        page="theory/counterexamples.md#the-rate-after-t-steps",
        shown_by=(C8,),
        reading="for the steps of C8 more is true: its square falls like 1 / sqrt(T), and no faster for all f",
    ),
    rate_of_lora(
        id="step-of-lora",
        says="A step of min{1 / (4 sqrt(2) L (|V|^2 + |G|)), 1} lowers the loss by a quarter of step times squared "
        "gradient.",
        mark="second-hand",
        page="theory/counterexamples.md#c8-guaranteed-descent-and-a-misplaced-constant",
        against=(C8,),
        reading="in our words, as the work itself was not seen; true with L before |V|^2 alone, by 0.907 for a "
        "quarter; with L before both, as others write it, false for small L",
    ),
    balanced_lora(
        id="factors-differ",
        says='Pairs of factors of one adapted matrix "exhibit significantly different condition numbers", and so '
        "rates.",
        page="theory/counterexamples.md#c11-factors-scaled-apart",
        shown_by=(C11,),
        reading="by the factor (1 + max(c, 1/c)^4) / 2 where f bends alike in all directions",
    ),
    balanced_lora(
        id="balance-is-best",
        says="Balanced factors are conditioned best of all factors of a minimiser.",
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
        page="theory/counterexamples.md#c12-a-spurious-local-minimum",
        against=(C12,),
        reading="C12 has a spurious minimum that is smaller than the global one; whether the theorem's conditions "
        "exclude its quadratic, of condition number 22.5, was not seen",
    ),
    PublishedClaim(
        id="rslora-iff",
        says='It is proven "in the limit of large rank r, that to not explode or diminish the magnitude of the '
        'activations and gradients through each adapter, one must set γ_r ∈ Θ(1/√r)", the factor of an adapter of rank '
        "r.",
        work="Kalajdzievski, a post on rsLoRA (arXiv:2312.03732)",
        source="https://huggingface.co/blog/damjan-k/rslora",
        where="the section Rank-Stabilized Adapters with rsLORA",
        consulted="the post; Theorem 3.2 of the preprint, of which it tells, only as others quote it",
        mark="printed",
        witness=scale_and_rate,
        refutes="in the limit of large rank r, that to not explode or diminish the magnitude of the activations and "
        "gradients through each adapter, one must set γ_r ∈ Θ(1/√r)",
        severity="true with a condition that is not printed",
        reading="of a learning rate that does not depend on r, as in the runs of the post; the theorem may say so",
        repair="at one learning rate for both factors and all r: the first step moves W by eta γ_r^2 r; a factor of "
        "1/r with r times the rate for B makes the same steps, at every r",
    ),
    PublishedClaim(
        id="merge-drift",
        says='Merged and unmerged many times, an adapter moves the weights in bfloat16: "It does, and it compounds."',
        work="huggingface/trl, issue 6688, a comment with measurements of PEFT",
        source="https://github.com/huggingface/trl/issues/6688",
        where="the comment of 11 August 2026, Question 1",
        consulted="the beginning of the comment; src/peft/tuners/lora/layer.py of huggingface/peft at 00336949",
        mark="printed",
        witness=drift,
        reading="HOLDS of PEFT's Linear, whose merge, unless safe_merge is set, adds the product in the adapter's "
        "precision, and whose unmerge takes off the product rounded to that of the weight; where both are one number, "
        "rounding ends after one cycle (Reiser and Knuth, 1975)",
        repair="take off what was added, or keep the weight",
    ),
    PublishedClaim(
        id="rank-collapse",
        says='With clients of different ranks the mean "systematically suppresses higher-rank updates at a geometric '
        'rate over rounds".',
        work="Wu et al., Preventing Rank Collapse in Federated Low-Rank Adaptation with Client Heterogeneity",
        source="arXiv:2602.13486",
        where="the abstract of version 1 and of version 2",
        consulted="the abstract; which local updates its theorem is about was not read",
        witness=rank_collapse,
        severity="not checkable from what is public",
        reading="true of clients that do not train; where they do, as here, the second direction goes at a geometric "
        "rate to a share of what is asked for, and not to zero",
    ),
    PublishedClaim(
        id="altlora-invariance",
        says='AltLoRA "enables stable feature learning and robustness to transformation invariance".',
        work="Yu et al., AltLoRA: Towards Better Gradient Approximation in Low-Rank Adaptation",
        source="arXiv:2505.12455",
        where="the abstract; optimizer_new.py and logtrainer.py of https://github.com/LucasXinYu/AltLoRA at 3db36647",
        consulted="the abstract and the code; not its theorems, those about convergence neither",
        witness=rescaled,
        reading="HOLDS of the invariance, for one step of one factor with the exact inverse; the code adds 1e-5 to "
        "what it inverts, and 1e-3 by default, which is felt where a factor is as small as 1/1000; stable features "
        "were not tried",
    ),
)
