"""Tasks that are handed to worker processes, which leave all signals to the process that has started them."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rac_theory.base.interrupts import heard_by_nobody, left_to_the_parent

if TYPE_CHECKING:  # joblib takes as long to import as all of this room, and most of what uses the room has no workers
    from joblib import Parallel

T = TypeVar("T")

LOST = (BrokenProcessPool, CancelledError)
"""What is raised where workers are lost: processes of this machine, or, with its scheduler, a cluster of Dask."""

_SHORT = 2.0  # seconds of work below which workers would take longer to start than to finish


def worker_count(jobs: int | None, seconds: float) -> int:
    """Return how many workers share so many seconds of work: by default all there are, or none but this process."""
    if jobs is None and seconds < _SHORT:
        return 1
    from joblib import effective_n_jobs

    return int(effective_n_jobs(-1 if jobs is None else jobs))


def as_they_finish(function: Callable[..., T], tasks: Iterable[tuple[Any, ...]], jobs: int) -> Generator[T, None, None]:
    """Start the calls of a function with each of some arguments, and return their results in no particular order.

    Tasks are begun in their order, at once; in this process, where ``jobs`` is 1, as each result is asked for.
    """
    from joblib import delayed

    call = delayed(_Task(function))
    calls = (call(*arguments) for arguments in tasks)
    with heard_by_nobody():  # nor by workers that start now
        results: Generator[T, None, None] = workers(jobs, "generator_unordered")(calls)
    return results


def workers(jobs: int, return_as: str = "generator") -> "Parallel":
    """Return what hands calls to so many workers of the backend that is set, and yields what they return.

    Raises
    ------
    ValueError
        For a backend, such as ``multiprocessing``, that returns all results at once: one whose worker is lost is waited
        for without end, and nothing is kept before.
    """
    from joblib import Parallel
    from joblib.parallel import get_active_backend

    backend = get_active_backend()[0]
    if backend.supports_return_generator:
        return Parallel(n_jobs=jobs, return_as=return_as)
    if jobs == 1:
        return Parallel(n_jobs=1, return_as=return_as, backend="sequential")
    name = type(backend).__name__.removesuffix("Backend").lower()
    raise ValueError(
        f"the backend of joblib must be one that returns each result as it comes, such as loky, threading or dask, got "
        f"{name}: leave parallel_config out, or set another"
    )


@dataclass(frozen=True)
class _Task(Generic[T]):
    function: Callable[..., T]

    def __call__(self, *arguments: Any) -> T:
        left_to_the_parent()
        return self.function(*arguments)

    @property
    def __name__(self) -> str:  # that Dask shows
        return self.function.__name__
