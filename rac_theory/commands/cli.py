"""The command line: one parser for every command, what is imported for one, and what becomes of errors."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rac_theory.commands import options
from rac_theory.commands.exit_status import BAD_INPUT, CLOSED_PIPE, INTERNAL_ERROR, OK, VIOLATED
from rac_theory.commands.parsing import Parser
from rac_theory.commands.screen import terminal_width, wrapped


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status, see ``rac_theory.commands.exit_status``."""
    return prepared(argv)()


def prepared(argv: Sequence[str] | None = None) -> Callable[[], int]:
    """Understand what is typed and import what it needs; what is returned runs it."""
    words = sys.argv[1:] if argv is None else argv
    parser = _parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks for names, and gets no further
        import argcomplete

        argcomplete.autocomplete(parser)
    try:
        arguments, unknown = parser.parse_known_args(words)
        if unknown:
            arguments.parser.refuse_unknown(unknown)
        if arguments.command is None:
            parser.error(f"command must be one of {', '.join(parser.commands)}, got none")
    except SystemExit as end:  # with a sentence on what is wrong, or none: help and version have been printed
        status = _refused(end.code) if isinstance(end.code, str) else OK
        return lambda: status
    except OSError as error:  # they cannot be printed
        status = _refused(str(error))
        return lambda: status
    arguments.typed, arguments.found = ["rac-theory", *words], OK
    module, _, function = arguments.run.partition(":")
    run = getattr(importlib.import_module(f"rac_theory.commands.{module}"), function)
    for needed in ("rich.console", "rich.table"):
        importlib.import_module(needed)  # a function that imports from it takes no time then
    return lambda: _ended(run, arguments)


def _ended(run: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    """Run a command to its end, whatever that is; a claim that was violated before goes before what failed then."""
    from rac_theory.base import status_of_interrupt

    try:
        return _run(run, arguments)
    except KeyboardInterrupt as end:
        print("interrupted", file=sys.stderr)
        return status_of_interrupt(end)
    except BrokenPipeError:  # the reader went away, as head does: no traceback
        status = CLOSED_PIPE
    except BaseException as error:
        status = _status_of(error)
    return VIOLATED if arguments.found == VIOLATED else status


def _run(run: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    from rac_theory.base import heard_once, plug_in_faults, progress

    with heard_once(), plug_in_faults.told(), progress.silent():  # each has a bar of its own
        arguments.found = run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    return int(arguments.found)


def _status_of(error: BaseException) -> int:
    """Say in one sentence what ended a command; a traceback where that is a fault of ours."""
    from rac_theory.base import LOST

    if isinstance(error, LOST):
        return _refused(
            "a worker process was lost, or the scheduler of some: killed, out of memory, or ended by code that is not "
            "ours; fewer --jobs take less memory. What was finished is kept"
        )
    if isinstance(error, MemoryError):
        return _refused(f"there is not enough memory{f': {error}' if str(error) else ''}")
    if isinstance(error, ValueError | OverflowError | ImportError | OSError):
        return _refused(str(error))
    import traceback

    traceback.print_exception(error)  # a fault of ours must not look like a violated claim
    return INTERNAL_ERROR


def _refused(reason: str) -> int:
    """Say in one sentence why something is refused, without characters that would steer a terminal."""
    from rac_theory.base import printable

    sentence = f"error: {printable(' '.join(reason.split()))}"
    terminal = sys.stderr is not None and sys.stderr.isatty()
    print(wrapped(sentence, terminal_width()) if terminal else sentence, file=sys.stderr)
    return BAD_INPUT


class _Version(argparse.Action):
    """Says which version is installed, which is looked up when it is asked for: that takes as long as the help."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(version("rac-theory"), flush=True)
        parser.exit()


def _parser() -> Parser:
    parser = Parser(
        prog="rac-theory",
        description="The convergence theory of Randomized Asymmetric Chain of LoRA, as values that can be run.",
        example=options.VERIFY,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and end")
    commands = parser.add_subparsers(metavar="command", dest="command", title="commands")
    for add in options.COMMANDS:
        add(commands)
    for subparser in (parser, *commands.choices.values()):
        subparser.set_defaults(parser=subparser)
    parser.commands = commands.choices
    return parser
