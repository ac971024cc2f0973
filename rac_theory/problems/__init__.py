"""Problems to minimise: functions of matrices whose constants are proved, or nan. Needs NumPy and SciPy only. It uses
nothing. It must not know what will be run on them, nor what is said of that.
"""

from rac_theory.problems.federated import Federated
from rac_theory.problems.finite_sum import FiniteSum
from rac_theory.problems.from_functions import FromFunctions
from rac_theory.problems.layers import Layers
from rac_theory.problems.least_squares import LeastSquares
from rac_theory.problems.logistic import LogisticRegression
from rac_theory.problems.nonconvex_logistic import NonconvexLogistic
from rac_theory.problems.pl_sine import PLSine
from rac_theory.problems.problem import Problem
from rac_theory.problems.quadratic import Quadratic
from rac_theory.problems.smoothness import Smoothness
from rac_theory.problems.softmax import SoftmaxRegression
from rac_theory.problems.tanh_network import TanhNetwork
from rac_theory.problems.two_layer_network import TwoLayerNetwork

__all__ = [
    "Federated",
    "FiniteSum",
    "FromFunctions",
    "Layers",
    "LeastSquares",
    "LogisticRegression",
    "NonconvexLogistic",
    "PLSine",
    "Problem",
    "Quadratic",
    "Smoothness",
    "SoftmaxRegression",
    "TanhNetwork",
    "TwoLayerNetwork",
]

if __name__ == "problems":  # by the link at the top of a clone: the same names, and no second copy of the modules
    del __path__
