"""``python -m rac_theory.experiments``: the tables of the page about counterexamples, of fine-tuning on digits."""

import time
from collections.abc import Sequence

from rac_theory.algorithms.gradients import Minibatch
from rac_theory.experiments.digits import Task, network_task, softmax_task
from rac_theory.experiments.finetuning import Outcome, Schedule, compare, shown

RANKS = (1, 2, 4)


def table(by_rank: Sequence[Sequence[Outcome]], ranks: Sequence[int] = RANKS) -> str:
    """Return test accuracies and step sizes, a method a row, in Markdown.

    Examples
    --------
    >>> from rac_theory.experiments.__main__ import table
    >>> from rac_theory.experiments.finetuning import Outcome
    >>> print(table([[Outcome("LoRA", 133, 0.5, (0.3, 0.2, 0.4), (0.85, 0.78, 0.9))]], [1]))
    | method | r = 1: numbers, step, accuracy |
    | --- | --- |
    | LoRA | 133, 0.5, 0.850 [0.780, 0.900] |
    """
    longest_first = sorted(by_rank, key=len, reverse=True)  # it has them all, in their order
    names = list(dict.fromkeys(one.method for found in longest_first for one in found))
    head = " | ".join(f"r = {rank}: numbers, step, accuracy" for rank in ranks)
    lines = [f"| method | {head} |", "| --- |" + " --- |" * len(ranks)]
    for name in names:
        own = [[one for one in found if one.method == name] for found in by_rank]
        cells = (f"{one[0].numbers}, {one[0].gamma:g}, {shown(one[0].accuracy)}" if one else "as above" for one in own)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def run(words: str, task: Task, schedule: Schedule) -> None:
    """Print the table of a task."""
    began = time.monotonic()
    found = [compare(task, rank, schedule, n_jobs=-1) for rank in RANKS]
    print(f"{words}\n\n{table(found)}\n", flush=True)
    for rank, outcomes in zip(RANKS, found, strict=True):
        print(f"rank {rank}", *outcomes, sep="\n")
    print(f"\n{time.monotonic() - began:.0f} s\n", flush=True)


if __name__ == "__main__":
    run("Softmax regression, exact gradients", softmax_task(), Schedule())
    run("Network, exact gradients", network_task(), Schedule())
    run("Network, minibatches of 16", network_task(), Schedule(source=Minibatch(16)))
    run("Network, four clients, ten local steps", network_task(clients=4), Schedule(local=10))
