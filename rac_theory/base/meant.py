"""What was meant: the nearest name, the words that other libraries have for ours, and calls that do not fit, answered
by what may be written instead. A door calls ``answering``: its classes and functions then answer in our words, not in
those of Python.
"""

import difflib
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from types import ModuleType
from typing import Any

ELSEWHERE: Mapping[str, str] = {
    "gamma": "lr learning_rate step_size stepsize eta alpha",
    "setting": "lr learning_rate step_size stepsize eta gamma step",
    "rng": "seed random_state generator key",
    "seed": "rng random_state",
    "runs": "n_runs num_runs trials n_trials samples n_samples repeats n_repeats",
    "steps": "n_steps num_steps max_steps epochs iterations n_iter max_iter",
    "rank": "r k n_components",
    "dim": "d m n n_features",
    "alpha": "level significance significance_level delta",
    "n_jobs": "jobs workers n_workers num_workers processes",
    "jobs": "n_jobs workers n_workers num_workers processes",
    "gradients": "batch_size batch minibatch noise sigma",
    "size": "n n_samples shape batch_size",
    "W0": "x0 w0 init start",
    "citation": "cite bibtex references",
    "status": "passed ok success result holds answer",
    "log_evidence": "p_value pvalue p",
    "plot": "show draw savefig figure",
    "values": "losses loss",
    "gaps": "gap",
    "gap": "gaps",
    "problems": "datasets data load_data load",
    "sketches": "projections",
    "gaussian": "normal randn",
    "Gaussian": "normal randn",
    "to_dict": "asdict as_dict dict to_json",
    "exact_rate": "rate convergence_rate",
    "expected": "expectation mean",
    "out": "output output_dir folder",
    "list": "ls names help",
    "explain": "show info describe",
}
"""By our names what else they are called, in scikit-learn, PyTorch and papers."""

_SHORT, _LONG = 80, 600  # characters of a list: what stands within a line, and what fits a screen


def nearest(value: object, vocabulary: Iterable[str]) -> str:
    """Return the name that was meant as the end of a message; nothing where no name is near."""
    bare = {_bare(name): name for name in vocabulary}
    word = _bare(value) if isinstance(value, str) else ""
    meant = [low for low, name in bare.items() if word and word in ELSEWHERE.get(name, ELSEWHERE.get(low, "")).split()]
    near = meant or difflib.get_close_matches(word, bare if word else (), n=1, cutoff=0.5)
    return f" (did you mean {bare[near[0]]!r}?)" if near else ""


def _bare(name: str) -> str:
    """A name or an option in small letters, so that ``--n-jobs`` is ``n_jobs``."""
    return name if name in ELSEWHERE else name.lower().lstrip("-").replace("-", "_")


def choice(name: str, quoted: str, value: object, vocabulary: Iterable[str]) -> str:
    """Return the sentence on a name that is not among those known: what was meant stands before a list that is long.

    Examples
    --------
    >>> from rac_theory.base.meant import choice
    >>> print(choice("side", "'lft'", "lft", ["left", "right"]))
    side must be one of left, right, got 'lft' (did you mean 'left'?)
    >>> print(choice("theorem", "'t2'", "t2", [f"T{i}" for i in range(1, 40)])[:70])
    theorem must be one of these, got 't2' (did you mean 'T2'?): T1, T2, T
    """
    names = [*vocabulary]
    listed = ", ".join(names)
    if len(listed) <= _SHORT:
        return f"{name} must be one of {listed}, got {quoted}{nearest(value, names)}"
    beginning = listed if len(listed) <= _LONG else listed[:_LONG].rpartition(",")[0]
    left_out = len(names) - beginning.count(",") - 1
    more = f", and {left_out} more" if left_out else ""
    return f"{name} must be one of these, got {quoted}{nearest(value, names)}: {beginning}{more}"


def in_order(names: Iterable[str]) -> list[str]:
    """Sort names, numbers in them by size: T2 before T10."""
    return sorted(names, key=lambda name: re.sub(r"\d+", lambda digits: digits[0].zfill(9), name))


class NoMember(AttributeError):
    """What is asked of a class, its values or a module that has it not; the sentence is made when it is read."""

    def __str__(self) -> str:
        whose, name = self.args
        members = getattr(whose, "__all__", None) or {*dir(whose), *getattr(whose, "__dataclass_fields__", ())}
        public = [member for member in members if not member.startswith("_")]
        return f"{whose.__name__} has no {name!r}{nearest(name, in_order(public))}"

    def __reduce__(self) -> tuple[Any, ...]:
        return AttributeError, (str(self),)  # modules have no pickles


class Room(ModuleType):
    """A module whose members are asked for by a dot."""

    def __getitem__(self, name: object) -> Any:
        room, members = self.__name__.rpartition(".")[2], self.__all__
        meant = f"write {room}.{name}" if name in members else f"members stand after a dot{nearest(name, members)}"
        raise TypeError(f"{self.__name__} is a module, got {room}[{name!r}]: {meant}")

    def __reduce__(self) -> tuple[Any, tuple[str]]:  # joblib sends what a script imports, and knows plain modules alone
        return importlib.import_module, (self.__name__,)


def answering(door: dict[str, Any], *names: str) -> None:
    """Have the public classes and functions of a door answer what does not fit: calls, members, and names of the door.

    Parameters
    ----------
    door : dict
        The ``globals()`` of its module, which end in ``__all__``. What already answers is left as it is.
    *names : str
        Those that do; by default all that are public.
    """
    for name in names or door["__all__"]:
        value = door.get(name)
        if inspect.isfunction(value):
            home = vars(sys.modules[value.__module__])
            door[name] = answers = _answering(value, value)
            if home.get(name) is value:
                home[name] = answers  # where pickles look for it
        elif isinstance(value, type) and not getattr(value, "_is_protocol", False):
            _class_answering(value)
    sys.modules[door["__name__"]].__class__ = Room
    if "__getattr__" not in door:

        def missing(name: str) -> Any:
            raise NoMember(sys.modules[door["__name__"]], name)

        door["__getattr__"] = missing


def _class_answering(cls: Any) -> None:
    for name, value in [*vars(cls).items()]:
        if name == "__init__":
            cls.__init__ = _answering(value, cls)
        elif name.startswith("_"):
            continue
        elif isinstance(value, classmethod):
            setattr(cls, name, classmethod(_answering(value.__func__, value.__func__)))
        elif inspect.isfunction(value) and (value.__defaults__ or value.__kwdefaults__):
            setattr(cls, name, _answering(value, value))  # what people call; value(W) is called a million times
    if "__init__" in vars(cls) and not hasattr(cls, "__getattr__"):
        cls.__getattr__ = _member_missing


def _member_missing(self: Any, name: str) -> Any:
    if hasattr(type(self), name):  # a property that raised: what it said is said again
        return object.__getattribute__(self, name)
    raise NoMember(type(self), name)


def _answering(call: Callable[..., Any], constructor: Callable[..., Any]) -> Callable[..., Any]:
    """The same call; where its arguments do not fit its signature, that of the whole is what the error is about."""
    if hasattr(call, "answers"):
        return call

    @wraps(call)
    def answers(*given: Any, **named: Any) -> Any:
        __tracebackhide__ = True  # pytest shows the line that called
        try:
            return call(*given, **named)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:  # of what is inside
                raise
            misfit = _unfit(call, constructor, given, named)
            raise TypeError(misfit or str(error)) from None

    answers.answers = True  # type: ignore[attr-defined]
    return answers


def _unfit(call: Any, constructor: Any, given: tuple[Any, ...], named: dict[str, Any]) -> str | None:
    """Say why a call does not fit a signature, and what may be written."""
    parameters = [*inspect.signature(call).parameters.values()]
    if parameters and parameters[0].name in ("self", "cls"):  # which is not typed
        parameters, given = parameters[1:], given[1:]
    name, takes = constructor.__qualname__, [slot.name for slot in parameters]
    in_place = [slot.name for slot in parameters if slot.kind in (slot.POSITIONAL_ONLY, slot.POSITIONAL_OR_KEYWORD)]
    given_names = in_place[: len(given)]
    signature = f"; it takes {', '.join(takes) or 'nothing'}"
    if "case" in takes:
        signature += ", and a case is Case(algorithm, problem, steps=...)"
    for word in named:
        if word in given_names:
            return f"{name} must be given {word} once, got it by place and by name"
        if word not in takes:
            return f"{name} takes no {word!r}{nearest(word, takes)}{signature}"
    if len(given) > len(in_place):
        return f"{name} takes {' and '.join(in_place) or 'nothing'} by place, got {len(given)} values{signature}"
    lacking = [
        slot.name for slot in parameters if slot.default is slot.empty and slot.name not in {*named, *given_names}
    ]
    return f"{name} must be given {' and '.join(lacking)}{signature}" if lacking else None
