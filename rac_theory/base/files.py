"""A file to read: a regular one, so that reading it ends. A folder, a pipe or a device is named before it is opened."""

import os
import stat
from pathlib import Path

from rac_theory.base.naming import printable, shown


def readable_file(name: str, path: str | Path, what: str) -> str:
    """Accept the path of a regular file; ``what`` says which kind of file is meant, for the message.

    A pipe would be waited for, and ``/dev/zero`` has no end.
    """
    try:
        text = os.fsdecode(path)
        mode = os.stat(text).st_mode
    except (OSError, TypeError, ValueError) as error:  # not there, no path, or with a zero byte in it
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ValueError(f"{name} must be {what}, got {_text(path)}: {printable(str(reason))}") from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "a device"
        raise ValueError(f"{name} must be {what}, got {_text(path)}, which is {kind}")
    return text


def _text(path: object) -> str:
    """A path in quotes, whole."""
    return printable(repr(os.fsdecode(path))) if isinstance(path, str | bytes | os.PathLike) else shown(path)
