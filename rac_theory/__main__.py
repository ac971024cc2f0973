"""``python -m rac_theory``, and the console script ``rac-theory``."""
# PYTHON_ARGCOMPLETE_OK: where completion is switched on for all commands, it looks for these words.

import gc
import io
import os
import sys


def main() -> int:
    """Run the command line and return its exit status.

    What is imported stays to the end, and so does what a command has made: to look through all that for garbage, while
    it comes and when the interpreter ends, took three tenths of a second.
    """
    _take_over_streams()
    gc.disable()
    try:
        from rac_theory.commands import prepared

        run = prepared()
    except KeyboardInterrupt:
        return 130
    except Exception:  # a package that is broken is no violated claim, of which 1 would speak
        import traceback

        traceback.print_exc()
        return 70
    gc.freeze()
    gc.enable()
    status = run()
    gc.freeze()
    return status


class _Stream(io.TextIOWrapper):
    """A standard stream that fails once and then takes everything: what is left in it fails no more at the end."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        if self is sys.stdout:  # what cannot be said beside the output decides over no status
            kind = BrokenPipeError if isinstance(error, BrokenPipeError) else OSError
            raise kind(f"standard output cannot be written: {error.strerror}")


def _take_over_streams() -> None:
    """Give the standard streams their ends: one that a shell has closed too, whose place no file is to take."""
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # gets the least number that is free; what is printed cannot be written to it
    for name, number in (("stdout", 1), ("stderr", 2)):
        old = getattr(sys, name)  # None where it was closed
        buffer = io.BufferedWriter(io.FileIO(number, "w", closefd=False)) if old is None else old.buffer
        encoding, by_lines = ("utf-8", False) if old is None else (old.encoding, old.line_buffering)
        setattr(sys, name, _Stream(buffer, encoding, "backslashreplace", line_buffering=by_lines))


if __name__ == "__main__":
    sys.exit(main())
