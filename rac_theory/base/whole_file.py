"""Files that are whole at every moment: a reader sees the old content or the new one, whatever ends the writer."""

import os
import tempfile
from pathlib import Path


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
