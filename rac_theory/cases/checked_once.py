"""Checks at the door that are made once: a sweep that meets a problem again would spend its time there."""

import hashlib
from collections.abc import Callable
from weakref import WeakKeyDictionary

from rac_theory.base.checks import Array
from rac_theory.problems import Problem

Check = Callable[[Problem, Array], None]

_passed: WeakKeyDictionary[Problem, dict[Check, bytes]] = WeakKeyDictionary()  # with the start that was checked last


def check_once(check: Check, problem: Problem, W: Array) -> None:
    """Call ``check(problem, W)`` unless the same problem passed it with the same W the last time."""
    start = hashlib.blake2b(W.tobytes(), digest_size=16).digest()
    try:
        passed = _passed.setdefault(problem, {})
    except TypeError:  # no hash, no memory
        passed = {}
    if passed.get(check) != start:
        check(problem, W)
        passed[check] = start
