"""Projectors and optimisers of GaLore, APOLLO and Fira as they are released. It runs by its name: ``.ci/others``.

Tried with galore-torch 1.0, apollo-torch 1.0.3, fira 1.0.2, transformers 5.24.0 and torch 2.13.0.
"""

from functools import partial

import numpy as np
import pytest
import torch
from apollo_torch import APOLLOAdamW
from apollo_torch.random_projector import GradientProjector
from fira import FiraAdamW
from galore_torch import GaLoreAdamW
from galore_torch.galore_projector import GaLoreProjector
from torch.nn.functional import mse_loss

from rac_theory import GD, Case, GaLore, Implementation, Local, Status, verify
from rac_theory.testing import Refuted, check_algorithm, check_projector, check_refresh
from rac_theory.torch import OptimiserSteps, from_module, optimiser_moves

RNG = np.random.default_rng(0)
DATA = RNG.standard_normal((30, 6)), RNG.standard_normal((30, 4))
RANK, GAP, GAMMA = 2, 4, 0.1
PLAIN = {"betas": (0.0, 0.0), "eps": 1e9, "lr": GAMMA * 1e9, "correct_bias": False}  # R / (|R| + eps) is R / eps
GROUP = {"rank": RANK, "update_proj_gap": GAP, "proj_type": "std"}


def galore(W, gap=GAP, kind="std", **options):
    group = {**GROUP, "update_proj_gap": gap, "scale": 1.0, "proj_type": kind}
    return GaLoreAdamW([{"params": [W], **group}], no_deprecation_warning=True, **options)


def fira(W, gap=GAP, **options):
    return FiraAdamW(
        [{"params": [W], **GROUP, "update_proj_gap": gap, "alpha": 1.0}], no_deprecation_warning=True, **options
    )


def apollo(W, gap=GAP, **options):
    group = {**GROUP, "update_proj_gap": gap, "scale": 1.0, "proj": "random", "scale_type": "channel"}
    optimiser = APOLLOAdamW([{"params": [W], **group}], **options)
    optimiser.state[W]["seed"] = torch.initial_seed() + 1  # which is the number of the parameter else
    return optimiser


# --- projectors


def projected_by_galore(kind):
    def project(G, rank, seed):
        made = GaLoreProjector(rank, proj_type=kind)
        made.project(torch.from_numpy(G).float(), 0)
        return lambda X: made.project_back(made.project(torch.from_numpy(X).float(), 1))

    return project


def projected_by_apollo(G, rank, seed):
    projector = GradientProjector(rank, proj_type="left", seed=seed)
    low = projector.project(torch.from_numpy(G).float(), 0)
    return projector.ortho_matrix @ low


@pytest.mark.parametrize("kind", ["std", "left", "right"])
def test_the_projector_of_galore_is_one(kind):
    check_projector(projected_by_galore(kind))


def test_the_side_of_reverse_std_is_told_from_a_shape_that_may_be_square():
    with pytest.raises(Refuted, match="project must handle a wide gradient, 8 x 12, at rank"):
        check_projector(projected_by_galore("reverse_std"))


def test_the_projector_of_apollo_is_right_in_the_mean_and_no_projection():
    check_projector(projected_by_apollo, unbiased=True)
    with pytest.raises(Refuted, match="project must be a projection"):
        check_projector(projected_by_apollo)


# --- optimisers: what they keep


@pytest.mark.parametrize("kind", ["std", "left", "right"])
@pytest.mark.parametrize("betas", [(0.0, 0.999), (0.0, 0.0)])
def test_without_momentum_galore_keeps_nothing(kind, betas):
    check_refresh(*optimiser_moves(partial(galore, kind=kind, betas=betas)), rank=RANK, gap=GAP)


@pytest.mark.parametrize("make", [galore, fira])
def test_momentum_of_galore_and_fira_stays_in_the_coordinates_of_the_frame_before(make):
    with pytest.raises(Refuted, match="once gradients are orthogonal to all before, its move has a cosine of"):
        check_refresh(*optimiser_moves(make), rank=RANK, gap=GAP)


def test_the_moves_of_apollo_are_along_the_gradient():
    check_refresh(*optimiser_moves(apollo), rank=RANK, gap=GAP)


@pytest.mark.parametrize("make", [galore, fira, apollo])
def test_a_projector_that_is_never_found_anew_is_named(make):
    with pytest.raises(Refuted, match="must find its subspace of a 12 x 8 matrix anew every 4 steps"):
        check_refresh(*optimiser_moves(partial(make, gap=10**9)), rank=RANK, gap=GAP)


# --- optimisers: which algorithm they are


@pytest.fixture(scope="module")
def problem():
    """Least squares, whose L is measured from the data: 2/(4 N) times the largest eigenvalue of X'X, rounded up."""
    torch.manual_seed(0)
    L = float(np.linalg.norm(DATA[0], 2) ** 2 / 60 * 1.001)
    return from_module(torch.nn.Linear(6, 4, bias=False), mse_loss, DATA, L=L, f_lower=0.0)


def declared(problem, make, implements, inner=1, **options):
    steps = OptimiserSteps(problem, lambda module, rng: make(module.weight, **options), inner)
    return Case(Implementation(steps, implements=implements), problem, steps=20)


@pytest.mark.parametrize("gap", [1, 3])
def test_without_moments_galore_is_ours_and_judged_by_its_theorem(problem, gap):
    case = declared(problem, galore, GaLore(RANK, GAMMA, Local(gap)), inner=gap, gap=gap, **PLAIN)
    assert verify("T17", check_algorithm(case)).status in (Status.HOLDS, Status.CONSISTENT)


def test_a_subspace_of_galore_that_stays_is_named(problem):
    with pytest.raises(Refuted, match="its subspace is not found anew"):
        check_algorithm(declared(problem, galore, GaLore(RANK, GAMMA), gap=200, **PLAIN))


def test_adam_in_a_subspace_is_no_step_along_the_gradient(problem):
    with pytest.raises(Refuted, match=r"^OptimiserSteps must be GaLore\("):
        check_algorithm(declared(problem, galore, GaLore(RANK, GAMMA, Local(GAP)), inner=GAP, lr=0.01))


@pytest.mark.parametrize("make", [fira, apollo])
def test_without_moments_fira_and_apollo_are_gradient_descent(make):
    """What Fira leaves out of the subspace it adds again, and APOLLO scales a channel by the share of its projection.

    Gradients are large, as both add 1e-8 to norms that they divide by, which the check would see.
    """
    torch.manual_seed(0)
    problem = from_module(torch.nn.Linear(6, 4, bias=False), lambda *both: 1e6 * mse_loss(*both), DATA)
    case = declared(problem, make, GD(GAMMA / 1e6), **PLAIN | {"eps": 1e18, "lr": GAMMA * 1e12})
    assert check_algorithm(case).checked.each_step
