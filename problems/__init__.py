"""Problems to minimise: functions of matrices whose constants are proved, or nan. Needs NumPy and SciPy only."""

from problems.federated import Federated
from problems.finite_sum import FiniteSum
from problems.from_functions import FromFunctions
from problems.least_squares import LeastSquares
from problems.logistic import LogisticRegression
from problems.nonconvex_logistic import NonconvexLogistic
from problems.pl_sine import PLSine
from problems.problem import Problem
from problems.quadratic import Quadratic
from problems.smoothness import Smoothness
from problems.softmax import SoftmaxRegression

__all__ = [
    "Federated",
    "FiniteSum",
    "FromFunctions",
    "LeastSquares",
    "LogisticRegression",
    "NonconvexLogistic",
    "PLSine",
    "Problem",
    "Quadratic",
    "Smoothness",
    "SoftmaxRegression",
]
