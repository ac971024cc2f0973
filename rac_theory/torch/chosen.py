"""Which parameters of a module are meant: by their names, by a predicate, or all that are matrices and trained."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from torch import Tensor
from torch.nn import Module

from rac_theory.base import being, described, printable, shown, type_name

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
        names = [name for name, one in named.items() if one.ndim == 2 and one.requires_grad]
    elif callable(parameters):
        try:
            names = [name for name, one in named.items() if parameters(name, one)]
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
    return {name: (int(one.shape[0]), int(one.shape[1])) for name, one in named.items() if name in names}


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
