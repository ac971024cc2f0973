"""A module of PyTorch as a problem over its matrices, and as a finite sum over its examples."""

import math
from collections.abc import Callable, Collection, Iterable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn import Module

from rac_theory.base import (
    being,
    checks,
    described,
    digest,
    exactly,
    function_name,
    matrices,
    printable,
    shown,
    type_name,
)
from rac_theory.base.checks import Array
from rac_theory.numerics import rounded
from rac_theory.problems import FromFunctions, Indices, Layers, listed_rows
from rac_theory.torch.module_loss import ModuleLoss, check_function, check_mean


def given_data(data: Any, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return inputs and targets as tensors of their own, floating-point numbers in double precision."""
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError(f"data must be a pair (inputs, targets), got {type_name(data)}")
    pair = []
    for name, given in zip(("inputs", "targets"), data, strict=True):
        try:
            tensor = torch.as_tensor(given).detach().clone()
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"data must be tensors or arrays, got {type_name(given)} for {name}") from error
        if tensor.ndim == 0:
            raise ValueError(f"data must have an axis of examples, got one number for {name}")
        pair.append(tensor.to(device, torch.float64 if tensor.is_floating_point() else tensor.dtype))
    if len(pair[0]) != len(pair[1]) or not len(pair[0]):
        raise ValueError(f"data must have as many inputs as targets, got {len(pair[0])} and {len(pair[1])}")
    return pair[0], pair[1]


def given_device(device: Any) -> torch.device:
    """Return a device that is here, and has numbers in double precision that can be read."""
    try:
        number = torch.zeros(1, dtype=torch.float64, device=torch.device(device))
        number.cpu()
        return number.device
    except Exception as error:  # of several classes: no device, one that is not there, or one that holds no numbers
        why = printable(str(error))
        raise ValueError(f"device must be one of PyTorch that is here, got {shown(device)}: {why}") from error


def numbers(name: str, given: Any) -> Array:
    """Return an array of floating-point numbers, nan among them perhaps."""
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must be numbers, got {shown(given)}") from error


Chosen: TypeAlias = Iterable[str] | Callable[[str, Tensor], bool] | None
"""Names, a predicate of a name and its parameter, or None: all of two dimensions that require a gradient."""


def chosen(module: Module, parameters: Chosen) -> dict[str, tuple[int, int]]:
    """Return the shapes of the chosen matrices by name, in the order of the module.

    Raises
    ------
    ValueError
        If a name is none of the module, if one that is chosen is no matrix, or if none is.
    """
    being("module", module, Module, " of torch.nn")
    named = dict(module.named_parameters())
    if parameters is None:
        names = [name for name, parameter in named.items() if parameter.ndim == 2 and parameter.requires_grad]
    elif callable(parameters):
        try:
            names = [name for name, parameter in named.items() if parameters(name, parameter)]
        except Exception as error:  # of a user's function
            raise ValueError(
                f"parameters must be names, a predicate (name, parameter) or None, got {shown(parameters)}, which "
                f"raised {type_name(error)}: {printable(str(error))}"
            ) from error
    else:
        names = _listed(parameters, named)
    if not names:
        raise ValueError(f"parameters must choose a matrix of the module, got none of {', '.join(named) or 'none'}")
    for name in names:
        if named[name].ndim != 2 or 0 in named[name].shape:
            raise ValueError(
                f"parameters must choose matrices, of two dimensions, got {name} of shape {tuple(named[name].shape)}"
            )
    return {
        name: (int(parameter.shape[0]), int(parameter.shape[1])) for name, parameter in named.items() if name in names
    }


def _listed(parameters: Iterable[str], named: Iterable[str]) -> list[str]:
    if isinstance(parameters, str) or not isinstance(parameters, Iterable):
        raise ValueError(
            f"parameters must be names, a predicate (name, parameter) or None, got {described(parameters)}"
        )
    try:
        names = list(parameters)
    except TypeError:  # an array without dimensions
        names = [str(parameters)]
    for name in names:
        if not isinstance(name, str) or name not in named:
            raise ValueError(f"parameters must be names of the module ({', '.join(named)}), got {shown(name)}")
    return names


_NAMES = 4  # that a repr lists


class ModuleProblem(FromFunctions):
    """The loss of a module as a function of some of its matrices, as ``from_module`` makes it.

    Attributes
    ----------
    layers : Layers or None
        The matrices that W is the column of, by their names in the module; None where W is one matrix.
    frozen : tuple of str
        The parameters that are not moved.
    batched : bool
        Whether many W are taken at once, by ``torch.func.vmap``. If not, they are taken one after the other.

    Examples
    --------
    >>> import torch
    >>> from rac_theory.torch import ModuleProblem, from_module
    >>> def spread(output, target):  # of a whole batch: no mean over examples
    ...     return (output - target).std()
    >>> data = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [4.0]])
    >>> problem = from_module(torch.nn.Linear(1, 1), spread, data, mean=False)
    >>> type(problem) is ModuleProblem, hasattr(problem, "component_gradient")
    (True, False)
    """

    def __init__(self, loss: ModuleLoss, **constants: Any) -> None:
        self._loss = loss
        names = list(loss.shapes)
        self.layers = Layers(list(loss.shapes.values()), names) if len(names) > 1 else None
        self.frozen = tuple(name for name, _ in loss.module.named_parameters() if name not in names)
        super().__init__(loss.shape, loss.values, loss.gradients, batched=True, **constants)

    @property
    def batched(self) -> bool:
        """Whether many W are taken at once."""
        return self._loss.batched

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both, of one forward and one backward pass: (..., m, n) to (...) and (..., m, n)."""
        W = matrices(W, self.shape)
        values, gradients = self._loss.values_and_gradients(W.reshape(-1, *self.shape))
        return values.reshape(W.shape[:-2]), gradients.reshape(W.shape)

    def weights(self, module: Module, /) -> Array:
        """The matrices of a module like this one, such as one that was trained, as one W: (m, n).

        Parameters
        ----------
        module : torch.nn.Module

        Returns
        -------
        (m, n) array
        """
        return self._loss.weights(module)

    def module_at(self, W: Array, /) -> Module:
        """Return a copy of the module, in double precision, with the matrices of W; these alone require gradients.

        Parameters
        ----------
        W : (m, n)

        Returns
        -------
        torch.nn.Module
        """
        return self._loss.module_at(checks.array("W", W, shape=self.shape))

    def put(self, W: Array, module: Module, /) -> None:
        """Write the matrices of W into a module like this one.

        Parameters
        ----------
        W : (m, n)
        module : torch.nn.Module
            Changed in place.
        """
        self._loss.put(checks.array("W", W, shape=self.shape), module)

    def loss_of(self, module: Module, /) -> Tensor:
        """The loss of a module like this one on the data, with its graph.

        Parameters
        ----------
        module : torch.nn.Module

        Returns
        -------
        torch.Tensor
            Without dimensions.
        """
        return self._loss.loss(module(self._loss.inputs), self._loss.targets)

    def __repr__(self) -> str:
        f = self._loss
        moved = [f"{name} {m}x{n}" for name, (m, n) in f.shapes.items()]
        parts = [type_name(f.module), _listing(moved, "matrices")]
        parts += [f"frozen: {_listing(self.frozen, 'parameters')}"] if self.frozen else []
        state = [value.cpu().numpy() for value in f.module.state_dict().values()]
        data = digest(*state, f.inputs.cpu().numpy(), f.targets.cpu().numpy(), self.start)
        parts += [f"{function_name(f.loss)} of {len(f.inputs)} examples {data}"]
        for name in ("L", "L_max", "mu", "strong_convexity", "f_star", "f_star_error", "f_lower"):
            if not math.isnan(value := getattr(self, name, math.nan)):
                parts.append(f"{name}={exactly(value)}" + " (measured)" * (name in self.measured))
        return f"{type_name(self)}({', '.join(parts + ['convex'] * self.convex)})"


class ModuleSum(ModuleProblem):
    """The loss of a module that is a mean over examples: a finite sum, with a component for each example.

    Examples
    --------
    >>> import torch
    >>> from torch.nn.functional import mse_loss
    >>> from rac_theory import SGD, Case, Minibatch, simulate
    >>> from rac_theory.torch import from_module
    >>> data = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [4.0]])
    >>> problem = from_module(torch.nn.Linear(1, 1, bias=False), mse_loss, data)
    >>> simulate(Case(SGD(0.1, Minibatch(1)), problem, steps=3), runs=5, rng=0).values.shape
    (5, 4)
    """

    def __init__(self, loss: ModuleLoss, L_max: float, component_infima: ArrayLike, **constants: Any) -> None:
        super().__init__(loss, **constants)
        unknown = isinstance(L_max, float) and math.isnan(L_max)
        self.L_max = checks.finite("L_max", L_max, at_least=0) if not unknown else math.nan
        infima = numbers("component_infima", component_infima)
        if infima.shape not in ((), (self.n_components,)):
            raise ValueError(
                f"component_infima must be a number, or one for each of {self.n_components}, got shape {infima.shape}"
            )
        self.component_infima = np.broadcast_to(infima, (self.n_components,))

    @property
    def n_components(self) -> int:
        """The number N of examples."""
        return len(self._loss.inputs)

    @property
    def targets(self) -> NDArray[np.generic]:
        """The target of each example."""
        return np.asarray(self._loss.targets.cpu().numpy())

    def component_gradient(self, W: Array, indices: Indices, /) -> Array:
        """The mean gradient of the listed examples of each run: (runs, m, n), (runs, b) to (runs, m, n)."""
        return self._loss.gradients_of_examples(matrices(W, self.shape), indices)

    def subset(self, rows: Indices, /) -> "ModuleSum":
        """The mean of the listed examples; of its constants those are known that every example has."""
        listed = listed_rows(rows, self.n_components)
        infima = self.component_infima[listed]
        lower = math.nan
        if np.isfinite(infima).all():
            lower = rounded(sum(map(Fraction, infima.tolist()), Fraction(0)) / len(infima), -math.inf)
        part = self._loss.subset(torch.as_tensor(listed))
        return type(self)(part, self.L_max, infima, L=self.L_max, f_lower=lower, start=self.start)


def from_module(
    module: Module,
    loss: Callable[[Any, Tensor], Tensor],
    data: tuple[ArrayLike | Tensor, ArrayLike | Tensor],
    parameters: Chosen = None,
    *,
    mean: bool = True,
    device: str | torch.device = "cpu",
    L: float = math.nan,
    L_max: float = math.nan,
    mu: float = math.nan,
    strong_convexity: float = math.nan,
    convex: bool = False,
    f_star: float = math.nan,
    f_star_error: float = 0.0,
    f_lower: float = math.nan,
    component_infima: ArrayLike = math.nan,
    measured: Collection[str] = (),
) -> ModuleProblem:
    """Make a problem of a module of PyTorch: ``f(W) = loss(module(inputs), targets)``, W being its matrices.

    One matrix is a problem over that matrix as it is, (out, in) for ``Linear``; several are packed into a column, as
    ``problem.layers`` says. Everything else, biases and buffers, stays as it is, ``problem.frozen``. Runs start at the
    weights of the module.

    Numbers have double precision whatever the precision of the module, which is copied and never changed: single
    precision weights are taken as they are and computed with in double precision. A step of a run may then be compared
    with a proof; what rounding does to a training run in low precision is another question.

    Parameters
    ----------
    module : torch.nn.Module
        In the mode in which it is to be looked at: what is random there, or sees other examples, is refused.
    loss : callable
        ``loss(output, targets)``, a tensor without dimensions: the mean over the examples, such as ``cross_entropy``.
    data : (inputs, targets)
        Tensors or arrays, whose first axis counts the examples. Floating-point numbers are taken in double precision.
    parameters : names, predicate or None
        Which parameters are moved: their names, a function ``(name, parameter)`` that is true for them, or by default
        every parameter of two dimensions that requires a gradient.
    mean : bool
        Whether the loss is the mean of those of the examples by themselves. If not, it is taken as it is, and there are
        no components.
    device : str or torch.device
        Where it is computed.
    L, mu, strong_convexity, convex, f_star, f_star_error, f_lower, measured
        Constants as in ``FromFunctions``; nan, unknown, unless given. Theorems that need one are then not applicable.
    L_max, component_infima : float, and (N,) or float
        Constants of the components, as in ``FiniteSum``.

    Returns
    -------
    ModuleProblem
        A ``ModuleSum``, a finite sum over the examples, if the loss is their mean.

    Raises
    ------
    ValueError
        For a module that draws, as dropout does, that computes in a lower precision, that changes as it is called, as
        batch normalisation does, or whose loss is not the mean over the examples.

    Examples
    --------
    >>> import torch
    >>> from torch.nn.functional import cross_entropy
    >>> from rac_theory import Case, LayeredRACLoRA, simulate, verify
    >>> from rac_theory.sketches import Haar
    >>> from rac_theory.torch import from_module
    >>> _ = torch.manual_seed(0)
    >>> network = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    >>> problem = from_module(network, cross_entropy, (torch.randn(20, 4), torch.arange(20) % 3), f_lower=0.0)
    >>> problem.layers, problem.frozen
    (Layers(0.weight 8x4, 2.weight 3x8), ('0.bias', '2.bias'))
    >>> algorithm = LayeredRACLoRA(problem.layers, [Haar(8, 2), Haar(3, 1)], gamma=0.5)
    >>> case = Case(algorithm, problem, steps=20)
    >>> values = simulate(case, runs=4, rng=0).values
    >>> bool((values[:, -1] < values[:, 0]).all())
    True
    >>> print(verify("T1", case).status)  # nobody has proved an L
    NOT_APPLICABLE
    """
    shapes = chosen(module, parameters)
    where = given_device(device)
    f = ModuleLoss(module, loss, given_data(data, where), shapes, where)
    start = f.weights(module)
    check_function(f, start)
    constants = {
        "L": L, "mu": mu, "strong_convexity": strong_convexity, "convex": convex, "f_star": f_star,
        "f_star_error": f_star_error, "f_lower": f_lower, "measured": measured, "start": start,
    }  # fmt: skip
    if not checks.boolean("mean", mean):
        return ModuleProblem(f, **constants)
    check_mean(f, start)
    return ModuleSum(f, L_max, component_infima, **constants)


def _listing(names: Collection[str], what: str) -> str:
    return ", ".join(names) if len(names) <= _NAMES else f"{len(names)} {what}"
