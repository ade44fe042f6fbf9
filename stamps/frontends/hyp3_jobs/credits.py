"""What accounts have and orders cost, for people.

Source: docs/method/jobs.md, section 7.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stamps.errors import InputError
from stamps.frontends.hyp3_jobs.accounts import Accounts
from stamps.frontends.hyp3_jobs.config import Hyp3Config
from stamps.frontends.hyp3_jobs.costs import price_list
from stamps.frontends.hyp3_jobs.orders import job_type

__all__ = ["Credits", "ask_credits"]


@dataclass(frozen=True)
class Credits:
    """What the accounts have.

    Attributes
    ----------
    left : mapping
        User -> credits; None where there is no limit.
    refused : tuple of str
        Sentences about accounts that cannot be asked.
    job_type, prices : str
        What a pair costs, for people; empty prices where that is not told.
    open_pairs : int
        Pairs of the job that were not ordered.
    """

    left: Mapping[str, float | None]
    refused: tuple[str, ...]
    job_type: str
    prices: str
    open_pairs: int = 0

    @property
    def exit_status(self) -> int:
        """1 if an account cannot be asked, else 0."""
        return 1 if self.refused else 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "left": dict(self.left)}

    def __str__(self) -> str:
        lines = [
            f"{user}: {'no limit' if credits is None else f'{credits:g} credits'}"
            for user, credits in self.left.items()
        ]
        lines.append(f"{self.job_type}: {self.prices or 'HyP3 does not tell what it costs'}")
        if self.open_pairs:
            lines.append(f"{self.open_pairs} pairs of the job are not ordered yet")
        return "\n".join([*lines, *self.refused])


def ask_credits(accounts: Accounts, config: Hyp3Config, open_pairs: int) -> Credits:
    """Ask for the credits of all accounts, and for the prices.

    Raises
    ------
    InputError
        No account can be asked.
    """
    left: dict[str, float | None] = {}
    refused: list[str] = []
    for account in accounts:
        try:
            credits = account.credits()
            left[account.user] = credits
        except InputError as error:
            refused.append(str(error))
    if not left:
        raise InputError(" ".join(refused))
    try:
        prices = price_list(accounts.ask("", lambda client: client.costs()), job_type(config))
    except InputError:
        prices = ""
    return Credits(left, tuple(refused), job_type(config), prices, open_pairs)
