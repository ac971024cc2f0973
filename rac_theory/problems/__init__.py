"""Problems to minimise: functions of matrices whose constants are proved, or nan. Needs NumPy and SciPy only. It uses
base and numerics. It must not know what will be run on them, nor what is said of that.
"""

from rac_theory.base import answering
from rac_theory.problems import datasets
from rac_theory.problems.certified_step import certified_step, check_certifies
from rac_theory.problems.features import features, gram, largest_gram_eigenvalue, listed_rows, squared_row_norms
from rac_theory.problems.federated import Federated
from rac_theory.problems.finite_sum import FiniteSum, Indices, components_of, gradient_variance, heterogeneity
from rac_theory.problems.from_functions import FromFunctions
from rac_theory.problems.layers import Layers, layers_of
from rac_theory.problems.least_squares import LeastSquares
from rac_theory.problems.logistic import LogisticRegression, NonconvexLogistic
from rac_theory.problems.mean import Mean, client_heterogeneity, heterogeneity_within, shares_of, value_and_gradient
from rac_theory.problems.pl_sine import PLSine
from rac_theory.problems.problem import Eigenbasis, Problem
from rac_theory.problems.quadratic import Quadratic
from rac_theory.problems.relu_network import ReLUNetwork
from rac_theory.problems.smoothness import LARGEST_SIDE, Smoothness, known_smoothness, of_blocks, smoothness_of
from rac_theory.problems.softmax import SoftmaxRegression
from rac_theory.problems.tanh_network import TanhNetwork
from rac_theory.problems.two_layer_certificate import Neighbourhood
from rac_theory.problems.two_layer_network import TwoLayerNetwork

__all__ = [
    "LARGEST_SIDE",
    "Eigenbasis",
    "Federated",
    "FiniteSum",
    "FromFunctions",
    "Indices",
    "Layers",
    "LeastSquares",
    "LogisticRegression",
    "Mean",
    "Neighbourhood",
    "NonconvexLogistic",
    "PLSine",
    "Problem",
    "Quadratic",
    "ReLUNetwork",
    "Smoothness",
    "SoftmaxRegression",
    "TanhNetwork",
    "TwoLayerNetwork",
    "certified_step",
    "check_certifies",
    "client_heterogeneity",
    "components_of",
    "datasets",
    "features",
    "gradient_variance",
    "gram",
    "heterogeneity",
    "heterogeneity_within",
    "known_smoothness",
    "largest_gram_eigenvalue",
    "layers_of",
    "listed_rows",
    "of_blocks",
    "shares_of",
    "smoothness_of",
    "squared_row_norms",
    "value_and_gradient",
]

answering(globals())

if __name__ == "problems":  # by the link at the top of a clone: the same names, and no second copy of the modules
    del __path__
