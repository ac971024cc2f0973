"""T22: momentum on projected gradients, where it holds exactly, is refuted, and is not applicable."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from rac_theory import GD, Additive, Case, Constants, Minibatch, Status, expected, theorems, verify
from rac_theory.algebra import powers
from rac_theory.algorithms import H, Method, gradient, state
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.sketches import Coordinate, Haar, WeightedCoordinate
from rac_theory.statements.about import MOMENTUM
from rac_theory.statements.symbols import L, T, gamma, gap0, gap0_upper, lambda_max, lambda_min, momentum, mu
from rac_theory.theorems import E

AT_W, AT_X = MOMENTUM
T22, T22_pl = theorems.T22, theorems.T22_pl
RNG = np.random.default_rng(52)
print(Additive)
