"""Projectors of GaLore and APOLLO as they are released. It runs by its name where these are installed:

``python -m pip install --no-deps galore-torch apollo-torch``
``python -m pytest -n 0 tests/torch/projectors_of_others.py``

Tried with galore-torch 1.0, apollo-torch 1.0.3 and torch 2.13.0.
"""

import sys
from pathlib import Path

import pytest
import torch

from rac_theory.testing import Refuted, check_projector


def module_of(package, name):
    """A file of a package by itself: the packages import optimisers that need a GPU or transformers."""
    from importlib.metadata import files
    from importlib.util import module_from_spec, spec_from_file_location

    (place,) = (Path(file.locate()) for file in files(package) if file.name == f"{name}.py")
    spec = spec_from_file_location(name, place)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def galore(kind):
    projector = module_of("galore-torch", "galore_projector").GaLoreProjector

    def project(G, rank, seed):
        made = projector(rank, proj_type=kind)
        made.project(torch.from_numpy(G).float(), 0)
        return lambda X: made.project_back(made.project(torch.from_numpy(X).float(), 1))

    return project


def apollo(G, rank, seed):
    projector = module_of("apollo-torch", "random_projector").GradientProjector(rank, proj_type="left", seed=seed)
    low = projector.project(torch.from_numpy(G).float(), 0)
    return projector.ortho_matrix @ low


@pytest.mark.parametrize("kind", ["std", "left", "right"])
def test_the_projector_of_galore_is_one(kind):
    check_projector(galore(kind))


def test_the_side_of_reverse_std_is_told_from_a_shape_that_may_be_square():
    with pytest.raises(Refuted, match="project must handle a wide gradient, 8 x 12, at rank"):
        check_projector(galore("reverse_std"))


def test_the_projector_of_apollo_is_right_in_the_mean_and_no_projection():
    check_projector(apollo, unbiased=True)
    with pytest.raises(Refuted, match="project must be a projection"):
        check_projector(apollo)
