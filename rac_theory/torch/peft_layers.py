"""What a model of PEFT, or a trainer of transformers, shows to ``check_chain``; neither library is imported."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from rac_theory.base import shown


def peft_functions(
    model: Callable[[Any], torch.nn.Module], optimizer: Callable[[Any], Any] | None = None
) -> dict[str, Callable[[Any], Any]]:
    """Return the functions ``adapter``, ``weights`` and ``moments`` of ``check_chain`` for a model of PEFT.

    Parameters
    ----------
    model : function of a state
        The ``PeftModel``, or any module with layers like those of PEFT's LoRA.
    optimizer : function of a state, optional
        An optimiser of PyTorch; without it nothing is asked of what it remembers.

    Returns
    -------
    dict
        To be unpacked: ``check_chain(new, train, merge, outputs, **peft_functions(lambda state: state.model))``. Scales
        are those that PEFT multiplies by, rsLoRA's too.

    Raises
    ------
    ValueError
        By each function: if the model has no layer of LoRA, a layer has none or several active adapters, or it is one
        of DoRA, whose merge is not W + scale B A, or of PiSSA, whose factors are those of W, and no draw.

    Examples
    --------
    A layer with the parts that PEFT gives it:

    >>> import torch
    >>> from rac_theory.torch import peft_functions
    >>> layer = torch.nn.Module()
    >>> layer.base_layer, layer.scaling = torch.nn.Linear(6, 4), {"default": 2.0}
    >>> layer.lora_A = torch.nn.ModuleDict({"default": torch.nn.Linear(6, 1, bias=False)})
    >>> layer.lora_B = torch.nn.ModuleDict({"default": torch.nn.Linear(1, 4, bias=False)})
    >>> shows = peft_functions(lambda model: model)
    >>> B, A, scale = shows["adapter"](torch.nn.ModuleDict({"q": layer}))["q"]
    >>> B.shape, A.shape, scale
    (torch.Size([4, 1]), torch.Size([1, 6]), 2.0)
    """

    def adapter(state: Any) -> dict[str, tuple[torch.Tensor, torch.Tensor, float]]:
        for name, config in getattr(model(state), "peft_config", {}).items():
            if str(getattr(config, "init_lora_weights", "")).startswith("pissa"):
                raise ValueError(
                    f"the adapter {name!r} is one of PiSSA, whose factors are the leading singular vectors of W: no "
                    "link has a fresh draw, which T1 to T3 ask for; check it without adapter= and weights="
                )
        return {name: _factors(name, layer) for name, layer in _layers(model(state))}

    shows: dict[str, Callable[[Any], Any]] = {
        "adapter": adapter,
        "weights": lambda state: {name: layer.base_layer.weight for name, layer in _layers(model(state))},
    }
    if optimizer is not None:
        shows["moments"] = lambda state: {} if optimizer(state) is None else optimizer(state).state_dict()["state"]
    return shows


def trainer_functions(
    make: Callable[[int], Any], merging: type, batch: Mapping[str, Any], event: str = "on_step_end"
) -> dict[str, Callable[..., Any]]:
    """Return all that ``check_chain`` is given for a ``Trainer`` of transformers whose callback merges an adapter.

    Parameters
    ----------
    make : function of a seed
        The trainer, of a model of PEFT; its ``TrainingArguments`` have the seed.
    merging : class
        That of the callback, which is taken off the trainer, and called between links, after as many steps as
        ``check_chain`` has by ``steps``: a callback that counts must merge after these.
    batch : mapping
        Inputs of the model, whose logits are compared; it is in ``eval`` then.
    event : str
        The method of the callback that merges.

    Returns
    -------
    dict
        ``new``, ``train``, ``merge``, ``outputs`` and what ``peft_functions`` gives.

    Raises
    ------
    ValueError
        By ``new``, if the trainer has no such callback.

    Examples
    --------
    Three lines, with a trainer and a callback of yours::

        from rac_theory.testing import check_chain
        from rac_theory.torch import trainer_functions
        check_chain(**trainer_functions(make, Merging, batch), steps=5)

    >>> from rac_theory.torch import trainer_functions
    >>> sorted(trainer_functions(lambda seed: None, object, {}))
    ['adapter', 'merge', 'moments', 'new', 'outputs', 'train', 'weights']
    """

    def new(seed: int) -> tuple[Any, Any]:
        trainer = make(seed)
        callback = trainer.pop_callback(merging)
        if callback is None:
            raise ValueError(f"make must return a trainer with a callback of {shown(merging)}, got none")
        return trainer, callback

    def train(state: tuple[Any, Any], steps: int) -> None:
        trainer, _ = state
        trainer.args.max_steps = steps
        trainer.train()

    def merge(state: tuple[Any, Any]) -> None:
        trainer, callback = state
        names = ("model", "optimizer", "lr_scheduler", "train_dataloader", "eval_dataloader", "processing_class")
        parts = {name: getattr(trainer.callback_handler, name, None) for name in names}
        getattr(callback, event)(trainer.args, trainer.state, trainer.control, **parts)

    @torch.no_grad()
    def outputs(state: tuple[Any, Any]) -> torch.Tensor:
        logits: torch.Tensor = state[0].model.eval()(**batch).logits
        return logits

    shows = peft_functions(lambda state: state[0].model, lambda state: state[0].optimizer)
    return {"new": new, "train": train, "merge": merge, "outputs": outputs, **shows}


def _layers(model: torch.nn.Module) -> list[tuple[str, Any]]:
    layers = [(name, layer) for name, layer in model.named_modules() if _is_lora(layer)]
    if not layers:
        raise ValueError("model must have layers of PEFT's LoRA, with base_layer, lora_A, lora_B and scaling, got none")
    return layers


def _is_lora(layer: torch.nn.Module) -> bool:
    return all(hasattr(layer, name) for name in ("base_layer", "lora_A", "lora_B", "scaling")) and bool(layer.lora_A)


def _factors(name: str, layer: Any) -> tuple[torch.Tensor, torch.Tensor, float]:
    active = [adapter for adapter in _active(layer) if adapter in layer.lora_A]
    if len(active) != 1:
        raise ValueError(f"{name} must have one active adapter, got {shown(active)}")
    (adapter,) = active
    if getattr(layer, "use_dora", {}).get(adapter, False):
        raise ValueError(
            f"{name} is a layer of DoRA, which trains the length of each row of W as well: what it merges is not W + "
            "scale B A; check it without adapter= and weights="
        )
    return layer.lora_B[adapter].weight, layer.lora_A[adapter].weight, float(layer.scaling[adapter])


def _active(layer: Any) -> Iterator[str]:
    active = getattr(layer, "active_adapters", None)
    yield from [*layer.lora_A] if active is None else [active] if isinstance(active, str) else active
