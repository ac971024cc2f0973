"""Which algorithm a theorem is about: a value that admits cases or says why not, and what may be used of its steps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from sys import modules
from typing import Any, NamedTuple, TypeAlias

from rac_theory.algebra import Expression, Symbol, identical, lifted, sqrt, symbols_of
from rac_theory.algorithms import (
    ACCELERATED,
    EF21,
    FEEDBACK,
    MOMENTUM,
    PLAIN,
    Bernoulli,
    CyclicRACLoRA,
    Decreasing,
    FittedDescent,
    GaLore,
    Implementation,
    LayeredRACLoRA,
    Method,
    MethodDescent,
    MomentumInLinks,
    Preconditioned,
    ProjectedDescent,
    RACLoRA,
    SteepestStep,
    move_of,
    projector_of,
)
from rac_theory.algorithms.gradients import CertifiedStep, Clients, Exact, FiniteDifferences, Local, Reshuffled
from rac_theory.base import function_name, shown
from rac_theory.cases import Case, Constants
from rac_theory.problems import layers_of
from rac_theory.sketches import Gaussian
from rac_theory.statements.symbols import K, L, L_max, N, eta, gamma, momentum, t, t_0

Predicate: TypeAlias = Callable[[Case, Constants], str | None]
"""None where the assumption is met, else a sentence that names the value which breaks it; its docstring begins
with the assumption."""


class Step(NamedTuple):
    """What a step is: H of what is drawn or known at W, times a length, is taken away.

    Attributes
    ----------
    length : Expression
    vectors : tuple of str
        The names of the vectors that are added up, as in files of proofs: ``("G",)`` is the gradient at W.
    constant : Symbol
        Of the descent lemma: L, or L_max where components or clients take the step.
    leads_to : "gap_next" or "gap_first"
        The next iterate, or the point after the first of several steps under one H.
    memory : Expression, optional
        By what M, which is kept from step to step, is multiplied before H of what is added up is added to it.
    is_whole : bool
        Whether all of what is added up is taken away, and M is then what H leaves out of it and of M.
    follows : bool
        Whether what is taken away follows the gradient: what is added up, less what H leaves out of M, which is how far
        it was behind.
    """

    length: Expression
    vectors: tuple[str, ...]
    constant: Symbol = L
    leads_to: str = "gap_next"
    memory: Expression | None = None
    is_whole: bool = False
    follows: bool = False

    def is_like(self, step: "Step") -> bool:
        """Whether it is the same step, written in other expressions perhaps."""
        pairs = ((self.length, step.length), (self.memory or lifted(0), step.memory or lifted(0)))
        rest = [(*side[1:4], side.memory is None, side.is_whole) for side in (self, step)]
        return rest[0] == rest[1] and all(identical(*pair) for pair in pairs)


def step_of(method: Method, vectors: tuple[str, ...] = ("G",)) -> Step:
    """Return what a step of a method is, read off its lines; letters are those of theorems, by their names.

    Parameters
    ----------
    method : Method
    vectors : tuple of str, optional
        What estimates the gradient, added up; ahead of W, at X, a name has an x.

    Raises
    ------
    ValueError
        If the reported point W does not move along H of a gradient at W, or at X = W + length memory M, and does not
        move with error feedback.

    Examples
    --------
    >>> from rac_theory.algorithms import H, Method, gradient, state
    >>> from rac_theory.statements.about import rac_lora_stochastic, step_of
    >>> from rac_theory.statements.symbols import gamma
    >>> X = state("X")
    >>> step_of(Method({X: X - gamma * H(gradient(X))}), ("g",)) == rac_lora_stochastic.step
    True
    """
    *move, is_whole = move_of(method)
    length, memory, ahead = (None if part is None else part.at(_letters(part)) for part in move)
    assert length is not None
    if memory is None or ahead is None:
        return Step(length, vectors)
    if not identical(ahead, length * memory):
        raise ValueError(f"X must be ahead of W by {length * memory!r} times what is kept, it is by {ahead!r}")
    return Step(length, tuple(f"{name}x" for name in vectors), memory=memory, is_whole=is_whole)


def _letters(expression: Expression) -> dict[Expression, Expression]:
    named = {symbol.name: symbol for symbol in (gamma, momentum)}
    return {symbol: named.get(symbol.name, symbol) for symbol in symbols_of(expression)}


@dataclass(frozen=True, eq=False, repr=False)
class About:
    """An algorithm that theorems are about.

    Attributes
    ----------
    admits : callable
        Whether a case is of this algorithm: a predicate.
    implies : tuple of callable
        What is true of every algorithm that it admits, and may be used in proofs. A case is asked of each of these
        too, so that there is none of which it is false.
    step : Step or None
        What follows a step. Proofs use it if it is what the table of the independent checker says of this value, and of
        no other: that of a reader's own value is not believed. A reader's algorithm implies one of ours instead.

    Raises
    ------
    ValueError
        If ``admits`` is no function, or there is no predicate in ``implies``.

    Examples
    --------
    >>> from functools import partial
    >>> from rac_theory import GD, Case, Constants
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.statements import About
    >>> from rac_theory.statements.about import rac_lora_exact
    >>> @partial(About, implies=(rac_lora_exact,))
    ... def short_steps(case, c):
    ...     "Gradient descent with steps of at most 1/10."
    ...     return None if c.gamma <= 0.1 else f"gamma must be at most 1/10, it is {c.gamma:g}"
    >>> case = Case(GD(gamma=0.5), Quadratic.left([[1.0]], W_star=[[1.0]]))
    >>> short_steps, short_steps(case, Constants.of(case))
    (<About short_steps>, 'gamma must be at most 1/10, it is 0.5')
    """

    admits: Predicate
    implies: tuple[Predicate, ...] = ()
    step: Step | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.implies, tuple):
            raise ValueError(
                f"implies must be a tuple of predicates, such as (rac_lora_exact,), got {shown(self.implies)}"
            )
        for name, predicate in (("admits", self.admits), *(("implies", general) for general in self.implies)):
            if not is_predicate(predicate):
                rule = "must be a function of a case and its constants, or be of such functions"
                raise ValueError(f"{name} {rule}, got {shown(predicate)}")
        if not isinstance(self.step, Step | None):
            raise ValueError(f"step must be a Step, got {shown(self.step)}")
        for name, value in (("name", function_name(self.admits)), ("doc", self.admits.__doc__)):
            object.__setattr__(self, f"__{name}__", value)
        object.__setattr__(self, "__module__", self.admits.__module__)

    def __call__(self, case: Case, constants: Constants) -> str | None:
        """Return None where a case is admitted, else a sentence that says why not."""
        wrong = (predicate(case, constants) for predicate in (self.admits, *self.implies))
        return next((breach for breach in wrong if breach is not None), None)

    def __repr__(self) -> str:
        return f"<About {function_name(self)}>"

    def __reduce__(self) -> str | tuple[type, tuple[object, ...]]:
        """Come out of a pickle as the one that is there, if it has a name."""
        name = function_name(self)
        is_there = getattr(modules.get(self.__module__), name, None) is self
        return name if is_there else (type(self), (self.admits, self.implies, self.step))


def is_predicate(value: object) -> bool:
    """Whether a value may serve as a predicate: a function or another callable, but no class."""
    return callable(value) and not isinstance(value, type)


def implied(*assumptions: object) -> tuple[Predicate, ...]:
    """Return the predicates that values of ``About`` among some assumptions imply, directly or through each other."""
    direct = [predicate for about in assumptions if type(about) is About for predicate in about.implies]
    return tuple(dict.fromkeys((*direct, *(implied(*direct) if direct else ()))))


@About
def fresh_projection(case: Case, c: Constants) -> str | None:
    """H is an orthogonal projection that is drawn afresh in every step, whatever W and all earlier draws are."""
    projector = projector_of(case.algorithm)
    return _projected(case if projector is None or projector is case.algorithm else replace(case, algorithm=projector))


_afresh = partial(About, implies=(fresh_projection,))


@partial(_afresh, step=step_of(PLAIN))
def rac_lora_exact(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the projected step and the exact gradient (gradient descent is its case H = I)."""
    return _plainly_projected(case, c) or _gradients(case, Exact, "must be exact")


@_afresh
def rac_lora_certified(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the projected step and the exact gradient, no step longer than one certified at W: it lowers f by
    gamma_t ||HG||^2 / 2 or more, whatever H. Of a problem with layers H acts in each layer by itself."""
    wrong = _projected(case) or _gradients(case, CertifiedStep, "must be those of a certified step")
    wrong = wrong or _across_layers(case)
    too_long = f"gamma, a factor of certified steps, must be at most 1, it is {c.gamma:g}"
    return wrong or (too_long if c.gamma > 1 else None)


@About
def rac_lora_in_turns(case: Case, c: Constants) -> str | None:
    """RAC-LoRA along k orthogonal blocks that hold every direction once: in a cycle each has one projected step with
    the exact gradient, in any order."""
    return _kind(case, CyclicRACLoRA, "blocks that take turns")


def _across_layers(case: Case) -> str | None:
    """Of a problem with layers that certifies its own steps, which are about block diagonal H: one that is not."""
    algorithm = case.algorithm
    layers = layers_of(case.problem) if hasattr(case.problem, "certified_step") else None
    if layers is None or len(layers) == 1:
        return None
    is_whole = isinstance(algorithm, RACLoRA) and algorithm.sketch is None
    if is_whole or (isinstance(algorithm, LayeredRACLoRA) and algorithm.layers.shapes == layers.shapes):
        return None
    return f"steps are certified for projections in each layer of {layers!r} by itself, the algorithm is {algorithm!r}"


@partial(_afresh, step=step_of(PLAIN, ("G", "error")))
def rac_lora_by_differences(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the projected step and finite differences along an orthonormal basis of the range of the sketch."""
    return _plainly_projected(case, c) or _gradients(case, FiniteDifferences, "must be finite differences")


@partial(About, step=Step(gamma, ("G",), leads_to="gap_first"))
def galore_exact(case: Case, c: Constants) -> str | None:
    """GaLore with exact gradients: H is on the leading singular vectors of the gradient at W^t, and every step up to
    W^{t+1} is along it."""
    return _kind(case, GaLore, "GaLore") or _gradients(case, (Exact, Local), "must be exact")


@partial(_afresh, step=step_of(PLAIN, ("g",)))
def rac_lora_stochastic(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the projected step and one unbiased gradient a sketch, independent of the sketch."""
    return _plainly_projected(case, c) or _unbiased(case)


@partial(_afresh, step=Step(gamma * sqrt(t_0 / (t + t_0)), ("g",)))
def rac_lora_root_steps(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the projected step, of a size gamma_t that falls like 1/sqrt(t + t_0), gamma at first, and one
    unbiased gradient a sketch, independent of the sketch."""
    return _decreasing(case, c, 1 / 2)


@partial(_afresh, step=Step(gamma * t_0 / (t + t_0), ("g",)))
def rac_lora_harmonic_steps(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the projected step, of a size that falls like 1/t: gamma_t = gamma t_0/(t + t_0), and one unbiased
    gradient a sketch, independent of the sketch."""
    return _decreasing(case, c, 1)


def _decreasing(case: Case, c: Constants, power: float) -> str | None:
    algorithm: Any = case.algorithm
    if (wrong := _kind(case, Decreasing, "RAC-LoRA with steps that decrease")) is not None:
        return wrong
    if algorithm.power != power:
        return f"steps must fall like t^-p with p = {power:g}, their power is {algorithm.power!r}"
    return rac_lora_stochastic(replace(case, algorithm=algorithm.algorithm), c)


@partial(_afresh, step=step_of(MOMENTUM, ("g",)))
def rac_lora_momentum(case: Case, c: Constants) -> str | None:
    """Momentum on projected gradients: M^{t+1} = b M^t + H g, X^{t+1} = X^t - gamma (1 - b) M^{t+1}, M^0 = 0, with one
    unbiased gradient g at X, independent of H; what is judged is W = X - gamma b M, which moves by -gamma H g."""
    another = _about_another(case, "momentum on projected gradients at W = X - gamma b M")
    return _steps(case, c, MOMENTUM, another) or _unbiased(case)


@partial(_afresh, step=Step(gamma, ("Gy",)))
def rac_lora_accelerated(case: Case, c: Constants) -> str | None:
    """Acceleration with the exact gradient G at Y = (W^t + alpha Z^t)/(1 + alpha): W^{t+1} = Y - gamma H G, Z^{t+1} =
    (1 - alpha) Z^t + alpha Y - alpha/(s_0 lambda_0) H G, Z^0 = W^0."""
    return _is(case, ACCELERATED, "ACCELERATED") or _forward(c) or _gradients(case, Exact, "must be exact")


@partial(_afresh, step=step_of(FEEDBACK, ("g",)))
def rac_lora_feedback(case: Case, c: Constants) -> str | None:
    """Error feedback: V = D^t + gamma g, X^{t+1} = X^t - H V, D^{t+1} = V - H V, D^0 = 0, with one unbiased gradient g
    at X, independent of H; what is judged is W = X - D, which moves by -gamma g, and X beside it."""
    return _steps(case, c, FEEDBACK, _about_another(case, "error feedback at W = X - D")) or _unbiased(case)


@partial(_afresh, step=Step(gamma, ("G",), follows=True))
def rac_lora_ef21(case: Case, c: Constants) -> str | None:
    """EF21: V^{t+1} = V^t + H (G - V^t), W^{t+1} = W^t - gamma V^{t+1}, V^0 = 0, with the exact gradient G at W^t; M =
    G - V^t is how far what is kept is behind."""
    return _is(case, EF21, "EF21") or _forward(c) or _gradients(case, Exact, "must be exact")


@partial(_afresh, step=Step(gamma, ("P",)))
def rac_lora_preconditioned(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the exact gradient G and a preconditioner: W moves by -gamma B D B' G, with an orthonormal basis B
    of the range of a fresh H, and a symmetric D between a and A, which may depend on all that is drawn."""
    return _kind(case, Preconditioned, "preconditioned steps")


@_afresh
def momentum_in_links(case: Case, c: Constants) -> str | None:
    """Momentum that is forgotten: K steps M <- b M + H grad f(W), W <- W - gamma M along one H, with exact gradients,
    from M = 0 whenever H is drawn anew."""
    algorithm: Any = case.algorithm
    if (wrong := _kind(case, MomentumInLinks, "momentum in links")) is not None:
        return wrong
    return "momentum must be reset to zero at each redraw, it is carried" if algorithm.carried else None


@About
def rac_lora_steepest(case: Case, c: Constants) -> str | None:
    """A step of size gamma that is the steepest within the range of H, in a norm, with exact gradients: normalised,
    polar(HG) as Muon has it, or signs on the factor. N is the dual norm: ||G||, the sum of singular values, or the sum
    of the lengths of columns, of rows for a right step."""
    wrong = _kind(case, SteepestStep, "steepest steps of one size")
    return wrong or _projected(replace(case, algorithm=projector_of(case.algorithm) or case.algorithm))


@partial(_afresh, step=Step(eta * N, ("gbar",), L_max))
def rac_lora_reshuffled(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the projected step and one reshuffled epoch a sketch."""
    return _projected(case) or _gradients(case, Reshuffled, "must be those of a reshuffled epoch")


@partial(_afresh, step=Step(eta * K, ("gbar",), L_max))
def fed_rac_lora(case: Case, c: Constants) -> str | None:
    """Fed-RAC-LoRA: one shared sketch a round, K full gradient steps of each client, and their mean."""
    wrong, clients = _clients(case, Exact | Local, "full gradient steps"), getattr(case.algorithm, "gradients", None)
    if wrong is None and clients.participation is not None:  # type: ignore[union-attr]
        return f"all clients must take part, here {clients.participation!r} does"  # type: ignore[union-attr]
    return wrong


@partial(_afresh, step=Step(eta * K, ("ghat",), L_max))
def fed_rac_lora_sampled(case: Case, c: Constants) -> str | None:
    """Fed-RAC-LoRA: one shared sketch a round; each client takes K full gradient steps, or one reshuffled epoch of its
    K components; the server adds up the moves of those that take part, by their shares over their chances."""
    wrong = _clients(case, Exact | Local | Reshuffled, "full gradient steps or reshuffled epochs")
    if wrong is None and isinstance(case.algorithm.gradients.source, Reshuffled):  # type: ignore[attr-defined]
        counts = {client.n_components for client in case.problem.clients}  # type: ignore[attr-defined]
        if len(counts) > 1:
            return f"epochs must be equally long, clients have {min(counts)} to {max(counts)} components"
    return wrong


def _clients(case: Case, kinds: Any, rule: str) -> str | None:
    """Rounds of clients under one sketch, whose gradients are of some kinds."""
    wrong = _projected(case) or _gradients(case, Clients, "must be those of clients")
    source = getattr(getattr(case.algorithm, "gradients", None), "source", None)
    off = f"clients must take {rule}, theirs come from {type(source).__name__}"
    return wrong or (None if isinstance(source, kinds) else off)


@About
def plain_or_fitted(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the plain step, any number of full gradient steps before the merge, or steps that fit the draw."""
    if isinstance(case.algorithm, FittedDescent):
        return None
    return _plain(case) or _gradients(case, (Exact, Local), "must be full gradients")


@About
def plain_gaussian_rac_lora(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with one plain step under a Gaussian sketch before the merge."""
    wrong = _plain(case) or _gradients(case, (Exact, Local), "must be full gradients")
    if wrong is None and not isinstance(getattr(case.algorithm, "sketch", None), Gaussian):
        return "the sketch must be Gaussian"
    return wrong or _one_inner_step(c)


@About
def one_exact_step(case: Case, c: Constants) -> str | None:
    """One step W - M G with the exact gradient G, M drawn afresh: projected, plain, or one that fits the draw."""
    wrong = _kind(case, (FittedDescent, ProjectedDescent), "random steps along the gradient")
    return wrong or _gradients(case, (Exact, Local), "must be exact") or _one_inner_step(c)


def _one_inner_step(c: Constants) -> str | None:
    return f"there must be one step before the merge, there are {c.inner_steps}" if c.inner_steps > 1 else None


@About
def bernoulli_lora(case: Case, c: Constants) -> str | None:
    """Bernoulli-LoRA: HG = PG with probability p, else HG = GR, with projections P and R that are drawn afresh."""
    return _kind(case, Bernoulli, "Bernoulli-LoRA")


def _about_another(case: Case, what: str) -> str:
    """That the algorithm is another; of an implementation it is what that claims to be, until it is checked."""
    algorithm: Any = case.algorithm
    if isinstance(algorithm, Implementation):
        algorithm_name = f"{algorithm.called}, which was not checked: try the case that check_algorithm(case) returns"
    else:
        algorithm_name = repr(algorithm.method) if isinstance(algorithm, MethodDescent) else type(algorithm).__name__
    return f"the theorem is about {what}, the algorithm is {algorithm_name}"


def _kind(case: Case, kinds: type | tuple[type, ...], what: str) -> str | None:
    """That the algorithm is of no such kind."""
    return None if isinstance(case.algorithm, kinds) else _about_another(case, what)


def _is(case: Case, method: Method, name: str) -> str | None:
    """That the algorithm is not a method, line by line."""
    ours = projector_of(case.algorithm) is not None and isinstance(case.algorithm, MethodDescent)
    is_so = ours and case.algorithm.method.is_like(method)  # type: ignore[attr-defined]
    return None if is_so else _about_another(case, f"the method {name}")


def _steps(case: Case, c: Constants, method: Method, another: str) -> str | None:
    """What is to be said if what is reported moves otherwise than that of a method, or backwards."""
    ours = projector_of(case.algorithm) is not None  # what others say of themselves is not believed
    step = _step_or_none(getattr(case.algorithm, "method", None)) if ours else None
    if step is None or not step.is_like(step_of(method)):
        return another
    return _forward(c)


def _forward(c: Constants) -> str | None:
    return None if c.gamma > 0 else f"gamma, the size of a step, must be positive, it is {c.gamma:g}"


@cache
def _step_or_none(method: Method | None) -> Step | None:
    try:
        return None if method is None else step_of(method)
    except ValueError:
        return None


def _projected(case: Case) -> str | None:
    """That steps under one fresh H are none of a projected descent, or not all of one size."""
    algorithm: Any = case.algorithm
    if isinstance(algorithm, Decreasing):
        return f"the theorem is about steps of one size, those of {algorithm!r} decrease"
    if not isinstance(algorithm, ProjectedDescent):
        return _about_another(case, "RAC-LoRA")
    if not algorithm.is_projected:
        return f"the theorem is about the projected step, lora_alpha is {algorithm.lora_alpha:g}"  # type: ignore[attr-defined]
    return None


def _plainly_projected(case: Case, c: Constants) -> str | None:
    """That a step is not -gamma H g; of a method it does not matter what else is kept."""
    another = _projected(case)
    return another and _steps(case, c, PLAIN, another)


def _unbiased(case: Case) -> str | None:
    is_estimator = hasattr(getattr(case.algorithm, "gradients", None), "noise")
    return None if is_estimator else _gradients(case, (), "must be one unbiased gradient a sketch with known noise")


def _plain(case: Case) -> str | None:
    if isinstance(case.algorithm, Implementation):
        return _about_another(case, "RAC-LoRA with the plain step")
    if not isinstance(case.algorithm, RACLoRA) or case.algorithm.is_projected:
        return "the theorem is about RAC-LoRA with the plain step, lora_alpha is not set"
    return None


def _gradients(case: Case, kinds: type | tuple[type, ...], rule: str) -> str | None:
    gradients = getattr(case.algorithm, "gradients", None)
    return None if isinstance(gradients, kinds) else f"gradients {rule}, they come from {type(gradients).__name__}"
