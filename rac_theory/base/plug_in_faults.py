"""Errors of code that is not ours: told with the place where they happened, instead of a traceback through ours."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

_LIBRARIES = sys.stdlib_module_names | {
    *("cloudpickle", "distributed", "jinja2", "joblib", "latex2mathml", "markupsafe", "matplotlib", "numpy", "PEPit"),
    *("pyarrow", "rich", "scipy", "sklearn", "threadpoolctl"),
}
_SENTENCES = (ValueError, OSError, MemoryError, OverflowError, ImportError)


class PlugInFault(ValueError):
    """An error in a plug-in, in words: where, and what."""


@contextmanager
def told() -> Iterator[None]:
    """Turn what users' code raises in the block into a ``PlugInFault``, and any ``SystemExit``, whoever calls it.

    Errors that say themselves what is wrong, as ``ValueError``, are left as they are, and so are ours: an error is that
    of the code that raised it, or that called the library which did.
    """
    try:
        yield
    except SystemExit as error:
        raise PlugInFault(
            f"no code may end the program, but {_place(error)[1]} called sys.exit({error.code!r})"
        ) from error
    except (*_SENTENCES, KeyboardInterrupt):
        raise
    except BaseException as error:
        is_ours, origin = _place(error)
        if is_ours:
            raise
        raise PlugInFault(f"{origin} raised {type(error).__name__}: {error}") from error


def _place(error: BaseException) -> tuple[bool, str]:
    """Return whether the innermost code that is no library's is ours, and where it is."""
    for frame, line in reversed([*traceback.walk_tb(error.__traceback__)]):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        # What runs as a program has the name of a module of the standard library.
        if package not in _LIBRARIES or package == "__main__":
            code = frame.f_code
            return package == "rac_theory", f"{code.co_filename}, line {line}, in {code.co_name},"
    return True, "some code"
