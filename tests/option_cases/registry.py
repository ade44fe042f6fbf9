"""Where the cases register."""

from collections.abc import Callable
from dataclasses import dataclass

from option_cases.lab import Lab

__all__ = ["CASES", "Case", "case"]


@dataclass(frozen=True)
class Case:
    """A named check of options, with the mutants under which it must fail."""

    name: str
    check: Callable[[Lab], None]
    mutants: tuple


CASES = []


def case(*mutants, name=None):
    """Register the check that follows, under its own name in words or another one."""

    def register(check):
        CASES.append(Case(name or check.__name__.replace("_", " "), check, mutants))
        return check

    return register
