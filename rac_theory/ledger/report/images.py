"""Figures as data URIs, so that a page holds them: drawings and pictures alone, as a folder may be someone else's."""

import base64
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

LARGEST = 1_000_000
"""The bytes that a figure may have; ours have at most some 100,000."""

# What may not stand in an attribute as it is: little of a drawing, which so stays a third shorter than in base64.
_UNSAFE = "%\"#&'<>[\\]^`{|}"  # that by which they are quoted first
_DRAWING = re.compile(r"\s*(<\?xml[^>]*\?>\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]")
_PICTURE = b"\x89PNG\r\n\x1a\n"
# A link is not followed, a pipe not waited for; where the system has no such flags, what is opened is still checked.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Image(NamedTuple):
    """A figure as a data URI, or None and why it is not shown."""

    uri: str | None
    why_not: str = ""


def image(folder: Path, name: str) -> Image:
    """Return an SVG or PNG file of a folder.

    A file of results may name anything, and what is shown is sent on with the page: so it must be a drawing or a
    picture in a regular file of this folder itself, under this name alone, of at most ``LARGEST`` bytes.

    Parameters
    ----------
    folder : Path
    name : str
        As a file of results has it.
    """
    try:
        return Image(_data_uri(_content(folder, name), Path(name).suffix))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return Image(None, f"The figure {name!r} is not shown: {why}.")


def _content(folder: Path, name: str) -> bytes:
    if Path(name).name != name or folder.is_symlink():
        raise ValueError("it is not in the folder of figures")
    if (folder / name).is_symlink():
        raise ValueError("it is a link")
    descriptor = os.open(folder / name, _FLAGS)
    with open(descriptor, "rb") as stream:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is no regular file")
        if about.st_nlink > 1:  # it may be any file of this disk
            raise ValueError("the file has another name too")
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    return content


def _data_uri(content: bytes, suffix: str) -> str:
    if suffix == ".png" and content.startswith(_PICTURE):
        return "data:image/png;base64," + base64.b64encode(content).decode()
    drawing = content.decode(errors="replace") if suffix == ".svg" else ""
    if not _DRAWING.match(drawing):
        raise ValueError("it is neither SVG nor PNG")
    words = " ".join(drawing.split())
    for letter in _UNSAFE:
        words = words.replace(letter, f"%{ord(letter):02X}")
    return f"data:image/svg+xml,{words}"
