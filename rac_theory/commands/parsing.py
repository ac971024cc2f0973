"""Parsing: what is typed, in the words of the house. A name that is wrong is answered with the nearest one, a word that
is no number with what it should be; help is as wide as the terminal and no wider than prose, and ends in an example.
"""

import argparse
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, TypeVar

from rac_theory.commands.screen import PROSE, terminal_width, wrapped

_MEANT = "did you mean"

T = TypeVar("T")


class Example(NamedTuple):
    """A command line without its first word, and an excerpt of what it prints, which a test compares."""

    typed: str
    prints: str

    def __str__(self) -> str:
        import textwrap

        return f"example:\n  $ rac-theory {self.typed}\n" + textwrap.indent(
            textwrap.dedent(self.prints).strip("\n"), "  "
        )


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str, **rest: Any) -> None:
        super().__init__(prog, **{"width": _width(), **rest})


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence.

    Parameters
    ----------
    description : str
        It is wrapped.
    example : Example
        It ends the help.
    rest
        As in ``argparse.ArgumentParser``.
    """

    def __init__(self, *, description: str = "", example: Example | None = None, **rest: Any) -> None:
        self.example = example
        self.commands: Mapping[str, Parser] = {}  # by name, once they are added
        super().__init__(formatter_class=_Formatter, description=description, **rest)

    def format_help(self) -> str:
        """Return the help: what it does, as wide as the terminal, the options, and the example."""
        self.description, self.epilog = wrapped(self.description or "", _width()), str(self.example or "")
        return super().format_help()

    def print_help(self, file: Any = None) -> None:
        """Print the help, all of it: argparse leaves it to the end of the program, and says nothing where it fails."""
        print(self.format_help(), end="", file=file, flush=True)

    def error(self, message: str) -> NoReturn:
        """Raise a ``SystemExit`` with a sentence on what is wrong, and where an example is."""
        message = re.sub(r"^argument (?:--)?([\w-]+): must ", r"\1 must ", message).removeprefix("argument ")
        message = re.sub(r"^the following arguments are required: (.*)", r"\1 must be given", message)
        message = re.sub(r": expected (at least one|one) argument$", r" must be given \1 value, got none", message)
        message = re.sub(r": ignored explicit argument (.*)", r" must be given no value, got \1", message)
        message = re.sub(r": not allowed with argument (.*)", r" must not be given beside \1", message)
        raise SystemExit(message if _MEANT in message else f"{message}; {self.prog} --help has an example")

    def refuse_unknown(self, words: Sequence[str]) -> NoReturn:
        """Refuse words that no option takes, with the option that was perhaps meant."""
        option = words[0].partition("=")[0]
        if not option.startswith("-"):
            self.error(f"{self.prog} must be given no more words, got {words[0]!r}")
        options = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
        self.error(_choice("option", option, options))

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, _choice("", value, list(action.choices)).lstrip())


def add_command(commands: Any, name: str, does: str, run: str, example: Example, description: str = "") -> Parser:
    """Add a command to the subparsers.

    Parameters
    ----------
    commands : subparsers
    name : str
    does : str
        A line for the list of commands.
    run : str
        What does it, and returns the exit status: a module of this room and a function in it, as ``judge:run``. The
        module is imported before it runs, once the command is typed as it should be: help and completion wait for none.
    example : Example
    description : str
        By default what it does, as a sentence.
    """
    paragraph = description or f"{does[0].upper()}{does[1:]}."
    parser: Parser = commands.add_parser(name, help=does, description=paragraph, example=example)
    parser.set_defaults(run=run)
    return parser


class Word(NamedTuple):
    """What is typed for an option: how help calls it, what reads it, and the words that a shell offers for it.

    ``words`` may be a function that yields them; without any a shell offers paths of files.
    """

    metavar: str | None = None
    read: Callable[[str], Any] = str
    words: Iterable[str] | Callable[[], Iterable[str]] = ()


def option(group: Any, name: str, word: Word, help: str, *, several: bool = False, **rest: Any) -> None:
    """Add an option, or what is typed without one, to a parser or a group of options.

    Parameters
    ----------
    group : parser or group
    name : str
    word : Word
    help : str
    several : bool
        Whether it takes one value or more, and may be typed again for others.
    rest
        As in ``add_argument``.
    """
    if several:
        rest = {"nargs": "+", "action": "extend", "default": [], **rest}
    words = word.words
    action = group.add_argument(name, metavar=word.metavar, type=word.read, help=help, **rest)
    if words:
        action.completer = lambda **_: words() if callable(words) else words


def flag(group: Any, name: str, help: str) -> None:
    """Add an option that takes no value."""
    group.add_argument(name, action="store_true", help=help)


def integer(metavar: str | None, range_: str) -> Word:
    """Read an integer; ``range_`` says which, as ``>= 1``, and is checked where the number is used."""
    return Word(metavar, _reader(int, f"an integer {range_}"))


def number(metavar: str, range_: str = "") -> Word:
    """Read a number; ``range_`` is as for ``integer``."""
    return Word(metavar, _reader(float, f"a number {range_}"))


def _reader(kind: Callable[[str], T], what: str) -> Callable[[str], T]:
    def read(text: str) -> T:
        try:
            if "_" in text or not text.isascii():  # which Python would read: 1_0, and digits of other alphabets
                raise ValueError
            return kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be {what.rstrip()}, got {text!r}") from None

    return read


def _choice(name: str, value: str, choices: Sequence[str]) -> str:
    from rac_theory.base import choice  # NumPy is loaded by what is wrong alone

    return choice(name, repr(value), value, choices)


def _width() -> int:
    """The width of help: two columns less than that of the terminal, as argparse has it."""
    return min(terminal_width(), PROSE) - 2
