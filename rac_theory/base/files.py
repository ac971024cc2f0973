"""Files that are whole at every moment, and end.

A reader sees the old content or the new one, whatever ends the writer. What is read is a regular file: a folder, a pipe
or a device is named before it is opened.
"""

import os
import stat
import tempfile
from pathlib import Path

from rac_theory.base.naming import printable, shown


def write_whole(path: Path, content: str | bytes, *, durable: bool = False) -> Path:
    """Write a file in the place of an older one of its name; return its path.

    Parameters
    ----------
    path : Path
    content : str or bytes
        Text is written as UTF-8.
    durable : bool
        Wait until the disk has it, so that a power cut leaves one of the two as well: some milliseconds.

    Raises
    ------
    OSError
        If the file cannot be written, with its path: the system does not name a file for which the disk is too small.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        # A name of its own, so that two runs in one folder do not write into each other's file.
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, suffix=".part", delete=False) as stream:
            part = Path(stream.name)
            try:
                stream.write(data)
                stream.flush()
                if durable:
                    os.fsync(stream.fileno())
                part.chmod(0o644)
                part.replace(path)
            except BaseException:  # an interrupt too
                part.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise OSError(error.errno, f"{str(path)!r} cannot be written: {error.strerror}") from error
    return path


def check_written(name: str, path: Path) -> None:
    """Raise a ``ValueError`` if a file cannot have this path, before what it is to hold is computed."""
    for is_wrong, reason in ((not path.parent.is_dir(), "its folder is not there"), (path.is_dir(), "it is a folder")):
        if is_wrong:
            raise ValueError(f"{name} must be a file that can be written, got {str(path)!r}: {reason}")


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
