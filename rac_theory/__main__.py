"""``python -m rac_theory``, and the console script ``rac-theory``."""
# PYTHON_ARGCOMPLETE_OK: where completion is switched on for all commands, it looks for these words.

import gc
import sys
import traceback


def main() -> int:
    """Run the command line and return its exit status.

    What is imported stays to the end, and so does what a command has made: to look through all that for garbage, while
    it comes and when the interpreter ends, took three tenths of a second.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # as it is where a shell has closed it
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    gc.disable()
    try:
        from rac_theory.commands.cli import prepared

        run = prepared()
    except KeyboardInterrupt:
        return 130
    except Exception:  # a package that is broken is no violated claim, of which 1 would speak
        traceback.print_exc()
        return 70
    gc.freeze()
    gc.enable()
    status = run()
    gc.freeze()
    return status


if __name__ == "__main__":
    sys.exit(main())
