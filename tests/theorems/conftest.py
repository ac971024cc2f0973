"""What the tests of theorems share: exact expectations by a route that knows no library."""

import pytest

from .second_routes.moments import followed


def _exact_over_bound(theorem, c, maps, Q, x, steps):
    assert c.f_star == 0
    along = theorem.metric.measure(followed(maps, Q, x, steps), c)[0]
    return (along / theorem.bound(c, steps))[1:]


@pytest.fixture
def exact_over_bound():
    """``exact_over_bound(theorem, constants, maps, Q, x0, steps)``: at t = 1, ..., steps, on f = x'Qx/2."""
    return _exact_over_bound
