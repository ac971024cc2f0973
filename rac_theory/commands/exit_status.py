"""The exit statuses of the command line: what each means, and which one a run of several parts has.

0    something was tried, and nothing is violated
1    a claim is violated, whatever else went wrong beside it; or no proof of one was found, by ``prove``
2    bad input, nothing was tried, or something that was asked for failed
70   a fault of ours, with a traceback
128+ ended by a signal, of that number: 130 after Ctrl-C, 143 after SIGTERM; 141 when the reader of a pipe went away
"""

OK, VIOLATED, BAD_INPUT, INTERNAL_ERROR, CLOSED_PIPE = 0, 1, 2, 70, 141


def worst(*statuses: int) -> int:
    """Return the status of several parts together: that something is violated goes before all else."""
    return VIOLATED if VIOLATED in statuses else max(statuses)
