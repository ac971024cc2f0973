"""Whether steps are those of GaLore: along the leading singular vectors of the gradient, found anew each time."""

import numpy as np

from rac_theory.algorithms import GaLore, Implementation
from rac_theory.algorithms.gradients import Local
from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.along_a_course import takes_problem
from rac_theory.testing.algorithms.course import follow
from rac_theory.testing.algorithms.recomputed import rounding
from rac_theory.testing.algorithms.tape import slowed
from rac_theory.testing.probe import Probe
from rac_theory.testing.refuted import Refuted

_STEPS, _RUNS = 72, 24
_SCALES = (10.0, 0.1, 100.0, 1.0, 1e-2, 10.0)  # how far from the minimum runs start
_SLOWER = 1 / 16
_TOLERANCE = 1e-6  # of the way of a step, times by how much an error of the gradient turns the subspace
_TURNED = 1e4  # beyond that nothing is said: singular values are equal, and any of their vectors will do
_LASTING = 8  # moves that are looked at for one subspace
_SAME = 1e-4  # relative: what fits so well is no accident


def check_subspaces(algorithm: Implementation, problem: Problem, seed: int) -> None:
    """Raise ``Refuted`` if a step is another one than that of the declared GaLore, with the cause if it is found.

    Nothing is drawn, so nothing is left to chance. Each of 72 steps is compared with the declared one from where it
    began, on the problem and, if it takes it, on a multiple on which it is slower.
    """
    near = Probe(problem, seed).lowest
    spread = np.resize(_SCALES, _RUNS)[:, None, None]
    W = near + spread * np.random.default_rng([seed, 7]).standard_normal((_RUNS, *near.shape))
    problems = [problem]
    if takes_problem(algorithm, problem, W[:2], seed):
        problems.append(slowed(problem, _SLOWER))
    for each in problems:
        _check(algorithm, each, W, seed)


def _check(algorithm: Implementation, problem: Problem, W: Array, seed: int) -> None:
    declared = algorithm.implements
    assert isinstance(declared, GaLore)
    course = follow(algorithm, problem, W, _STEPS, [seed, 9])
    before, after = course.W[:-1], course.W[1:]
    rng = np.random.default_rng(0)
    fresh = np.stack([next(declared.iterates(problem, V, rng)) for V in before])
    G = np.stack([np.asarray(problem.gradient(V)) for V in before])
    D, R = before - after, before - fresh
    turns = _turns(G, declared.rank)
    many = declared.gradients.steps if isinstance(declared.gradients, Local) else 1
    way = declared.gamma * many * np.sqrt(squared_norms(G))
    with np.errstate(invalid="ignore"):
        off = np.sqrt(squared_norms(D - R))
        allowed = turns * (_TOLERANCE * way + np.stack([rounding(*pair) for pair in zip(before, after, strict=True)]))
        wrong = (turns < _TURNED) & np.isfinite(fresh).all(axis=(2, 3)) & ~(off <= allowed)
    if wrong.any():
        t, run = (int(i) for i in np.argwhere(wrong)[0])
        raise Refuted(
            f"{algorithm.called} must be {declared!r}, {_cause(D, R, G, declared)}: step {t + 1} is off by "
            f"{off[t, run] / max(way[t, run], 1e-300):.3g} of gamma ||g||",
            W=before[t, run],
            W_next=after[t, run],
        )


def _turns(G: Array, rank: int) -> Array:
    """By how much an error of a gradient turns its leading subspace: the largest singular value over the gap."""
    with np.errstate(all="ignore"):
        sizes = np.linalg.svd(np.where(np.isfinite(G), G, 0.0), compute_uv=False)
        after = sizes[..., rank] if rank < sizes.shape[-1] else np.zeros(sizes.shape[:-1])
        return np.nan_to_num(sizes[..., 0] / (sizes[..., rank - 1] - after), nan=np.inf, posinf=np.inf)


def _cause(D: Array, R: Array, G: Array, declared: GaLore) -> str:
    """What moves do in place of the declared ones, in words."""
    fine = (np.isfinite(D) & np.isfinite(R)).all(axis=(0, 2, 3))
    D, R, G = D[:, fine], R[:, fine], G[:, fine]
    if not D.size or not D.any():
        return "but it does not move" if D.size else "but its iterates are not finite"
    rank, wide = declared.rank, D.shape[2] <= D.shape[3]
    across, fresh = (M if wide else np.swapaxes(M, 2, 3) for M in (D, R))
    U = np.linalg.svd(across[0], full_matrices=False)[0][..., :rank]
    lasting = 1
    while lasting < min(len(D), _LASTING):
        beyond = (squared_norms(M - U @ (np.swapaxes(U, 1, 2) @ M)) for M in (across[lasting], fresh[lasting]))
        own, other = (float(part.max()) for part in beyond)
        if not own <= _SAME**2 * float(squared_norms(across[lasting]).max()) < other:
            break
        lasting += 1
    if lasting > 1:
        return f"but its subspace is not found anew: its first {lasting} moves lie in that of the first gradient"
    share = float(np.sum(D[0] * R[0]) / np.sum(R[0] ** 2))
    if squared_norms(D[0] - share * R[0]).max() <= _SAME**2 * squared_norms(D[0]).max():
        return (
            f"but its steps are {share:.4g} of those that are declared"
            if abs(share - 1) > _SAME
            else ("but its later steps are others: is there momentum, a schedule, or a subspace of an earlier step?")
        )
    values = np.linalg.svd(across[0], compute_uv=False)
    ranks = (values > _SAME * values[:, :1]).sum(axis=1)
    if (ranks != rank).any():
        return f"but its moves have rank {int(ranks[ranks != rank][0])}"
    return "but it moves elsewhere: are its singular vectors the leading ones, and of this gradient?"
