"""``python -m rac_theory``, and the console script ``rac-theory``."""

import sys


def main() -> int:
    """Run the command line."""
    from rac_theory.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
