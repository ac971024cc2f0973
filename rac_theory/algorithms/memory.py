r"""Methods with a memory by name, each one expression: momentum, acceleration, error feedback, decay.

All draw a fresh H for every step. ``HEAVY_BALL``, ``FULL_MOMENTUM`` and ``PROJECTED_MOMENTUM`` move by all of
:math:`\gamma M^+`, as SGD of PyTorch does; the step of theory, :math:`\gamma / (1 - \beta)` there, is that of
``MOMENTUM``.

Examples
--------
``HEAVY_BALL`` and ``FULL_MOMENTUM`` have one rate, on every quadratic and for every law of H, and other floors:

>>> import numpy as np
>>> from rac_theory import Case, Noisy, exact_rate, expected
>>> from rac_theory.algorithms import ACCELERATED, DECAY, EF21, FEEDBACK, FULL_MOMENTUM, HEAVY_BALL, MOMENTUM
>>> from rac_theory.algorithms import PROJECTED_MOMENTUM
>>> from rac_theory.problems import Quadratic
>>> from rac_theory.sketches import Haar
>>> problem = Quadratic.left(np.diag([1.0, 0.1, 0.1, 0.1]), np.ones((4, 1)))
>>> for method in (HEAVY_BALL, FULL_MOMENTUM, PROJECTED_MOMENTUM):
...     algorithm = method(Haar(4, 1), gamma=0.1, beta=0.5, gradients=Noisy(1.0))
...     case = Case(algorithm, problem, steps=3000)
...     print(f"{exact_rate(case):.6f}, floor {expected(case).gap[-1]:.4f}")
0.990035, floor 0.0514
0.990035, floor 0.0257
0.994318, floor 0.0305

``MOMENTUM`` is the first of them with a step of 0.2; what is judged of it is another point:

>>> print(f"{exact_rate(Case(MOMENTUM(Haar(4, 1), gamma=0.2, b=0.5), problem)):.6f}")
0.990035

Acceleration, with the numbers that its proof asks for, and error feedback in two forms of one rate:

>>> alpha = 0.25 * 0.1**0.5
>>> accelerated = ACCELERATED(Haar(4, 1), gamma=1.0, alpha=alpha, s=0.1, lambda_min=0.25)
>>> print(f"{exact_rate(Case(accelerated, problem)):.4f}")
0.8902
>>> for method in (FEEDBACK, EF21):
...     print(f"{exact_rate(Case(method(Haar(4, 1), gamma=0.2), problem)):.4f}")
0.9577
0.9577

Decay where H = I; beside a projection it leads to another point:

>>> line = Quadratic.left([[1.0]], [[1.0]])
>>> decay = Case(DECAY(None, gamma=0.5, omega=0.1), line, steps=100)
>>> print(f"{1 - (2 * expected(decay).gap[-1]) ** 0.5:.4f}")
0.9091
"""

from rac_theory.algebra import Symbol
from rac_theory.algorithms.method import H, Method, gradient, letter, state

_W, _X, _M, _Z, _D = state("W", "X", "M", "Z", "D")
_gamma = Symbol("gamma", constant="gamma", meaning="size of one gradient step")
_alpha, _beta = letter("alpha", "weight of the point ahead"), letter("beta", "momentum")
_b = letter("b", "momentum")  # as theorems have it, whose beta is of noise
_omega = letter("omega", "weight decay")
_s = Symbol("s", constant="strong_convexity", meaning="modulus of strong convexity of f")
_lambda_min = Symbol("lambda_min", constant="lambda_min", meaning="smallest eigenvalue of E[H]")

_seen = _beta * _M + H(gradient(_W))
HEAVY_BALL = Method({_W: _W - _gamma * _seen, _M: _seen}, start={_M: 0})
r"""Momentum of what H leaves: :math:`M^+ = \beta M + H g`, :math:`W^+ = W - \gamma M^+`, of full size.

After Polyak (1964), with a projection. What is kept is never projected again.
"""

_full = _beta * _M + gradient(_W)
FULL_MOMENTUM = Method({_W: _W - _gamma * H(_full), _M: _full}, start={_M: 0})
r"""Momentum of full gradients, projected when used: :math:`M^+ = \beta M + g`, :math:`W^+ = W - \gamma H M^+`.

Its exact rate is that of ``HEAVY_BALL``: for each H one step is similar to the transpose of the other, by
:math:`\mathrm{diag}(Q^{-1}, -I/(\gamma \beta))`.
It needs full gradients, and what it has for them is a lower floor of noise.
"""

_kept = H(_beta * _M + gradient(_W))
PROJECTED_MOMENTUM = Method({_W: _W - _gamma * _kept, _M: _kept}, start={_M: 0})
r"""Momentum that is projected at every redraw: :math:`M^+ = H (\beta M + g)`, :math:`W^+ = W - \gamma M^+`.

What fits into the factors of a new subspace is kept, the rest is lost: M is of rank r.
"""

_step = _b * _M + H(gradient(_X))
MOMENTUM = Method({_X: _X - _gamma * (1 - _b) * _step, _M: _step}, start={_M: 0}, report=_X - _gamma * _b * _M)
r"""``HEAVY_BALL`` with the step :math:`\gamma (1 - b)`, judged at the shifted point :math:`X - \gamma b M`: T22.

That point moves by :math:`-\gamma H g` alone, with g at X, and so like plain descent along a gradient that is late.
Derived; the shifted point is known from analyses of momentum since Ghadimi, Feyzmahdavian & Johansson, arXiv:1412.7457.
"""

_here = H(gradient(_W + _gamma * _b * _M))
SHIFTED_MOMENTUM = Method({_W: _W - _gamma * _here, _M: _b * _M + _here}, start={_M: 0})
r"""``MOMENTUM`` at the point that is judged: :math:`W^+ = W - \gamma H g`, with g at :math:`X = W + \gamma b M`.

Its runs are the same.
"""

_Y = (_W + _alpha * _Z) / (1 + _alpha)
_P = H(gradient(_Y))
ACCELERATED = Method(
    {_W: _Y - _gamma * _P, _Z: (1 - _alpha) * _Z + _alpha * _Y - _alpha / (_s * _lambda_min) * _P}, start={_Z: _W}
)
r"""Acceleration for any sketch: :math:`Y = (W + \alpha Z)/(1 + \alpha)`, :math:`W^+ = Y - \gamma H \nabla f(Y)`,
:math:`Z^+ = (1 - \alpha) Z + \alpha Y - \frac{\alpha}{s \lambda_{\min}} H \nabla f(Y)`, from :math:`Z = W`.

For f that is strongly convex with s, :math:`\alpha^2 \le \gamma (2 - \gamma L)\, s\, \lambda_{\min}^2`: T21. Derived,
in the order of accelerated coordinate descent (Nesterov; Allen-Zhu, Qu, Richtárik & Yuan, arXiv:1512.09103). W, Y and
Z are dense: what is saved is gradients, not memory.
"""

_v = _D + _gamma * gradient(_X)
FEEDBACK = Method({_X: _X - H(_v), _D: _v - H(_v)}, start={_D: 0}, report=_X - _D)
r"""Error feedback: :math:`V = D + \gamma g`, :math:`X^+ = X - H V`, :math:`D^+ = V - H V`, judged at :math:`X - D`.

What H leaves out is kept for later. Seide et al. (2014); Stich & Karimireddy, arXiv:1909.05350.
"""

_followed = _M + H(gradient(_W) - _M)
EF21 = Method({_W: _W - _gamma * _followed, _M: _followed}, start={_M: 0})
r"""EF21: :math:`M^+ = M + H (\nabla f(W) - M)`, :math:`W^+ = W - \gamma M^+`: M follows the gradient, as far as H sees.

Richtárik, Sokolov & Fatkhullin, arXiv:2106.05203, from their :math:`g^0 = H \nabla f(W^0)`. Its exact rate is that of
``FEEDBACK``, but of gradients it needs Hg alone: T27.
"""

DECAY = Method({_W: (1 - _gamma * _omega) * _W - _gamma * H(gradient(_W))})
r"""Weight decay beside a projected step: :math:`W^+ = (1 - \gamma \omega) W - \gamma H g`.

Decay acts in every step, a gradient in the share :math:`\mathrm{E} H`: where that is p I the mean goes, on quadratics,
to the minimiser of :math:`f + \frac{\omega}{2p} \|W\|^2`. The cures are ``omega`` times p, and ``DECAY_INSIDE``.
Decoupled decay is from Loshchilov & Hutter, arXiv:1711.05101; this is not AdamW.
"""

DECAY_INSIDE = Method({_W: _W - _gamma * H(gradient(_W) + _omega * _W)})
r"""Weight decay inside the range, :math:`W^+ = W - \gamma H (g + \omega W)`: a plain step on
:math:`f + \frac{\omega}{2} \|W\|^2`, so that theorems about ``RACLoRA`` are about it with that f.
"""
