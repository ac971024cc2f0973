"""The command line: one parser for every command, and what becomes of errors."""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from rac_theory import __version__
from rac_theory.commands import advise, claims, counterexamples, repeat, report, sketch, sweep, verify
from rac_theory.commands.exit_status import BAD_INPUT, CLOSED_PIPE, INTERNAL_ERROR, INTERRUPTED


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 nothing violated, 1 violated, 2 bad input, 130 interrupted."""
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except (ValueError, MemoryError, OverflowError) as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader went away, as head does: no traceback, nor one when the interpreter ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except Exception:  # a fault of ours must not look like a violated claim
        traceback.print_exc()
        return INTERNAL_ERROR
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rac-theory", description="Every claim of Randomized Asymmetric Chain of LoRA as a value that can be run."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in (verify, sweep, counterexamples, report, repeat, sketch, advise, claims):
        command.add(commands)
    return parser
