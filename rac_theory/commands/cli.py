"""The command line: one parser for every command, and what becomes of errors."""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import NoReturn

from rac_theory.commands import advise, claims, counterexamples, judge, prove, repeat, report, sketch, sweep, verify
from rac_theory.commands.exit_status import BAD_INPUT, CLOSED_PIPE, INTERNAL_ERROR, OK
from rac_theory.problems.naming import printable
from rac_theory.processes import plug_in_faults
from rac_theory.processes.interrupts import heard_once, status_of_interrupt
from rac_theory.verification.versions import own_version


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status, see ``rac_theory.commands.exit_status``."""
    try:
        arguments = _parser().parse_args(argv)
        arguments.typed = ["rac-theory", *map(printable, sys.argv[1:] if argv is None else argv)]
    except SystemExit as end:  # argparse has said what there is to say: usage, help or the version
        return BAD_INPUT if end.code else OK
    try:
        with heard_once(), plug_in_faults.told():
            status: int = arguments.run(arguments)
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt as end:
        print("interrupted", file=sys.stderr)
        return status_of_interrupt(end)
    except BrokenPipeError:  # the reader went away, as head does: no traceback, nor one when the interpreter ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except BrokenProcessPool:
        return _refused(
            "a worker process was lost: killed, out of memory, or ended by code that is not ours; fewer --jobs take "
            "less memory. What was finished is kept"
        )
    except MemoryError as error:
        return _refused(f"there is not enough memory{f': {error}' if str(error) else ''}")
    except (ValueError, OverflowError, ImportError, OSError) as error:
        return _refused(str(error))
    except BaseException:  # a fault of ours must not look like a violated claim
        traceback.print_exc()
        return INTERNAL_ERROR
    return status


def _refused(reason: str) -> int:
    """Say on one line why something is refused, without characters that would steer a terminal."""
    print(f"error: {printable(' '.join(reason.split()))}", file=sys.stderr)
    return BAD_INPUT


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong as every other error is said, below the usage."""
        self.print_usage(sys.stderr)
        sys.exit(_refused(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="rac-theory",
        description="The convergence theory of Randomized Asymmetric Chain of LoRA, as values that can be run.",
    )
    parser.add_argument("--version", action="version", version=own_version())
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in (verify, judge, sweep, counterexamples, report, repeat, sketch, advise, prove, claims):
        command.add(commands)
    return parser
