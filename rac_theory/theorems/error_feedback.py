r"""Error feedback: what H leaves out of a step is kept, and added to the next one.

``V = D + gamma g``, ``X+ = X - H V`` and ``D+ = V - H V``, g at X. The point ``W = X - D`` moves by ``- gamma g``, as
without a sketch, but for where g is taken: there the theorem is about W and, in a share that is at least a half for
short steps, about the model X itself. It needs full gradients and a D of full size.
"""

from rac_theory.algebra import Let, equal
from rac_theory.proofs import (
    E as expected,
)
from rac_theory.proofs import (
    Fact,
    G,
    Gx,
    M,
    Psi,
    below_one,
    gap_next,
    grant,
    mean,
    memory_of,
    one,
    plus,
    proved,
    square,
    telescope,
)
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import E, Theorem, Tightest, rac_lora_feedback, squared_gradient_and_beside
from rac_theory.statements.assumptions import bounded_below, smooth, structured_noise
from rac_theory.statements.symbols import A, C, L, T, beta, gamma, gap0_upper, lambda_min
from rac_theory.theorems.shared import axioms, end, half, moves

theta = Let(
    "theta",
    1 - gamma * L - 2 * (gamma * L) ** 2 * (2 - lambda_min - lambda_min**2) / lambda_min**2,
    "share of the gradient at X",
)

T25 = Theorem(
    id="T25",
    name="error_feedback_nonconvex",
    source="derived: descent at the shifted point, and Young's inequality for what is kept",
    mark="derived",
    about=rac_lora_feedback,
    given=(smooth, structured_noise, equal(A, 0), beta <= 1, lambda_min > 0, theta >= 0, bounded_below),
    claim=E(squared_gradient_and_beside(theta))
    <= 2 * gap0_upper / (gamma * T) + L * gamma * C * (1 + 2 * gamma * L * (1 - lambda_min) / lambda_min),
    tightest=Tightest(1.0, "x^2/2, H = 1, gamma = 1, where nothing is kept: an equality at every T"),
)

TRIED = {"error feedback": "T25"}


# Proofs.
def prove_T25() -> tuple[Fact, Fact]:
    """``psi = f(W) - f* + c ||M||^2`` for ``M = D/gamma`` and ``c = gamma^3 L^2 / lambda_min``."""
    size, (memory, then) = plus[gamma], memory_of(rac_lora_feedback)
    share = size * size * size * plus[L] * plus[L] / moves
    c = share.value.expression
    psi = gap_at_W + c * (memory @ memory)
    floor = L * gamma**2 / 2 * C * (1 + 2 * gamma * L * (1 - lambda_min) / lambda_min)
    after = expected(gap_next) + c * expected(then @ then)
    left = share * below_one
    young = 2 * square(M * (lambda_min / 2) - Gx) / moves
    paid = (
        mean(grant("descent", rac_lora_feedback))
        + size * grant("unbiased_at_X", G)
        + half * size * axioms.ahead_by_error
        + share * axioms.low_of_sum
        + 2 * left * grant("unbiased_at_X", M * -1)
        + (half * plus[L] * size * size + left) * axioms.noise_at_X
        + left * young
        + half * size * size * size * plus[L] * plus[L] * moves * square(M)
    )
    step = proved("One step", after <= psi + floor - gamma / 2 * (G @ G + theta * (Gx @ Gx)), paid)
    slope, above = half * size, end + share * square(M)
    of = Psi(rac_lora_feedback, psi, gap0_upper, share=share)
    return telescope(step, one, slope, of, above, G @ G + theta * (Gx @ Gx)), slope * plus[T]
