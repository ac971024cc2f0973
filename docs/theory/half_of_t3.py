"""For which trees half of T3 is proved, and where it is refuted: one of k blocks, T steps, gamma = 1/L.

Run it with ``python docs/theory/half_of_t3.py``; it takes a few minutes.
"""

from fractions import Fraction

from rac_theory import worst_case

TREES = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (3, 3), (4, 1), (4, 2), (5, 1), (5, 2), (6, 2)]


def main() -> None:
    """Print a table: ends as multiples of half of the bound."""
    print("blocks steps  attained  certified  half of T3")
    for blocks, steps in TREES:
        found = worst_case("T3", L=1, gamma=1, blocks=blocks, steps=steps, rng=0)
        half = Fraction(1, 2) / (1 + Fraction(steps, blocks))
        verdict = "proved" if found.upper <= half else "refuted" if found.lower > half else "open"
        ends = f"{float(found.lower / half):8.5f}  {float(found.upper / half):9.5f}"
        print(f"{blocks:6d} {steps:5d}  {ends}  {verdict}", flush=True)


if __name__ == "__main__":
    main()
