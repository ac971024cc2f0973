"""Claims about gradients in subspaces: GaLore, blocks, clients, and directions without gradients."""

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import product

from rac_theory.literature.counterexamples.averaged_factors import C9
from rac_theory.literature.counterexamples.counterexample import Check, Witness
from rac_theory.literature.counterexamples.decay_beside_projection import OMEGA, SHARE, approach, means, minimiser
from rac_theory.literature.counterexamples.fixed_order import C23
from rac_theory.literature.counterexamples.noisy_subspace import C10, GALORE
from rac_theory.literature.counterexamples.printed_theorems import C30, C31, projected
from rac_theory.literature.counterexamples.queries import C20, C21, C22
from rac_theory.literature.published.published_claim import PublishedClaim
from rac_theory.theorems import T6, T17, T5_step, T9rr, T10rr, T17_pl

golore = partial(
    PublishedClaim,
    work="He et al., Subspace Optimization for Large Language Models with Convergence Guarantees",
    source="arXiv:2410.11289",
)
multi_query = partial(
    PublishedClaim,
    work="Lin, Song & Xu, The Multi-Query Paradox in Zeroth-Order Optimization",
    source="arXiv:2509.15552",
)


def frozen_subspace() -> Witness:
    """Take steps of 2, 3 and 1/2 on half of |W - (1, 1)|^2 along the first entry alone, of curvature 1."""
    edge, long, short = ([*projected(rate, (1,), 24)] for rate in (Fraction(2), Fraction(3), Fraction(1, 2)))
    powers = [Fraction(4) ** t for t in range(25)]
    return Witness(
        (
            Check.exact(
                "at learning rate 1/2 the projected gradient halves in each step", short == [1 / x for x in powers]
            ),
            Check.exact(
                "and f stays more than 1/2 above its minimum, as the other entry never moves",
                short[-1] * powers[-1] == 1,
            ),
            Check.exact(
                "at learning rate 2, kappa = 1 > 0 = L_A + 2 L_B L_C M^2, the projected gradient is 1 in every step, "
                "and ||W_t|| at most M = 2",
                {*edge} == {1},
            ),
            Check.exact("at learning rate 3 it doubles", long == powers),
        ),
    )


OPTIMISERS: dict[str, Callable[[list[int]], Fraction]] = {
    "the gradient": lambda past: Fraction(past[-1], 10),
    "its sign": lambda past: Fraction(past[-1], 2 * abs(past[-1])),
    "the sum of all": lambda past: Fraction(sum(past), 10),
    "the oldest": lambda past: Fraction(7 * past[0]),
}
"""What an optimiser may make of the projected gradients so far, each plus or minus 2."""


def noisy_subspace() -> Witness:
    """Follow diag(w_1, w_2) on w_1^2 / 2 from (1, 0), with noise of +2 or -2 in the second entry: the leading singular
    vector of such a gradient is an axis."""
    ends = set()
    for optimiser in OPTIMISERS.values():
        for coins in product((2, -2), repeat=6):
            w = [Fraction(1), Fraction(0)]
            for t, coin in enumerate(coins, start=1):
                leading = int(abs(coin) > abs(w[0]))
                w[leading] -= optimiser([*coins[:t]])
            ends.add(w[0])
    sentence = f"by {len(OPTIMISERS)} optimisers and all {2**6} coins of 6 steps the first entry of diag(w) stays 1"
    return Witness((Check.exact(sentence, ends == {1}),))


def weights_of_both_branches(q: Fraction = Fraction(1, 8)) -> Witness:
    """Take G = diag(2, 1), P its leading direction, and the sign of singular values as the step."""
    G = (Fraction(2), Fraction(1))
    low, full = (G[0] / (1 - q), Fraction(0)), (Fraction(0), G[1] / q)
    estimate = [(1 - q) * a + q * b for a, b in zip(low, full, strict=True)]
    step = [(1 - q) * _sign(a) + q * _sign(b) for a, b in zip(low, full, strict=True)]
    mended = [(1 - q) * _sign(a) / (1 - q) + q * _sign(b) / q for a, b in zip(low, full, strict=True)]
    return Witness(
        (
            Check.exact("the mean of what is orthogonalised, without momentum, is the gradient", estimate == [*G]),
            Check.exact(
                f"at q = {q} and G = diag({G[0]}, {G[1]}) the mean step is diag({step[0]}, {step[1]}), 1 - q to q, "
                "where Muon's is the identity: a positive weight on what is orthogonalised is lost",
                step == [1 - q, q],
            ),
            Check.exact("with the weights on the steps, 1/(1 - q) and 1/q, the mean step is Muon's", mended == [1, 1]),
        )
    )


def _sign(x: Fraction) -> int:
    """That of a singular value, which is not negative."""
    return int(x > 0)


def decay_outside() -> Witness:
    """Hold the mean of plain projected steps with decay against the minimiser of the loss with its square."""
    right, outside = minimiser(OMEGA), means(minimiser(OMEGA), 8, OMEGA)
    inside, unprojected = means(right, 8, OMEGA, inside=True), [right - (right - 1) - OMEGA * right]
    return Witness(
        (
            Check.exact(
                f"without a projection the minimiser {right} of the loss with its square is kept",
                unprojected == [right],
            ),
            Check.exact(
                f"so it is, in the mean, with decay inside of the projection, as {SHARE} of all", {*inside} == {right}
            ),
            Check.exact(
                f"with one of {1 / SHARE} coordinates a step and decay of all weights beside it the mean leaves "
                f"{right} for {minimiser(OMEGA / SHARE)}, the minimiser with {1 / SHARE} times the decay",
                outside == approach(right, minimiser(OMEGA / SHARE), 8),
                {*means(minimiser(OMEGA / SHARE), 8, OMEGA)} == {minimiser(OMEGA / SHARE)},
            ),
        )
    )


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
        severity="true with a condition that is not printed",
        where="version 2, Section 3.3, Theorem 3.8",
        consulted="the statement and its proof, in a public copy of the text",
        reading="of a learning rate that is short enough, which the statement does not ask for; what goes to zero is "
        'the projected gradient, and not the gradient: the work says that it "only means good progress in the '
        'designated subspace"',
        repair="eta times the largest curvature in the range is at most 1: with constant A, B and C the factor is then "
        "1 - eta kappa, by the eigenvalues of the recursion; where they move, L_B D ||C|| + L_C D ||B|| for "
        "L_B L_C D^2, as L-continuity does not bound the norms of B and C by L_B D and L_C D",
    ),
    PublishedClaim(
        id="subtrack-3-2",
        says="With constant projections and min κ_t > L_A + 2 L_B L_C M^2, for a learning rate µ, the projected "
        'gradient P_t shrinks (Theorem 3.2). "That is, P_t → 0 and it converges."',
        work="Rajabi, Nonta & Rambhatla, SubTrack++: Gradient Subspace Tracking for Scalable LLM Training",
        source="arXiv:2502.01586",
        where="Section 3, Theorem 3.2, and Appendix A",
        consulted="statement and proof in a public copy of the text, without its displayed formulas, in which a "
        "condition may stand",
        mark="printed",
        page="theory/counterexamples.md#c30-fixed-projections",
        witness=frozen_subspace,
        severity="not checkable from what is public",
        reading="of a learning rate that is short enough; what goes to zero then is the projected gradient, and not "
        "the gradient: the work says that the subspace is assumed to stay, and measures the norms of both",
        repair="as for GaLore's Theorem 3.8, from which it is: µ times the largest curvature in the range is at most "
        "1, and L_B M ||C|| + L_C M ||B|| for 2 L_B L_C M^2",
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
        severity="false as printed",
        where="version 4, Theorem A.4 and equation (9)",
        consulted="the statement and its proof, in a public copy of the text",
        reading='false where n, "the number of channels" (A.1.1), is larger than m; true after one step if n is '
        'the rank of all, min(m, n), as where the ratio is measured: "a full rank n" (A.2); the method does not depend '
        "on it, as a factor that all columns share can be put into the learning rate, which the work says and does",
        repair="sqrt(m/r), the entries of a column, for sqrt(n/r): by the law of the ratio after one step",
    ),
    PublishedClaim(
        id="gum-weights",
        says="GUM takes a low-rank step or one on the rest, with gradients weighed by 1/(1 - q) and 1/q, "
        '"importance-reweighting each branch so the expected update equals the full-gradient Muon step".',
        work="Pan et al., Unbiased Gradient Low-Rank Projection (arXiv:2510.17802), as a catalogue has it",
        source="https://github.com/junaidaliop/zij",
        where="canon/math/gum.md of zij, a catalogue of optimisers, at commit 00728ec2",
        consulted="the page of the catalogue, and of the paper the abstract: how its theorem reads was not seen",
        mark="second-hand",
        witness=weights_of_both_branches,
        severity="not checkable from what is public",
        reading="in the words of the catalogue, as the paper's own sentence was not seen; true of what is "
        "orthogonalised, in the mean and without momentum, and not of the step",
        repair="weights on the steps for weights on the gradients, where P is of the gradient at hand: then both "
        "branches add up to Muon's step",
    ),
    PublishedClaim(
        id="galore-decay",
        says='Of the decay of all weights after a step, which is projected in this file: "This is equivalent to adding '
        'the square of the weights to the loss with plain (non-momentum) SGD."',
        work="Hugging Face's AdamW, a comment that the code of GaLore has too",
        source="https://github.com/jiaweizzhao/GaLore",
        where="galore_torch/adamw.py, a comment in AdamW.step, at commit 1317b5f7",
        consulted='the file, which begins "copy dependencies from transformers/optimization.py"',
        mark="printed",
        page="theory/counterexamples.md#c24-to-c27-methods-with-memory",
        witness=decay_outside,
        reading="HOLDS of plain steps, which it is about; beside a random projection, which GaLore's is not, decay of "
        "all weights acts m/r times as strongly, in the mean of plain steps (C25)",
        repair="beside such a projection a decay that is r/m times as much, or inside of it",
    ),
    golore(
        id="golore-any-optimiser",
        says='There are a function and a noise for which GaLore fails "for any subspace optimizer" (Theorem 1, as a '
        "public review of the work asks what that means).",
        where="Question 1 of the second review at https://openreview.net/forum?id=udtrtwkvk5",
        consulted="the review, in a public copy; the theorem was not read",
        mark="second-hand",
        shown_by=(GALORE,),
        witness=noisy_subspace,
        severity="not checkable from what is public",
        reading="true of every optimiser that is given the projected gradients, of all steps so far, and whose answer "
        "is projected back; not of one that is given the whole gradient, which the review asks about",
    ),
    golore(
        id="galore-exact",
        says="GaLore converges in deterministic scenarios.",
        page="theory/t17.md",
        theorems=(T17, T17_pl),
        reading="without momentum, at the rate of r / min(m, n) each time that the subspace is found; so in its first "
        "version",
    ),
    golore(
        id="galore-fails",
        says='With noise GaLore "does not always converge to the optimal solution".',
        page="theory/counterexamples.md#galore-the-subspace-of-the-noise",
        shown_by=(GALORE, C10),
    ),
    golore(
        id="galore-large-batch",
        says='GaLore converges when "a sufficiently large mini-batch size is used".',
        page="theory/counterexamples.md#c10-batches-for-galore",
        against=(C10,),
        reading="true of a batch that grows with the accuracy asked for, which the sentence may mean; no fixed odd "
        "size is enough against a coin (C10)",
    ),
    golore(
        id="golore",
        says='Drawn at random the subspace lets it converge "in typical stochastic settings, even with standard batch '
        'sizes".',
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
        page="theory/counterexamples.md#c9-averages-of-factors",
        shown_by=(C9,),
        reading="the frozen one leaves a floor, turns leave that of rank r, and fresh draws that are merged leave none",
    ),
    PublishedClaim(
        id="federated-reshuffling",
        says="One reshuffled epoch a client between two means converges, for non-convex functions too.",
        work="Mishchenko, Khaled & Richtarik, Proximal and Federated Random Reshuffling",
        source="arXiv:2102.06704",
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
        page="theory/t18.md",
        shown_by=(C23,),
        reading="on a quadratic of this kind, in three and in ten dimensions, where they are ahead of fresh draws as "
        "well",
    ),
    multi_query(
        id="zo-align",
        says='"the multi-query problem boils down to a choice not about an intermediate query size", as ZO-Align '
        '"generally performs better with more queries per iteration, resulting in a full-subspace estimation as the '
        'optimal approach".',
        page="theory/zeroth_order.md#three-claims-of-the-field",
        against=(C20,),
        where="the abstract",
        consulted="the abstract",
        severity="true with a condition that is not printed",
        repair="at the step that L alone allows, 1/L",
        reading="of the sentence of the abstract, as the theorems may print conditions: true of what L alone promises, "
        "at 1/L, and generally is not always; at each one's best step a single "
        "query is faster where few directions are steep, and a number between is the fastest where more are, which is "
        "the choice that the sentence denies",
    ),
    multi_query(
        id="zo-avg",
        says='For ZO-Avg "using more than one query per iteration is always query-inefficient".',
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
        page="theory/zeroth_order.md#three-claims-of-the-field",
        shown_by=(C22,),
        reading="as the estimate is shorter; made as long its variance is higher, and L promises less a query (C22)",
    ),
)
