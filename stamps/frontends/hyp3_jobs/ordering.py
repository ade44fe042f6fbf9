"""Order pairs so that none is paid for twice: what HyP3 has is taken over, states are written after each request.

Source: docs/method/jobs.md, section 7.3.
"""

from __future__ import annotations

import functools
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stamps.frontends.hyp3_jobs import states
from stamps.frontends.hyp3_jobs.accounts import Account, Accounts, RefusedError, UnavailableError
from stamps.frontends.hyp3_jobs.costs import cost_of
from stamps.frontends.hyp3_jobs.orders import PROCESS, granules_of, is_same, order_of
from stamps.frontends.jobs.model import Job
from stamps.frontends.jobs.store import JobFolder

__all__ = ["Ordered", "Ordering", "same_job", "usable_jobs"]

_SETTLE = 60.0  # s, after which HyP3 tells of every job that a request has made, however that has ended
_PAUSES = (5.0, 15.0, 45.0)  # s, before a request that was surely not heard is sent again
_MOST_REFUSALS = 8  # of requests, before the rest of the pairs is left


@dataclass
class Ordered:
    """What has become of pairs.

    Attributes
    ----------
    ordered, adopted, failed, left : list of str
        Pairs that were ordered, that HyP3 had already, that it refuses, and that were not ordered.
    notes : list of str
        Whole sentences.
    """

    ordered: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        """Note a sentence, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


def usable_jobs(accounts: Accounts, job_type: str, users: Iterable[str]) -> list[Any]:
    """Jobs of users that have not failed and whose products can be had, the best first: those that have succeeded.

    Raises
    ------
    RefusedError, UnavailableError
        HyP3 cannot be asked.
    """
    found: dict[str, Any] = {}
    for user in dict.fromkeys(users):
        jobs = accounts.ask(user, functools.partial(_jobs_of, job_type=job_type, user_id=user))
        found |= {str(job.job_id): job for job in jobs}
    kept = [
        job
        for job in found.values()
        if job.status_code in ("PENDING", "RUNNING", "SUCCEEDED") and not states.job_expired(job)
    ]
    rank = {"SUCCEEDED": 0, "RUNNING": 1, "PENDING": 2}
    return sorted(kept, key=lambda job: (rank[job.status_code], str(job.request_time), str(job.job_id)))


def _jobs_of(client: Any, **which: str) -> list[Any]:
    return list(client.find_jobs(**which))


def _submitted(client: Any, orders: list[dict[str, Any]]) -> list[Any]:
    return list(client.submit_prepared_jobs(orders))


def same_job(order: Mapping[str, Any], jobs: Iterable[Any]) -> Any:
    """The first of jobs that is the order; None if none is."""
    return next((job for job in jobs if is_same(order, job.job_type, job.job_parameters)), None)


class Ordering:
    """Orders pairs of a job; under the job's lock.

    Parameters
    ----------
    folder : JobFolder
    job : Job
        As it is on disk.
    accounts : Accounts
    chunk : int
        Most pairs in a request.
    """

    def __init__(self, folder: JobFolder, job: Job, accounts: Accounts, chunk: int) -> None:
        self._folder, self._accounts, self._chunk = folder, accounts, chunk
        self._tasks = states.tasks(job)
        self._orders = {name: order_of(pair[0]) for name, pair in self._tasks.items()}
        self._refusals, self._silent = 0, False
        self.done = Ordered()

    # ------------------------------------------------------------------ all of them

    def run(self, names: Sequence[str], again: Mapping[str, Mapping[str, Any]] | None = None) -> Ordered:
        """Order pairs, or take over what HyP3 has of them.

        Parameters
        ----------
        names : sequence of str
            Pairs.
        again : mapping, optional
            Pair → the order to be sent in place of its own, as ``hyp3_sdk`` makes it of a job that is to be sent once more.

        Returns
        -------
        Ordered

        Raises
        ------
        RefusedError, UnavailableError
            HyP3 cannot be asked what it has: nothing was ordered.
        """
        self._again = again or {}
        rest = self._adopted(list(names))
        pause = max((self._settled_in(name) for name in rest), default=0.0)
        if pause > 0:  # a request may have been sent that HyP3 does not tell of yet
            time.sleep(pause)
            rest = self._adopted(rest)
        costs = self._costs() if rest else None
        for account in self._accounts:
            if rest and not self._silent:
                rest = self._with(account, rest, costs)
        self.done.left += rest
        reasons = Counter(self._folder.state(PROCESS, name).message.rstrip(".") for name in self.done.left)
        for reason, count in reasons.items():
            self.done.say(f"{count} pairs are not ordered: {reason}.")
        return self.done

    def _settled_in(self, name: str) -> float:
        return states.settled_in(self._folder.state(PROCESS, name), _SETTLE)

    def _users(self, names: Iterable[str]) -> list[str]:
        """All whose jobs may be orders of pairs: the accounts, and who ordered before."""
        before = [self._folder.state(PROCESS, name).facts.get("user", "") for name in names]
        return [*(account.user for account in self._accounts), *filter(None, before)]

    def _adopted(self, names: list[str]) -> list[str]:
        """Take over what HyP3 has; returns the pairs that it has not."""
        kinds = {self._orders[name]["job_type"] for name in names}
        users = self._users(names) if names else []
        jobs: dict[str, list[Any]] = defaultdict(list)
        for kind in kinds:
            for job in usable_jobs(self._accounts, kind, users):
                jobs[granules_of(job.job_parameters)].append(job)
        rest = []
        for name in names:
            job = same_job(self._orders[name], jobs.get(granules_of(self._orders[name]["job_parameters"]), ()))
            if job is None:
                rest.append(name)
                continue
            states.note_job(self._folder, self._tasks[name], job, again=True)
            self.done.adopted.append(name)
        return rest

    def _costs(self) -> Any:
        """The prices; None where they are not told."""
        try:
            return self._accounts.ask("", lambda client: client.costs())
        except (RefusedError, UnavailableError):
            return None

    # ------------------------------------------------------------------ one account

    def _with(self, account: Account, names: list[str], costs: Any) -> list[str]:
        """Order what an account can pay; returns the rest."""
        try:
            payable, why = self._payable(account, names, costs)
        except (RefusedError, UnavailableError) as error:
            return self._leave(names, str(error))
        rest = names[len(payable) :]
        if rest:
            self._leave(rest, why)
        while payable:
            chunk, payable = payable[: self._chunk], payable[self._chunk :]
            if unpaid := self._sent(account, chunk):
                rest = [*unpaid, *payable, *rest]
                reason = self._folder.state(PROCESS, unpaid[0]).message
                self._leave([name for name in payable if name not in unpaid], reason)
                break
        return rest

    def _payable(self, account: Account, names: list[str], costs: Any) -> tuple[list[str], str]:
        """The first pairs that the credits suffice for, and why not for more."""
        credits, spent = account.credits(), 0.0
        if credits is None:
            return names, ""
        for number, name in enumerate(names):
            cost = cost_of(costs, self._orders[name])
            if cost is None:
                self.done.say("HyP3 does not tell what these pairs cost: it refuses what cannot be paid.")
                return names, ""
            spent += cost
            if spent > credits + 1e-9:
                return names[
                    :number
                ], f"{account.user} has {credits:g} credits, which do not suffice for this pair ({cost:g})"
        return names, ""

    def _leave(self, names: list[str], why: str, surely: bool = True) -> list[str]:
        """Note why pairs are not ordered yet; returns them."""
        for name in names:
            states.left(self._folder, self._tasks[name], why, surely=surely)
        return names

    # ------------------------------------------------------------------ one request

    def _sent(self, account: Account, names: list[str]) -> list[str]:
        """Send pairs; returns those that this account cannot pay, or that the service did not hear of."""
        for pause in (*_PAUSES, None):
            for name in names:
                states.being_ordered(self._folder, self._tasks[name][0], account.user)
            try:
                self._note(names, account.ask(functools.partial(_submitted, orders=self._prepared(names))))
                return []
            except RefusedError as error:
                return self._refused(account, names, error)
            except UnavailableError as error:
                names = self._unheard(names, error, pause)
                if not names or self._silent:
                    return names
        return names

    def _prepared(self, names: Iterable[str]) -> list[dict[str, Any]]:
        return [dict(self._again.get(name, self._orders[name])) for name in names]

    def _note(self, names: list[str], jobs: Sequence[Any]) -> None:
        """Write what HyP3 has answered; it may answer in another order."""
        left = list(jobs)
        for name in names:
            job = same_job(self._orders[name], left) or self._of_name(name, left)
            if job is None:
                self._leave([name], "HyP3 has not said what became of this order: submit again", surely=False)
                self.done.left.append(name)
                continue
            left.remove(job)
            states.note_job(self._folder, self._tasks[name], job, again=True)
            self.done.ordered.append(name)

    def _of_name(self, name: str, jobs: Sequence[Any]) -> Any:
        """The job of the name that was sent, where HyP3 tells its parameters in another way."""
        return next((job for job in jobs if job.name and job.name == self._orders[name].get("name")), None)

    def _unheard(self, names: list[str], error: UnavailableError, pause: float | None) -> list[str]:
        """After a request without an answer: wait, and take over what it has made; returns what it has not.

        After the last one, or where HyP3 cannot be asked, nothing more is ordered, by no account.
        """
        why = f"{str(error).rstrip('.')}; submit again"
        last = pause is None
        if not (last and error.rejected):
            time.sleep(pause or 0.0 if error.rejected else _SETTLE)
        try:
            rest = self._adopted(names)
        except (RefusedError, UnavailableError):
            self._silent = True
            return self._leave(names, why, surely=False)
        self._silent = last and bool(rest)
        return self._leave(rest, why) if last else rest

    def _refused(self, account: Account, names: list[str], error: RefusedError) -> list[str]:
        """After a refusal, which is one of all pairs of a request: find those that it is about."""
        self._refusals += 1
        if error.is_about_the_account or (len(names) == 1 and error.is_about_credits):
            return self._leave(names, f"{account.user or account.login.source}: {error}")
        if not error.is_about_credits:
            named = [name for name in names if self._is_named(name, error.detail)]
            if named or len(names) == 1:
                return self._fail(
                    account, named or names, [name for name in names if name not in (named or names)], error
                )
        if self._refusals > _MOST_REFUSALS and not error.is_about_credits:
            return self._leave(names, str(error))
        middle = (len(names) + 1) // 2
        unpaid = self._sent(account, names[:middle])
        if unpaid and error.is_about_credits:
            return self._leave(names[names.index(unpaid[0]) :], str(error))
        if self._silent:
            return [*unpaid, *self._leave(names[middle:], "HyP3 does not answer; submit again")]
        return [*unpaid, *self._sent(account, names[middle:])]

    def _is_named(self, name: str, detail: str) -> bool:
        """Whether a refusal names a granule of a pair."""
        parameters = self._orders[name]["job_parameters"]
        granules = [str(one) for key in ("granules", "reference", "secondary") for one in parameters.get(key) or ()]
        return any(granule in detail for granule in granules)

    def _fail(self, account: Account, bad: list[str], good: list[str], error: RefusedError) -> list[str]:
        """Note that HyP3 refuses pairs; send the others."""
        for name in bad:
            states.left(self._folder, self._tasks[name], str(error), failed=True)
        self.done.failed += bad
        return self._sent(account, good) if good else []
